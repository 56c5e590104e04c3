//! Looking at operations, and stopping them.

use super::errors;
use super::row::{Progress, SetOperation, StackSet, Status, Target};
use crate::errors::invalid_next_token;
use api::cloudformation as wire;
use kernel::{ApiError, Caller, Snapshot, Tx, paginate};
use smol_str::{SmolStr, format_smolstr};

/// What is on one page where nobody says how much.
pub(super) const PAGE: i64 = 100;

pub(super) fn page_size(given: Option<i64>) -> usize {
    usize::try_from(given.unwrap_or(PAGE).clamp(1, PAGE)).unwrap_or(1)
}

fn details(operation: &SetOperation) -> wire::StackSetOperationStatusDetails {
    wire::StackSetOperationStatusDetails {
        failed_stack_instances_count: i64::try_from(operation.failures()).ok(),
    }
}

pub(super) fn describe_stack_set_operation(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStackSetOperationInput,
) -> Result<wire::DescribeStackSetOperationOutput, ApiError> {
    let set = StackSet::find(snapshot, &input.stack_set_name)?;
    let operation = SetOperation::find(snapshot, &set, &input.operation_id)?;
    let drift = (operation.action == super::row::Action::DetectDrift).then_some(&set.drift);
    let shown = wire::StackSetOperation {
        operation_id: Some(operation.id.clone()),
        stack_set_id: Some(set.id.clone()),
        action: Some(SmolStr::new_static(operation.action.name())),
        status: Some(SmolStr::new_static(operation.status.name())),
        operation_preferences: operation.preferences.render(),
        retain_stacks: (operation.action == super::row::Action::Delete)
            .then_some(operation.retain),
        administration_role_arn: set.administration_role.clone(),
        execution_role_name: Some(set.execution_role.clone()),
        creation_timestamp: Some(operation.created_at),
        end_timestamp: operation.ended_at,
        stack_set_drift_detection_details: drift
            .and_then(Option::as_ref)
            .map(super::describe::drift_details),
        status_details: Some(details(&operation)),
        ..Default::default()
    };
    Ok(wire::DescribeStackSetOperationOutput { stack_set_operation: Some(shown) })
}

pub(super) fn list_stack_set_operations(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListStackSetOperationsInput,
) -> Result<wire::ListStackSetOperationsOutput, ApiError> {
    let set = StackSet::find(snapshot, &input.stack_set_name)?;
    let all = SetOperation::of(snapshot, &set.id);
    let page = paginate(
        "ListStackSetOperations",
        input.next_token.as_deref(),
        page_size(input.max_results),
        |after| {
            let before = after.parse::<usize>().unwrap_or(usize::MAX);
            all.iter().filter(move |operation| operation.number < before)
        },
        |operation| format_smolstr!("{}", operation.number),
    )
    .map_err(|_| invalid_next_token())?;
    let summary = |operation: &SetOperation| wire::StackSetOperationSummary {
        operation_id: Some(operation.id.clone()),
        action: Some(SmolStr::new_static(operation.action.name())),
        status: Some(SmolStr::new_static(operation.status.name())),
        creation_timestamp: Some(operation.created_at),
        end_timestamp: operation.ended_at,
        status_details: Some(details(operation)),
        operation_preferences: operation.preferences.render(),
        ..Default::default()
    };
    Ok(wire::ListStackSetOperationsOutput {
        summaries: Some(page.items.into_iter().map(|o| summary(o)).collect()),
        next_token: page.next,
    })
}

pub(super) fn list_stack_set_operation_results(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListStackSetOperationResultsInput,
) -> Result<wire::ListStackSetOperationResultsOutput, ApiError> {
    let set = StackSet::find(snapshot, &input.stack_set_name)?;
    let operation = SetOperation::find(snapshot, &set, &input.operation_id)?;
    let wanted = input.filters.unwrap_or_default().into_iter().next().and_then(|f| f.values);
    let fits = |target: &Target| wanted.as_deref().is_none_or(|w| w == target.progress.name());
    let page = paginate(
        "ListStackSetOperationResults",
        input.next_token.as_deref(),
        page_size(input.max_results),
        |after| {
            let from = after.parse::<usize>().map_or(0, |last| last + 1);
            let targets = operation.targets.iter().enumerate().skip(from);
            targets.filter(|(_, target)| fits(target))
        },
        |(number, _)| format_smolstr!("{number}"),
    )
    .map_err(|_| invalid_next_token())?;
    let result = |target: &Target| wire::StackSetOperationResultSummary {
        account: Some(target.account.clone()),
        region: Some(target.region.clone()),
        status: Some(SmolStr::new_static(target.progress.name())),
        status_reason: Some(target.reason.clone()).filter(|reason| !reason.is_empty()),
        account_gate_result: (target.progress != Progress::Pending).then(|| {
            wire::AccountGateResult {
                status: Some("SKIPPED".into()),
                status_reason: Some(format_smolstr!(
                    "Function not found: arn:aws:lambda:{}:{}:function:AWSCloudFormationStackSet\
                     AccountGate",
                    target.region,
                    target.account
                )),
            }
        }),
        ..Default::default()
    };
    Ok(wire::ListStackSetOperationResultsOutput {
        summaries: Some(page.items.into_iter().map(|(_, t)| result(t)).collect()),
        next_token: page.next,
    })
}

/// What has begun goes on to its end; nothing else begins.
pub(super) fn stop_stack_set_operation(
    tx: &mut Tx,
    _: &Caller,
    input: wire::StopStackSetOperationInput,
) -> Result<wire::StopStackSetOperationOutput, ApiError> {
    let set = StackSet::active(tx, &input.stack_set_name)?;
    let operation = SetOperation::find(tx, &set, &input.operation_id)?;
    if operation.status.is_over() {
        return Err(errors::invalid_operation(format!(
            "Operation {} is in {} state and cannot be stopped",
            operation.id,
            operation.status.name()
        )));
    }
    let key = SetOperation::key_of(&set.id, &operation.id);
    tx.update::<SetOperation>(&key, |operation| operation.status = Status::Stopping);
    tx.schedule(tx.now(), "cloudformation.stack-set", &key);
    Ok(wire::StopStackSetOperationOutput::default())
}
