//! Labels of results, with dynamic parts: `${MAX}`, `${PROP('Dim.InstanceId')}` ("Using dynamic
//! labels", user guide).

use crate::errors;
use crate::get_metric_data::default_label;
use crate::queries::{Line, Query};
use api::cloudwatch::LabelOptions;
use kernel::{ApiError, Timestamp};
use smol_str::{SmolStr, format_smolstr};
use std::fmt::Write;

/// "You can include up to six dynamic values in a label."
const MAX_DYNAMIC: usize = 6;

/// `LabelOptions.Timezone`, `+HHMM`, in milliseconds.
pub(crate) fn offset(options: Option<&LabelOptions>) -> Result<i64, ApiError> {
    let Some(zone) = options.and_then(|options| options.timezone.as_deref()) else { return Ok(0) };
    let parsed = || {
        let sign = match zone.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let digits =
            zone.get(1..).filter(|d| d.len() == 4 && d.bytes().all(|b| b.is_ascii_digit()))?;
        let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
    };
    parsed().ok_or_else(|| errors::bad_parameter(zone, "LabelOptions.Timezone"))
}

/// The label of a result. Lines of an expression that comes to several keep their own names.
pub(crate) fn label(
    query: &Query,
    line: &Line,
    list: &[Query],
    is_many: bool,
    offset: i64,
) -> SmolStr {
    let plain = match is_many {
        true => line.label.clone(),
        false => default_label(query, list),
    };
    let Some(template) = &query.label else { return plain };
    if !template.contains("${") {
        return match is_many {
            true => format_smolstr!("{template} {plain}"),
            false => template.clone(),
        };
    }
    let mut text = String::new();
    let mut rest = template.as_str();
    for _ in 0..MAX_DYNAMIC {
        let Some((before, after)) = rest.split_once("${") else { break };
        let Some((inside, after)) = after.split_once('}') else { break };
        text.push_str(before);
        match dynamic(inside.trim(), query, line, &plain, offset) {
            Some(value) => text.push_str(&value),
            None => {
                let _ = write!(text, "${{{inside}}}");
            }
        }
        rest = after;
    }
    text.push_str(rest);
    text.into()
}

/// The value of a dynamic part; none if there is no such part.
fn dynamic(part: &str, query: &Query, line: &Line, plain: &str, offset: i64) -> Option<String> {
    let points = &line.points;
    let least = || points.iter().copied().reduce(|a, b| if b.1 < a.1 { b } else { a });
    let most = || points.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
    let value = |point: Option<(Timestamp, f64)>| {
        Some(point.map_or_else(|| "--".to_owned(), |(_, value)| number(value)))
    };
    let time = |point: Option<(Timestamp, f64)>, kind: &str| {
        Some(point.map_or_else(|| "--".to_owned(), |(at, _)| spelled(at, kind, offset)))
    };
    let sum = || points.iter().map(|(_, value)| value).sum::<f64>();
    let some = |compute: fn(f64, f64) -> f64| match points.len() {
        0 => "--".to_owned(),
        count => number(compute(sum(), count as f64)),
    };
    let (name, suffix) = match part.find("_TIME") {
        Some(place) => part.split_at(place),
        None => (part, ""),
    };
    match (name, suffix) {
        ("LABEL", "") => Some(plain.to_owned()),
        ("AVG", "") => Some(some(|sum, count| sum / count)),
        ("SUM", "") => Some(some(|sum, _| sum)),
        ("DATAPOINT_COUNT", "") => Some(points.len().to_string()),
        ("MIN", "") => value(least()),
        ("MAX", "") => value(most()),
        ("FIRST", "") => value(points.first().copied()),
        ("LAST", "") => value(points.last().copied()),
        ("MIN" | "MAX" | "FIRST" | "LAST", "_TIME" | "_TIME_RELATIVE" | "_TIME_ISO") => {
            let point = match name {
                "MIN" => least(),
                "MAX" => most(),
                "FIRST" => points.first().copied(),
                _ => points.last().copied(),
            };
            time(point, suffix)
        }
        _ => property(part.strip_prefix("PROP('")?.strip_suffix("')")?, query, line),
    }
}

fn number(value: f64) -> String {
    let rounded = (value * 1e4).round() / 1e4;
    format!("{rounded}")
}

fn spelled(at: Timestamp, kind: &str, offset: i64) -> String {
    let at = at.plus_millis(offset);
    let (year, month, day, hour, minute, second, _) = at.civil();
    match kind {
        "_TIME_ISO" => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"),
    }
}

/// `${PROP('MetricName')}` and its like.
fn property(name: &str, query: &Query, line: &Line) -> Option<String> {
    let metric = line.metric.as_ref();
    let text = match name {
        "Namespace" => metric?.namespace.to_string(),
        "MetricName" => metric?.name.to_string(),
        "Stat" => metric?.stat.to_string(),
        "Period" => (line.period / 1_000).to_string(),
        "Id" => query.id.to_string(),
        _ => {
            let name = name.strip_prefix("Dim.")?;
            let found = metric?.dimensions.iter().find(|(dimension, _)| dimension == name);
            found.map_or_else(|| "--".to_owned(), |(_, value)| value.to_string())
        }
    };
    Some(text)
}
