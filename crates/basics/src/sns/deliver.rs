//! Delivering a message to a topic's subscribers.

use super::filter;
use super::message::Message;
use super::outbox::{self, Delivery, Standing};
use super::subscriptions::Subscription;
use kernel::{ApiError, Caller, Tx};
use serde_json::Value;
use smol_str::SmolStr;
use std::sync::Arc;

/// Gives the message to every confirmed subscription whose filter accepts it.
pub(super) fn deliver(tx: &mut Tx, caller: &Caller, message: &Message) -> Result<(), ApiError> {
    let subscriptions: Vec<Arc<Subscription>> =
        tx.rows_by::<Subscription>("topic", &message.topic).cloned().collect();
    for subscription in subscriptions {
        if !subscription.pending && wants(&subscription, message) {
            hand_over(tx, caller, &subscription, message);
        }
    }
    Ok(())
}

/// Whether the subscription's filter policy, if it has one, accepts the message.
fn wants(subscription: &Subscription, message: &Message) -> bool {
    let Some(policy) = subscription.attributes.get("FilterPolicy") else { return true };
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let by_body =
        subscription.attributes.get("FilterPolicyScope").is_some_and(|s| s == "MessageBody");
    match by_body {
        true => message.body_said().is_some_and(|said| filter::accepts(&policy, &said)),
        false => filter::accepts(&policy, &message.attributes_said()),
    }
}

fn hand_over(tx: &mut Tx, caller: &Caller, subscription: &Subscription, message: &Message) {
    let protocol = subscription.protocol.as_str();
    let raw = subscription.is_raw();
    let endpoint = tx.settings().endpoint.clone();
    let body: SmolStr = match protocol {
        "email" | "sms" | "application" => message.text(protocol).into(),
        _ if raw => message.text(protocol).into(),
        _ => message.notification(protocol, &subscription.arn, &endpoint).into(),
    };
    let (standing, error) = match protocol {
        "sqs" => match super::to_queue::send(tx, caller, subscription, message, &body) {
            Ok(()) => return,
            Err(error) => (Standing::Failed, Some(error)),
        },
        "http" | "https" => (Standing::Ready, None),
        "email" | "email-json" | "sms" | "application" => (Standing::Kept, None),
        other => {
            (Standing::Failed, Some(ApiError::not_implemented(format_args!("{other} targets"))))
        }
    };
    if error.is_some() && super::to_queue::bury(tx, caller, subscription, message, &body) {
        return;
    }
    let delivery = Delivery {
        kind: SmolStr::new_static("Notification"),
        message_id: message.id.clone(),
        topic: message.topic.clone(),
        subscription: subscription.arn.clone(),
        protocol: subscription.protocol.clone(),
        endpoint: subscription.endpoint.clone(),
        subject: subject(protocol, message),
        body,
        raw,
        standing,
        error: error.map(|error| error.message.into()),
        ..Delivery::default()
    };
    outbox::put(tx, caller, delivery);
}

/// Mail has a subject whatever the message says.
fn subject(protocol: &str, message: &Message) -> Option<SmolStr> {
    let given = message.draft.subject.clone();
    match protocol {
        "email" | "email-json" => {
            Some(given.unwrap_or(SmolStr::new_static("AWS Notification Message")))
        }
        _ => given,
    }
}
