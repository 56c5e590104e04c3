//! Asking after resources that are on their way: made, changed, or changed back.

use super::expect::Verdict;
use super::nested;
use super::operation::{Action, Standing, Undo};
use super::rolling::Rolled;
use super::run::Run;
use super::wording;
use crate::events::Happening;
use crate::resources::StackResource;
use crate::signals;
use crate::stacks::Status;
use cfn_resources::{Properties, Readiness};
use cfn_template::schema;

impl Run<'_, '_> {
    /// Asks how a resource that is on its way stands, and records when it is done.
    pub(super) fn check(&mut self, number: usize) -> Standing {
        let step = &self.operation.steps[number];
        let Some(row) = self.row(&step.logical_id) else { return Standing::Done };
        let created = matches!(step.undo, Some(Undo::Created));
        let mut row = StackResource::clone(&row);
        let failure = match self.standing(number, &mut row) {
            Ok(Standing::Done) => {
                self.note_name(number, &mut row);
                None
            }
            Ok(standing) => return standing,
            Err(reason) => Some(reason),
        };
        let (status, standing) = match (created, &failure) {
            (true, None) => (Status::CreateComplete, Standing::Done),
            (false, None) => (Status::UpdateComplete, Standing::Done),
            (true, Some(_)) => (Status::CreateFailed, Standing::Failed),
            (false, Some(_)) => (Status::UpdateFailed, Standing::Failed),
        };
        self.record(&mut row, status, failure.as_deref().unwrap_or_default());
        self.put(row);
        standing
    }

    /// How it stands: its rolling update, its signals, and what its service says.
    fn standing(&mut self, number: usize, row: &mut StackResource) -> Result<Standing, String> {
        let step = &self.operation.steps[number];
        let returns = matches!(step.action, Action::Restore(_));
        // A way back begins in the very instant of the failure that it answers.
        self.world.set_since(step.since.plus_millis(returns.into()));
        if let Some(rolling) = self.operation.steps[number].rolling.take() {
            match self.roll(row, rolling) {
                Rolled::Running(rolling) => {
                    self.operation.steps[number].rolling = Some(rolling);
                    return Ok(Standing::Running);
                }
                Rolled::Failed(reason) => return Err(reason),
                Rolled::Done => {}
            }
        }
        if returns && row.resource_type == nested::STACK {
            return self.nested_back(number, row);
        }
        let signaled = self.is_signaled(number, row)?;
        let properties = row.properties();
        let mut reading =
            self.world.provide(&row.logical_id, &row.resource_type, |provider, cx| {
                provider
                    .read(cx, &row.physical_id, &properties)
                    .map_err(|error| wording::of_error(cx.tx, &row.resource_type, &error))
            });
        let created = matches!(self.operation.steps[number].undo, Some(Undo::Created));
        if self.is_stalled(&row.logical_id, if created { "create" } else { "update" }) {
            reading = Some(Ok(Readiness::InProgress));
        }
        let ready_at = self.operation.steps[number].since.plus_millis(self.resource_millis());
        match reading {
            Some(Ok(Readiness::Failed(reason)) | Err(reason)) => return Err(reason),
            Some(Ok(Readiness::InProgress)) if self.hangs(number, row) => {
                return Err("Exceeded attempts to wait".to_owned());
            }
            Some(Ok(Readiness::InProgress)) => self.wake_by_poll(),
            _ if self.now < ready_at => self.wake_at(ready_at),
            _ if signaled => return Ok(Standing::Done),
            _ => {}
        }
        Ok(Standing::Running)
    }

    /// Whether it has been on its way for so long that it never will be done. Nested stacks and
    /// custom resources have limits of their own.
    fn hangs(&self, number: usize, row: &StackResource) -> bool {
        let own = row.resource_type == nested::STACK || schema::is_custom(&row.resource_type);
        !own && self.is_hopeless(number)
    }

    /// Whether the signals that a resource waits for have come; the error is that they cannot.
    fn is_signaled(&mut self, number: usize, row: &mut StackResource) -> Result<bool, String> {
        let Some(expects) = self.operation.steps[number].expects.clone() else { return Ok(true) };
        self.hear_guests(row);
        let stack = self.stack.id.clone();
        let came = self.world.with(|tx, _| signals::of(tx, &stack, &expects.from));
        match expects.verdict(&came, self.now) {
            Verdict::Met => Ok(true),
            Verdict::Waiting => {
                self.wake_at(expects.until);
                Ok(false)
            }
            Verdict::Failed { event, reason } => {
                if let Some(event) = event {
                    self.record(row, row.status, &event);
                }
                Err(reason)
            }
        }
    }

    /// Has a provider change a resource in place; the error is the reason of its failure.
    pub(super) fn modify(
        &self,
        row: &StackResource,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), String> {
        if let Some(reason) = self.struck(&row.logical_id, "update") {
            return Err(reason);
        }
        let changed = self.world.provide(&row.logical_id, &row.resource_type, |provider, cx| {
            provider
                .update(cx, &row.physical_id, old, new)
                .map_err(|error| wording::of_error(cx.tx, &row.resource_type, &error))
        });
        changed.unwrap_or(Ok(()))
    }

    /// Something that happened to a resource: its row and an event.
    pub(super) fn record(&mut self, row: &mut StackResource, status: Status, reason: &str) {
        row.status = status;
        row.reason = reason.into();
        row.changed_at = self.now;
        let properties = Some(row.properties.clone());
        self.event(Happening {
            logical_id: &row.logical_id,
            physical_id: &row.physical_id,
            resource_type: &row.resource_type,
            status,
            reason,
            properties,
        });
    }
}
