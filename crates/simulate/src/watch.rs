//! Looking at a cloud as a client could: what each group has to do, how big it is, what its alarms
//! say; and, in the end, what it did and why.

use crate::Failure;
use crate::assertions::round;
use crate::play::Stage;
use crate::record::{Activity, Alarm, Event, GroupSample, Policy};
use api::{autoscaling, cloudformation, cloudwatch, ec2};
use kernel::Timestamp;
use serde_json::Value;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Groups and alarms that a report tells of.
const MAX_GROUPS: usize = 100;
const MAX_ALARMS: usize = 500;
/// Activities, of all groups together.
const MAX_ACTIVITIES: usize = 20_000;

/// CloudWatch looks at alarms once a minute.
const LOOK_MILLIS: i64 = 60_000;

/// Tags that CloudFormation gives.
const STACK_TAG: &str = "aws:cloudformation:logical-id";

/// Notes how everything stands.
pub(crate) fn sample(stage: &mut Stage<'_>, at: i64) -> Result<(), Failure> {
    let demands = demands(stage)?;
    let mut samples = Vec::new();
    for group in groups(stage)? {
        samples.push(group_sample(stage, &group, &demands, at)?);
    }
    stage.glanced.clear();
    stage.report.sample(at, samples);
    match at > 0 && stage.looked_at == at {
        true => Ok(()),
        false => look(stage, at),
    }
}

/// Notes what is counted by the minute, however far samples are apart: alarms, and the hours of
/// instances.
fn look(stage: &mut Stage<'_>, at: i64) -> Result<(), Failure> {
    for (alarm, since, value) in alarms(stage)? {
        let since = stage.millis(since);
        stage.report.alarm(at, since, alarm, &value);
    }
    let before = std::mem::replace(&mut stage.looked_at, at);
    count_hours(stage, at - before)
}

fn groups(stage: &Stage<'_>) -> Result<Vec<autoscaling::AutoScalingGroup>, Failure> {
    let mut all = Vec::new();
    let mut next_token = None;
    loop {
        let found = stage.ask::<autoscaling::ops::DescribeAutoScalingGroups>(
            autoscaling::AutoScalingGroupNamesType {
                max_records: Some(100),
                next_token,
                ..Default::default()
            },
        )?;
        all.extend(found.auto_scaling_groups.unwrap_or_default());
        next_token = found.next_token;
        if next_token.is_none() || all.len() >= MAX_GROUPS {
            all.truncate(MAX_GROUPS);
            return Ok(all);
        }
    }
}

/// Requests per second now, by `group/NAME` or `target-group/ARN`.
fn demands(stage: &Stage<'_>) -> Result<BTreeMap<String, f64>, Failure> {
    let shown = stage.control("load", &Value::Null)?;
    let mut demands = BTreeMap::new();
    for load in shown["loads"].as_array().into_iter().flatten() {
        let bearer = load["group"]
            .as_str()
            .map(|name| format!("group/{name}"))
            .or_else(|| load["targetGroup"].as_str().map(|arn| format!("target-group/{arn}")));
        if let (Some(bearer), Some("demand"), Some(now)) =
            (bearer, load["measure"].as_str(), load["now"].as_f64())
        {
            demands.insert(bearer, now);
        }
    }
    Ok(demands)
}

fn group_sample(
    stage: &Stage<'_>,
    group: &autoscaling::AutoScalingGroup,
    demands: &BTreeMap<String, f64>,
    at: i64,
) -> Result<GroupSample, Failure> {
    let name = group.auto_scaling_group_name.clone().unwrap_or_default();
    let target_groups = group.target_group_arns.iter().flatten();
    let bearers = std::iter::once(format!("group/{name}"))
        .chain(target_groups.map(|arn| format!("target-group/{arn}")));
    let given: Vec<f64> = bearers.filter_map(|bearer| demands.get(&bearer).copied()).collect();
    let tags = group.tags.iter().flatten();
    let mut sample = GroupSample {
        resource: tags
            .filter(|tag| tag.key.as_deref() == Some(STACK_TAG))
            .find_map(|tag| tag.value.clone()),
        demand: (!given.is_empty()).then(|| round(given.iter().sum())),
        cpu: cpu(stage, &name, at)?,
        min: whole(group.min_size),
        max: whole(group.max_size),
        desired: whole(group.desired_capacity),
        name,
        ..Default::default()
    };
    let now = Glance::of(group);
    let all = stage.glanced.get(&sample.name).map_or(now, |seen| seen.and(now));
    sample.in_service = now.in_service;
    sample.in_service_least = all.in_service;
    sample.pending = all.pending;
    sample.terminating = all.terminating;
    Ok(sample)
}

