//! What goes with operations: notifications, rollback triggers, names that are kept, and the
//! registry of types.

use crate::harness::{Stacks, template, update, value};
use api::cloudformation::{self as wire, ops};
use api::{cloudwatch, sns, sqs};
use serde_json::{Value, json};
use smol_str::SmolStr;

#[test]
fn events_are_told_to_topics() {
    let stacks = Stacks::new();
    let topic = stacks
        .ok::<sns::ops::CreateTopic>(sns::CreateTopicInput {
            name: "events".into(),
            ..Default::default()
        })
        .topic_arn
        .expect("an ARN");
    let queue = stacks
        .ok::<sqs::ops::CreateQueue>(sqs::CreateQueueRequest {
            queue_name: "events".into(),
            ..Default::default()
        })
        .queue_url
        .expect("a URL");
    stacks.ok::<sns::ops::Subscribe>(sns::SubscribeInput {
        topic_arn: topic.clone(),
        protocol: "sqs".into(),
        endpoint: Some("arn:aws:sqs:us-west-1:123456789012:events".into()),
        ..Default::default()
    });
    stacks.begin("s", &template(&[("P", value("x"))]), |input| {
        input.notification_arns = Some(vec![topic]);
    });
    stacks.rest();
    let mut told = Vec::new();
    loop {
        let found = stacks.ok::<sqs::ops::ReceiveMessage>(sqs::ReceiveMessageRequest {
            queue_url: queue.clone(),
            max_number_of_messages: Some(10),
            ..Default::default()
        });
        let Some(messages) = found.messages.filter(|m| !m.is_empty()) else { break };
        for message in messages {
            let body: Value =
                serde_json::from_str(&message.body.unwrap_or_default()).expect("JSON");
            assert_eq!(body["Subject"], "AWS CloudFormation Notification");
            told.push(body["Message"].as_str().unwrap_or_default().to_owned());
        }
    }
    assert_eq!(told.len(), stacks.events("s").len());
    let last = told.iter().find(|text| text.contains("EventId='P-CREATE_COMPLETE")).expect("told");
    assert!(last.contains("\nResourceStatus='CREATE_COMPLETE'\n"), "{last}");
    assert!(last.contains("\nStackName='s'\n") && last.contains("\nLogicalResourceId='P'\n"));
}

fn alarm(stacks: &Stacks) -> SmolStr {
    stacks.ok::<cloudwatch::ops::PutMetricAlarm>(cloudwatch::PutMetricAlarmInput {
        alarm_name: "bad".into(),
        namespace: Some("App".into()),
        metric_name: Some("Errors".into()),
        statistic: Some("Sum".into()),
        period: Some(60),
        evaluation_periods: Some(1),
        threshold: Some(1.0),
        comparison_operator: Some("GreaterThanThreshold".into()),
        ..Default::default()
    });
    "arn:aws:cloudwatch:us-west-1:123456789012:alarm:bad".into()
}

fn watched(arn: &str, minutes: i64) -> wire::RollbackConfiguration {
    wire::RollbackConfiguration {
        rollback_triggers: Some(vec![wire::RollbackTrigger {
            arn: arn.into(),
            r#type: "AWS::CloudWatch::Alarm".into(),
        }]),
        monitoring_time_in_minutes: Some(minutes),
    }
}

fn ring(stacks: &Stacks) {
    stacks.ok::<cloudwatch::ops::SetAlarmState>(cloudwatch::SetAlarmStateInput {
        alarm_name: "bad".into(),
        state_value: "ALARM".into(),
        state_reason: "a test".into(),
        ..Default::default()
    });
}

#[test]
fn an_alarm_undoes_an_update_while_it_is_watched() {
    let stacks = Stacks::new();
    let arn = alarm(&stacks);
    stacks.create("s", &template(&[("P", value("before"))]));
    let id = stacks.physical("s", "P");
    let input = || wire::UpdateStackInput {
        rollback_configuration: Some(watched(&arn, 10)),
        ..update("s", &template(&[("P", value("after"))]))
    };
    stacks.ok::<ops::UpdateStack>(input());
    stacks.step(120_000);
    assert_eq!(stacks.status("s"), "UPDATE_IN_PROGRESS", "it is watched for ten minutes");
    assert_eq!(stacks.parameter(&id).as_deref(), Some("after"));
    ring(&stacks);
    stacks.step(120_000);
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stacks.parameter(&id).as_deref(), Some("before"));
    let shown = stacks.shown("s").rollback_configuration.unwrap_or_default();
    assert_eq!(shown.rollback_triggers, None, "the former configuration is back");
}

