//! The alarms of target tracking policies: made, changed and deleted with their policy.
//!
//! Names, periods and thresholds as AWS makes them: high above the target for 3 minutes, low below
//! 70 % of it for 15.

use super::{Policy, PolicyKind};
use crate::errors;
use api::autoscaling as wire;
use api::cloudwatch;
use kernel::{ApiError, Caller, Snapshot, Tx, from_document, to_document};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

const HIGH_PERIODS: i64 = 3;
const LOW_PERIODS: i64 = 15;

/// What a policy watches.
struct Watched {
    namespace: SmolStr,
    metric: SmolStr,
    statistic: &'static str,
    dimensions: Vec<(SmolStr, SmolStr)>,
    unit: Option<SmolStr>,
    period_secs: i64,
    /// Metric math instead of a single metric.
    metrics: Option<Vec<cloudwatch::MetricDataQuery>>,
}

/// Checks a configuration as PutScalingPolicy does.
pub(super) fn check(
    tx: &Tx,
    group: &SmolStr,
    name: &SmolStr,
    configuration: &wire::TargetTrackingConfiguration,
) -> Result<(), ApiError> {
    let predefined = configuration.predefined_metric_specification.as_ref();
    let customized = configuration.customized_metric_specification.as_ref();
    if predefined.is_some() == customized.is_some() {
        return Err(errors::validation(
            "TargetTrackingConfiguration must have exactly one of PredefinedMetricSpecification \
             and CustomizedMetricSpecification.",
        ));
    }
    if !configuration.target_value.is_finite() || configuration.target_value <= 0.0 {
        return Err(errors::validation("TargetValue must be greater than 0."));
    }
    watched(group, configuration)?;
    let Some(kind) = predefined.map(|p| &p.predefined_metric_type) else { return Ok(()) };
    let label = predefined.and_then(|p| p.resource_label.as_ref());
    let twin = Policy::of(tx, group).find(|other| {
        let PolicyKind::Tracking { configuration, .. } = &other.kind else { return false };
        let other_kind = &configuration["PredefinedMetricSpecification"];
        other.name != *name
            && other_kind["PredefinedMetricType"].as_str() == Some(kind)
            && other_kind["ResourceLabel"].as_str() == label.map(SmolStr::as_str)
    });
    match twin {
        Some(_) => Err(errors::validation(format!(
            "Only one TargetTrackingScaling policy for a given metric specification is allowed: \
             {kind}."
        ))),
        None => Ok(()),
    }
}

fn watched(
    group: &SmolStr,
    configuration: &wire::TargetTrackingConfiguration,
) -> Result<Watched, ApiError> {
    if let Some(predefined) = &configuration.predefined_metric_specification {
        return watched_predefined(group, predefined);
    }
    let custom = configuration.customized_metric_specification.clone().unwrap_or_default();
    let period_secs = custom.period.unwrap_or(60);
    if ![10, 30, 60].contains(&period_secs) {
        return Err(errors::validation("Period must be 10, 30 or 60 seconds."));
    }
    if let Some(metrics) = custom.metrics.filter(|m| !m.is_empty()) {
        let queries = metrics.into_iter().map(|query| {
            let mut document = to_document(query);
            // Every metric has a period for CloudWatch; here it may be left out.
            if let Some(stat) = document.get_mut("MetricStat").and_then(|s| s.as_object_mut()) {
                stat.entry("Period").or_insert(period_secs.into());
            }
            from_document(&document)
        });
        return Ok(Watched {
            namespace: SmolStr::default(),
            metric: SmolStr::default(),
            statistic: "Average",
            dimensions: Vec::new(),
            unit: None,
            period_secs,
            metrics: Some(queries.collect()),
        });
    }
    let (Some(metric), Some(namespace), Some(statistic)) =
        (custom.metric_name, custom.namespace, custom.statistic)
    else {
        return Err(errors::validation(
            "CustomizedMetricSpecification must have MetricName, Namespace and Statistic, or \
             Metrics.",
        ));
    };
    let statistic = ["Average", "Minimum", "Maximum", "SampleCount", "Sum"]
        .into_iter()
        .find(|name| *name == statistic)
        .unwrap_or("Average");
    let dimensions = custom.dimensions.unwrap_or_default();
    Ok(Watched {
        namespace,
        metric,
        statistic,
        dimensions: dimensions.into_iter().map(|d| (d.name, d.value)).collect(),
        unit: custom.unit,
        period_secs,
        metrics: None,
    })
}

