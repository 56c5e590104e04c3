//! One look at an operation: what can be started is started, what is on its way is asked after,
//! and when all is done the next phase begins.

use super::operation::{Action, Kind, Operation, Phase, Standing, Step};
use super::outputs;
use super::settle::{Settler, Started};
use super::world::World;
use crate::events::{self, Happening};
use crate::resources::StackResource;
use crate::stacks::{Stack, Status};
use crate::{change_sets, drift, stack_sets};
use cfn_template::{Evaluator, Template};
use kernel::{Caller, Timestamp, Tx, Wait};
use smol_str::SmolStr;
use std::sync::Arc;

/// Looks at resources that nobody announces come at least this far apart.
const LEAST_POLL_MILLIS: i64 = 250;

/// One look.
pub(super) struct Run<'w, 't> {
    pub(super) world: &'w World<'t>,
    pub(super) stack: Stack,
    pub(super) operation: Operation,
    pub(super) now: Timestamp,
    wake: Option<Timestamp>,
    /// The operation is over.
    pub(super) over: bool,
}

/// The task: looks at a stack's operation.
pub(crate) fn advance(tx: &mut Tx, caller: &Caller, stack_id: &str) {
    let (Some(stack), Some(operation)) = (tx.get::<Stack>(stack_id), tx.get::<Operation>(stack_id))
    else {
        return;
    };
    let now = tx.now();
    if operation.paused {
        return;
    }
    let watches = !stack.triggers.alarms.is_empty();
    if now < operation.not_before && !operation.cancelled && !watches {
        tx.schedule(operation.not_before, "cloudformation.advance", stack_id);
        return;
    }
    let (stack, operation) = (Stack::clone(&stack), Operation::clone(&operation));
    let world = World::new(tx, caller, &stack);
    let mut run = Run { world: &world, stack, operation, now, wake: None, over: false };
    run.look(caller);
    let Run { stack, operation, wake, over, .. } = run;
    if over || operation.paused {
        change_sets::executed(tx, &stack);
        stack_sets::tell(tx, &stack);
        if let Some(parent) = stack.parent_id.as_ref().filter(|id| tx.contains::<Operation>(id)) {
            tx.schedule(now, "cloudformation.advance", parent);
        }
    }
    if operation.paused {
        tx.cancel("cloudformation.advance", stack_id);
        tx.put(operation);
    } else if over {
        tx.remove::<Operation>(stack_id);
        tx.cancel("cloudformation.advance", stack_id);
    } else {
        let next = operation.not_before;
        let at = match wake {
            // Alarms are watched also while nothing else may happen.
            Some(at) if watches && next > now => at.min(next),
            Some(at) => at.max(next),
            None => next,
        };
        tx.schedule(at.max(now), "cloudformation.advance", stack_id);
        tx.put(operation);
    }
    tx.put(stack);
}

impl Run<'_, '_> {
    fn look(&mut self, caller: &Caller) {
        if self.operation.cancelled {
            self.break_off();
        } else if let Some(reason) = self.alarmed() {
            self.give_up(&reason);
        }
        // Each turn changes the phase or ends the look.
        while !self.over && !self.operation.paused && self.now >= self.operation.not_before {
            let finished = match self.operation.phase {
                Phase::Acting | Phase::Cleaning => self.act(caller),
                Phase::Finishing => true,
            };
            if !finished {
                return;
            }
            self.next_phase(caller);
        }
    }

    /// Carries steps on; tells whether all are over.
    fn act(&mut self, caller: &Caller) -> bool {
        if self.operation.deadline.is_some_and(|at| self.now >= at) {
            self.operation.deadline = None;
            self.give_up("Stack creation time exceeded the specified timeout.");
            return false;
        }
        if let Some(at) = self.operation.deadline {
            self.wake_at(at);
        }
        if let Some(reason) = self.holding_export() {
            self.end(Status::DeleteFailed, &reason);
            return false;
        }
        let settles = self.operation.steps.iter().any(|s| s.action == Action::Settle);
        if settles {
            // The template was checked when the request was accepted.
            let Ok(template) = self.stack.parsed() else { return true };
            let (parameters, pseudo) = (self.stack.parameters(), self.stack.pseudo(caller));
            for step in self.operation.steps.iter().filter(|s| s.standing != Standing::Done) {
                self.world.set_pending(&step.logical_id, true);
            }
            match Evaluator::new(&template, &parameters, &pseudo, self.world) {
                Ok(evaluator) => {
                    if self.is_fresh() {
                        let problem = outputs::unsupported(&evaluator, &template);
                        if let Some(reason) = problem.or_else(|| self.refused_removal()) {
                            self.give_up(&reason);
                            return false;
                        }
                    }
                    self.carry_on(Some((&template, &evaluator)));
                }
                Err(problem) => {
                    self.give_up(&problem.message);
                    return false;
                }
            }
            self.note_imports();
        } else {
            self.carry_on(None);
        }
        let standing = |wanted| self.operation.steps.iter().any(|s| s.standing == wanted);
        if standing(Standing::Failed) && settles {
            self.give_up("");
            return false;
        }
        // What waits for something that failed will never start.
        let stuck = standing(Standing::Failed) && !standing(Standing::Running);
        stuck || !(standing(Standing::Waiting) || standing(Standing::Running))
    }

