//! How operations begin: their first event and their steps.

use super::operation::{Action, Former, Kind, Operation, Phase, Step};
use super::{remove, settle};
use crate::events;
use crate::stacks::{Stack, Status};
use kernel::{Tx, Wait};
use smol_str::SmolStr;

/// Begins the creation of a stack.
pub(crate) fn create(tx: &mut Tx, mut stack: Stack) {
    events::of_stack(tx, &mut stack, Status::CreateInProgress, "User Initiated");
    let steps = settle::steps(tx, &stack);
    let deadline = stack.timeout_minutes.map(|minutes| tx.now().plus_secs(minutes * 60));
    start(tx, stack, Kind::Create, steps, deadline, None);
}

/// Begins an update of a stack, whose new template, parameters and tags it has already.
pub(crate) fn update(tx: &mut Tx, mut stack: Stack, former: Former) {
    events::of_stack(tx, &mut stack, Status::UpdateInProgress, "User Initiated");
    let steps = settle::steps(tx, &stack);
    start(tx, stack, Kind::Update, steps, None, Some(Box::new(former)));
}

/// Begins the deletion of a stack; the resources named in `retain` are left alone.
pub(crate) fn delete(tx: &mut Tx, mut stack: Stack, retain: &[SmolStr]) {
    events::of_stack(tx, &mut stack, Status::DeleteInProgress, "User Initiated");
    let mut steps = remove::all(tx, &stack, false);
    for step in &mut steps {
        if let Action::Remove(removal) = &mut step.action
            && retain.contains(&step.logical_id)
        {
            removal.policy = "Retain".into();
        }
    }
    start(tx, stack, Kind::Delete, steps, None, None);
}

fn start(
    tx: &mut Tx,
    stack: Stack,
    kind: Kind,
    steps: Vec<Step>,
    deadline: Option<kernel::Timestamp>,
    former: Option<Box<Former>>,
) {
    let not_before = tx.now().plus_millis(tx.pace().millis(Wait::StackStart));
    tx.schedule(not_before, "cloudformation.advance", &stack.id);
    tx.put(Operation {
        stack_id: stack.id.clone(),
        kind,
        phase: Phase::Acting,
        not_before,
        deadline,
        steps,
        leftovers: Vec::new(),
        former,
    });
    tx.put(stack);
}
