//! Topics.

use super::subscriptions::Subscription;
use super::{arns, attributes, errors, tags};
use api::sns::{
    CreateTopicInput, CreateTopicResponse, DeleteTopicInput, GetTopicAttributesInput,
    GetTopicAttributesResponse, ListTopicsInput, ListTopicsResponse, SetTopicAttributesInput,
    Topic as TopicEntry,
};
use kernel::{ApiError, Caller, Row, Snapshot, Tags, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;
use std::sync::Arc;

resource! { sns:
    operations {
        write CreateTopic => create_topic,
        write DeleteTopic => delete_topic,
        read ListTopics => list_topics,
        read GetTopicAttributes => get_topic_attributes,
        write SetTopicAttributes => set_topic_attributes,
    }
    tables { Topic }
}

pub(super) const PAGE: usize = 100;

/// A topic, with the attributes that somebody set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Topic {
    pub(super) arn: SmolStr,
    pub(super) attributes: BTreeMap<SmolStr, SmolStr>,
    pub(super) tags: Tags,
    /// Subscriptions that were ended.
    #[serde(default)]
    pub(super) ended: u32,
    /// Messages that a FIFO topic has taken.
    #[serde(default)]
    pub(super) published: u64,
}

impl Row for Topic {
    const TABLE: &'static str = "sns.topics";

    fn key(&self) -> SmolStr {
        self.arn.clone()
    }
}

impl Topic {
    /// The topic of this ARN, or AWS's error.
    pub(super) fn find(
        snapshot: &Snapshot,
        caller: &Caller,
        arn: &str,
    ) -> Result<Arc<Self>, ApiError> {
        arns::check(caller, "TopicArn", arn)?;
        snapshot.get::<Self>(arn).ok_or_else(errors::topic_not_found)
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.arn.ends_with(".fifo")
    }
}

fn check_name(name: &str, fifo: bool) -> Result<(), ApiError> {
    let usual = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let stem = name.strip_suffix(".fifo");
    let sound = |stem: &str| !stem.is_empty() && name.len() <= 256 && stem.bytes().all(usual);
    match (fifo, stem) {
        (true, Some(stem)) if sound(stem) => Ok(()),
        (true, _) => Err(errors::fifo_name()),
        (false, None) if sound(name) => Ok(()),
        (false, _) => Err(errors::invalid("Topic Name")),
    }
}

/// Making a topic that is there already finds it, if nothing about it differs.
fn create_topic(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateTopicInput,
) -> Result<CreateTopicResponse, ApiError> {
    let given: BTreeMap<SmolStr, SmolStr> = input.attributes.into_iter().flatten().collect();
    let fifo = given.get("FifoTopic").is_some_and(|value| value == "true");
    check_name(&input.name, fifo)?;
    given.iter().try_for_each(|(name, value)| attributes::check_topic(name, value))?;
    let tags = tags::checked(&Tags::default(), input.tags.as_deref().unwrap_or_default())?;
    let arn = caller.arn("sns", &input.name);
    if let Some(topic) = tx.get::<Topic>(&arn) {
        let differs = |(name, value): (&SmolStr, &SmolStr)| topic.attributes.get(name) != Some(value);
        if given.iter().any(differs) {
            let why = "Topic already exists with different attributes";
            return Err(errors::invalid_because("Attributes", why));
        }
        if !tags.is_empty() && tags != topic.tags {
            let why = "Topic already exists with different tags";
            return Err(errors::invalid_because("Tags", why));
        }
        return Ok(CreateTopicResponse { topic_arn: Some(arn) });
    }
    tx.put(Topic { arn: arn.clone(), attributes: given, tags, ended: 0, published: 0 });
    Ok(CreateTopicResponse { topic_arn: Some(arn) })
}

/// Deleting a topic that is not there is no error.
fn delete_topic(tx: &mut Tx, caller: &Caller, input: DeleteTopicInput) -> Result<(), ApiError> {
    arns::check(caller, "TopicArn", &input.topic_arn)?;
    let subscriptions: Vec<SmolStr> =
        tx.rows_by::<Subscription>("topic", &input.topic_arn).map(|row| row.key()).collect();
    for key in subscriptions {
        tx.remove::<Subscription>(&key);
    }
    tx.remove::<Topic>(&input.topic_arn);
    Ok(())
}

fn list_topics(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListTopicsInput,
) -> Result<ListTopicsResponse, ApiError> {
    let rows = |after: &str| snapshot.rows_after::<Topic>(after);
    let page = paginate("ListTopics", input.next_token.as_deref(), PAGE, rows, |row| row.key())
        .map_err(|_| errors::invalid_next_token())?;
    let render = |row: &Arc<Topic>| TopicEntry { topic_arn: Some(row.arn.clone()) };
    Ok(ListTopicsResponse {
        topics: Some(page.items.into_iter().map(render).collect()),
        next_token: page.next,
    })
}

fn get_topic_attributes(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetTopicAttributesInput,
) -> Result<GetTopicAttributesResponse, ApiError> {
    let topic = Topic::find(snapshot, caller, &input.topic_arn)?;
    let (mut pending, mut confirmed) = (0, 0);
    for subscription in snapshot.rows_by::<Subscription>("topic", &topic.arn) {
        *if subscription.pending { &mut pending } else { &mut confirmed } += 1;
    }
    let mut shown: BTreeMap<SmolStr, SmolStr> = BTreeMap::new();
    let mut show = |name: &'static str, value: SmolStr| {
        shown.insert(SmolStr::new_static(name), value);
    };
    show("TopicArn", topic.arn.clone());
    show("Owner", caller.account.clone());
    show("DisplayName", SmolStr::default());
    show("Policy", attributes::default_policy(&topic.arn, &caller.account));
    show("EffectiveDeliveryPolicy", attributes::default_delivery_policy());
    show("SubscriptionsPending", format_smolstr!("{pending}"));
    show("SubscriptionsConfirmed", format_smolstr!("{confirmed}"));
    show("SubscriptionsDeleted", format_smolstr!("{}", topic.ended));
    if topic.is_fifo() {
        show("ContentBasedDeduplication", SmolStr::new_static("false"));
        show("FifoThroughputScope", SmolStr::new_static("Topic"));
    }
    if let Some(policy) = topic.attributes.get("DeliveryPolicy") {
        show("EffectiveDeliveryPolicy", policy.clone());
    }
    shown.extend(topic.attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(GetTopicAttributesResponse { attributes: Some(shown.into_iter().collect()) })
}

/// An empty value takes an attribute back to its default.
fn set_topic_attributes(
    tx: &mut Tx,
    caller: &Caller,
    input: SetTopicAttributesInput,
) -> Result<(), ApiError> {
    let topic = Topic::find(tx, caller, &input.topic_arn)?;
    let value = input.attribute_value.unwrap_or_default();
    attributes::check_topic(&input.attribute_name, &value)?;
    if input.attribute_name == "FifoTopic" {
        return Err(errors::invalid("AttributeName"));
    }
    tx.update::<Topic>(&topic.arn, |topic| {
        match value.is_empty() {
            true => topic.attributes.remove(&input.attribute_name),
            false => topic.attributes.insert(input.attribute_name, value),
        };
    });
    Ok(())
}
