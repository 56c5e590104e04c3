//! DescribeStacks and ListStacks.

use super::row::{Stack, StackParameter, Status};
use crate::errors;
use api::cloudformation as wire;
use kernel::{ApiError, Caller, Snapshot, paginate};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// Stacks on one page.
const PAGE: usize = 100;

/// The place of a stack in lists: the newest first.
fn order(stack: &Stack) -> SmolStr {
    format_smolstr!("{:016x}/{}", i64::MAX - stack.created_at.0, stack.id)
}

fn page(
    snapshot: &Snapshot,
    call: &str,
    token: Option<&str>,
    wanted: impl Fn(&Stack) -> bool,
) -> Result<kernel::Page<Arc<Stack>>, ApiError> {
    let mut rows: Vec<Arc<Stack>> =
        snapshot.rows::<Stack>().filter(|stack| wanted(stack)).cloned().collect();
    rows.sort_by_cached_key(|stack| order(stack));
    let after = |after: &str| {
        let after = SmolStr::new(after);
        rows.into_iter().filter(move |stack| after.is_empty() || order(stack) > after)
    };
    paginate(call, token, PAGE, after, |stack| order(stack))
        .map_err(|_| errors::invalid_next_token())
}

pub(super) fn describe_stacks(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStacksInput,
) -> Result<wire::DescribeStacksOutput, ApiError> {
    if let Some(name) = input.stack_name.as_deref().filter(|name| !name.is_empty()) {
        let stack = Stack::with_id(snapshot, name)?;
        return Ok(wire::DescribeStacksOutput {
            stacks: Some(vec![render(&stack)]),
            next_token: None,
        });
    }
    let live = |stack: &Stack| stack.status != Status::DeleteComplete;
    let page = page(snapshot, "DescribeStacks", input.next_token.as_deref(), live)?;
    Ok(wire::DescribeStacksOutput {
        stacks: Some(page.items.iter().map(|stack| render(stack)).collect()),
        next_token: page.next,
    })
}

pub(super) fn list_stacks(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListStacksInput,
) -> Result<wire::ListStacksOutput, ApiError> {
    let filter = input.stack_status_filter.as_deref().unwrap_or_default();
    let wanted = |stack: &Stack| {
        filter.is_empty() || filter.iter().any(|status| status == stack.status.name())
    };
    let page = page(snapshot, "ListStacks", input.next_token.as_deref(), wanted)?;
    let summary = |stack: &Arc<Stack>| wire::StackSummary {
        stack_id: Some(stack.id.clone()),
        stack_name: Some(stack.name.clone()),
        template_description: stack.description.as_deref().map(SmolStr::new),
        creation_time: Some(stack.created_at),
        last_updated_time: stack.updated_at,
        deletion_time: stack.deleted_at,
        stack_status: Some(SmolStr::new_static(stack.status.name())),
        stack_status_reason: reason(stack),
        parent_id: stack.parent_id.clone(),
        root_id: stack.root_id.clone(),
        drift_information: Some(wire::StackDriftInformationSummary {
            stack_drift_status: Some(SmolStr::new_static("NOT_CHECKED")),
            last_check_timestamp: None,
        }),
        last_operations: operations(stack),
    };
    Ok(wire::ListStacksOutput {
        stack_summaries: Some(page.items.iter().map(summary).collect()),
        next_token: page.next,
    })
}

fn reason(stack: &Stack) -> Option<SmolStr> {
    (!stack.reason.is_empty()).then(|| stack.reason.as_str().into())
}

fn operations(stack: &Stack) -> Option<Vec<wire::OperationEntry>> {
    let (kind, id) = &stack.operation;
    Some(vec![wire::OperationEntry {
        operation_type: Some(kind.clone()),
        operation_id: Some(id.clone()),
    }])
}

/// Parameters as descriptions show them: `NoEcho` ones are masked.
pub(crate) fn parameters(parameters: &[StackParameter]) -> Option<Vec<wire::Parameter>> {
    let show = |p: &StackParameter| wire::Parameter {
        parameter_key: Some(p.key.as_str().into()),
        parameter_value: Some(if p.no_echo {
            SmolStr::new_static("****")
        } else {
            p.value.as_str().into()
        }),
        resolved_value: p.resolved.as_deref().map(SmolStr::new),
        use_previous_value: None,
    };
    (!parameters.is_empty()).then(|| parameters.iter().map(show).collect())
}

/// A stack as the wire has it; which members are there depends on its history.
fn render(stack: &Stack) -> wire::Stack {
    let deleted = stack.status == Status::DeleteComplete;
    let some = |list: &[SmolStr]| (!list.is_empty()).then(|| list.to_vec());
    let outputs = stack.outputs.iter().map(|output| wire::Output {
        output_key: Some(output.key.as_str().into()),
        output_value: Some(output.value.as_str().into()),
        description: output.description.as_deref().map(SmolStr::new),
        export_name: output.export_name.as_deref().map(SmolStr::new),
    });
    let tags = stack.tags.iter();
    wire::Stack {
        stack_id: Some(stack.id.clone()),
        stack_name: Some(stack.name.clone()),
        description: stack.description.as_deref().map(SmolStr::new),
        parameters: parameters(&stack.parameters),
        change_set_id: stack.change_set_id.clone().filter(|_| !deleted),
        creation_time: Some(stack.created_at),
        deletion_time: stack.deleted_at,
        last_updated_time: stack.updated_at,
        rollback_configuration: Some(stack.triggers.render()),
        stack_status: Some(SmolStr::new_static(stack.status.name())),
        stack_status_reason: reason(stack),
        disable_rollback: Some(stack.on_failure == "DO_NOTHING"),
        notification_arns: Some(stack.notification_arns.clone()),
        timeout_in_minutes: stack.timeout_minutes,
        capabilities: some(&stack.capabilities),
        outputs: (!stack.outputs.is_empty()).then(|| outputs.collect()),
        role_arn: stack.role_arn.clone(),
        tags: Some(
            tags.map(|(key, value)| wire::Tag { key: key.clone(), value: value.clone() })
                .collect(),
        ),
        enable_termination_protection: (!deleted).then_some(stack.termination_protection),
        drift_information: Some(wire::StackDriftInformation {
            stack_drift_status: Some(SmolStr::new_static("NOT_CHECKED")),
            last_check_timestamp: None,
        }),
        parent_id: stack.parent_id.clone(),
        root_id: stack.root_id.clone(),
        retain_except_on_create: stack.retain_except_on_create.then_some(true),
        last_operations: operations(stack),
        ..Default::default()
    }
}
