//! ExecuteChangeSet and DeleteChangeSet.

use super::row::{ChangeSet, Execution, Kind, Progress, forget};
use crate::engine::{self, Former, Imported};
use crate::errors;
use crate::stacks::{Revision, Stack, Status};
use api::cloudformation::{
    DeleteChangeSetInput, DeleteChangeSetOutput, ExecuteChangeSetInput, ExecuteChangeSetOutput,
};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

pub(super) fn execute_change_set(
    tx: &mut Tx,
    _: &Caller,
    input: ExecuteChangeSetInput,
) -> Result<ExecuteChangeSetOutput, ApiError> {
    let set = ChangeSet::find(tx, &input.change_set_name, input.stack_name.as_deref())?;
    let refused = |status| Err(errors::change_set_status(&set.id, "executed", status));
    if set.progress != Progress::Complete {
        return refused(set.progress.name());
    }
    if set.execution != Execution::Available {
        return refused(set.execution.name());
    }
    let row = Stack::with_id(tx, &set.stack_id)?;
    let creates = row.status == Status::ReviewInProgress;
    if !creates && !row.status.may_update() {
        return Err(errors::cannot_be_updated(&row.id, row.status.name()));
    }
    let on_failure = on_failure(set.on_stack_failure.as_ref(), input.disable_rollback)?;
    forget(tx, &set.stack_id, Some(&set.id));
    tx.update::<ChangeSet>(&set.id, |set| set.execution = Execution::InProgress);
    let mut stack = Stack::clone(&row);
    set.revision.clone().apply(&mut stack);
    stack.change_set_id = Some(set.id.clone());
    stack.updated_at = Some(tx.now());
    stack.reason = String::new();
    stack.token = input.client_request_token;
    stack.on_failure = on_failure;
    stack.policy_during_update = None;
    stack.retain_except_on_create = input.retain_except_on_create.unwrap_or(false);
    if set.kind == Kind::Import {
        stack.operation = ("IMPORT".into(), tx.new_uuid());
        tx.update::<ChangeSet>(&set.id, |set| set.former = Some(Revision::of(&row)));
        engine::import(tx, stack);
    } else if creates {
        stack.status = Status::CreateInProgress;
        stack.operation = ("CREATE_STACK".into(), tx.new_uuid());
        engine::create(tx, stack);
    } else {
        stack.status = Status::UpdateInProgress;
        stack.operation = ("UPDATE_STACK".into(), tx.new_uuid());
        engine::update(tx, stack, Former::of(&row));
    }
    Ok(ExecuteChangeSetOutput {})
}

fn on_failure(given: Option<&SmolStr>, disable: Option<bool>) -> Result<SmolStr, ApiError> {
    match (given, disable) {
        (Some(_), Some(_)) => Err(errors::validation(
            "DisableRollback cannot be specified for a change set that has OnStackFailure.",
        )),
        (Some(given), None) => Ok(given.clone()),
        (None, Some(true)) => Ok(SmolStr::new_static("DO_NOTHING")),
        (None, _) => Ok(SmolStr::new_static("ROLLBACK")),
    }
}

/// The resources that come in by the change set behind a stack's import.
pub(crate) fn imports_of(tx: &Tx, stack: &Stack) -> Vec<Imported> {
    let set = stack.change_set_id.as_ref().and_then(|id| tx.get::<ChangeSet>(id));
    set.map_or_else(Vec::new, |set| set.imports.clone())
}

/// What a stack was like before its import.
pub(crate) fn before_import(tx: &Tx, stack: &Stack) -> Option<Revision> {
    tx.get::<ChangeSet>(stack.change_set_id.as_ref()?)?.former.clone()
}

/// The operation of a stack is over, and with it the change set behind it.
pub(crate) fn executed(tx: &mut Tx, stack: &Stack) {
    if stack.status == Status::DeleteComplete {
        forget(tx, &stack.id, None);
        return;
    }
    let Some(id) = &stack.change_set_id else { return };
    let done = matches!(
        stack.status,
        Status::CreateComplete | Status::UpdateComplete | Status::ImportComplete
    );
    tx.update::<ChangeSet>(id, |set| {
        if set.execution == Execution::InProgress {
            set.execution = if done { Execution::Complete } else { Execution::Failed };
        }
    });
}

/// One that is not there is no error.
pub(super) fn delete_change_set(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteChangeSetInput,
) -> Result<DeleteChangeSetOutput, ApiError> {
    let set = match ChangeSet::find(tx, &input.change_set_name, input.stack_name.as_deref()) {
        Ok(set) => set,
        Err(error) if error.code == "ChangeSetNotFound" => return Ok(DeleteChangeSetOutput {}),
        Err(error) => return Err(error),
    };
    if set.execution == Execution::InProgress {
        return Err(errors::change_set_status(&set.id, "deleted", set.execution.name()));
    }
    tx.remove::<ChangeSet>(&set.id);
    tx.cancel("cloudformation.change-set", &set.id);
    Ok(DeleteChangeSetOutput {})
}
