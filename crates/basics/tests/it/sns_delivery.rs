//! Messages, and where they go.

use crate::harness::{Harness, refusal};
use api::sns::ops::*;
use api::sns::*;
use serde_json::{Value, json};
use smol_str::SmolStr;

const TOPIC: &str = "arn:aws:sns:us-west-1:123456789012:news";

fn cloud() -> Harness {
    let cloud = Harness::new();
    topic(&cloud, "news", &[]);
    cloud
}

fn topic(cloud: &Harness, name: &str, attributes: &[(&str, &str)]) -> SmolStr {
    let attributes = attributes.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let input =
        CreateTopicInput { name: name.into(), attributes: Some(attributes), ..Default::default() };
    cloud.call::<CreateTopic>(input).expect("made").topic_arn.expect("an ARN")
}

fn subscribe(
    cloud: &Harness,
    protocol: &str,
    endpoint: &str,
    attributes: &[(&str, &str)],
) -> SmolStr {
    let attributes = attributes.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let input = SubscribeInput {
        topic_arn: TOPIC.into(),
        protocol: protocol.into(),
        endpoint: Some(endpoint.into()),
        attributes: Some(attributes),
        return_subscription_arn: Some(true),
    };
    cloud.call::<Subscribe>(input).expect("subscribed").subscription_arn.expect("an ARN")
}

fn news(message: &str) -> PublishInput {
    PublishInput { topic_arn: Some(TOPIC.into()), message: message.into(), ..Default::default() }
}

fn outbox(cloud: &Harness) -> Vec<Value> {
    let answer = cloud.control("outbox", &json!({})).expect("an outbox");
    answer["outbox"].as_array().cloned().expect("a list")
}

fn bodies(cloud: &Harness) -> Vec<String> {
    let text = |delivery: &Value| delivery["body"].as_str().expect("a body").to_owned();
    outbox(cloud).iter().map(text).collect()
}

/// The token in the latest delivery, which is a request to confirm.
fn token(cloud: &Harness) -> SmolStr {
    let body = bodies(cloud).pop().expect("a delivery");
    let after = body.split("Token=").nth(1).expect("a token");
    after.chars().take_while(char::is_ascii_hexdigit).collect()
}

fn confirm(cloud: &Harness, token: &str) -> Result<ConfirmSubscriptionResponse, kernel::ApiError> {
    cloud.call::<ConfirmSubscription>(ConfirmSubscriptionInput {
        topic_arn: TOPIC.into(),
        token: token.into(),
        ..Default::default()
    })
}

#[test]
fn a_mail_address_gets_messages_once_it_has_confirmed() {
    let cloud = cloud();
    let arn = subscribe(&cloud, "email", "me@example.com", &[]);
    assert_eq!(outbox(&cloud)[0]["subject"], "AWS Notification - Subscription Confirmation");
    cloud.call::<Publish>(news("too early")).expect("published");
    assert_eq!(outbox(&cloud).len(), 1);
    let confirmed = confirm(&cloud, &token(&cloud)).expect("confirmed");
    assert_eq!(confirmed.subscription_arn, Some(arn));
    cloud.call::<Publish>(news("hello")).expect("published");
    let mail = outbox(&cloud).pop().expect("a mail");
    assert_eq!((&mail["body"], &mail["state"]), (&json!("hello"), &json!("kept")));
    assert_eq!(mail["subject"], "AWS Notification Message");
    let cleared = cloud.control("outbox/clear", &json!({})).expect("cleared");
    assert_eq!(cleared["cleared"], 2);
    assert!(outbox(&cloud).is_empty());
}

#[test]
fn tokens_are_checked_and_run_out() {
    let cloud = cloud();
    subscribe(&cloud, "email", "me@example.com", &[]);
    let token = token(&cloud);
    let invalid =
        ("InvalidParameter".to_owned(), "Invalid parameter: Invalid token".to_owned(), 400);
    assert_eq!(refusal(confirm(&cloud, "0123")), invalid);
    cloud.step(2 * 86_400);
    assert_eq!(refusal(confirm(&cloud, &token)), invalid);
}

