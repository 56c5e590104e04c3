//! PutMetricData (API reference; "Publish custom metrics", user guide).
//!
//! Everything is checked before anything is kept: one bad datum refuses them all. Entities
//! (`EntityMetricData`) bring their data; the entities themselves are not kept.

use super::chunks::{self, Chunk, Series, Tier};
use super::metrics::{Metric, MetricCount, checked_dimensions, is_name};
use super::tally::Entry;
use super::{roll_up, units};
use crate::errors;
use crate::numbers::java_double;
use api::cloudwatch::{MetricDatum, PutMetricDataInput, StatisticSet};
use kernel::{ApiError, Caller, Dimensions, Sample, Timestamp, Tx};
use smol_str::SmolStr;

/// Data of one call.
const MAX_DATA: usize = 1_000;
/// Values of one datum.
const MAX_VALUES: usize = 150;
/// Values "must be in the range of -2^360 to 2^360".
const MAX_VALUE_LOG2: i32 = 360;
const PAST: i64 = 14 * chunks::DAY;
const FUTURE: i64 = 7_200_000;
/// A metric's row tells when it was last seen to within this.
const SEEN_STEP: i64 = 300_000;
/// Age at which high resolution ends.
pub(super) const FINE: i64 = 3 * 3_600_000;

/// A datum that has been checked.
struct Point {
    name: SmolStr,
    dimensions: Dimensions,
    unit: u8,
    at: Timestamp,
    is_fine: bool,
    entries: Vec<Entry>,
}

pub(super) fn put_metric_data(
    tx: &mut Tx,
    _: &Caller,
    input: PutMetricDataInput,
) -> Result<(), ApiError> {
    if input.namespace.starts_with("AWS/") {
        return Err(errors::bad_parameter("AWS/", "Namespace"));
    }
    if !is_name(&input.namespace) {
        return Err(errors::bad_parameter(&input.namespace, "Namespace"));
    }
    let mut points = Vec::new();
    check_all(tx.now(), input.metric_data.as_deref(), "MetricData", &mut points)?;
    for (number, entity) in input.entity_metric_data.iter().flatten().enumerate() {
        let parameter = format!("EntityMetricData.member.{}.MetricData", number + 1);
        check_all(tx.now(), entity.metric_data.as_deref(), &parameter, &mut points)?;
    }
    if points.is_empty() {
        return Err(errors::required("MetricData"));
    }
    if points.len() > MAX_DATA {
        return Err(too_large("MetricData", MAX_DATA));
    }
    for point in points {
        keep(tx, &input.namespace, point);
    }
    roll_up::schedule(tx);
    Ok(())
}

fn too_large(parameter: &str, limit: usize) -> ApiError {
    errors::invalid_value(format!(
        "The collection {parameter} must not have a size greater than {limit}."
    ))
}

fn check_all(
    now: Timestamp,
    data: Option<&[MetricDatum]>,
    parameter: &str,
    points: &mut Vec<Point>,
) -> Result<(), ApiError> {
    let data = data.unwrap_or_default();
    if data.len() > MAX_DATA {
        return Err(too_large(parameter, MAX_DATA));
    }
    for (number, datum) in data.iter().enumerate() {
        points.push(check(now, datum, &format!("{parameter}.member.{}", number + 1))?);
    }
    Ok(())
}

fn check(now: Timestamp, datum: &MetricDatum, parameter: &str) -> Result<Point, ApiError> {
    let named = |member: &str| format!("{parameter}.{member}");
    if !is_name(&datum.metric_name) {
        return Err(errors::bad_parameter(&datum.metric_name, named("MetricName")));
    }
    let entries = entries(datum, parameter)?;
    let unit = datum.unit.as_deref().unwrap_or("None");
    let Some(unit) = units::number(unit) else {
        return Err(errors::bad_parameter(unit, named("Unit")));
    };
    let is_fine = match datum.storage_resolution {
        None | Some(60) => false,
        Some(1) => true,
        Some(other) => return Err(errors::bad_parameter(other, named("StorageResolution"))),
    };
    // Nothing is kept of the time before the epoch, whatever the clock says.
    let at = datum.timestamp.unwrap_or(now).max(Timestamp(0));
    let out_of_time = |rule: &str| {
        Err(errors::invalid_value(format!(
            "The parameter {} must specify a time {rule}.",
            named("Timestamp")
        )))
    };
    if at < now.plus_millis(-PAST) {
        return out_of_time("no more than two weeks in the past");
    }
    if at > now.plus_millis(FUTURE) {
        return out_of_time("no more than two hours in the future");
    }
    Ok(Point {
        name: datum.metric_name.clone(),
        dimensions: checked_dimensions(datum.dimensions.as_deref(), &named("Dimensions"))?,
        unit,
        at,
        is_fine: is_fine && at > now.plus_millis(-FINE),
        entries,
    })
}

