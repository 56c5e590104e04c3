//! ConfirmSubscription, and the message that asks for it.
//!
//! An endpoint that has to confirm gets a token, by which it confirms within two days: by the call,
//! or by visiting the SubscribeURL, which is the call as a link to this cloud.

use super::message::{laid_out, unsigned};
use super::outbox::{self, Delivery, Standing};
use super::subscriptions::Subscription;
use super::topics::Topic;
use super::{arns, errors};
use api::sns::{ConfirmSubscriptionInput, ConfirmSubscriptionResponse, ops};
use kernel::{ApiError, Caller, Timestamp, Tx, resource};
use serde_json::json;
use smol_str::SmolStr;

resource! { sns:
    operations { write ConfirmSubscription => confirm_subscription }
}

/// How long a token can be used.
const TOKEN_SECS: i64 = 2 * 86_400;

/// A new token, of AWS's length.
pub(super) fn new_token(tx: &mut Tx) -> SmolStr {
    tx.random().text(b"0123456789abcdef", 232).into()
}

/// Until when a token that is given now can be used.
pub(super) fn expiry(tx: &Tx) -> Timestamp {
    tx.now().plus_secs(TOKEN_SECS)
}

fn confirm_subscription(
    tx: &mut Tx,
    caller: &Caller,
    input: ConfirmSubscriptionInput,
) -> Result<ConfirmSubscriptionResponse, ApiError> {
    if let Some(there) = arns::place_of_link(caller, &input.topic_arn) {
        return tx.call::<ops::ConfirmSubscription>(&there, input);
    }
    let topic = Topic::find(tx, caller, &input.topic_arn)?;
    let now = tx.now();
    let row = tx
        .rows_by::<Subscription>("topic", &topic.arn)
        .find(|row| row.token.as_ref() == Some(&input.token))
        .cloned();
    let row = row.filter(|row| row.token_until.is_some_and(|until| now < until));
    let Some(row) = row else { return Err(errors::invalid("Invalid token")) };
    if row.pending {
        tx.update::<Subscription>(&row.arn, |row| row.pending = false);
    }
    Ok(ConfirmSubscriptionResponse { subscription_arn: Some(row.arn.clone()) })
}

/// Asks an endpoint to confirm.
pub(super) fn ask(tx: &mut Tx, caller: &Caller, subscription: &Subscription) {
    let token = subscription.token.clone().unwrap_or_default();
    let message_id = tx.new_uuid();
    let (topic, region) = (subscription.topic.as_str(), caller.region.as_str());
    let url = format!(
        "{}/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn={topic}&Token={token}",
        tx.settings().endpoint
    );
    let text = format!(
        "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit \
         the SubscribeURL included in this message."
    );
    let mut members = vec![
        ("Type", json!("SubscriptionConfirmation")),
        ("MessageId", json!(message_id)),
        ("Token", json!(token)),
        ("TopicArn", json!(topic)),
        ("Message", json!(text)),
        ("SubscribeURL", json!(url)),
        ("Timestamp", json!(tx.now().iso_millis())),
    ];
    members.extend(unsigned(region));
    let web = matches!(subscription.protocol.as_str(), "http" | "https");
    let body = match subscription.protocol.as_str() {
        "email" => format!(
            "You have chosen to subscribe to the topic:\n{topic}\n\nTo confirm this subscription, \
             click or visit the link below (If this was in error no action is \
             necessary):\n{url}\n"
        ),
        _ => laid_out(&members),
    };
    let delivery = Delivery {
        kind: SmolStr::new_static("SubscriptionConfirmation"),
        message_id,
        topic: topic.into(),
        protocol: subscription.protocol.clone(),
        endpoint: subscription.endpoint.clone(),
        subject: (!web)
            .then_some(SmolStr::new_static("AWS Notification - Subscription Confirmation")),
        body: body.into(),
        standing: if web { Standing::Ready } else { Standing::Kept },
        ..Delivery::default()
    };
    outbox::put(tx, caller, delivery);
}
