//! SendMessage and SendMessageBatch.

use super::attribute_digest::digest;
use super::messages::{Attribute, AttributeValue, MEMORY_SECS, Message, Seen};
use super::queues::Queue;
use super::{batch, errors, names};
use crate::digests::{md5, sha256};
use api::sqs::{
    MessageAttributeValue, MessageSystemAttributeValue, SendMessageBatchRequest,
    SendMessageBatchRequestEntry, SendMessageBatchResult, SendMessageBatchResultEntry,
    SendMessageRequest, SendMessageResult,
};
use kernel::{ApiError, Caller, Tx, resource};
use smol_str::{SmolStr, format_smolstr};

resource! { sqs:
    operations {
        write SendMessage => send_message,
        write SendMessageBatch => send_message_batch,
    }
}

const MAX_ATTRIBUTES: usize = 10;
/// The first sequence number of a FIFO queue; AWS's have twenty digits too.
const FIRST_SEQUENCE: u64 = 18_000_000_000_000_000_000;

/// What a sender gives.
struct Draft {
    body: SmolStr,
    delay: Option<i64>,
    attributes: Vec<Attribute>,
    trace: Option<SmolStr>,
    system: Vec<Attribute>,
    deduplication_id: Option<SmolStr>,
    group: Option<SmolStr>,
}

fn send_message(
    tx: &mut Tx,
    caller: &Caller,
    input: SendMessageRequest,
) -> Result<SendMessageResult, ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    let entry = SendMessageBatchRequestEntry {
        id: SmolStr::default(),
        message_body: input.message_body,
        delay_seconds: input.delay_seconds,
        message_attributes: input.message_attributes,
        message_system_attributes: input.message_system_attributes,
        message_deduplication_id: input.message_deduplication_id,
        message_group_id: input.message_group_id,
    };
    let draft = draft(&queue, entry)?;
    let sent = accept(tx, caller, &queue.name, draft)?;
    Ok(SendMessageResult {
        md5_of_message_body: sent.md5_of_message_body,
        md5_of_message_attributes: sent.md5_of_message_attributes,
        md5_of_message_system_attributes: sent.md5_of_message_system_attributes,
        message_id: sent.message_id,
        sequence_number: sent.sequence_number,
    })
}

fn send_message_batch(
    tx: &mut Tx,
    caller: &Caller,
    input: SendMessageBatchRequest,
) -> Result<SendMessageBatchResult, ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    batch::check("SendMessageBatchRequestEntry", input.entries.iter().map(|entry| &entry.id))?;
    let limit = queue.number("MaximumMessageSize") as usize;
    let bytes: usize = input.entries.iter().map(|entry| entry.message_body.len()).sum();
    if bytes > limit {
        return Err(errors::batch_too_long(limit, bytes));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in input.entries {
        let id = entry.id.clone();
        match draft(&queue, entry).and_then(|draft| accept(tx, caller, &queue.name, draft)) {
            Ok(sent) => successful.push(SendMessageBatchResultEntry { id: Some(id), ..sent }),
            Err(error) => failed.push(batch::failed(id, error)),
        }
    }
    let failed = Some(failed).filter(|list| !list.is_empty());
    Ok(SendMessageBatchResult { successful: Some(successful), failed })
}

/// Checks what is to be sent.
fn draft(queue: &Queue, entry: SendMessageBatchRequestEntry) -> Result<Draft, ApiError> {
    if entry.message_body.is_empty() {
        return Err(errors::missing("MessageBody"));
    }
    let odd = |c: &char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r') && u32::from(*c) < 0x20)
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if let Some(found) = entry.message_body.chars().find(odd) {
        return Err(errors::invalid_character(found));
    }
    let attributes = attributes(entry.message_attributes.unwrap_or_default())?;
    let size: usize = attributes.iter().map(bytes_of).sum::<usize>() + entry.message_body.len();
    let limit = queue.number("MaximumMessageSize");
    if size as i64 > limit {
        return Err(errors::invalid(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
        )));
    }
    if let Some(delay) = entry.delay_seconds {
        if !(0..=900).contains(&delay) {
            let why = "DelaySeconds must be >= 0 and <= 900.";
            return Err(errors::invalid_because(delay, "DelaySeconds", why));
        }
        if queue.is_fifo() && delay > 0 {
            let why = "The request include parameter that is not valid for this queue type.";
            return Err(errors::invalid_because(delay, "DelaySeconds", why));
        }
    }
    let system = system_attributes(entry.message_system_attributes.unwrap_or_default())?;
    let trace = system.first().and_then(|attribute| match &attribute.value {
        AttributeValue::Text(text) => Some(text.clone()),
        AttributeValue::Binary(_) => None,
    });
    let mut draft = Draft {
        body: entry.message_body,
        delay: entry.delay_seconds,
        attributes,
        trace,
        system,
        deduplication_id: entry.message_deduplication_id,
        group: entry.message_group_id,
    };
    ordering(queue, &mut draft)?;
    Ok(draft)
}

