//! DescribeChangeSet and ListChangeSets.

use super::render;
use super::row::{ChangeSet, of_stack};
use crate::errors;
use crate::stacks::{Stack, render_parameters};
use api::cloudformation as wire;
use kernel::{ApiError, Caller, Snapshot, paginate};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// Change sets, or changes, on one page.
const PAGE: usize = 100;

pub(super) fn describe_change_set(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeChangeSetInput,
) -> Result<wire::DescribeChangeSetOutput, ApiError> {
    let set = ChangeSet::find(snapshot, &input.change_set_name, input.stack_name.as_deref())?;
    let values = input.include_property_values == Some(true);
    let listed = |after: &str| {
        let from = after.parse::<usize>().map_or(0, |last| last + 1);
        set.changes.iter().enumerate().skip(from).filter(|(_, c)| !(values && c.doubtful))
    };
    let page = paginate(
        "DescribeChangeSet",
        input.next_token.as_deref(),
        PAGE,
        listed,
        |(number, _)| format_smolstr!("{number}"),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let revision = &set.revision;
    let tags: Vec<wire::Tag> = revision
        .tags
        .iter()
        .map(|(key, value)| wire::Tag { key: key.clone(), value: value.clone() })
        .collect();
    Ok(wire::DescribeChangeSetOutput {
        change_set_name: Some(set.name.clone()),
        change_set_id: Some(set.id.clone()),
        stack_id: Some(set.stack_id.clone()),
        stack_name: Some(set.stack_name.clone()),
        description: set.description.clone(),
        parameters: render_parameters(&revision.parameters),
        creation_time: Some(set.created_at),
        execution_status: Some(SmolStr::new_static(set.execution.name())),
        status: Some(SmolStr::new_static(set.progress.name())),
        status_reason: reason(&set, values),
        notification_arns: Some(revision.notification_arns.clone()),
        rollback_configuration: Some(revision.triggers.render()),
        capabilities: Some(revision.capabilities.clone()),
        tags: (!tags.is_empty()).then_some(tags),
        changes: Some(page.items.iter().map(|(_, c)| render::change(c, values)).collect()),
        next_token: page.next,
        include_nested_stacks: Some(false),
        on_stack_failure: set.on_stack_failure.clone(),
        ..Default::default()
    })
}

/// Why it failed; or, for a description with values, which values could not be told.
fn reason(set: &ChangeSet, values: bool) -> Option<SmolStr> {
    if !set.reason.is_empty() {
        return Some(set.reason.as_str().into());
    }
    let untold = set.changes.iter().find_map(|c| Some((&c.logical_id, c.problem.as_ref()?)));
    let (id, problem) = untold.filter(|_| values)?;
    Some(format_smolstr!(
        "[WARN] --include-property-values option can return incomplete ChangeSet data because: \
         ChangeSet creation failed for resource [{id}] because: {problem}"
    ))
}

pub(super) fn list_change_sets(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListChangeSetsInput,
) -> Result<wire::ListChangeSetsOutput, ApiError> {
    let stack = Stack::find(snapshot, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_brackets(&input.stack_name))?;
    let page = paginate(
        "ListChangeSets",
        input.next_token.as_deref(),
        PAGE,
        |after| {
            let after = SmolStr::new(after);
            of_stack(snapshot, &stack.id).filter(move |set| set.id > after)
        },
        |set| set.id.clone(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let summary = |set: &&Arc<ChangeSet>| wire::ChangeSetSummary {
        stack_id: Some(set.stack_id.clone()),
        stack_name: Some(set.stack_name.clone()),
        change_set_id: Some(set.id.clone()),
        change_set_name: Some(set.name.clone()),
        execution_status: Some(SmolStr::new_static(set.execution.name())),
        status: Some(SmolStr::new_static(set.progress.name())),
        status_reason: reason(set, false),
        creation_time: Some(set.created_at),
        description: set.description.clone(),
        include_nested_stacks: Some(false),
        ..Default::default()
    };
    Ok(wire::ListChangeSetsOutput {
        summaries: Some(page.items.iter().map(summary).collect()),
        next_token: page.next,
    })
}
