//! How much a load is, over time.

use super::text_of;
use crate::Failure;
use crate::words::Span;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;

/// A number, or a shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// Always the same.
    Constant(f64),
    /// Changing.
    Shape(Box<Shape>),
}

/// One of the shapes. Times count from when the load is set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// In a straight line, and then the last value.
    #[serde(default)]
    pub ramp: Option<Ramp>,
    /// Up and down, beginning low.
    #[serde(default)]
    pub sine: Option<Sine>,
    /// Each value from its time on: `[[0s, 50], [10m, 400]]`.
    #[serde(default)]
    pub steps: Option<Vec<(Span, f64)>>,
    /// A file of lines `seconds,value`.
    #[serde(default)]
    pub trace: Option<String>,
    /// Begin steps or a trace anew after so long.
    #[serde(default)]
    pub repeat: Option<Span>,
}

/// From one value to another.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    from: f64,
    to: f64,
    over: Span,
}

/// Between two values.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sine {
    low: f64,
    high: f64,
    #[serde(default = "day")]
    period: Span,
}

fn day() -> Span {
    Span(86_400_000)
}

impl Amount {
    /// Reads the trace that it names.
    pub(super) fn complete(&mut self, folder: &Path) -> Result<(), Failure> {
        let Self::Shape(shape) = self else { return Ok(()) };
        if let Some(file) = &shape.trace {
            shape.steps = Some(trace(&folder.join(file))?);
        }
        let given = [shape.ramp.is_some(), shape.sine.is_some(), shape.steps.is_some()];
        match given.into_iter().filter(|it| *it).count() {
            1 => Ok(()),
            _ => Err(Failure::say(
                "an amount is a number, or one of ramp { from, to, over }, sine { low, high, \
                 period }, steps [[time, value], …] and trace",
            )),
        }
    }

    /// In words: `sine 40 to 500 over 24h`.
    pub(crate) fn words(&self) -> String {
        let shape = match self {
            Self::Constant(value) => return value.to_string(),
            Self::Shape(shape) => shape,
        };
        if let Some(Ramp { from, to, over }) = &shape.ramp {
            return format!("ramp {from} to {to} over {over}");
        }
        if let Some(Sine { low, high, period }) = &shape.sine {
            return format!("sine {low} to {high} over {period}");
        }
        let steps = shape.steps.as_ref().map_or(0, Vec::len);
        match &shape.trace {
            Some(file) => {
                let name = Path::new(file).file_name().unwrap_or_default();
                format!("trace {} of {steps} values", name.to_string_lossy())
            }
            None => format!("{steps} steps"),
        }
    }

    /// As the control API is told it.
    pub(crate) fn request(&self) -> Value {
        let shape = match self {
            Self::Constant(value) => return json!(value),
            Self::Shape(shape) => shape,
        };
        if let Some(Ramp { from, to, over }) = &shape.ramp {
            return json!({ "ramp": { "from": from, "to": to, "over": over.secs() } });
        }
        if let Some(Sine { low, high, period }) = &shape.sine {
            return json!({ "sine": { "low": low, "high": high, "period": period.secs() } });
        }
        let steps = shape.steps.iter().flatten();
        let points: Vec<(f64, f64)> = steps.map(|(at, value)| (at.secs(), *value)).collect();
        let mut steps = json!({ "points": points });
        if let Some(repeat) = shape.repeat {
            steps["repeat"] = json!(repeat.secs());
        }
        json!({ "steps": steps })
    }
}

/// Reads a trace: seconds and value, separated by a comma; a first line that is no pair of numbers
/// is a heading.
fn trace(path: &Path) -> Result<Vec<(Span, f64)>, Failure> {
    let text = text_of(path)?;
    let mut points = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let pair = line.split_once(',').and_then(|(at, value)| {
            let at: Span = at.trim().parse().ok()?;
            Some((at, value.trim().parse::<f64>().ok()?))
        });
        match pair {
            Some(pair) => points.push(pair),
            None if number == 0 => {}
            None => {
                let line = number + 1;
                return Err(Failure(format!("{}:{line}: not 'seconds,value'", path.display())));
            }
        }
    }
    match points.is_empty() {
        true => Err(Failure(format!("{} holds no line 'seconds,value'", path.display()))),
        false => Ok(points),
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or { ramp: … }, { sine: … }, { steps: … }, { trace: … }")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Amount, E> {
                Ok(Amount::Constant(value as f64))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Amount, E> {
                Ok(Amount::Constant(value as f64))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Amount, E> {
                Ok(Amount::Constant(value))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Amount, A::Error> {
                let shape = Shape::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Amount::Shape(Box::new(shape)))
            }
        }
        deserializer.deserialize_any(Read)
    }
}
