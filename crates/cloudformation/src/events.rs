//! Stack events.

mod notify;

use crate::errors;
use crate::secrets::Secrets;
use crate::stacks::{Stack, Status};
use api::cloudformation as wire;
use kernel::{
    ApiError, Caller, Row, Snapshot, Timestamp, Tx, paginate, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { cloudformation:
    operations { read DescribeStackEvents => describe_stack_events }
    tables { Event }
}

/// Events on one page.
const PAGE: usize = 100;

/// Something that happened to a stack or one of its resources.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    /// The UUID of the stack's ARN.
    stack: SmolStr,
    id: SmolStr,
    logical_id: SmolStr,
    physical_id: SmolStr,
    resource_type: SmolStr,
    at: Timestamp,
    status: Status,
    reason: SmolStr,
    /// JSON.
    properties: Option<Arc<str>>,
    token: Option<SmolStr>,
    operation_id: SmolStr,
}

impl Row for Event {
    const TABLE: &'static str = "cloudformation.events";

    /// The newest first; no two events of a stack have the same time.
    fn key(&self) -> SmolStr {
        format_smolstr!("{}/{:016x}", self.stack, i64::MAX - self.at.0)
    }
}

/// What happened to a resource.
pub(crate) struct Happening<'a> {
    pub(crate) logical_id: &'a str,
    pub(crate) physical_id: &'a str,
    pub(crate) resource_type: &'a str,
    pub(crate) status: Status,
    pub(crate) reason: &'a str,
    pub(crate) properties: Option<Arc<str>>,
}

/// Records what happened to a resource.
pub(crate) fn of_resource(tx: &mut Tx, stack: &mut Stack, what: Happening<'_>) {
    let at = next_instant(tx, stack);
    let id = format_smolstr!("{}-{}-{}", what.logical_id, what.status.name(), at.iso_millis());
    record(tx, stack, at, id, what);
}

/// Changes the stack's status and records that.
pub(crate) fn of_stack(tx: &mut Tx, stack: &mut Stack, status: Status, reason: &str) {
    stack.status = status;
    stack.reason = reason.to_owned();
    let at = next_instant(tx, stack);
    let id = tx.new_uuid();
    let (name, arn) = (stack.name.clone(), stack.id.clone());
    let what = Happening {
        logical_id: &name,
        physical_id: &arn,
        resource_type: "AWS::CloudFormation::Stack",
        status,
        reason,
        properties: None,
    };
    record(tx, stack, at, id, what);
}

/// Events of one stack follow each other by at least a millisecond.
fn next_instant(tx: &Tx, stack: &mut Stack) -> Timestamp {
    stack.last_event_at = tx.now().max(stack.last_event_at.plus_millis(1));
    stack.last_event_at
}

fn record(tx: &mut Tx, stack: &Stack, at: Timestamp, id: SmolStr, what: Happening<'_>) {
    let secrets = Secrets::of(tx, stack);
    let properties = what.properties.map(|text| secrets.masked_json(text));
    let what = Happening { properties, ..what };
    if !stack.notification_arns.is_empty() {
        notify::topics(tx, stack, at, &id, &what);
    }
    tx.put(Event {
        stack: stack.uuid().into(),
        id,
        logical_id: what.logical_id.into(),
        physical_id: what.physical_id.into(),
        resource_type: what.resource_type.into(),
        at,
        status: what.status,
        reason: what.reason.into(),
        properties: what.properties,
        token: stack.token.clone(),
        operation_id: stack.operation.1.clone(),
    });
}

fn describe_stack_events(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeStackEventsInput,
) -> Result<wire::DescribeStackEventsOutput, ApiError> {
    let stack = Stack::find(snapshot, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_brackets(&input.stack_name))?;
    let prefix = format!("{}/", stack.uuid());
    let page = paginate(
        "DescribeStackEvents",
        input.next_token.as_deref(),
        PAGE,
        |after| {
            let from = if after.is_empty() { prefix.as_str() } else { after };
            let own = prefix.clone();
            snapshot.rows_after::<Event>(from).take_while(move |e| e.key().starts_with(&own))
        },
        |event| event.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let render = |event: &&Arc<Event>| wire::StackEvent {
        stack_id: Some(stack.id.clone()),
        event_id: Some(event.id.clone()),
        stack_name: Some(stack.name.clone()),
        operation_id: Some(event.operation_id.clone()),
        logical_resource_id: Some(event.logical_id.clone()),
        physical_resource_id: Some(event.physical_id.clone()),
        resource_type: Some(event.resource_type.clone()),
        timestamp: Some(event.at),
        resource_status: Some(SmolStr::new_static(event.status.name())),
        resource_status_reason: (!event.reason.is_empty()).then(|| event.reason.clone()),
        resource_properties: event.properties.as_deref().map(SmolStr::new),
        client_request_token: event.token.clone(),
        ..Default::default()
    };
    Ok(wire::DescribeStackEventsOutput {
        stack_events: Some(page.items.iter().map(render).collect()),
        next_token: page.next,
    })
}
