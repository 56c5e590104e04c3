//! `AWS::SQS::…` and `AWS::SNS::…` together.

use crate::harness::{Stacks, template};
use api::{sns, sqs};
use serde_json::{Value, json};

fn parts(timeout: i64) -> Value {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]});
    let mut template = template(&[
        ("Topic", json!({"Type": "AWS::SNS::Topic"})),
        ("Queue", json!({"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": timeout}})),
        (
            "Policy",
            json!({"Type": "AWS::SQS::QueuePolicy", "Properties": {
                "Queues": [{"Ref": "Queue"}], "PolicyDocument": policy}}),
        ),
        (
            "TopicPolicy",
            json!({"Type": "AWS::SNS::TopicPolicy", "Properties": {
                "Topics": [{"Ref": "Topic"}], "PolicyDocument": policy}}),
        ),
        (
            "Subscription",
            json!({"Type": "AWS::SNS::Subscription", "Properties": {
                "TopicArn": {"Ref": "Topic"}, "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FilterPolicy": {"kind": ["a"]}, "FilterPolicyScope": "MessageBody",
                "RawMessageDelivery": true}}),
        ),
    ]);
    template["Outputs"] = json!({"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}});
    template
}

fn attribute(stacks: &Stacks, url: &str, name: &str) -> Option<String> {
    let input = sqs::GetQueueAttributesRequest {
        queue_url: url.into(),
        attribute_names: Some(vec![name.into()]),
    };
    let found = stacks.ok::<sqs::ops::GetQueueAttributes>(input).attributes.unwrap_or_default();
    found.into_iter().next().map(|(_, value)| value.to_string())
}

#[test]
fn a_stack_wires_a_topic_to_a_queue() {
    let stacks = Stacks::new();
    stacks.create("s", &parts(10));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let url = stacks.physical("s", "Queue");
    assert!(attribute(&stacks, &url, "Policy").expect("a policy").contains("sqs:SendMessage"));
    for message in [r#"{"kind":"a"}"#, r#"{"kind":"b"}"#] {
        stacks.ok::<sns::ops::Publish>(sns::PublishInput {
            topic_arn: Some(stacks.physical("s", "Topic").into()),
            message: message.into(),
            ..Default::default()
        });
    }
    let input = sqs::ReceiveMessageRequest {
        queue_url: url.clone().into(),
        max_number_of_messages: Some(10),
        ..Default::default()
    };
    let messages = stacks.ok::<sqs::ops::ReceiveMessage>(input).messages.expect("messages");
    let bodies: Vec<_> = messages.iter().filter_map(|m| m.body.as_deref()).collect();
    assert_eq!(bodies, [r#"{"kind":"a"}"#]);
    stacks.update("s", &parts(20));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(attribute(&stacks, &url, "VisibilityTimeout").as_deref(), Some("20"));
    stacks.delete("s");
    let left = stacks.ok::<sqs::ops::ListQueues>(Default::default()).queue_urls;
    assert_eq!(left, Some(Vec::new()));
}
