//! What is kept of a policy.

use super::arithmetic::{AdjustmentType, Step};
use kernel::{IndexSink, Row, Snapshot};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// A scaling policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) group: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) arn: SmolStr,
    pub(crate) enabled: bool,
    pub(crate) kind: PolicyKind,
}

/// The kinds of policies, each with what only it has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum PolicyKind {
    Simple {
        adjustment: AdjustmentType,
        amount: i64,
        min_magnitude: Option<i64>,
        cooldown_secs: Option<i64>,
    },
    Step {
        adjustment: AdjustmentType,
        steps: Vec<Step>,
        min_magnitude: Option<i64>,
        /// `Average`, `Minimum` or `Maximum`
        aggregation: SmolStr,
        warmup_secs: Option<i64>,
    },
    Tracking {
        /// `TargetTrackingConfiguration`, as a document.
        configuration: serde_json::Value,
        target: f64,
        warmup_secs: Option<i64>,
        /// The names of its alarms; without scale-in there is no low one.
        alarm_high: SmolStr,
        alarm_low: Option<SmolStr>,
    },
    Predictive {
        /// `PredictiveScalingConfiguration`, as a document.
        configuration: serde_json::Value,
    },
}

impl PolicyKind {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Simple { .. } => "SimpleScaling",
            Self::Step { .. } => "StepScaling",
            Self::Tracking { .. } => "TargetTrackingScaling",
            Self::Predictive { .. } => "PredictiveScaling",
        }
    }
}

impl Policy {
    pub(crate) fn key_of(group: &str, name: &str) -> SmolStr {
        format_smolstr!("{group}\u{1}{name}")
    }

    /// The policies of a group, in the order of their names.
    pub(crate) fn of<'a>(
        snapshot: &'a Snapshot,
        group: &str,
    ) -> impl Iterator<Item = &'a Arc<Self>> + use<'a> {
        snapshot.rows_by::<Self>("group", group)
    }

    /// The alarms that it keeps, the high one first.
    pub(crate) fn own_alarms(&self) -> Vec<SmolStr> {
        match &self.kind {
            PolicyKind::Tracking { alarm_high, alarm_low, .. } => {
                std::iter::once(alarm_high).chain(alarm_low).cloned().collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Row for Policy {
    const TABLE: &'static str = "autoscaling.policies";
    const INDEXES: &'static [&'static str] = &["group", "arn"];

    fn key(&self) -> SmolStr {
        Self::key_of(&self.group, &self.name)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
        sink.put("arn", self.arn.clone());
    }
}
