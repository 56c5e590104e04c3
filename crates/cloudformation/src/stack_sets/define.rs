//! CreateStackSet, UpdateStackSet, DeleteStackSet.

use super::errors;
use super::instances::{self, Selection};
use super::preferences::Preferences;
use super::row::{Action, Instance, SetOperation, StackSet};
use crate::errors::no_template;
use crate::source;
use crate::stacks::{self, StackParameter};
use api::cloudformation as wire;
use cfn_template::Parameters;
use kernel::{ApiError, Caller, Tx};
use smol_str::{SmolStr, format_smolstr};

/// The role that CloudFormation takes on in target accounts.
const EXECUTION_ROLE: &str = "AWSCloudFormationStackSetExecutionRole";

/// What is asked of a set's template and its parameters, checked.
struct Checked {
    template: String,
    parameters: Vec<StackParameter>,
}

fn checked(
    tx: &mut Tx,
    caller: &Caller,
    template: String,
    given: Option<&[wire::Parameter]>,
    capabilities: &[SmolStr],
    before: Option<&Parameters>,
) -> Result<Checked, ApiError> {
    let declared = stacks::declared_template(&template)?;
    stacks::check_capabilities(&declared, capabilities)?;
    let mut parameters = stacks::parameter_values(tx, caller, &declared, given, before)?;
    let named = |key: &str| {
        let names = given.unwrap_or_default().iter().filter_map(|p| p.parameter_key.as_deref());
        names.into_iter().any(|name| name == key)
    };
    parameters.retain(|parameter| named(&parameter.key));
    Ok(Checked { template, parameters })
}

fn self_managed(model: Option<&SmolStr>, call_as: Option<&SmolStr>) -> Result<(), ApiError> {
    let managed = model.is_some_and(|model| model == "SERVICE_MANAGED");
    let delegated = call_as.is_some_and(|role| role == "DELEGATED_ADMIN");
    if managed || delegated { Err(errors::no_organization()) } else { Ok(()) }
}

pub(super) fn create_stack_set(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::CreateStackSetInput,
) -> Result<wire::CreateStackSetOutput, ApiError> {
    self_managed(input.permission_model.as_ref(), input.call_as.as_ref())?;
    if input.stack_id.is_some() {
        return Err(ApiError::not_implemented("CreateStackSet with StackId"));
    }
    let name = valid_name(&input.stack_set_name)?;
    if let Ok(old) = StackSet::active(tx, name) {
        let same = old.token.is_some() && old.token == input.client_request_token;
        return match (same, old.modified) {
            (true, false) => Ok(wire::CreateStackSetOutput { stack_set_id: Some(old.id.clone()) }),
            (true, true) => Err(errors::created_but_modified(name)),
            (false, _) => Err(errors::name_taken(name)),
        };
    }
    let body = input.template_body.as_deref();
    let text = source::text(tx, caller, body, input.template_url.as_deref())?;
    let text = text.ok_or_else(no_template)?;
    let capabilities = input.capabilities.unwrap_or_default();
    let given = input.parameters.as_deref();
    let checked = checked(tx, caller, text, given, &capabilities, None)?;
    let id = format_smolstr!("{name}:{}", tx.new_uuid());
    tx.put(StackSet {
        arn: caller.arn("cloudformation", format_smolstr!("stackset/{id}")),
        id: id.clone(),
        name: name.into(),
        deleted: false,
        description: input.description,
        template: checked.template.into(),
        parameters: checked.parameters,
        capabilities,
        tags: stacks::checked_tags(input.tags.as_deref())?,
        administration_role: input.administration_role_arn,
        execution_role: input.execution_role_name.unwrap_or_else(|| EXECUTION_ROLE.into()),
        managed_execution: input.managed_execution.and_then(|m| m.active).unwrap_or(false),
        token: input.client_request_token,
        modified: false,
        drift: None,
    });
    Ok(wire::CreateStackSetOutput { stack_set_id: Some(id) })
}