#[test]
fn a_visited_link_confirms_wherever_the_topic_is() {
    let cloud = cloud();
    subscribe(&cloud, "http", "http://127.0.0.1:1/hook", &[]);
    let visitor = kernel::Caller::new(crate::harness::ACCOUNT, "us-east-1");
    let input = ConfirmSubscriptionInput {
        topic_arn: TOPIC.into(),
        token: token(&cloud),
        ..Default::default()
    };
    cloud.call_as::<ConfirmSubscription>(&visitor, input).expect("confirmed");
    cloud.call::<Publish>(news("hello")).expect("published");
    assert_eq!(outbox(&cloud).len(), 2);
}

#[test]
fn web_endpoints_get_an_envelope_unless_they_want_the_message_raw() {
    let cloud = cloud();
    for (path, raw) in [("a", "false"), ("b", "true")] {
        let endpoint = format!("http://127.0.0.1:1/{path}");
        subscribe(&cloud, "http", &endpoint, &[("RawMessageDelivery", raw)]);
        confirm(&cloud, &token(&cloud)).expect("confirmed");
    }
    cloud.control("outbox/clear", &json!({})).expect("cleared");
    let input = PublishInput { subject: Some("s".into()), ..news("hello") };
    let id = cloud.call::<Publish>(input).expect("published").message_id.expect("an id");
    let own = |path: &str| {
        let mut all = outbox(&cloud).into_iter();
        all.rfind(|d| d["endpoint"] == json!(format!("http://127.0.0.1:1/{path}")))
    };
    assert_eq!(own("b").expect("a call")["body"], "hello");
    let body = own("a").expect("a call")["body"].as_str().expect("a body").to_owned();
    let envelope: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(envelope["Type"], "Notification");
    assert_eq!(envelope["MessageId"], json!(id));
    assert_eq!((&envelope["Subject"], &envelope["Message"]), (&json!("s"), &json!("hello")));
    assert_eq!(envelope["TopicArn"], TOPIC);
    assert_eq!(envelope["Timestamp"], "2023-11-14T22:13:20.000Z");
}

#[test]
fn a_call_that_fails_is_tried_three_times_more() {
    let cloud = cloud();
    subscribe(&cloud, "http", "http://127.0.0.1:1/hook", &[]);
    let ready = || cloud.internal("sns.ready", &json!({})).expect("a list");
    for attempt in 1..=4 {
        let waiting = ready();
        let calls = waiting.as_array().expect("a list");
        assert_eq!(calls.len(), 1, "attempt {attempt}");
        let report = json!({"key": calls[0]["key"], "error": "no answer", "final": false});
        cloud.internal("sns.sent", &report).expect("told");
        assert_eq!(ready(), json!([]));
        cloud.step(60);
    }
    assert_eq!(ready(), json!([]));
    let delivery = outbox(&cloud).remove(0);
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("failed"), &json!(4)));
    assert_eq!(delivery["error"], "no answer");
}

