//! How a load goes on over time.

use crate::errors::invalid;
use kernel::{ApiError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Points that steps and traces may have.
const MAX_POINTS: usize = 100_000;

/// A function of time, counted from when the load was set. Seconds and the load's own unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Shape {
    /// Always the same.
    Constant(f64),
    /// In a straight line from one value to another, and then that one.
    Ramp { from: f64, to: f64, over: f64 },
    /// Up and down, beginning at the low point: a day, unless the period says otherwise.
    Sine { low: f64, high: f64, period: f64 },
    /// Each value from its second on until the next.
    Steps {
        points: Vec<(f64, f64)>,
        /// It begins anew after so many seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repeat: Option<f64>,
    },
}

impl Shape {
    /// A number, or `{"ramp": …}`, `{"sine": …}`, `{"steps": …}`.
    pub(crate) fn parse(value: &Value) -> Result<Self, ApiError> {
        let shape = match value {
            Value::Number(number) => Self::Constant(number.as_f64().unwrap_or(f64::NAN)),
            value => serde_json::from_value(value.clone()).map_err(|error| {
                invalid(format!(
                    "a load is a number, or {{\"ramp\": {{\"from\", \"to\", \"over\"}}}}, \
                     {{\"sine\": {{\"low\", \"high\", \"period\"}}}} or {{\"steps\": \
                     {{\"points\": [[second, value], …], \"repeat\"}}}}: {error}"
                ))
            })?,
        };
        shape.check()?;
        Ok(shape)
    }

    fn check(&self) -> Result<(), ApiError> {
        let amount = |value: f64| (0.0..=1e12).contains(&value);
        let length = |secs: f64| secs > 0.0 && secs <= 1e9;
        let sound = match self {
            Self::Constant(value) => amount(*value),
            Self::Ramp { from, to, over } => amount(*from) && amount(*to) && length(*over),
            Self::Sine { low, high, period } => amount(*low) && amount(*high) && length(*period),
            Self::Steps { points, repeat } => {
                let first = points.first().is_some_and(|(at, _)| *at >= 0.0);
                let rising = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
                let last = points.last().map_or(0.0, |(at, _)| *at);
                first
                    && rising
                    && last <= 1e9
                    && points.len() <= MAX_POINTS
                    && points.iter().all(|(_, value)| amount(*value))
                    && repeat.is_none_or(|secs| length(secs) && secs > last)
            }
        };
        match sound {
            true => Ok(()),
            false => Err(invalid(format!(
                "values are not negative and at most 1e12, lengths are above 0 and at most 1e9 \
                 seconds, and steps (at most {MAX_POINTS}) are in the order of their times"
            ))),
        }
    }

    /// Its value at an instant.
    pub(crate) fn at(&self, since: Timestamp, now: Timestamp) -> f64 {
        let secs = (now.0 - since.0).max(0) as f64 / 1_000.0;
        match self {
            Self::Constant(value) => *value,
            Self::Ramp { from, to, over } => from + (to - from) * (secs / over).min(1.0),
            Self::Sine { low, high, period } => {
                let turn = std::f64::consts::TAU * secs / period;
                low + (high - low) * (1.0 - turn.cos()) / 2.0
            }
            Self::Steps { points, repeat } => {
                let secs = repeat.map_or(secs, |length| secs.rem_euclid(length));
                let passed = points.partition_point(|(at, _)| *at <= secs);
                match passed.checked_sub(1).and_then(|at| points.get(at)) {
                    Some((_, value)) => *value,
                    None => 0.0,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(shape: Value, secs: i64) -> f64 {
        let shape = Shape::parse(&shape).expect("a shape");
        shape.at(Timestamp(0), Timestamp(secs * 1_000))
    }

    #[test]
    fn shapes_follow_time() {
        let ramp = json!({"ramp": {"from": 10, "to": 90, "over": 100}});
        let sine = json!({"sine": {"low": 20, "high": 80, "period": 86_400}});
        let steps = json!({"steps": {"points": [[0, 5], [60, 7]], "repeat": 100}});
        for (shape, secs, expected) in [
            (json!(42), 1_000, 42.0),
            (ramp.clone(), 0, 10.0),
            (ramp.clone(), 50, 50.0),
            (ramp, 500, 90.0),
            (sine.clone(), 0, 20.0),
            (sine.clone(), 43_200, 80.0),
            (sine, 21_600, 50.0),
            (steps.clone(), 59, 5.0),
            (steps.clone(), 60, 7.0),
            (steps, 159, 5.0),
        ] {
            assert!((value(shape.clone(), secs) - expected).abs() < 1e-9, "{shape} at {secs}");
        }
    }

    #[test]
    fn what_is_no_load_is_refused() {
        for shape in [
            json!("much"),
            json!(-1),
            json!({"ramp": {"from": 1, "to": 2, "over": 0}}),
            json!({"sine": {"low": 1, "high": 2}}),
            json!({"steps": {"points": []}}),
            json!({"steps": {"points": [[10, 1], [10, 2]]}}),
            json!({"steps": {"points": [[0, 1]], "repeat": 0}}),
            json!({"wave": {}}),
        ] {
            assert!(Shape::parse(&shape).is_err(), "{shape}");
        }
    }
}
