//! "Look at this again at that instant": pending tasks as rows, so that they survive restarts,
//! snapshots and forks.
//!
//! A task is an alarm, not a message: it names a handler and a subject, carries nothing, and the
//! handler finds out from the state what is due. So there is at most one pending task per handler
//! and subject, at the earliest instant anyone asked for, and a handler schedules its own next look.

use crate::{Caller, Timestamp, Tx};
use imbl::OrdMap;
use smol_str::SmolStr;

/// Looks at `subject` and does what is due. Whatever it needs, it reads from the state.
pub type TaskHandler = fn(&mut Tx, &Caller, &str);

/// A kind of task as its service registers it.
#[derive(Clone, Copy)]
pub struct TaskDef {
    /// `<service>.<what it looks at>`, as the wiring table and the journal know it.
    pub name: &'static str,
    /// What it does.
    pub run: TaskHandler,
    /// Tidying up that nobody waits for (forgetting terminated instances after an hour): "run
    /// until idle" does not run the clock for it.
    pub housekeeping: bool,
    /// Looks whenever a fault begins or ends.
    pub watches_faults: bool,
}

impl TaskDef {
    /// A task that others schedule.
    pub const fn of(name: &'static str, run: TaskHandler) -> Self {
        Self { name, run, housekeeping: false, watches_faults: false }
    }

    /// The same as tidying up.
    #[must_use]
    pub const fn housekeeping(self) -> Self {
        Self { housekeeping: true, ..self }
    }

    /// The same as what looks whenever a fault begins or ends.
    #[must_use]
    pub const fn watching_faults(self) -> Self {
        Self { watches_faults: true, ..self }
    }
}

impl std::fmt::Debug for TaskDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A pending look: which handler, in which partition, at what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Task {
    pub(crate) kind: u16,
    pub(crate) partition: u32,
    pub(crate) subject: SmolStr,
}

/// All pending tasks, by when and by what. Those of one instant run in the order in which they
/// were scheduled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    by_time: OrdMap<(Timestamp, u64), Task>,
    by_task: OrdMap<Task, (Timestamp, u64)>,
    next: u64,
}

impl Timeline {
    /// Asks for a look at `at`; returns whether that changed anything.
    pub(crate) fn schedule(&mut self, at: Timestamp, task: Task) -> bool {
        if let Some(slot) = self.by_task.get(&task) {
            if slot.0 <= at {
                return false;
            }
            self.by_time.remove(slot);
        }
        let slot = (at, self.next);
        self.next += 1;
        self.by_time.insert(slot, task.clone());
        self.by_task.insert(task, slot);
        true
    }

    pub(crate) fn cancel(&mut self, task: &Task) -> bool {
        let Some(slot) = self.by_task.remove(task) else { return false };
        self.by_time.remove(&slot);
        true
    }

    /// When the first task is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.by_time.get_min().map(|((at, _), _)| *at)
    }

    /// When the first task is due among those whose kind `wanted` accepts.
    pub(crate) fn next_due_of(&self, wanted: impl Fn(u16) -> bool) -> Option<Timestamp> {
        self.by_time.iter().find(|(_, task)| wanted(task.kind)).map(|((at, _), _)| *at)
    }

    /// Takes up to `limit` tasks that are due at the instant `at`, in order.
    pub(crate) fn take(&mut self, at: Timestamp, limit: usize) -> Vec<Task> {
        let mut due = Vec::new();
        while due.len() < limit
            && let Some((slot, task)) = self.by_time.get_min()
            && slot.0 <= at
        {
            let (slot, task) = (*slot, task.clone());
            self.by_time.remove(&slot);
            self.by_task.remove(&task);
            due.push(task);
        }
        due
    }

    pub(crate) fn due_at(&self, task: &Task) -> Option<Timestamp> {
        self.by_task.get(task).map(|slot| slot.0)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_time.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Timestamp, &Task)> {
        self.by_time.iter().map(|((at, _), task)| (*at, task))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(subject: &str) -> Task {
        Task { kind: 0, partition: 0, subject: subject.into() }
    }

    #[test]
    fn the_earliest_wish_for_a_subject_wins() {
        let mut timeline = Timeline::default();
        assert!(timeline.schedule(Timestamp(50), task("a")));
        assert!(!timeline.schedule(Timestamp(70), task("a")));
        assert!(timeline.schedule(Timestamp(20), task("a")));
        assert_eq!(timeline.len(), 1);
        assert_eq!(timeline.next_due(), Some(Timestamp(20)));
    }

    #[test]
    fn tasks_of_one_instant_run_in_the_order_of_scheduling() {
        let mut timeline = Timeline::default();
        for subject in ["c", "a", "b"] {
            timeline.schedule(Timestamp(5), task(subject));
        }
        let subjects: Vec<_> =
            timeline.take(Timestamp(5), 10).into_iter().map(|t| t.subject).collect();
        assert_eq!(subjects, ["c", "a", "b"]);
        assert_eq!(timeline.len(), 0);
    }
}