#[test]
fn filters_choose_by_attributes_or_by_body() {
    let cloud = cloud();
    let by_attribute = [("FilterPolicy", r#"{"kind":["a"]}"#)];
    subscribe(&cloud, "sms", "+491111", &by_attribute);
    let by_body = [("FilterPolicy", r#"{"kind":["b"]}"#), ("FilterPolicyScope", "MessageBody")];
    subscribe(&cloud, "sms", "+492222", &by_body);
    let numbers = |cloud: &Harness| -> Vec<Value> {
        let found = outbox(cloud).into_iter().map(|d| d["endpoint"].clone()).collect();
        cloud.control("outbox/clear", &json!({})).expect("cleared");
        found
    };
    let attribute = |text: &str| {
        let value = MessageAttributeValue {
            data_type: "String".into(),
            string_value: Some(text.into()),
            binary_value: None,
        };
        Some(vec![("kind".into(), value)])
    };
    let input = PublishInput { message_attributes: attribute("a"), ..news("x") };
    cloud.call::<Publish>(input).expect("published");
    assert_eq!(numbers(&cloud), ["+491111"]);
    let input = PublishInput { message_attributes: attribute("c"), ..news(r#"{"kind":"b"}"#) };
    cloud.call::<Publish>(input).expect("published");
    assert_eq!(numbers(&cloud), ["+492222"]);
    cloud.call::<Publish>(news("x")).expect("published");
    assert!(numbers(&cloud).is_empty());
}

#[test]
fn publishers_must_say_where_and_what() {
    let cloud = cloud();
    let nowhere = PublishInput { topic_arn: None, ..news("x") };
    assert_eq!(
        refusal(cloud.call::<Publish>(nowhere)).1,
        "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
    );
    let unknown = PublishInput { topic_arn: Some(format!("{TOPIC}2").into()), ..news("x") };
    assert_eq!(
        refusal(cloud.call::<Publish>(unknown)),
        ("NotFound".into(), "Topic does not exist".into(), 404)
    );
    assert_eq!(refusal(cloud.call::<Publish>(news(""))).1, "Invalid parameter: Empty message");
}

#[test]
fn a_text_goes_to_a_telephone_without_a_topic() {
    let cloud = cloud();
    let input =
        PublishInput { topic_arn: None, phone_number: Some("+4912345".into()), ..news("call me") };
    cloud.call::<Publish>(input.clone()).expect("published");
    let sent = outbox(&cloud).remove(0);
    assert_eq!((&sent["protocol"], &sent["body"]), (&json!("sms"), &json!("call me")));
    let bad = PublishInput { phone_number: Some("mother".into()), ..input };
    assert_eq!(refusal(cloud.call::<Publish>(bad)).0, "InvalidParameter");
}

#[test]
fn fifo_topics_number_messages_and_drop_repetitions() {
    let cloud = cloud();
    let arn = topic(&cloud, "orders.fifo", &[("FifoTopic", "true")]);
    let input = PublishInput {
        topic_arn: Some(arn),
        message_group_id: Some("g".into()),
        message_deduplication_id: Some("d".into()),
        ..news("x")
    };
    let first = cloud.call::<Publish>(input.clone()).expect("published");
    assert_eq!(first.sequence_number.as_deref(), Some("10000000000000000000"));
    let again = cloud.call::<Publish>(input.clone()).expect("published");
    assert_eq!(again, first);
    cloud.step(301);
    let later = cloud.call::<Publish>(input.clone()).expect("published");
    assert_eq!(later.sequence_number.as_deref(), Some("10000000000000000001"));
    let no_group = PublishInput { message_group_id: None, ..input.clone() };
    assert_eq!(
        refusal(cloud.call::<Publish>(no_group)).1,
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    );
    let no_id = PublishInput { message_deduplication_id: None, ..input };
    assert!(refusal(cloud.call::<Publish>(no_id)).1.contains("ContentBasedDeduplication"));
}

#[test]
fn a_batch_publishes_each_entry_for_itself() {
    let cloud = cloud();
    let entry = |id: &str, message: &str| PublishBatchRequestEntry {
        id: id.into(),
        message: message.into(),
        ..Default::default()
    };
    let batch = |entries: Vec<PublishBatchRequestEntry>| PublishBatchInput {
        topic_arn: TOPIC.into(),
        publish_batch_request_entries: entries,
    };
    let answer = cloud.call::<PublishBatch>(batch(vec![entry("a", "x"), entry("b", "")]));
    let answer = answer.expect("published");
    assert_eq!(answer.successful.expect("a list").len(), 1);
    let failed = answer.failed.expect("a list").remove(0);
    assert_eq!((failed.id.as_deref(), failed.sender_fault), (Some("b"), Some(true)));
    for (entries, code) in [
        (vec![], "EmptyBatchRequest"),
        (vec![entry("a", "x"), entry("a", "y")], "BatchEntryIdsNotDistinct"),
        (vec![entry("a b", "x")], "InvalidBatchEntryId"),
        ((0..11).map(|n| entry(&n.to_string(), "x")).collect(), "TooManyEntriesInBatchRequest"),
    ] {
        assert_eq!(refusal(cloud.call::<PublishBatch>(batch(entries))).0, code);
    }
}
