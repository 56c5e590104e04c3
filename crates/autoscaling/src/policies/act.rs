//! Carrying out policies: when an alarm says so, or a user (ExecutePolicy).

use super::arithmetic::{adjust, step_for, track_in, track_out};
use super::{Policy, PolicyKind, tracking};
use crate::decisions::{self, CameTo, Held, Reckoned};
use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use crate::{causes, driver, errors, zonal_shift};
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Tx};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// What a policy is given to decide by.
struct Trigger<'a> {
    /// The newest datapoint; none if there was none.
    value: Option<f64>,
    /// The datapoints that the alarm was evaluated by, the oldest first.
    datapoints: Vec<f64>,
    threshold: Option<f64>,
    alarm: Option<&'a str>,
    honors_cooldown: bool,
}

/// How much of a group's capacity works already.
struct Capacity {
    desired: i64,
    /// Without instances that are on their way or warming up.
    warmed: i64,
    warming: bool,
}

/// The control `autoscaling.alarm-action`: a policy is invoked by an alarm.
pub(super) fn by_alarm(tx: &mut Tx, caller: &Caller, request: &Value) -> Result<Value, ApiError> {
    let arn = request["policyArn"].as_str().unwrap_or_default();
    let policy = tx.rows_by::<Policy>("arn", arn).next().cloned();
    let policy = policy.ok_or_else(|| errors::policy_not_found(arn))?;
    let Some(group) = tx.get::<Group>(&policy.group) else {
        return Err(errors::group_not_found(&policy.group));
    };
    if !policy.enabled || group.deleting || group.is_suspended("AlarmNotification") {
        return Ok(json!({ "acted": false }));
    }
    let datapoints = request["datapoints"].as_array().into_iter().flatten();
    let trigger = Trigger {
        value: request["value"].as_f64(),
        datapoints: datapoints.filter_map(Value::as_f64).collect(),
        threshold: request["threshold"].as_f64(),
        alarm: request["alarmName"].as_str(),
        honors_cooldown: true,
    };
    let reckoned = reckon(tx, caller, &group, &policy, &trigger)?;
    let sets = reckoned.sets();
    decisions::note_reckoning(tx, &group.name, reckoned);
    let Some(wanted) = sets else { return Ok(json!({ "acted": false })) };
    let alarm = trigger.alarm.unwrap_or_default();
    let cause = causes::by_alarm(tx.now(), alarm, &policy.name, group.desired, wanted);
    change(tx, &group, &policy, wanted, cause, Some(invoking(caller, request)));
    Ok(json!({ "acted": true, "desiredCapacity": wanted }))
}

/// The alarm as an activity's details show it.
fn invoking(caller: &Caller, request: &Value) -> Value {
    let region = catalogue::region(&caller.region);
    json!({
        "AlarmArn": request["alarmArn"],
        "AlarmName": request["alarmName"],
        "AlarmDescription": request["alarmDescription"],
        "AWSAccountId": caller.account,
        "OldStateValue": request["previousState"],
        "NewStateValue": request["stateValue"],
        "NewStateReason": request["stateReason"],
        "Region": region.map_or(&*caller.region, |region| &*region.long_name),
        "StateChangeTime": request["stateChangeTime"],
        "Trigger": {
            "MetricName": request["metricName"],
            "Namespace": request["namespace"],
            "Statistic": request["statistic"].as_str().map(str::to_uppercase),
            "Unit": request["unit"],
            "Dimensions": request["dimensions"],
            "Period": request["period"],
            "EvaluationPeriods": request["evaluationPeriods"],
            "ComparisonOperator": request["comparisonOperator"],
            "Threshold": request["threshold"],
        },
    })
}

