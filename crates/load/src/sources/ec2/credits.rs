//! CPU credits of burstable instances. "Key concepts and definitions for burstable performance
//! instances" in the EC2 user guide: a credit is one vCPU at 100 % for a minute.

use super::super::{middle, steps};
use super::BASIC;
use super::instance::{Instance, Worker};
use kernel::{MetricQuery, Sample, Timestamp};

/// Steps of a balance that are summed up at most: five days, after which any balance has settled.
const MAX_STEPS: i64 = 5 * 24 * 12;

/// Credits of an instance type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Credits {
    per_hour: f64,
    max: f64,
    vcpus: f64,
    /// What a T2 instance begins with.
    at_launch: f64,
}

/// Credits per hour by size, as the user guide's table has them.
const PER_HOUR: [(&str, f64); 18] = [
    ("t2.nano", 3.0),
    ("t2.micro", 6.0),
    ("t2.small", 12.0),
    ("t2.medium", 24.0),
    ("t2.large", 36.0),
    ("t2.xlarge", 54.0),
    ("t2.2xlarge", 81.6),
    ("t3.nano", 6.0),
    ("t3.micro", 12.0),
    ("t3.small", 24.0),
    ("t3.medium", 24.0),
    ("t3.large", 36.0),
    ("t3.xlarge", 96.0),
    ("t3.2xlarge", 192.0),
    ("t4g.nano", 6.0),
    ("t4g.micro", 12.0),
    ("t4g.small", 24.0),
    ("t4g.medium", 24.0),
];

/// The credits of a type; T3a earns as T3.
pub(super) fn of_type(kind: &str) -> Option<Credits> {
    let like = kind.replacen("t3a.", "t3.", 1);
    let per_hour = PER_HOUR.iter().find(|(name, _)| *name == like).map(|(_, rate)| *rate)?;
    let vcpus = f64::from(catalogue::instance_type(kind).map_or(1, |k| k.vcpus));
    let at_launch = if kind.starts_with("t2.") { 30.0 * vcpus } else { 0.0 };
    Some(Credits { per_hour, max: per_hour * 24.0, vcpus, at_launch })
}

/// Credits are told every five minutes, whatever the monitoring.
pub(super) fn read(
    instance: &Instance,
    worker: &Worker,
    query: &MetricQuery<'_>,
    tell: &mut dyn FnMut(Timestamp, Sample),
) {
    let Some(credits) = of_type(&instance.kind) else { return };
    let minutes = BASIC as f64 / 60_000.0;
    let spent = |at: Timestamp| {
        worker.work(middle(at, BASIC)).cpu / 100.0 * credits.vcpus * minutes
    };
    if query.name == "CPUCreditUsage" {
        for start in steps(query, BASIC).filter(|at| *at >= instance.launched) {
            tell(start, Sample::of(spent(start)));
        }
        return;
    }
    let first = (instance.launched.0.div_euclid(BASIC) + 1) * BASIC;
    let from = query.from.0.div_euclid(BASIC) * BASIC;
    let (mut at, mut balance) = match from - first > MAX_STEPS * BASIC {
        // Before that long a time it does not matter what there was.
        true => (from - MAX_STEPS * BASIC, credits.max),
        false => (first, credits.at_launch),
    };
    while at + BASIC <= query.to.0 {
        let earned = credits.per_hour * minutes / 60.0;
        balance = (balance + earned - spent(Timestamp(at))).clamp(0.0, credits.max + credits.at_launch);
        if at >= query.from.0 {
            tell(Timestamp(at), Sample::of(balance));
        }
        at += BASIC;
    }
}