    /// Asks after what is running and starts what can be started, until nothing more moves: what
    /// was just started may be done already.
    fn carry_on(&mut self, settling: Option<(&Template, &Evaluator<'_>)>) {
        let count = self.operation.steps.len();
        loop {
            let mut moved = false;
            for number in 0..count {
                let standing = match self.operation.steps[number].standing {
                    Standing::Running => self.go_on(number),
                    Standing::Waiting if self.is_free(number) => self.start(number, settling),
                    other => other,
                };
                let step = &mut self.operation.steps[number];
                if step.standing != standing {
                    step.standing = standing;
                    moved = true;
                    let done = standing == Standing::Done;
                    let id = step.logical_id.clone();
                    self.world.set_pending(&id, !done);
                }
                if standing == Standing::Failed && settling.is_some() {
                    return;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Whether nothing of the operation has begun.
    fn is_fresh(&self) -> bool {
        self.operation.steps.iter().all(|step| step.standing == Standing::Waiting)
    }

    fn is_free(&self, number: usize) -> bool {
        let steps = &self.operation.steps;
        steps[number].after.iter().all(|before| steps[*before].standing == Standing::Done)
    }

    fn start(&mut self, number: usize, settling: Option<(&Template, &Evaluator<'_>)>) -> Standing {
        self.operation.steps[number].since = self.now;
        match self.operation.steps[number].action.clone() {
            Action::Remove(removal) => self.remove(number, &removal),
            Action::Restore(undo) => self.restore(number, &undo),
            Action::Settle => {
                let Some((template, evaluator)) = settling else { return Standing::Done };
                let step = &self.operation.steps[number];
                let id = step.logical_id.clone();
                let steps = &self.operation.steps;
                let after = step.after.iter().map(|n| steps[*n].logical_id.clone()).collect();
                match (Settler { run: self, template, evaluator, after, number }).start(&id) {
                    Ok(Started::Unchanged) => Standing::Done,
                    Ok(Started::Running(undo)) => {
                        self.operation.steps[number].undo = Some(undo);
                        Standing::Running
                    }
                    Err(_) => Standing::Failed,
                }
            }
        }
    }

    fn go_on(&mut self, number: usize) -> Standing {
        match self.operation.steps[number].action.clone() {
            Action::Settle | Action::Restore(_) => self.check(number),
            Action::Remove(removal) => self.remove(number, &removal),
        }
    }

    fn note_imports(&mut self) {
        let mut imports = std::mem::take(&mut self.stack.imports);
        imports.extend(self.world.imports());
        imports.sort();
        imports.dedup();
        self.stack.imports = imports;
    }

    /// Replaces the steps by others that begin at once.
    pub(super) fn go_on_with(&mut self, phase: Phase, steps: Vec<Step>) {
        self.operation.phase = phase;
        self.operation.steps = steps;
        self.operation.not_before = self.now;
    }

    /// Whether the stack's tags differ from those its resources were given.
    pub(super) fn is_retagged(&self) -> bool {
        self.operation.kind == Kind::Update
            && self.operation.former.as_ref().is_some_and(|f| f.revision.tags != self.stack.tags)
    }

    pub(super) fn row(&self, logical_id: &str) -> Option<Arc<StackResource>> {
        let key = StackResource::key_of(&self.stack.id, logical_id);
        self.world.with(|tx, _| tx.get::<StackResource>(&key))
    }

    pub(super) fn put(&self, row: StackResource) {
        self.world.with(|tx, _| {
            drift::forget(tx, &row.stack_id, &row.logical_id);
            tx.put(row)
        });
    }

    pub(super) fn event(&mut self, what: Happening<'_>) {
        let (world, stack) = (self.world, &mut self.stack);
        world.with(|tx, _| events::of_resource(tx, stack, what));
    }

    pub(super) fn stack_event(&mut self, status: Status, reason: &str) {
        let (world, stack) = (self.world, &mut self.stack);
        world.with(|tx, _| events::of_stack(tx, stack, status, reason));
    }

    pub(super) fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |old| old.min(at)));
    }

    /// Looks again after a while: for what nobody announces.
    pub(super) fn wake_by_poll(&mut self) {
        let poll = self.world.with(|tx, _| tx.pace().millis(Wait::StackPoll));
        self.wake_at(self.now.plus_millis(poll.max(LEAST_POLL_MILLIS)));
    }

    /// How long a resource takes at least.
    pub(super) fn resource_millis(&self) -> i64 {
        self.world.with(|tx, _| tx.pace().millis(Wait::StackResource))
    }

    /// Lets the next phase begin after the time that this takes on AWS.
    pub(super) fn pause(&mut self, wait: Wait) {
        let millis = self.world.with(|tx, _| tx.pace().millis(wait));
        self.operation.not_before = self.now.plus_millis(millis);
    }

    /// Logical ids of the steps that failed.
    pub(super) fn failed(&self) -> Vec<SmolStr> {
        let steps = self.operation.steps.iter();
        steps.filter(|s| s.standing == Standing::Failed).map(|s| s.logical_id.clone()).collect()
    }
}
