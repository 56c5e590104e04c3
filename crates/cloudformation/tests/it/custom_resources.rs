//! `Custom::…`: requests to a topic, answers by PUT. The test is the provider behind the topic's
//! queue.

use crate::harness::{Stacks, given, lines, template, update, with};
use api::cloudformation::{self as wire, ops};
use api::{sns, sqs};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// A topic with a queue behind it, in which requests arrive.
struct Provider {
    topic: SmolStr,
    queue: SmolStr,
}

impl Provider {
    fn new(stacks: &Stacks) -> Self {
        let topic = stacks.ok::<sns::ops::CreateTopic>(sns::CreateTopicInput {
            name: "provider".into(),
            ..Default::default()
        });
        let queue = stacks.ok::<sqs::ops::CreateQueue>(sqs::CreateQueueRequest {
            queue_name: "requests".into(),
            ..Default::default()
        });
        let topic = topic.topic_arn.expect("a topic");
        stacks.ok::<sns::ops::Subscribe>(sns::SubscribeInput {
            topic_arn: topic.clone(),
            protocol: "sqs".into(),
            endpoint: Some(topic.replace(":sns:", ":sqs:").replace("provider", "requests").into()),
            ..Default::default()
        });
        Self { topic, queue: queue.queue_url.expect("a queue") }
    }

    /// The requests that have come since the last look.
    fn requests(&self, stacks: &Stacks) -> Vec<Value> {
        let input = sqs::ReceiveMessageRequest {
            queue_url: self.queue.clone(),
            max_number_of_messages: Some(10),
            ..Default::default()
        };
        let found = stacks.ok::<sqs::ops::ReceiveMessage>(input).messages.unwrap_or_default();
        let mut requests = Vec::new();
        for message in found {
            let envelope: Value =
                serde_json::from_str(message.body.as_deref().unwrap_or_default()).expect("JSON");
            assert_eq!(envelope["Subject"], "AWS CloudFormation custom resource request");
            let text = envelope["Message"].as_str().expect("a text");
            requests.push(serde_json::from_str(text).expect("a request"));
            stacks.ok::<sqs::ops::DeleteMessage>(sqs::DeleteMessageRequest {
                queue_url: self.queue.clone(),
                receipt_handle: message.receipt_handle.expect("a handle"),
            });
        }
        requests
    }

    /// The one request that has come.
    #[track_caller]
    fn request(&self, stacks: &Stacks) -> Value {
        let mut requests = self.requests(stacks);
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.remove(0)
    }

    /// A template with a custom resource and a parameter that shows what it told.
    fn template(&self, size: &str) -> Value {
        let mut template = template(&[("C", self.resource(size))]);
        template["Outputs"] = json!({
            "Id": {"Value": {"Ref": "C"}}, "Colour": {"Value": {"Fn::GetAtt": ["C", "Colour"]}},
        });
        template
    }

    fn resource(&self, size: &str) -> Value {
        json!({"Type": "Custom::Thing", "Properties": {
            "ServiceToken": self.topic, "Size": size, "Count": 3, "Sound": true}})
    }
}

fn put(stacks: &Stacks, url: &Value, body: &str) {
    let request = json!({"url": url, "body": body});
    stacks.control("cloudformation.custom-answer", &request).expect("it is taken");
}

/// Answers a request as its provider would; `more` says what else is in it.
fn answer(stacks: &Stacks, request: &Value, status: &str, id: &str, more: &Value) {
    let mut body = json!({
        "Status": status, "PhysicalResourceId": id, "StackId": request["StackId"],
        "RequestId": request["RequestId"], "LogicalResourceId": request["LogicalResourceId"],
    });
    for (key, value) in more.as_object().expect("an object") {
        body[key] = value.clone();
    }
    put(stacks, &request["ResponseURL"], &body.to_string());
    stacks.step(1_000);
}

const RED: &str = r#"{"Colour": "red"}"#;

fn red() -> Value {
    json!({"Data": serde_json::from_str::<Value>(RED).expect("JSON")})
}

