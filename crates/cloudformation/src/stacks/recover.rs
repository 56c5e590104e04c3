//! CancelUpdateStack, ContinueUpdateRollback and RollbackStack: what users do about operations that
//! go wrong.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html>

use super::row::{Stack, Status};
use crate::engine::{self, Operation};
use crate::errors;
use api::cloudformation::{
    CancelUpdateStackInput, ContinueUpdateRollbackInput, ContinueUpdateRollbackOutput,
    RollbackStackInput, RollbackStackOutput,
};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

fn find(tx: &Tx, name: &str) -> Result<Arc<Stack>, ApiError> {
    Stack::find(tx, name).ok_or_else(|| errors::no_stack_in_brackets(name))
}

/// A stack whose next operation begins.
fn renewed(tx: &mut Tx, row: &Stack, token: Option<SmolStr>, operation: &'static str) -> Stack {
    let mut stack = Stack::clone(row);
    stack.token = token;
    stack.operation = (SmolStr::new_static(operation), tx.new_uuid());
    stack
}

pub(super) fn cancel_update_stack(
    tx: &mut Tx,
    _: &Caller,
    input: CancelUpdateStackInput,
) -> Result<(), ApiError> {
    let row = find(tx, &input.stack_name)?;
    if row.status != Status::UpdateInProgress {
        return Err(errors::cannot_cancel());
    }
    let mut stack = Stack::clone(&row);
    stack.token = input.client_request_token;
    engine::roll_back(tx, stack);
    Ok(())
}

pub(super) fn continue_update_rollback(
    tx: &mut Tx,
    _: &Caller,
    input: ContinueUpdateRollbackInput,
) -> Result<ContinueUpdateRollbackOutput, ApiError> {
    let row = find(tx, &input.stack_name)?;
    if row.status != Status::UpdateRollbackFailed {
        return Err(errors::cannot_continue_rollback(&row.id, row.status.name()));
    }
    let skip = input.resources_to_skip.unwrap_or_default();
    if let Some(nested) = skip.iter().find(|id| id.contains('.')) {
        return Err(ApiError::not_implemented(format_args!(
            "ContinueUpdateRollback with the nested resource {nested} to skip"
        )));
    }
    let operation = tx.get::<Operation>(&row.id);
    let failed = operation.map_or_else(Vec::new, |o| engine::failed_to_restore(&o));
    let others: Vec<&str> =
        skip.iter().filter(|id| !failed.contains(id)).map(SmolStr::as_str).collect();
    if !others.is_empty() {
        return Err(errors::cannot_skip(&others));
    }
    let token = input.client_request_token;
    let stack = renewed(tx, &row, token, "CONTINUE_ROLLBACK");
    engine::continue_rollback(tx, stack, &skip);
    Ok(ContinueUpdateRollbackOutput {})
}

pub(super) fn rollback_stack(
    tx: &mut Tx,
    _: &Caller,
    input: RollbackStackInput,
) -> Result<RollbackStackOutput, ApiError> {
    let row = find(tx, &input.stack_name)?;
    if !row.status.has_failed() {
        return Err(errors::cannot_roll_back(&row.id, row.status.name()));
    }
    let token = input.client_request_token;
    let mut stack = renewed(tx, &row, token, "ROLLBACK");
    stack.retain_except_on_create = input.retain_except_on_create.unwrap_or(false);
    let operation_id = Some(stack.operation.1.clone());
    engine::roll_back(tx, stack);
    Ok(RollbackStackOutput { stack_id: Some(row.id.clone()), operation_id })
}