pub(super) fn execute_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::ExecutePolicyType,
) -> Result<(), ApiError> {
    let policy = super::find(tx, input.auto_scaling_group_name.as_ref(), &input.policy_name)?;
    let group = Group::find(tx, &policy.group)?;
    let honors_cooldown = input.honor_cooldown == Some(true);
    let trigger = match &policy.kind {
        PolicyKind::Simple { .. } if honors_cooldown && is_cooling(tx, &group) => {
            return Err(errors::scaling_activity_in_progress(
                "Scaling activity is in progress and blocks this action",
            ));
        }
        PolicyKind::Simple { .. } => Trigger {
            value: None,
            datapoints: Vec::new(),
            threshold: None,
            alarm: None,
            honors_cooldown,
        },
        PolicyKind::Step { .. } => {
            let (Some(value), Some(threshold)) = (input.metric_value, input.breach_threshold)
            else {
                return Err(errors::validation(
                    "MetricValue and BreachThreshold are required to execute a StepScaling policy.",
                ));
            };
            Trigger {
                value: Some(value),
                datapoints: vec![value],
                threshold: Some(threshold),
                alarm: None,
                honors_cooldown,
            }
        }
        kind => {
            return Err(errors::validation(format!(
                "{} policies cannot be executed with ExecutePolicy.",
                kind.name()
            )));
        }
    };
    let reckoned = reckon(tx, caller, &group, &policy, &trigger)?;
    let sets = reckoned.sets();
    decisions::note_reckoning(tx, &group.name, reckoned);
    if let Some(wanted) = sets {
        let cause = causes::by_execution(tx.now(), &policy.name, group.desired, wanted);
        change(tx, &group, &policy, wanted, cause, None);
    }
    Ok(())
}

/// How big the group should be by a policy, before the group's bounds; or why it has to wait.
fn reckon(
    tx: &Tx,
    caller: &Caller,
    group: &Group,
    policy: &Policy,
    trigger: &Trigger<'_>,
) -> Result<Reckoned, ApiError> {
    let desired = group.desired;
    let mut reckoned = Reckoned {
        policy: policy.name.clone(),
        kind: SmolStr::new_static(policy.kind.name()),
        alarm: trigger.alarm.map(SmolStr::new),
        metric: trigger.value,
        bar: trigger.threshold,
        counted: desired,
        desired,
        min: group.min,
        max: group.max,
        came_to: CameTo::Held(Held::Forecast),
    };
    reckoned.came_to = match &policy.kind {
        PolicyKind::Simple { adjustment, amount, min_magnitude, .. } => {
            let magnitude = min_magnitude.unwrap_or(0);
            match trigger.honors_cooldown && is_cooling(tx, group) {
                true => CameTo::Held(Held::Cooldown),
                false => CameTo::Wanted(adjust(*adjustment, desired, *amount, magnitude)),
            }
        }
        PolicyKind::Step { adjustment, steps, min_magnitude, aggregation, warmup_secs } => {
            let metric = aggregate(aggregation, trigger);
            let (Some(metric), Some(threshold)) = (metric, trigger.threshold) else {
                return Err(errors::validation("Metric data points must be provided"));
            };
            reckoned.metric = Some(metric);
            match step_for(steps, metric - threshold) {
                None => CameTo::Held(Held::NoStep),
                Some(step) => {
                    let magnitude = min_magnitude.unwrap_or(0);
                    let by = |from| adjust(*adjustment, from, step.amount, magnitude);
                    reckon_step(&mut reckoned, &capacity(tx, group, *warmup_secs), by)
                }
            }
        }
        PolicyKind::Tracking { target, warmup_secs, alarm_high, .. } => {
            reckoned.bar = Some(*target);
            let capacity = capacity(tx, group, *warmup_secs);
            match trigger.alarm == Some(alarm_high) {
                true => reckon_out(&mut reckoned, &capacity, *target),
                false => {
                    let agreed = || tracking::others_agree(tx, caller, policy);
                    reckon_in(&mut reckoned, &capacity, *target, &trigger.datapoints, agreed)
                }
            }
        }
        PolicyKind::Predictive { .. } => CameTo::Held(Held::Forecast),
    };
    if reckoned.sets().is_some_and(|sets| sets < desired) && zonal_shift::is_active(tx, group) {
        reckoned.came_to = CameTo::Held(Held::ZonalShift);
    }
    Ok(reckoned)
}

/// A step: growing counts from what works already, so that one breach is answered once.
fn reckon_step(
    reckoned: &mut Reckoned,
    capacity: &Capacity,
    by: impl Fn(i64) -> i64,
) -> CameTo {
    let grown = by(capacity.warmed);
    if grown > capacity.warmed {
        reckoned.counted = capacity.warmed;
        CameTo::Wanted(grown.max(capacity.desired))
    } else if capacity.warming {
        CameTo::Held(Held::WarmingUp)
    } else {
        CameTo::Wanted(by(capacity.desired))
    }
}

