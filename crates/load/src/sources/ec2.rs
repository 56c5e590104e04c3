//! AWS/EC2: of single instances (for as long as EC2 shows them) and of groups. "List the available
//! CloudWatch metrics for your instances" in the EC2 user guide.
//!
//! With basic monitoring a value comes every five minutes, with detailed monitoring every minute;
//! status checks always come every minute.

mod credits;
mod instance;

use super::demand::{Group, Work};
use super::{MINUTE, middle, only, steps};
use crate::history::subjects;
use crate::model::{BYTES_IN, BYTES_OUT, BYTES_PER_PACKET};
use instance::Instance;
use kernel::{Caller, MetricName, MetricQuery, MetricSource, Sample, Snapshot, Timestamp};
use smol_str::SmolStr;

pub(super) const SOURCE: MetricSource = MetricSource { namespace: "AWS/EC2", unit, list, read };

const BASIC: i64 = 5 * MINUTE;

/// Every metric with its unit.
const METRICS: [(&str, &str); 18] = [
    ("CPUUtilization", "Percent"),
    ("NetworkIn", "Bytes"),
    ("NetworkOut", "Bytes"),
    ("NetworkPacketsIn", "Count"),
    ("NetworkPacketsOut", "Count"),
    ("DiskReadOps", "Count"),
    ("DiskWriteOps", "Count"),
    ("DiskReadBytes", "Bytes"),
    ("DiskWriteBytes", "Bytes"),
    ("EBSReadOps", "Count"),
    ("EBSWriteOps", "Count"),
    ("EBSReadBytes", "Bytes"),
    ("EBSWriteBytes", "Bytes"),
    ("StatusCheckFailed", "Count"),
    ("StatusCheckFailed_Instance", "Count"),
    ("StatusCheckFailed_System", "Count"),
    ("CPUCreditUsage", "Count"),
    ("CPUCreditBalance", "Count"),
];

/// Metrics that groups have.
const OF_GROUPS: usize = 5;

fn unit(name: &str) -> Option<&'static str> {
    METRICS.iter().find(|(metric, _)| *metric == name).map(|(_, unit)| *unit)
}

fn list(snapshot: &Snapshot, _: Timestamp, tell: &mut dyn FnMut(MetricName)) {
    for subject in subjects(snapshot, "group/") {
        let group = subject.strip_prefix("group/").unwrap_or_default();
        for (name, _) in &METRICS[..OF_GROUPS] {
            tell(MetricName {
                name: SmolStr::new_static(name),
                dimensions: vec![("AutoScalingGroupName".into(), group.into())],
            });
        }
    }
    for instance in Instance::all(snapshot) {
        for (name, _) in METRICS {
            if instance.has(name) {
                tell(MetricName {
                    name: SmolStr::new_static(name),
                    dimensions: vec![("InstanceId".into(), instance.id.clone())],
                });
            }
        }
    }
}

fn read(snapshot: &Snapshot, query: &MetricQuery<'_>, tell: &mut dyn FnMut(Timestamp, Sample)) {
    if let Some(group) = only(query, "AutoScalingGroupName") {
        read_group(snapshot, query, group, tell);
    } else if let Some(id) = only(query, "InstanceId") {
        if let Some(instance) = Instance::find(snapshot, id) {
            instance.read(snapshot, query, tell);
        }
    } else if only(query, "ImageId").or(only(query, "InstanceType")).is_some() {
        // These are there for detailed monitoring only.
        for instance in Instance::all(snapshot).filter(|i| i.detailed && i.is_of(query)) {
            instance.read(snapshot, query, tell);
        }
    }
}

/// What a metric is when an instance does this much work for so many seconds.
fn amount(name: &str, work: &Work, secs: f64) -> Option<f64> {
    let requests = work.served * secs;
    Some(match name {
        "CPUUtilization" => work.cpu,
        "NetworkIn" => requests * BYTES_IN,
        "NetworkOut" => requests * BYTES_OUT,
        "NetworkPacketsIn" => (requests * BYTES_IN / BYTES_PER_PACKET).round(),
        "NetworkPacketsOut" => (requests * BYTES_OUT / BYTES_PER_PACKET).round(),
        _ => return None,
    })
}

fn read_group(
    snapshot: &Snapshot,
    query: &MetricQuery<'_>,
    name: &str,
    tell: &mut dyn FnMut(Timestamp, Sample),
) {
    if !METRICS[..OF_GROUPS].iter().any(|(metric, _)| *metric == query.name) {
        return;
    }
    let group = Group::read(snapshot, name, query.from);
    for minute in steps(query, MINUTE) {
        let Some(point) = group.point(middle(minute, MINUTE)) else { continue };
        // With basic monitoring the first of five minutes carries the value of all.
        let length = if point.detailed { MINUTE } else { BASIC };
        if minute.0 % length != 0 || minute.0 + length > query.to.0 {
            continue;
        }
        let mut total: Option<Sample> = None;
        group.work(middle(minute, length), &mut |work| {
            let Some(value) = amount(query.name, &work, length as f64 / 1_000.0) else { return };
            let sample = Sample::repeated(value, work.count);
            total = Some(total.map_or(sample, |sum| sum.and(sample)));
        });
        if let Some(sample) = total {
            tell(minute, sample);
        }
    }
}

/// The place that a view belongs to, as the caller of its questions.
fn caller(snapshot: &Snapshot) -> Caller {
    Caller::new(snapshot.account().clone(), snapshot.region().clone()).via("load")
}
