//! Stack sets, their instances and their operations as rows.

use super::errors;
use super::preferences::Preferences;
use crate::stacks::StackParameter;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// A stack set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StackSet {
    /// `name:uuid`
    pub(super) id: SmolStr,
    pub(super) name: SmolStr,
    pub(super) arn: SmolStr,
    pub(super) deleted: bool,
    pub(super) description: Option<SmolStr>,
    pub(super) template: Arc<str>,
    /// Those that were given.
    pub(super) parameters: Vec<StackParameter>,
    pub(super) capabilities: Vec<SmolStr>,
    pub(super) tags: Vec<(SmolStr, SmolStr)>,
    pub(super) administration_role: Option<SmolStr>,
    pub(super) execution_role: SmolStr,
    /// Operations queue up instead of being refused.
    pub(super) managed_execution: bool,
    /// The caller's token of its creation.
    pub(super) token: Option<SmolStr>,
    pub(super) modified: bool,
    pub(super) drift: Option<DriftCount>,
}

/// What the latest drift detection found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DriftCount {
    pub(super) at: Timestamp,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`, `PARTIAL_SUCCESS`, `STOPPED`
    pub(super) status: SmolStr,
    pub(super) total: i64,
    pub(super) drifted: i64,
    pub(super) in_sync: i64,
    pub(super) in_progress: i64,
    pub(super) failed: i64,
}

impl StackSet {
    /// The set of this name, or of this id even if it is deleted.
    pub(super) fn find(snapshot: &Snapshot, name_or_id: &str) -> Result<Arc<Self>, ApiError> {
        let by_id = snapshot.get::<Self>(name_or_id);
        by_id
            .or_else(|| snapshot.rows_by::<Self>("name", name_or_id).next().cloned())
            .ok_or_else(|| errors::no_set(name_or_id))
    }

    /// The same, but not one that is deleted.
    pub(super) fn active(snapshot: &Snapshot, name_or_id: &str) -> Result<Arc<Self>, ApiError> {
        let set = Self::find(snapshot, name_or_id)?;
        if set.deleted { Err(errors::no_set(name_or_id)) } else { Ok(set) }
    }
}

impl Row for StackSet {
    const TABLE: &'static str = "cloudformation.stack-sets";
    const INDEXES: &'static [&'static str] = &["name"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        if !self.deleted {
            sink.put("name", self.name.clone());
        }
    }
}

/// How an instance stands to its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Currency {
    Current,
    Outdated,
    Inoperable,
}

impl Currency {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Current => "CURRENT",
            Self::Outdated => "OUTDATED",
            Self::Inoperable => "INOPERABLE",
        }
    }
}

/// A stack of a set in one account and region, or the intention of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) set_id: SmolStr,
    pub(super) account: SmolStr,
    pub(super) region: SmolStr,
    /// The stack's ARN, once there is one.
    pub(super) stack_id: Option<SmolStr>,
    /// Parameters whose values differ from the set's.
    pub(super) overrides: Vec<(SmolStr, SmolStr)>,
    pub(super) currency: Currency,
    pub(super) progress: Progress,
    pub(super) reason: SmolStr,
    pub(super) last_operation: SmolStr,
    /// Whether it has drifted, and when that was found.
    pub(super) drift: Option<(bool, Timestamp)>,
}

impl Instance {
    pub(super) fn key_of(set_id: &str, account: &str, region: &str) -> SmolStr {
        format_smolstr!("{set_id}/{account}/{region}")
    }

    /// The instances of a set, by account and region.
    pub(super) fn of<'a>(
        snapshot: &'a Snapshot,
        set_id: &str,
    ) -> impl Iterator<Item = &'a Arc<Self>> + use<'a> {
        snapshot.rows_by::<Self>("set", set_id)
    }
}

impl Row for Instance {
    const TABLE: &'static str = "cloudformation.stack-instances";
    const INDEXES: &'static [&'static str] = &["set"];

    fn key(&self) -> SmolStr {
        Self::key_of(&self.set_id, &self.account, &self.region)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("set", self.set_id.clone());
    }
}

/// What an operation does to its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Action {
    Create,
    Update,
    Delete,
    DetectDrift,
}

impl Action {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::DetectDrift => "DETECT_DRIFT",
        }
    }
}

/// How an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Status {
    Queued,
    Running,
    Stopping,
    Succeeded,
    Failed,
    Stopped,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Stopping => "STOPPING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Stopped => "STOPPED",
        }
    }

    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Stopped)
    }
}

/// How a target of an operation stands; instances show the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Progress {
    Pending,
    Running,
    Succeeded,
    Failed,
    Cancelled,
    /// Only of instances: a deletion failed.
    Inoperable,
}

impl Progress {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Inoperable => "INOPERABLE",
        }
    }

    pub(super) const fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// One account and region of an operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) account: SmolStr,
    pub(super) region: SmolStr,
    pub(super) progress: Progress,
    pub(super) reason: SmolStr,
    /// The drift detection that is waited for.
    pub(super) detection: Option<SmolStr>,
    /// What is left of a failed creation goes first.
    pub(super) clearing: bool,
}

impl Target {
    pub(super) fn new(account: SmolStr, region: SmolStr) -> Self {
        Self {
            account,
            region,
            progress: Progress::Pending,
            reason: SmolStr::default(),
            detection: None,
            clearing: false,
        }
    }

    /// The caller as which CloudFormation works there.
    pub(super) fn place(&self) -> Caller {
        Caller::new(self.account.clone(), self.region.clone()).via("cloudformation")
    }
}

/// An operation on a set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SetOperation {
    pub(super) id: SmolStr,
    pub(super) set_id: SmolStr,
    pub(super) action: Action,
    pub(super) status: Status,
    pub(super) preferences: Preferences,
    /// Of a deletion: the stacks stay.
    pub(super) retain: bool,
    pub(super) created_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    /// In the order of regions, then of accounts.
    pub(super) targets: Vec<Target>,
    /// Its place among the set's operations.
    pub(super) number: usize,
}

impl SetOperation {
    pub(super) fn key_of(set_id: &str, id: &str) -> SmolStr {
        format_smolstr!("{set_id}/{id}")
    }

    /// The operations of a set, the newest first.
    pub(super) fn of(snapshot: &Snapshot, set_id: &str) -> Vec<Arc<Self>> {
        let mut all: Vec<Arc<Self>> = snapshot.rows_by::<Self>("set", set_id).cloned().collect();
        all.sort_by_key(|operation| std::cmp::Reverse(operation.number));
        all
    }

    pub(super) fn find(
        snapshot: &Snapshot,
        set: &StackSet,
        id: &str,
    ) -> Result<Arc<Self>, ApiError> {
        let key = Self::key_of(&set.id, id);
        snapshot.get::<Self>(&key).ok_or_else(|| errors::no_operation(id))
    }

    pub(super) fn failures(&self) -> usize {
        self.targets.iter().filter(|target| target.progress == Progress::Failed).count()
    }
}

impl Row for SetOperation {
    const TABLE: &'static str = "cloudformation.stack-set-operations";
    const INDEXES: &'static [&'static str] = &["set"];

    fn key(&self) -> SmolStr {
        Self::key_of(&self.set_id, &self.id)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("set", self.set_id.clone());
    }
}
