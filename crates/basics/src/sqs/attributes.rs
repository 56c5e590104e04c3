//! Attributes of queues.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use super::messages::Message;
use super::queues::Queue;
use super::{errors, names};
use api::sqs::{GetQueueAttributesRequest, GetQueueAttributesResult, SetQueueAttributesRequest};
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr};
use std::collections::BTreeMap;

resource! { sqs:
    operations {
        read GetQueueAttributes => get_queue_attributes,
        write SetQueueAttributes => set_queue_attributes,
    }
}

/// Numeric attributes: name, least, most, default.
const NUMBERS: [(&str, i64, i64, &str); 6] = [
    ("DelaySeconds", 0, 900, "0"),
    ("KmsDataKeyReusePeriodSeconds", 60, 86_400, "300"),
    ("MaximumMessageSize", 1_024, 1_048_576, "1048576"),
    ("MessageRetentionPeriod", 60, 1_209_600, "345600"),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, "0"),
    ("VisibilityTimeout", 0, 43_200, "30"),
];

/// Others that can be set.
const OTHERS: [&str; 9] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsMasterKeyId",
    "Policy",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
];

/// Those that the service computes.
const COMPUTED: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// What an attribute is when nobody set it.
pub(super) fn default_of(name: &str) -> Option<&'static str> {
    match name {
        "SqsManagedSseEnabled" => Some("true"),
        "KmsDataKeyReusePeriodSeconds" => None,
        _ => NUMBERS.iter().find(|row| row.0 == name).map(|row| row.3),
    }
}

/// Checks an attribute that is to be set; an empty value of a policy takes it away.
pub(super) fn check(name: &str, value: &str, fifo: bool) -> Result<(), ApiError> {
    if let Some((_, least, most, _)) = NUMBERS.iter().find(|row| row.0 == name) {
        let number = value.parse::<i64>().ok().filter(|n| (*least..=*most).contains(n));
        return number.map(|_| ()).ok_or_else(|| errors::invalid_attribute(name));
    }
    if !OTHERS.contains(&name) {
        return Err(errors::unknown_attribute(name));
    }
    let only_fifo = ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];
    if !fifo && only_fifo.contains(&name) {
        return Err(errors::unknown_attribute(name));
    }
    let sound = match name {
        "FifoQueue" => value == "true",
        "ContentBasedDeduplication" | "SqsManagedSseEnabled" => matches!(value, "true" | "false"),
        "DeduplicationScope" => matches!(value, "messageGroup" | "queue"),
        "FifoThroughputLimit" => matches!(value, "perQueue" | "perMessageGroupId"),
        "RedrivePolicy" => value.is_empty() || redrive(value).is_some(),
        "Policy" | "RedriveAllowPolicy" => {
            value.is_empty() || serde_json::from_str::<Value>(value).is_ok_and(|v| v.is_object())
        }
        _ => true,
    };
    if sound { Ok(()) } else { Err(errors::invalid_attribute(name)) }
}

/// The target's ARN and the greatest number of receives, 1 to 1,000, which may be spelled as text.
pub(super) fn redrive(policy: &str) -> Option<(String, u64)> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let target = policy["deadLetterTargetArn"].as_str()?.to_owned();
    let count = &policy["maxReceiveCount"];
    let count = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
    (1..=1_000).contains(&count).then_some((target, count))
}

/// A dead-letter queue must be there, and of the same kind.
pub(super) fn check_target(
    snapshot: &Snapshot,
    caller: &Caller,
    given: &BTreeMap<SmolStr, SmolStr>,
    fifo: bool,
) -> Result<(), ApiError> {
    let Some(policy) = given.get("RedrivePolicy").filter(|policy| !policy.is_empty()) else {
        return Ok(());
    };
    let wrong = |why: &str| Err(errors::invalid_because(policy, "RedrivePolicy", why));
    let target = redrive(policy).map(|(target, _)| target).unwrap_or_default();
    let found = names::of_arn(caller, &target).and_then(|name| snapshot.get::<Queue>(name));
    match found {
        None => wrong("Dead letter target does not exist."),
        Some(queue) if queue.is_fifo() != fifo => {
            wrong("Dead-letter queue must be same type of queue as the source.")
        }
        Some(_) => Ok(()),
    }
}

