//! Functions of metric math ("Functions supported for metric math", user guide).

use super::eval::{MAX_LINES, MAX_TOTAL, Scope, Value};
use super::series::{Summary, at, mapped, values};
use crate::queries::{Line, Window};
use kernel::Timestamp;
use smol_str::SmolStr;

/// Points that a line made of nothing may have.
const MAX_POINTS: i64 = 100_800;

/// Calls a function.
pub(super) fn call(name: &str, arguments: &[Value], scope: &dyn Scope) -> Result<Value, String> {
    if let Some(summary) = Summary::from_word(name) {
        return summarised(name, summary, arguments);
    }
    match (name, arguments) {
        ("ABS", [value]) => each(name, value, |line| mapped(line, |v| Some(v.abs()))),
        ("CEIL", [value]) => each(name, value, |line| mapped(line, |v| Some(v.ceil()))),
        ("FLOOR", [value]) => each(name, value, |line| mapped(line, |v| Some(v.floor()))),
        ("LOG", [value]) => each(name, value, |line| mapped(line, |v| finite(v.ln()))),
        ("LOG10", [value]) => each(name, value, |line| mapped(line, |v| finite(v.log10()))),
        ("DIFF", [value]) => each(name, value, |line| steps(line, |by, _| by)),
        ("DIFF_TIME", [value]) => each(name, value, |line| steps(line, |_, secs| secs)),
        ("RATE", [value]) => each(name, value, |line| steps(line, |by, secs| by / secs)),
        ("RUNNING_SUM", [value]) => each(name, value, running_sum),
        ("EPOCH" | "MINUTE" | "HOUR" | "DAY" | "DATE" | "MONTH" | "YEAR", [value]) => {
            each(name, value, |line| calendar(line, name))
        }
        ("DATAPOINT_COUNT", [Value::Line(line)]) => Ok(Value::Number(line.points.len() as f64)),
        ("DATAPOINT_COUNT", [Value::Lines(lines)]) => {
            Ok(Value::Numbers(lines.iter().map(|line| line.points.len() as f64).collect()))
        }
        ("METRIC_COUNT", [Value::Lines(lines)]) => Ok(Value::Number(lines.len() as f64)),
        ("PERIOD", [Value::Line(line)]) => Ok(Value::Number(line.period as f64 / 1_000.0)),
        ("METRICS", []) => limited(scope.metrics("")),
        ("METRICS", [Value::Text(text)]) => limited(scope.metrics(text)),
        ("FIRST", [Value::Lines(lines)]) => one(lines.first(), name),
        ("LAST", [Value::Lines(lines)]) => one(lines.last(), name),
        ("REMOVE_EMPTY", [Value::Lines(lines)]) => {
            let kept = lines.iter().filter(|line| !line.points.is_empty());
            Ok(Value::Lines(kept.cloned().collect()))
        }
        ("FILL", [value, filling]) => {
            let filling = Filling::of(filling)?;
            let window = scope.window();
            let each_has = |line: &Line| grid(window, line.period).count() + line.points.len();
            let size = match value {
                Value::Lines(lines) => lines.iter().map(each_has).sum(),
                _ => 0,
            };
            if size > MAX_TOTAL {
                return Err("The expression has too many datapoints".into());
            }
            each(name, value, |line| fill(line, &filling, window))
        }
        ("IF", [condition, then]) => chosen(condition, then, None),
        ("IF", [condition, then, otherwise]) => chosen(condition, then, Some(otherwise)),
        ("TIME_SERIES", [Value::Number(number)]) => time_series(*number, scope),
        ("TIME_SERIES", [Value::Line(line)]) => Ok(Value::Line(line.clone())),
        ("SEARCH", [Value::Text(search), Value::Text(stat)]) => {
            limited(scope.search(search, stat, None)?)
        }
        ("SEARCH", [Value::Text(search), Value::Text(stat), Value::Number(period)]) => {
            limited(scope.search(search, stat, Some(*period as i64))?)
        }
        ("SORT", [Value::Lines(lines), rest @ ..]) => sorted(lines, rest),
        ("SLICE", [Value::Lines(lines), Value::Number(from)]) => {
            Ok(Value::Lines(lines.iter().skip(whole(*from)).cloned().collect()))
        }
        ("SLICE", [Value::Lines(lines), Value::Number(from), Value::Number(to)]) => {
            let count = whole(*to).saturating_sub(whole(*from));
            Ok(Value::Lines(lines.iter().skip(whole(*from)).take(count).cloned().collect()))
        }
        _ => Err(misused(name, arguments)),
    }
}

