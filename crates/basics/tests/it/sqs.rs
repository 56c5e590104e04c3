//! Queues and their messages.

use crate::harness::{Harness, refusal};
use api::sqs::ops::*;
use api::sqs::*;
use smol_str::SmolStr;

fn pairs(given: &[(&str, &str)]) -> Vec<(SmolStr, SmolStr)> {
    given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn creation(name: &str, attributes: &[(&str, &str)]) -> CreateQueueRequest {
    CreateQueueRequest {
        queue_name: name.into(),
        attributes: Some(pairs(attributes)),
        ..Default::default()
    }
}

fn queue(cloud: &Harness, name: &str, attributes: &[(&str, &str)]) -> SmolStr {
    let made = cloud.call::<CreateQueue>(creation(name, attributes)).expect("made");
    made.queue_url.expect("a URL")
}

fn message(url: &SmolStr, body: &str) -> SendMessageRequest {
    SendMessageRequest { queue_url: url.clone(), message_body: body.into(), ..Default::default() }
}

fn send(cloud: &Harness, url: &SmolStr, body: &str) {
    cloud.call::<SendMessage>(message(url, body)).expect("sent");
}

fn fifo(url: &SmolStr, body: &str, group: &str, id: &str) -> SendMessageRequest {
    SendMessageRequest {
        message_group_id: Some(group.into()),
        message_deduplication_id: Some(id.into()),
        ..message(url, body)
    }
}

fn asking(url: &SmolStr, most: i64) -> ReceiveMessageRequest {
    ReceiveMessageRequest {
        queue_url: url.clone(),
        max_number_of_messages: Some(most),
        ..Default::default()
    }
}

fn receive(cloud: &Harness, url: &SmolStr) -> Vec<Message> {
    let answer = cloud.call::<ReceiveMessage>(asking(url, 10)).expect("answered");
    answer.messages.unwrap_or_default()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(|m| m.body.as_deref()).collect()
}

fn handle(message: &Message) -> SmolStr {
    message.receipt_handle.clone().expect("a handle")
}

fn delete(cloud: &Harness, url: &SmolStr, handle: SmolStr) -> Result<(), kernel::ApiError> {
    let input = DeleteMessageRequest { queue_url: url.clone(), receipt_handle: handle };
    cloud.call::<DeleteMessage>(input)
}

fn attribute(cloud: &Harness, url: &SmolStr, name: &str) -> Option<String> {
    let input = GetQueueAttributesRequest {
        queue_url: url.clone(),
        attribute_names: Some(vec!["All".into()]),
    };
    let all = cloud.call::<GetQueueAttributes>(input).expect("there").attributes;
    let mut found = all.into_iter().flatten().filter(|(key, _)| key == name);
    found.next().map(|(_, value)| value.to_string())
}

#[test]
fn a_queue_is_made_once_and_found_by_its_url() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[("VisibilityTimeout", "60")]);
    assert_eq!(url, "http://localhost:4566/123456789012/jobs");
    assert_eq!(queue(&cloud, "jobs", &[("VisibilityTimeout", "60")]), url);
    assert_eq!(queue(&cloud, "jobs", &[]), url);
    let differs = creation("jobs", &[("VisibilityTimeout", "61")]);
    let (code, text, _) = refusal(cloud.call::<CreateQueue>(differs));
    assert_eq!(code, "QueueNameExists");
    assert!(text.ends_with("a different value for attribute VisibilityTimeout"), "{text}");
    let named = |name: &str| GetQueueUrlRequest { queue_name: name.into(), ..Default::default() };
    assert_eq!(cloud.call::<GetQueueUrl>(named("jobs")).expect("there").queue_url, Some(url));
    let (code, text, _) = refusal(cloud.call::<GetQueueUrl>(named("nope")));
    assert_eq!(
        (code.as_str(), text.as_str()),
        ("QueueDoesNotExist", "The specified queue does not exist.",)
    );
    let arn = attribute(&cloud, &SmolStr::new("jobs"), "QueueArn");
    assert_eq!(arn.as_deref(), Some("arn:aws:sqs:us-west-1:123456789012:jobs"));
}

