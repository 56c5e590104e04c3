//! Putting faults in force, ending them, and those that strike a client's call at the door.

use super::{FaultKind, FaultPlan, FaultRule, FaultSubject};
use crate::clock::Wall;
use crate::cloud::{Cloud, unavailable};
use crate::journal::JournalError;
use crate::operation::OperationRow;
use crate::settle;
use crate::timeline::Task;
use crate::universe::Universe;
use crate::{ApiError, Timestamp, Tx};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// Rules that there may be at one time.
const MAX_RULES: usize = 1_000;

impl Cloud {
    /// All faults, also those that are over and not yet cleared.
    pub fn faults(&self) -> Arc<FaultPlan> {
        self.published.load().faults.clone()
    }

    /// Puts other faults in force, in place of all that there are.
    pub fn set_faults(&self, mut faults: FaultPlan) -> Result<(), JournalError> {
        let mut writer = self.writer();
        let universe = Universe::clone(&self.published.load());
        faults.numbered = faults.numbered.max(universe.faults.numbered);
        for rule in faults.rules.iter_mut().filter(|rule| rule.id.is_empty()) {
            faults.numbered += 1;
            rule.id = format_smolstr!("f-{}", faults.numbered);
        }
        self.replace_faults(&mut writer, universe, faults)
    }

    /// Adds a fault and says how it stands. Its window begins now unless it says when.
    pub fn add_fault(&self, wall: Wall, mut rule: FaultRule) -> Result<FaultRule, ApiError> {
        let mut writer = self.writer();
        let now = self.published.load().present(wall);
        settle::run(self, &mut writer, now).map_err(|error| unavailable(&error))?;
        let mut universe = Universe::clone(&self.published.load());
        universe.now = now;
        let mut faults = FaultPlan::clone(&universe.faults);
        faults.rules.retain(|rule| !rule.is_over(now));
        if faults.rules.len() >= MAX_RULES {
            let text = format!("there are {MAX_RULES} faults already");
            return Err(ApiError::new("ResourceCountExceeded", text));
        }
        faults.numbered += 1;
        rule.id = format_smolstr!("f-{}", faults.numbered);
        (rule.tries, rule.strikes) = (0, 0);
        faults.rules.push(rule.clone());
        self.replace_faults(&mut writer, universe, faults).map_err(|error| unavailable(&error))?;
        settle::run(self, &mut writer, now).map_err(|error| unavailable(&error))?;
        Ok(rule)
    }

    /// Ends the fault of this id, or all; the ids of those that were there.
    pub fn clear_faults(&self, wall: Wall, id: Option<&str>) -> Result<Vec<SmolStr>, ApiError> {
        let mut writer = self.writer();
        let now = self.published.load().present(wall);
        settle::run(self, &mut writer, now).map_err(|error| unavailable(&error))?;
        let mut universe = Universe::clone(&self.published.load());
        universe.now = now;
        let goes = |rule: &FaultRule| id.is_none_or(|id| rule.id == id);
        let gone: Vec<SmolStr> =
            universe.faults.rules.iter().filter(|r| goes(r)).map(|r| r.id.clone()).collect();
        let mut faults = FaultPlan::clone(&universe.faults);
        faults.rules.retain(|rule| !goes(rule));
        self.replace_faults(&mut writer, universe, faults).map_err(|error| unavailable(&error))?;
        settle::run(self, &mut writer, now).map_err(|error| unavailable(&error))?;
        Ok(gone)
    }

    fn replace_faults(
        &self,
        writer: &mut crate::cloud::Writer<'_>,
        mut universe: Universe,
        faults: FaultPlan,
    ) -> Result<(), JournalError> {
        let before = std::mem::replace(&mut universe.faults, Arc::new(faults));
        let now = universe.now;
        let mut moments = Vec::new();
        for rule in &before.rules {
            let kept = universe.faults.rules.iter().any(|other| other.id == rule.id);
            if !kept && rule.in_force(now) {
                moments.push((now, rule.id.clone()));
            }
        }
        for rule in &universe.faults.rules {
            if before.rules.iter().any(|other| other.id == rule.id) {
                continue;
            }
            let begins = rule.from.map_or(now, |from| from.max(now));
            moments.push((begins, format_smolstr!("{} begins", rule.id)));
            if let Some(until) = rule.until {
                moments.push((until.max(now), format_smolstr!("{} ends", rule.id)));
            }
        }
        let tasks = self.schedule_looks(&mut universe, moments);
        self.publish_with(writer, universe, tasks)
    }