fn misused(name: &str, arguments: &[Value]) -> String {
    let kinds: Vec<&str> = arguments.iter().map(Value::kind).collect();
    format!("Unsupported function or argument type(s) for {name}: '[{}]'", kinds.join(", "))
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn whole(number: f64) -> usize {
    number.max(0.0) as usize
}

fn limited(lines: Vec<Line>) -> Result<Value, String> {
    match lines.len() > MAX_LINES {
        true => Err(format!("More than {MAX_LINES} time series")),
        false => Value::Lines(lines).bounded(),
    }
}

fn one(line: Option<&Line>, name: &str) -> Result<Value, String> {
    line.cloned().map(Value::Line).ok_or_else(|| format!("{name} of an empty array"))
}

/// A function of a line, of each line of an array, or of a number.
fn each(name: &str, value: &Value, change: impl Fn(&Line) -> Line) -> Result<Value, String> {
    match value {
        Value::Line(line) => Ok(Value::Line(change(line))),
        Value::Lines(lines) => Ok(Value::Lines(lines.iter().map(change).collect())),
        Value::Number(number) if matches!(name, "ABS" | "CEIL" | "FLOOR" | "LOG" | "LOG10") => {
            let point = Line {
                points: vec![(Timestamp(0), *number)],
                period: 0,
                label: SmolStr::default(),
                mixed_units: Vec::new(),
                metric: None,
            };
            let changed = change(&point).points.first().map(|(_, value)| *value);
            changed.map(Value::Number).ok_or_else(|| "The result is not a number".into())
        }
        other => Err(misused(name, std::slice::from_ref(other))),
    }
}

/// Of a line: the number over all its points. Of an array: the line over all lines, with a point
/// wherever any of them has one.
fn summarised(name: &str, summary: Summary, arguments: &[Value]) -> Result<Value, String> {
    match arguments {
        [Value::Line(line)] => {
            let all: Vec<f64> = values(line).collect();
            let number = summary.of(all.into_iter());
            number.map(Value::Number).ok_or_else(|| format!("{name} of no datapoints"))
        }
        [Value::Numbers(numbers)] => {
            let number = summary.of(numbers.iter().copied());
            number.map(Value::Number).ok_or_else(|| format!("{name} of an empty array"))
        }
        [Value::Lines(lines)] => {
            Ok(Value::Line(over_lines(lines, |values| summary.of(values.iter().copied()))))
        }
        [Value::Number(number)] => Ok(Value::Number(*number)),
        _ => Err(misused(name, arguments)),
    }
}

/// A line from the values that several lines have at each instant.
fn over_lines(lines: &[Line], change: impl Fn(&[f64]) -> Option<f64>) -> Line {
    let mut all: Vec<(Timestamp, f64)> =
        lines.iter().flat_map(|line| line.points.iter().copied()).collect();
    all.sort_by_key(|(at, _)| *at);
    let mut points = Vec::new();
    let mut here = Vec::new();
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        here.clear();
        here.extend(group.iter().map(|(_, value)| *value));
        points.extend(change(&here).map(|value| (group[0].0, value)));
    }
    Line {
        points,
        period: lines.iter().map(|line| line.period).max().unwrap_or(60_000),
        label: SmolStr::default(),
        mixed_units: Vec::new(),
        metric: None,
    }
}

/// From each point to the next: by how much the value grew, in how many seconds.
fn steps(line: &Line, change: impl Fn(f64, f64) -> f64) -> Line {
    let step = |pair: &[(Timestamp, f64)]| {
        let secs = (pair[1].0.0 - pair[0].0.0) as f64 / 1_000.0;
        let value = finite(change(pair[1].1 - pair[0].1, secs))?;
        Some((pair[1].0, value))
    };
    Line { points: line.points.windows(2).filter_map(step).collect(), ..line.clone() }
}

fn running_sum(line: &Line) -> Line {
    let mut sum = 0.0;
    mapped_in_order(line, |value| {
        sum += value;
        finite(sum)
    })
}

fn mapped_in_order(line: &Line, mut change: impl FnMut(f64) -> Option<f64>) -> Line {
    let points = line.points.iter().filter_map(|(at, value)| Some((*at, change(*value)?)));
    Line { points: points.collect(), ..line.clone() }
}

/// A part of each point's time, UTC. Days of the week are 1 (Monday) to 7.
fn calendar(line: &Line, part: &str) -> Line {
    let value = |at: Timestamp| {
        let (year, month, day, hour, minute, ..) = at.civil();
        match part {
            "EPOCH" => at.0.div_euclid(1_000) as f64,
            "MINUTE" => f64::from(minute),
            "HOUR" => f64::from(hour),
            "DAY" => (at.0.div_euclid(86_400_000) + 3).rem_euclid(7) as f64 + 1.0,
            "DATE" => f64::from(day),
            "MONTH" => f64::from(month),
            _ => year as f64,
        }
    };
    let points = line.points.iter().map(|(at, _)| (*at, value(*at)));
    Line { points: points.collect(), ..line.clone() }
}

enum Filling {
    Number(f64),
    Repeat,
    Linear,
    Line(Line),
}

