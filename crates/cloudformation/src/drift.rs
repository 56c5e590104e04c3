//! Drift: how resources differ from what their templates say.
//!
//! Only properties that the template sets are compared, as on AWS, and only of types that can
//! tell how they are.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html>

mod compare;

use crate::engine::World;
use crate::errors;
use crate::resources::{StackResource, of_stack};
use crate::stacks::Stack;
use api::cloudformation as wire;
use compare::{Difference, differences};
use cfn_resources::Live;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Timestamp, Tx, Wait, paginate, resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;
use std::sync::Arc;

resource! { cloudformation:
    operations {
        write DetectStackDrift => detect_stack_drift,
        write DetectStackResourceDrift => detect_stack_resource_drift,
        read DescribeStackDriftDetectionStatus => describe_detection,
        read DescribeStackResourceDrifts => describe_stack_resource_drifts,
    }
    tables { Detection, Drift }
    tasks { "cloudformation.drift" => look }
}

/// Drifts on one page.
const PAGE: usize = 100;

/// One detection of a stack's drift.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Detection {
    id: SmolStr,
    stack_id: SmolStr,
    at: Timestamp,
    /// Only these, if any are named.
    resources: Vec<SmolStr>,
    /// Once it is complete: how many resources have drifted.
    drifted: Option<usize>,
}

impl Row for Detection {
    const TABLE: &'static str = "cloudformation.drift-detections";

    fn key(&self) -> SmolStr {
        self.id.clone()
    }
}

/// How a resource was when it was last compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Drift {
    stack_id: SmolStr,
    logical_id: SmolStr,
    physical_id: SmolStr,
    resource_type: SmolStr,
    pub(crate) state: State,
    expected: String,
    actual: String,
    differences: Vec<Difference>,
    pub(crate) at: Timestamp,
}

/// How it compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    InSync,
    Modified,
    Deleted,
    NotChecked,
}

impl State {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InSync => "IN_SYNC",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
            Self::NotChecked => "NOT_CHECKED",
        }
    }

    const fn has_drifted(self) -> bool {
        matches!(self, Self::Modified | Self::Deleted)
    }
}

impl Row for Drift {
    const TABLE: &'static str = "cloudformation.drifts";
    const INDEXES: &'static [&'static str] = &["stack"];

    fn key(&self) -> SmolStr {
        StackResource::key_of(&self.stack_id, &self.logical_id)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("stack", self.stack_id.clone());
    }
}

impl Drift {
    /// What is known of a resource.
    pub(crate) fn of(snapshot: &Snapshot, stack_id: &str, logical_id: &str) -> Option<Arc<Self>> {
        snapshot.get::<Self>(&StackResource::key_of(stack_id, logical_id))
    }

    fn render(&self) -> wire::StackResourceDrift {
        let compared = self.state != State::NotChecked;
        let difference = |d: &Difference| wire::PropertyDifference {
            property_path: Some(d.path.as_str().into()),
            expected_value: Some(d.expected.as_str().into()),
            actual_value: Some(d.actual.as_str().into()),
            difference_type: Some(d.kind.clone()),
        };
        let present = compared && self.state != State::Deleted;
        wire::StackResourceDrift {
            stack_id: Some(self.stack_id.clone()),
            logical_resource_id: Some(self.logical_id.clone()),
            physical_resource_id: Some(self.physical_id.clone()),
            resource_type: Some(self.resource_type.clone()),
            expected_properties: compared.then(|| self.expected.as_str().into()),
            actual_properties: present.then(|| self.actual.as_str().into()),
            property_differences: present
                .then(|| self.differences.iter().map(difference).collect()),
            stack_resource_drift_status: Some(SmolStr::new_static(self.state.name())),
            timestamp: Some(self.at),
            ..Default::default()
        }
    }
}

/// What a stack or a resource forgets when it changes or goes.
pub(crate) fn forget(tx: &mut Tx, stack_id: &str, logical_id: &str) {
    tx.remove::<Drift>(&StackResource::key_of(stack_id, logical_id));
}

fn find(snapshot: &Snapshot, name: &str) -> Result<Arc<Stack>, ApiError> {
    let stack =
        Stack::find(snapshot, name).ok_or_else(|| errors::no_stack_in_brackets(name))?;
    match stack.status.in_motion() || stack.status.name().ends_with("REVIEW_IN_PROGRESS") {
        true => Err(errors::drift_not_now(&stack.name, stack.status.name())),
        false => Ok(stack),
    }
}

fn detect_stack_drift(
    tx: &mut Tx,
    _: &Caller,
    input: wire::DetectStackDriftInput,
) -> Result<wire::DetectStackDriftOutput, ApiError> {
    let stack = find(tx, &input.stack_name)?;
    let resources = input.logical_resource_ids.unwrap_or_default();
    for id in &resources {
        if !tx.contains::<StackResource>(&StackResource::key_of(&stack.id, id)) {
            return Err(errors::no_resource(id, &stack.name));
        }
    }
    let id = tx.new_uuid();
    let at = tx.now().plus_millis(tx.pace().millis(Wait::DriftDetection));
    tx.schedule(at, "cloudformation.drift", &id);
    tx.put(Detection {
        id: id.clone(),
        stack_id: stack.id.clone(),
        at: tx.now(),
        resources,
        drifted: None,
    });
    Ok(wire::DetectStackDriftOutput { stack_drift_detection_id: Some(id) })
}

