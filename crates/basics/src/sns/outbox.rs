//! What left, or would leave, the cloud: mail, texts to telephones, and calls of web endpoints.
//!
//! Mail and telephones have no other end here: what they would get is kept to be looked at. Web
//! endpoints are called by the shell, which asks for what is ready ([`ready`]) and tells how it
//! went ([`sent`]); a failed call is tried again as AWS's default delivery policy says, three
//! times at equal distances.

use kernel::{ApiError, Caller, Row, Scope, Snapshot, Timestamp, Tx, Wait, resource};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

resource! { sns:
    tables { Delivery }
    tasks { "sns.delivery" => retry }
    controls {
        read "outbox" => show,
        write "outbox/clear" => clear,
        internal "sns.ready" => ready,
        internal "sns.sent" => sent,
    }
}

/// Deliveries that are kept; the oldest that are over go first.
const MAX_KEPT: usize = 10_000;
/// What one look at what is ready may take along.
const MAX_READY: usize = 64;
/// Tries after the first.
const RETRIES: u32 = 3;

/// How a delivery stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    /// There is nobody to send it to: it is kept to be looked at.
    #[default]
    Kept,
    /// The shell may send it.
    Ready,
    /// It was tried and will be again.
    Waiting,
    /// It has arrived.
    Sent,
    /// It never will.
    Failed,
}

/// One delivery.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// Deliveries sort by when they were made.
    pub(super) key: SmolStr,
    pub(super) account: SmolStr,
    pub(super) region: SmolStr,
    pub(super) at: Timestamp,
    /// `Notification` or `SubscriptionConfirmation`
    pub(super) kind: SmolStr,
    pub(super) message_id: SmolStr,
    pub(super) topic: SmolStr,
    /// Empty before a subscription is confirmed, and for telephone numbers.
    pub(super) subscription: SmolStr,
    pub(super) protocol: SmolStr,
    pub(super) endpoint: SmolStr,
    pub(super) subject: Option<SmolStr>,
    pub(super) body: SmolStr,
    /// Without the envelope.
    pub(super) raw: bool,
    pub(super) standing: Standing,
    pub(super) attempts: u32,
    pub(super) error: Option<SmolStr>,
}

impl Row for Delivery {
    const TABLE: &'static str = "sns.outbox";
    const SCOPE: Scope = Scope::World;
    const INDEXES: &'static [&'static str] = &["standing"];

    fn key(&self) -> SmolStr {
        self.key.clone()
    }

    fn index(&self, sink: &mut kernel::IndexSink) {
        if self.standing == Standing::Ready {
            sink.put("standing", "ready");
        }
    }
}

impl Delivery {
    fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Kept | Standing::Sent | Standing::Failed)
    }
}

/// Puts a delivery into the outbox; `key` and place are filled in.
pub(super) fn put(tx: &mut Tx, caller: &Caller, mut delivery: Delivery) {
    delivery.at = tx.now();
    delivery.key = next_key(tx);
    delivery.account = caller.account.clone();
    delivery.region = caller.region.clone();
    if tx.count::<Delivery>() >= MAX_KEPT {
        let oldest = tx.rows::<Delivery>().find(|row| row.is_over()).map(|row| row.key.clone());
        if let Some(key) = oldest {
            tx.remove::<Delivery>(&key);
        }
    }
    tx.put(delivery);
}

/// The instant, then a number within it: keys sort by when deliveries were made.
fn next_key(tx: &Tx) -> SmolStr {
    let instant = format!("{:015}", tx.now().0.max(0));
    let latest = tx.rows::<Delivery>().next_back();
    let number = latest.and_then(|row| row.key.strip_prefix(&instant)?.get(1..)?.parse().ok());
    format_smolstr!("{instant}-{:08}", number.map_or(0, |number: u64| number + 1))
}

/// `outbox`: everything of the account and region that is asked about, oldest first.
fn show(snapshot: &Snapshot, caller: &Caller, _: &Value) -> Result<Value, ApiError> {
    let own = |row: &&std::sync::Arc<Delivery>| {
        row.account == caller.account && row.region == caller.region
    };
    let view = |row: &std::sync::Arc<Delivery>| {
        json!({
            "at": row.at.iso_millis(),
            "kind": row.kind,
            "message_id": row.message_id,
            "topic": row.topic,
            "protocol": row.protocol,
            "endpoint": row.endpoint,
            "subject": row.subject,
            "body": row.body,
            "state": row.standing,
            "attempts": row.attempts,
            "error": row.error,
        })
    };
    let rows: Vec<Value> = snapshot.rows::<Delivery>().filter(own).map(view).collect();
    Ok(json!({ "outbox": rows }))
}

/// `outbox/clear`: forgets all deliveries of the account and region that are over.
fn clear(tx: &mut Tx, caller: &Caller, _: &Value) -> Result<Value, ApiError> {
    let own = |row: &&std::sync::Arc<Delivery>| {
        row.account == caller.account && row.region == caller.region && row.is_over()
    };
    let keys: Vec<SmolStr> =
        tx.rows::<Delivery>().filter(own).map(|row| row.key.clone()).collect();
    for key in &keys {
        tx.remove::<Delivery>(key);
    }
    Ok(json!({ "cleared": keys.len() }))
}

/// `sns.ready`, for the shell: what it may send now, of all accounts.
fn ready(tx: &mut Tx, _: &Caller, _: &Value) -> Result<Value, ApiError> {
    let view = |row: &std::sync::Arc<Delivery>| {
        json!({
            "key": row.key,
            "account": row.account,
            "region": row.region,
            "url": row.endpoint,
            "kind": row.kind,
            "message_id": row.message_id,
            "topic": row.topic,
            "subscription": row.subscription,
            "raw": row.raw,
            "body": row.body,
        })
    };
    let rows = tx.rows_by::<Delivery>("standing", "ready").take(MAX_READY);
    Ok(rows.map(view).collect())
}

/// `sns.sent`, from the shell: how a call went. No `error` means that it arrived; `final` errors
/// are not tried again.
fn sent(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let key = request["key"].as_str().unwrap_or_default();
    let error = request["error"].as_str().map(SmolStr::new);
    let ends = request["final"].as_bool() == Some(true);
    let again = tx.now().plus_millis(tx.pace().millis(Wait::DeliveryRetry));
    let row = tx.update::<Delivery>(key, |row| {
        row.attempts += 1;
        row.standing = match &error {
            None => Standing::Sent,
            Some(_) if ends || row.attempts > RETRIES => Standing::Failed,
            Some(_) => Standing::Waiting,
        };
        row.error = error;
    });
    if row.is_some_and(|row| row.standing == Standing::Waiting) {
        tx.schedule(again, "sns.delivery", key);
    }
    Ok(json!({}))
}

/// The task: a delivery that failed may be tried again.
fn retry(tx: &mut Tx, _: &Caller, key: &str) {
    let waits = |row: &Delivery| row.standing == Standing::Waiting;
    if tx.get::<Delivery>(key).is_some_and(|row| waits(&row)) {
        tx.update::<Delivery>(key, |row| row.standing = Standing::Ready);
    }
}
