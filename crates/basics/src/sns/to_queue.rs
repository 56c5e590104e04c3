//! Deliveries to queues.

use super::message::Message;
use super::subscriptions::Subscription;
use kernel::{ApiError, Caller, Tx};

/// Sends a message to the queue that is subscribed.
pub(super) fn send(
    _: &mut Tx,
    _: &Caller,
    _: &Subscription,
    _: &Message,
    _: &str,
) -> Result<(), ApiError> {
    Err(ApiError::not_implemented("sqs:SendMessage"))
}

/// Sends what could not be delivered to the subscription's dead-letter queue, if it has one.
pub(super) fn bury(_: &mut Tx, _: &Caller, _: &Subscription, _: &Message, _: &str) -> bool {
    false
}
