//! GetMetricData (API reference).

use crate::errors;
use crate::labels;
use crate::queries::{Answers, Line, Query, What, Window, checked, unit_list};
use api::cloudwatch::{GetMetricDataInput, GetMetricDataOutput, MessageData, MetricDataResult};
use kernel::{ApiError, Caller, Snapshot, Timestamp};
use smol_str::{SmolStr, format_smolstr};

const MAX_QUERIES: usize = 500;
/// Points of one page.
const MAX_POINTS: i64 = 100_800;
/// Points that one request may look at, on all of its pages.
const MAX_READ: i64 = 100 * MAX_POINTS;

pub(crate) fn get_metric_data(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetMetricDataInput,
) -> Result<GetMetricDataOutput, ApiError> {
    if input.metric_data_queries.len() > MAX_QUERIES {
        return Err(errors::validation(format!(
            "The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}."
        )));
    }
    if input.start_time >= input.end_time {
        return Err(errors::validation("The parameter EndTime must be greater than StartTime"));
    }
    let list = checked(&input.metric_data_queries, "MetricDataQueries")?;
    check_size(&list, input.start_time, input.end_time)?;
    let offset = labels::offset(input.label_options.as_ref())?;
    let window =
        Window { from: aligned(input.start_time, &list), to: input.end_time, origin: Timestamp(0) };
    let answers = Answers::new(snapshot, &list, window);
    let mut results = Vec::new();
    for query in list.iter().filter(|query| query.returns_data()) {
        let lines = answers.lines(query).map_err(|what| {
            errors::validation(format!("Error in expression '{}': {what}", query.id))
        })?;
        let is_many = lines.len() != 1;
        for line in lines {
            let label = labels::label(query, &line, &list, is_many, offset);
            results.push((query.id.clone(), label, line));
        }
    }
    page(&input, results)
}

/// The start goes down to the shortest period, so that the period it lies in is whole.
fn aligned(start: Timestamp, list: &[Query]) -> Timestamp {
    let period = list.iter().filter_map(Query::period).min().unwrap_or(60).min(60) * 1_000;
    Timestamp(start.0.div_euclid(period) * period)
}

/// What may be read for an answer is bounded whatever is shown of it.
fn check_size(list: &[Query], from: Timestamp, to: Timestamp) -> Result<(), ApiError> {
    let span = to.0.saturating_sub(from.0).min(456 * 86_400_000);
    let metrics = list.iter().filter(|query| matches!(query.what, What::Metric(_)));
    let points = metrics.filter_map(Query::period).map(|period| span / (period * 1_000));
    match points.sum::<i64>() > MAX_READ {
        true => Err(errors::validation(
            "You have requested too many datapoints. You may reduce the datapoints requested by \
             increasing Period, or decreasing the time range.",
        )),
        false => Ok(()),
    }
}

/// Cuts the answer at the number of points of a page. The token says how many points came before.
fn page(
    input: &GetMetricDataInput,
    results: Vec<(SmolStr, SmolStr, Line)>,
) -> Result<GetMetricDataOutput, ApiError> {
    let limit = match input.max_datapoints {
        None => MAX_POINTS,
        Some(max) if (1..=MAX_POINTS).contains(&max) => max,
        Some(max) => return Err(errors::bad_parameter(max, "MaxDatapoints")),
    } as usize;
    let mut skip = match input.next_token.as_deref() {
        None => 0,
        Some(token) => opened(token, input).ok_or_else(errors::invalid_next_token)?,
    };
    let is_ascending = input.scan_by.as_deref() == Some("TimestampAscending");
    let before = skip;
    let mut left = limit;
    let mut is_cut = false;
    let mut shown = Vec::new();
    for (id, label, line) in results {
        let total = line.points.len();
        if skip > 0 && skip >= total {
            skip -= total;
            continue;
        }
        if left == 0 {
            is_cut = true;
            break;
        }
        let mut points: Vec<(Timestamp, f64)> = line.points;
        if !is_ascending {
            points.reverse();
        }
        let points: Vec<_> = points.into_iter().skip(skip).collect();
        skip = 0;
        let count = points.len().min(left);
        let is_partial = count < points.len();
        left -= count;
        shown.push(MetricDataResult {
            id: Some(id),
            label: Some(label),
            timestamps: Some(points.iter().take(count).map(|(at, _)| *at).collect()),
            values: Some(points.iter().take(count).map(|(_, value)| *value).collect()),
            status_code: Some(SmolStr::new_static(match is_partial {
                true => "PartialData",
                false => "Complete",
            })),
            messages: mixed(&line.mixed_units),
        });
        if is_partial {
            is_cut = true;
            break;
        }
    }
    let next_token = is_cut.then(|| sealed(before + limit - left, input));
    Ok(GetMetricDataOutput {
        metric_data_results: Some(shown),
        next_token,
        messages: Some(Vec::new()),
    })
}

/// The message of a metric that came in several units.
fn mixed(units: &[&str]) -> Option<Vec<MessageData>> {
    (!units.is_empty()).then(|| {
        vec![MessageData {
            code: Some("MultipleUnits".into()),
            value: Some(format_smolstr!("Multiple units returned: '{}'", unit_list(units))),
        }]
    })
}

/// Tokens belong to one request: its queries and times are summed up in them.
fn sum(input: &GetMetricDataInput) -> u64 {
    let text = format!("{:?}{}{}", input.metric_data_queries, input.start_time, input.end_time);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn sealed(points: usize, input: &GetMetricDataInput) -> SmolStr {
    format_smolstr!("{:016x}{points:x}", sum(input))
}

fn opened(token: &str, input: &GetMetricDataInput) -> Option<usize> {
    let (sum_text, points) = token.split_at_checked(16)?;
    (sum_text == format!("{:016x}", sum(input))).then_some(())?;
    usize::from_str_radix(points, 16).ok()
}

/// What a query of a metric is called if nothing else is asked for: the metric's name, with the
/// statistic where one metric is asked for several.
pub(crate) fn default_label(query: &Query, list: &[Query]) -> SmolStr {
    let What::Metric(metric) = &query.what else { return query.id.clone() };
    let is_other = |other: &Query| match &other.what {
        What::Metric(other) => {
            (&other.namespace, &other.name, &other.dimensions)
                == (&metric.namespace, &metric.name, &metric.dimensions)
                && other.stat != metric.stat
        }
        What::Expression(_) => false,
    };
    match list.iter().any(is_other) {
        true => format_smolstr!("{} {}", metric.name, metric.stat),
        false => metric.name.clone(),
    }
}
