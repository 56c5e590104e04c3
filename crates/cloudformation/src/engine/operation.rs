//! A stack operation as a row.

use super::expect::Expectation;
use super::rolling::Rolling;
use crate::stacks::{Revision, Stack, StackOutput};
use kernel::{Row, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// What an operation is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Create,
    Update,
    Delete,
    /// Undoing a creation that failed.
    CreateRollback,
    /// Undoing an update that failed.
    UpdateRollback,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Its steps are being carried out.
    Acting,
    /// They are done; the outputs and the stack's status are next.
    Finishing,
    /// Replaced and dropped resources are being removed.
    Cleaning,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    Waiting,
    Running,
    Done,
    Failed,
}

/// A physical resource that is to go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Removal {
    pub(crate) physical_id: SmolStr,
    pub(crate) resource_type: SmolStr,
    pub(crate) properties: Arc<str>,
    /// `Retain` leaves it alone.
    pub(crate) policy: SmolStr,
    /// Whether the logical resource goes with it: its row takes the new status.
    pub(crate) owns_row: bool,
}

/// What a step did, and so how it is undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Undo {
    /// It made the resource.
    Created,
    /// It changed the resource, whose former properties these are.
    Changed {
        properties: Arc<str>,
        metadata: SmolStr,
        #[serde(default, skip_serializing_if = "SmolStr::is_empty")]
        update_policy: SmolStr,
    },
    /// It made another resource in place of this one.
    Replaced { old: Box<Removal>, metadata: SmolStr },
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Action {
    /// Brings a resource to what the template says: makes, changes, replaces or leaves it.
    Settle,
    /// Removes a physical resource.
    Remove(Box<Removal>),
    /// Takes back what an update did.
    Restore(Undo),
}

/// One step, of one logical resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) logical_id: SmolStr,
    /// Numbers of the steps that come before.
    pub(crate) after: Vec<usize>,
    pub(crate) action: Action,
    pub(crate) standing: Standing,
    /// When it was started.
    pub(crate) since: Timestamp,
    /// What it did.
    pub(crate) undo: Option<Undo>,
    /// Signals that it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expects: Option<Box<Expectation>>,
    /// The nested stack was told to go back.
    #[serde(default)]
    pub(crate) told_back: bool,
    /// The rolling update of its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rolling: Option<Box<Rolling>>,
    /// What the custom resource's provider has put another in place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaced: Option<Box<Removal>>,
}

impl Step {
    pub(crate) fn new(logical_id: SmolStr, action: Action) -> Self {
        Self {
            logical_id,
            after: Vec::new(),
            action,
            standing: Standing::Waiting,
            since: Timestamp::default(),
            undo: None,
            expects: None,
            told_back: false,
            rolling: None,
            replaced: None,
        }
    }
}

/// The stack before an update: what a rollback goes back to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Former {
    pub(crate) revision: Revision,
    pub(crate) outputs: Vec<StackOutput>,
    pub(crate) imports: Vec<SmolStr>,
}

impl Former {
    /// What of a stack an update may change.
    pub(crate) fn of(stack: &Stack) -> Self {
        Self {
            revision: Revision::of(stack),
            outputs: stack.outputs.clone(),
            imports: stack.imports.clone(),
        }
    }

    /// Puts it back.
    pub(crate) fn restore(self, stack: &mut Stack) {
        self.revision.apply(stack);
        stack.outputs = self.outputs;
        stack.imports = self.imports;
    }
}

/// A stack operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// The stack's ARN.
    pub(crate) stack_id: SmolStr,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    /// The next thing does not happen before this instant.
    pub(crate) not_before: Timestamp,
    /// When the user's patience ends.
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) steps: Vec<Step>,
    /// Resources that go when everything else has succeeded.
    pub(crate) leftovers: Vec<Step>,
    pub(crate) former: Option<Box<Former>>,
    /// It failed and rests until the user says how to go on.
    #[serde(default)]
    pub(crate) paused: bool,
    /// The user broke it off: it is undone at the next look.
    #[serde(default)]
    pub(crate) cancelled: bool,
    /// What cannot be deleted is left behind.
    #[serde(default)]
    pub(crate) force: bool,
    /// It goes on with a creation that failed: there is nothing to go back to.
    #[serde(default)]
    pub(crate) from_nothing: bool,
    /// Steps of former attempts that failed and were not undone, the latest attempt last.
    #[serde(default)]
    pub(crate) earlier: Vec<Step>,
}

/// Whether a resource waits for signals now.
pub(crate) fn awaits_signals(operation: &Operation, logical_id: &str) -> bool {
    operation.steps.iter().any(|step| {
        step.logical_id == logical_id
            && step.standing == Standing::Running
            && (step.expects.as_ref().is_some_and(|e| e.from == logical_id)
                || step.rolling.as_ref().is_some_and(|r| r.awaits_signals()))
    })
}

impl Row for Operation {
    const TABLE: &'static str = "cloudformation.operations";

    fn key(&self) -> SmolStr {
        self.stack_id.clone()
    }
}