/// The values of a datum: one, several with counts, or a statistic set.
fn entries(datum: &MetricDatum, parameter: &str) -> Result<Vec<Entry>, ApiError> {
    let named = |member: &str| format!("{parameter}.{member}");
    let given = [
        ("Value", datum.value.is_some()),
        ("Values", datum.values.is_some()),
        ("StatisticValues", datum.statistic_values.is_some()),
    ];
    let mut given = given.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name);
    match (given.next(), given.next()) {
        (None, _) => {
            return Err(errors::missing_parameter(format!(
                "At least one of the parameters {}, {} and {} must be specified.",
                named("Value"),
                named("Values"),
                named("StatisticValues")
            )));
        }
        (Some(one), Some(other)) => return Err(errors::exclusive(named(one), named(other))),
        (Some(_), None) => (),
    }
    if let Some(value) = datum.value {
        check_value(value, || named("Value"))?;
        return Ok(vec![Entry::Repeated { value, count: 1.0 }]);
    }
    if let Some(set) = &datum.statistic_values {
        return Ok(vec![statistic_set(set, parameter)?]);
    }
    let values = datum.values.as_deref().unwrap_or_default();
    if values.is_empty() {
        return Err(errors::required(named("Values")));
    }
    if values.len() > MAX_VALUES {
        return Err(too_large(&named("Values"), MAX_VALUES));
    }
    let counts = datum.counts.as_deref();
    if counts.is_some_and(|counts| counts.len() != values.len()) {
        return Err(errors::invalid_value(format!(
            "The parameters {} and {} must be of the same size.",
            named("Values"),
            named("Counts")
        )));
    }
    let mut entries = Vec::with_capacity(values.len());
    for (number, value) in values.iter().enumerate() {
        check_value(*value, || named(&format!("Values.member.{}", number + 1)))?;
        let count = counts.map_or(1.0, |counts| counts[number]);
        check_count(count, || named(&format!("Counts.member.{}", number + 1)))?;
        entries.push(Entry::Repeated { value: *value, count });
    }
    Ok(entries)
}

fn statistic_set(set: &StatisticSet, parameter: &str) -> Result<Entry, ApiError> {
    let named = |member: &str| format!("{parameter}.StatisticValues.{member}");
    check_count(set.sample_count, || named("SampleCount"))?;
    check_value(set.sum, || named("Sum"))?;
    check_value(set.minimum, || named("Minimum"))?;
    check_value(set.maximum, || named("Maximum"))?;
    if set.minimum > set.maximum {
        return Err(errors::invalid_value(format!(
            "The parameter {} must be greater than or equal to {}.",
            named("Maximum"),
            named("Minimum")
        )));
    }
    Ok(Entry::of(Sample {
        count: set.sample_count,
        sum: set.sum,
        min: set.minimum,
        max: set.maximum,
    }))
}

fn check_value(value: f64, parameter: impl Fn() -> String) -> Result<(), ApiError> {
    match value.is_finite() && value.abs() <= 2.0_f64.powi(MAX_VALUE_LOG2) {
        true => Ok(()),
        false => Err(errors::bad_parameter(java_double(value), parameter())),
    }
}

fn check_count(count: f64, parameter: impl Fn() -> String) -> Result<(), ApiError> {
    check_value(count, &parameter)?;
    match count > 0.0 {
        true => Ok(()),
        false => Err(errors::bad_parameter(java_double(count), parameter())),
    }
}

fn keep(tx: &mut Tx, namespace: &SmolStr, point: Point) {
    let series = Series { metric: metric(tx, namespace, &point), unit: point.unit };
    let tier = if point.is_fine { Tier::Second } else { Tier::Minute };
    let number = point.at.0.div_euclid(tier.span());
    let entries = point.entries.iter().map(|entry| (point.at, entry));
    let mut chunk = match tx.get::<Chunk>(&chunks::key(tier, number, series)) {
        Some(chunk) => Chunk::clone(&chunk),
        None => Chunk::new(tier, number, series),
    };
    chunk.add(entries);
    tx.put(chunk);
}

/// The number of the point's metric, which is made or brought up to date.
fn metric(tx: &mut Tx, namespace: &SmolStr, point: &Point) -> u32 {
    let key = Metric::key_of(namespace, &point.name, &point.dimensions);
    let Some(metric) = tx.get::<Metric>(&key) else {
        let id = MetricCount::next(tx);
        tx.put(Metric {
            id,
            namespace: namespace.clone(),
            name: point.name.clone(),
            dimensions: point.dimensions.clone(),
            units: vec![point.unit],
            fine: point.is_fine,
            seen: point.at,
        });
        return id;
    };
    let is_new = !metric.units.contains(&point.unit);
    if is_new || point.is_fine && !metric.fine || point.at.0 - metric.seen.0 >= SEEN_STEP {
        let mut metric = Metric::clone(&metric);
        if is_new {
            metric.units.push(point.unit);
        }
        metric.fine |= point.is_fine;
        metric.seen = metric.seen.max(point.at);
        tx.put(metric);
    }
    metric.id
}