/// A stack whose resource has been made as `one`.
fn made(stacks: &Stacks, provider: &Provider) {
    stacks.begin("s", &provider.template("small"), |_| ());
    stacks.step(1_000);
    let request = provider.request(stacks);
    answer(stacks, &request, "SUCCESS", "one", &red());
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
}

#[test]
fn a_provider_is_asked_and_names_what_it_made() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    let id = stacks.begin("s", &provider.template("small"), |_| ());
    stacks.step(1_000);
    assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS");
    let request = provider.request(&stacks);
    assert_eq!(request["RequestType"], "Create");
    assert_eq!(request["StackId"], id.as_str());
    assert_eq!(request["ResourceType"], "Custom::Thing");
    assert_eq!(request.get("PhysicalResourceId"), None);
    let sent = json!({"ServiceToken": provider.topic, "Size": "small", "Count": "3",
        "Sound": "true"});
    assert_eq!(request["ResourceProperties"], sent);
    answer(&stacks, &request, "SUCCESS", "one", &red());
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let outputs = [("Id".into(), "one".into()), ("Colour".into(), "red".into())];
    assert_eq!(stacks.outputs("s"), outputs);
    assert_eq!(
        stacks.lines_of("s", "C", 0),
        lines(
            "CREATE_IN_PROGRESS
             CREATE_IN_PROGRESS | Resource creation Initiated
             CREATE_COMPLETE"
        )
    );
}

#[test]
fn an_update_tells_what_was_and_a_deletion_what_goes() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    made(&stacks, &provider);
    stacks.ok::<ops::UpdateStack>(update("s", &provider.template("big")));
    stacks.step(1_000);
    let request = provider.request(&stacks);
    assert_eq!(
        (&request["RequestType"], &request["PhysicalResourceId"]),
        (&"Update".into(), &"one".into())
    );
    assert_eq!(request["OldResourceProperties"]["Size"], "small");
    assert_eq!(request["ResourceProperties"]["Size"], "big");
    answer(&stacks, &request, "SUCCESS", "one", &json!({"Data": {"Colour": "blue"}}));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(stacks.outputs("s")[1].1, "blue");
    stacks.ok::<ops::DeleteStack>(crate::harness::deletion("s"));
    stacks.step(1_000);
    let request = provider.request(&stacks);
    assert_eq!(
        (&request["RequestType"], &request["PhysicalResourceId"]),
        (&"Delete".into(), &"one".into())
    );
    assert_eq!(request["ResourceProperties"]["Size"], "big");
    answer(&stacks, &request, "SUCCESS", "one", &json!({}));
    assert!(stacks.call::<ops::DescribeStacks>(crate::harness::describe("s")).is_err());
}

#[test]
fn another_name_means_another_resource_and_the_old_one_goes() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    made(&stacks, &provider);
    stacks.ok::<ops::UpdateStack>(update("s", &provider.template("big")));
    stacks.step(1_000);
    let request = provider.request(&stacks);
    answer(&stacks, &request, "SUCCESS", "two", &red());
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    let request = provider.request(&stacks);
    assert_eq!(
        (&request["RequestType"], &request["PhysicalResourceId"]),
        (&"Delete".into(), &"one".into())
    );
    assert_eq!(request["ResourceProperties"]["Size"], "small");
    answer(&stacks, &request, "SUCCESS", "one", &json!({}));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(stacks.physical("s", "C"), "two");
    assert_eq!(stacks.outputs("s")[1].1, "red");
}

#[test]
fn a_failure_is_told_and_what_was_made_is_asked_to_go() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    stacks.begin("s", &provider.template("small"), |_| ());
    stacks.step(1_000);
    let request = provider.request(&stacks);
    answer(&stacks, &request, "FAILED", "half", &json!({"Reason": "no room"}));
    let id = request["RequestId"].as_str().expect("an id");
    let reason = format!(
        "Received response status [FAILED] from custom resource. Message returned: no room \
         (RequestId: {id})"
    );
    assert_eq!(stacks.lines_of("s", "C", 0)[1], ("CREATE_FAILED".to_owned(), reason));
    assert_eq!(stacks.status("s"), "ROLLBACK_IN_PROGRESS");
    let request = provider.request(&stacks);
    assert_eq!(
        (&request["RequestType"], &request["PhysicalResourceId"]),
        (&"Delete".into(), &"half".into())
    );
    answer(&stacks, &request, "SUCCESS", "half", &json!({}));
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
}

