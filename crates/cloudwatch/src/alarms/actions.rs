//! What follows when an alarm has changed its state: "Alarm actions" (user guide).
//!
//! Actions follow a change of state only, but those of Auto Scaling are repeated each minute while
//! the alarm stays in the state. That an action fails is told by the history and by nothing else.

use super::decide::Point;
use super::history::{self, ItemType};
use super::notification;
use super::row::{Alarm, MetricSource, Source, StateValue};
use crate::errors;
use api::ec2;
use kernel::{ApiError, Arn, Caller, Tx};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// Carries out the actions of the state that an alarm has come into.
pub(super) fn run(
    tx: &mut Tx,
    caller: &Caller,
    alarm: &Alarm,
    previous: StateValue,
    evaluated: &[Point],
) {
    if !alarm.actions_enabled {
        return;
    }
    for arn in alarm.actions(alarm.state.value) {
        let outcome = execute(tx, caller, alarm, previous, evaluated, arn);
        let (summary, data) = told(arn, alarm, outcome);
        history::write(tx, alarm, ItemType::Action, summary, data);
    }
}

/// Repeats scaling actions. The history is not told of each.
pub(super) fn repeat(tx: &mut Tx, caller: &Caller, alarm: &Alarm, evaluated: &[Point]) {
    if !alarm.actions_enabled {
        return;
    }
    for arn in alarm.actions(alarm.state.value).iter().filter(|arn| is_scaling_policy(arn)) {
        let message = scaling_message(alarm, alarm.state.value, evaluated, arn);
        let _ = tx.control(&caller.via("cloudwatch"), "autoscaling.alarm-action", &message);
    }
}

fn is_scaling_policy(arn: &str) -> bool {
    Arn::parse(arn)
        .is_some_and(|arn| arn.service == "autoscaling" && arn.resource.starts_with("scalingPolicy:"))
}

/// The item of the history.
fn told(arn: &SmolStr, alarm: &Alarm, outcome: Result<Value, ApiError>) -> (SmolStr, Value) {
    let mut data = json!({
        "actionState": if outcome.is_ok() { "Succeeded" } else { "Failed" },
        "stateUpdateTimestamp": alarm.state.updated_at.0,
        "notificationResource": arn,
    });
    match outcome {
        Ok(message) => {
            if !message.is_null() {
                data["publishedMessage"] = message;
            }
            (format_smolstr!("Successfully executed action {arn}"), data)
        }
        Err(error) => {
            data["error"] = json!(error.message);
            let summary = match is_scaling_policy(arn) {
                true => format_smolstr!("Failed to execute AutoScaling action: {}", error.message),
                false => format_smolstr!("Failed to execute action {arn}: {}", error.message),
            };
            (summary, data)
        }
    }
}

/// Carries out one action; returns what was sent.
fn execute(
    tx: &mut Tx,
    caller: &Caller,
    alarm: &Alarm,
    previous: StateValue,
    evaluated: &[Point],
    action: &SmolStr,
) -> Result<Value, ApiError> {
    let arn = Arn::parse(action)
        .ok_or_else(|| errors::validation(format!("Invalid arn syntax: {action}")))?;
    let caller = caller.via("cloudwatch");
    match arn.service {
        "sns" => {
            let message = notification::message(alarm, &caller, previous);
            let subject = notification::subject(alarm, &caller);
            notification::publish(tx, &caller, action, subject, &message)?;
            Ok(message)
        }
        "autoscaling" if is_scaling_policy(action) => {
            let message = scaling_message(alarm, previous, evaluated, action);
            tx.control(&caller, "autoscaling.alarm-action", &message)?;
            Ok(Value::Null)
        }
        "automate" => instance_action(tx, &caller, alarm, arn.resource).map(|()| Value::Null),
        "swf" => {
            // `action/actions/AWS_EC2.InstanceId.Stop/1.0`: the older form of the same.
            let verb = arn.resource.split('.').nth(2).unwrap_or_default();
            let verb = verb.trim_end_matches("/1").to_ascii_lowercase();
            instance_action(tx, &caller, alarm, &verb).map(|()| Value::Null)
        }
        service => Err(ApiError::not_implemented(format_args!("{service} as an alarm's action"))),
    }
}

