//! CreateChangeSet, and the task that finds out what would change.

use super::import;
use super::row::{ChangeSet, Execution, Kind, Progress, of_stack};
use crate::stacks::{Proposal, Revision, Stack, Status};
use crate::{engine, errors, events, source};
use api::cloudformation::{CreateChangeSetInput, CreateChangeSetOutput};
use kernel::{ApiError, Caller, Tx, Wait};
use smol_str::format_smolstr;
use std::sync::Arc;

/// A stack may have this many change sets.
const MAX_CHANGE_SETS: usize = 1_000;

/// Of an update that would do nothing.
const NO_CHANGES: &str = "The submitted information didn't contain changes. Submit different \
                          information to create a change set.";

pub(super) fn create_change_set(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateChangeSetInput,
) -> Result<CreateChangeSetOutput, ApiError> {
    unsupported(&input)?;
    let kind = match input.change_set_type.as_deref() {
        Some("CREATE") => Kind::Create,
        Some("IMPORT") => Kind::Import,
        _ => Kind::Update,
    };
    let (name, stack_name) = (&input.change_set_name, &input.stack_name);
    let found = Stack::find(tx, stack_name);
    let existing = match (kind, found) {
        (Kind::Create | Kind::Import, None) if !stack_name.starts_with("arn:") => None,
        (Kind::Create | Kind::Import, Some(stack)) if stack.status == Status::ReviewInProgress => {
            Some(stack)
        }
        (Kind::Create, Some(_)) => {
            return Err(errors::stack_of_change_set_exists(stack_name, name));
        }
        (_, None) => return Err(errors::no_stack_in_brackets(stack_name)),
        (_, Some(stack)) if stack.status.may_update() => Some(stack),
        (_, Some(stack)) => {
            return Err(errors::cannot_be_updated(&stack.id, stack.status.name()));
        }
    };
    if let Some(stack) = &existing {
        if let Some(old) = ChangeSet::named(tx, &stack.id, name) {
            if input.client_token.is_some() && old.token == input.client_token {
                return Ok(answer(&old));
            }
            return Err(errors::change_set_exists(name));
        }
        if of_stack(tx, &stack.id).count() >= MAX_CHANGE_SETS {
            return Err(errors::too_many_change_sets(MAX_CHANGE_SETS));
        }
    }
    let body = input.template_body.as_deref();
    let sent = source::text(tx, caller, body, input.template_url.as_deref())?;
    let updated = existing.as_deref().filter(|stack| stack.status != Status::ReviewInProgress);
    let template = match (sent, updated) {
        (Some(text), _) => text.into(),
        (None, Some(stack)) if input.use_previous_template == Some(true) => stack.template.clone(),
        (None, _) => return Err(errors::no_template()),
    };
    let mut stack = match &existing {
        Some(stack) => Stack::clone(stack),
        None => Stack::new(tx, caller, stack_name, Status::ReviewInProgress),
    };
    let mut wanted = stack.clone();
    let proposal = Proposal {
        template,
        parameters: input.parameters.as_deref(),
        tags: input.tags.as_deref(),
        capabilities: input.capabilities.as_deref(),
        notification_arns: input.notification_arns.as_deref(),
        role_arn: input.role_arn.clone(),
        rollback: input.rollback_configuration.as_ref(),
    };
    let template = proposal.apply(tx, caller, &mut wanted, updated)?;
    let imports = match kind {
        Kind::Import => import::given(tx, input.resources_to_import.as_deref(), &template)?,
        _ => Vec::new(),
    };
    if existing.is_none() {
        events::of_stack(tx, &mut stack, Status::ReviewInProgress, "User Initiated");
        tx.put(stack.clone());
    }
    let uuid = tx.new_uuid();
    let set = ChangeSet {
        id: caller.arn("cloudformation", format_smolstr!("changeSet/{name}/{uuid}")),
        name: name.clone(),
        stack_id: stack.id.clone(),
        stack_name: stack.name.clone(),
        kind,
        description: input.description,
        created_at: tx.now(),
        progress: Progress::Pending,
        execution: Execution::Unavailable,
        reason: String::new(),
        revision: Revision::of(&wanted),
        on_stack_failure: input.on_stack_failure,
        token: input.client_token,
        takes_existing: input.import_existing_resources == Some(true),
        imports,
        former: None,
        changes: Arc::default(),
    };
    let at = tx.now().plus_millis(tx.pace().millis(Wait::ChangeSet));
    tx.schedule(at, "cloudformation.change-set", &set.id);
    let answer = answer(&set);
    tx.put(set);
    Ok(answer)
}

fn answer(set: &ChangeSet) -> CreateChangeSetOutput {
    CreateChangeSetOutput { id: Some(set.id.clone()), stack_id: Some(set.stack_id.clone()) }
}

/// Parts of the request that are not modelled say so rather than being dropped.
fn unsupported(input: &CreateChangeSetInput) -> Result<(), ApiError> {
    match input.deployment_mode.is_some() {
        true => Err(ApiError::not_implemented("CreateChangeSet with DeploymentMode")),
        false => Ok(()),
    }
}

/// The task: plans the update and keeps what it finds.
pub(super) fn fill_in(tx: &mut Tx, caller: &Caller, id: &str) {
    let Some(set) = tx.get::<ChangeSet>(id).filter(|s| s.progress == Progress::Pending) else {
        return;
    };
    let Some(stack) = tx.get::<Stack>(&set.stack_id) else { return };
    let mut wanted = Stack::clone(&stack);
    set.revision.clone().apply(&mut wanted);
    let plan = wanted
        .parsed()
        .and_then(|template| engine::plan(tx, caller, &stack, &wanted, &template));
    let mut set = ChangeSet::clone(&set);
    match plan {
        Ok(plan) if plan.is_empty() && set.kind != Kind::Create => {
            set.progress = Progress::Failed;
            set.reason = NO_CHANGES.to_owned();
        }
        Ok(plan) if set.kind == Kind::Import => match import::planned(&set, plan) {
            Ok(changes) => {
                set.progress = Progress::Complete;
                set.execution = Execution::Available;
                set.changes = Arc::new(changes);
            }
            Err(reason) => {
                set.progress = Progress::Failed;
                set.reason = reason;
            }
        },
        Ok(plan) => {
            set.progress = Progress::Complete;
            if set.execution == Execution::Unavailable {
                set.execution = Execution::Available;
            }
            let mut changes = plan.changes;
            if set.takes_existing {
                let template = wanted.parsed().unwrap_or_default();
                set.imports = import::existing(tx, caller, &stack, &template, &mut changes);
            }
            set.changes = Arc::new(changes);
        }
        Err(error) => {
            set.progress = Progress::Failed;
            set.reason = error.message.clone();
        }
    }
    tx.put(set);
}
