//! Undoing an update that failed: resources that were changed are changed back, those that were
//! replaced are taken back, those that were made go in the cleanup.

use super::nested;
use super::operation::{Action, Kind, Phase, Removal, Standing, Step, Undo};
use super::remove;
use super::rolling;
use super::run::Run;
use crate::resources::StackResource;
use crate::stacks::Status;
use smol_str::SmolStr;
use std::borrow::Cow;

impl Run<'_, '_> {
    /// Turns the update into its own undoing.
    pub(super) fn begin_update_rollback(&mut self, reason: &str) {
        self.stack_event(Status::UpdateRollbackInProgress, reason);
        let mut steps = std::mem::take(&mut self.operation.earlier);
        steps.append(&mut self.operation.steps);
        let mut undoing: Vec<Step> = Vec::new();
        let mut created: Vec<(SmolStr, Vec<SmolStr>, Removal)> = Vec::new();
        for step in steps {
            match step.undo {
                Some(Undo::Created) => created.extend(self.made(&step.logical_id)),
                Some(undo) => undoing.push(Step::new(step.logical_id, Action::Restore(undo))),
                // A creation that failed at its first call left a row of nothing.
                None => self.forget_unmade(&step.logical_id),
            }
        }
        // Back to front, one after the other: what was changed last is changed back first.
        undoing.reverse();
        for (number, step) in undoing.iter_mut().enumerate().skip(1) {
            step.after.push(number - 1);
        }
        if let Some(former) = self.operation.former.take() {
            former.restore(&mut self.stack);
        }
        self.operation.steps = undoing;
        self.operation.leftovers = remove::ordered(created);
        self.operation.kind = Kind::UpdateRollback;
        self.operation.phase = Phase::Acting;
        self.operation.deadline = None;
    }

    /// A resource that the update made.
    fn made(&self, logical_id: &SmolStr) -> Option<(SmolStr, Vec<SmolStr>, Removal)> {
        let row = self.row(logical_id)?;
        let removal = Removal {
            physical_id: row.physical_id.clone(),
            resource_type: row.resource_type.clone(),
            properties: row.properties.clone(),
            policy: "Delete".into(),
            owns_row: true,
        };
        Some((logical_id.clone(), row.after.clone(), removal))
    }

    fn forget_unmade(&mut self, logical_id: &str) {
        let unmade = self.row(logical_id).is_some_and(|row| row.physical_id.is_empty());
        if unmade {
            let key = StackResource::key_of(&self.stack.id, logical_id);
            self.world.with(|tx, _| tx.remove::<StackResource>(&key));
        }
    }

    /// Takes one change back.
    pub(super) fn restore(&mut self, number: usize, undo: &Undo) -> Standing {
        let logical_id = self.operation.steps[number].logical_id.clone();
        let Some(row) = self.row(&logical_id) else { return Standing::Done };
        let mut row = StackResource::clone(&row);
        match undo {
            Undo::Created => Standing::Done,
            Undo::Changed { properties, metadata, update_policy } => {
                let now = row.properties();
                let present = std::mem::replace(&mut row.properties, properties.clone());
                row.metadata = metadata.clone();
                row.update_policy = update_policy.clone();
                let before = row.properties();
                self.record(&mut row, Status::UpdateInProgress, "");
                if row.resource_type == nested::STACK {
                    self.operation.steps[number].told_back = false;
                    self.put(row);
                    return Standing::Running;
                }
                let back = rolling::back(&row, &now).and_then(|rolling| {
                    let given = match rolling.is_some() {
                        true => Cow::Owned(rolling::without_sizes(&before)),
                        false => Cow::Borrowed(&before),
                    };
                    self.modify(&row, &now, &given).map(|()| rolling)
                });
                match back {
                    Ok(rolling) => {
                        self.operation.steps[number].rolling = rolling.map(Box::new);
                        self.put(row);
                        Standing::Running
                    }
                    Err(reason) => {
                        // It is as it was: another attempt has as much to take back.
                        row.properties = present;
                        self.record(&mut row, Status::UpdateFailed, &reason);
                        self.put(row);
                        Standing::Failed
                    }
                }
            }
            Undo::Replaced { old, metadata } => {
                let replacement = Removal {
                    physical_id: row.physical_id.clone(),
                    resource_type: row.resource_type.clone(),
                    properties: row.properties.clone(),
                    policy: "Delete".into(),
                    owns_row: false,
                };
                let removal = Action::Remove(Box::new(replacement));
                self.operation.leftovers.push(Step::new(logical_id, removal));
                row.physical_id = old.physical_id.clone();
                row.resource_type = old.resource_type.clone();
                row.properties = old.properties.clone();
                row.metadata = metadata.clone();
                self.record(&mut row, Status::UpdateInProgress, "");
                self.record(&mut row, Status::UpdateComplete, "");
                self.put(row);
                Standing::Done
            }
        }
    }
}
