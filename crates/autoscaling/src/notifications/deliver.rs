//! The way to a topic or a queue.
//!
//! Notifications go to topics; the messages of lifecycle hooks to topics or to standard queues:
//! "FIFO queues are not compatible with lifecycle hooks" (PutLifecycleHook, API reference).

use crate::errors;
use api::{sns, sqs};
use kernel::{ApiError, Arn, Caller, Tx};
use serde_json::Value;
use smol_str::SmolStr;

/// Whether messages can be sent to this ARN of a topic or queue.
pub(crate) fn check_target(tx: &mut Tx, caller: &Caller, target: &str) -> Result<(), ApiError> {
    let there = match Arn::parse(target) {
        Some(arn) if arn.service == "sns" => is_topic(tx, caller, target),
        Some(arn) if arn.service == "sqs" => is_queue(tx, caller, &arn),
        _ => false,
    };
    if there { Ok(()) } else { Err(errors::unreachable_target(target)) }
}

/// Whether notifications can be sent to this ARN, which must be a topic's.
pub(super) fn check_topic(tx: &mut Tx, caller: &Caller, target: &str) -> Result<(), ApiError> {
    match is_topic(tx, caller, target) {
        true => Ok(()),
        false => Err(errors::unreachable_target(target)),
    }
}

fn is_topic(tx: &mut Tx, caller: &Caller, target: &str) -> bool {
    let request = sns::GetTopicAttributesInput { topic_arn: target.into() };
    tx.call::<sns::ops::GetTopicAttributes>(&caller.via("autoscaling"), request).is_ok()
}

fn is_queue(tx: &mut Tx, caller: &Caller, arn: &Arn<'_>) -> bool {
    let request = sqs::GetQueueUrlRequest {
        queue_name: arn.resource.into(),
        queue_owner_aws_account_id: Some(arn.account.into()),
    };
    !arn.resource.ends_with(".fifo")
        && tx.call::<sqs::ops::GetQueueUrl>(&at_home(caller, arn), request).is_ok()
}

/// The service, where the target is.
fn at_home(caller: &Caller, arn: &Arn<'_>) -> Caller {
    Caller {
        account: arn.account.into(),
        region: arn.region.into(),
        ..caller.via("autoscaling")
    }
}

/// Sends a message. Queues have no subjects.
pub(super) fn send(
    tx: &mut Tx,
    caller: &Caller,
    target: &str,
    subject: &str,
    body: &Value,
) -> Result<(), ApiError> {
    let body = SmolStr::new(body.to_string());
    if let Some(arn) = Arn::parse(target).filter(|arn| arn.service == "sqs") {
        let request = sqs::SendMessageRequest {
            queue_url: arn.resource.into(),
            message_body: body,
            ..Default::default()
        };
        return tx.call::<sqs::ops::SendMessage>(&at_home(caller, &arn), request).map(drop);
    }
    let request = sns::PublishInput {
        topic_arn: Some(target.into()),
        subject: Some(subject.into()),
        message: body,
        ..Default::default()
    };
    tx.call::<sns::ops::Publish>(&caller.via("autoscaling"), request).map(drop)
}
