//! How operations begin: their first event and their steps.

use super::operation::{Action, Former, Kind, Operation, Phase, Standing, Step};
use super::{remove, settle};
use crate::events;
use crate::resources::StackResource;
use crate::stacks::{Stack, Status};
use kernel::{Tx, Wait};
use smol_str::SmolStr;

/// Begins the creation of a stack.
pub(crate) fn create(tx: &mut Tx, mut stack: Stack) {
    events::of_stack(tx, &mut stack, Status::CreateInProgress, "User Initiated");
    let steps = settle::steps(tx, &stack);
    let deadline = stack.timeout_minutes.map(|minutes| tx.now().plus_secs(minutes * 60));
    let operation = Operation { deadline, ..Operation::new(tx, &stack.id, Kind::Create, steps) };
    start(tx, stack, operation);
}

/// Begins an update of a stack, whose new template, parameters and tags it has already. After an
/// attempt that failed and was not undone, a rollback goes back to before that.
pub(crate) fn update(tx: &mut Tx, mut stack: Stack, former: Former) {
    events::of_stack(tx, &mut stack, Status::UpdateInProgress, "User Initiated");
    let steps = settle::steps(tx, &stack);
    let mut operation = Operation::new(tx, &stack.id, Kind::Update, steps);
    operation.former = Some(Box::new(former));
    if let Some(failed) = tx.get::<Operation>(&stack.id).filter(|o| o.paused) {
        operation.earlier.clone_from(&failed.earlier);
        operation.earlier.extend(failed.steps.iter().filter(|s| s.undo.is_some()).cloned());
        operation.from_nothing = failed.kind == Kind::Create || failed.from_nothing;
        if failed.former.is_some() {
            operation.former.clone_from(&failed.former);
        }
    }
    start(tx, stack, operation);
}

/// Begins the deletion of a stack; the resources named in `retain` are left alone, with `force`
/// also those that cannot be deleted.
pub(crate) fn delete(tx: &mut Tx, mut stack: Stack, retain: &[SmolStr], force: bool) {
    events::of_stack(tx, &mut stack, Status::DeleteInProgress, "User Initiated");
    let mut steps = remove::all(tx, &stack, false);
    for step in &mut steps {
        if let Action::Remove(removal) = &mut step.action
            && retain.contains(&step.logical_id)
        {
            removal.policy = "Retain".into();
        }
    }
    let operation = Operation { force, ..Operation::new(tx, &stack.id, Kind::Delete, steps) };
    start(tx, stack, operation);
}

fn start(tx: &mut Tx, mut stack: Stack, operation: Operation) {
    // What was found of the stack before is no longer so.
    stack.drift = None;
    tx.schedule(operation.not_before, "cloudformation.advance", &stack.id);
    tx.put(operation);
    tx.put(stack);
}

/// Breaks an operation off, on its way or after it has failed: it is undone at once.
pub(crate) fn roll_back(tx: &mut Tx, stack: Stack) {
    tx.update::<Operation>(&stack.id, |operation| {
        operation.paused = false;
        operation.cancelled = true;
    });
    look_now(tx, stack);
}

/// Goes on with a rollback that has failed, without the resources to `skip`.
pub(crate) fn continue_rollback(tx: &mut Tx, mut stack: Stack, skip: &[SmolStr]) {
    const AGAIN: Status = Status::UpdateRollbackInProgress;
    events::of_stack(tx, &mut stack, AGAIN, "User Initiated");
    let Some(operation) = tx.get::<Operation>(&stack.id) else { return };
    let mut operation = Operation::clone(&operation);
    operation.paused = false;
    for step in operation.steps.iter_mut().filter(|s| s.standing == Standing::Failed) {
        step.standing = Standing::Waiting;
        if skip.contains(&step.logical_id) {
            step.standing = Standing::Done;
            let key = StackResource::key_of(&stack.id, &step.logical_id);
            tx.update::<StackResource>(&key, |row| row.status = Status::UpdateComplete);
        }
    }
    tx.put(operation);
    look_now(tx, stack);
}

/// The resources of a rollback that has failed which failed to go back.
pub(crate) fn failed_to_restore(operation: &Operation) -> Vec<SmolStr> {
    let failed = operation.steps.iter().filter(|step| step.standing == Standing::Failed);
    failed.map(|step| step.logical_id.clone()).collect()
}

fn look_now(tx: &mut Tx, stack: Stack) {
    tx.schedule(tx.now(), "cloudformation.advance", &stack.id);
    tx.put(stack);
}

impl Operation {
    /// An operation that begins after the time that this takes on AWS.
    fn new(tx: &Tx, stack_id: &SmolStr, kind: Kind, steps: Vec<Step>) -> Self {
        Self {
            stack_id: stack_id.clone(),
            kind,
            phase: Phase::Acting,
            not_before: tx.now().plus_millis(tx.pace().millis(Wait::StackStart)),
            deadline: None,
            steps,
            leftovers: Vec::new(),
            former: None,
            paused: false,
            cancelled: false,
            force: false,
            from_nothing: false,
            earlier: Vec::new(),
        }
    }
}
