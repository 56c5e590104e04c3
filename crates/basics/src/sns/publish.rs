//! Publish and PublishBatch.

use super::deliver::deliver;
use super::message::{Draft, MAX_BYTES, Message};
use super::outbox::{self, Delivery, Standing};
use super::topics::Topic;
use super::errors;
use crate::digests::sha256;
use api::sns::{
    BatchResultErrorEntry, PublishBatchInput, PublishBatchResponse, PublishBatchResultEntry,
    PublishInput, PublishResponse,
};
use kernel::{ApiError, Caller, Row, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeSet;

resource! { sns:
    operations {
        write Publish => publish,
        write PublishBatch => publish_batch,
    }
    tables { Seen }
    housekeeping { "sns.seen-purge" => purge }
}

/// How long a FIFO topic remembers a deduplication id.
const MEMORY_SECS: i64 = 300;
/// Entries of a batch.
const MAX_ENTRIES: usize = 10;
/// The first sequence number of a FIFO topic.
const FIRST_SEQUENCE: u64 = 10_000_000_000_000_000_000;

/// A message that a FIFO topic has seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    key: SmolStr,
    at: Timestamp,
    message_id: SmolStr,
    sequence: SmolStr,
}

impl Row for Seen {
    const TABLE: &'static str = "sns.seen";

    fn key(&self) -> SmolStr {
        self.key.clone()
    }
}

fn publish(
    tx: &mut Tx,
    caller: &Caller,
    input: PublishInput,
) -> Result<PublishResponse, ApiError> {
    let targets = (&input.topic_arn, &input.target_arn, &input.phone_number);
    let arn = match targets {
        (Some(arn), None, None) | (None, Some(arn), None) => arn.clone(),
        (None, None, Some(number)) => return text(tx, caller, number.clone(), input.into()),
        (None, None, None) => {
            let why = "no value for required parameter";
            return Err(errors::invalid_because("TopicArn or TargetArn", why));
        }
        _ => {
            let why = "more than one of TopicArn, TargetArn and PhoneNumber is given";
            return Err(errors::invalid_because("TopicArn", why));
        }
    };
    if arn.split(':').nth(5).is_some_and(|rest| rest.starts_with("endpoint/")) {
        return Err(ApiError::not_implemented("Publish to a platform endpoint"));
    }
    let (message_id, sequence) = to_topic(tx, caller, &arn, input.into())?;
    Ok(PublishResponse { message_id: Some(message_id), sequence_number: sequence })
}

/// A text to a telephone number, which needs no topic.
fn text(
    tx: &mut Tx,
    caller: &Caller,
    number: SmolStr,
    draft: Draft,
) -> Result<PublishResponse, ApiError> {
    let digits = number.strip_prefix('+').unwrap_or_default();
    if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let why = format!("{number} is not valid to publish to");
        return Err(errors::invalid_because("PhoneNumber", why));
    }
    let id = tx.new_uuid();
    let message = draft.check(id.clone(), SmolStr::default(), tx.now())?;
    let delivery = Delivery {
        kind: SmolStr::new_static("Notification"),
        message_id: id.clone(),
        protocol: SmolStr::new_static("sms"),
        endpoint: number,
        body: message.text("sms").into(),
        raw: true,
        standing: Standing::Kept,
        ..Delivery::default()
    };
    outbox::put(tx, caller, delivery);
    Ok(PublishResponse { message_id: Some(id), sequence_number: None })
}

