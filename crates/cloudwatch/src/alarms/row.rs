//! An alarm as it is kept, and as the API shows it.

use super::composite::Composite;
use crate::errors;
use crate::metric_data::dimensions_of;
use crate::queries::Query;
use api::cloudwatch as wire;
use kernel::{ApiError, Dimensions, IndexSink, Row, Snapshot, Tags, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// An alarm of either kind; they share their names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Alarm {
    pub(crate) name: SmolStr,
    pub(crate) arn: SmolStr,
    pub(crate) description: Option<SmolStr>,
    pub(crate) actions_enabled: bool,
    pub(crate) ok_actions: Vec<SmolStr>,
    pub(crate) alarm_actions: Vec<SmolStr>,
    pub(crate) insufficient_data_actions: Vec<SmolStr>,
    pub(crate) created_at: Timestamp,
    pub(crate) configured_at: Timestamp,
    pub(crate) tags: Tags,
    pub(crate) kind: Kind,
    pub(crate) state: State,
}

/// What decides about its state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Kind {
    Metric(Box<Watch>),
    Composite(Box<Composite>),
}

/// The state of an alarm and how it came about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) value: StateValue,
    pub(crate) reason: SmolStr,
    pub(crate) data: Option<SmolStr>,
    pub(crate) updated_at: Timestamp,
    pub(crate) transitioned_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum StateValue {
    #[serde(rename = "OK")]
    Ok,
    #[serde(rename = "ALARM")]
    Alarm,
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
}

impl StateValue {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData].into_iter().find(|v| v.as_str() == text)
    }
}

/// What a metric alarm watches, and the rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Watch {
    pub(crate) source: Source,
    pub(crate) evaluation_periods: i64,
    pub(crate) datapoints_to_alarm: Option<i64>,
    pub(crate) threshold: f64,
    pub(crate) comparison: Comparison,
    /// As the user gave it.
    pub(crate) treat_missing_data: Option<SmolStr>,
    /// `evaluate` or `ignore`.
    pub(crate) low_samples: Option<SmolStr>,
    /// Periods by the clock rather than back from now.
    pub(crate) by_wall_clock: bool,
}

/// One metric, or queries of which one returns data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Source {
    Metric(MetricSource),
    Queries(Vec<Query>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MetricSource {
    pub(crate) namespace: SmolStr,
    pub(crate) name: SmolStr,
    /// Sorted by name.
    pub(crate) dimensions: Dimensions,
    /// The statistic or extended statistic.
    pub(crate) statistic: SmolStr,
    pub(crate) unit: Option<SmolStr>,
    /// Seconds.
    pub(crate) period: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Comparison {
    GreaterOrEqual,
    Greater,
    Less,
    LessOrEqual,
}

impl Comparison {
    const ALL: [(&'static str, Self); 4] = [
        ("GreaterThanOrEqualToThreshold", Self::GreaterOrEqual),
        ("GreaterThanThreshold", Self::Greater),
        ("LessThanThreshold", Self::Less),
        ("LessThanOrEqualToThreshold", Self::LessOrEqual),
    ];

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, it)| *it)
    }

    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }

    /// As reasons have it.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }

    pub(crate) fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterOrEqual => value >= threshold,
            Self::Greater => value > threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }
}

impl Watch {
    /// Seconds.
    pub(crate) fn period(&self) -> i64 {
        match &self.source {
            Source::Metric(metric) => metric.period,
            Source::Queries(queries) => queries.iter().filter_map(Query::period).max().unwrap_or(60),
        }
    }

    /// M of "M out of N".
    pub(crate) fn needed(&self) -> i64 {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }
}

