//! Topics and subscriptions.

use crate::harness::{Harness, refusal};
use api::sns::ops::*;
use api::sns::*;
use smol_str::SmolStr;

fn create(cloud: &Harness, name: &str, fifo: bool) -> Result<SmolStr, (String, String, u16)> {
    let attributes = fifo.then(|| vec![("FifoTopic".into(), "true".into())]);
    let input = CreateTopicInput { name: name.into(), attributes, ..Default::default() };
    match cloud.call::<CreateTopic>(input) {
        Ok(answer) => Ok(answer.topic_arn.expect("an ARN")),
        Err(error) => Err((error.code.into(), error.message, error.status)),
    }
}

fn attributes(cloud: &Harness, topic: &str) -> Vec<(SmolStr, SmolStr)> {
    let input = GetTopicAttributesInput { topic_arn: topic.into() };
    cloud.call::<GetTopicAttributes>(input).expect("there").attributes.expect("attributes")
}

fn attribute(cloud: &Harness, topic: &str, name: &str) -> String {
    let all = attributes(cloud, topic);
    all.into_iter().find(|(key, _)| key == name).map(|(_, v)| v.into()).unwrap_or_default()
}

#[test]
fn a_new_topic_has_the_default_policies() {
    let cloud = Harness::new();
    let topic = create(&cloud, "news", false).expect("made");
    assert_eq!(topic, "arn:aws:sns:us-west-1:123456789012:news");
    let policy = attribute(&cloud, &topic, "Policy");
    assert!(policy.contains("__default_policy_ID") && policy.contains("SNS:Publish"), "{policy}");
    let delivery = attribute(&cloud, &topic, "EffectiveDeliveryPolicy");
    assert!(delivery.contains("\"minDelayTarget\":20") && delivery.contains("linear"));
}

#[test]
fn an_emptied_attribute_is_the_default_again() {
    let cloud = Harness::new();
    let topic = create(&cloud, "news", false).expect("made");
    let default = attribute(&cloud, &topic, "Policy");
    for (value, want) in [("{}", "{}"), ("", default.as_str())] {
        let input = SetTopicAttributesInput {
            topic_arn: topic.clone(),
            attribute_name: "Policy".into(),
            attribute_value: Some(value.into()),
        };
        cloud.call::<SetTopicAttributes>(input).expect("set");
        assert_eq!(attribute(&cloud, &topic, "Policy"), want);
    }
}

#[test]
fn names_say_whether_a_topic_is_first_in_first_out() {
    let cloud = Harness::new();
    for (name, fifo, code) in [
        ("news", false, "none"),
        ("news.fifo", true, "none"),
        ("other", true, "InvalidParameter"),
        ("other.fifo", false, "InvalidParameter"),
        ("no spaces", false, "InvalidParameter"),
    ] {
        let got = create(&cloud, name, fifo).err().map_or("none".into(), |(code, ..)| code);
        assert_eq!(got, code, "{name}");
    }
}

#[test]
fn malformed_names_are_told_from_missing_topics() {
    let cloud = Harness::new();
    let text = |arn: &str| {
        let input = GetTopicAttributesInput { topic_arn: arn.into() };
        let (code, text, status) = refusal(cloud.call::<GetTopicAttributes>(input));
        format!("{status} {code}: {text}")
    };
    assert_eq!(
        text("arn:aws:sns"),
        "400 InvalidParameter: Invalid parameter: TopicArn Reason: An ARN must have at least 6 \
         elements, not 3"
    );
    assert_eq!(text("arn:aws:sns:us-west-1:123456789012:no"), "404 NotFound: Topic does not exist");
}

#[test]
fn subscriptions_end_with_their_topic() {
    let cloud = Harness::new();
    let topic = create(&cloud, "news", false).expect("made");
    let subscribe = |protocol: &str, endpoint: &str| {
        cloud.call::<Subscribe>(SubscribeInput {
            topic_arn: topic.clone(),
            protocol: protocol.into(),
            endpoint: Some(endpoint.into()),
            ..Default::default()
        })
    };
    let queue = "arn:aws:sqs:us-west-1:123456789012:queue";
    let first = subscribe("sqs", queue).expect("subscribed").subscription_arn.expect("an ARN");
    assert!(first.starts_with(&*format!("{topic}:")), "{first}");
    let again = subscribe("sqs", queue).expect("the same").subscription_arn;
    assert_eq!(again.as_ref(), Some(&first));
    let mail = subscribe("email", "me@example.com").expect("waits").subscription_arn;
    assert_eq!(mail.as_deref(), Some("pending confirmation"));
    assert_eq!(refusal(subscribe("sqs", "queue")).1, "Invalid parameter: SQS endpoint ARN");
    assert_eq!(attribute(&cloud, &topic, "SubscriptionsPending"), "1");
    assert_eq!(attribute(&cloud, &topic, "SubscriptionsConfirmed"), "1");
    cloud.call::<Unsubscribe>(UnsubscribeInput { subscription_arn: first.clone() }).expect("ended");
    assert_eq!(attribute(&cloud, &topic, "SubscriptionsDeleted"), "1");
    let input = GetSubscriptionAttributesInput { subscription_arn: first };
    let gone = refusal(cloud.call::<GetSubscriptionAttributes>(input));
    assert_eq!((&*gone.0, &*gone.1), ("NotFound", "Subscription does not exist"));
    cloud.call::<DeleteTopic>(DeleteTopicInput { topic_arn: topic }).expect("deleted");
    let left = cloud.call::<ListSubscriptions>(Default::default()).expect("listed");
    assert_eq!(left.subscriptions, Some(Vec::new()));
}
