//! What is kept of an instance refresh.

use super::pool::PoolShare;
use super::preferences::Preferences;
use crate::sources::Source;
use kernel::{IndexSink, Row, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where a refresh stands. Names are AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Status {
    Pending,
    InProgress,
    Baking,
    Cancelling,
    RollbackInProgress,
    Successful,
    Failed,
    Cancelled,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Baking => "Baking",
            Self::Cancelling => "Cancelling",
            Self::RollbackInProgress => "RollbackInProgress",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::RollbackSuccessful => "RollbackSuccessful",
            Self::RollbackFailed => "RollbackFailed",
        }
    }

    pub(super) const fn is_active(self) -> bool {
        matches!(
            self,
            Self::Pending
                | Self::InProgress
                | Self::Baking
                | Self::Cancelling
                | Self::RollbackInProgress
        )
    }
}

/// How far something has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) percent: usize,
    pub(super) left: usize,
}

impl Progress {
    /// What is left of it, of `total` instances, when `percent` of what it brought, `count`
    /// instances, has been undone. Some of those had not come so far that they counted.
    pub(super) fn undone(self, percent: usize, count: usize, total: usize) -> Self {
        let left = (self.left + count).min(total);
        Self { percent: self.percent * (100 - percent) / 100, left }
    }
}

/// Why and when a refresh turned back, and how far it had come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rollback {
    pub(super) reason: String,
    pub(super) started_at: Timestamp,
    pub(super) before: Progress,
    /// How many instances in service were to be replaced on the way forward.
    #[serde(default)]
    pub(super) total: usize,
}

/// An instance refresh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refresh {
    pub(super) id: SmolStr,
    pub(super) group: SmolStr,
    pub(super) status: Status,
    pub(super) reason: String,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) preferences: Preferences,
    /// The desired configuration, if there is one.
    pub(super) source: Option<Source>,
    /// The members that there were at the start.
    pub(super) before: BTreeSet<SmolStr>,
    /// Those that are still to be replaced.
    pub(super) old: BTreeSet<SmolStr>,
    /// How many were to be replaced in this direction.
    pub(super) total: usize,
    pub(super) progress: Progress,
    /// Checkpoints that have been passed.
    pub(super) checkpoints_passed: usize,
    /// Nothing is replaced before this instant: a checkpoint, or the bake time.
    pub(super) waits_until: Option<Timestamp>,
    /// When something last happened; after an hour without, the refresh fails.
    pub(super) progressed_at: Timestamp,
    pub(super) rollback: Option<Rollback>,
    /// At the last look a zonal shift led the group away from a zone.
    #[serde(default)]
    pub(super) shifted: bool,
    /// What is done in the group's warm pool, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pool: Option<PoolShare>,
}

impl Refresh {
    /// Refreshes of a group, the newest first.
    pub(super) fn of<'a>(
        snapshot: &'a Snapshot,
        group: &str,
    ) -> impl Iterator<Item = &'a Arc<Self>> + use<'a> {
        snapshot.rows_by::<Self>("group", group)
    }

    /// The one that is at work; there is never more than one.
    pub(super) fn active(snapshot: &Snapshot, group: &str) -> Option<Arc<Self>> {
        snapshot.rows_by::<Self>("active", group).next().cloned()
    }

    /// Whether it leads to its desired configuration, rather than back.
    pub(super) fn is_forward(&self) -> bool {
        matches!(self.status, Status::Pending | Status::InProgress | Status::Baking)
    }

    /// The instances that there were at the start, in service or in the pool.
    pub(super) fn was_there(&self) -> BTreeSet<SmolStr> {
        let pool = self.pool.iter().flat_map(|pool| &pool.before);
        self.before.iter().chain(pool).cloned().collect()
    }

    /// The percentage that the present phase leads to.
    pub(super) fn goal(&self) -> usize {
        let checkpoints = &self.preferences.checkpoints;
        match checkpoints.get(self.checkpoints_passed).or(checkpoints.last()) {
            Some(percent) if self.is_forward() => *percent,
            _ => 100,
        }
    }

    /// How many more may be replaced in the present phase.
    pub(super) fn quota(&self) -> usize {
        let wanted = (self.total * self.goal()).div_ceil(100);
        wanted.saturating_sub(self.total.saturating_sub(self.old.len()))
    }
}

impl Row for Refresh {
    const TABLE: &'static str = "autoscaling.refreshes";
    const INDEXES: &'static [&'static str] = &["group", "active"];

    /// Sorts the newest first.
    fn key(&self) -> SmolStr {
        format_smolstr!("{}\u{1}{:019}\u{1}{}", self.group, i64::MAX - self.started_at.0, self.id)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
        if self.status.is_active() {
            sink.put("active", self.group.clone());
        }
    }
}
