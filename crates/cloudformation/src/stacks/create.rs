//! CreateStack.

use super::request::Proposal;
use super::row::{Stack, Status};
use crate::{engine, errors, source, stack_policies};
use api::cloudformation::{CreateStackInput, CreateStackOutput};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

pub(super) fn create_stack(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateStackInput,
) -> Result<CreateStackOutput, ApiError> {
    let body = input.template_body.as_deref();
    let text = source::text(tx, caller, body, input.template_url.as_deref())?;
    let text = text.ok_or_else(errors::no_template)?;
    let name = input.stack_name.clone();
    if let Some(old) = Stack::find(tx, &name) {
        let token = &input.client_request_token;
        if token.is_some() && old.token == *token {
            return Ok(CreateStackOutput { stack_id: Some(old.id.clone()), operation_id: None });
        }
        return Err(errors::already_exists(&name));
    }
    let on_failure = on_failure(input.on_failure, input.disable_rollback)?;
    let mut stack = Stack::new(tx, caller, &name, Status::CreateInProgress);
    let proposal = Proposal {
        template: text.into(),
        parameters: input.parameters.as_deref(),
        tags: input.tags.as_deref(),
        capabilities: input.capabilities.as_deref(),
        notification_arns: input.notification_arns.as_deref(),
        role_arn: input.role_arn,
        rollback: input.rollback_configuration.as_ref(),
    };
    proposal.apply(tx, caller, &mut stack, None)?;
    let (policy, url) = (input.stack_policy_body.as_deref(), input.stack_policy_url.as_deref());
    stack.policy = stack_policies::given(tx, caller, policy, url)?;
    stack.on_failure = on_failure;
    stack.timeout_minutes = input.timeout_in_minutes;
    stack.termination_protection = input.enable_termination_protection.unwrap_or(false);
    stack.retain_except_on_create = input.retain_except_on_create.unwrap_or(false);
    stack.token = input.client_request_token;
    let id = stack.id.clone();
    let operation_id = stack.operation.1.clone();
    engine::create(tx, stack);
    Ok(CreateStackOutput { stack_id: Some(id), operation_id: Some(operation_id) })
}

fn on_failure(given: Option<SmolStr>, disable: Option<bool>) -> Result<SmolStr, ApiError> {
    match (given, disable) {
        (Some(_), Some(_)) => Err(errors::validation(
            "Only one of OnFailure and DisableRollback can be specified.",
        )),
        (Some(given), None) => Ok(given),
        (None, Some(true)) => Ok("DO_NOTHING".into()),
        (None, _) => Ok("ROLLBACK".into()),
    }
}