#[test]
fn names_and_attributes_are_checked() {
    let cloud = Harness::new();
    let too_long = "x".repeat(81);
    for (name, attributes, code) in [
        ("a b", &[][..], "InvalidParameterValue"),
        (too_long.as_str(), &[][..], "InvalidParameterValue"),
        ("a.fifo", &[][..], "InvalidParameterValue"),
        ("a", &[("FifoQueue", "true")][..], "InvalidParameterValue"),
        ("a", &[("VisibilityTimeout", "43201")][..], "InvalidAttributeValue"),
        ("a", &[("Colour", "red")][..], "InvalidAttributeName"),
        ("a", &[("ContentBasedDeduplication", "true")][..], "InvalidAttributeName"),
        ("a", &[("RedrivePolicy", "{}")][..], "InvalidAttributeValue"),
        (
            "a",
            &[(
                "RedrivePolicy",
                r#"{"deadLetterTargetArn":"arn:aws:sqs:us-west-1:123456789012:no","maxReceiveCount":1}"#,
            )][..],
            "InvalidParameterValue",
        ),
    ] {
        let answer = cloud.call::<CreateQueue>(creation(name, attributes));
        assert_eq!(refusal(answer).0, code, "{name} {attributes:?}");
    }
    assert_eq!(
        cloud.call::<ListQueues>(Default::default()).expect("a list").queue_urls,
        Some(vec![])
    );
}

#[test]
fn queues_are_listed_by_prefix_and_by_pages() {
    let cloud = Harness::new();
    for name in ["a1", "a2", "a3", "b1"] {
        queue(&cloud, name, &[]);
    }
    let input = ListQueuesRequest {
        queue_name_prefix: Some("a".into()),
        max_results: Some(2),
        ..Default::default()
    };
    let first = cloud.call::<ListQueues>(input.clone()).expect("a list");
    assert_eq!(first.queue_urls.map(|urls| urls.len()), Some(2));
    let rest = ListQueuesRequest { next_token: first.next_token, ..input };
    let rest = cloud.call::<ListQueues>(rest).expect("a list");
    assert_eq!((rest.queue_urls.map(|urls| urls.len()), rest.next_token), (Some(1), None));
}

#[test]
fn a_received_message_is_hidden_until_its_timeout_ends() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[]);
    send(&cloud, &url, "one");
    let first = receive(&cloud, &url);
    assert_eq!(bodies(&first), ["one"]);
    assert_eq!(first[0].md5_of_body.as_deref(), Some("f97c5d29941bfb1b2fdab0874906ab82"));
    assert_eq!(
        attribute(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").as_deref(),
        Some("1")
    );
    cloud.step(29);
    assert!(receive(&cloud, &url).is_empty());
    cloud.step(1);
    let again = receive(&cloud, &url);
    assert_eq!(again[0].message_id, first[0].message_id);
    assert_ne!(again[0].receipt_handle, first[0].receipt_handle);
    delete(&cloud, &url, handle(&again[0])).expect("deleted");
    delete(&cloud, &url, handle(&again[0])).expect("deleting twice is no error");
    cloud.step(60);
    assert!(receive(&cloud, &url).is_empty());
}

#[test]
fn visibility_can_be_changed_while_a_message_is_in_flight() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[]);
    send(&cloud, &url, "one");
    let first = receive(&cloud, &url);
    let change = |timeout| ChangeMessageVisibilityRequest {
        queue_url: url.clone(),
        receipt_handle: handle(&first[0]),
        visibility_timeout: timeout,
    };
    cloud.call::<ChangeMessageVisibility>(change(100)).expect("changed");
    cloud.step(99);
    assert!(receive(&cloud, &url).is_empty());
    cloud.call::<ChangeMessageVisibility>(change(0)).expect("changed");
    assert_eq!(receive(&cloud, &url).len(), 1);
    assert_eq!(
        refusal(cloud.call::<ChangeMessageVisibility>(change(5))).0,
        "InvalidParameterValue",
        "the message has been received again since"
    );
    assert_eq!(
        refusal(cloud.call::<ChangeMessageVisibility>(change(43_201))).0,
        "InvalidParameterValue"
    );
    assert_eq!(refusal(delete(&cloud, &url, "junk".into())).0, "ReceiptHandleIsInvalid");
}

