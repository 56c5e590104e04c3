//! What a picture shows: the widget's JSON, as on dashboards.

use crate::errors;
use crate::queries::{self, Query};
use api::cloudwatch as wire;
use kernel::{ApiError, Timestamp};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

/// "Up to 100 metrics" in a snapshot graph.
const MAX_METRICS: usize = 100;
const SIDE: std::ops::RangeInclusive<i64> = 1..=2_000;
const HOUR: i64 = 3_600_000;

/// A parsed widget.
#[derive(Debug)]
pub(super) struct Widget {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) title: SmolStr,
    pub(super) stacked: bool,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// Of the time zone, in milliseconds.
    pub(super) offset: i64,
    pub(super) queries: Vec<Query>,
    /// Bounds of the left axis.
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
    /// Values with labels.
    pub(super) annotations: Vec<(f64, SmolStr)>,
}

fn invalid(message: impl std::fmt::Display) -> ApiError {
    errors::validation(format!("Invalid metric widget: {message}"))
}

impl Widget {
    pub(super) fn parse(text: &str, now: Timestamp) -> Result<Self, ApiError> {
        let json: Value = serde_json::from_str(text).map_err(|_| invalid("it is not valid JSON"))?;
        if !json.is_object() {
            return Err(invalid("it is not a JSON object"));
        }
        match json["view"].as_str() {
            None | Some("timeSeries") => (),
            Some(view @ ("singleValue" | "gauge" | "bar" | "pie" | "table")) => {
                return Err(ApiError::not_implemented(format_args!("widgets with the view {view}")));
            }
            Some(view) => return Err(invalid(format_args!("unknown view {view}"))),
        }
        let side = |name: &str, default: i64| match json.get(name) {
            None => Ok(default as usize),
            Some(value) => match value.as_i64().filter(|side| SIDE.contains(side)) {
                Some(side) => Ok(side as usize),
                None => Err(invalid(format_args!("{name} must be between 1 and 2000"))),
            },
        };
        let zone = json["timezone"].as_str().map(|zone| wire::LabelOptions {
            timezone: Some(zone.into()),
        });
        let instant = |name: &str, default: Timestamp| match json[name].as_str() {
            None => Ok(default),
            Some(text) => moment(text, now)
                .ok_or_else(|| invalid(format_args!("{name} is neither a time nor a duration"))),
        };
        let (from, to) = (instant("start", now.plus_millis(-3 * HOUR))?, instant("end", now)?);
        if from >= to {
            return Err(invalid("start must be before end"));
        }
        let axis = &json["yAxis"]["left"];
        let annotation = |value: &Value| {
            let label = value["label"].as_str().unwrap_or_default();
            Some((value["value"].as_f64()?, SmolStr::new(label)))
        };
        let horizontal = json["annotations"]["horizontal"].as_array();
        if json["annotations"].get("vertical").is_some() || json["annotations"].get("alarms").is_some()
        {
            return Err(ApiError::not_implemented("vertical and alarm annotations of widgets"));
        }
        Ok(Self {
            width: side("width", 600)?,
            height: side("height", 400)?,
            title: json["title"].as_str().unwrap_or_default().into(),
            stacked: json["stacked"].as_bool().unwrap_or(false),
            from,
            to,
            offset: crate::labels::offset(zone.as_ref())?,
            queries: metrics(&json)?,
            least: axis["min"].as_f64(),
            most: axis["max"].as_f64(),
            annotations: horizontal.into_iter().flatten().filter_map(annotation).collect(),
        })
    }
}

/// `-PT3H`, `P0D`, or a time.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (sign, duration) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let Some(duration) = duration.strip_prefix('P') else { return instant(text) };
    let (days, clock) = duration.split_once('T').unwrap_or((duration, ""));
    let mut total = 0;
    let parts = [(days, &[('W', 168 * HOUR), ('D', 24 * HOUR)][..])];
    let clock = [(clock, &[('H', HOUR), ('M', 60_000), ('S', 1_000)][..])];
    for (mut rest, units) in parts.into_iter().chain(clock) {
        while let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) {
            let number: i64 = rest[..end].parse().ok()?;
            let unit = rest[end..].chars().next()?;
            let millis = units.iter().find(|(name, _)| *name == unit)?.1;
            total += number.checked_mul(millis).filter(|span| *span < 10_000 * 24 * HOUR)?;
            rest = &rest[end + 1..];
        }
    }
    Some(now.plus_millis(sign * total))
}

