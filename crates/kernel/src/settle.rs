//! Carrying out what is due, in order, each thing at its own instant.

use crate::cloud::Cloud;
use crate::journal::{Journal, JournalError};
use crate::snapshot::Snapshot;
use crate::timeline::Task;
use crate::universe::Universe;
use crate::{Caller, Timestamp, Tx};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;

/// Tasks of one instant that share a transaction.
const BATCH: usize = 1_024;

/// Transactions that one call may run: a loop of tasks that wake each other without letting time
/// pass is a bug, and must not hang the cloud.
const MAX_TICKS: usize = 1_000_000;

/// What carrying out came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Number of tasks carried out.
    pub tasks: usize,
    /// Whether it was broken off with more to do.
    pub truncated: bool,
}

impl Settled {
    pub(crate) fn add(&mut self, other: Self) {
        self.tasks += other.tasks;
        self.truncated |= other.truncated;
    }
}

/// Runs every task that is due at `until` or before.
pub(crate) fn run(
    cloud: &Cloud,
    writer: &mut MutexGuard<'_, Box<dyn Journal>>,
    until: Timestamp,
) -> Result<Settled, JournalError> {
    let mut settled = Settled::default();
    for _ in 0..MAX_TICKS {
        let base = cloud.load();
        let Some(due) = base.timeline.next_due().filter(|at| *at <= until) else {
            return Ok(settled);
        };
        let mut universe = Universe::clone(&base);
        let mut tasks = universe.timeline.take(due, BATCH);
        let now = due.max(base.now);
        let tx = loop {
            match run_batch(cloud, universe.clone(), &tasks, now) {
                Ok(tx) => break tx,
                Err(culprit) => {
                    let task = tasks.remove(culprit);
                    let kind = cloud.registry().tasks[usize::from(task.kind)].name;
                    tracing::error!(kind, subject = %task.subject, "a task panicked and is dropped");
                    // Its alarm is gone from `universe` too, so the journal must hear of that.
                    if tasks.is_empty() {
                        let mut tx = open(universe.clone(), &task, now);
                        tx.rescheduled.push(task);
                        break tx;
                    }
                }
            }
        };
        settled.tasks += tasks.len();
        cloud.commit(writer, &base, tx)?;
    }
    tracing::error!("tasks wake each other without letting time pass");
    settled.truncated = true;
    Ok(settled)
}

/// Runs tasks in one transaction; a panic gives the number of the task that did it.
fn run_batch(
    cloud: &Cloud,
    universe: Universe,
    tasks: &[Task],
    now: Timestamp,
) -> Result<Tx, usize> {
    let mut tx = open(universe, &tasks[0], now);
    let mut place = (u32::MAX, Caller::new("", ""));
    for (number, task) in tasks.iter().enumerate() {
        if place.0 != task.partition {
            place = (task.partition, caller_of(&tx.snapshot.universe, task.partition));
            tx.snapshot.partitions = tx.snapshot.universe.open(&place.1.account, &place.1.region);
        }
        tx.rescheduled.push(task.clone());
        let handler = cloud.registry().tasks[usize::from(task.kind)].run;
        catch_unwind(AssertUnwindSafe(|| handler(&mut tx, &place.1, &task.subject)))
            .map_err(|_| number)?;
    }
    Ok(tx)
}

fn open(mut universe: Universe, task: &Task, now: Timestamp) -> Tx {
    let caller = caller_of(&universe, task.partition);
    let partitions = universe.open(&caller.account, &caller.region);
    Tx::new(Snapshot { universe, partitions, now })
}

/// The account and region of a partition, as the caller of its tasks.
fn caller_of(universe: &Universe, partition: u32) -> Caller {
    let place = universe.partitions.get(&partition).map(|p| &p.place);
    let (account, region) = place.cloned().unwrap_or_default();
    Caller { invoked_by: Some("lowcloud"), ..Caller::new(account, region) }
}
