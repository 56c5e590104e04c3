//! Looking at stack sets and their instances.

use super::errors;
use super::operations::page_size;
use super::row::{DriftCount, Instance, SetOperation, StackSet};
use crate::errors::invalid_next_token;
use crate::stacks;
use api::cloudformation::{self as wire, ops};
use kernel::{ApiError, Caller, Snapshot, Timestamp, paginate};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the latest drift detection found.
pub(super) fn drift_details(drift: &DriftCount) -> wire::StackSetDriftDetectionDetails {
    wire::StackSetDriftDetectionDetails {
        drift_status: Some(drift_status(Some(drift))),
        drift_detection_status: Some(drift.status.clone()),
        last_drift_check_timestamp: Some(drift.at),
        total_stack_instances_count: Some(drift.total),
        drifted_stack_instances_count: Some(drift.drifted),
        in_sync_stack_instances_count: Some(drift.in_sync),
        in_progress_stack_instances_count: Some(drift.in_progress),
        failed_stack_instances_count: Some(drift.failed),
    }
}

fn drift_status(drift: Option<&DriftCount>) -> SmolStr {
    SmolStr::new_static(match drift {
        Some(drift) if drift.drifted > 0 => "DRIFTED",
        Some(drift) if drift.status == "COMPLETED" => "IN_SYNC",
        _ => "NOT_CHECKED",
    })
}

fn status(set: &StackSet) -> SmolStr {
    SmolStr::new_static(if set.deleted { "DELETED" } else { "ACTIVE" })
}

fn managed(set: &StackSet) -> Option<wire::ManagedExecution> {
    Some(wire::ManagedExecution { active: Some(set.managed_execution) })
}

pub(super) fn describe_stack_set(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStackSetInput,
) -> Result<wire::DescribeStackSetOutput, ApiError> {
    let set = StackSet::find(snapshot, &input.stack_set_name)?;
    let regions: BTreeSet<SmolStr> =
        Instance::of(snapshot, &set.id).map(|instance| instance.region.clone()).collect();
    let tag = |(key, value): &(SmolStr, SmolStr)| wire::Tag {
        key: key.clone(),
        value: value.clone(),
    };
    let shown = wire::StackSet {
        stack_set_name: Some(set.name.clone()),
        stack_set_id: Some(set.id.clone()),
        description: set.description.clone(),
        status: Some(status(&set)),
        template_body: Some(set.template.as_ref().into()),
        parameters: stacks::render_parameters(&set.parameters).or(Some(Vec::new())),
        capabilities: Some(set.capabilities.clone()),
        tags: Some(set.tags.iter().map(tag).collect()),
        stack_set_arn: Some(set.arn.clone()),
        administration_role_arn: set.administration_role.clone(),
        execution_role_name: Some(set.execution_role.clone()),
        stack_set_drift_detection_details: set.drift.as_ref().map(drift_details),
        permission_model: Some("SELF_MANAGED".into()),
        organizational_unit_ids: Some(Vec::new()),
        managed_execution: managed(&set),
        regions: Some(regions.into_iter().collect()),
        ..Default::default()
    };
    Ok(wire::DescribeStackSetOutput { stack_set: Some(shown) })
}

pub(super) fn list_stack_sets(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListStackSetsInput,
) -> Result<wire::ListStackSetsOutput, ApiError> {
    let wanted = input.status;
    let page = paginate(
        "ListStackSets",
        input.next_token.as_deref(),
        page_size(input.max_results),
        |after| {
            let wanted = wanted.clone();
            let fits = move |set: &&Arc<StackSet>| {
                wanted.as_ref().is_none_or(|wanted| *wanted == status(set))
            };
            snapshot.rows_after::<StackSet>(after).filter(fits)
        },
        |set| set.id.clone(),
    )
    .map_err(|_| invalid_next_token())?;
    let summary = |set: &Arc<StackSet>| wire::StackSetSummary {
        stack_set_name: Some(set.name.clone()),
        stack_set_id: Some(set.id.clone()),
        description: set.description.clone(),
        status: Some(status(set)),
        permission_model: Some("SELF_MANAGED".into()),
        drift_status: Some(drift_status(set.drift.as_ref())),
        last_drift_check_timestamp: set.drift.as_ref().map(|drift| drift.at),
        managed_execution: managed(set),
        ..Default::default()
    };
    Ok(wire::ListStackSetsOutput {
        summaries: Some(page.items.into_iter().map(summary).collect()),
        next_token: page.next,
    })
}

fn drift_of(instance: &Instance) -> (SmolStr, Option<Timestamp>) {
    match instance.drift {
        Some((true, at)) => (SmolStr::new_static("DRIFTED"), Some(at)),
        Some((false, at)) => (SmolStr::new_static("IN_SYNC"), Some(at)),
        None => (SmolStr::new_static("NOT_CHECKED"), None),
    }
}

fn comprehensive(instance: &Instance) -> Option<wire::StackInstanceComprehensiveStatus> {
    Some(wire::StackInstanceComprehensiveStatus {
        detailed_status: Some(SmolStr::new_static(instance.progress.name())),
    })
}

fn find(
    snapshot: &Snapshot,
    set: &str,
    account: &str,
    region: &str,
) -> Result<(Arc<StackSet>, Arc<Instance>), ApiError> {
    let set = StackSet::active(snapshot, set)?;
    let instance = snapshot
        .get::<Instance>(&Instance::key_of(&set.id, account, region))
        .ok_or_else(|| errors::no_instance(&set.name, account, region))?;
    Ok((set, instance))
}

