//! Carrying operations out: which targets are next, and when it is enough.

use super::row::{
    Action, Currency, DriftCount, Instance, Progress, SetOperation, StackSet, Status,
};
use super::target;
use crate::stacks::Stack;
use kernel::{ApiError, Caller, Tx, Wait};
use serde_json::{Value, json};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// Looks at stacks that nobody tells of come at least this far apart.
const LEAST_POLL_MILLIS: i64 = 250;

/// A stack's operation is over: the set that it is of hears of it.
pub(crate) fn tell(tx: &mut Tx, stack: &Stack) {
    let Some(link) = &stack.stack_set else { return };
    let home = Caller::new(link.account.clone(), link.region.clone()).via("cloudformation");
    // A set that is gone has nothing to hear.
    let _ = tx.control(&home, "cloudformation.stack-set-news", &json!({ "set": link.set_id }));
}

/// `{"set": id}`: something may have changed for the set's operations.
pub(super) fn news(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let set = request["set"].as_str().unwrap_or_default();
    let running = SetOperation::of(tx, set).into_iter().find(|o| {
        matches!(o.status, Status::Running | Status::Stopping)
    });
    if let Some(running) = running {
        let key = SetOperation::key_of(set, &running.id);
        tx.schedule(tx.now(), "cloudformation.stack-set", &key);
    }
    Ok(json!({}))
}

/// The task: looks at an operation.
pub(super) fn advance(tx: &mut Tx, _: &Caller, key: &str) {
    let Some(operation) = tx.get::<SetOperation>(key) else { return };
    if !matches!(operation.status, Status::Running | Status::Stopping) {
        return;
    }
    let Some(set) = tx.get::<StackSet>(&operation.set_id) else { return };
    let mut operation = SetOperation::clone(&operation);
    // What begins may be over at once, which makes room for the next.
    loop {
        ask_after_running(tx, &set, &mut operation);
        if operation.status == Status::Stopping || exceeds_tolerance(&operation) {
            cancel_waiting(tx, &mut operation);
        }
        if !begin_some(tx, &set, &mut operation) {
            break;
        }
    }
    if operation.action == Action::DetectDrift {
        count_drift(tx, &operation);
    }
    if operation.targets.iter().all(|target| target.progress.is_over()) {
        finish(tx, &mut operation);
    } else {
        let poll = tx.pace().millis(Wait::StackPoll).max(LEAST_POLL_MILLIS);
        tx.schedule(tx.now().plus_millis(poll), "cloudformation.stack-set", key);
    }
    tx.put(operation);
}

fn ask_after_running(tx: &mut Tx, set: &StackSet, operation: &mut SetOperation) {
    for number in 0..operation.targets.len() {
        if operation.targets[number].progress == Progress::Running {
            let progress = target::look(tx, set, operation, number);
            settle(tx, operation, number, progress);
        }
    }
}

/// Begins what may begin now; tells whether anything did.
fn begin_some(tx: &mut Tx, set: &StackSet, operation: &mut SetOperation) -> bool {
    let mut begun = false;
    for region in open_regions(operation) {
        let here = |number: &usize| operation.targets[*number].region == region;
        let numbers: Vec<usize> = (0..operation.targets.len()).filter(here).collect();
        let count = |wanted: Progress| {
            numbers.iter().filter(|n| operation.targets[**n].progress == wanted).count()
        };
        let room = operation
            .preferences
            .concurrency(numbers.len(), count(Progress::Failed))
            .saturating_sub(count(Progress::Running));
        let waiting =
            numbers.iter().filter(|n| operation.targets[**n].progress == Progress::Pending);
        for number in waiting.copied().take(room).collect::<Vec<_>>() {
            operation.targets[number].progress = Progress::Running;
            let progress = target::begin(tx, set, operation, number);
            settle(tx, operation, number, progress);
            begun = true;
        }
    }
    begun
}

/// The regions that are worked on now: all, or the first that is not done.
fn open_regions(operation: &SetOperation) -> Vec<SmolStr> {
    let mut open: Vec<SmolStr> = Vec::new();
    for target in operation.targets.iter().filter(|target| !target.progress.is_over()) {
        if !open.contains(&target.region) {
            open.push(target.region.clone());
        }
    }
    if !operation.preferences.is_parallel() {
        open.truncate(1);
    }
    open
}