impl Filling {
    fn of(value: &Value) -> Result<Self, String> {
        match value {
            Value::Number(number) => Ok(Self::Number(*number)),
            Value::Keyword(word) if word == "REPEAT" => Ok(Self::Repeat),
            Value::Keyword(word) if word == "LINEAR" => Ok(Self::Linear),
            Value::Line(line) => Ok(Self::Line(line.clone())),
            other => Err(misused("FILL", std::slice::from_ref(other))),
        }
    }
}

/// The instants at which a line of some period can have points.
fn grid(window: Window, period: i64) -> impl Iterator<Item = Timestamp> {
    let period = period.max(1_000);
    let offset = (window.from.0 - window.origin.0).rem_euclid(period);
    let first = window.from.0 + if offset == 0 { 0 } else { period - offset };
    let count = (window.to.0 - first + period - 1).div_euclid(period).clamp(0, MAX_POINTS);
    (0..count).map(move |number| Timestamp(first + number * period))
}

fn fill(line: &Line, filling: &Filling, window: Window) -> Line {
    let missing = |instant: Timestamp| match filling {
        Filling::Number(number) => Some(*number),
        Filling::Line(other) => at(other, instant),
        Filling::Repeat => {
            let before = line.points.partition_point(|(at, _)| *at < instant);
            before.checked_sub(1).map(|place| line.points[place].1)
        }
        Filling::Linear => {
            let next = line.points.partition_point(|(at, _)| *at < instant);
            let (before, after) = (line.points.get(next.checked_sub(1)?)?, line.points.get(next)?);
            let way = (instant.0 - before.0.0) as f64 / (after.0.0 - before.0.0) as f64;
            Some(before.1 + (after.1 - before.1) * way)
        }
    };
    let mut points: Vec<(Timestamp, f64)> = grid(window, line.period)
        .filter(|instant| at(line, *instant).is_none())
        .filter_map(|instant| Some((instant, missing(instant)?)))
        .collect();
    points.extend_from_slice(&line.points);
    points.sort_by_key(|(at, _)| *at);
    Line { points, ..line.clone() }
}

fn time_series(number: f64, scope: &dyn Scope) -> Result<Value, String> {
    let period = scope.period();
    Ok(Value::Line(Line {
        points: grid(scope.window(), period).map(|at| (at, number)).collect(),
        period,
        label: SmolStr::default(),
        mixed_units: Vec::new(),
        metric: None,
    }))
}

/// `IF(condition, then, otherwise)`: at each point of the condition (or of what is chosen, if the
/// condition is a number) the one or the other. Without `otherwise` there is no point.
fn chosen(condition: &Value, then: &Value, otherwise: Option<&Value>) -> Result<Value, String> {
    let value_at = |value: &Value, instant: Timestamp| match value {
        Value::Number(number) => Ok(Some(*number)),
        Value::Line(line) => Ok(at(line, instant)),
        other => Err(misused("IF", std::slice::from_ref(other))),
    };
    let condition = match condition {
        Value::Line(line) => line,
        Value::Number(number) => {
            let value = if *number != 0.0 { Some(then) } else { otherwise };
            return value.cloned().ok_or_else(|| "IF of a scalar needs a value if false".into());
        }
        other => return Err(misused("IF", std::slice::from_ref(other))),
    };
    let mut points = Vec::new();
    for (instant, truth) in &condition.points {
        let value = if *truth != 0.0 { Some(then) } else { otherwise };
        if let Some(value) = value
            && let Some(number) = value_at(value, *instant)?
        {
            points.push((*instant, number));
        }
    }
    Ok(Value::Line(Line { points, metric: None, ..condition.clone() }))
}

/// `SORT(lines, AVG|SUM|MIN|MAX, ASC|DESC, limit)`; lines without points come last.
fn sorted(lines: &[Line], rest: &[Value]) -> Result<Value, String> {
    let (by, order, limit) = match rest {
        [Value::Keyword(by), Value::Keyword(order)] => (by, order, usize::MAX),
        [Value::Keyword(by), Value::Keyword(order), Value::Number(limit)] => {
            (by, order, whole(*limit))
        }
        _ => return Err(misused("SORT", rest)),
    };
    let summary = Summary::from_word(by).filter(|by| *by != Summary::Deviation);
    let (Some(summary), "ASC" | "DESC") = (summary, order.as_str()) else {
        return Err(misused("SORT", rest));
    };
    let rank = |line: &Line| {
        let all: Vec<f64> = values(line).collect();
        summary.of(all.into_iter())
    };
    let mut ranked: Vec<(Option<f64>, &Line)> =
        lines.iter().map(|line| (rank(line), line)).collect();
    ranked.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) if order == "ASC" => a.total_cmp(b),
        (Some(a), Some(b)) => b.total_cmp(a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    Ok(Value::Lines(ranked.into_iter().take(limit).map(|(_, line)| line.clone()).collect()))
}
