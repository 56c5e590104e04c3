//! How phases follow each other, and how operations end.

use super::operation::{Action, Kind, Phase, Removal, Standing, Step, Undo};
use super::run::Run;
use super::{remove, wording};
use crate::exports::{Export, importer};
use crate::resources::{StackResource, of_stack};
use crate::stack_policies::{self, Deed};
use crate::stacks::{StackOutput, Status};
use cfn_template::Evaluator;
use kernel::{Caller, Wait};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Run<'_, '_> {
    /// The steps of the present phase are over.
    pub(super) fn next_phase(&mut self, caller: &Caller) {
        match (self.operation.kind, self.operation.phase) {
            (Kind::Create | Kind::Update, Phase::Acting) => {
                self.operation.phase = Phase::Finishing;
                self.pause(Wait::StackFinish);
                let watched = self.now.plus_millis(self.monitoring_millis());
                self.operation.not_before = self.operation.not_before.max(watched);
            }
            (Kind::Create, _) => self.finish_create(caller),
            (Kind::Update, Phase::Finishing) => self.finish_update(caller),
            (Kind::Update, Phase::Cleaning) => self.finish_cleaning(Status::UpdateComplete),
            (Kind::Delete | Kind::CreateRollback, Phase::Acting) => {
                self.operation.phase = Phase::Finishing;
                self.pause(Wait::StackFinish);
            }
            (Kind::Delete, _) => self.finish_delete(),
            (Kind::CreateRollback, _) => self.finish_create_rollback(),
            (Kind::UpdateRollback, Phase::Cleaning) => {
                self.finish_cleaning(Status::UpdateRollbackComplete);
            }
            (Kind::UpdateRollback, _) => self.finish_restoring(),
        }
    }

    /// A step failed, or the time is up: what is on its way is cancelled, and the operation is
    /// undone as the stack's settings say.
    pub(super) fn give_up(&mut self, why: &str) {
        let creating = self.operation.kind == Kind::Create;
        self.cancel_running(creating);
        let failed = self.failed();
        let failed: Vec<&str> = failed.iter().map(SmolStr::as_str).collect();
        let made = |id: &&str| self.row(id).is_some_and(|r| r.status == Status::UpdateFailed);
        let (updates, creates): (Vec<&str>, Vec<&str>) = failed.iter().partition(|id| made(id));
        let mut reasons = Vec::new();
        if !why.is_empty() {
            reasons.push(why.to_owned());
        }
        if !creates.is_empty() {
            reasons.push(wording::failed_to("create", &creates));
        }
        if !updates.is_empty() {
            reasons.push(wording::failed_to("update", &updates));
        }
        let reason = reasons.join(" ");
        match (creating, self.stack.on_failure.as_str()) {
            (true, "DO_NOTHING") => self.rest(Status::CreateFailed, &reason),
            (false, "DO_NOTHING") => self.rest(Status::UpdateFailed, &reason),
            (true, "DELETE") => {
                self.begin_create_rollback(&format!("{reason} Delete requested by user."), true);
            }
            (true, _) => {
                self.begin_create_rollback(&format!("{reason} Rollback requested by user."), false);
            }
            (false, _) => self.undo_update(&reason),
        }
        let now = self.now;
        self.wake_at(now);
    }

    /// The user has the operation undone.
    pub(super) fn break_off(&mut self) {
        const WHY: &str = "User Initiated";
        self.operation.cancelled = false;
        let creating = self.operation.kind == Kind::Create;
        self.cancel_running(creating);
        match creating {
            true => self.begin_create_rollback(WHY, false),
            false => self.undo_update(WHY),
        }
    }

    /// An update that goes on with a failed creation has nothing to go back to.
    fn undo_update(&mut self, reason: &str) {
        self.operation.not_before = self.now;
        match self.operation.from_nothing {
            true => self.begin_create_rollback(reason, false),
            false => self.begin_update_rollback(reason),
        }
    }

    fn begin_create_rollback(&mut self, reason: &str, delete: bool) {
        let (status, kind) = match delete {
            true => (Status::DeleteInProgress, Kind::Delete),
            false => (Status::RollbackInProgress, Kind::CreateRollback),
        };
        self.stack_event(status, reason);
        let steps = self.world.with(|tx, _| remove::all(tx, &self.stack, true));
        self.operation.kind = kind;
        self.operation.deadline = None;
        self.go_on_with(Phase::Acting, steps);
    }

    fn cancel_running(&mut self, creating: bool) {
        let what = if creating { "creation" } else { "update" };
        for number in 0..self.operation.steps.len() {
            if self.operation.steps[number].standing != Standing::Running {
                continue;
            }
            let rolling = self.operation.steps[number].rolling.take();
            let created = matches!(self.operation.steps[number].undo, Some(Undo::Created));
            let status = if created { Status::CreateFailed } else { Status::UpdateFailed };
            if let Some(row) = self.row(&self.operation.steps[number].logical_id) {
                let mut row = StackResource::clone(&row);
                if let Some(rolling) = rolling {
                    // The group's processes go on even if that fails, which is no news.
                    let _ = self.resume(&row, &rolling);
                }
                if row.physical_id.is_empty() {
                    // Its provider may have made something that must be told to go.
                    row.physical_id = self.sent_name(&row).unwrap_or_default();
                }
                self.record(&mut row, status, &format!("Resource {what} cancelled"));
                self.put(row);
            }
        }
    }

    /// The operation has failed and rests as it is: the user may go on with it, or back.
    fn rest(&mut self, status: Status, reason: &str) {
        self.stack_event(status, reason);
        self.operation.paused = true;
    }

    /// The operation is over.
    pub(super) fn end(&mut self, status: Status, reason: &str) {
        self.stack_event(status, reason);
        self.over = true;
    }

    fn finish_create(&mut self, caller: &Caller) {
        match self.settle_outputs(caller) {
            Ok(()) => self.end(Status::CreateComplete, ""),
            Err(reason) => self.give_up(&reason),
        }
    }

    fn finish_update(&mut self, caller: &Caller) {
        if let Err(reason) = self.settle_outputs(caller) {
            self.give_up(&reason);
            return;
        }
        self.stack_event(Status::UpdateCompleteCleanupInProgress, "");
        let steps = self.obsolete();
        self.go_on_with(Phase::Cleaning, steps);
    }

    /// The first resource that the update would drop though the stack's policy forbids it: it
    /// fails before anything is done.
    pub(super) fn refused_removal(&mut self) -> Option<String> {
        if self.operation.kind != Kind::Update {
            return None;
        }
        for step in self.obsolete() {
            let row = self.row(&step.logical_id)?;
            let (id, kind) = (&row.logical_id, &row.resource_type);
            if let Some(why) = stack_policies::refusal(&self.stack, Deed::Delete, id, kind) {
                let mut row = StackResource::clone(&row);
                self.record(&mut row, Status::UpdateFailed, &why);
                return Some(wording::failed_to("update", &[&row.logical_id]));
            }
        }
        None
    }

    /// What the update has left behind: resources that the template no longer has, and those
    /// that were replaced.
    fn obsolete(&self) -> Vec<Step> {
        let wanted: BTreeSet<&SmolStr> =
            self.operation.steps.iter().map(|s| &s.logical_id).collect();
        let rows: Vec<Arc<StackResource>> =
            self.world.with(|tx, _| of_stack(tx, &self.stack.id).cloned().collect());
        let mut removals = Vec::new();
        for row in rows.iter().filter(|row| row.status.exists()) {
            let step = self.operation.steps.iter().find(|s| s.logical_id == row.logical_id);
            let replaced = step.and_then(|step| match &step.undo {
                Some(Undo::Replaced { old, .. }) => Some(Removal::clone(old)),
                _ => step.replaced.as_deref().cloned(),
            });
            let dropped = (!wanted.contains(&row.logical_id)).then(|| Removal {
                physical_id: row.physical_id.clone(),
                resource_type: row.resource_type.clone(),
                properties: row.properties.clone(),
                policy: match row.deletion_policy.as_str() {
                    "RetainExceptOnCreate" => "Retain".into(),
                    _ => row.deletion_policy.clone(),
                },
                owns_row: false,
            });
            if let Some(removal) = replaced.or(dropped) {
                removals.push((row.logical_id.clone(), row.after.clone(), removal));
            }
        }
        remove::ordered(removals)
    }

    /// The cleanup is over. What could not be removed is left, as on AWS.
    fn finish_cleaning(&mut self, status: Status) {
        for step in std::mem::take(&mut self.operation.steps) {
            let Action::Remove(removal) = step.action else { continue };
            let gone = self
                .row(&step.logical_id)
                .is_some_and(|row| row.physical_id == removal.physical_id || !row.status.exists());
            if gone {
                let key = StackResource::key_of(&self.stack.id, &step.logical_id);
                self.world.with(|tx, _| tx.remove::<StackResource>(&key));
            }
        }
        self.end(status, "");
    }

    fn finish_restoring(&mut self) {
        let failed = self.failed();
        if !failed.is_empty() {
            let names: Vec<&str> = failed.iter().map(SmolStr::as_str).collect();
            self.rest(Status::UpdateRollbackFailed, &wording::failed_to("update", &names));
            return;
        }
        self.settle_exports().unwrap_or_default();
        self.stack_event(Status::UpdateRollbackCompleteCleanupInProgress, "");
        let steps = std::mem::take(&mut self.operation.leftovers);
        self.go_on_with(Phase::Cleaning, steps);
    }

    /// Why the deletion of the stack, which has yet to begin, cannot: an export of it is in use.
    pub(super) fn holding_export(&self) -> Option<String> {
        let waiting = |step: &Step| step.standing == Standing::Waiting;
        if self.operation.kind != Kind::Delete || !self.operation.steps.iter().all(waiting) {
            return None;
        }
        self.world.with(|tx, _| {
            let exports = tx.rows::<Export>().filter(|export| export.stack_id == self.stack.id);
            exports.into_iter().find_map(|export| {
                let user = importer(tx, &export.name)?;
                Some(in_use(export, "deleted", &user))
            })
        })
    }

    fn finish_delete(&mut self) {
        let failed = self.failed();
        if !failed.is_empty() {
            let names: Vec<&str> = failed.iter().map(SmolStr::as_str).collect();
            self.end(Status::DeleteFailed, &wording::failed_to("delete", &names));
            return;
        }
        let outputs = std::mem::take(&mut self.stack.outputs);
        if let Err(reason) = self.settle_exports() {
            self.stack.outputs = outputs;
            self.end(Status::DeleteFailed, &reason);
            return;
        }
        self.stack.outputs = outputs;
        self.stack.deleted_at = Some(self.now);
        self.end(Status::DeleteComplete, "");
    }

    fn finish_create_rollback(&mut self) {
        let failed = self.failed();
        if !failed.is_empty() {
            let names: Vec<&str> = failed.iter().map(SmolStr::as_str).collect();
            self.end(Status::RollbackFailed, &wording::failed_to("delete", &names));
            return;
        }
        self.stack.deleted_at = Some(self.now);
        self.end(Status::RollbackComplete, "");
    }

    /// Evaluates the outputs and brings the exports to them.
    fn settle_outputs(&mut self, caller: &Caller) -> Result<(), String> {
        let text = |problem: cfn_template::Problem| problem.message;
        let template = self.stack.parsed().map_err(|error| error.message)?;
        let (parameters, pseudo) = (self.stack.parameters(), self.stack.pseudo(caller));
        for step in &self.operation.steps {
            self.world.set_pending(&step.logical_id, false);
        }
        let evaluator =
            Evaluator::new(&template, &parameters, &pseudo, self.world).map_err(text)?;
        let mut outputs = Vec::new();
        for (name, _) in template.outputs.iter() {
            let declared = template.outputs.get(name).and_then(|o| o.condition.as_deref());
            if !evaluator.holds(declared) {
                continue;
            }
            let output = evaluator.output(name).map_err(|problem| {
                match problem.message.contains("does not support attribute") {
                    true => {
                        format!("[Error] /Outputs/{name}/Value/Fn::GetAtt: {}", problem.message)
                    }
                    false => problem.message,
                }
            })?;
            outputs.push(StackOutput {
                key: output.name,
                value: output.value.value.as_str().unwrap_or_default().to_owned(),
                description: output.description,
                export_name: output.export_name,
            });
        }
        let before = std::mem::replace(&mut self.stack.outputs, outputs);
        self.settle_exports().inspect_err(|_| self.stack.outputs = before)
    }

    /// Brings the stack's exports to its outputs; an export in use can neither go nor change.
    fn settle_exports(&mut self) -> Result<(), String> {
        let id = self.stack.id.clone();
        let wanted: Vec<Export> = self
            .stack
            .outputs
            .iter()
            .filter_map(|output| {
                Some(Export {
                    name: output.export_name.as_deref()?.into(),
                    stack_id: id.clone(),
                    value: output.value.as_str().into(),
                })
            })
            .collect();
        self.world.with(|tx, _| {
            let present: Vec<Arc<Export>> =
                tx.rows::<Export>().filter(|export| export.stack_id == id).cloned().collect();
            for export in &present {
                let new = wanted.iter().find(|e| e.name == export.name);
                let user = importer(tx, &export.name);
                match (new, user) {
                    (None, Some(user)) => {
                        return Err(in_use(export, "deleted", &user));
                    }
                    (Some(new), Some(user)) if new.value != export.value => {
                        return Err(in_use(export, "updated", &user));
                    }
                    _ => {}
                }
            }
            for export in &wanted {
                if let Some(other) =
                    tx.get::<Export>(&export.name).filter(|other| other.stack_id != id)
                {
                    let stack = other.stack_id.split('/').nth(1).unwrap_or_default();
                    return Err(format!(
                        "Export with name {} is already exported by stack {stack}",
                        export.name
                    ));
                }
            }
            for export in present.iter().filter(|e| !wanted.iter().any(|w| w.name == e.name)) {
                tx.remove::<Export>(&export.name);
            }
            for export in wanted {
                tx.put(export);
            }
            Ok(())
        })
    }
}

fn in_use(export: &Export, what: &str, user: &str) -> String {
    format!("Export {} cannot be {what} as it is in use by {user}", export.name)
}
