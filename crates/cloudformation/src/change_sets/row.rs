//! What is kept of a change set.

use crate::engine::{Change, Imported};
use crate::errors;
use crate::stacks::{Revision, Stack};
use kernel::{ApiError, IndexSink, Row, Snapshot, Timestamp, Tx};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// What a change set does to its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Create,
    Update,
    Import,
}

/// How far the planning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Progress {
    Pending,
    Complete,
    Failed,
}

impl Progress {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "CREATE_PENDING",
            Self::Complete => "CREATE_COMPLETE",
            Self::Failed => "FAILED",
        }
    }
}

/// Whether it can be, or has been, carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Execution {
    Unavailable,
    Available,
    InProgress,
    Complete,
    Failed,
    Obsolete,
}

impl Execution {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "UNAVAILABLE",
            Self::Available => "AVAILABLE",
            Self::InProgress => "EXECUTE_IN_PROGRESS",
            Self::Complete => "EXECUTE_COMPLETE",
            Self::Failed => "EXECUTE_FAILED",
            Self::Obsolete => "OBSOLETE",
        }
    }
}

/// A change set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChangeSet {
    /// Its ARN.
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) stack_id: SmolStr,
    pub(crate) stack_name: SmolStr,
    pub(crate) kind: Kind,
    pub(crate) description: Option<SmolStr>,
    pub(crate) created_at: Timestamp,
    pub(crate) progress: Progress,
    pub(crate) execution: Execution,
    pub(crate) reason: String,
    /// What the stack is to be like.
    pub(crate) revision: Revision,
    /// `ROLLBACK`, `DELETE` or `DO_NOTHING`, if the caller said so.
    pub(crate) on_stack_failure: Option<SmolStr>,
    pub(crate) token: Option<SmolStr>,
    /// Resources that come into the stack.
    #[serde(default)]
    pub(crate) imports: Vec<Imported>,
    /// What the stack was like before an import.
    #[serde(default)]
    pub(crate) former: Option<Revision>,
    /// Found by the task.
    pub(crate) changes: Arc<Vec<Change>>,
}

impl Row for ChangeSet {
    const TABLE: &'static str = "cloudformation.change-sets";
    const INDEXES: &'static [&'static str] = &["stack", "name"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("stack", self.stack_id.clone());
        sink.put("name", format_smolstr!("{}/{}", self.stack_id, self.name));
    }
}

impl ChangeSet {
    /// The change set of this ARN, or of this name and this stack.
    pub(crate) fn find(
        snapshot: &Snapshot,
        name: &str,
        stack: Option<&str>,
    ) -> Result<Arc<Self>, ApiError> {
        if name.starts_with("arn:") {
            return snapshot.get::<Self>(name).ok_or_else(|| errors::no_change_set(name));
        }
        let Some(stack) = stack else {
            return Err(errors::validation(
                "StackName must be specified if ChangeSetName is not specified as an ARN.",
            ));
        };
        let stack =
            Stack::find(snapshot, stack).ok_or_else(|| errors::no_stack_in_brackets(stack))?;
        Self::named(snapshot, &stack.id, name).ok_or_else(|| errors::no_change_set(name))
    }

    /// The change set of a stack with this name.
    pub(crate) fn named(snapshot: &Snapshot, stack_id: &str, name: &str) -> Option<Arc<Self>> {
        snapshot.rows_by::<Self>("name", &format_smolstr!("{stack_id}/{name}")).next().cloned()
    }
}

/// The change sets of a stack.
pub(crate) fn of_stack<'a>(
    snapshot: &'a Snapshot,
    stack_id: &str,
) -> impl Iterator<Item = &'a Arc<ChangeSet>> + use<'a> {
    snapshot.rows_by::<ChangeSet>("stack", stack_id)
}

/// A stack is updated otherwise: the change sets it has no longer fit.
pub(crate) fn outdate(tx: &mut Tx, stack_id: &str) {
    let stale: Vec<SmolStr> = of_stack(tx, stack_id)
        .filter(|set| matches!(set.execution, Execution::Available | Execution::Unavailable))
        .map(|set| set.id.clone())
        .collect();
    for id in stale {
        tx.update::<ChangeSet>(&id, |set| set.execution = Execution::Obsolete);
    }
}

/// A stack's change sets go: with it, or because `but` of them is carried out.
pub(crate) fn forget(tx: &mut Tx, stack_id: &str, but: Option<&str>) {
    let ids: Vec<SmolStr> = of_stack(tx, stack_id).map(|set| set.id.clone()).collect();
    for id in ids.iter().filter(|id| but != Some(id.as_str())) {
        tx.remove::<ChangeSet>(id);
        tx.cancel("cloudformation.change-set", id);
    }
}
