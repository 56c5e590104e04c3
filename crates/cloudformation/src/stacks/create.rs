//! CreateStack.

use super::request;
use super::row::{Stack, Status};
use crate::{engine, errors, source};
use api::cloudformation::{CreateStackInput, CreateStackOutput};
use kernel::{ApiError, Caller, Tx};
use smol_str::{SmolStr, format_smolstr};

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
    unsupported(&input)?;
    let template = request::template(&text)?;
    let capabilities = input.capabilities.clone().unwrap_or_default();
    request::check_capabilities(&template, &capabilities)?;
    let parameters =
        request::parameters(tx, caller, &template, input.parameters.as_deref(), None)?;
    request::check_types(&template)?;
    let uuid = tx.new_time_uuid();
    let stack = Stack {
        id: caller.arn("cloudformation", format_smolstr!("stack/{name}/{uuid}")),
        name,
        status: Status::CreateInProgress,
        reason: String::new(),
        created_at: tx.now(),
        updated_at: None,
        deleted_at: None,
        template: text.into(),
        description: template.description.clone(),
        parameters,
        tags: request::tags(input.tags.as_deref())?,
        capabilities,
        notification_arns: input.notification_arns.unwrap_or_default(),
        role_arn: input.role_arn,
        outputs: Vec::new(),
        imports: Vec::new(),
        on_failure: on_failure(input.on_failure, input.disable_rollback)?,
        timeout_minutes: input.timeout_in_minutes,
        termination_protection: input.enable_termination_protection.unwrap_or(false),
        retain_except_on_create: input.retain_except_on_create.unwrap_or(false),
        token: input.client_request_token,
        operation: ("CREATE_STACK".into(), tx.new_uuid()),
        last_event_at: tx.now().plus_millis(-1),
    };
    request::check_references(tx, caller, &template, &stack)?;
    let id = stack.id.clone();
    let operation_id = stack.operation.1.clone();
    engine::create(tx, stack);
    Ok(CreateStackOutput { stack_id: Some(id), operation_id: Some(operation_id) })
}

/// Parts of the request that are not modelled say so rather than being dropped.
fn unsupported(input: &CreateStackInput) -> Result<(), ApiError> {
    let triggers = input
        .rollback_configuration
        .as_ref()
        .and_then(|c| c.rollback_triggers.as_ref())
        .is_some_and(|t| !t.is_empty());
    let what = if triggers {
        "rollback triggers"
    } else if input.stack_policy_body.is_some() || input.stack_policy_url.is_some() {
        "a stack policy"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("CreateStack with {what}")))
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