/// Letters, digits and hyphens, at most 128, a letter first.
fn valid_name(name: &str) -> Result<&str, ApiError> {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let fits = name.len() <= 128 && name.chars().all(sound);
    match fits && name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => Ok(name),
        false => Err(crate::errors::validation(format!(
            "1 validation error detected: Value '{name}' at 'stackSetName' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        ))),
    }
}

/// Changes the set and brings all its instances, or those that are named, to what it says then.
pub(super) fn update_stack_set(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::UpdateStackSetInput,
) -> Result<wire::UpdateStackSetOutput, ApiError> {
    self_managed(input.permission_model.as_ref(), input.call_as.as_ref())?;
    let old = StackSet::active(tx, &input.stack_set_name)?;
    let body = input.template_body.as_deref();
    let text = match source::text(tx, caller, body, input.template_url.as_deref())? {
        Some(text) => text,
        None if input.use_previous_template == Some(true) => old.template.to_string(),
        None => return Err(no_template()),
    };
    let capabilities = input.capabilities.unwrap_or_default();
    let before = stacks::as_parameters(&old.parameters);
    let given = input.parameters.as_deref();
    let checked = checked(tx, caller, text, given, &capabilities, Some(&before))?;
    let preferences = Preferences::given(input.operation_preferences)?;
    let selection = match (input.accounts, input.deployment_targets, input.regions) {
        (None, None, None) => None,
        (accounts, targets, regions) => Some(Selection::given(
            tx,
            caller,
            accounts,
            targets,
            regions.unwrap_or_default(),
        )?),
    };
    let mut set = StackSet::clone(&old);
    set.description = input.description.or(set.description);
    set.template = checked.template.into();
    set.parameters = checked.parameters;
    set.capabilities = capabilities;
    if input.tags.is_some() {
        set.tags = stacks::checked_tags(input.tags.as_deref())?;
    }
    set.administration_role = input.administration_role_arn.or(set.administration_role);
    set.execution_role = input.execution_role_name.unwrap_or(set.execution_role);
    if let Some(active) = input.managed_execution.and_then(|m| m.active) {
        set.managed_execution = active;
    }
    set.modified = true;
    let targets = match &selection {
        Some(selection) => selection.existing(tx, &set)?,
        None => instances::all(tx, &set),
    };
    let all: Vec<Instance> = Instance::of(tx, &set.id).map(|i| Instance::clone(i)).collect();
    let id = instances::begin(
        tx,
        &set,
        Action::Update,
        input.operation_id,
        preferences,
        targets,
        false,
    )?;
    // What is not among the targets is behind now; what is will catch up.
    for mut instance in all {
        let key = (instance.account.clone(), instance.region.clone());
        let operation = SetOperation::find(tx, &set, &id)?;
        if !operation.targets.iter().any(|t| (&t.account, &t.region) == (&key.0, &key.1)) {
            instance.currency = super::row::Currency::Outdated;
            tx.put(instance);
        }
    }
    tx.put(set);
    Ok(wire::UpdateStackSetOutput { operation_id: Some(id) })
}

/// Only of a set without instances; one that is not there is no error.
pub(super) fn delete_stack_set(
    tx: &mut Tx,
    _: &Caller,
    input: wire::DeleteStackSetInput,
) -> Result<wire::DeleteStackSetOutput, ApiError> {
    self_managed(None, input.call_as.as_ref())?;
    let Ok(set) = StackSet::active(tx, &input.stack_set_name) else {
        return Ok(wire::DeleteStackSetOutput::default());
    };
    if Instance::of(tx, &set.id).next().is_some() {
        return Err(errors::not_empty());
    }
    if let Some(running) = SetOperation::of(tx, &set.id).iter().find(|o| !o.status.is_over()) {
        return Err(errors::in_progress(&set.arn, &running.id));
    }
    tx.update::<StackSet>(&set.id, |set| set.deleted = true);
    Ok(wire::DeleteStackSetOutput::default())
}
