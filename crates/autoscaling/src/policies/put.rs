//! PutScalingPolicy.

use super::arithmetic::{AdjustmentType, Step};
use super::{Policy, PolicyKind, predictive, tracking};
use crate::errors;
use crate::groups::Group;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Row, Tx, to_document};
use smol_str::{SmolStr, format_smolstr};

/// "Quotas for Amazon EC2 Auto Scaling".
const MAX_POLICIES: usize = 50;
const MAX_STEPS: usize = 20;

/// Makes a policy, or replaces the one of the same name.
pub(super) fn put_scaling_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::PutScalingPolicyType,
) -> Result<wire::PolicyARNType, ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    let name = input.policy_name.clone();
    let old = tx.get::<Policy>(&Policy::key_of(&group.name, &name));
    if old.is_none() && Policy::of(tx, &group.name).count() >= MAX_POLICIES {
        return Err(errors::limit_exceeded(format!(
            "You have already reached the maximum of {MAX_POLICIES} scaling policies for \
             AutoScalingGroup {}.",
            group.name
        )));
    }
    let kind = match input.policy_type.as_deref().unwrap_or("SimpleScaling") {
        "SimpleScaling" => simple(&input)?,
        "StepScaling" => step(&input)?,
        "TargetTrackingScaling" => tracked(tx, &input, old.as_deref())?,
        "PredictiveScaling" => predicted(&input)?,
        other => {
            return Err(errors::validation(format!(
                "Invalid policy type '{other}': only SimpleScaling, StepScaling, \
                 TargetTrackingScaling and PredictiveScaling policies are supported."
            )));
        }
    };
    if let Some(old) = old.as_ref().filter(|old| old.kind.name() != kind.name()) {
        return Err(errors::validation(format!(
            "Policy type of policy {name} cannot be changed from {} to {}.",
            old.kind.name(),
            kind.name()
        )));
    }
    let arn = match &old {
        Some(old) => old.arn.clone(),
        None => {
            let uuid = tx.new_uuid();
            let resource = format_smolstr!(
                "scalingPolicy:{uuid}:autoScalingGroupName/{}:policyName/{name}",
                group.name
            );
            caller.arn("autoscaling", resource)
        }
    };
    let enabled = input.enabled.unwrap_or(true);
    let policy = Policy { group: group.name.clone(), name, arn, enabled, kind };
    let by = caller.via("autoscaling");
    if let Some(old) = old {
        let kept = policy.own_alarms();
        tracking::delete_named(tx, &by, old.own_alarms().into_iter().filter(|a| !kept.contains(a)));
    }
    tracking::put_alarms(tx, &by, &policy)?;
    if matches!(policy.kind, PolicyKind::Predictive { .. }) {
        predictive::begin(tx, &policy);
    }
    let alarms = policy.own_alarms().into_iter().map(|alarm| wire::Alarm {
        alarm_arn: Some(caller.arn("cloudwatch", format_smolstr!("alarm:{alarm}"))),
        alarm_name: Some(alarm),
    });
    let answer = wire::PolicyARNType {
        policy_arn: Some(policy.arn.clone()),
        alarms: Some(alarms.collect()),
    };
    debug_assert_eq!(policy.key(), Policy::key_of(&policy.group, &policy.name));
    tx.put(policy);
    Ok(answer)
}

fn adjustment(input: &wire::PutScalingPolicyType) -> Result<AdjustmentType, ApiError> {
    let Some(given) = input.adjustment_type.as_deref() else {
        return Err(errors::validation("AdjustmentType is required for this policy type."));
    };
    AdjustmentType::ALL.into_iter().find(|kind| kind.name() == given).ok_or_else(|| {
        errors::validation(
            "You must specify a valid adjustment type: ChangeInCapacity, ExactCapacity or \
             PercentChangeInCapacity.",
        )
    })
}

