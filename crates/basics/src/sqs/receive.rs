//! ReceiveMessage.
//!
//! Messages come in the order of their arrival. A message that was received is hidden for the
//! visibility timeout; of a FIFO queue, so are all later ones of its group. One that was received
//! too often goes to the dead-letter queue instead.

use super::attribute_digest::digest;
use super::messages::{Attribute, AttributeValue, Message, key};
use super::queues::Queue;
use super::{errors, names};
use crate::digests::{base64, md5};
use api::sqs::{
    Message as Received, MessageAttributeValue, ReceiveMessageRequest, ReceiveMessageResult,
};
use kernel::{ApiError, Caller, Row, Tx, resource};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};
use std::collections::BTreeSet;
use std::sync::Arc;

resource! { sqs: operations { write ReceiveMessage => receive_message } }

/// Messages in flight at one time.
const MAX_IN_FLIGHT: usize = 120_000;
const MAX_IN_FLIGHT_FIFO: usize = 20_000;

/// What of a message the receiver wants to see.
struct View {
    system: Vec<SmolStr>,
    attributes: Vec<SmolStr>,
}

fn check(input: &ReceiveMessageRequest) -> Result<(), ApiError> {
    let within = |value: Option<i64>, least: i64, most: i64, name: &str, why: &str| match value {
        Some(n) if !(least..=most).contains(&n) => Err(errors::invalid_because(n, name, why)),
        _ => Ok(()),
    };
    let why = "Must be between 1 and 10, if provided.";
    within(input.max_number_of_messages, 1, 10, "MaxNumberOfMessages", why)?;
    let why = "Must be between 0 and 43200, if provided.";
    within(input.visibility_timeout, 0, 43_200, "VisibilityTimeout", why)?;
    let why = "Must be >= 0 and <= 20, if provided.";
    within(input.wait_time_seconds, 0, 20, "WaitTimeSeconds", why)
}

fn receive_message(
    tx: &mut Tx,
    caller: &Caller,
    input: ReceiveMessageRequest,
) -> Result<ReceiveMessageResult, ApiError> {
    check(&input)?;
    let queue = names::find(tx, caller, &input.queue_url)?;
    let mut system = input.attribute_names.unwrap_or_default();
    system.extend(input.message_system_attribute_names.unwrap_or_default());
    let attributes = input.message_attribute_names.unwrap_or_default();
    let view = View { system, attributes };
    let most = input.max_number_of_messages.unwrap_or(1) as usize;
    let timeout = input.visibility_timeout.unwrap_or_else(|| queue.number("VisibilityTimeout"));
    let chosen = choose(tx, caller, &queue, most)?;
    if chosen.is_empty() {
        let wait = input.wait_time_seconds;
        let wait = wait.unwrap_or_else(|| queue.number("ReceiveMessageWaitTimeSeconds"));
        if wait > 0 {
            let until = tx.now().plus_secs(wait);
            tx.may_be_held(until);
        }
        return Ok(ReceiveMessageResult { messages: None });
    }
    let now = tx.now();
    let mut messages = Vec::with_capacity(chosen.len());
    for row in chosen {
        let mut row = Message::clone(&row);
        row.received += 1;
        row.first_received_at = row.first_received_at.or(Some(now));
        row.visible_at = now.plus_secs(timeout);
        messages.push(show(tx, &row, &view));
        tx.put(row);
    }
    Ok(ReceiveMessageResult { messages: Some(messages) })
}

/// The next messages that may be received; those that were too often go elsewhere on the way.
fn choose(
    tx: &mut Tx,
    caller: &Caller,
    queue: &Queue,
    most: usize,
) -> Result<Vec<Arc<Message>>, ApiError> {
    let now = tx.now();
    let retention = queue.number("MessageRetentionPeriod");
    let redrive = queue.redrive();
    let (mut chosen, mut dead) = (Vec::new(), Vec::new());
    let mut blocked: BTreeSet<SmolStr> = BTreeSet::new();
    let mut in_flight = 0;
    for row in tx.rows_by::<Message>("queue", &queue.name) {
        if chosen.len() >= most {
            break;
        }
        if row.is_expired(now, retention) {
            continue;
        }
        let group = row.group.as_ref().filter(|_| queue.is_fifo());
        if row.visible_at > now {
            in_flight += usize::from(row.received > 0);
            blocked.extend(group.cloned());
            continue;
        }
        if group.is_some_and(|group| blocked.contains(group)) {
            continue;
        }
        match &redrive {
            Some((_, limit)) if row.received >= *limit => dead.push(row.clone()),
            _ => chosen.push(row.clone()),
        }
    }
    let limit = if queue.is_fifo() { MAX_IN_FLIGHT_FIFO } else { MAX_IN_FLIGHT };
    if in_flight >= limit {
        return Err(errors::over_limit());
    }
    if let Some((target, _)) = redrive {
        dead.into_iter().for_each(|row| bury(tx, caller, queue, &row, &target));
    }
    Ok(chosen)
}

