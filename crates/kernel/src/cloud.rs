//! The running cloud: dispatch, commit, and the clock's controls.

use crate::clock::{Clock, ClockMode, Wall};
use crate::journal::{Journal, JournalError, Record, RowChange, TaskChange};
use crate::operation::{AnyOutput, OperationRow};
use crate::settle::{self, Settled};
use crate::snapshot::Snapshot;
use crate::timeline::Task;
use crate::universe::{Partitions, Settings, Universe};
use crate::wiring::{Registry, Wiring};
use crate::{ApiError, Caller, Rng, Timestamp, Tx};
use arc_swap::ArcSwap;
use smol_str::SmolStr;
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A cloud that answers calls. One writer at a time; reads see the last published universe and
/// wait for nobody.
pub struct Cloud {
    pub(crate) published: ArcSwap<Universe>,
    journal: Mutex<Box<dyn Journal>>,
    pub(crate) registry: Arc<Registry>,
}

/// What `status` tells about a cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudStatus {
    /// The virtual present.
    pub now: Timestamp,
    /// The clock.
    pub clock: Clock,
    /// Number of commits.
    pub sequence: u64,
    /// Number of pending tasks, and when the first that is not housekeeping is due.
    pub pending: usize,
    /// When the next of them is due.
    pub next_due: Option<Timestamp>,
    /// Number of pending tasks that are not housekeeping.
    pub waiting: usize,
    /// (table, number of rows) over all partitions, for tables that have any.
    pub rows: Vec<(&'static str, usize)>,
}

pub(crate) type Writer<'a> = MutexGuard<'a, Box<dyn Journal>>;

impl Cloud {
    /// A new cloud. The journal is told its beginning.
    pub fn new(
        wiring: &Wiring,
        settings: Settings,
        clock: Clock,
        journal: Box<dyn Journal>,
    ) -> Result<Self, JournalError> {
        let registry = Arc::new(Registry::new(wiring));
        let universe = Universe::new(registry.clone(), settings, clock);
        let cloud = Self::with(registry, universe, journal);
        cloud.checkpoint()?;
        Ok(cloud)
    }

    /// The cloud that a journal remembers: `records` in the order in which they were appended.
    /// The journal's seed goes on; the other settings are the new ones.
    pub fn restore(
        wiring: &Wiring,
        settings: Settings,
        clock: Clock,
        records: impl IntoIterator<Item = Record>,
        journal: Box<dyn Journal>,
    ) -> Result<Self, JournalError> {
        let registry = Arc::new(Registry::new(wiring));
        let mut universe = Universe::new(registry.clone(), settings, clock);
        for record in records {
            universe.apply(&record)?;
        }
        Ok(Self::with(registry, universe, journal))
    }

    fn with(registry: Arc<Registry>, universe: Universe, journal: Box<dyn Journal>) -> Self {
        Self { published: ArcSwap::from_pointee(universe), journal: Mutex::new(journal), registry }
    }

