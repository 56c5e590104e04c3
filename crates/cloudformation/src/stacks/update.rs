//! UpdateStack and UpdateTerminationProtection.

use super::request::Proposal;
use super::row::{Stack, Status};
use crate::engine::{self, Former};
use crate::{change_sets, errors, source, stack_policies};
use api::cloudformation::{
    UpdateStackInput, UpdateStackOutput, UpdateTerminationProtectionInput,
    UpdateTerminationProtectionOutput,
};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

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
    let mut stack = Stack::clone(&row);
    let proposal = Proposal {
        template: text,
        parameters: input.parameters.as_deref(),
        tags: input.tags.as_deref(),
        capabilities: input.capabilities.as_deref(),
        notification_arns: input.notification_arns.as_deref(),
        role_arn: input.role_arn,
        rollback: input.rollback_configuration.as_ref(),
    };
    let template = proposal.apply(tx, caller, &mut stack, Some(&row))?;
    let (policy, url) = (input.stack_policy_body.as_deref(), input.stack_policy_url.as_deref());
    stack.policy = stack_policies::given(tx, caller, policy, url)?.or(stack.policy);
    stack.policy_during_update = stack_policies::given(
        tx,
        caller,
        input.stack_policy_during_update_body.as_deref(),
        input.stack_policy_during_update_url.as_deref(),
    )?;
    if engine::plan(tx, caller, &row, &stack, &template)?.is_empty() {
        return Err(errors::no_updates());
    }
    stack.change_set_id = None;
    change_sets::outdate(tx, &stack.id);
    stack.status = Status::UpdateInProgress;
    stack.reason = String::new();
    stack.updated_at = Some(tx.now());
    stack.token = input.client_request_token;
    stack.operation = ("UPDATE_STACK".into(), tx.new_uuid());
    let keep = input.disable_rollback == Some(true);
    stack.on_failure = SmolStr::new_static(if keep { "DO_NOTHING" } else { "ROLLBACK" });
    let id = stack.id.clone();
    let operation_id = stack.operation.1.clone();
    engine::update(tx, stack, Former::of(&row));
    Ok(UpdateStackOutput { stack_id: Some(id), operation_id: Some(operation_id) })
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
