//! Deliveries to queues, in the same transaction.

use super::message::Message;
use super::subscriptions::Subscription;
use api::sqs::{MessageAttributeValue, SendMessageRequest, ops::SendMessage};
use kernel::{ApiError, Caller, Tx};
use serde_json::Value;
use smol_str::SmolStr;

/// Sends a message to the queue that is subscribed, wherever it is.
pub(super) fn send(
    tx: &mut Tx,
    caller: &Caller,
    subscription: &Subscription,
    message: &Message,
    body: &str,
) -> Result<(), ApiError> {
    to(tx, caller, &subscription.endpoint, subscription.is_raw(), message, body)
}

/// Sends what could not be delivered to the subscription's dead-letter queue; whether it has one
/// that takes it.
pub(super) fn bury(
    tx: &mut Tx,
    caller: &Caller,
    subscription: &Subscription,
    message: &Message,
    body: &str,
) -> bool {
    let Some(policy) = subscription.attributes.get("RedrivePolicy") else { return false };
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let target = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
    to(tx, caller, target, subscription.is_raw(), message, body).is_ok()
}

fn to(
    tx: &mut Tx,
    caller: &Caller,
    arn: &str,
    raw: bool,
    message: &Message,
    body: &str,
) -> Result<(), ApiError> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [_, _, "sqs", region, account, name] = parts[..] else {
        return Err(ApiError::new("InvalidParameter", "The endpoint is no queue."));
    };
    let there = Caller { region: region.into(), account: account.into(), ..caller.via("sns") };
    let attributes = message.draft.attributes.iter().map(|(name, value)| {
        let value = MessageAttributeValue {
            data_type: value.data_type.clone(),
            string_value: value.string_value.clone(),
            binary_value: value.binary_value.clone(),
            ..Default::default()
        };
        (name.clone(), value)
    });
    let fifo = name.ends_with(".fifo");
    let input = SendMessageRequest {
        queue_url: SmolStr::new(name),
        message_body: body.into(),
        message_attributes: raw.then(|| attributes.collect()),
        message_deduplication_id: message.deduplication_id().filter(|_| fifo),
        message_group_id: message.draft.group_id.clone(),
        ..Default::default()
    };
    tx.call::<SendMessage>(&there, input).map(|_| ())
}