    /// The operation registered under this name.
    pub fn operation(&self, service: &str, name: &str) -> Option<&'static dyn OperationRow> {
        self.registry.operations.get(&(service, name)).copied()
    }

    /// All registered operations, by service and name.
    pub fn operations(&self) -> impl Iterator<Item = &'static dyn OperationRow> {
        self.registry.operations.values().copied()
    }

    /// The universe as last published.
    pub fn universe(&self) -> Arc<Universe> {
        self.published.load_full()
    }

    /// What the user chose at the start.
    pub fn settings(&self) -> Arc<Settings> {
        self.published.load().settings.clone()
    }

    /// Carries out a client's call at a wall time. Whatever was due before it happens first; what
    /// it leads to at the same instant has happened when this returns.
    pub fn invoke(
        &self,
        wall: Wall,
        row: &dyn OperationRow,
        caller: &Caller,
        input: Box<dyn Any + Send>,
    ) -> Result<Box<dyn AnyOutput>, ApiError> {
        self.invoke_held(wall, row, caller, input).map(|(output, _)| output)
    }

    /// The same; also says until when the shell may hold the answer back and ask again when
    /// something has changed ([`Tx::may_be_held`]).
    pub fn invoke_held(
        &self,
        wall: Wall,
        row: &dyn OperationRow,
        caller: &Caller,
        input: Box<dyn Any + Send>,
    ) -> Result<(Box<dyn AnyOutput>, Option<Timestamp>), ApiError> {
        self.dispatch_fault(wall, row)?;
        let universe = self.published.load();
        let now = universe.present(wall);
        let due = universe.timeline.next_due().is_some_and(|at| at <= now);
        if row.is_read() {
            if !due && let Some(partitions) = universe.find(&caller.account, &caller.region) {
                let snapshot = Snapshot { universe: Universe::clone(&universe), partitions, now };
                return guarded(row, || row.read(&snapshot, caller, input))
                    .map(|output| (output, None));
            }
            drop(universe);
            let snapshot = self.snapshot(wall, caller)?;
            return guarded(row, || row.read(&snapshot, caller, input))
                .map(|output| (output, None));
        }
        drop(universe);
        let mut writer = self.writer();
        let (now, partitions) = self.enter(&mut writer, wall, caller)?;
        let universe = self.published.load_full();
        let mut tx = Tx::new(Snapshot { universe: Universe::clone(&universe), partitions, now });
        let output = guarded(row, || row.write(&mut tx, caller, input));
        if output.is_err() && !tx.takes_effect() {
            self.spend_faults(&mut writer, tx.faults).map_err(|error| unavailable(&error))?;
            return output.map(|output| (output, None));
        }
        let held = tx.held_until;
        self.commit(&mut writer, &universe, tx).map_err(|error| unavailable(&error))?;
        settle::run(self, &mut writer, now).map_err(|error| unavailable(&error))?;
        output.map(|output| (output, held))
    }

    /// The keys of every row of a table, over all partitions: what the shell asks to find out
    /// which of the things that it keeps for a service are still wanted.
    pub fn keys_of(&self, table: &str) -> BTreeSet<SmolStr> {
        let universe = self.published.load();
        let Some(number) = self.registry.table_named(table) else { return BTreeSet::new() };
        let tables = universe.partitions.values().filter_map(|p| p.tables.get(number)?.as_ref());
        tables.flat_map(|table| table.keys()).collect()
    }

    /// What a read of this caller sees now, with everything due carried out.
    pub fn snapshot(&self, wall: Wall, caller: &Caller) -> Result<Snapshot, ApiError> {
        let mut writer = self.writer();
        let (now, partitions) = self.enter(&mut writer, wall, caller)?;
        Ok(Snapshot { universe: Universe::clone(&self.published.load()), partitions, now })
    }

    pub(crate) fn writer(&self) -> Writer<'_> {
        // A panic never leaves the guarded sections with the state half written.
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the cloud to the present and makes the caller's partitions.
    pub(crate) fn enter(
        &self,
        writer: &mut Writer<'_>,
        wall: Wall,
        caller: &Caller,
    ) -> Result<(Timestamp, Partitions), ApiError> {
        let now = self.published.load().present(wall);
        settle::run(self, writer, now).map_err(|error| unavailable(&error))?;
        let universe = self.published.load_full();
        if let Some(partitions) = universe.find(&caller.account, &caller.region) {
            return Ok((now, partitions));
        }
        let mut fresh = Universe::clone(&universe);
        let partitions = fresh.open(&caller.account, &caller.region);
        let mut tx = Tx::new(Snapshot { universe: fresh, partitions, now });
        let place = format!("{}/{}", caller.account, caller.region);
        tx.rng = Some(Rng::named(universe.settings.seed, &place));
        let inside = caller.via("lowcloud");
        for genesis in &self.registry.genesis {
            genesis(&mut tx, &inside);
        }
        self.watch_faults(&mut tx);
        self.commit(writer, &universe, tx).map_err(|error| unavailable(&error))?;
        Ok((now, partitions))
    }

    /// Commits a transaction that began on `base`: wakes what its changes concern, journals and
    /// publishes. A transaction that changed nothing leaves no trace.
    pub(crate) fn commit(
        &self,
        writer: &mut Writer<'_>,
        base: &Universe,
        mut tx: Tx,
    ) -> Result<(), JournalError> {
        let new_places = tx.universe.names.len() != base.names.len();
        if tx.touched.is_empty() && tx.rescheduled.is_empty() && !new_places {
            return self.spend_faults(writer, tx.faults);
        }
        let spent = tx.faults.take();
        let touched: BTreeSet<(u32, u16, SmolStr)> =
            std::mem::take(&mut tx.touched).into_iter().collect();
        let now = tx.snapshot.now;
        let mut universe = tx.snapshot.universe;
        let mut tasks = tx.rescheduled;
        wake(&self.registry, base, &mut universe, &touched, now, &mut tasks);
        universe.sequence += 1;
        universe.now = now;
        let spends = spent.is_some();
        universe.faults = spent.unwrap_or(universe.faults);
        if writer.enabled() {
            let mut record = universe.record();
            record.faults = spends.then(|| universe.faults.clone());
            if new_places {
                record.partitions = universe.places();
            }
            universe.describe_rows(&touched, &mut record)?;
            universe.describe_tasks(tasks, &mut record);
            writer.append(&record)?;
            if writer.wants_checkpoint() {
                writer.checkpoint(&universe.whole()?)?;
            }
        }
        self.published.store(Arc::new(universe));
        Ok(())
    }

    /// Publishes a universe that differs in its clock or faults only.
    pub(crate) fn publish(
        &self,
        writer: &mut Writer<'_>,
        universe: Universe,
    ) -> Result<(), JournalError> {
        self.publish_with(writer, universe, Vec::new())
    }

    /// The same, with tasks that were scheduled.
    pub(crate) fn publish_with(
        &self,
        writer: &mut Writer<'_>,
        universe: Universe,
        tasks: Vec<Task>,
    ) -> Result<(), JournalError> {
        if writer.enabled() {
            let mut record = universe.record();
            record.faults = Some(universe.faults.clone());
            universe.describe_tasks(tasks, &mut record);
            writer.append(&record)?;
        }
        self.published.store(Arc::new(universe));
        Ok(())
    }

    fn checkpoint(&self) -> Result<(), JournalError> {
        let mut writer = self.writer();
        if writer.enabled() {
            let record = self.published.load().whole()?;
            writer.checkpoint(&record)?;
        }
        Ok(())
    }

    /// Carries out what is due and tells when to look again: what the clock driver calls.
    pub fn run_due(&self, wall: Wall) -> Result<Option<Wall>, JournalError> {
        let mut writer = self.writer();
        let now = self.published.load().present(wall);
        let settled = settle::run(self, &mut writer, now)?;
        let universe = self.published.load();
        if settled.truncated {
            return Ok(Some(wall));
        }
        Ok(universe.timeline.next_due().and_then(|at| universe.clock.wall_at(at)))
    }

    /// The virtual present.
    pub fn now(&self, wall: Wall) -> Timestamp {
        self.published.load().present(wall)
    }

    /// Whether time stands still.
    pub fn is_paused(&self) -> bool {
        self.published.load().clock.mode == ClockMode::Paused
    }

    /// When the next task is due by the wall; what the clock driver sleeps for.
    pub fn next_wake(&self) -> Option<Wall> {
        let universe = self.published.load();
        universe.timeline.next_due().and_then(|at| universe.clock.wall_at(at))
    }

    /// Sets how time runs from here on.
    pub fn set_clock_mode(&self, wall: Wall, mode: ClockMode) -> Result<(), JournalError> {
        let mut writer = self.writer();
        let now = self.published.load().present(wall);
        settle::run(self, &mut writer, now)?;
        let mut universe = Universe::clone(&self.published.load());
        universe.clock = universe.clock.set(now, wall).switched(mode, wall);
        universe.now = now;
        self.publish(&mut writer, universe)
    }

    /// Moves time on by `millis`, carrying out everything on the way at its own instant.
    pub fn step(&self, wall: Wall, millis: i64) -> Result<Settled, JournalError> {
        let mut writer = self.writer();
        let target = self.published.load().present(wall).plus_millis(millis.max(0));
        self.advance(&mut writer, wall, target)
    }

    /// Moves time on until nothing is pending but housekeeping, at most by `limit_millis`.
    pub fn run_until_idle(&self, wall: Wall, limit_millis: i64) -> Result<Settled, JournalError> {
        let mut writer = self.writer();
        let limit = self.published.load().present(wall).plus_millis(limit_millis.max(0));
        let mut total = Settled::default();
        loop {
            let busy = |kind: u16| !self.registry.tasks[usize::from(kind)].housekeeping;
            let universe = self.published.load();
            let next = universe.timeline.next_due_of(busy);
            drop(universe);
            match next {
                Some(at) if at <= limit && !total.truncated => {
                    total.add(self.advance(&mut writer, wall, at)?);
                }
                Some(_) => {
                    total.truncated = true;
                    return Ok(total);
                }
                None => return Ok(total),
            }
        }
    }

    fn advance(
        &self,
        writer: &mut Writer<'_>,
        wall: Wall,
        target: Timestamp,
    ) -> Result<Settled, JournalError> {
        let settled = settle::run(self, writer, target)?;
        let mut universe = Universe::clone(&self.published.load());
        let reached = if settled.truncated { universe.now } else { target.max(universe.now) };
        universe.clock = universe.clock.set(reached, wall);
        universe.now = reached;
        self.publish(writer, universe)?;
        Ok(settled)
    }

    /// Forgets everything: the cloud is as new, with the same settings and clock mode.
    pub fn reset(&self, wall: Wall) -> Result<(), JournalError> {
        let mut writer = self.writer();
        let old = self.published.load_full();
        let settings = Settings::clone(&old.settings);
        let clock = Clock::new(old.clock.mode, wall);
        let universe = Universe::new(self.registry.clone(), settings, clock);
        if writer.enabled() {
            writer.checkpoint(&universe.whole()?)?;
        }
        self.published.store(Arc::new(universe));
        Ok(())
    }

    /// How things stand.
    pub fn status(&self, wall: Wall) -> CloudStatus {
        let universe = self.published.load();
        let busy = |kind: u16| !self.registry.tasks[usize::from(kind)].housekeeping;
        let mut rows: Vec<(&'static str, usize)> =
            self.registry.tables.iter().map(|t| (t.name, 0)).collect();
        for partition in universe.partitions.values() {
            for (number, table) in partition.tables.iter().enumerate() {
                rows[number].1 += table.as_ref().map_or(0, |t| t.rows());
            }
        }
        rows.retain(|(_, count)| *count > 0);
        CloudStatus {
            now: universe.present(wall),
            clock: universe.clock,
            sequence: universe.sequence,
            pending: universe.timeline.len(),
            next_due: universe.timeline.next_due_of(busy),
            waiting: universe.timeline.iter().filter(|(_, task)| busy(task.kind)).count(),
            rows,
        }
    }

    pub(crate) fn load(&self) -> Arc<Universe> {
        self.published.load_full()
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.published.load().fmt(f)
    }
}

