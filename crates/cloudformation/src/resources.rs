//! The resources of stacks.

use crate::drift::Drift;
use crate::errors;
use crate::stacks::{Stack, Status};
use api::cloudformation as wire;
use cfn_resources::Properties;
use kernel::{
    ApiError, Caller, IndexSink, Row, Snapshot, Timestamp, paginate, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { cloudformation:
    operations {
        read DescribeStackResource => describe_stack_resource,
        read DescribeStackResources => describe_stack_resources,
        read ListStackResources => list_stack_resources,
    }
    tables { StackResource }
}

/// Resources on one page.
const PAGE: usize = 100;

/// A resource of a stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StackResource {
    /// The stack's ARN.
    pub(crate) stack_id: SmolStr,
    pub(crate) logical_id: SmolStr,
    /// Empty until it is made.
    pub(crate) physical_id: SmolStr,
    pub(crate) resource_type: SmolStr,
    pub(crate) status: Status,
    pub(crate) reason: SmolStr,
    pub(crate) changed_at: Timestamp,
    /// The evaluated properties, as JSON text.
    pub(crate) properties: Arc<str>,
    /// The evaluated `Metadata`, as JSON text.
    pub(crate) metadata: SmolStr,
    /// `Delete`, `Retain`, `RetainExceptOnCreate`, `Snapshot`.
    pub(crate) deletion_policy: SmolStr,
    pub(crate) replace_policy: SmolStr,
    /// What it was made after.
    pub(crate) after: Vec<SmolStr>,
    /// The evaluated `UpdatePolicy`, as JSON text; empty if there is none.
    #[serde(default, skip_serializing_if = "SmolStr::is_empty")]
    pub(crate) update_policy: SmolStr,
}

impl StackResource {
    /// The row's key.
    pub(crate) fn key_of(stack_id: &str, logical_id: &str) -> SmolStr {
        format_smolstr!("{stack_id}/{logical_id}")
    }

    /// Its properties, to read.
    pub(crate) fn properties(&self) -> Properties {
        Properties::from(self.json())
    }

    /// Its properties as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.properties).unwrap_or_default()
    }
}

impl Row for StackResource {
    const TABLE: &'static str = "cloudformation.resources";
    const INDEXES: &'static [&'static str] = &["stack", "physical"];

    fn key(&self) -> SmolStr {
        Self::key_of(&self.stack_id, &self.logical_id)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("stack", self.stack_id.clone());
        if !self.physical_id.is_empty() {
            sink.put("physical", self.physical_id.clone());
        }
    }
}

/// The resources of a stack, in the order of their logical ids.
pub(crate) fn of_stack<'a>(
    snapshot: &'a Snapshot,
    stack_id: &str,
) -> impl Iterator<Item = &'a Arc<StackResource>> + use<'a> {
    snapshot.rows_by::<StackResource>("stack", stack_id)
}

fn some(text: &SmolStr) -> Option<SmolStr> {
    (!text.is_empty()).then(|| text.clone())
}

/// What is known of a resource's drift.
fn drift(snapshot: &Snapshot, row: &StackResource) -> (SmolStr, Option<Timestamp>) {
    match Drift::of(snapshot, &row.stack_id, &row.logical_id) {
        Some(drift) => (SmolStr::new_static(drift.state.name()), Some(drift.at)),
        None => (SmolStr::new_static("NOT_CHECKED"), None),
    }
}

fn drift_information(
    snapshot: &Snapshot,
    row: &StackResource,
) -> Option<wire::StackResourceDriftInformation> {
    let (status, at) = drift(snapshot, row);
    Some(wire::StackResourceDriftInformation {
        stack_resource_drift_status: Some(status),
        last_check_timestamp: at,
    })
}

