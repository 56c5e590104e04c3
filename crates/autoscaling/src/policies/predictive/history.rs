//! The hours of the past as CloudWatch has them.

use super::HOUR_MILLIS;
use api::autoscaling as wire;
use api::cloudwatch;
use kernel::{Caller, Snapshot, Timestamp, from_document, to_document};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;

const DAYS: i64 = 14;
const MIN_HOURS: usize = 24;

/// A series by the hour, and how much of the scaling metric a unit of it makes on one instance.
pub(super) struct History {
    load: BTreeMap<i64, f64>,
    /// Scaling metric × capacity ÷ load.
    pub(super) ratio: f64,
}

type Series = BTreeMap<i64, f64>;

impl History {
    /// The past two weeks before `now`; none if there is less than a day.
    pub(super) fn ask(
        snapshot: &Snapshot,
        caller: &Caller,
        group: &SmolStr,
        specification: &wire::PredictiveScalingMetricSpecification,
        now: Timestamp,
    ) -> Option<Self> {
        let ask = |queries| series(snapshot, caller, queries, now);
        let own = |metric, stat| vec![of_group(group, metric, stat)];
        let (load, scaling) = match names(specification) {
            Some((metric, Some(label))) => {
                let query = |metric, stat| vec![of_target_group(label, metric, stat)];
                (ask(query("RequestCount", "Sum")), ask(query(metric, "Sum")))
            }
            Some((metric, None)) => (ask(own(metric, "Sum")), ask(own(metric, "Average"))),
            None => {
                let load = specification.customized_load_metric_specification.as_ref()?;
                let scaling = specification.customized_scaling_metric_specification.as_ref()?;
                (
                    ask(custom(&load.metric_data_queries)),
                    ask(custom(&scaling.metric_data_queries)),
                )
            }
        };
        let capacity = match &specification.customized_capacity_metric_specification {
            Some(custom_capacity) => ask(custom(&custom_capacity.metric_data_queries)),
            None => instances(snapshot, caller, group, now),
        };
        if load.len() < MIN_HOURS {
            return None;
        }
        let ratios: Vec<f64> = load
            .iter()
            .filter(|(_, load)| **load > 0.0)
            .filter_map(|(hour, load)| Some(scaling.get(hour)? * capacity.get(hour)? / load))
            .collect();
        let ratio = ratios.iter().sum::<f64>() / ratios.len().max(1) as f64;
        Some(Self { load, ratio })
    }

    /// What the load of an hour will be, or was.
    pub(super) fn expected(&self, hour: Timestamp) -> Option<f64> {
        if let Some(known) = self.load.get(&hour.0) {
            return Some(*known);
        }
        let week = 7 * 24 * HOUR_MILLIS;
        let first = *self.load.keys().next()?;
        let last = *self.load.keys().next_back()?;
        let two_weeks = last - first >= 2 * week - HOUR_MILLIS;
        let cycle = if two_weeks { week } else { 24 * HOUR_MILLIS };
        let alike: Vec<f64> = self
            .load
            .iter()
            .filter(|(at, _)| (hour.0 - **at).rem_euclid(cycle) == 0)
            .map(|(_, load)| *load)
            .collect();
        (!alike.is_empty()).then(|| alike.iter().sum::<f64>() / alike.len() as f64)
    }
}

/// The scaling metric of a predefined specification, and the label of its target group.
fn names(
    specification: &wire::PredictiveScalingMetricSpecification,
) -> Option<(&'static str, Option<&SmolStr>)> {
    let pair = specification.predefined_metric_pair_specification.as_ref();
    let scaling = specification.predefined_scaling_metric_specification.as_ref();
    let kind = pair
        .map(|p| (p.predefined_metric_type.as_str(), p.resource_label.as_ref()))
        .or(scaling.map(|s| (s.predefined_metric_type.as_str(), s.resource_label.as_ref())))?;
    Some(match kind {
        ("ASGNetworkIn" | "ASGAverageNetworkIn", _) => ("NetworkIn", None),
        ("ASGNetworkOut" | "ASGAverageNetworkOut", _) => ("NetworkOut", None),
        ("ALBRequestCount" | "ALBRequestCountPerTarget", label) => ("RequestCountPerTarget", label),
        _ => ("CPUUtilization", None),
    })
}

