//! Predictive scaling: a forecast of the coming two days from the hours of the past two weeks.
//!
//! "Predictive scaling for Amazon EC2 Auto Scaling". AWS's model is not public. Here the forecast
//! of an hour is the mean of the same hour of the week if there are two weeks of history, else of
//! the same hour of the day; at least a day is needed. The capacity follows from the relation of
//! load, scaling metric and capacity in the history.

mod history;

use super::{Policy, PolicyKind};
use crate::groups::Group;
use crate::{causes, driver, errors};
use api::autoscaling as wire;
use history::History;
use kernel::{ApiError, Caller, Row, Snapshot, Timestamp, Tx, from_document};
use smol_str::SmolStr;

pub(super) const HOUR_MILLIS: i64 = 3_600_000;
const FORECAST_HOURS: i64 = 48;

/// Checks a configuration as PutScalingPolicy does.
pub(super) fn check(configuration: &wire::PredictiveScalingConfiguration) -> Result<(), ApiError> {
    let [specification] = configuration.metric_specifications.as_slice() else {
        return Err(errors::validation(
            "PredictiveScalingConfiguration must have exactly one metric specification.",
        ));
    };
    if !specification.target_value.is_finite() || specification.target_value <= 0.0 {
        return Err(errors::validation("TargetValue must be greater than 0."));
    }
    let pair = specification.predefined_metric_pair_specification.is_some();
    let load = specification.predefined_load_metric_specification.is_some()
        || specification.customized_load_metric_specification.is_some();
    let scaling = specification.predefined_scaling_metric_specification.is_some()
        || specification.customized_scaling_metric_specification.is_some();
    if pair == (load || scaling) || load != scaling {
        return Err(errors::validation(
            "A metric specification must have either a metric pair, or a load metric and a \
             scaling metric.",
        ));
    }
    let increases = configuration.max_capacity_breach_behavior.as_deref() == Some("IncreaseMaxCapacity");
    if configuration.max_capacity_buffer.is_some() && !increases {
        return Err(errors::validation(
            "MaxCapacityBuffer requires the MaxCapacityBreachBehavior IncreaseMaxCapacity.",
        ));
    }
    if configuration.scheduling_buffer_time.is_some_and(|secs| secs > 3_600) {
        return Err(errors::validation("SchedulingBufferTime must be at most 3600 seconds."));
    }
    Ok(())
}

/// The first look at a new policy.
pub(super) fn begin(tx: &mut Tx, policy: &Policy) {
    let at = next_look(tx.now(), policy);
    tx.schedule(at, "autoscaling.forecast", &policy.key());
}

fn configuration(policy: &Policy) -> Option<wire::PredictiveScalingConfiguration> {
    match &policy.kind {
        PolicyKind::Predictive { configuration } => Some(from_document(configuration)),
        _ => None,
    }
}

/// The scheduling buffer before the next hour for which there is still time.
fn next_look(now: Timestamp, policy: &Policy) -> Timestamp {
    let buffer = configuration(policy).and_then(|c| c.scheduling_buffer_time).unwrap_or(300);
    let shifted = now.plus_secs(buffer);
    let hour = hour_of(shifted).plus_millis(HOUR_MILLIS);
    hour.plus_secs(-buffer)
}

fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(HOUR_MILLIS) * HOUR_MILLIS)
}

/// What a policy forecasts.
struct Forecast {
    hours: Vec<Timestamp>,
    load: Vec<f64>,
    capacity: Vec<f64>,
}