fn watched_predefined(
    group: &SmolStr,
    given: &wire::PredefinedMetricSpecification,
) -> Result<Watched, ApiError> {
    let of_group = |metric: &str| Watched {
        namespace: "AWS/EC2".into(),
        metric: metric.into(),
        statistic: "Average",
        dimensions: vec![("AutoScalingGroupName".into(), group.clone())],
        unit: None,
        period_secs: 60,
        metrics: None,
    };
    match given.predefined_metric_type.as_str() {
        "ASGAverageCPUUtilization" => Ok(of_group("CPUUtilization")),
        "ASGAverageNetworkIn" => Ok(of_group("NetworkIn")),
        "ASGAverageNetworkOut" => Ok(of_group("NetworkOut")),
        "ALBRequestCountPerTarget" => {
            let label = given.resource_label.as_deref().unwrap_or_default();
            let (balancer, target_group) = parse_label(label)?;
            Ok(Watched {
                namespace: "AWS/ApplicationELB".into(),
                metric: "RequestCountPerTarget".into(),
                statistic: "Sum",
                dimensions: vec![
                    ("LoadBalancer".into(), balancer),
                    ("TargetGroup".into(), target_group),
                ],
                ..of_group("")
            })
        }
        other => Err(ApiError::not_implemented(format_args!("the predefined metric {other}"))),
    }
}

/// `app/<name>/<id>/targetgroup/<name>/<id>`: the load balancer and the target group.
fn parse_label(label: &str) -> Result<(SmolStr, SmolStr), ApiError> {
    let parts: Vec<&str> = label.split('/').collect();
    match parts.as_slice() {
        ["app", lb, lb_id, "targetgroup", group, id] => Ok((
            format_smolstr!("app/{lb}/{lb_id}"),
            format_smolstr!("targetgroup/{group}/{id}"),
        )),
        _ => Err(errors::validation(format!(
            "The ResourceLabel '{label}' is not valid. It must be of the form \
             app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/\
             <target-group-id>."
        ))),
    }
}

/// Makes or changes the alarms of a policy.
pub(super) fn put_alarms(tx: &mut Tx, caller: &Caller, policy: &Policy) -> Result<(), ApiError> {
    let PolicyKind::Tracking { configuration, target, alarm_high, alarm_low, .. } = &policy.kind
    else {
        return Ok(());
    };
    let configuration: wire::TargetTrackingConfiguration = from_document(configuration);
    let high = ("GreaterThanThreshold", *target, HIGH_PERIODS);
    put_alarm(tx, caller, policy, &configuration, alarm_high, high)?;
    if let Some(alarm) = alarm_low {
        let low = ("LessThanThreshold", target * 7.0 / 10.0, LOW_PERIODS);
        put_alarm(tx, caller, policy, &configuration, alarm, low)?;
    }
    Ok(())
}

