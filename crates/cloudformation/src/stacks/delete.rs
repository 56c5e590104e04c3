//! DeleteStack.

use super::row::{Stack, Status};
use crate::engine;
use crate::errors;
use api::cloudformation::DeleteStackInput;
use kernel::{ApiError, Caller, Tx};

/// A stack that is not there is no error.
pub(super) fn delete_stack(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteStackInput,
) -> Result<(), ApiError> {
    let Some(row) = Stack::find(tx, &input.stack_name) else { return Ok(()) };
    if row.status == Status::DeleteComplete || row.status == Status::DeleteInProgress {
        return Ok(());
    }
    if row.termination_protection {
        return Err(errors::protected(&row.name));
    }
    if !row.status.may_delete() {
        return Err(errors::cannot_be_deleted(&row.id, row.status.name()));
    }
    let retain = input.retain_resources.unwrap_or_default();
    if !retain.is_empty() && row.status != Status::DeleteFailed {
        return Err(errors::validation(format!(
            "Invalid operation on stack [{}]. Specify RetainResources only for stacks in the \
             DELETE_FAILED state.",
            row.id
        )));
    }
    let force = input.deletion_mode.as_deref() == Some("FORCE_DELETE_STACK");
    if force && row.status != Status::DeleteFailed {
        return Err(errors::validation(format!(
            "Invalid operation on stack [{}]. Specify DeletionMode FORCE_DELETE_STACK only for \
             stacks in the DELETE_FAILED state.",
            row.id
        )));
    }
    let mut stack = Stack::clone(&row);
    stack.status = Status::DeleteInProgress;
    stack.reason = String::new();
    stack.token = input.client_request_token;
    stack.operation = ("DELETE_STACK".into(), tx.new_uuid());
    engine::delete(tx, stack, &retain, force);
    Ok(())
}