/// Moves a message to the dead-letter queue; it stays while there is none.
fn bury(tx: &mut Tx, caller: &Caller, queue: &Queue, row: &Message, target: &str) {
    let target = names::of_arn(caller, target).and_then(|name| tx.get::<Queue>(name));
    let Some(target) = target else { return };
    tx.remove::<Message>(&row.key());
    let mut moved = Message::clone(row);
    moved.queue = target.name.clone();
    moved.number = target.taken;
    moved.visible_at = tx.now();
    moved.source = Some(caller.arn("sqs", &queue.name));
    // A standard queue's dead letters keep the time at which they were sent; FIFO's begin anew.
    if target.is_fifo() {
        moved.sent_at = tx.now();
    }
    let expires = moved.sent_at.plus_secs(target.number("MessageRetentionPeriod"));
    tx.schedule(expires.max(tx.now()), "sqs.retention", &target.name);
    tx.put(moved);
    tx.update::<Queue>(&target.name, |queue| queue.taken += 1);
}

/// A handle tells which message, and which of its receives.
fn receipt(tx: &mut Tx, row: &Message) -> SmolStr {
    let uuid = tx.new_uuid();
    let text = format!("{uuid} {} {} {}", row.number, row.received, row.queue);
    base64(text.as_bytes()).into()
}

/// The message's key and the number of the receive that a handle is of.
pub(super) fn of_receipt(queue: &Queue, handle: &str) -> Option<(SmolStr, u64)> {
    let text = crate::digests::from_base64(handle)?;
    let mut parts = text.splitn(4, ' ').skip(1);
    let number: u64 = parts.next()?.parse().ok()?;
    let receive: u64 = parts.next()?.parse().ok()?;
    (parts.next()? == queue.name).then(|| (key(&queue.name, number), receive))
}

fn show(tx: &mut Tx, row: &Message, view: &View) -> Received {
    let wanted = |name: &str| {
        view.system.iter().any(|wanted| wanted == name || wanted == "All")
    };
    let millis = |at: kernel::Timestamp| at.0.to_smolstr();
    let all = [
        ("SenderId", Some(row.sender.clone())),
        ("SentTimestamp", Some(millis(row.sent_at))),
        ("ApproximateReceiveCount", Some(row.received.to_smolstr())),
        ("ApproximateFirstReceiveTimestamp", row.first_received_at.map(millis)),
        ("SequenceNumber", row.sequence.clone()),
        ("MessageDeduplicationId", row.deduplication_id.clone()),
        ("MessageGroupId", row.group.clone()),
        ("AWSTraceHeader", row.trace.clone()),
        ("DeadLetterQueueSourceArn", row.source.clone()),
    ];
    let system: Vec<(SmolStr, SmolStr)> = all
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .filter_map(|(name, value)| Some((SmolStr::new_static(name), value?)))
        .collect();
    let attributes: Vec<Attribute> = row
        .attributes
        .iter()
        .filter(|attribute| is_wanted(&view.attributes, &attribute.name))
        .cloned()
        .collect();
    Received {
        message_id: Some(row.id.clone()),
        receipt_handle: Some(receipt(tx, row)),
        md5_of_body: Some(format_smolstr!("{}", md5(row.body.as_bytes()))),
        body: Some(row.body.clone()),
        attributes: Some(system).filter(|list| !list.is_empty()),
        md5_of_message_attributes: digest(&attributes),
        message_attributes: Some(attributes.into_iter().map(render).collect::<Vec<_>>())
            .filter(|list| !list.is_empty()),
    }
}

/// `All`, `.*`, `prefix.*`, or a name.
fn is_wanted(wanted: &[SmolStr], name: &str) -> bool {
    wanted.iter().any(|pattern| match pattern.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == "All" || pattern == name,
    })
}

fn render(attribute: Attribute) -> (SmolStr, MessageAttributeValue) {
    let (string_value, binary_value) = match attribute.value {
        AttributeValue::Text(text) => (Some(text), None),
        AttributeValue::Binary(bytes) => (None, Some(bytes.into())),
    };
    let value = MessageAttributeValue {
        data_type: attribute.kind,
        string_value,
        binary_value,
        ..Default::default()
    };
    (attribute.name, value)
}
