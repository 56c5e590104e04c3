//! Why an alarm is in its state: texts and data as AWS words them, recorded from real alarms.

use super::decide::{Decision, Point, Treatment};
use super::row::{Source, StateValue, Watch};
use crate::numbers::java_double;
use kernel::Timestamp;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// From so many datapoints on, they are listed in a sentence of their own.
const LISTED_APART: usize = 5;

/// `StateReason` for a decision.
pub(super) fn reason(watch: &Watch, state: StateValue, decision: &Decision) -> SmolStr {
    let filled = decision.filled;
    match state {
        StateValue::InsufficientData => {
            let (s, were) = plural(filled);
            format!("Insufficient Data: {filled} datapoint{s} {were} unknown.").into()
        }
        _ if decision.evaluated.is_empty() => {
            let (s, were) = plural(filled);
            format!(
                "Threshold Crossed: no datapoints were received for {filled} period{s} and \
                 {filled} missing datapoint{s} {were} treated as [{}].",
                treated(watch)
            )
            .into()
        }
        _ => crossed(watch, state, decision).into(),
    }
}

const fn plural(count: usize) -> (&'static str, &'static str) {
    if count == 1 { ("", "was") } else { ("s", "were") }
}

fn treated(watch: &Watch) -> &'static str {
    match Treatment::of(watch.treat_missing_data.as_deref()) {
        Treatment::Breaching => "Breaching",
        Treatment::NotBreaching => "NonBreaching",
        Treatment::Ignore => "Ignored",
        Treatment::Missing => "Missing",
    }
}

/// Alarms with `DatapointsToAlarm` tell how many out of how many; those without do not.
fn crossed(watch: &Watch, state: StateValue, decision: &Decision) -> String {
    let is_alarm = state == StateValue::Alarm;
    let crossing: Vec<&Point> =
        decision.evaluated.iter().filter(|point| point.breaches == is_alarm).collect();
    let (s, were) = plural(crossing.len());
    let not = if is_alarm { "" } else { "not " };
    let rule = format!(
        "{were} {not}{} the threshold ({})",
        watch.comparison.phrase(),
        java_double(watch.threshold)
    );
    let who = match watch.datapoints_to_alarm {
        None => format!("{} datapoint{s}", crossing.len()),
        Some(_) => format!(
            "{} out of the last {} datapoints",
            crossing.len(),
            decision.evaluated.len() + decision.filled
        ),
    };
    let shown: Vec<String> = crossing.iter().take(LISTED_APART).map(|p| datapoint(p)).collect();
    let shown = shown.join(", ");
    let filled = match decision.filled {
        count if count > 0 && made_up(watch, is_alarm) => {
            let (s, were) = plural(count);
            format!(" and {count} missing datapoint{s} {were} treated as [{}]", treated(watch))
        }
        _ => String::new(),
    };
    let needed = transition(watch, is_alarm);
    match crossing.len() >= LISTED_APART {
        false => format!("Threshold Crossed: {who} [{shown}] {rule}{filled}{needed}."),
        true => format!(
            "Threshold Crossed: {who} {rule}{filled}. The most recent datapoints which crossed \
             the threshold: [{shown}]{needed}."
        ),
    }
}

/// Whether missing datapoints spoke for the state.
fn made_up(watch: &Watch, is_alarm: bool) -> bool {
    match Treatment::of(watch.treat_missing_data.as_deref()) {
        Treatment::Breaching => is_alarm,
        Treatment::NotBreaching => !is_alarm,
        Treatment::Missing | Treatment::Ignore => false,
    }
}

fn transition(watch: &Watch, is_alarm: bool) -> String {
    if watch.datapoints_to_alarm.is_none() {
        return String::new();
    }
    let (needed, way) = match is_alarm {
        true => (watch.needed(), "OK -> ALARM"),
        false => (watch.evaluation_periods - watch.needed() + 1, "ALARM -> OK"),
    };
    let s = if needed == 1 { "" } else { "s" };
    format!(" (minimum {needed} datapoint{s} for {way} transition)")
}

/// `21.5 (28/09/17 05:35:00)`
fn datapoint(point: &Point) -> String {
    let (year, month, day, hour, minute, second, _) = point.at.civil();
    format!(
        "{} ({day:02}/{month:02}/{:02} {hour:02}:{minute:02}:{second:02})",
        java_double(point.value),
        year.rem_euclid(100)
    )
}

/// `2017-09-28T05:36:00.123+0000`
pub(super) fn instant(at: Timestamp) -> String {
    at.iso_millis().replace('Z', "+0000")
}

/// `StateReasonData` for a decision.
pub(super) fn data(watch: &Watch, now: Timestamp, decision: &Decision) -> Value {
    let mut data = json!({ "version": "1.0", "queryDate": instant(now) });
    if let Some(oldest) = decision.evaluated.last() {
        data["startDate"] = json!(instant(oldest.at));
    }
    if let Source::Metric(metric) = &watch.source {
        if let Some(unit) = &metric.unit {
            data["unit"] = json!(unit);
        }
        data["statistic"] = json!(metric.statistic);
    }
    data["period"] = json!(watch.period());
    data["recentDatapoints"] = decision.evaluated.iter().rev().map(|p| json!(p.value)).collect();
    data["threshold"] = json!(watch.threshold);
    data["evaluatedDatapoints"] = decision.evaluated.iter().map(evaluated).collect();
    data
}

fn evaluated(point: &Point) -> Value {
    let mut shown = json!({ "timestamp": instant(point.at) });
    if let Some(samples) = point.samples {
        shown["sampleCount"] = json!(samples);
    }
    shown["value"] = json!(point.value);
    shown
}
