//! Taking existing resources into a stack. Nothing is done to them, so all happens at one instant.
//! The events are those that AWS's guide shows for an import.

use super::settle;
use super::world::World;
use crate::change_sets;
use crate::errors;
use crate::events;
use crate::resources::StackResource;
use crate::signals::tell;
use crate::stacks::{Stack, Status};
use cfn_resources::{Live, Readiness};
use cfn_template::Evaluator;
use kernel::{ApiError, Caller, Tx, Wait};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// A resource that comes into a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Imported {
    pub(crate) logical_id: SmolStr,
    pub(crate) physical_id: SmolStr,
}

/// Begins an import; the stack has its new template already.
pub(crate) fn import(tx: &mut Tx, mut stack: Stack) {
    events::of_stack(tx, &mut stack, Status::ImportInProgress, "User Initiated");
    stack.drift = None;
    let at = tx.now().plus_millis(tx.pace().millis(Wait::StackStart));
    tx.schedule(at, "cloudformation.import", &stack.id);
    tx.put(stack);
}

/// The task: takes the resources in that the stack's change set names, all or none.
pub(crate) fn take_in(tx: &mut Tx, caller: &Caller, stack_id: &str) {
    let Some(row) = tx.get::<Stack>(stack_id).filter(|s| s.status == Status::ImportInProgress)
    else {
        return;
    };
    let mut stack = Stack::clone(&row);
    let imports = change_sets::imports_of(tx, &stack);
    let mut rows = Vec::new();
    let mut failed: Vec<SmolStr> = Vec::new();
    for import in &imports {
        let mut row = blank(tx, &stack, import);
        match evaluated(tx, caller, &stack, &mut row) {
            Ok(()) => {
                tell(tx, &mut stack, &row, Status::ImportInProgress, "Resource import started.");
                rows.push(row);
            }
            Err(reason) => {
                tell(tx, &mut stack, &row, Status::ImportFailed, &reason);
                failed.push(import.logical_id.clone());
            }
        }
    }
    if failed.is_empty() {
        for mut row in rows {
            const TAGS: &str = "Apply stack-level tags to imported resource if applicable.";
            tell(tx, &mut stack, &row, Status::ImportComplete, "Resource import completed.");
            tell(tx, &mut stack, &row, Status::UpdateInProgress, TAGS);
            tell(tx, &mut stack, &row, Status::UpdateComplete, "");
            row.status = Status::UpdateComplete;
            tx.put(row);
        }
        events::of_stack(tx, &mut stack, Status::ImportComplete, "");
    } else {
        let names = failed.join(", ");
        let why = format!("The following resource(s) failed to import: [{names}].");
        events::of_stack(tx, &mut stack, Status::ImportRollbackInProgress, &why);
        if let Some(former) = change_sets::before_import(tx, &stack) {
            former.apply(&mut stack);
        }
        events::of_stack(tx, &mut stack, Status::ImportRollbackComplete, "");
    }
    change_sets::executed(tx, &stack);
    tx.put(stack);
}

/// A resource of which only the ids are known.
fn blank(tx: &Tx, stack: &Stack, import: &Imported) -> StackResource {
    StackResource {
        stack_id: stack.id.clone(),
        logical_id: import.logical_id.clone(),
        physical_id: import.physical_id.clone(),
        resource_type: SmolStr::default(),
        status: Status::ImportInProgress,
        reason: SmolStr::default(),
        changed_at: tx.now(),
        properties: "{}".into(),
        metadata: "{}".into(),
        deletion_policy: "Delete".into(),
        replace_policy: "Delete".into(),
        after: Vec::new(),
        update_policy: SmolStr::default(),
    }
}

/// Fills in what the template says of it; the error is that it is not there, or not as it should.
fn evaluated(
    tx: &mut Tx,
    caller: &Caller,
    stack: &Stack,
    row: &mut StackResource,
) -> Result<(), String> {
    let text = |error: ApiError| error.message;
    let template = stack.parsed().map_err(text)?;
    let resource = template.resources.get(&row.logical_id).ok_or("It is not in the template")?;
    row.resource_type = resource.resource_type.as_str().into();
    row.deletion_policy = settle::policy(resource.deletion_policy);
    row.replace_policy = settle::policy(resource.update_replace_policy);
    let (parameters, pseudo) = (stack.parameters(), stack.pseudo(caller));
    let world = World::new(tx, caller, stack);
    let evaluator = Evaluator::new(&template, &parameters, &pseudo, &world)
        .map_err(errors::of_problem)
        .map_err(text)?;
    let wanted = settle::evaluate(&evaluator, &row.logical_id, &row.resource_type)?;
    row.properties = wanted.value.to_string().into();
    row.metadata = wanted.metadata;
    let properties = row.properties();
    let there = world.provide(&row.logical_id, &row.resource_type, |provider, cx| {
        match provider.live(cx, &row.physical_id, &properties)? {
            Live::Values(_) => Ok(true),
            Live::Gone => Ok(false),
            Live::Unsupported => provider
                .read(cx, &row.physical_id, &properties)
                .map(|reading| !matches!(reading, Readiness::Failed(_))),
        }
    });
    match there {
        Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(absent(row).to_string()),
        Some(Err(error)) if super::is_gone(&error) => Err(absent(row).to_string()),
        Some(Err(error)) => Err(text(error)),
        None => Err(format!("Unrecognized resource type {}", row.resource_type)),
    }
}

fn absent(row: &StackResource) -> SmolStr {
    format_smolstr!(
        "Resource of type '{}' with identifier '{}' was not found.",
        row.resource_type,
        row.physical_id
    )
}