fn forecast(
    snapshot: &Snapshot,
    caller: &Caller,
    policy: &Policy,
    from: Timestamp,
    to: Timestamp,
) -> Option<Forecast> {
    let configuration = configuration(policy)?;
    let specification = configuration.metric_specifications.first()?;
    let now = hour_of(snapshot.now());
    let history = History::ask(snapshot, caller, &policy.group, specification, now)?;
    let mut forecast = Forecast { hours: Vec::new(), load: Vec::new(), capacity: Vec::new() };
    let end = to.min(now.plus_millis(FORECAST_HOURS * HOUR_MILLIS));
    let mut hour = hour_of(from);
    while hour < end {
        if let Some(load) = history.expected(hour) {
            forecast.hours.push(hour);
            forecast.load.push(load);
            forecast.capacity.push((load * history.ratio / specification.target_value).ceil());
        }
        hour = hour.plus_millis(HOUR_MILLIS);
    }
    Some(forecast)
}

/// The task: with ForecastAndScale, the group is ready for the coming hour when it begins.
pub(super) fn look(tx: &mut Tx, caller: &Caller, key: &str) {
    let Some(policy) = tx.get::<Policy>(key) else { return };
    let Some(configuration) = configuration(&policy) else { return };
    let now = tx.now();
    tx.schedule(next_look(now.plus_millis(1), &policy), "autoscaling.forecast", key);
    let scales = configuration.mode.as_deref() == Some("ForecastAndScale") && policy.enabled;
    let Some(group) = tx.get::<Group>(&policy.group).filter(|g| scales && !g.deleting) else {
        return;
    };
    let hour = hour_of(now).plus_millis(HOUR_MILLIS);
    let end = hour.plus_millis(HOUR_MILLIS);
    let forecast = forecast(tx, &caller.via("autoscaling"), &policy, hour, end);
    let Some(needed) = forecast.and_then(|f| f.capacity.first().copied()) else { return };
    let mut group = Group::clone(&group);
    let mut needed = needed as i64;
    if configuration.max_capacity_breach_behavior.as_deref() == Some("IncreaseMaxCapacity") {
        let buffer = configuration.max_capacity_buffer.unwrap_or(0);
        let with_buffer = needed + (needed * buffer + 99) / 100;
        group.max = group.max.max(with_buffer);
    }
    needed = needed.clamp(group.min, group.max);
    group.predicted = Some(needed);
    if needed > group.desired {
        let cause = causes::by_forecast(now, &policy.name, group.desired, needed);
        group.desired = needed;
        group.pending_causes.push(cause);
        driver::react(tx, &mut group);
    }
    tx.put(group);
}

pub(super) fn get_predictive_scaling_forecast(
    snapshot: &Snapshot,
    caller: &Caller,
    input: wire::GetPredictiveScalingForecastType,
) -> Result<wire::GetPredictiveScalingForecastAnswer, ApiError> {
    let group: SmolStr = input.auto_scaling_group_name.clone();
    let policy = super::find(snapshot, Some(&group), &input.policy_name)?;
    let Some(configuration) = configuration(&policy) else {
        return Err(errors::validation(format!(
            "Policy {} is not a PredictiveScaling policy.",
            policy.name
        )));
    };
    if input.start_time >= input.end_time {
        return Err(errors::validation("StartTime must be before EndTime."));
    }
    if input.end_time.0 - input.start_time.0 > 30 * 24 * HOUR_MILLIS {
        return Err(errors::validation(
            "The time between StartTime and EndTime cannot exceed 30 days.",
        ));
    }
    let by = caller.via("autoscaling");
    let found = forecast(snapshot, &by, &policy, input.start_time, input.end_time);
    let found = found.unwrap_or(Forecast { hours: Vec::new(), load: Vec::new(), capacity: Vec::new() });
    let specification = configuration.metric_specifications.into_iter().next().unwrap_or_default();
    Ok(wire::GetPredictiveScalingForecastAnswer {
        load_forecast: Some(vec![wire::LoadForecast {
            timestamps: Some(found.hours.clone()),
            values: Some(found.load),
            metric_specification: Some(specification),
        }]),
        capacity_forecast: Some(wire::CapacityForecast {
            timestamps: Some(found.hours),
            values: Some(found.capacity),
        }),
        update_time: Some(hour_of(snapshot.now())),
    })
}
