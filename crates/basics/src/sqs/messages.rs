//! Messages in their queues.

use super::queues::Queue;
use kernel::{Caller, IndexSink, Row, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

resource! { sqs:
    tables { Message, Seen }
    housekeeping {
        "sqs.retention" => expire,
        "sqs.seen" => forget,
    }
}

/// How long a FIFO queue remembers a deduplication id.
pub(super) const MEMORY_SECS: i64 = 300;

/// A message attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Attribute {
    pub(super) name: SmolStr,
    pub(super) kind: SmolStr,
    pub(super) value: AttributeValue,
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AttributeValue {
    Text(SmolStr),
    Binary(Vec<u8>),
}

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) queue: SmolStr,
    /// Its place in the queue.
    pub(super) number: u64,
    pub(super) id: SmolStr,
    pub(super) body: SmolStr,
    pub(super) attributes: Vec<Attribute>,
    /// `AWSTraceHeader`
    pub(super) trace: Option<SmolStr>,
    pub(super) sender: SmolStr,
    pub(super) sent_at: Timestamp,
    pub(super) visible_at: Timestamp,
    /// How often it was received, and when first.
    pub(super) received: u64,
    pub(super) first_received_at: Option<Timestamp>,
    pub(super) group: Option<SmolStr>,
    pub(super) deduplication_id: Option<SmolStr>,
    /// Of FIFO queues.
    pub(super) sequence: Option<SmolStr>,
    /// The queue that it was too often received from: its ARN.
    pub(super) source: Option<SmolStr>,
}

impl Row for Message {
    const TABLE: &'static str = "sqs.messages";
    const INDEXES: &'static [&'static str] = &["queue"];

    fn key(&self) -> SmolStr {
        key(&self.queue, self.number)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("queue", self.queue.clone());
    }
}

/// Keys sort by queue and place.
pub(super) fn key(queue: &str, number: u64) -> SmolStr {
    format_smolstr!("{queue}/{number:020}")
}

impl Message {
    /// Whether it is older than its queue keeps messages.
    pub(super) fn is_expired(&self, now: Timestamp, retention_secs: i64) -> bool {
        self.sent_at.plus_secs(retention_secs) <= now
    }
}

/// A deduplication id that a FIFO queue has seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) key: SmolStr,
    pub(super) at: Timestamp,
    pub(super) message_id: SmolStr,
    pub(super) sequence: SmolStr,
}

impl Row for Seen {
    const TABLE: &'static str = "sqs.seen";

    fn key(&self) -> SmolStr {
        self.key.clone()
    }
}

/// The housekeeping task: a deduplication id is forgotten.
fn forget(tx: &mut Tx, _: &Caller, key: &str) {
    let now = tx.now();
    match tx.get::<Seen>(key).map(|row| row.at.plus_secs(MEMORY_SECS)) {
        Some(ends) if ends > now => tx.schedule(ends, "sqs.seen", key),
        Some(_) => {
            tx.remove::<Seen>(key);
        }
        None => {}
    }
}

/// Schedules the next look at what a queue has kept too long.
pub(super) fn schedule_expiry(tx: &mut Tx, name: &str) {
    let Some(queue) = tx.get::<Queue>(name) else { return };
    let oldest = tx.rows_by::<Message>("queue", name).map(|row| row.sent_at).min();
    if let Some(oldest) = oldest {
        let at = oldest.plus_secs(queue.number("MessageRetentionPeriod")).max(tx.now());
        tx.schedule(at, "sqs.retention", name);
    }
}

/// The housekeeping task: what a queue has kept too long goes.
fn expire(tx: &mut Tx, _: &Caller, name: &str) {
    let Some(queue) = tx.get::<Queue>(name) else { return };
    let (now, retention) = (tx.now(), queue.number("MessageRetentionPeriod"));
    let old = tx.rows_by::<Message>("queue", name).filter(|row| row.is_expired(now, retention));
    let old: Vec<SmolStr> = old.map(|row| row.key()).collect();
    for key in old {
        tx.remove::<Message>(&key);
    }
    schedule_expiry(tx, name);
}