/// The task: compares the resources of a stack.
fn look(tx: &mut Tx, caller: &Caller, id: &str) {
    let Some(detection) = tx.get::<Detection>(id) else { return };
    let Some(stack) = tx.get::<Stack>(&detection.stack_id) else { return };
    let rows: Vec<Arc<StackResource>> = of_stack(tx, &stack.id)
        .filter(|row| row.status.exists())
        .filter(|row| {
            detection.resources.is_empty() || detection.resources.contains(&row.logical_id)
        })
        .cloned()
        .collect();
    let mut drifted = 0;
    for row in rows {
        let drift = compared(tx, caller, &stack, &row);
        drifted += usize::from(drift.state.has_drifted());
        tx.put(drift);
    }
    let now = tx.now();
    tx.update::<Detection>(id, |detection| detection.drifted = Some(drifted));
    tx.update::<Stack>(&stack.id, |stack| stack.drift = Some((drifted > 0, now)));
}

/// Compares one resource.
fn compared(tx: &mut Tx, caller: &Caller, stack: &Stack, row: &StackResource) -> Drift {
    let expected = row.json();
    let properties = row.properties();
    let live = World::new(tx, caller, stack).provide(
        &row.logical_id,
        &row.resource_type,
        |provider, cx| provider.live(cx, &row.physical_id, &properties),
    );
    let now = tx.now();
    let mut drift = Drift {
        stack_id: stack.id.clone(),
        logical_id: row.logical_id.clone(),
        physical_id: row.physical_id.clone(),
        resource_type: row.resource_type.clone(),
        state: State::NotChecked,
        expected: expected.to_string(),
        actual: String::new(),
        differences: Vec::new(),
        at: now,
    };
    match live {
        Some(Ok(Live::Values(values))) => {
            let (actual, found) = differences(&expected, &values);
            drift.actual = actual.to_string();
            drift.state = if found.is_empty() { State::InSync } else { State::Modified };
            drift.differences = found;
        }
        Some(Ok(Live::Gone)) => drift.state = State::Deleted,
        Some(Err(error)) if crate::engine::is_gone(&error) => drift.state = State::Deleted,
        Some(Ok(Live::Unsupported) | Err(_)) | None => {}
    }
    drift
}

fn detect_stack_resource_drift(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::DetectStackResourceDriftInput,
) -> Result<wire::DetectStackResourceDriftOutput, ApiError> {
    let stack = find(tx, &input.stack_name)?;
    let key = StackResource::key_of(&stack.id, &input.logical_resource_id);
    let row = tx
        .get::<StackResource>(&key)
        .ok_or_else(|| errors::no_resource(&input.logical_resource_id, &stack.name))?;
    let drift = compared(tx, caller, &stack, &row);
    let rendered = drift.render();
    tx.put(drift);
    Ok(wire::DetectStackResourceDriftOutput { stack_resource_drift: Some(rendered) })
}

fn describe_detection(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStackDriftDetectionStatusInput,
) -> Result<wire::DescribeStackDriftDetectionStatusOutput, ApiError> {
    let id = &input.stack_drift_detection_id;
    let detection = snapshot.get::<Detection>(id).ok_or_else(|| errors::no_detection(id))?;
    let status = |drifted: usize| if drifted > 0 { "DRIFTED" } else { "IN_SYNC" };
    Ok(wire::DescribeStackDriftDetectionStatusOutput {
        stack_id: Some(detection.stack_id.clone()),
        stack_drift_detection_id: Some(detection.id.clone()),
        stack_drift_status: detection.drifted.map(|n| SmolStr::new_static(status(n))),
        detection_status: Some(SmolStr::new_static(match detection.drifted {
            Some(_) => "DETECTION_COMPLETE",
            None => "DETECTION_IN_PROGRESS",
        })),
        drifted_stack_resource_count: detection.drifted.map(|n| n as i64),
        timestamp: Some(detection.at),
        ..Default::default()
    })
}

fn describe_stack_resource_drifts(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStackResourceDriftsInput,
) -> Result<wire::DescribeStackResourceDriftsOutput, ApiError> {
    let stack = Stack::find(snapshot, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_brackets(&input.stack_name))?;
    let filters = input.stack_resource_drift_status_filters.unwrap_or_default();
    let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE);
    let page = paginate(
        "DescribeStackResourceDrifts",
        input.next_token.as_deref(),
        limit,
        |after| {
            let after = SmolStr::new(after);
            snapshot.rows_by::<Drift>("stack", &stack.id).filter(move |drift| {
                drift.key() > after
                    && (filters.is_empty() || filters.iter().any(|f| f == drift.state.name()))
            })
        },
        |drift| drift.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    Ok(wire::DescribeStackResourceDriftsOutput {
        stack_resource_drifts: Some(page.items.iter().map(|drift| drift.render()).collect()),
        next_token: page.next,
    })
}

/// A JSON value as AWS shows values of differences: text as it is, the rest as JSON.
pub(crate) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What `DriftInformation` says of a stack.
pub(crate) fn status(stack: &Stack) -> (&'static str, Option<Timestamp>) {
    match stack.drift {
        Some((true, at)) => ("DRIFTED", Some(at)),
        Some((false, at)) => ("IN_SYNC", Some(at)),
        None => ("NOT_CHECKED", None),
    }
}