/// Runs a handler; a panic in it is a bug, and the client gets AWS's internal failure.
fn guarded<T>(
    row: &dyn OperationRow,
    run: impl FnOnce() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        tracing::error!(service = row.service(), operation = row.name(), "a handler panicked");
        Err(ApiError::internal())
    })
}

pub(crate) fn unavailable(error: &JournalError) -> ApiError {
    tracing::error!(%error, "nothing was changed");
    ApiError::new("ServiceUnavailable", error.to_string()).with_status(503)
}

/// Schedules the looks that the changed rows ask for.
fn wake(
    registry: &Registry,
    base: &Universe,
    universe: &mut Universe,
    touched: &BTreeSet<(u32, u16, SmolStr)>,
    now: Timestamp,
    tasks: &mut Vec<Task>,
) {
    for (partition, table, key) in touched {
        for rule in &registry.wakes[usize::from(*table)] {
            let values = |universe: &Universe| match universe.slot(*partition, usize::from(*table))
            {
                None => Vec::new(),
                Some(_) if rule.index.is_empty() => vec![key.clone()],
                Some(table) => table.index_values(key, rule.index),
            };
            let mut subjects = values(base);
            subjects.extend(values(universe));
            subjects.dedup();
            for value in subjects {
                let Some(subject) = value.strip_prefix(rule.prefix) else { continue };
                let subjects = match rule.through {
                    None => vec![SmolStr::new(subject)],
                    Some((table, index)) => universe
                        .slot(*partition, table)
                        .map_or(Vec::new(), |table| table.keys_with(index, subject)),
                };
                for subject in subjects {
                    let task = Task { kind: rule.task, partition: *partition, subject };
                    if universe.timeline.schedule(now, task.clone()) {
                        tasks.push(task);
                    }
                }
            }
        }
    }
}