fn put_alarm(
    tx: &mut Tx,
    caller: &Caller,
    policy: &Policy,
    configuration: &wire::TargetTrackingConfiguration,
    name: &SmolStr,
    (comparison, threshold, periods): (&'static str, f64, i64),
) -> Result<(), ApiError> {
    let watched = watched(&policy.group, configuration)?;
    let single = watched.metrics.is_none();
    let dimension = |(name, value): (SmolStr, SmolStr)| cloudwatch::Dimension { name, value };
    let request = cloudwatch::PutMetricAlarmInput {
        alarm_name: name.clone(),
        alarm_description: Some(format_smolstr!(
            "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {}.",
            policy.arn
        )),
        actions_enabled: Some(true),
        alarm_actions: Some(vec![policy.arn.clone()]),
        metric_name: single.then(|| watched.metric.clone()),
        namespace: single.then(|| watched.namespace.clone()),
        statistic: single.then(|| SmolStr::new_static(watched.statistic)),
        dimensions: single.then(|| watched.dimensions.into_iter().map(dimension).collect()),
        period: single.then_some(watched.period_secs),
        unit: watched.unit,
        metrics: watched.metrics,
        evaluation_periods: Some(periods),
        threshold: Some(threshold),
        comparison_operator: Some(SmolStr::new_static(comparison)),
        ..Default::default()
    };
    tx.call::<cloudwatch::ops::PutMetricAlarm>(caller, request)
        .map_err(|error| errors::validation(error.message))
        .map(|_| ())
}

/// Deletes a policy's own alarms.
pub(super) fn delete_alarms(tx: &mut Tx, caller: &Caller, policy: &Policy) {
    delete_named(tx, caller, policy.own_alarms().into_iter());
}

pub(super) fn delete_named(
    tx: &mut Tx,
    caller: &Caller,
    names: impl Iterator<Item = SmolStr>,
) {
    let names: Vec<SmolStr> = names.collect();
    if !names.is_empty() {
        // A user may have deleted them.
        let request = cloudwatch::DeleteAlarmsInput { alarm_names: names };
        let _ = tx.call::<cloudwatch::ops::DeleteAlarms>(caller, request);
    }
}

fn invoking(
    snapshot: &Snapshot,
    caller: &Caller,
    arn: &SmolStr,
) -> Vec<cloudwatch::MetricAlarm> {
    let request = cloudwatch::DescribeAlarmsInput {
        action_prefix: Some(arn.clone()),
        max_records: Some(100),
        ..Default::default()
    };
    let found = snapshot.ask::<cloudwatch::ops::DescribeAlarms>(caller, request);
    found.ok().and_then(|found| found.metric_alarms).unwrap_or_default()
}

/// Names of the alarms that have this policy among their actions.
pub(super) fn alarms_that_invoke(
    snapshot: &Snapshot,
    caller: &Caller,
    arn: &SmolStr,
) -> Vec<SmolStr> {
    invoking(snapshot, caller, arn).into_iter().filter_map(|alarm| alarm.alarm_name).collect()
}

/// Takes a policy that is gone from the actions of users' alarms, which stay.
pub(super) fn drop_actions(tx: &mut Tx, caller: &Caller, arn: &SmolStr) {
    for alarm in invoking(tx, caller, arn) {
        let mut request: cloudwatch::PutMetricAlarmInput = from_document(&to_document(alarm));
        let lists =
            [&mut request.alarm_actions, &mut request.ok_actions, &mut request.insufficient_data_actions];
        for list in lists.into_iter().flatten() {
            list.retain(|action| action != arn);
        }
        let _ = tx.call::<cloudwatch::ops::PutMetricAlarm>(caller, request);
    }
}

/// Whether every other tracking policy of the group agrees to scale in: its low alarm is in
/// ALARM, and its high one is not.
pub(super) fn others_agree(tx: &Tx, caller: &Caller, policy: &Policy) -> bool {
    let others: Vec<Arc<Policy>> = Policy::of(tx, &policy.group)
        .filter(|other| other.name != policy.name && other.enabled)
        .cloned()
        .collect();
    others.iter().all(|other| match &other.kind {
        PolicyKind::Tracking { alarm_high, alarm_low, .. } => {
            let breached = |name: &SmolStr| state_of(tx, caller, name).as_deref() == Some("ALARM");
            !breached(alarm_high) && alarm_low.as_ref().is_none_or(breached)
        }
        _ => true,
    })
}

fn state_of(tx: &Tx, caller: &Caller, alarm: &SmolStr) -> Option<SmolStr> {
    let request = cloudwatch::DescribeAlarmsInput {
        alarm_names: Some(vec![alarm.clone()]),
        ..Default::default()
    };
    let found = tx.ask::<cloudwatch::ops::DescribeAlarms>(caller, request).ok()?;
    found.metric_alarms?.into_iter().next()?.state_value
}
