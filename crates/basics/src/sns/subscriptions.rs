//! Subscriptions. Those to mail addresses and web endpoints wait for their confirmation; all others
//! hold at once.

use super::topics::{PAGE, Topic};
use super::{arns, attributes, confirmation, errors};
use api::sns::{
    ListSubscriptionsByTopicInput, ListSubscriptionsByTopicResponse, ListSubscriptionsInput,
    ListSubscriptionsResponse, SubscribeInput, SubscribeResponse, Subscription as Entry,
    UnsubscribeInput, ops,
};
use kernel::{ApiError, Caller, IndexSink, Page, Row, Snapshot, Timestamp, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;
use std::sync::Arc;

resource! { sns:
    operations {
        write Subscribe => subscribe,
        write Unsubscribe => unsubscribe,
        read ListSubscriptions => list_subscriptions,
        read ListSubscriptionsByTopic => list_subscriptions_by_topic,
    }
    tables { Subscription }
}

/// A subscription, with the attributes that somebody set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub(super) arn: SmolStr,
    pub(super) topic: SmolStr,
    pub(super) owner: SmolStr,
    pub(super) protocol: SmolStr,
    pub(super) endpoint: SmolStr,
    /// Waits for its endpoint's confirmation.
    pub(super) pending: bool,
    pub(super) attributes: BTreeMap<SmolStr, SmolStr>,
    /// By which its endpoint confirms, and until when.
    #[serde(default)]
    pub(super) token: Option<SmolStr>,
    #[serde(default)]
    pub(super) token_until: Option<Timestamp>,
}

impl Subscription {
    /// Whether it gets messages without their envelope.
    pub(super) fn is_raw(&self) -> bool {
        self.attributes.get("RawMessageDelivery").is_some_and(|value| value == "true")
    }
}

impl Row for Subscription {
    const TABLE: &'static str = "sns.subscriptions";
    const INDEXES: &'static [&'static str] = &["topic"];

    fn key(&self) -> SmolStr {
        self.arn.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("topic", self.topic.clone());
    }
}

/// Checks an endpoint against its protocol; says whether it has to confirm.
fn check_endpoint(protocol: &str, endpoint: &str) -> Result<bool, ApiError> {
    let is_arn = |service: &str| {
        let parts: Vec<&str> = endpoint.split(':').collect();
        parts.len() >= 6 && parts[0] == "arn" && parts[2] == service
    };
    let mismatch = || errors::invalid("Endpoint must match the specified protocol");
    match protocol {
        "http" | "https" => {
            let scheme = endpoint.split_once("://").map(|(scheme, _)| scheme);
            if scheme == Some(protocol) { Ok(true) } else { Err(mismatch()) }
        }
        "email" | "email-json" => {
            let sound = endpoint.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && host.contains('.') && !endpoint.contains(char::is_whitespace)
            });
            if sound { Ok(true) } else { Err(errors::invalid("Email address")) }
        }
        "sms" => {
            let digits = endpoint.strip_prefix('+').unwrap_or(endpoint);
            let usual = |b: u8| b.is_ascii_digit() || b"-./ ".contains(&b);
            let sound = !digits.is_empty() && digits.bytes().all(usual);
            let why = || errors::invalid(format_args!("Invalid SMS endpoint: {endpoint}"));
            if sound { Ok(false) } else { Err(why()) }
        }
        "sqs" if is_arn("sqs") => Ok(false),
        "sqs" => Err(errors::invalid("SQS endpoint ARN")),
        "lambda" if is_arn("lambda") => Ok(false),
        "lambda" => Err(errors::invalid("Lambda endpoint ARN")),
        "firehose" if is_arn("firehose") => Ok(false),
        "firehose" => Err(errors::invalid("Firehose endpoint ARN")),
        "application" if is_arn("sns") => Ok(false),
        "application" => Err(errors::invalid("Application endpoint arn invalid")),
        _ => Err(errors::invalid(format_args!(
            "Amazon SNS does not support this protocol string: {protocol}"
        ))),
    }
}