/// The high alarm of target tracking.
fn reckon_out(reckoned: &mut Reckoned, capacity: &Capacity, target: f64) -> CameTo {
    reckoned.counted = capacity.warmed.max(1);
    match reckoned.metric {
        None => CameTo::Held(Held::NoData),
        Some(metric) => {
            CameTo::Wanted(track_out(reckoned.counted, metric, target).max(capacity.desired))
        }
    }
}

/// The low alarm of target tracking: by the highest of the datapoints.
fn reckon_in(
    reckoned: &mut Reckoned,
    capacity: &Capacity,
    target: f64,
    datapoints: &[f64],
    others_agree: impl Fn() -> bool,
) -> CameTo {
    let Some(highest) = datapoints.iter().copied().reduce(f64::max) else {
        return CameTo::Held(Held::NoData);
    };
    reckoned.metric = Some(highest);
    if capacity.warming {
        CameTo::Held(Held::WarmingUp)
    } else if !others_agree() {
        CameTo::Held(Held::OthersDisagree)
    } else {
        CameTo::Wanted(track_in(capacity.desired, highest, target))
    }
}

/// The metric by `MetricAggregationType`.
fn aggregate(aggregation: &str, trigger: &Trigger<'_>) -> Option<f64> {
    let points = &trigger.datapoints;
    if points.is_empty() {
        return trigger.value;
    }
    Some(match aggregation {
        "Minimum" => points.iter().copied().fold(f64::INFINITY, f64::min),
        "Maximum" => points.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        _ => points.iter().sum::<f64>() / points.len() as f64,
    })
}

/// Warm-up: the policy's, else the group's, else its cooldown.
fn capacity(tx: &Tx, group: &Group, warmup_secs: Option<i64>) -> Capacity {
    let secs = warmup_secs.or(group.warmup_secs).unwrap_or(group.cooldown_secs);
    let now = tx.now();
    let is_warmed = |member: &Member| {
        member.state == LifecycleState::InService
            && member.in_service_since.is_none_or(|at| now >= at.plus_secs(secs))
    };
    let (mut warmed, mut coming) = (0, 0);
    for member in group.members(tx) {
        let units = member.units() as i64;
        if is_warmed(member) {
            warmed += units;
        } else if member.state == LifecycleState::InService || member.state.is_pending() {
            coming += units;
        }
    }
    let missing = group.desired - warmed - coming;
    Capacity { desired: group.desired, warmed, warming: coming > 0 || missing > 0 }
}

/// Whether a simple policy is still at work, or its cooldown runs: SetDesiredCapacity may have to
/// wait for it too.
pub(crate) fn is_cooling(tx: &Tx, group: &Group) -> bool {
    group.cooldown_pending.is_some() || group.cooldown_ends.is_some_and(|at| tx.now() < at)
}

fn change(
    tx: &mut Tx,
    group: &Group,
    policy: &Policy,
    wanted: i64,
    cause: String,
    alarm: Option<Value>,
) {
    let mut group = Group::clone(group);
    group.desired = wanted;
    group.pending_causes.push(cause);
    group.pending_alarms.extend(alarm.map(|alarm| SmolStr::new(alarm.to_string())));
    if let PolicyKind::Simple { cooldown_secs, .. } = &policy.kind {
        group.cooldown_pending = Some(cooldown_secs.unwrap_or(group.cooldown_secs));
        group.cooldown_ends = None;
    }
    driver::react(tx, &mut group);
    tx.put(group);
}

/// A simple policy's work is done: its cooldown begins.
pub(crate) fn settle(tx: &mut Tx, name: &SmolStr) {
    let Some(group) = tx.get::<Group>(name) else { return };
    let Some(secs) = group.cooldown_pending else { return };
    let units: usize = group
        .members(tx)
        .filter(|m| m.state == LifecycleState::InService)
        .map(|m| m.units())
        .sum();
    let busy = group.members(tx).any(|m| m.state.is_pending() || m.state.is_terminating());
    if !busy && units as i64 >= group.desired && tx.now() >= group.reacts_at {
        let ends = tx.now().plus_secs(secs);
        tx.update::<Group>(name, |group| {
            group.cooldown_pending = None;
            group.cooldown_ends = Some(ends);
        });
    }
}
