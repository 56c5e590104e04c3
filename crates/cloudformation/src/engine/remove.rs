//! Removing resources: on deletion, on rollback of a creation, and when an update cleans up.

use super::nested;
use super::operation::{Action, Removal, Standing, Step};
use super::run::Run;
use super::wording;
use crate::events::Happening;
use crate::resources::{StackResource, of_stack};
use crate::stacks::{Stack, Status};
use cfn_resources::{Deletion, Properties};
use kernel::{Tx, Wait};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is in the way of a deletion has at least this long to go, whatever the pace.
const LEAST_PATIENCE_MILLIS: i64 = 3_000;

/// Steps that remove everything a stack has, in the reverse order of its making. Resources with
/// the policy `RetainExceptOnCreate` go only if the stack's creation is being undone.
pub(super) fn all(tx: &Tx, stack: &Stack, undoing_create: bool) -> Vec<Step> {
    let rows: Vec<Arc<StackResource>> =
        of_stack(tx, &stack.id).filter(|row| row.status.exists()).cloned().collect();
    let removals = rows.iter().map(|row| {
        let policy = match row.deletion_policy.as_str() {
            "RetainExceptOnCreate" if undoing_create => "Delete",
            "RetainExceptOnCreate" => "Retain",
            _ if undoing_create && stack.retain_except_on_create => "Delete",
            other => other,
        };
        let removal = Removal {
            physical_id: row.physical_id.clone(),
            resource_type: row.resource_type.clone(),
            properties: row.properties.clone(),
            policy: policy.into(),
            owns_row: true,
        };
        (row.logical_id.clone(), row.after.clone(), removal)
    });
    ordered(removals.collect())
}

/// Steps that remove these, each after those that were made after it.
pub(super) fn ordered(removals: Vec<(SmolStr, Vec<SmolStr>, Removal)>) -> Vec<Step> {
    let places: BTreeMap<SmolStr, usize> =
        removals.iter().enumerate().map(|(n, (id, _, _))| (id.clone(), n)).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); removals.len()];
    for (number, (_, made_after, _)) in removals.iter().enumerate() {
        for before in made_after {
            if let Some(place) = places.get(before) {
                after[*place].push(number);
            }
        }
    }
    removals
        .into_iter()
        .zip(after)
        .map(|((id, _, removal), after)| Step {
            after,
            ..Step::new(id, Action::Remove(Box::new(removal)))
        })
        .collect()
}

impl Run<'_, '_> {
    /// Starts a removal, or goes on with it.
    pub(super) fn remove(&mut self, number: usize, removal: &Removal) -> Standing {
        let logical_id = self.operation.steps[number].logical_id.clone();
        let started = self.operation.steps[number].standing == Standing::Running;
        if removal.policy == "Retain" && !removal.physical_id.is_empty() {
            self.removal_event(&logical_id, removal, Status::DeleteSkipped, "");
            return Standing::Done;
        }
        if removal.physical_id.is_empty() {
            // It was never made.
            self.mark(&logical_id, removal, Status::DeleteComplete, "");
            return Standing::Done;
        }
        if !started {
            self.removal_event(&logical_id, removal, Status::DeleteInProgress, "");
            self.operation.steps[number].since = self.now;
            if removal.resource_type == nested::STACK
                && let Err(reason) = self.delete_again(&removal.physical_id)
            {
                self.removal_event(&logical_id, removal, Status::DeleteFailed, &reason);
                return Standing::Failed;
            }
            if removal.policy == "Snapshot"
                && let Err(reason) = self.keep_snapshot(&logical_id, removal)
            {
                self.removal_event(&logical_id, removal, Status::DeleteFailed, &reason);
                return Standing::Failed;
            }
        }
        if !started && let Some(reason) = self.struck(&logical_id, "delete") {
            self.removal_event(&logical_id, removal, Status::DeleteFailed, &reason);
            return Standing::Failed;
        }
        let json: serde_json::Value = serde_json::from_str(&removal.properties).unwrap_or_default();
        let properties = Properties::from(json);
        let since = self.operation.steps[number].since;
        let deleted = match self.is_stalled(&logical_id, "delete") {
            true => Some(Ok(Deletion::InProgress)),
            false => self.world.provide(&logical_id, &removal.resource_type, |provider, cx| {
                provider.delete(cx, &removal.physical_id, &properties)
            }),
        };
        let gone_at = since.plus_millis(self.resource_millis() / 2);
        match deleted {
            Some(Ok(Deletion::InProgress)) if !self.is_hopeless(number) => {
                self.wake_by_poll();
                Standing::Running
            }
            Some(Ok(Deletion::InProgress)) => {
                let reason = "Exceeded attempts to wait";
                self.removal_event(&logical_id, removal, Status::DeleteFailed, reason);
                Standing::Failed
            }
            Some(Err(error)) if wording::may_pass(&error) && self.is_patient(since) => {
                self.wake_by_poll();
                Standing::Running
            }
            Some(Err(error)) if !wording::is_gone(&error) => {
                let reason =
                    self.world.with(|tx, _| wording::of_error(tx, &removal.resource_type, &error));
                if self.operation.force {
                    self.removal_event(&logical_id, removal, Status::DeleteSkipped, &reason);
                    return Standing::Done;
                }
                self.removal_event(&logical_id, removal, Status::DeleteFailed, &reason);
                Standing::Failed
            }
            _ if self.now < gone_at => {
                self.wake_at(gone_at);
                Standing::Running
            }
            _ => {
                self.removal_event(&logical_id, removal, Status::DeleteComplete, "");
                Standing::Done
            }
        }
    }

    /// The policy `Snapshot`: the data are kept before the resource goes. What is gone already has
    /// none.
    fn keep_snapshot(&mut self, logical_id: &str, removal: &Removal) -> Result<(), String> {
        let kept = self.world.provide(logical_id, &removal.resource_type, |provider, cx| {
            provider.snapshot(cx, &removal.physical_id)
        });
        match kept {
            Some(Err(error)) if !wording::is_gone(&error) => {
                Err(self.world.with(|tx, _| wording::of_error(tx, &removal.resource_type, &error)))
            }
            _ => Ok(()),
        }
    }

    fn is_patient(&self, since: kernel::Timestamp) -> bool {
        let patience = self.world.with(|tx, _| tx.pace().millis(Wait::StackDependency));
        self.now < since.plus_millis(patience.max(LEAST_PATIENCE_MILLIS))
    }

    fn removal_event(&mut self, logical_id: &str, removal: &Removal, status: Status, why: &str) {
        // Events of the cleanup of an update carry no properties.
        let properties = removal.owns_row.then(|| removal.properties.clone());
        self.event(Happening {
            logical_id,
            physical_id: &removal.physical_id,
            resource_type: &removal.resource_type,
            status,
            reason: why,
            properties,
        });
        self.mark(logical_id, removal, status, why);
    }

    /// Gives the logical resource its new status, if it goes with the physical one.
    fn mark(&mut self, logical_id: &str, removal: &Removal, status: Status, why: &str) {
        if !removal.owns_row {
            return;
        }
        if let Some(row) = self.row(logical_id) {
            let mut row = StackResource::clone(&row);
            row.status = status;
            row.reason = why.into();
            row.changed_at = self.now;
            self.put(row);
        }
    }
}