fn get_queue_attributes(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetQueueAttributesRequest,
) -> Result<GetQueueAttributesResult, ApiError> {
    let queue = names::find(snapshot, caller, &input.queue_url)?;
    let names = input.attribute_names.unwrap_or_default();
    let known = |name: &str| {
        name == "All"
            || NUMBERS.iter().any(|row| row.0 == name)
            || OTHERS.contains(&name)
            || COMPUTED.contains(&name)
    };
    if let Some(name) = names.iter().find(|name| !known(name)) {
        return Err(errors::unknown_attribute(name));
    }
    let all = names.iter().any(|name| name == "All");
    let mut shown = described(snapshot, caller, &queue);
    shown.retain(|name, _| all || names.contains(name));
    let attributes: Vec<_> = shown.into_iter().collect();
    Ok(GetQueueAttributesResult { attributes: Some(attributes).filter(|list| !list.is_empty()) })
}

/// Everything about a queue.
fn described(snapshot: &Snapshot, caller: &Caller, queue: &Queue) -> BTreeMap<SmolStr, SmolStr> {
    let now = snapshot.now();
    let (mut visible, mut delayed, mut in_flight) = (0_usize, 0_usize, 0_usize);
    let retention = queue.number("MessageRetentionPeriod");
    for message in snapshot.rows_by::<Message>("queue", &queue.name) {
        if message.is_expired(now, retention) {
            continue;
        }
        *if message.visible_at <= now {
            &mut visible
        } else if message.received == 0 {
            &mut delayed
        } else {
            &mut in_flight
        } += 1;
    }
    let mut shown: BTreeMap<SmolStr, SmolStr> = BTreeMap::new();
    for (name, ..) in NUMBERS {
        if let Some(default) = default_of(name) {
            shown.insert(name.into(), default.into());
        }
    }
    shown.insert("SqsManagedSseEnabled".into(), "true".into());
    shown.insert("QueueArn".into(), caller.arn("sqs", &queue.name));
    let secs = |at: kernel::Timestamp| (at.0 / 1_000).to_smolstr();
    shown.insert("CreatedTimestamp".into(), secs(queue.created_at));
    shown.insert("LastModifiedTimestamp".into(), secs(queue.modified_at));
    shown.insert("ApproximateNumberOfMessages".into(), visible.to_smolstr());
    shown.insert("ApproximateNumberOfMessagesDelayed".into(), delayed.to_smolstr());
    shown.insert("ApproximateNumberOfMessagesNotVisible".into(), in_flight.to_smolstr());
    if queue.is_fifo() {
        let defaults = [
            ("ContentBasedDeduplication", "false"),
            ("DeduplicationScope", "queue"),
            ("FifoThroughputLimit", "perQueue"),
        ];
        shown.extend(defaults.map(|(name, value)| (name.into(), value.into())));
    }
    shown.extend(queue.attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
    shown
}

fn set_queue_attributes(
    tx: &mut Tx,
    caller: &Caller,
    input: SetQueueAttributesRequest,
) -> Result<(), ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    let given: BTreeMap<SmolStr, SmolStr> = input.attributes.into_iter().collect();
    if given.contains_key("FifoQueue") {
        return Err(errors::invalid_attribute("FifoQueue"));
    }
    given.iter().try_for_each(|(name, value)| check(name, value, queue.is_fifo()))?;
    check_target(tx, caller, &given, queue.is_fifo())?;
    let now = tx.now();
    tx.update::<Queue>(&queue.name, |queue| {
        queue.modified_at = now;
        for (name, value) in given {
            match value.is_empty() {
                true => queue.attributes.remove(&name),
                false => queue.attributes.insert(name, value),
            };
        }
    });
    super::messages::schedule_expiry(tx, &queue.name);
    Ok(())
}