pub(super) fn describe_stack_instance(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStackInstanceInput,
) -> Result<wire::DescribeStackInstanceOutput, ApiError> {
    let (account, region) = (&input.stack_instance_account, &input.stack_instance_region);
    let (_, instance) = find(snapshot, &input.stack_set_name, account, region)?;
    let parameter = |(key, value): &(SmolStr, SmolStr)| wire::Parameter {
        parameter_key: Some(key.clone()),
        parameter_value: Some(value.clone()),
        ..Default::default()
    };
    let (drift_status, checked_at) = drift_of(&instance);
    let shown = wire::StackInstance {
        stack_set_id: Some(instance.set_id.clone()),
        region: Some(instance.region.clone()),
        account: Some(instance.account.clone()),
        stack_id: instance.stack_id.clone(),
        parameter_overrides: Some(instance.overrides.iter().map(parameter).collect()),
        status: Some(SmolStr::new_static(instance.currency.name())),
        stack_instance_status: comprehensive(&instance),
        status_reason: Some(instance.reason.clone()).filter(|reason| !reason.is_empty()),
        drift_status: Some(drift_status),
        last_drift_check_timestamp: checked_at,
        last_operation_id: Some(instance.last_operation.clone()),
        ..Default::default()
    };
    Ok(wire::DescribeStackInstanceOutput { stack_instance: Some(shown) })
}

/// Whether an instance is among those that a listing asks for.
fn fits(input: &wire::ListStackInstancesInput, instance: &Instance) -> bool {
    let same = |wanted: &Option<SmolStr>, is: &SmolStr| wanted.as_ref().is_none_or(|w| w == is);
    let filters = input.filters.as_deref().unwrap_or_default();
    same(&input.stack_instance_account, &instance.account)
        && same(&input.stack_instance_region, &instance.region)
        && filters.iter().all(|filter| {
            let value = filter.values.as_deref().unwrap_or_default();
            match filter.name.as_deref() {
                Some("DETAILED_STATUS") => value == instance.progress.name(),
                Some("LAST_OPERATION_ID") => value == instance.last_operation,
                Some("DRIFT_STATUS") => value == drift_of(instance).0,
                _ => true,
            }
        })
}

pub(super) fn list_stack_instances(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListStackInstancesInput,
) -> Result<wire::ListStackInstancesOutput, ApiError> {
    let set = StackSet::active(snapshot, &input.stack_set_name)?;
    let page = paginate(
        "ListStackInstances",
        input.next_token.as_deref(),
        page_size(input.max_results),
        |after| {
            let after = SmolStr::new(after);
            Instance::of(snapshot, &set.id)
                .filter(move |instance| kernel::Row::key(&***instance) > after)
                .filter(|instance| fits(&input, instance))
        },
        |instance| kernel::Row::key(&***instance),
    )
    .map_err(|_| invalid_next_token())?;
    let summary = |instance: &Arc<Instance>| {
        let (drift_status, checked_at) = drift_of(instance);
        wire::StackInstanceSummary {
            stack_set_id: Some(instance.set_id.clone()),
            region: Some(instance.region.clone()),
            account: Some(instance.account.clone()),
            stack_id: instance.stack_id.clone(),
            status: Some(SmolStr::new_static(instance.currency.name())),
            status_reason: Some(instance.reason.clone()).filter(|reason| !reason.is_empty()),
            stack_instance_status: comprehensive(instance),
            drift_status: Some(drift_status),
            last_drift_check_timestamp: checked_at,
            last_operation_id: Some(instance.last_operation.clone()),
            ..Default::default()
        }
    };
    Ok(wire::ListStackInstancesOutput {
        summaries: Some(page.items.into_iter().map(summary).collect()),
        next_token: page.next,
    })
}

/// The drifts that a detection found in one instance, as its account sees them.
pub(super) fn list_stack_instance_resource_drifts(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListStackInstanceResourceDriftsInput,
) -> Result<wire::ListStackInstanceResourceDriftsOutput, ApiError> {
    let (account, region) = (&input.stack_instance_account, &input.stack_instance_region);
    let (set, instance) = find(snapshot, &input.stack_set_name, account, region)?;
    SetOperation::find(snapshot, &set, &input.operation_id)?;
    let Some(stack_id) = &instance.stack_id else {
        return Ok(wire::ListStackInstanceResourceDriftsOutput::default());
    };
    let place = Caller::new(account.clone(), region.clone()).via("cloudformation");
    let asked = wire::DescribeStackResourceDriftsInput {
        stack_name: stack_id.clone(),
        stack_resource_drift_status_filters: input.stack_instance_resource_drift_statuses,
        next_token: input.next_token,
        max_results: input.max_results,
    };
    let found = snapshot.ask::<ops::DescribeStackResourceDrifts>(&place, asked)?;
    let summary = |drift: wire::StackResourceDrift| wire::StackInstanceResourceDriftsSummary {
        stack_id: drift.stack_id,
        logical_resource_id: drift.logical_resource_id,
        physical_resource_id: drift.physical_resource_id,
        resource_type: drift.resource_type,
        property_differences: drift.property_differences,
        stack_resource_drift_status: drift.stack_resource_drift_status,
        timestamp: drift.timestamp,
        ..Default::default()
    };
    let drifts = found.stack_resource_drifts.unwrap_or_default();
    Ok(wire::ListStackInstanceResourceDriftsOutput {
        summaries: Some(drifts.into_iter().map(summary).collect()),
        next_token: found.next_token,
    })
}