/// `2018-12-17T06:00:00.000Z`
fn instant(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once('T')?;
    let numbers = |text: &str, by: char| -> Option<Vec<i64>> {
        text.split(by).map(|part| part.parse().ok()).collect()
    };
    let date = numbers(date, '-')?;
    let clock = clock.trim_end_matches('Z');
    let clock = numbers(clock.split_once('.').map_or(clock, |(whole, _)| whole), ':')?;
    let ([year, month, day], [hour, minute, second]) = (&date[..], &clock[..]) else { return None };
    let is_sound = (1970..=9_999).contains(year) && (1..=12).contains(month) && (1..=31).contains(day);
    if !is_sound || !(0..24).contains(hour) || !(0..60).contains(minute) || !(0..61).contains(second) {
        return None;
    }
    // Howard Hinnant's days-from-civil.
    let y = if *month <= 2 { year - 1 } else { *year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(Timestamp(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000))
}

/// `["Namespace", "Name", "Dimension", "Value", {…}]`; `"."` repeats the word above, `"..."` all
/// of them; `[{"expression": …}]` is an expression.
fn metrics(json: &Value) -> Result<Vec<Query>, ApiError> {
    let empty = Vec::new();
    let rows = json["metrics"].as_array().unwrap_or(&empty);
    if rows.is_empty() {
        return Err(invalid("it has no metrics"));
    }
    if rows.len() > MAX_METRICS {
        return Err(invalid("it has more than 100 metrics"));
    }
    let mut above: Vec<SmolStr> = Vec::new();
    let mut found = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let row = row.as_array().ok_or_else(|| invalid("a metric is not an array"))?;
        let (words, options) = match row.split_last() {
            Some((options, words)) if options.is_object() => (words, options),
            _ => (&row[..], &Value::Null),
        };
        let mut query = wire::MetricDataQuery {
            id: options["id"].as_str().map_or_else(|| format_smolstr!("q{number}"), SmolStr::new),
            label: options["label"].as_str().map(SmolStr::new),
            return_data: options["visible"].as_bool(),
            ..Default::default()
        };
        let period = options["period"].as_i64().or_else(|| json["period"].as_i64());
        match options["expression"].as_str() {
            Some(text) => {
                query.expression = Some(text.into());
                query.period = period;
            }
            None => {
                above = spelled_out(words, &above)?;
                let stat = options["stat"].as_str().or_else(|| json["stat"].as_str());
                query.metric_stat = Some(stat_of(&above, stat, period));
            }
        }
        found.push(query);
    }
    queries::checked(&found, "MetricWidget.metrics")
}

fn spelled_out(words: &[Value], above: &[SmolStr]) -> Result<Vec<SmolStr>, ApiError> {
    let mut found: Vec<SmolStr> = Vec::new();
    for word in words {
        match word.as_str() {
            // What follows the dots replaces the end of the row above.
            Some("...") => {
                let rest = words.len() - 1;
                found = above[..above.len().saturating_sub(rest)].to_vec();
            }
            Some(".") => {
                let repeated = above.get(found.len());
                found.push(repeated.cloned().ok_or_else(|| invalid("'.' repeats nothing"))?);
            }
            Some(word) => found.push(word.into()),
            None => return Err(invalid("a metric is not made of strings")),
        }
    }
    match found.len() >= 2 && found.len().is_multiple_of(2) {
        true => Ok(found),
        false => Err(invalid("a metric needs a namespace, a name, and pairs of dimensions")),
    }
}

fn stat_of(words: &[SmolStr], stat: Option<&str>, period: Option<i64>) -> wire::MetricStat {
    let dimension = |pair: &[SmolStr]| wire::Dimension {
        name: pair[0].clone(),
        value: pair[1].clone(),
    };
    wire::MetricStat {
        metric: wire::Metric {
            namespace: Some(words[0].clone()),
            metric_name: Some(words[1].clone()),
            dimensions: Some(words[2..].chunks_exact(2).map(dimension).collect()),
        },
        period: period.unwrap_or(300),
        stat: stat.unwrap_or("Average").into(),
        unit: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_relative_or_absolute() {
        let now = Timestamp(1_506_576_906_123);
        assert_eq!(moment("-PT3H", now), Some(now.plus_millis(-3 * HOUR)));
        assert_eq!(moment("-P1DT30M", now), Some(now.plus_millis(-24 * HOUR - HOUR / 2)));
        assert_eq!(moment("P0D", now), Some(now));
        assert_eq!(moment("2017-09-28T05:35:06.000Z", now), Some(Timestamp(1_506_576_906_000)));
        for text in ["yesterday", "-PT", "P1X", "2017-13-01T00:00:00Z", "PT999999999999999H"] {
            assert!(moment(text, now).is_none_or(|at| text == "-PT" && at == now), "{text}");
        }
    }

    #[test]
    fn dots_repeat_the_metric_above() {
        let json = serde_json::json!({ "metrics": [
            ["AWS/EC2", "CPUUtilization", "InstanceId", "i-1"],
            [".", "NetworkIn", ".", "i-2"],
            ["...", "i-3", { "stat": "Sum" }],
        ]});
        let told: Vec<String> = metrics(&json).expect("metrics").iter().map(Query::in_words).collect();
        assert_eq!(told, [
            "q0 = Average of AWS/EC2/CPUUtilization",
            "q1 = Average of AWS/EC2/NetworkIn",
            "q2 = Sum of AWS/EC2/NetworkIn",
        ]);
    }
}