fn query(
    namespace: &str,
    metric: &str,
    stat: &str,
    dimensions: Vec<(&str, SmolStr)>,
) -> cloudwatch::MetricDataQuery {
    let dimension = |(name, value): (&str, SmolStr)| cloudwatch::Dimension { name: name.into(), value };
    cloudwatch::MetricDataQuery {
        id: "m".into(),
        metric_stat: Some(cloudwatch::MetricStat {
            metric: cloudwatch::Metric {
                namespace: Some(namespace.into()),
                metric_name: Some(metric.into()),
                dimensions: Some(dimensions.into_iter().map(dimension).collect()),
            },
            period: HOUR_MILLIS / 1_000,
            stat: stat.into(),
            unit: None,
        }),
        ..Default::default()
    }
}

fn of_group(group: &SmolStr, metric: &str, stat: &str) -> cloudwatch::MetricDataQuery {
    query("AWS/EC2", metric, stat, vec![("AutoScalingGroupName", group.clone())])
}

fn of_target_group(label: &str, metric: &str, stat: &str) -> cloudwatch::MetricDataQuery {
    let (balancer, group) = label.split_once("/targetgroup/").unwrap_or((label, ""));
    let group = format_smolstr!("targetgroup/{group}");
    let dimensions = vec![("LoadBalancer", balancer.into()), ("TargetGroup", group)];
    query("AWS/ApplicationELB", metric, stat, dimensions)
}

/// A user's queries, by the hour.
fn custom(queries: &[wire::MetricDataQuery]) -> Vec<cloudwatch::MetricDataQuery> {
    let by_hour = |query: &wire::MetricDataQuery| {
        let mut document = to_document(query.clone());
        if let Some(stat) = document.get_mut("MetricStat").and_then(Value::as_object_mut) {
            stat.insert("Period".to_owned(), (HOUR_MILLIS / 1_000).into());
        }
        from_document(&document)
    };
    queries.iter().map(by_hour).collect()
}

/// The first series that the queries return, by hour.
fn series(
    snapshot: &Snapshot,
    caller: &Caller,
    queries: Vec<cloudwatch::MetricDataQuery>,
    now: Timestamp,
) -> Series {
    let request = cloudwatch::GetMetricDataInput {
        metric_data_queries: queries,
        start_time: now.plus_millis(-DAYS * 24 * HOUR_MILLIS),
        end_time: now,
        ..Default::default()
    };
    let found = snapshot.ask::<cloudwatch::ops::GetMetricData>(caller, request);
    let results = found.ok().and_then(|f| f.metric_data_results).unwrap_or_default();
    let Some(result) = results.into_iter().next() else { return Series::new() };
    let times = result.timestamps.unwrap_or_default().into_iter().map(|at| at.0);
    times.zip(result.values.unwrap_or_default()).collect()
}

/// How many instances the group had in each hour: samples of its CPU metric, which every instance
/// gives once a minute or once in five.
fn instances(snapshot: &Snapshot, caller: &Caller, group: &SmolStr, now: Timestamp) -> Series {
    let samples =
        series(snapshot, caller, vec![of_group(group, "CPUUtilization", "SampleCount")], now);
    let mut last = of_group(group, "CPUUtilization", "SampleCount");
    if let Some(stat) = &mut last.metric_stat {
        stat.period = 60;
    }
    let request = cloudwatch::GetMetricDataInput {
        metric_data_queries: vec![last],
        start_time: now.plus_millis(-HOUR_MILLIS),
        end_time: now,
        ..Default::default()
    };
    let found = snapshot.ask::<cloudwatch::ops::GetMetricData>(caller, request);
    let results = found.ok().and_then(|f| f.metric_data_results).unwrap_or_default();
    let points = results.into_iter().next().and_then(|r| r.values).map_or(0, |v| v.len());
    let per_hour = if points > 12 { 60.0 } else { 12.0 };
    samples.into_iter().map(|(hour, count)| (hour, count / per_hour)).collect()
}
