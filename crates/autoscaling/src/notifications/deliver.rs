//! The way to a topic or a queue.

use crate::errors;
use api::sns;
use kernel::{ApiError, Arn, Caller, Tx};
use serde_json::Value;

/// Whether messages can be sent to this ARN.
pub(crate) fn check_target(tx: &mut Tx, caller: &Caller, target: &str) -> Result<(), ApiError> {
    let there = match Arn::parse(target).map(|arn| arn.service) {
        Some("sns") => {
            let request = sns::GetTopicAttributesInput { topic_arn: target.into() };
            tx.call::<sns::ops::GetTopicAttributes>(&caller.via("autoscaling"), request).is_ok()
        }
        Some("sqs") => return Err(ApiError::not_implemented("messages to a queue")),
        _ => false,
    };
    if there { Ok(()) } else { Err(errors::unreachable_target(target)) }
}

/// Sends a message.
pub(super) fn send(
    tx: &mut Tx,
    caller: &Caller,
    target: &str,
    subject: &str,
    body: &Value,
) -> Result<(), ApiError> {
    let request = sns::PublishInput {
        topic_arn: Some(target.into()),
        subject: Some(subject.into()),
        message: body.to_string().into(),
        ..Default::default()
    };
    tx.call::<sns::ops::Publish>(&caller.via("autoscaling"), request).map(drop)
}