#[test]
fn silence_ends_after_the_service_timeout() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    let mut template = provider.template("small");
    template["Resources"]["C"]["Properties"]["ServiceTimeout"] = 60.into();
    stacks.begin("s", &template, |_| ());
    stacks.step(59_000);
    assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS");
    let create = provider.request(&stacks);
    stacks.step(2_000);
    let (status, reason) = stacks.lines_of("s", "C", 0)[1].clone();
    assert_eq!(status, "CREATE_FAILED");
    assert!(reason.starts_with("CloudFormation did not receive a response"), "{reason}");
    // An answer that comes too late is refused; what may be there is asked to go under a name
    // that CloudFormation gave.
    let late = json!({"url": create["ResponseURL"], "body": "{}"});
    assert_eq!(
        stacks.control("cloudformation.custom-answer", &late).expect_err("late").status,
        403
    );
    let delete = provider.request(&stacks);
    assert!(delete["PhysicalResourceId"].as_str().expect("an id").starts_with("s-C-"));
    answer(&stacks, &delete, "FAILED", "x", &json!({"Reason": "what?"}));
    assert_eq!(stacks.status("s"), "ROLLBACK_FAILED");
    stacks.ok::<ops::DeleteStack>(crate::harness::deletion("s"));
    stacks.step(1_000);
    let again = provider.request(&stacks);
    answer(&stacks, &again, "SUCCESS", "x", &json!({}));
    assert!(stacks.call::<ops::DescribeStacks>(crate::harness::describe("s")).is_err());
}

#[test]
fn a_failed_update_is_taken_back_by_another() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    made(&stacks, &provider);
    stacks.ok::<ops::UpdateStack>(update("s", &provider.template("big")));
    stacks.step(1_000);
    let request = provider.request(&stacks);
    answer(&stacks, &request, "FAILED", "one", &json!({"Reason": "too big"}));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_IN_PROGRESS");
    let back = provider.request(&stacks);
    assert_eq!(
        (&back["RequestType"], &back["PhysicalResourceId"]),
        (&"Update".into(), &"one".into())
    );
    assert_eq!(back["ResourceProperties"]["Size"], "small");
    answer(&stacks, &back, "SUCCESS", "one", &red());
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stacks.outputs("s")[1].1, "red");
}

#[test]
fn answers_that_make_no_sense_are_failures() {
    let cases: [(&str, &str); 3] = [
        ("{}", "Vendor response doesn't contain Status key in object"),
        ("nonsense", "Failed to parse the response of the custom resource."),
        (r#"{"Status": "SUCCESS"}"#, "Vendor response doesn't contain StackId key in object"),
    ];
    for (body, expected) in cases {
        let stacks = Stacks::new();
        let provider = Provider::new(&stacks);
        stacks.begin("s", &provider.template("small"), |_| ());
        stacks.step(1_000);
        let request = provider.request(&stacks);
        put(&stacks, &request["ResponseURL"], body);
        stacks.step(1_000);
        let (status, reason) = stacks.lines_of("s", "C", 0)[1].clone();
        assert_eq!(status, "CREATE_FAILED");
        assert!(reason.starts_with(expected), "{reason}");
    }
}

#[test]
fn nobody_else_has_the_url() {
    let stacks = Stacks::new();
    let request = json!({"url": "http://localhost:4566/x", "body": "{}"});
    let error = stacks.control("cloudformation.custom-answer", &request).expect_err("refused");
    assert_eq!(error.status, 403);
}

#[test]
fn an_attribute_that_nobody_told_fails_what_needs_it() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    let shade = json!({"Fn::GetAtt": ["C", "Shade"]});
    let resources = template(&[("C", provider.resource("s")), ("P", crate::harness::value(shade))]);
    stacks.begin("s", &resources, |_| ());
    stacks.step(1_000);
    let request = provider.request(&stacks);
    answer(&stacks, &request, "SUCCESS", "one", &red());
    let (status, reason) = stacks.lines_of("s", "P", 0)[0].clone();
    assert_eq!(status, "CREATE_FAILED");
    let start =
        "CustomResource attribute error: Vendor response doesn't contain Shade key in object";
    assert!(reason.starts_with(start), "{reason}");
}