fn scaling_message(
    alarm: &Alarm,
    previous: StateValue,
    evaluated: &[Point],
    policy: &SmolStr,
) -> Value {
    let watch = alarm.watch();
    let metric = watch.and_then(|watch| match &watch.source {
        Source::Metric(metric) => Some(metric),
        Source::Queries(_) => None,
    });
    let of_metric = |get: fn(&MetricSource) -> Value| metric.map_or(Value::Null, get);
    let pair = |(name, value): &(SmolStr, SmolStr)| json!({ "name": name, "value": value });
    let dimensions = metric.map_or(&[][..], |metric| &metric.dimensions);
    json!({
        "policyArn": policy,
        "alarmName": alarm.name,
        "alarmArn": alarm.arn,
        "alarmDescription": alarm.description,
        "stateValue": alarm.state.value,
        "previousState": previous,
        "stateReason": alarm.state.reason,
        "threshold": watch.map(|watch| watch.threshold),
        "comparisonOperator": watch.map(|watch| watch.comparison.as_str()),
        "metricName": of_metric(|metric| json!(metric.name)),
        "namespace": of_metric(|metric| json!(metric.namespace)),
        "statistic": of_metric(|metric| json!(metric.statistic)),
        "unit": of_metric(|metric| json!(metric.unit)),
        "period": watch.map(super::row::Watch::period),
        "evaluationPeriods": watch.map(|watch| watch.evaluation_periods),
        "dimensions": dimensions.iter().map(pair).collect::<Vec<_>>(),
        "value": evaluated.first().map(|point| point.value),
        "datapoints": evaluated.iter().rev().map(|point| point.value).collect::<Vec<_>>(),
        "stateChangeTime": alarm.state.updated_at.0,
    })
}

/// `ec2:stop` and its like, on the instance that the metric's `InstanceId` names.
fn instance_action(
    tx: &mut Tx,
    caller: &Caller,
    alarm: &Alarm,
    resource: &str,
) -> Result<(), ApiError> {
    let verb = resource.strip_prefix("ec2:").unwrap_or(resource);
    let instance = instance_of(alarm).ok_or_else(|| {
        errors::validation("The alarm's metric has no dimension InstanceId.")
    })?;
    let instance_ids = vec![instance];
    match verb {
        "stop" => {
            let input = ec2::StopInstancesRequest { instance_ids, ..Default::default() };
            tx.call::<ec2::ops::StopInstances>(caller, input).map(drop)
        }
        "terminate" => {
            let input = ec2::TerminateInstancesRequest { instance_ids, ..Default::default() };
            tx.call::<ec2::ops::TerminateInstances>(caller, input).map(drop)
        }
        "reboot" => {
            let input = ec2::RebootInstancesRequest { instance_ids, ..Default::default() };
            tx.call::<ec2::ops::RebootInstances>(caller, input).map(drop)
        }
        // Recovery moves an instance to another host.
        "recover" => {
            let request = json!({ "instance_id": instance_ids[0] });
            tx.control(caller, "ec2.recover", &request).map(drop)
        }
        verb => Err(ApiError::not_implemented(format_args!("ec2:{verb} as an alarm's action"))),
    }
}

fn instance_of(alarm: &Alarm) -> Option<SmolStr> {
    let dimensions = match &alarm.watch()?.source {
        Source::Metric(metric) => &metric.dimensions,
        Source::Queries(queries) => queries.iter().find_map(|query| query.dimensions())?,
    };
    dimensions.iter().find(|(name, _)| name == "InstanceId").map(|(_, value)| value.clone())
}