#[test]
fn delays_hold_messages_back() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[("DelaySeconds", "10")]);
    send(&cloud, &url, "slow");
    let quick = SendMessageRequest { delay_seconds: Some(0), ..message(&url, "quick") };
    cloud.call::<SendMessage>(quick).expect("sent");
    assert_eq!(attribute(&cloud, &url, "ApproximateNumberOfMessagesDelayed").as_deref(), Some("1"));
    assert_eq!(bodies(&receive(&cloud, &url)), ["quick"]);
    cloud.step(10);
    assert_eq!(bodies(&receive(&cloud, &url)), ["slow"]);
    let bad = SendMessageRequest { delay_seconds: Some(901), ..message(&url, "x") };
    assert_eq!(
        refusal(cloud.call::<SendMessage>(bad)).1,
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and \
         <= 900."
    );
}

#[test]
fn message_attributes_come_back_with_their_digest() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[]);
    let value = |kind: &str, text: &str| MessageAttributeValue {
        data_type: kind.into(),
        string_value: Some(text.into()),
        ..Default::default()
    };
    let attributes = vec![
        ("timestamp".into(), value("Number", "1493147359900")),
        ("app.name".into(), value("String", "x")),
    ];
    let input = SendMessageRequest { message_attributes: Some(attributes), ..message(&url, "b") };
    cloud.call::<SendMessage>(input).expect("sent");
    let wants = |names: &[&str]| ReceiveMessageRequest {
        message_attribute_names: Some(names.iter().map(SmolStr::new).collect()),
        attribute_names: Some(vec!["All".into()]),
        visibility_timeout: Some(0),
        ..asking(&url, 1)
    };
    let received = |names: &[&str]| {
        let answer = cloud.call::<ReceiveMessage>(wants(names)).expect("answered");
        answer.messages.expect("messages").remove(0)
    };
    assert_eq!(received(&[]).message_attributes, None);
    let one = received(&["timestamp"]);
    let digest = one.md5_of_message_attributes.as_deref();
    assert_eq!(digest, Some("235c5c510d26fb653d073faed50ae77c"));
    assert_eq!(received(&["app.*"]).message_attributes.map(|list| list.len()), Some(1));
    let all = received(&["All"]);
    assert_eq!(all.message_attributes.map(|list| list.len()), Some(2));
    let system = all.attributes.expect("system attributes");
    assert!(system.contains(&("ApproximateReceiveCount".into(), "4".into())));
    assert!(system.contains(&("SentTimestamp".into(), "1700000000000".into())));
}

#[test]
fn messages_received_too_often_go_to_the_dead_letter_queue() {
    let cloud = Harness::new();
    let dead = queue(&cloud, "dead", &[]);
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-west-1:123456789012:dead","maxReceiveCount":"2"}"#;
    let url = queue(&cloud, "jobs", &[("RedrivePolicy", policy), ("VisibilityTimeout", "1")]);
    send(&cloud, &url, "bad");
    for _ in 0..2 {
        assert_eq!(receive(&cloud, &url).len(), 1);
        cloud.step(1);
    }
    assert!(receive(&cloud, &url).is_empty());
    let asked = ReceiveMessageRequest {
        attribute_names: Some(vec!["DeadLetterQueueSourceArn".into()]),
        ..asking(&dead, 1)
    };
    let found = cloud.call::<ReceiveMessage>(asked).expect("answered").messages.expect("messages");
    assert_eq!(bodies(&found), ["bad"]);
    let source =
        ("DeadLetterQueueSourceArn".into(), "arn:aws:sqs:us-west-1:123456789012:jobs".into());
    assert_eq!(found[0].attributes, Some(vec![source]));
    let input = ListDeadLetterSourceQueuesRequest { queue_url: dead, ..Default::default() };
    let sources = cloud.call::<ListDeadLetterSourceQueues>(input).expect("a list");
    assert_eq!(sources.queue_urls, Some(vec![url]));
}