fn describe_stack_resource(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStackResourceInput,
) -> Result<wire::DescribeStackResourceOutput, ApiError> {
    let stack = Stack::find(snapshot, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_quotes(&input.stack_name))?;
    let key = StackResource::key_of(&stack.id, &input.logical_resource_id);
    let row = snapshot.get::<StackResource>(&key).ok_or_else(|| {
        errors::no_resource(&input.logical_resource_id, &stack.name)
    })?;
    let detail = wire::StackResourceDetail {
        stack_name: Some(stack.name.clone()),
        stack_id: Some(stack.id.clone()),
        logical_resource_id: Some(row.logical_id.clone()),
        physical_resource_id: some(&row.physical_id),
        resource_type: Some(row.resource_type.clone()),
        last_updated_timestamp: Some(row.changed_at),
        resource_status: Some(SmolStr::new_static(row.status.name())),
        resource_status_reason: some(&row.reason),
        metadata: Some(row.metadata.clone()),
        drift_information: drift_information(snapshot, &row),
        ..Default::default()
    };
    Ok(wire::DescribeStackResourceOutput { stack_resource_detail: Some(detail) })
}

/// By stack, or by the physical id of one of its resources; at most a hundred.
fn describe_stack_resources(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStackResourcesInput,
) -> Result<wire::DescribeStackResourcesOutput, ApiError> {
    let stack = match (&input.stack_name, &input.physical_resource_id) {
        (Some(name), None) => Stack::with_id(snapshot, name)?,
        (None, Some(id)) => {
            let row = snapshot
                .rows_by::<StackResource>("physical", id)
                .find(|row| row.status.exists())
                .ok_or_else(|| errors::validation(format!("Stack for {id} does not exist")))?;
            Stack::with_id(snapshot, &row.stack_id)?
        }
        (Some(_), Some(_)) => {
            return Err(errors::validation(
                "Only one of StackName and PhysicalResourceId may be specified.",
            ));
        }
        (None, None) => {
            return Err(errors::validation(
                "Either StackName or PhysicalResourceId must be specified.",
            ));
        }
    };
    let logical = input.logical_resource_id.as_deref();
    let rows: Vec<wire::StackResource> = of_stack(snapshot, &stack.id)
        .filter(|row| logical.is_none_or(|id| row.logical_id == id))
        .take(PAGE)
        .map(|row| wire::StackResource {
            stack_name: Some(stack.name.clone()),
            stack_id: Some(stack.id.clone()),
            logical_resource_id: Some(row.logical_id.clone()),
            physical_resource_id: some(&row.physical_id),
            resource_type: Some(row.resource_type.clone()),
            timestamp: Some(row.changed_at),
            resource_status: Some(SmolStr::new_static(row.status.name())),
            resource_status_reason: some(&row.reason),
            drift_information: drift_information(snapshot, row),
            ..Default::default()
        })
        .collect();
    if let Some(id) = logical.filter(|_| rows.is_empty()) {
        return Err(errors::no_resource(id, &stack.name));
    }
    Ok(wire::DescribeStackResourcesOutput { stack_resources: Some(rows) })
}

fn list_stack_resources(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListStackResourcesInput,
) -> Result<wire::ListStackResourcesOutput, ApiError> {
    let stack = Stack::with_id(snapshot, &input.stack_name)?;
    let page = paginate(
        "ListStackResources",
        input.next_token.as_deref(),
        PAGE,
        |after| {
            let after = SmolStr::new(after);
            of_stack(snapshot, &stack.id).filter(move |row| row.key() > after)
        },
        |row| row.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let summary = |row: &&Arc<StackResource>| wire::StackResourceSummary {
        logical_resource_id: Some(row.logical_id.clone()),
        physical_resource_id: some(&row.physical_id),
        resource_type: Some(row.resource_type.clone()),
        last_updated_timestamp: Some(row.changed_at),
        resource_status: Some(SmolStr::new_static(row.status.name())),
        resource_status_reason: some(&row.reason),
        drift_information: Some(wire::StackResourceDriftInformationSummary {
            stack_resource_drift_status: Some(drift(snapshot, row).0),
            last_check_timestamp: drift(snapshot, row).1,
        }),
        ..Default::default()
    };
    Ok(wire::ListStackResourcesOutput {
        stack_resource_summaries: Some(page.items.iter().map(summary).collect()),
        next_token: page.next,
    })
}