/// The universe as records, and back.
impl Universe {
    /// The virtual present when the wall shows `wall`.
    pub(crate) fn present(&self, wall: Wall) -> Timestamp {
        self.clock.at(wall).max(self.now)
    }

    fn record(&self) -> Record {
        Record {
            sequence: self.sequence,
            now: self.now,
            clock: self.clock,
            seed: self.settings.seed,
            partitions: Vec::new(),
            rows: Vec::new(),
            tasks: Vec::new(),
            faults: None,
        }
    }

    fn places(&self) -> Vec<(SmolStr, SmolStr)> {
        let mut places: Vec<_> = self.names.iter().map(|(key, id)| (*id, key.clone())).collect();
        places.sort_by_key(|(id, _)| *id);
        places.into_iter().map(|(_, key)| key).collect()
    }

    fn describe_rows(
        &self,
        touched: &BTreeSet<(u32, u16, SmolStr)>,
        record: &mut Record,
    ) -> Result<(), JournalError> {
        for (partition, table, key) in touched {
            let number = usize::from(*table);
            let row = self.slot(*partition, number).and_then(|t| t.encode(key)).transpose();
            record.rows.push(RowChange {
                partition: *partition,
                table: self.registry.tables[number].name.into(),
                key: key.clone(),
                row: row.map_err(|error| JournalError(error.to_string()))?,
            });
        }
        Ok(())
    }