/// `MinAdjustmentMagnitude`, or its old name; only percentages have it.
fn magnitude(
    input: &wire::PutScalingPolicyType,
    adjustment: AdjustmentType,
) -> Result<Option<i64>, ApiError> {
    let given = input.min_adjustment_magnitude.or(input.min_adjustment_step);
    match given {
        Some(_) if adjustment != AdjustmentType::PercentChangeInCapacity => {
            Err(errors::validation(
                "MinAdjustmentMagnitude is only supported for the PercentChangeInCapacity \
                 adjustment type.",
            ))
        }
        given => Ok(given),
    }
}

/// Whether a number that the policy's kind may not have is given. Zero stands for none: Terraform's
/// provider sends it for what it does not know, and AWS takes it.
fn meant(number: Option<i64>) -> bool {
    number.is_some_and(|number| number != 0)
}

fn refuse(present: bool, member: &str, kind: &str) -> Result<(), ApiError> {
    match present {
        true => Err(errors::validation(format!("{member} is not supported for {kind} policies."))),
        false => Ok(()),
    }
}

fn simple(input: &wire::PutScalingPolicyType) -> Result<PolicyKind, ApiError> {
    let kind = "SimpleScaling";
    refuse(input.step_adjustments.as_ref().is_some_and(|s| !s.is_empty()), "StepAdjustments", kind)?;
    refuse(input.metric_aggregation_type.is_some(), "MetricAggregationType", kind)?;
    refuse(meant(input.estimated_instance_warmup), "EstimatedInstanceWarmup", kind)?;
    refuse(input.target_tracking_configuration.is_some(), "TargetTrackingConfiguration", kind)?;
    let adjustment = adjustment(input)?;
    let Some(amount) = input.scaling_adjustment else {
        return Err(errors::validation("ScalingAdjustment is required for SimpleScaling policies."));
    };
    if adjustment == AdjustmentType::ExactCapacity && amount < 0 {
        return Err(errors::validation(
            "ScalingAdjustment must not be negative for the ExactCapacity adjustment type.",
        ));
    }
    if let Some(secs) = input.cooldown.filter(|secs| *secs < 0) {
        let rule = "Member must have value greater than or equal to 0";
        return Err(errors::constraint(secs, "cooldown", rule));
    }
    Ok(PolicyKind::Simple {
        adjustment,
        amount,
        min_magnitude: magnitude(input, adjustment)?,
        cooldown_secs: input.cooldown,
    })
}

fn step(input: &wire::PutScalingPolicyType) -> Result<PolicyKind, ApiError> {
    let kind = "StepScaling";
    refuse(meant(input.scaling_adjustment), "ScalingAdjustment", kind)?;
    refuse(meant(input.cooldown), "Cooldown", kind)?;
    refuse(input.target_tracking_configuration.is_some(), "TargetTrackingConfiguration", kind)?;
    let adjustment = adjustment(input)?;
    let given = input.step_adjustments.as_deref().unwrap_or_default();
    let mut steps: Vec<Step> = given
        .iter()
        .map(|step| Step {
            lower: step.metric_interval_lower_bound,
            upper: step.metric_interval_upper_bound,
            amount: step.scaling_adjustment,
        })
        .collect();
    check_steps(&steps)?;
    steps.sort_by(|a, b| {
        let low = |step: &Step| step.lower.unwrap_or(f64::NEG_INFINITY);
        low(a).total_cmp(&low(b))
    });
    let aggregation = input.metric_aggregation_type.clone().unwrap_or("Average".into());
    if !["Average", "Minimum", "Maximum"].contains(&aggregation.as_str()) {
        return Err(errors::validation(
            "MetricAggregationType must be one of Minimum, Maximum and Average.",
        ));
    }
    Ok(PolicyKind::Step {
        adjustment,
        steps,
        min_magnitude: magnitude(input, adjustment)?,
        aggregation,
        warmup_secs: warmup(input)?,
    })
}