/// Publishes one message: its id, and of FIFO topics its number.
fn to_topic(
    tx: &mut Tx,
    caller: &Caller,
    arn: &str,
    draft: Draft,
) -> Result<(SmolStr, Option<SmolStr>), ApiError> {
    let topic = Topic::find(tx, caller, arn)?;
    let id = tx.new_uuid();
    let mut message = draft.check(id.clone(), topic.arn.clone(), tx.now())?;
    if !topic.is_fifo() {
        if message.draft.deduplication_id.is_some() {
            return Err(errors::invalid_because(
                "MessageDeduplicationId",
                "The request includes MessageDeduplicationId parameter that is not valid for this \
                 topic type",
            ));
        }
        deliver(tx, caller, &message)?;
        return Ok((id, None));
    }
    let key = fifo_key(&topic, &message)?;
    if let Some(first) = tx.get::<Seen>(&key)
        && tx.now() < first.at.plus_secs(MEMORY_SECS)
    {
        return Ok((first.message_id.clone(), Some(first.sequence.clone())));
    }
    let number = format_smolstr!("{}", FIRST_SEQUENCE + topic.published);
    tx.update::<Topic>(&topic.arn, |topic| topic.published += 1);
    let seen = Seen {
        key: key.clone(),
        at: tx.now(),
        message_id: id.clone(),
        sequence: number.clone(),
    };
    tx.schedule(tx.now().plus_secs(MEMORY_SECS), "sns.seen-purge", &key);
    tx.put(seen);
    message.sequence = Some(number.clone());
    deliver(tx, caller, &message)?;
    Ok((id, Some(number)))
}

/// What makes a message of a FIFO topic the same as another.
fn fifo_key(topic: &Topic, message: &Message) -> Result<SmolStr, ApiError> {
    let draft = &message.draft;
    if draft.group_id.as_ref().is_none_or(|group| group.is_empty()) {
        return Err(errors::invalid(
            "The MessageGroupId parameter is required for FIFO topics",
        ));
    }
    let by_content =
        topic.attributes.get("ContentBasedDeduplication").is_some_and(|value| value == "true");
    let id = match &draft.deduplication_id {
        Some(id) => id.clone(),
        None if by_content => sha256(&draft.message).into(),
        None => {
            return Err(errors::invalid(
                "The topic should either have ContentBasedDeduplication enabled or \
                 MessageDeduplicationId provided explicitly",
            ));
        }
    };
    let per_group =
        topic.attributes.get("FifoThroughputScope").is_some_and(|scope| scope == "MessageGroup");
    let group = draft.group_id.as_deref().filter(|_| per_group).unwrap_or_default();
    Ok(format_smolstr!("{} {group} {id}", topic.arn))
}

/// The housekeeping task: a deduplication id is forgotten.
fn purge(tx: &mut Tx, _: &Caller, key: &str) {
    let now = tx.now();
    match tx.get::<Seen>(key).map(|row| row.at.plus_secs(MEMORY_SECS)) {
        Some(ends) if ends > now => tx.schedule(ends, "sns.seen-purge", key),
        Some(_) => {
            tx.remove::<Seen>(key);
        }
        None => {}
    }
}

/// Publishes up to ten messages, each for itself.
fn publish_batch(
    tx: &mut Tx,
    caller: &Caller,
    input: PublishBatchInput,
) -> Result<PublishBatchResponse, ApiError> {
    let entries = input.publish_batch_request_entries;
    Topic::find(tx, caller, &input.topic_arn)?;
    if entries.is_empty() {
        return Err(errors::empty_batch());
    }
    if entries.len() > MAX_ENTRIES {
        return Err(errors::too_many_entries(entries.len()));
    }
    let mut ids = BTreeSet::new();
    for entry in &entries {
        let usual = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if entry.id.is_empty() || entry.id.len() > 80 || !entry.id.bytes().all(usual) {
            return Err(errors::invalid_entry_id());
        }
        if !ids.insert(entry.id.clone()) {
            return Err(errors::entry_ids_not_distinct());
        }
    }
    let drafts: Vec<(SmolStr, Draft)> =
        entries.into_iter().map(|entry| (entry.id.clone(), entry.into())).collect();
    if drafts.iter().map(|(_, draft)| draft.bytes()).sum::<usize>() > MAX_BYTES {
        return Err(errors::batch_too_long());
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, draft) in drafts {
        match to_topic(tx, caller, &input.topic_arn, draft) {
            Ok((message_id, sequence_number)) => successful.push(PublishBatchResultEntry {
                id: Some(id),
                message_id: Some(message_id),
                sequence_number,
            }),
            Err(error) => failed.push(BatchResultErrorEntry {
                id: Some(id),
                code: Some(error.code),
                message: Some(error.message.into()),
                sender_fault: Some(error.status < 500),
            }),
        }
    }
    Ok(PublishBatchResponse { successful: Some(successful), failed: Some(failed) })
}
