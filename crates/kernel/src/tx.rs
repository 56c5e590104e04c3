//! A transaction: the only way to change the universe, and the only source of time and chance.

use crate::control::Handler;
use crate::faults::FaultPlan;
use crate::row::Row;
use crate::snapshot::Snapshot;
use crate::timeline::Task;
use crate::{Caller, Rng, Timestamp, ids};
use model::{ApiError, Operation};
use smol_str::SmolStr;
use std::ops::Deref;
use std::sync::Arc;

/// How deep operations may call each other.
const MAX_DEPTH: u8 = 16;

/// The state as this transaction sees and changes it. It commits as a whole when its handler
/// returns `Ok`; on `Err` nothing happened. It reads like a [`Snapshot`].
#[derive(Debug)]
pub struct Tx {
    pub(crate) snapshot: Snapshot,
    /// (partition, table, key) of every row written or removed.
    pub(crate) touched: Vec<(u32, u16, SmolStr)>,
    /// Every task scheduled or cancelled.
    pub(crate) rescheduled: Vec<Task>,
    pub(crate) rng: Option<Rng>,
    /// The faults with what they spent on this transaction, if they spent anything.
    pub(crate) faults: Option<Arc<FaultPlan>>,
    depth: u8,
    keeps: bool,
}

impl Deref for Tx {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl Tx {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            touched: Vec::new(),
            rescheduled: Vec::new(),
            rng: None,
            faults: None,
            depth: 0,
            keeps: false,
        }
    }

    /// Writes a row: a new one, or the new state of one with the same key. Returns the old state.
    pub fn put<R: Row>(&mut self, row: R) -> Option<Arc<R>> {
        self.touch::<R>(row.key());
        let Snapshot { universe, partitions, .. } = &mut self.snapshot;
        universe.table_mut::<R>(partitions).put(row)
    }

    /// Removes a row and returns it.
    pub fn remove<R: Row>(&mut self, key: &str) -> Option<Arc<R>> {
        if !self.contains::<R>(key) {
            return None;
        }
        self.touch::<R>(key.into());
        let Snapshot { universe, partitions, .. } = &mut self.snapshot;
        universe.table_mut::<R>(partitions).remove(key)
    }

    /// Changes a row in place and returns its new state; nothing if there is no such row. The key
    /// must stay the same.
    pub fn update<R: Row>(&mut self, key: &str, change: impl FnOnce(&mut R)) -> Option<Arc<R>> {
        let mut row = R::clone(&*self.get::<R>(key)?);
        change(&mut row);
        debug_assert_eq!(row.key(), key, "an update keeps the key");
        self.put(row);
        self.get::<R>(key)
    }

    fn touch<R: Row>(&mut self, key: SmolStr) {
        let table = self.universe.registry.table_number::<R>() as u16;
        self.touched.push((self.partitions.of(R::SCOPE), table, key));
    }

    /// Asks for a look at `subject` by the task `kind` (its registered name) at an instant. If
    /// such a look is already pending, the earlier of both instants counts.
    pub fn schedule(&mut self, at: Timestamp, kind: &str, subject: &str) {
        let task = self.task(kind, subject);
        if self.snapshot.universe.timeline.schedule(at, task.clone()) {
            self.rescheduled.push(task);
        }
    }

    /// Takes back a pending look.
    pub fn cancel(&mut self, kind: &str, subject: &str) {
        let task = self.task(kind, subject);
        if self.snapshot.universe.timeline.cancel(&task) {
            self.rescheduled.push(task);
        }
    }

    fn task(&self, kind: &str, subject: &str) -> Task {
        Task {
            kind: self.universe.registry.task_number(kind),
            partition: self.partitions.region,
            subject: subject.into(),
        }
    }

    /// This transaction's chance.
    pub fn random(&mut self) -> &mut Rng {
        let universe = &self.snapshot.universe;
        self.rng.get_or_insert_with(|| Rng::of(universe.settings.seed, universe.sequence))
    }

    /// A new EC2-style id: the prefix with its dash, then 17 hex digits.
    pub fn new_id(&mut self, prefix: &str) -> SmolStr {
        ids::resource_id(self.random(), prefix)
    }

    /// A new random UUID.
    pub fn new_uuid(&mut self) -> SmolStr {
        ids::random_uuid(self.random())
    }

    /// A new time-based UUID, as CloudFormation makes for stacks.
    pub fn new_time_uuid(&mut self) -> SmolStr {
        let now = self.now();
        ids::time_uuid(self.random(), now.0)
    }

    /// Says that what was written so far stands even if the handler goes on to return an error:
    /// for AWS's few calls that do a part of their work and fail.
    pub fn keep_on_error(&mut self) {
        self.keeps = true;
    }

    /// Whether the error that was just returned leaves its writes standing; asked once.
    pub(crate) fn takes_effect(&mut self) -> bool {
        std::mem::take(&mut self.keeps)
    }

    /// Calls an operation, of this service or another, as the client's call would: inside this
    /// transaction, in `caller`'s account and region. When it fails, what it wrote is undone and
    /// the caller of this goes on as it likes.
    pub fn call<O: Operation>(
        &mut self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, ApiError> {
        let row = self.universe.registry.operations.get(&(O::SERVICE, O::NAME)).copied();
        let Some(row) = row else {
            return Err(ApiError::not_implemented(format_args!("{}:{}", O::SERVICE, O::NAME)));
        };
        let output = self.nested(caller, |tx| row.write(tx, caller, Box::new(input)))?;
        let output = output.into_any().downcast();
        Ok(*output.expect("an operation answers its own output type"))
    }

    /// Tells another service something for which AWS has no public call: the control of this name,
    /// inside this transaction. When it fails, what it wrote is undone.
    pub fn control(
        &mut self,
        caller: &Caller,
        name: &str,
        request: &serde_json::Value,
    ) -> Result<serde_json::Value, ApiError> {
        let controls = &self.universe.registry.controls;
        let command = controls.get(&(name, false)).or_else(|| controls.get(&(name, true)));
        let Some(control) = command.copied() else {
            return Err(ApiError::not_implemented(name));
        };
        match control.handler {
            Handler::Read(answer) => self.nested(caller, |tx| answer(tx, caller, request)),
            Handler::Write(answer) => self.nested(caller, |tx| answer(tx, caller, request)),
        }
    }

    /// Runs something in the caller's place; what it wrote is undone if it fails.
    fn nested<T>(
        &mut self,
        caller: &Caller,
        work: impl FnOnce(&mut Self) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        if self.depth >= MAX_DEPTH {
            return Err(ApiError::internal());
        }
        let before = self.snapshot.clone();
        let marks = (self.touched.len(), self.rescheduled.len());
        self.snapshot.partitions = self.snapshot.universe.open(&caller.account, &caller.region);
        self.depth += 1;
        let answer = work(self);
        self.depth -= 1;
        match answer {
            Ok(output) => {
                self.keeps = false;
                self.snapshot.partitions = before.partitions;
                Ok(output)
            }
            Err(error) if self.takes_effect() => {
                self.snapshot.partitions = before.partitions;
                Err(error)
            }
            Err(error) => {
                self.snapshot = before;
                self.touched.truncate(marks.0);
                self.rescheduled.truncate(marks.1);
                Err(error)
            }
        }
    }
}
