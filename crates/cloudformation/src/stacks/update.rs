//! UpdateStack and UpdateTerminationProtection.

use super::request;
use super::row::{Stack, Status};
use crate::engine::{self, Former};
use crate::{errors, source};
use api::cloudformation::{
    UpdateStackInput, UpdateStackOutput, UpdateTerminationProtectionInput,
    UpdateTerminationProtectionOutput,
};
use kernel::{ApiError, Caller, Tx};

pub(super) fn update_stack(
    tx: &mut Tx,
    caller: &Caller,
    input: UpdateStackInput,
) -> Result<UpdateStackOutput, ApiError> {
    let row = Stack::find(tx, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_brackets(&input.stack_name))?;
    let body = input.template_body.as_deref();
    let sent = source::text(tx, caller, body, input.template_url.as_deref())?;
    let text = match sent {
        Some(text) => text.into(),
        None if input.use_previous_template == Some(true) => row.template.clone(),
        None => return Err(errors::no_template()),
    };
    if !row.status.may_update() {
        return Err(errors::cannot_be_updated(&row.id, row.status.name()));
    }
    unsupported(&input)?;
    let template = request::template(&text)?;
    let capabilities = input.capabilities.clone().unwrap_or_default();
    request::check_capabilities(&template, &capabilities)?;
    let given = input.parameters.as_deref();
    let parameters = request::parameters(tx, caller, &template, given, Some(&row))?;
    request::check_types(&template)?;
    let mut stack = Stack::clone(&row);
    stack.template = text;
    stack.description = template.description.clone();
    stack.parameters = parameters;
    if input.tags.is_some() {
        stack.tags = request::tags(input.tags.as_deref())?;
    }
    if let Some(arns) = input.notification_arns {
        stack.notification_arns = arns;
    }
    stack.role_arn = input.role_arn.or(stack.role_arn);
    stack.capabilities = capabilities;
    request::check_references(tx, caller, &template, &stack)?;
    if !engine::differs(tx, caller, &row, &stack, &template)? {
        return Err(errors::no_updates());
    }
    stack.status = Status::UpdateInProgress;
    stack.reason = String::new();
    stack.updated_at = Some(tx.now());
    stack.token = input.client_request_token;
    stack.operation = ("UPDATE_STACK".into(), tx.new_uuid());
    if let Some(disable) = input.disable_rollback {
        stack.on_failure = if disable { "DO_NOTHING".into() } else { "ROLLBACK".into() };
    }
    let id = stack.id.clone();
    let operation_id = stack.operation.1.clone();
    engine::update(tx, stack, Former::of(&row));
    Ok(UpdateStackOutput { stack_id: Some(id), operation_id: Some(operation_id) })
}

/// Parts of the request that are not modelled say so rather than being dropped.
fn unsupported(input: &UpdateStackInput) -> Result<(), ApiError> {
    let triggers = input
        .rollback_configuration
        .as_ref()
        .and_then(|c| c.rollback_triggers.as_ref())
        .is_some_and(|t| !t.is_empty());
    let policies = [
        &input.stack_policy_body,
        &input.stack_policy_url,
        &input.stack_policy_during_update_body,
        &input.stack_policy_during_update_url,
    ];
    let what = if triggers {
        "rollback triggers"
    } else if policies.iter().any(|p| p.is_some()) {
        "a stack policy"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("UpdateStack with {what}")))
}

pub(super) fn update_termination_protection(
    tx: &mut Tx,
    _: &Caller,
    input: UpdateTerminationProtectionInput,
) -> Result<UpdateTerminationProtectionOutput, ApiError> {
    let row = Stack::find(tx, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_brackets(&input.stack_name))?;
    if row.status == Status::DeleteComplete {
        return Err(errors::no_stack_in_brackets(&input.stack_name));
    }
    tx.update::<Stack>(&row.id, |stack| {
        stack.termination_protection = input.enable_termination_protection;
    });
    Ok(UpdateTerminationProtectionOutput { stack_id: Some(row.id.clone()) })
}