/// Instances in service, on their way in, and on their way out.
#[derive(Clone, Copy)]
pub(crate) struct Glance {
    in_service: u32,
    pending: u32,
    terminating: u32,
}

impl Glance {
    fn of(group: &autoscaling::AutoScalingGroup) -> Self {
        let mut seen = Self { in_service: 0, pending: 0, terminating: 0 };
        for instance in group.instances.iter().flatten() {
            match instance.lifecycle_state.as_deref().unwrap_or_default() {
                "InService" => seen.in_service += 1,
                state if state.starts_with("Pending") => seen.pending += 1,
                state if state.starts_with("Terminating") => seen.terminating += 1,
                _ => {}
            }
        }
        seen
    }

    /// The fewest in service, and the most on their way.
    fn and(self, other: Self) -> Self {
        Self {
            in_service: self.in_service.min(other.in_service),
            pending: self.pending.max(other.pending),
            terminating: self.terminating.max(other.terminating),
        }
    }
}

/// Notes who is there and who is on the way, between samples.
pub(crate) fn glance(stage: &mut Stage<'_>) -> Result<(), Failure> {
    for group in groups(stage)? {
        let seen = Glance::of(&group);
        let name = group.auto_scaling_group_name.unwrap_or_default();
        let all = stage.glanced.get(&name).map_or(seen, |before| before.and(seen));
        stage.glanced.insert(name, all);
    }
    let at = stage.millis(stage.now());
    match at - stage.looked_at >= LOOK_MILLIS {
        true => look(stage, at),
        false => Ok(()),
    }
}

fn whole(value: Option<i64>) -> u32 {
    value.and_then(|value| u32::try_from(value).ok()).unwrap_or_default()
}

/// The group's average CPU since the last sample, as CloudWatch tells it.
fn cpu(stage: &Stage<'_>, group: &SmolStr, at: i64) -> Result<Option<f64>, Failure> {
    let period = (stage.report.scenario.sample / 60_000).max(1) * 60;
    let now = stage.now();
    let end = Timestamp(now.0 - now.0.rem_euclid(60_000));
    if at == 0 {
        return Ok(None);
    }
    let found = stage.ask::<cloudwatch::ops::GetMetricStatistics>(
        cloudwatch::GetMetricStatisticsInput {
            namespace: "AWS/EC2".into(),
            metric_name: "CPUUtilization".into(),
            dimensions: Some(vec![cloudwatch::Dimension {
                name: "AutoScalingGroupName".into(),
                value: group.clone(),
            }]),
            start_time: end.plus_secs(-period),
            end_time: end,
            period,
            statistics: Some(vec!["Average".into()]),
            ..Default::default()
        },
    )?;
    let points = found.datapoints.unwrap_or_default();
    Ok(points.into_iter().filter_map(|point| point.average).next_back().map(round))
}

type Seen = (Alarm, Timestamp, SmolStr);

/// Alarms with since when they are in which state.
fn alarms(stage: &Stage<'_>) -> Result<Vec<Seen>, Failure> {
    let mut all = Vec::new();
    let mut next_token = None;
    loop {
        let found =
            stage.ask::<cloudwatch::ops::DescribeAlarms>(cloudwatch::DescribeAlarmsInput {
                alarm_types: Some(vec!["MetricAlarm".into(), "CompositeAlarm".into()]),
                max_records: Some(100),
                next_token,
                ..Default::default()
            })?;
        all.extend(found.metric_alarms.unwrap_or_default().into_iter().map(metric_alarm));
        all.extend(found.composite_alarms.unwrap_or_default().into_iter().map(|alarm| {
            let name = alarm.alarm_name.unwrap_or_default();
            let since = alarm.state_updated_timestamp.unwrap_or_default();
            let seen = Alarm { name, ..Default::default() };
            (seen, since, alarm.state_value.unwrap_or_default())
        }));
        next_token = found.next_token;
        if next_token.is_none() || all.len() >= MAX_ALARMS {
            all.truncate(MAX_ALARMS);
            return Ok(all);
        }
    }
}

fn metric_alarm(alarm: cloudwatch::MetricAlarm) -> Seen {
    let watches_cpu = alarm.metric_name.as_deref() == Some("CPUUtilization");
    let group = alarm
        .dimensions
        .into_iter()
        .flatten()
        .find(|dimension| watches_cpu && dimension.name == "AutoScalingGroupName")
        .map(|dimension| dimension.value);
    let name = alarm.alarm_name.unwrap_or_default();
    let since = alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp);
    let seen = Alarm { name, group, threshold: alarm.threshold, states: Vec::new() };
    (seen, since.unwrap_or_default(), alarm.state_value.unwrap_or_default())
}