    /// In a region that is younger than the faults, the tasks that watch them look at what is yet
    /// to come.
    pub(crate) fn watch_faults(&self, tx: &mut Tx) {
        let now = tx.now();
        let mut moments = Vec::new();
        for rule in &tx.universe.faults.rules {
            moments.extend(rule.from.map(|at| (at, format_smolstr!("{} begins", rule.id))));
            moments.extend(rule.until.map(|at| (at, format_smolstr!("{} ends", rule.id))));
        }
        let watchers = self.registry.tasks.iter().filter(|task| task.watches_faults);
        for task in watchers {
            for (at, subject) in moments.iter().filter(|(at, _)| *at > now) {
                tx.schedule(*at, task.name, subject);
            }
        }
    }

    /// Every task that watches faults looks at these moments, in every region.
    fn schedule_looks(
        &self,
        universe: &mut Universe,
        moments: Vec<(Timestamp, SmolStr)>,
    ) -> Vec<Task> {
        let kinds = self.registry.tasks.iter().enumerate().filter(|(_, task)| task.watches_faults);
        let kinds: Vec<u16> = kinds.map(|(number, _)| number as u16).collect();
        let regional = universe.partitions.iter().filter(|(_, p)| !p.place.1.is_empty());
        let partitions: Vec<u32> = regional.map(|(id, _)| *id).collect();
        let mut tasks = Vec::new();
        for (at, subject) in moments {
            for (kind, partition) in
                kinds.iter().flat_map(|kind| partitions.iter().map(|p| (*kind, *p)))
            {
                let task = Task { kind, partition, subject: subject.clone() };
                if universe.timeline.schedule(at, task.clone()) {
                    tasks.push(task);
                }
            }
        }
        tasks
    }

    /// Whether a fault strikes a client's call before it is carried out.
    pub(crate) fn dispatch_fault(
        &self,
        wall: Wall,
        row: &dyn OperationRow,
    ) -> Result<(), ApiError> {
        for kind in [FaultKind::Throttle, FaultKind::ServerError] {
            if let Some(rule) = self.call_fault(wall, kind, row.service(), row.name())? {
                return Err(rule.to_error(row.service()));
            }
        }
        Ok(())
    }

    /// How much longer the answer to a client's call takes, in milliseconds. The core never
    /// waits: the shell does.
    pub fn latency(&self, wall: Wall, service: &str, operation: &str) -> u64 {
        let struck = self.call_fault(wall, FaultKind::Latency, service, operation);
        struck.ok().flatten().and_then(|rule| rule.millis).unwrap_or(0)
    }

    fn call_fault(
        &self,
        wall: Wall,
        kind: FaultKind,
        service: &str,
        operation: &str,
    ) -> Result<Option<FaultRule>, ApiError> {
        let universe = self.published.load();
        if universe.faults.rules.is_empty() {
            return Ok(None);
        }
        let now = universe.present(wall);
        let name = format!("{service}:{operation}");
        let subject = FaultSubject { operation: Some(&name), ..Default::default() };
        if !universe.faults.concerns(kind, &subject, now) {
            return Ok(None);
        }
        drop(universe);
        let mut writer = self.writer();
        let mut universe = Universe::clone(&self.published.load());
        let mut faults = FaultPlan::clone(&universe.faults);
        let struck = faults.strike(kind, &subject, now, universe.settings.seed);
        universe.faults = Arc::new(faults);
        self.publish(&mut writer, universe).map_err(|error| unavailable(&error))?;
        Ok(struck)
    }

    /// Keeps the counts of faults that struck a transaction which failed.
    pub(crate) fn spend_faults(
        &self,
        writer: &mut crate::cloud::Writer<'_>,
        spent: Option<Arc<FaultPlan>>,
    ) -> Result<(), JournalError> {
        let Some(faults) = spent else { return Ok(()) };
        let mut universe = Universe::clone(&self.published.load());
        universe.faults = faults;
        self.publish(writer, universe)
    }
}

impl FaultRule {
    /// Whether it can never strike again, nor hold.
    fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}