/// No gaps, no overlaps, one open end on each side at most, and not both in one step.
fn check_steps(steps: &[Step]) -> Result<(), ApiError> {
    if steps.is_empty() {
        return Err(errors::validation(
            "At least one StepAdjustment must be specified for StepScaling policies.",
        ));
    }
    if steps.len() > MAX_STEPS {
        return Err(errors::limit_exceeded(format!(
            "You can specify at most {MAX_STEPS} step adjustments per scaling policy."
        )));
    }
    if steps.iter().any(|s| s.lower.is_none() && s.upper.is_none()) {
        return Err(errors::validation(
            "At least one of MetricIntervalLowerBound or MetricIntervalUpperBound must be \
             specified.",
        ));
    }
    let open = |end: &dyn Fn(&Step) -> bool| steps.iter().filter(|s| end(s)).count();
    if open(&|s| s.lower.is_none()) > 1 || open(&|s| s.upper.is_none()) > 1 {
        return Err(errors::validation(
            "There can be at most one StepAdjustment with an unspecified lower bound, and one \
             with an unspecified upper bound.",
        ));
    }
    let mut bounds: Vec<(f64, f64)> = steps
        .iter()
        .map(|s| (s.lower.unwrap_or(f64::NEG_INFINITY), s.upper.unwrap_or(f64::INFINITY)))
        .collect();
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    if bounds.iter().any(|(low, high)| low >= high) {
        return Err(errors::validation(
            "StepAdjustment lower bound must be less than the upper bound.",
        ));
    }
    if bounds.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(errors::validation("StepAdjustment intervals can't overlap."));
    }
    if bounds.windows(2).any(|pair| pair[0].1 < pair[1].0) {
        return Err(errors::validation("StepAdjustment intervals can't have gaps between them."));
    }
    Ok(())
}

fn warmup(input: &wire::PutScalingPolicyType) -> Result<Option<i64>, ApiError> {
    match input.estimated_instance_warmup {
        Some(secs) if secs < 0 => Err(errors::constraint(
            secs,
            "estimatedInstanceWarmup",
            "Member must have value greater than or equal to 0",
        )),
        secs => Ok(secs),
    }
}

fn tracked(
    tx: &mut Tx,
    input: &wire::PutScalingPolicyType,
    old: Option<&Policy>,
) -> Result<PolicyKind, ApiError> {
    let kind = "TargetTrackingScaling";
    refuse(input.adjustment_type.is_some(), "AdjustmentType", kind)?;
    refuse(meant(input.scaling_adjustment), "ScalingAdjustment", kind)?;
    refuse(input.step_adjustments.as_ref().is_some_and(|s| !s.is_empty()), "StepAdjustments", kind)?;
    refuse(meant(input.cooldown), "Cooldown", kind)?;
    let Some(configuration) = &input.target_tracking_configuration else {
        return Err(errors::validation(
            "TargetTrackingConfiguration is required for TargetTrackingScaling policies.",
        ));
    };
    tracking::check(tx, &input.auto_scaling_group_name, &input.policy_name, configuration)?;
    let (mut high, mut low) = match old.map(|old| &old.kind) {
        Some(PolicyKind::Tracking { alarm_high, alarm_low, .. }) => {
            (Some(alarm_high.clone()), alarm_low.clone())
        }
        _ => (None, None),
    };
    let name = |tx: &mut Tx, which: &str| -> SmolStr {
        let group = &input.auto_scaling_group_name;
        let uuid = tx.new_uuid();
        format_smolstr!("TargetTracking-{group}-{which}-{uuid}")
    };
    let alarm_high = high.take().unwrap_or_else(|| name(tx, "AlarmHigh"));
    let alarm_low = match configuration.disable_scale_in {
        Some(true) => None,
        _ => Some(low.take().unwrap_or_else(|| name(tx, "AlarmLow"))),
    };
    Ok(PolicyKind::Tracking {
        target: configuration.target_value,
        configuration: to_document(configuration.clone()),
        warmup_secs: warmup(input)?,
        alarm_high,
        alarm_low,
    })
}

fn predicted(input: &wire::PutScalingPolicyType) -> Result<PolicyKind, ApiError> {
    let Some(configuration) = &input.predictive_scaling_configuration else {
        return Err(errors::validation(
            "PredictiveScalingConfiguration is required for PredictiveScaling policies.",
        ));
    };
    predictive::check(configuration)?;
    Ok(PolicyKind::Predictive { configuration: to_document(configuration.clone()) })
}
