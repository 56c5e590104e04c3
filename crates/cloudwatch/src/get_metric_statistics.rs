//! GetMetricStatistics (API reference).
//!
//! Periods are counted from the start time, as the documentation's own example shows (23:18 and
//! hours give points at 18 past); the start is rounded down to whole minutes, 5 minutes or hours by
//! its age. Each unit gives points of its own.

use crate::errors;
use crate::metric_data::read::{Line, Wanted, read};
use crate::metric_data::{sorted, units};
use crate::statistics::Statistic;
use api::cloudwatch::{Datapoint, GetMetricStatisticsInput, GetMetricStatisticsOutput};
use kernel::{ApiError, Caller, Snapshot, Timestamp};
use smol_str::SmolStr;

const MAX_POINTS: i64 = 1_440;
const DAY: i64 = 86_400_000;

pub(crate) fn get_metric_statistics(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetMetricStatisticsInput,
) -> Result<GetMetricStatisticsOutput, ApiError> {
    let basic = parsed(input.statistics.as_deref(), "Statistics", true)?;
    let extended = parsed(input.extended_statistics.as_deref(), "ExtendedStatistics", false)?;
    if basic.is_empty() && extended.is_empty() {
        return Err(errors::missing_parameter(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        ));
    }
    let unit = match input.unit.as_deref() {
        None => None,
        Some(unit) => Some(units::number(unit).ok_or_else(|| errors::bad_parameter(unit, "Unit"))?),
    };
    if input.start_time >= input.end_time {
        return Err(errors::invalid_value(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    check_period(input.period, "Period")?;
    let period = input.period * 1_000;
    let requested = input.end_time.0.saturating_sub(input.start_time.0) / period;
    if requested > MAX_POINTS {
        return Err(errors::too_many_datapoints(requested));
    }
    let from = rounded_start(snapshot.now(), input.start_time, period);
    let wanted = Wanted {
        namespace: &input.namespace,
        name: &input.metric_name,
        dimensions: &sorted(input.dimensions.as_deref()),
        unit,
        period,
        origin: from,
        from,
        to: input.end_time,
        values: !extended.is_empty(),
    };
    let lines = read(snapshot, &wanted);
    let datapoints = lines.iter().flat_map(|line| points(line, &basic, &extended)).collect();
    Ok(GetMetricStatisticsOutput { label: Some(input.metric_name), datapoints: Some(datapoints) })
}

fn parsed(
    names: Option<&[SmolStr]>,
    parameter: &str,
    is_basic: bool,
) -> Result<Vec<(SmolStr, Statistic)>, ApiError> {
    let mut statistics = Vec::new();
    for (number, name) in names.unwrap_or_default().iter().enumerate() {
        match name.parse::<Statistic>() {
            Ok(statistic) if statistic.is_basic() == is_basic => {
                statistics.push((name.clone(), statistic));
            }
            _ => {
                let parameter = format!("{parameter}.member.{}", number + 1);
                return Err(errors::bad_parameter(name, parameter));
            }
        }
    }
    Ok(statistics)
}

/// 1, 5, 10, 20, 30 or a multiple of 60 seconds.
pub(crate) fn check_period(period: i64, parameter: &str) -> Result<(), ApiError> {
    let is_valid = matches!(period, 1 | 5 | 10 | 20 | 30) || period > 0 && period % 60 == 0;
    match is_valid && period <= 455 * 86_400 {
        true => Ok(()),
        false => Err(errors::bad_parameter(period, parameter)),
    }
}

/// "Start time less than 15 days ago: round down to the nearest whole minute; between 15 and 63
/// days: to the nearest 5 minutes; more: to the nearest hour"; short periods to their multiples.
fn rounded_start(now: Timestamp, start: Timestamp, period: i64) -> Timestamp {
    let unit = match now.0 - start.0 {
        _ if period < 60_000 => period,
        age if age <= 15 * DAY => 60_000,
        age if age <= 63 * DAY => 300_000,
        _ => 3_600_000,
    };
    Timestamp(start.0.div_euclid(unit) * unit)
}

fn points(
    line: &Line,
    basic: &[(SmolStr, Statistic)],
    extended: &[(SmolStr, Statistic)],
) -> Vec<Datapoint> {
    let point = |(at, tally): &(Timestamp, crate::metric_data::tally::Tally)| {
        let get = |wanted: Statistic| {
            let is_wanted = basic.iter().any(|(_, statistic)| *statistic == wanted);
            if is_wanted { wanted.of(tally) } else { None }
        };
        let more: Vec<(SmolStr, f64)> = extended
            .iter()
            .filter_map(|(name, statistic)| Some((name.clone(), statistic.of(tally)?)))
            .collect();
        if basic.is_empty() && more.is_empty() {
            return None;
        }
        Some(Datapoint {
            timestamp: Some(*at),
            sample_count: get(Statistic::SampleCount),
            average: get(Statistic::Average),
            sum: get(Statistic::Sum),
            minimum: get(Statistic::Minimum),
            maximum: get(Statistic::Maximum),
            unit: Some(SmolStr::new_static(line.unit)),
            extended_statistics: (!more.is_empty()).then_some(more),
        })
    };
    line.points.iter().filter_map(point).collect()
}