/// Whether more accounts of a region have failed than may.
fn exceeds_tolerance(operation: &SetOperation) -> bool {
    let regions: BTreeSet<&SmolStr> = operation.targets.iter().map(|t| &t.region).collect();
    regions.into_iter().any(|region| {
        let here = operation.targets.iter().filter(|target| target.region == *region);
        let failed = here.clone().filter(|t| t.progress == Progress::Failed).count();
        failed > operation.preferences.tolerance(here.count())
    })
}

fn cancel_waiting(tx: &mut Tx, operation: &mut SetOperation) {
    for number in 0..operation.targets.len() {
        if operation.targets[number].progress == Progress::Pending {
            let why = match operation.status {
                Status::Stopping => "Cancelled since operation was stopped by user",
                _ => "Cancelled since failure tolerance has exceeded",
            };
            operation.targets[number].reason = why.into();
            settle(tx, operation, number, Progress::Cancelled);
        }
    }
}

/// Keeps how a target stands, in the operation and in the instance.
fn settle(tx: &mut Tx, operation: &mut SetOperation, number: usize, progress: Progress) {
    operation.targets[number].progress = progress;
    let target = &operation.targets[number];
    let key = Instance::key_of(&operation.set_id, &target.account, &target.region);
    let deletes = operation.action == Action::Delete;
    if deletes && progress == Progress::Succeeded {
        tx.remove::<Instance>(&key);
        return;
    }
    tx.update::<Instance>(&key, |instance| {
        instance.progress = progress;
        instance.reason = target.reason.clone();
        match progress {
            Progress::Succeeded if operation.action != Action::DetectDrift => {
                instance.currency = Currency::Current;
            }
            Progress::Failed if deletes => {
                instance.currency = Currency::Inoperable;
                instance.progress = Progress::Inoperable;
            }
            _ => {}
        }
    });
}

fn finish(tx: &mut Tx, operation: &mut SetOperation) {
    operation.status = match operation.status {
        Status::Stopping => Status::Stopped,
        _ if exceeds_tolerance(operation) => Status::Failed,
        _ => Status::Succeeded,
    };
    operation.ended_at = Some(tx.now());
    let queued = SetOperation::of(tx, &operation.set_id).into_iter().rev();
    let next = queued.into_iter().find(|other| other.status == Status::Queued);
    if let Some(next) = next {
        let key = SetOperation::key_of(&next.set_id, &next.id);
        tx.update::<SetOperation>(&key, |next| next.status = Status::Running);
        tx.schedule(tx.now(), "cloudformation.stack-set", &key);
    }
}

/// What a drift detection has found so far.
fn count_drift(tx: &mut Tx, operation: &SetOperation) {
    let count = |wanted: &dyn Fn(&Progress) -> bool| {
        operation.targets.iter().filter(|t| wanted(&t.progress)).count() as i64
    };
    let drifted = |wanted: bool| {
        let here = |target: &&super::row::Target| {
            let key = Instance::key_of(&operation.set_id, &target.account, &target.region);
            let found = tx.get::<Instance>(&key).and_then(|instance| instance.drift);
            target.progress == Progress::Succeeded && found.is_some_and(|(d, _)| d == wanted)
        };
        operation.targets.iter().filter(here).count() as i64
    };
    let failed = count(&|p| *p == Progress::Failed);
    let in_progress = count(&|p| !p.is_over());
    let found = DriftCount {
        at: tx.now(),
        status: SmolStr::new_static(match (in_progress, failed, operation.status) {
            (0, _, Status::Stopping) => "STOPPED",
            (0, 0, _) => "COMPLETED",
            (0, n, _) if n == operation.targets.len() as i64 => "FAILED",
            (0, ..) => "PARTIAL_SUCCESS",
            _ => "IN_PROGRESS",
        }),
        total: operation.targets.len() as i64,
        drifted: drifted(true),
        in_sync: drifted(false),
        in_progress,
        failed,
    };
    tx.update::<StackSet>(&operation.set_id, |set| set.drift = Some(found));
}
