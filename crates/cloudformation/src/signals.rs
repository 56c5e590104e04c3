//! Signals: what tells a stack that a resource has come up.
//!
//! They come by SignalResource, or as a PUT to the URL of a wait condition's handle. A signal with
//! a UniqueId that was seen before counts for nothing. Facts: "SignalResource" and "WaitCondition
//! and WaitConditionHandle" of the measured behaviour.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-creationpolicy.html>

use crate::engine::{self, Operation};
use crate::errors;
use crate::events::{self, Happening};
use crate::resources::StackResource;
use crate::stacks::{Stack, Status};
use api::cloudformation::SignalResourceInput;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { cloudformation:
    operations { write SignalResource => signal_resource }
    tables { Signal }
    controls {
        internal "cloudformation.wait-signal" => wait_signal,
        internal "cloudformation.wait-data" => wait_data,
    }
}

const HANDLE: &str = "AWS::CloudFormation::WaitConditionHandle";

/// The most signals that are kept for one resource.
const MAX_SIGNALS: usize = 10_000;

/// The longest body that a handle takes, in bytes.
const MAX_BODY: usize = 4_096;

/// A signal that came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Signal {
    pub(crate) stack_id: SmolStr,
    /// The resource that waits, or the handle.
    pub(crate) logical_id: SmolStr,
    pub(crate) unique_id: SmolStr,
    pub(crate) success: bool,
    pub(crate) data: SmolStr,
    pub(crate) reason: SmolStr,
    pub(crate) at: Timestamp,
    /// Its place in the order of arrival.
    pub(crate) number: usize,
}

fn subject(stack_id: &str, logical_id: &str) -> SmolStr {
    format_smolstr!("{stack_id}/{logical_id}")
}

impl Row for Signal {
    const TABLE: &'static str = "cloudformation.signals";
    const INDEXES: &'static [&'static str] = &["resource"];

    fn key(&self) -> SmolStr {
        format_smolstr!("{}/{}/{}", self.stack_id, self.logical_id, self.unique_id)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("resource", subject(&self.stack_id, &self.logical_id));
    }
}

/// The signals of a resource in the order of their arrival.
pub(crate) fn of(snapshot: &Snapshot, stack_id: &str, logical_id: &str) -> Vec<Arc<Signal>> {
    let rows = snapshot.rows_by::<Signal>("resource", &subject(stack_id, logical_id));
    let mut signals: Vec<Arc<Signal>> = rows.cloned().collect();
    signals.sort_by_key(|signal| signal.number);
    signals
}

/// Forgets the signals of a resource.
pub(crate) fn clear(tx: &mut Tx, stack_id: &str, logical_id: &str) {
    for signal in of(tx, stack_id, logical_id) {
        tx.remove::<Signal>(&signal.key());
    }
}

/// Keeps a signal, unless one with its id is there; tells whether it is news.
pub(crate) fn keep(tx: &mut Tx, mut signal: Signal) -> bool {
    let known = of(tx, &signal.stack_id, &signal.logical_id);
    if tx.contains::<Signal>(&signal.key()) || known.len() >= MAX_SIGNALS {
        return false;
    }
    signal.number = known.len();
    tx.put(signal);
    true
}

fn signal_resource(
    tx: &mut Tx,
    _: &Caller,
    input: SignalResourceInput,
) -> Result<(), ApiError> {
    let stack = Stack::find(tx, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_quotes(&input.stack_name))?;
    let key = StackResource::key_of(&stack.id, &input.logical_resource_id);
    let Some(row) = tx.get::<StackResource>(&key) else {
        return Err(errors::no_resource(&input.logical_resource_id, &stack.name));
    };
    if !stack.status.in_motion() {
        return Err(errors::stack_not_signaled(&stack.id, stack.status.name()));
    }
    let operation = tx.get::<Operation>(&stack.id);
    if !operation.is_some_and(|o| engine::awaits_signals(&o, &row.logical_id)) {
        return Err(errors::not_signaled(&row.logical_id, row.status.name()));
    }
    let signal = Signal {
        stack_id: stack.id.clone(),
        logical_id: row.logical_id.clone(),
        unique_id: input.unique_id,
        success: input.status == "SUCCESS",
        data: SmolStr::default(),
        reason: SmolStr::default(),
        at: tx.now(),
        number: 0,
    };
    receive(tx, &stack, &row, signal);
    Ok(())
}

/// A signal for a resource that waits for one: kept, told as an event, and looked at.
pub(crate) fn receive(tx: &mut Tx, stack: &Stack, row: &StackResource, signal: Signal) {
    let word = if signal.success { "SUCCESS" } else { "FAILURE" };
    let reason = format!("Received {word} signal with UniqueId {}", signal.unique_id);
    if keep(tx, signal) {
        let mut stack = Stack::clone(stack);
        tell(tx, &mut stack, row, row.status, &reason);
        tx.schedule(tx.now(), "cloudformation.advance", &stack.id);
        tx.put(stack);
    }
}

/// An event of a resource that is on its way.
pub(crate) fn tell(
    tx: &mut Tx,
    stack: &mut Stack,
    row: &StackResource,
    status: Status,
    reason: &str,
) {
    let what = Happening {
        logical_id: &row.logical_id,
        physical_id: &row.physical_id,
        resource_type: &row.resource_type,
        status,
        reason,
        properties: Some(row.properties.clone()),
    };
    events::of_resource(tx, stack, what);
}

/// What is PUT to a handle. Keys are case-sensitive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    status: Word,
    unique_id: SmolStr,
    #[serde(default)]
    data: SmolStr,
    #[serde(default)]
    reason: SmolStr,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Word {
    Success,
    Failure,
}

/// `{"url": …, "body": text}`: a PUT to the URL of a handle.
fn wait_signal(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let url = request["url"].as_str().unwrap_or_default();
    let body = request["body"].as_str().unwrap_or_default();
    let found = tx
        .rows_by::<StackResource>("physical", url)
        .find(|row| row.resource_type == HANDLE && row.status.exists())
        .cloned();
    let Some(row) = found else {
        return Err(errors::validation("No wait condition handle has this URL.").with_status(403));
    };
    let message: Option<Message> = serde_json::from_str(body).ok().filter(|m: &Message| {
        body.len() <= MAX_BODY && !m.unique_id.is_empty()
    });
    // AWS's bucket takes whatever it is sent; the condition fails over what makes no sense.
    let message = message.unwrap_or_else(|| Message {
        status: Word::Failure,
        unique_id: SmolStr::default(),
        data: SmolStr::default(),
        reason: SmolStr::default(),
    });
    let kept = keep(
        tx,
        Signal {
            stack_id: row.stack_id.clone(),
            logical_id: row.logical_id.clone(),
            unique_id: message.unique_id,
            success: message.status == Word::Success,
            data: message.data,
            reason: message.reason,
            at: tx.now(),
            number: 0,
        },
    );
    if kept && tx.contains::<Operation>(&row.stack_id) {
        tx.schedule(tx.now(), "cloudformation.advance", &row.stack_id);
    }
    Ok(json!({}))
}

/// `{"stack": ARN, "handle": logical id}` → the data of its signals by UniqueId, in order of
/// arrival: a JSON text.
fn wait_data(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let signals = of(tx, text("stack"), text("handle"));
    let pairs: Vec<String> = signals
        .iter()
        .map(|s| format!("{}:{}", Value::from(s.unique_id.as_str()), Value::from(s.data.as_str())))
        .collect();
    Ok(Value::from(format!("{{{}}}", pairs.join(","))))
}
