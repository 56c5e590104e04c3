//! Metrics that a service computes from its state when somebody looks, so that nothing ticks.
//!
//! CloudWatch asks every registered source for a namespace and treats what it says as if the
//! service had put it there each minute.

use crate::{Snapshot, Timestamp};
use smol_str::SmolStr;

/// A metric's dimensions, sorted by name.
pub type Dimensions = Vec<(SmolStr, SmolStr)>;

/// Which samples are wanted.
#[derive(Clone, Copy, Debug)]
pub struct MetricQuery<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// Its whole set of dimensions, sorted by name.
    pub dimensions: &'a [(SmolStr, SmolStr)],
    /// The first minute; a whole minute.
    pub from: Timestamp,
    /// Before this; never later than the present.
    pub to: Timestamp,
}

/// What happened in one minute: AWS's statistic set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Number of values.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Sample {
    /// One value.
    pub const fn of(value: f64) -> Self {
        Self { count: 1.0, sum: value, min: value, max: value }
    }

    /// `count` times the same value.
    pub const fn repeated(value: f64, count: f64) -> Self {
        Self { count, sum: value * count, min: value, max: value }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// One of the metrics that a source has.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricName {
    /// Such as `CPUUtilization`.
    pub name: SmolStr,
    /// Sorted by name.
    pub dimensions: Dimensions,
}

/// Metrics of one namespace, computed when asked for.
pub struct MetricSource {
    /// Such as `AWS/EC2`.
    pub namespace: &'static str,
    /// AWS's unit of a metric: `Percent`, `Bytes`, `Count`, …; none if it has no such metric.
    pub unit: fn(&str) -> Option<&'static str>,
    /// Names every metric that has had data since the given instant.
    pub list: fn(&Snapshot, Timestamp, &mut dyn FnMut(MetricName)),
    /// Tells the samples of one metric, oldest first, each with the start of its minute (of its
    /// five minutes, for metrics that come every five). Several samples of one minute are added
    /// up; each tells its distribution (percentiles) only if its minimum is its maximum.
    pub read: fn(&Snapshot, &MetricQuery<'_>, &mut dyn FnMut(Timestamp, Sample)),
}

impl std::fmt::Debug for MetricSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.namespace)
    }
}

impl Snapshot {
    /// All sources of metrics of this namespace.
    pub fn metric_sources<'a>(
        &'a self,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'static MetricSource> + 'a {
        let sources = self.universe.registry.metrics.iter().copied();
        sources.filter(move |source| source.namespace == namespace)
    }

    /// All sources of metrics.
    pub fn all_metric_sources(&self) -> impl Iterator<Item = &'static MetricSource> + '_ {
        self.universe.registry.metrics.iter().copied()
    }
}
