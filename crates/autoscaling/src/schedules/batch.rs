//! Several scheduled actions at once: what fails is told, what does not stands.

use super::{put, remove};
use crate::errors;
use crate::groups::Group;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

const MAX_ACTIONS: usize = 50;

fn failed(name: SmolStr, error: &ApiError) -> wire::FailedScheduledUpdateGroupActionRequest {
    wire::FailedScheduledUpdateGroupActionRequest {
        scheduled_action_name: Some(name),
        error_code: Some(error.code.clone()),
        error_message: Some(error.message.as_str().into()),
    }
}

fn check_count(count: usize) -> Result<(), ApiError> {
    match count {
        1..=MAX_ACTIONS => Ok(()),
        _ => Err(errors::validation(format!(
            "You must specify between 1 and {MAX_ACTIONS} scheduled actions in one request."
        ))),
    }
}

pub(super) fn batch_put_scheduled_update_group_action(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::BatchPutScheduledUpdateGroupActionType,
) -> Result<wire::BatchPutScheduledUpdateGroupActionAnswer, ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    check_count(input.scheduled_update_group_actions.len())?;
    let mut failures = Vec::new();
    for request in input.scheduled_update_group_actions {
        let name = request.scheduled_action_name.clone();
        if let Err(error) = put::put(tx, caller, &group, request) {
            failures.push(failed(name, &error));
        }
    }
    Ok(wire::BatchPutScheduledUpdateGroupActionAnswer {
        failed_scheduled_update_group_actions: Some(failures),
    })
}

pub(super) fn batch_delete_scheduled_action(
    tx: &mut Tx,
    _: &Caller,
    input: wire::BatchDeleteScheduledActionType,
) -> Result<wire::BatchDeleteScheduledActionAnswer, ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    check_count(input.scheduled_action_names.len())?;
    let mut failures = Vec::new();
    for name in input.scheduled_action_names {
        if let Err(error) = remove(tx, &group.name, &name) {
            failures.push(failed(name, &error));
        }
    }
    Ok(wire::BatchDeleteScheduledActionAnswer { failed_scheduled_actions: Some(failures) })
}