#[test]
fn functions_are_refused_by_name_and_tokens_do_not_change() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    let mut lambda = provider.template("small");
    let arn = "arn:aws:lambda:us-west-1:000000000000:function:f";
    lambda["Resources"]["C"]["Properties"]["ServiceToken"] = arn.into();
    stacks.create("f", &lambda);
    assert!(stacks.lines_of("f", "C", 0)[1].1.contains("lowcloud runs no Lambda functions"));
    made(&stacks, &provider);
    let mut other = provider.template("small");
    let token = format!("{}2", provider.topic);
    other["Resources"]["C"]["Properties"]["ServiceToken"] = token.into();
    stacks.ok::<ops::UpdateStack>(update("s", &other));
    stacks.step(1_000);
    let told = stacks.lines_of("s", "C", 0).into_iter().find(|line| line.0 == "UPDATE_FAILED");
    assert_eq!(told.expect("a failure").1, "Modifying service token is not allowed.");
}

#[test]
fn what_is_secret_is_shown_nowhere() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    let secret = json!({"Fn::GetAtt": ["C", "Colour"]});
    let mut resources = template(&[
        ("C", provider.resource("s")),
        ("P", crate::harness::value(json!({"Fn::Sub": ["is ${x}", {"x": secret}]}))),
        ("Q", with(crate::harness::value(json!({"Ref": "Word"})), "DependsOn", "P")),
    ]);
    resources["Parameters"] = json!({"Word": {"Type": "String", "NoEcho": true}});
    stacks.begin("s", &resources, |input| {
        input.parameters = Some(vec![given("Word", "sesame")]);
    });
    stacks.step(1_000);
    let request = provider.request(&stacks);
    let mut told = red();
    told["NoEcho"] = true.into();
    answer(&stacks, &request, "SUCCESS", "one", &told);
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let shown: Vec<wire::StackEvent> = stacks.events("s");
    let shown: Vec<String> = shown
        .into_iter()
        .filter_map(|event| Some(event.resource_properties?.to_string()))
        .collect();
    assert!(shown.iter().any(|text| text.contains(r#""Value":"is ****""#)), "{shown:?}");
    assert!(shown.iter().any(|text| text.contains(r#""Value":"****""#)), "{shown:?}");
    assert!(!shown.iter().any(|text| text.contains("red") || text.contains("sesame")));
    let value = stacks.parameter(&stacks.physical("s", "P"));
    assert_eq!(value.as_deref(), Some("is red"));
}

#[test]
fn an_answer_after_a_restart_counts() {
    let mut stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    stacks.begin("s", &provider.template("small"), |_| ());
    stacks.step(1_000);
    let request = provider.request(&stacks);
    stacks.restart();
    answer(&stacks, &request, "SUCCESS", "one", &red());
    stacks.step(1_000);
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
}

#[test]
fn a_creation_that_is_cancelled_is_asked_to_go() {
    let stacks = Stacks::new();
    let provider = Provider::new(&stacks);
    let (vpc, subnet) = crate::harness::refused();
    let resources = template(&[("C", provider.resource("s")), ("V", vpc), ("Bad", subnet)]);
    stacks.begin("s", &resources, |_| ());
    stacks.step(3_000);
    let told = stacks.lines_of("s", "C", 0);
    assert_eq!(told[1], ("CREATE_FAILED".into(), "Resource creation cancelled".into()));
    let requests = provider.requests(&stacks);
    assert_eq!(requests.len(), 2);
    let delete = requests.iter().find(|r| r["RequestType"] == "Delete").expect("a deletion");
    answer(&stacks, delete, "SUCCESS", "x", &json!({}));
    stacks.step(5_000);
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
}