    fn describe_tasks(&self, mut tasks: Vec<Task>, record: &mut Record) {
        tasks.sort();
        tasks.dedup();
        for task in tasks {
            record.tasks.push(TaskChange {
                kind: self.registry.tasks[usize::from(task.kind)].name.into(),
                at: self.timeline.due_at(&task),
                partition: task.partition,
                subject: task.subject,
            });
        }
    }

    /// Everything as one record.
    fn whole(&self) -> Result<Record, JournalError> {
        let mut record = self.record();
        record.faults = Some(self.faults.clone());
        record.partitions = self.places();
        let mut all = BTreeSet::new();
        for (id, partition) in &self.partitions {
            for (number, table) in partition.tables.iter().enumerate() {
                let keys = table.as_ref().map_or(Vec::new(), |t| t.keys());
                all.extend(keys.into_iter().map(|key| (*id, number as u16, key)));
            }
        }
        self.describe_rows(&all, &mut record)?;
        for (at, task) in self.timeline.iter() {
            record.tasks.push(TaskChange {
                kind: self.registry.tasks[usize::from(task.kind)].name.into(),
                partition: task.partition,
                subject: task.subject.clone(),
                at: Some(at),
            });
        }
        Ok(record)
    }

    /// Takes over what a record says.
    fn apply(&mut self, record: &Record) -> Result<(), JournalError> {
        for (account, region) in &record.partitions {
            self.partition(account, region);
        }
        for change in &record.rows {
            let Some(table) = self.registry.table_named(&change.table) else {
                return Err(JournalError(format!(
                    "the store holds rows of '{}', which this version does not know",
                    change.table
                )));
            };
            if !self.partitions.contains_key(&change.partition) {
                return Err(JournalError(format!("partition {} has no name", change.partition)));
            }
            let slot = self.slot_mut(change.partition, table);
            match &change.row {
                Some(json) => slot.restore(json.get()).map_err(|error| {
                    JournalError(format!("{} {}: {error}", change.table, change.key))
                })?,
                None => slot.forget(&change.key),
            }
        }
        for change in &record.tasks {
            // A task kind that is gone has nothing left to look at.
            let Some(kind) = self.registry.find_task(&change.kind) else { continue };
            let task = Task { kind, partition: change.partition, subject: change.subject.clone() };
            self.timeline.cancel(&task);
            if let Some(at) = change.at {
                self.timeline.schedule(at, task);
            }
        }
        if let Some(faults) = &record.faults {
            self.faults = faults.clone();
        }
        self.sequence = record.sequence;
        self.now = record.now;
        self.clock = record.clock;
        if self.settings.seed != record.seed {
            let settings = Settings { seed: record.seed, ..Settings::clone(&self.settings) };
            self.settings = Arc::new(settings);
        }
        Ok(())
    }
}
