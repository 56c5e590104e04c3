//! Looking at alarms: which datapoints they see, when, and what the look leads to.
//!
//! Periods end with the minute (10 seconds, for shorter ones) of the look and go back from there;
//! that is AWS's sliding window. With a wall-clock window they end with the last whole period.

use super::decide::{self, Decision, Point, Treatment};
use super::row::{Alarm, MetricSource, Source, Watch};
use super::{actions, put, reasons, state};
use crate::metric_data::read::{Wanted, read};
use crate::metric_data::units;
use crate::queries;
use crate::statistics::Statistic;
use kernel::{Caller, Snapshot, Timestamp, Tx, Wait};
use std::sync::Arc;

const MINUTE: i64 = 60_000;
const TEN_SECONDS: i64 = 10_000;

/// Sees to it that an alarm that was just put is looked at soon, and then at every round.
pub(super) fn schedule(tx: &mut Tx, name: &str) {
    let soon = tx.now().plus_millis(tx.pace().millis(Wait::AlarmFirstLook));
    tx.schedule(soon, "cloudwatch.alarm", name);
    schedule_rounds(tx);
}

/// The next rounds, if there is anything to look at.
pub(super) fn schedule_rounds(tx: &mut Tx) {
    for (index, every, task) in [
        ("watching", MINUTE, "cloudwatch.evaluate"),
        ("fast", TEN_SECONDS, "cloudwatch.evaluate-fast"),
    ] {
        if put::has_watches(tx, index) {
            let next = (tx.now().0.div_euclid(every) + 1) * every;
            tx.schedule(Timestamp(next), task, "");
        }
    }
}

/// The look at an alarm that was just put.
pub(super) fn first_look(tx: &mut Tx, caller: &Caller, name: &str) {
    if let Some(alarm) = tx.get::<Alarm>(name) {
        look(tx, caller, &alarm, false);
    }
}

/// The look at all alarms with periods of whole minutes.
pub(super) fn every_minute(tx: &mut Tx, caller: &Caller, _: &str) {
    round(tx, caller, "watching", |watch| watch.period() >= 60);
}

/// The look at all others.
pub(super) fn every_ten_seconds(tx: &mut Tx, caller: &Caller, _: &str) {
    round(tx, caller, "fast", |_| true);
}

fn round(tx: &mut Tx, caller: &Caller, index: &str, is_due: fn(&Watch) -> bool) {
    let alarms: Vec<Arc<Alarm>> = tx
        .rows_by::<Alarm>(index, "")
        .filter(|alarm| alarm.watch().is_some_and(is_due))
        .cloned()
        .collect();
    for alarm in alarms {
        look(tx, caller, &alarm, true);
    }
    schedule_rounds(tx);
}

/// One look at one alarm. Rounds repeat scaling actions each minute while the state lasts.
fn look(tx: &mut Tx, caller: &Caller, alarm: &Alarm, is_round: bool) {
    let Some(watch) = alarm.watch() else { return };
    let decision = decision(tx, watch);
    match decision.state {
        Some(value) if value != alarm.state.value => {
            let reason = reasons::reason(watch, value, &decision);
            let data = reasons::data(watch, tx.now(), &decision);
            let change = state::Change { value, reason, data: Some(data.to_string().into()) };
            state::change(tx, caller, &alarm.name, change, &decision.evaluated);
        }
        _ if is_round && tx.now().0 % MINUTE == 0 => {
            actions::repeat(tx, caller, alarm, &decision.evaluated);
        }
        _ => (),
    }
}

/// What a look at this moment decides.
pub(super) fn decision(snapshot: &Snapshot, watch: &Watch) -> Decision {
    let range = observe(snapshot, watch);
    let missing = Treatment::of(watch.treat_missing_data.as_deref());
    let (n, m) = (watch.evaluation_periods as usize, watch.needed() as usize);
    let mut decision = decide::decide(&range, n, m, missing);
    if has_too_few_samples(watch, &decision) {
        decision.state = None;
    }
    decision
}

/// "ignore: the alarm state does not change during periods with too few data points to be
/// statistically significant."
fn has_too_few_samples(watch: &Watch, decision: &Decision) -> bool {
    let Source::Metric(metric) = &watch.source else { return false };
    if watch.low_samples.as_deref() != Some("ignore") {
        return false;
    }
    let needed = metric.statistic.parse().ok().and_then(Statistic::needed_samples);
    // The bound is a quotient; its last digits are not meant.
    needed.is_some_and(|needed| {
        decision.evaluated.iter().any(|point| point.samples.unwrap_or(0.0) < needed - 1e-6)
    })
}

/// The evaluation range as it is now, the newest period first.
pub(super) fn observe(snapshot: &Snapshot, watch: &Watch) -> Vec<Option<Point>> {
    let period = watch.period() * 1_000;
    let step = if watch.by_wall_clock { period } else { period.min(MINUTE) };
    let end = snapshot.now().0.div_euclid(step) * step;
    let count = decide::range(watch.evaluation_periods);
    let from = Timestamp(end - count * period);
    let mut range = vec![None; count as usize];
    let mut put = |at: Timestamp, value: f64, samples: Option<f64>| {
        let age = (end - at.0).div_euclid(period) - 1;
        if let Some(slot) = usize::try_from(age).ok().and_then(|age| range.get_mut(age)) {
            let breaches = watch.comparison.breaches(value, watch.threshold);
            *slot = Some(Point { at, value, samples, breaches });
        }
    };
    match &watch.source {
        Source::Metric(metric) => {
            metric_points(snapshot, metric, from, Timestamp(end), &mut put);
        }
        Source::Queries(list) => {
            for (at, value) in queries::returned(snapshot, list, from, Timestamp(end)) {
                put(at, value, None);
            }
        }
    }
    range
}

fn metric_points(
    snapshot: &Snapshot,
    metric: &MetricSource,
    from: Timestamp,
    to: Timestamp,
    put: &mut dyn FnMut(Timestamp, f64, Option<f64>),
) {
    let Ok(statistic) = metric.statistic.parse::<Statistic>() else { return };
    let wanted = Wanted {
        namespace: &metric.namespace,
        name: &metric.name,
        dimensions: &metric.dimensions,
        unit: metric.unit.as_deref().and_then(units::number),
        period: metric.period * 1_000,
        origin: to,
        from,
        to,
        values: !statistic.is_basic(),
    };
    // "If the metric is published with multiple types of units and you don't specify a unit, the
    // alarm's behavior is not defined."
    for (at, tally) in read(snapshot, &wanted).first().into_iter().flat_map(|line| &line.points) {
        if let Some(value) = statistic.of(tally) {
            put(*at, value, Some(tally.sample.count));
        }
    }
}