impl Row for Alarm {
    const TABLE: &'static str = "cloudwatch.alarms";
    /// `metric`: namespace and name of what is watched. `fast`: alarms with periods below a
    /// minute. `watching`: anything but composites. `child`: alarms of which a composite speaks.
    /// `action`: ARNs of its actions, whatever the state.
    const INDEXES: &'static [&'static str] = &["metric", "fast", "watching", "child", "action"];

    fn key(&self) -> SmolStr {
        self.name.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        let lists = [&self.ok_actions, &self.alarm_actions, &self.insufficient_data_actions];
        for arn in lists.into_iter().flatten() {
            sink.put("action", arn.clone());
        }
        match &self.kind {
            Kind::Metric(watch) => {
                sink.put("watching", "");
                if watch.period() < 60 {
                    sink.put("fast", "");
                }
                match &watch.source {
                    Source::Metric(metric) => {
                        sink.put("metric", metric_index(&metric.namespace, &metric.name));
                    }
                    Source::Queries(queries) => {
                        for (namespace, name) in queries.iter().filter_map(Query::metric) {
                            sink.put("metric", metric_index(namespace, name));
                        }
                    }
                }
            }
            Kind::Composite(composite) => {
                for child in composite.children() {
                    sink.put("child", child);
                }
            }
        }
    }
}

/// The value in the index `metric`.
pub(crate) fn metric_index(namespace: &str, name: &str) -> SmolStr {
    format_smolstr!("{namespace}\u{1f}{name}")
}

impl Alarm {
    pub(crate) fn find(snapshot: &Snapshot, name: &str) -> Result<Arc<Self>, ApiError> {
        snapshot.get::<Self>(name).ok_or_else(|| errors::not_found(""))
    }

    /// What follows when it has come into a state.
    pub(crate) fn actions(&self, value: StateValue) -> &[SmolStr] {
        match value {
            StateValue::Ok => &self.ok_actions,
            StateValue::Alarm => &self.alarm_actions,
            StateValue::InsufficientData => &self.insufficient_data_actions,
        }
    }

    pub(crate) fn watch(&self) -> Option<&Watch> {
        match &self.kind {
            Kind::Metric(watch) => Some(watch),
            Kind::Composite(_) => None,
        }
    }

    /// As `MetricAlarm`; only if it is one.
    pub(crate) fn render_metric(&self) -> Option<wire::MetricAlarm> {
        let watch = self.watch()?;
        let mut shown = wire::MetricAlarm {
            alarm_name: Some(self.name.clone()),
            alarm_arn: Some(self.arn.clone()),
            alarm_description: self.description.clone(),
            alarm_configuration_updated_timestamp: Some(self.configured_at),
            actions_enabled: Some(self.actions_enabled),
            ok_actions: Some(self.ok_actions.clone()),
            alarm_actions: Some(self.alarm_actions.clone()),
            insufficient_data_actions: Some(self.insufficient_data_actions.clone()),
            state_value: Some(SmolStr::new_static(self.state.value.as_str())),
            state_reason: Some(self.state.reason.clone()),
            state_reason_data: self.state.data.clone(),
            state_updated_timestamp: Some(self.state.updated_at),
            state_transitioned_timestamp: Some(self.state.transitioned_at),
            dimensions: Some(Vec::new()),
            evaluation_periods: Some(watch.evaluation_periods),
            datapoints_to_alarm: watch.datapoints_to_alarm,
            threshold: Some(watch.threshold),
            comparison_operator: Some(SmolStr::new_static(watch.comparison.as_str())),
            treat_missing_data: watch.treat_missing_data.clone(),
            evaluate_low_sample_count_percentile: watch.low_samples.clone(),
            evaluation_window: watch.by_wall_clock.then_some(wire::EvaluationWindow {
                wall_clock_window: Some(wire::WallClockWindow { timezone: None }),
                sliding_window: None,
            }),
            ..Default::default()
        };
        match &watch.source {
            Source::Metric(metric) => {
                let statistic = Some(metric.statistic.clone());
                let basic = metric.statistic.parse().is_ok_and(crate::statistics::Statistic::is_basic);
                *(if basic { &mut shown.statistic } else { &mut shown.extended_statistic }) = statistic;
                shown.metric_name = Some(metric.name.clone());
                shown.namespace = Some(metric.namespace.clone());
                shown.dimensions = Some(dimensions_of(&metric.dimensions));
                shown.period = Some(metric.period);
                shown.unit = metric.unit.clone();
            }
            Source::Queries(queries) => {
                shown.metrics = Some(queries.iter().map(Query::render).collect());
            }
        }
        Some(shown)
    }
}