fn subscribe(
    tx: &mut Tx,
    caller: &Caller,
    input: SubscribeInput,
) -> Result<SubscribeResponse, ApiError> {
    let topic = Topic::find(tx, caller, &input.topic_arn)?;
    let endpoint = input.endpoint.unwrap_or_default();
    let needs_confirmation = check_endpoint(&input.protocol, &endpoint)?;
    let attributes: BTreeMap<SmolStr, SmolStr> = input.attributes.into_iter().flatten().collect();
    attributes.iter().try_for_each(|(name, value)| attributes::check_subscription(name, value))?;
    let same = tx
        .rows_by::<Subscription>("topic", &topic.arn)
        .find(|row| row.protocol == input.protocol && row.endpoint == endpoint)
        .cloned();
    let row = match same {
        Some(row) if !attributes.is_empty() && row.attributes != attributes => {
            let why = "Subscription already exists with different attributes";
            return Err(errors::invalid_because("Attributes", why));
        }
        Some(row) => {
            // Asking again sends another request to confirm.
            if row.pending {
                confirmation::ask(tx, caller, &row);
            }
            row
        }
        None => {
            let token = needs_confirmation.then(|| confirmation::new_token(tx));
            let row = Subscription {
                token_until: token.is_some().then(|| confirmation::expiry(tx)),
                token,
                arn: format_smolstr!("{}:{}", topic.arn, tx.new_uuid()),
                topic: topic.arn.clone(),
                owner: caller.account.clone(),
                protocol: input.protocol,
                endpoint,
                pending: needs_confirmation,
                attributes,
            };
            tx.put(row.clone());
            if row.pending {
                confirmation::ask(tx, caller, &row);
            }
            Arc::new(row)
        }
    };
    let shown = match input.return_subscription_arn == Some(true) || !row.pending {
        true => row.arn.clone(),
        false => SmolStr::new_static("pending confirmation"),
    };
    Ok(SubscribeResponse { subscription_arn: Some(shown) })
}

/// Ending a subscription that is not there is no error.
fn unsubscribe(tx: &mut Tx, caller: &Caller, input: UnsubscribeInput) -> Result<(), ApiError> {
    if let Some(there) = arns::place_of_link(caller, &input.subscription_arn) {
        return tx.call::<ops::Unsubscribe>(&there, input);
    }
    check_arn(caller, &input.subscription_arn)?;
    if let Some(row) = tx.remove::<Subscription>(&input.subscription_arn) {
        tx.update::<Topic>(&row.topic, |topic| topic.ended += 1);
    }
    Ok(())
}

/// Fails unless the text has the form of a subscription's ARN.
pub(super) fn check_arn(caller: &Caller, text: &str) -> Result<(), ApiError> {
    arns::check(caller, "SubscriptionArn", text)?;
    match text.split(':').count() {
        7 => Ok(()),
        count => {
            let why = format!("An ARN must have at least 7 elements, not {count}");
            Err(errors::invalid_because("SubscriptionArn", why))
        }
    }
}

fn render(row: &Arc<Subscription>) -> Entry {
    let arn = match row.pending {
        true => SmolStr::new_static("PendingConfirmation"),
        false => row.arn.clone(),
    };
    Entry {
        subscription_arn: Some(arn),
        owner: Some(row.owner.clone()),
        protocol: Some(row.protocol.clone()),
        endpoint: Some(row.endpoint.clone()),
        topic_arn: Some(row.topic.clone()),
    }
}

fn list_subscriptions(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListSubscriptionsInput,
) -> Result<ListSubscriptionsResponse, ApiError> {
    let rows = |after: &str| snapshot.rows_after::<Subscription>(after);
    let token = input.next_token.as_deref();
    let page: Page<&Arc<Subscription>> =
        paginate("ListSubscriptions", token, PAGE, rows, |row| row.key())
            .map_err(|_| errors::invalid_next_token())?;
    Ok(ListSubscriptionsResponse {
        subscriptions: Some(page.items.into_iter().map(render).collect()),
        next_token: page.next,
    })
}

fn list_subscriptions_by_topic(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListSubscriptionsByTopicInput,
) -> Result<ListSubscriptionsByTopicResponse, ApiError> {
    let topic = Topic::find(snapshot, caller, &input.topic_arn)?;
    let rows = |after: &str| {
        let after = after.to_owned();
        snapshot.rows_by::<Subscription>("topic", &topic.arn).filter(move |row| *row.arn > *after)
    };
    let call = format_smolstr!("ListSubscriptionsByTopic{}", topic.arn);
    let page = paginate(&call, input.next_token.as_deref(), PAGE, rows, |row| row.key())
        .map_err(|_| errors::invalid_next_token())?;
    Ok(ListSubscriptionsByTopicResponse {
        subscriptions: Some(page.items.into_iter().map(render).collect()),
        next_token: page.next,
    })
}
