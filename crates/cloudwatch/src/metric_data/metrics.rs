//! Which metrics there are.

use crate::errors;
use api::cloudwatch::{Dimension, Metric as Wire};
use kernel::{ApiError, Dimensions, Row, Timestamp, Tx};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A metric that somebody has put points of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Metric {
    /// What its chunks are filed under.
    pub(crate) id: u32,
    pub(crate) namespace: SmolStr,
    pub(crate) name: SmolStr,
    /// Sorted by name.
    pub(crate) dimensions: Dimensions,
    /// The units that it has come in.
    pub(crate) units: Vec<u8>,
    /// Whether it has had points of less than a minute.
    pub(crate) fine: bool,
    /// About the latest time that it has a point of.
    pub(crate) seen: Timestamp,
}

impl Row for Metric {
    const TABLE: &'static str = "cloudwatch.metrics";

    fn key(&self) -> SmolStr {
        Self::key_of(&self.namespace, &self.name, &self.dimensions)
    }
}

/// Parts of a key; what is put is checked to hold no control characters.
const SEPARATOR: char = '\u{1f}';

impl Metric {
    /// Metrics are in the order of namespace, name and dimensions.
    pub(crate) fn key_of(
        namespace: &str,
        name: &str,
        dimensions: &[(SmolStr, SmolStr)],
    ) -> SmolStr {
        let long = dimensions.iter().map(|(name, value)| name.len() + value.len() + 2);
        let mut key =
            String::with_capacity(namespace.len() + name.len() + 2 + long.sum::<usize>());
        key.push_str(namespace);
        key.push(SEPARATOR);
        key.push_str(name);
        for (name, value) in dimensions {
            key.push(SEPARATOR);
            key.push_str(name);
            key.push(SEPARATOR);
            key.push_str(value);
        }
        key.into()
    }

    /// Where the metrics of a namespace begin.
    pub(crate) fn keys_from(namespace: &str) -> String {
        format!("{namespace}{SEPARATOR}")
    }

    pub(crate) fn render(
        namespace: &SmolStr,
        name: &SmolStr,
        dimensions: &[(SmolStr, SmolStr)],
    ) -> Wire {
        Wire {
            namespace: Some(namespace.clone()),
            metric_name: Some(name.clone()),
            dimensions: Some(rendered(dimensions)),
        }
    }
}

/// How many metrics there have been: gives them their numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MetricCount {
    next: u32,
}

impl Row for MetricCount {
    const TABLE: &'static str = "cloudwatch.metric-count";

    fn key(&self) -> SmolStr {
        SmolStr::default()
    }
}

impl MetricCount {
    pub(crate) fn next(tx: &mut Tx) -> u32 {
        let id = tx.get::<Self>("").map_or(0, |count| count.next);
        tx.put(Self { next: id + 1 });
        id
    }
}

fn rendered(dimensions: &[(SmolStr, SmolStr)]) -> Vec<Dimension> {
    let render = |(name, value): &(SmolStr, SmolStr)| Dimension {
        name: name.clone(),
        value: value.clone(),
    };
    dimensions.iter().map(render).collect()
}

/// As the wire has them.
pub(crate) fn dimensions_of(dimensions: &[(SmolStr, SmolStr)]) -> Vec<Dimension> {
    rendered(dimensions)
}

/// Sorted by name, as a metric is known by them.
pub(crate) fn sorted(dimensions: Option<&[Dimension]>) -> Dimensions {
    let given = dimensions.unwrap_or_default();
    let mut pairs: Dimensions = given.iter().map(|d| (d.name.clone(), d.value.clone())).collect();
    pairs.sort();
    pairs
}

/// The same, checked: "ASCII characters, at least one of them no white space; no colon at the
/// beginning; no control characters" (API reference, Dimension); each name once. `parameter`
/// names the list in errors.
pub(crate) fn checked_dimensions(
    dimensions: Option<&[Dimension]>,
    parameter: &str,
) -> Result<Dimensions, ApiError> {
    for (number, Dimension { name, value }) in dimensions.unwrap_or_default().iter().enumerate() {
        let parameter = |part: &str| format!("{parameter}.member.{}.{part}", number + 1);
        if !is_sound(name) || name.starts_with(':') || name.len() > 255 {
            return Err(errors::bad_parameter(name, parameter("Name")));
        }
        if !is_sound(value) || value.len() > 1_024 {
            return Err(errors::bad_parameter(value, parameter("Value")));
        }
    }
    let pairs = sorted(dimensions);
    match pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(errors::invalid_value(format!(
            "The parameter {parameter} must not name the dimension {} more than once.",
            pair[0].0
        ))),
        None => Ok(pairs),
    }
}

fn is_sound(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().all(|c| c.is_ascii() && !c.is_ascii_control())
}

/// Whether a namespace or a metric's name can be put.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.chars().count())
        && !text.starts_with(':')
        && !text.chars().any(char::is_control)
        && !text.trim().is_empty()
}
