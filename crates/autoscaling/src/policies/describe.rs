//! DescribePolicies.

use super::{Policy, PolicyKind, tracking};
use crate::errors;
use crate::groups::Group;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Row, Snapshot, from_document, paginate};
use smol_str::{SmolStr, format_smolstr};

/// Unknown policies are left out; an unknown group is an error.
pub(super) fn describe_policies(
    snapshot: &Snapshot,
    caller: &Caller,
    input: wire::DescribePoliciesType,
) -> Result<wire::PoliciesType, ApiError> {
    let group = input.auto_scaling_group_name.as_ref();
    if let Some(name) = group {
        Group::find(snapshot, name)?;
    }
    let names = input.policy_names.as_deref().unwrap_or_default();
    let types = input.policy_types.as_deref().unwrap_or_default();
    let wanted = |policy: &Policy| {
        group.is_none_or(|group| policy.group == *group)
            && (names.is_empty() || names.contains(&policy.name) || names.contains(&policy.arn))
            && (types.is_empty() || types.iter().any(|t| t == policy.kind.name()))
    };
    let page = paginate(
        "DescribePolicies",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 100) as usize,
        |after| snapshot.rows_after::<Policy>(after).filter(|policy| wanted(policy)),
        |policy| policy.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let policies = page.items.iter().map(|policy| render(snapshot, caller, policy)).collect();
    Ok(wire::PoliciesType { scaling_policies: Some(policies), next_token: page.next })
}

fn render(snapshot: &Snapshot, caller: &Caller, policy: &Policy) -> wire::ScalingPolicy {
    let mut shown = wire::ScalingPolicy {
        auto_scaling_group_name: Some(policy.group.clone()),
        policy_name: Some(policy.name.clone()),
        policy_arn: Some(policy.arn.clone()),
        policy_type: Some(SmolStr::new_static(policy.kind.name())),
        step_adjustments: Some(Vec::new()),
        alarms: Some(alarms(snapshot, caller, policy)),
        enabled: Some(policy.enabled),
        ..Default::default()
    };
    match &policy.kind {
        PolicyKind::Simple { adjustment, amount, min_magnitude, cooldown_secs } => {
            shown.adjustment_type = Some(SmolStr::new_static(adjustment.name()));
            shown.scaling_adjustment = Some(*amount);
            shown.min_adjustment_magnitude = *min_magnitude;
            shown.cooldown = *cooldown_secs;
        }
        PolicyKind::Step { adjustment, steps, min_magnitude, aggregation, warmup_secs } => {
            shown.adjustment_type = Some(SmolStr::new_static(adjustment.name()));
            shown.min_adjustment_magnitude = *min_magnitude;
            shown.metric_aggregation_type = Some(aggregation.clone());
            shown.estimated_instance_warmup = *warmup_secs;
            let render = |step: &super::arithmetic::Step| wire::StepAdjustment {
                metric_interval_lower_bound: step.lower,
                metric_interval_upper_bound: step.upper,
                scaling_adjustment: step.amount,
            };
            shown.step_adjustments = Some(steps.iter().map(render).collect());
        }
        PolicyKind::Tracking { configuration, warmup_secs, .. } => {
            shown.estimated_instance_warmup = *warmup_secs;
            shown.target_tracking_configuration = Some(from_document(configuration));
        }
        PolicyKind::Predictive { configuration } => {
            shown.predictive_scaling_configuration = Some(from_document(configuration));
        }
    }
    shown
}

/// The alarms that invoke a policy: its own, the high one first, or those that name it.
fn alarms(snapshot: &Snapshot, caller: &Caller, policy: &Policy) -> Vec<wire::Alarm> {
    let own = policy.own_alarms();
    let names = match own.is_empty() {
        true => tracking::alarms_that_invoke(snapshot, caller, &policy.arn),
        false => own,
    };
    let render = |name: SmolStr| wire::Alarm {
        alarm_arn: Some(caller.arn("cloudwatch", format_smolstr!("alarm:{name}"))),
        alarm_name: Some(name),
    };
    names.into_iter().map(render).collect()
}