#[test]
fn an_update_that_stays_quiet_is_complete_after_its_time() {
    let stacks = Stacks::new();
    let arn = alarm(&stacks);
    stacks.begin("s", &template(&[("P", value("x"))]), |input| {
        input.rollback_configuration = Some(watched(&arn, 5));
    });
    stacks.step(290_000);
    assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS");
    stacks.step(20_000);
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let shown = stacks.shown("s").rollback_configuration.unwrap_or_default();
    assert_eq!(shown.monitoring_time_in_minutes, Some(5));
}

#[test]
fn triggers_are_checked() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", value("x"))]));
    let with = |configuration| wire::UpdateStackInput {
        rollback_configuration: Some(configuration),
        ..update("s", &template(&[("P", value("y"))]))
    };
    let mut wrong = watched("arn:aws:cloudwatch:us-west-1:123456789012:alarm:a", 1);
    wrong.rollback_triggers.as_mut().expect("a list")[0].r#type = "AWS::SNS::Topic".into();
    stacks.fails::<ops::UpdateStack>(
        with(wrong),
        "ValidationError",
        "Rollback Trigger Type not supported",
    );
    stacks.fails::<ops::UpdateStack>(
        with(watched("arn:aws:cloudwatch:us-west-1:123456789012:a", 1)),
        "ValidationError",
        "RelativeId of a Rollback Trigger's ARN is incorrect",
    );
}

#[test]
fn a_resource_with_a_name_of_its_own_cannot_be_replaced_under_it() {
    let stacks = Stacks::new();
    let of = |minimum: &str, name: &str| {
        json!({"Resources": {"LC": {"Type": "AWS::AutoScaling::LaunchConfiguration", "Properties": {
            "LaunchConfigurationName": name, "ImageId": "ami-09d2fb69", "InstanceType": minimum}}}})
    };
    stacks.create("s", &of("t2.micro", "mine"));
    stacks.update("s", &of("t2.small", "mine"));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    let failed = stacks.lines_of("s", "LC", 0).into_iter().find(|l| l.0 == "UPDATE_FAILED");
    assert_eq!(
        failed.map(|l| l.1).as_deref(),
        Some(
            "CloudFormation cannot update a stack when a custom-named resource requires \
             replacing. Rename mine and update the stack again."
        )
    );
    stacks.update("s", &of("t2.small", "other"));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
}

#[test]
fn the_registry_tells_of_every_type() {
    let stacks = Stacks::new();
    let found = stacks.ok::<ops::DescribeType>(wire::DescribeTypeInput {
        r#type: Some("RESOURCE".into()),
        type_name: Some("AWS::EC2::VPC".into()),
        ..Default::default()
    });
    let schema: Value = serde_json::from_str(&found.schema.unwrap_or_default()).expect("JSON");
    assert_eq!(schema["typeName"], "AWS::EC2::VPC");
    assert_eq!(
        found.arn.as_deref(),
        Some("arn:aws:cloudformation:us-west-1::type/resource/AWS-EC2-VPC")
    );
    let error = stacks
        .call::<ops::DescribeType>(wire::DescribeTypeInput {
            r#type: Some("RESOURCE".into()),
            type_name: Some("AWS::EC2::Cloud".into()),
            ..Default::default()
        })
        .expect_err("no such type");
    assert_eq!((&*error.code, error.status), ("TypeNotFoundException", 404));
    let mut names: Vec<SmolStr> = Vec::new();
    let mut token = None;
    loop {
        let page = stacks.ok::<ops::ListTypes>(wire::ListTypesInput {
            visibility: Some("PUBLIC".into()),
            filters: Some(wire::TypeFilters {
                type_name_prefix: Some("AWS::AutoScaling::".into()),
                ..Default::default()
            }),
            max_results: Some(2),
            next_token: token,
            ..Default::default()
        });
        names.extend(
            page.type_summaries.unwrap_or_default().into_iter().filter_map(|t| t.type_name),
        );
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert!(names.len() >= 6 && names.contains(&"AWS::AutoScaling::WarmPool".into()), "{names:?}");
    assert!(names.is_sorted());
    let private = stacks.ok::<ops::ListTypes>(wire::ListTypesInput::default());
    assert_eq!(private.type_summaries, Some(vec![]));
}