#[test]
fn fifo_queues_keep_the_order_of_each_group() {
    let cloud = Harness::new();
    let url = queue(&cloud, "q.fifo", &[("FifoQueue", "true")]);
    for (n, (body, group)) in [("a1", "a"), ("a2", "a"), ("b1", "b")].into_iter().enumerate() {
        let sent = cloud.call::<SendMessage>(fifo(&url, body, group, &n.to_string()));
        assert_eq!(sent.expect("sent").sequence_number.map(|s| s.len()), Some(20));
    }
    let one = cloud.call::<ReceiveMessage>(asking(&url, 1)).expect("answered").messages;
    let one = one.expect("messages");
    assert_eq!(bodies(&one), ["a1"]);
    assert_eq!(bodies(&receive(&cloud, &url)), ["b1"], "group a waits for its first");
    delete(&cloud, &url, handle(&one[0])).expect("deleted");
    assert_eq!(bodies(&receive(&cloud, &url)), ["a2"]);
}

#[test]
fn fifo_queues_take_a_repeated_message_once() {
    let cloud = Harness::new();
    let url = queue(&cloud, "q.fifo", &[("FifoQueue", "true")]);
    let first = cloud.call::<SendMessage>(fifo(&url, "x", "g", "d")).expect("sent");
    let again = cloud.call::<SendMessage>(fifo(&url, "x", "g", "d")).expect("sent");
    assert_eq!(first, again);
    assert_eq!(receive(&cloud, &url).len(), 1);
    cloud.step(300);
    let later = cloud.call::<SendMessage>(fifo(&url, "x", "g", "d")).expect("sent");
    assert_ne!(later.message_id, first.message_id);
    let no_group = SendMessageRequest { message_group_id: None, ..fifo(&url, "x", "g", "e") };
    assert_eq!(
        refusal(cloud.call::<SendMessage>(no_group)).1,
        "The request must contain the parameter MessageGroupId."
    );
    let no_id = SendMessageRequest { message_deduplication_id: None, ..fifo(&url, "x", "g", "e") };
    assert!(refusal(cloud.call::<SendMessage>(no_id)).1.contains("ContentBasedDeduplication"));
}

#[test]
fn messages_are_kept_as_long_as_the_queue_says() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[("MessageRetentionPeriod", "60")]);
    send(&cloud, &url, "old");
    cloud.step(30);
    send(&cloud, &url, "new");
    cloud.step(30);
    assert_eq!(bodies(&receive(&cloud, &url)), ["new"]);
    cloud.step(30);
    assert_eq!(
        attribute(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").as_deref(),
        Some("0")
    );
}

#[test]
fn batches_answer_for_each_entry() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[]);
    let entry = |id: &str, body: &str| SendMessageBatchRequestEntry {
        id: id.into(),
        message_body: body.into(),
        ..Default::default()
    };
    let batch = |entries| SendMessageBatchRequest { queue_url: url.clone(), entries };
    let answer = cloud.call::<SendMessageBatch>(batch(vec![entry("a", "x"), entry("b", "\u{1}")]));
    let answer = answer.expect("sent");
    assert_eq!(answer.successful.map(|list| list.len()), Some(1));
    let failed = answer.failed.expect("a list").remove(0);
    assert_eq!(failed.code.as_deref(), Some("InvalidMessageContents"));
    for (entries, code) in [
        (vec![], "EmptyBatchRequest"),
        (vec![entry("a", "x"), entry("a", "y")], "BatchEntryIdsNotDistinct"),
        (vec![entry("a b", "x")], "InvalidBatchEntryId"),
        ((0..11).map(|n| entry(&n.to_string(), "x")).collect(), "TooManyEntriesInBatchRequest"),
    ] {
        assert_eq!(refusal(cloud.call::<SendMessageBatch>(batch(entries))).0, code);
    }
    let received = receive(&cloud, &url);
    let entries = vec![
        DeleteMessageBatchRequestEntry { id: "a".into(), receipt_handle: handle(&received[0]) },
        DeleteMessageBatchRequestEntry { id: "b".into(), receipt_handle: "junk".into() },
    ];
    let input = DeleteMessageBatchRequest { queue_url: url.clone(), entries };
    let answer = cloud.call::<DeleteMessageBatch>(input).expect("answered");
    assert_eq!(answer.successful.map(|list| list.len()), Some(1));
    assert_eq!(answer.failed.map(|list| list.len()), Some(1));
}