/// Instances that run now ran for so long, or since their launch.
fn count_hours(stage: &mut Stage<'_>, passed: i64) -> Result<(), Failure> {
    if passed == 0 {
        return Ok(());
    }
    let now = stage.now();
    let mut next_token = None;
    loop {
        let found = stage.ask::<ec2::ops::DescribeInstances>(ec2::DescribeInstancesRequest {
            filters: Some(vec![ec2::Filter {
                name: Some("instance-state-name".into()),
                values: Some(vec!["running".into()]),
            }]),
            max_results: Some(1_000),
            next_token,
            ..Default::default()
        })?;
        let reservations = found.reservations.unwrap_or_default();
        for instance in reservations.into_iter().flat_map(|it| it.instances.unwrap_or_default()) {
            let age = instance.launch_time.map_or(i64::MAX, |launched| now.0 - launched.0);
            let hours = passed.min(age) as f64 / 3_600_000.0;
            let kind = instance.instance_type.unwrap_or_default();
            *stage.report.instance_hours.entry(kind).or_default() += hours;
        }
        next_token = found.next_token;
        if next_token.is_none() {
            return Ok(());
        }
    }
}

/// What can be told in the end: activities, policies, and what the stack went through.
pub(crate) fn finish(stage: &mut Stage<'_>) -> Result<(), Failure> {
    activities(stage)?;
    policies(stage)?;
    stack_events(stage);
    Ok(())
}

fn activities(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let mut all: Vec<autoscaling::Activity> = Vec::new();
    let mut next_token = None;
    loop {
        let found = stage.ask::<autoscaling::ops::DescribeScalingActivities>(
            autoscaling::DescribeScalingActivitiesType {
                include_deleted_groups: Some(true),
                max_records: Some(100),
                next_token,
                ..Default::default()
            },
        )?;
        all.extend(found.activities.unwrap_or_default());
        next_token = found.next_token;
        if next_token.is_none() {
            break;
        }
        if all.len() >= MAX_ACTIVITIES {
            stage.report.more_activities = true;
            break;
        }
    }
    let mut told: Vec<Activity> = all
        .into_iter()
        .map(|activity| Activity {
            at: stage.millis(activity.start_time.unwrap_or_default()),
            ended: activity.end_time.map(|at| stage.millis(at)),
            group: activity.auto_scaling_group_name.unwrap_or_default(),
            status: activity.status_code.unwrap_or_default(),
            description: activity.description.unwrap_or_default().to_string(),
            cause: activity.cause.unwrap_or_default().to_string(),
        })
        .collect();
    // They come newest first; those of one instant keep that order turned round.
    told.reverse();
    told.sort_by_key(|activity| activity.at);
    stage.report.activities = told;
    Ok(())
}

fn policies(stage: &mut Stage<'_>) -> Result<(), Failure> {
    let mut next_token = None;
    loop {
        let found =
            stage.ask::<autoscaling::ops::DescribePolicies>(autoscaling::DescribePoliciesType {
                max_records: Some(100),
                next_token,
                ..Default::default()
            })?;
        for policy in found.scaling_policies.unwrap_or_default() {
            let group = policy.auto_scaling_group_name.unwrap_or_default();
            let tracking = policy.target_tracking_configuration;
            let predefined =
                tracking.as_ref().and_then(|it| it.predefined_metric_specification.as_ref());
            let told = Policy {
                name: policy.policy_name.unwrap_or_default(),
                kind: policy.policy_type.unwrap_or_default(),
                metric: predefined.map(|it| it.predefined_metric_type.clone()),
                target: tracking.as_ref().map(|it| it.target_value),
            };
            if let Some(known) = stage.report.groups.iter_mut().find(|it| it.name == group) {
                known.policies.push(told);
            }
        }
        next_token = found.next_token;
        if next_token.is_none() {
            return Ok(());
        }
    }
}

/// The stack's own events, and those of resources that failed.
fn stack_events(stage: &mut Stage<'_>) {
    let Some(stack) = stage.stack_name() else { return };
    let input = cloudformation::DescribeStackEventsInput {
        stack_name: stack.clone(),
        ..Default::default()
    };
    let Ok(found) = stage.ask::<cloudformation::ops::DescribeStackEvents>(input) else { return };
    for event in found.stack_events.unwrap_or_default().into_iter().rev() {
        let status = event.resource_status.unwrap_or_default();
        let id = event.logical_resource_id.unwrap_or_default();
        let own = id == stack;
        if !own && !status.ends_with("_FAILED") {
            continue;
        }
        let at = stage.millis(event.timestamp.unwrap_or_default());
        let what = if own { format!("stack {stack}") } else { format!("resource {id}") };
        let reason = event.resource_status_reason.map(|why| format!(": {why}"));
        let outcome = format!("{status}{}", reason.unwrap_or_default());
        stage.report.events.push(Event { at, what, outcome });
    }
}