/// Groups and deduplication ids: FIFO queues need them.
fn ordering(queue: &Queue, draft: &mut Draft) -> Result<(), ApiError> {
    let usual = |text: &SmolStr| {
        (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    for (name, given) in
        [("MessageGroupId", &draft.group), ("MessageDeduplicationId", &draft.deduplication_id)]
    {
        if let Some(text) = given.as_ref().filter(|text| !usual(text)) {
            let why = format!(
                "{name} can only include alphanumeric and punctuation characters. 1 to 128 in \
                 length."
            );
            return Err(errors::invalid_because(text, name, &why));
        }
    }
    if !queue.is_fifo() {
        return match &draft.deduplication_id {
            Some(id) => Err(errors::invalid_because(
                id,
                "MessageDeduplicationId",
                "The request includes a parameter that is not valid for this queue type.",
            )),
            None => Ok(()),
        };
    }
    if draft.group.is_none() {
        return Err(errors::missing("MessageGroupId"));
    }
    if draft.deduplication_id.is_none() {
        if !queue.is_on("ContentBasedDeduplication") {
            return Err(errors::invalid(
                "The queue should either have ContentBasedDeduplication enabled or \
                 MessageDeduplicationId provided explicitly",
            ));
        }
        draft.deduplication_id = Some(sha256(&draft.body).into());
    }
    Ok(())
}

fn bytes_of(attribute: &Attribute) -> usize {
    let value = match &attribute.value {
        AttributeValue::Text(text) => text.len(),
        AttributeValue::Binary(bytes) => bytes.len(),
    };
    attribute.name.len() + attribute.kind.len() + value
}

fn attributes(
    given: Vec<(SmolStr, MessageAttributeValue)>,
) -> Result<Vec<Attribute>, ApiError> {
    if given.len() > MAX_ATTRIBUTES {
        return Err(errors::invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MAX_ATTRIBUTES}].",
            given.len()
        )));
    }
    let each = |(name, value): (SmolStr, MessageAttributeValue)| {
        let usual = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > 256 || !name.bytes().all(usual) {
            return Err(errors::invalid(format!("The message attribute name '{name}' is invalid.")));
        }
        let binary = value.binary_value.map(|bytes| bytes.to_vec());
        attribute(name, value.data_type, value.string_value, binary)
    };
    given.into_iter().map(each).collect()
}

fn attribute(
    name: SmolStr,
    kind: SmolStr,
    text: Option<SmolStr>,
    binary: Option<Vec<u8>>,
) -> Result<Attribute, ApiError> {
    let value = match kind.split('.').next().unwrap_or_default() {
        "String" | "Number" => text.filter(|text| !text.is_empty()).map(AttributeValue::Text),
        "Binary" => binary.filter(|bytes| !bytes.is_empty()).map(AttributeValue::Binary),
        _ => {
            return Err(errors::invalid(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of \
                 supported type prefixes is Binary, Number, and String."
            )));
        }
    };
    match value {
        Some(value) => Ok(Attribute { name, kind, value }),
        None => Err(errors::invalid(format!(
            "The message attribute '{name}' must contain a non-empty value of its type '{kind}'."
        ))),
    }
}

/// There is one: the header of X-Ray.
fn system_attributes(
    given: Vec<(SmolStr, MessageSystemAttributeValue)>,
) -> Result<Vec<Attribute>, ApiError> {
    let each = |(name, value): (SmolStr, MessageSystemAttributeValue)| {
        if name != "AWSTraceHeader" {
            return Err(errors::invalid(format!(
                "Message system attribute name '{name}' is invalid."
            )));
        }
        let binary = value.binary_value.map(|bytes| bytes.to_vec());
        attribute(name, value.data_type, value.string_value, binary)
    };
    given.into_iter().map(each).collect()
}

/// Puts the message into the queue, unless a FIFO queue has seen it already.
fn accept(
    tx: &mut Tx,
    caller: &Caller,
    name: &str,
    draft: Draft,
) -> Result<SendMessageBatchResultEntry, ApiError> {
    let queue = tx.get::<Queue>(name).ok_or_else(errors::no_such_queue)?;
    let mut answer = SendMessageBatchResultEntry {
        id: None,
        message_id: None,
        md5_of_message_body: Some(md5(draft.body.as_bytes()).into()),
        md5_of_message_attributes: digest(&draft.attributes),
        md5_of_message_system_attributes: digest(&draft.system),
        sequence_number: None,
    };
    let now = tx.now();
    let seen_key = draft.deduplication_id.as_ref().filter(|_| queue.is_fifo()).map(|id| {
        let by_group = queue.attributes.get("DeduplicationScope");
        let by_group = by_group.is_some_and(|scope| scope == "messageGroup");
        let group = draft.group.as_deref().filter(|_| by_group).unwrap_or_default();
        format_smolstr!("{name} {group} {id}")
    });
    let seen = seen_key.as_ref().and_then(|key| tx.get::<Seen>(key));
    if let Some(first) = seen.filter(|row| now < row.at.plus_secs(MEMORY_SECS)) {
        answer.message_id = Some(first.message_id.clone());
        answer.sequence_number = Some(first.sequence.clone());
        return Ok(answer);
    }
    let id = tx.new_uuid();
    let sequence = queue
        .is_fifo()
        .then(|| format_smolstr!("{:020}", FIRST_SEQUENCE + queue.taken * 256));
    if let (Some(key), Some(sequence)) = (seen_key, &sequence) {
        tx.schedule(now.plus_secs(MEMORY_SECS), "sqs.seen", &key);
        tx.put(Seen { key, at: now, message_id: id.clone(), sequence: sequence.clone() });
    }
    let delay = draft.delay.unwrap_or_else(|| queue.number("DelaySeconds"));
    tx.put(Message {
        queue: queue.name.clone(),
        number: queue.taken,
        id: id.clone(),
        body: draft.body,
        attributes: draft.attributes,
        trace: draft.trace,
        sender: caller.account.clone(),
        sent_at: now,
        visible_at: now.plus_secs(delay),
        received: 0,
        first_received_at: None,
        group: draft.group,
        deduplication_id: draft.deduplication_id,
        sequence: sequence.clone(),
        source: None,
    });
    tx.update::<Queue>(name, |queue| queue.taken += 1);
    let expires = now.plus_secs(queue.number("MessageRetentionPeriod"));
    tx.schedule(expires, "sqs.retention", name);
    answer.message_id = Some(id);
    answer.sequence_number = sequence;
    Ok(answer)
}