#[test]
fn purging_and_deleting_forget_messages() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[]);
    send(&cloud, &url, "x");
    cloud.call::<PurgeQueue>(PurgeQueueRequest { queue_url: url.clone() }).expect("purged");
    assert!(receive(&cloud, &url).is_empty());
    send(&cloud, &url, "y");
    cloud.call::<DeleteQueue>(DeleteQueueRequest { queue_url: url.clone() }).expect("deleted");
    assert_eq!(refusal(cloud.call::<SendMessage>(message(&url, "z"))).0, "QueueDoesNotExist");
    queue(&cloud, "jobs", &[]);
    assert!(receive(&cloud, &url).is_empty());
}

#[test]
fn a_deleted_queues_name_is_taken_for_a_minute_at_awss_pace() {
    let settings = kernel::Settings { pace: kernel::Pace::Realistic, ..Default::default() };
    let cloud = Harness::with(settings);
    let url = queue(&cloud, "jobs", &[]);
    cloud.call::<DeleteQueue>(DeleteQueueRequest { queue_url: url }).expect("deleted");
    let answer = cloud.call::<CreateQueue>(creation("jobs", &[]));
    assert_eq!(refusal(answer).0, "QueueDeletedRecently");
    cloud.step(60);
    queue(&cloud, "jobs", &[]);
}

#[test]
fn queues_carry_tags() {
    let cloud = Harness::new();
    let url = queue(&cloud, "jobs", &[]);
    let tags = pairs(&[("a", "1"), ("b", "2")]);
    cloud.call::<TagQueue>(TagQueueRequest { queue_url: url.clone(), tags }).expect("tagged");
    let input = UntagQueueRequest { queue_url: url.clone(), tag_keys: vec!["a".into()] };
    cloud.call::<UntagQueue>(input).expect("untagged");
    let found = cloud.call::<ListQueueTags>(ListQueueTagsRequest { queue_url: url });
    assert_eq!(found.expect("a list").tags, Some(pairs(&[("b", "2")])));
}

#[test]
fn a_topic_delivers_to_queues_with_and_without_its_envelope() {
    use api::sns::ops::{CreateTopic, Publish, Subscribe};
    let cloud = Harness::new();
    let input = api::sns::CreateTopicInput { name: "news".into(), ..Default::default() };
    let topic = cloud.call::<CreateTopic>(input).expect("made").topic_arn.expect("an ARN");
    for (name, raw) in [("wrapped", "false"), ("plain", "true")] {
        queue(&cloud, name, &[]);
        let input = api::sns::SubscribeInput {
            topic_arn: topic.clone(),
            protocol: "sqs".into(),
            endpoint: Some(format!("arn:aws:sqs:us-west-1:123456789012:{name}").into()),
            attributes: Some(pairs(&[("RawMessageDelivery", raw)])),
            ..Default::default()
        };
        cloud.call::<Subscribe>(input).expect("subscribed");
    }
    let input = api::sns::PublishInput {
        topic_arn: Some(topic),
        message: "hello".into(),
        ..Default::default()
    };
    cloud.call::<Publish>(input).expect("published");
    assert_eq!(bodies(&receive(&cloud, &"plain".into())), ["hello"]);
    let wrapped = receive(&cloud, &"wrapped".into());
    let envelope: serde_json::Value = serde_json::from_str(bodies(&wrapped)[0]).expect("JSON");
    assert_eq!(
        (&envelope["Type"], &envelope["Message"]),
        (&"Notification".into(), &"hello".into())
    );
}
