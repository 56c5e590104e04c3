//! What follows from a change of state.

use crate::harness::{Watched, dimension};
use crate::source;
use api::cloudwatch::{self as cw, ops};
use api::{ec2, sns};
use kernel::{FailedCheck, FaultKind, FaultRule};
use serde_json::json;
use smol_str::SmolStr;

const POLICY: &str =
    "arn:aws:autoscaling:us-west-1:123456789012:scalingPolicy:1:autoScalingGroupName/g:policyName/";

fn policy(name: &str) -> SmolStr {
    format!("{POLICY}{name}").into()
}

#[test]
fn scaling_policies_are_told_each_minute_while_the_state_lasts() {
    let cloud = Watched::of(&source::wiring());
    cloud.alarm(|alarm| {
        alarm.alarm_actions = Some(vec![policy("up")]);
        alarm.unit = Some("Percent".into());
        alarm.dimensions = Some(vec![dimension("AutoScalingGroupName", "g")]);
        alarm.treat_missing_data = Some("breaching".into());
    });
    let heard = || cloud.control("sundial/heard", &json!({})).as_array().cloned().expect("a list");
    cloud.idle();
    let first = heard();
    assert_eq!(first.len(), 1);
    assert_eq!(
        first[0],
        json!({
            "policyArn": policy("up"),
            "alarmName": "a",
            "alarmArn": "arn:aws:cloudwatch:us-west-1:123456789012:alarm:a",
            "alarmDescription": null,
            "stateValue": "ALARM",
            "previousState": "INSUFFICIENT_DATA",
            "stateReason": "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].",
            "threshold": 10.0,
            "comparisonOperator": "GreaterThanThreshold",
            "metricName": "m",
            "namespace": "Test",
            "statistic": "Average",
            "unit": "Percent",
            "period": 60,
            "evaluationPeriods": 1,
            "dimensions": [{ "name": "AutoScalingGroupName", "value": "g" }],
            "value": null,
            "datapoints": [],
            "stateChangeTime": first[0]["stateChangeTime"],
        })
    );
    cloud.to_minute();
    cloud.step(120);
    assert_eq!(heard().len(), 4, "once for the change, then each minute");
    assert_eq!(heard()[3]["previousState"], "ALARM");
    let executed = format!("Successfully executed action {}", policy("up"));
    let told = cloud.history("a");
    let actions: Vec<_> = told.iter().filter(|(kind, _)| kind == "Action").collect();
    assert_eq!(actions, [&("Action".into(), SmolStr::new(executed))]);
}

#[test]
fn an_action_that_fails_is_told_by_the_history_only() {
    let cloud = Watched::of(&source::wiring());
    cloud.alarm(|alarm| {
        alarm.alarm_actions =
            Some(vec![policy("broken"), "arn:aws:lambda:us-west-1:123456789012:function:f".into()]);
    });
    cloud.put(50.0);
    cloud.to_minute();
    assert_eq!(cloud.state().0, "ALARM");
    let told = cloud.history("a");
    let failed = "Failed to execute AutoScaling action: Metric data points must be provided";
    assert!(told.contains(&("Action".into(), failed.into())), "{told:?}");
    let lambda = "Failed to execute action arn:aws:lambda:us-west-1:123456789012:function:f";
    assert!(told.iter().any(|(_, summary)| summary.starts_with(lambda)), "{told:?}");
}

#[test]
fn disabled_actions_do_nothing_and_are_not_told() {
    let cloud = Watched::of(&source::wiring());
    cloud.alarm(|alarm| {
        alarm.alarm_actions = Some(vec![policy("up")]);
        alarm.actions_enabled = Some(false);
    });
    cloud.put(50.0);
    cloud.to_minute();
    assert_eq!(cloud.state().0, "ALARM");
    assert_eq!(cloud.control("sundial/heard", &json!({})), json!([]));
    assert!(cloud.history("a").iter().all(|(kind, _)| kind != "Action"));
    let names = cw::EnableAlarmActionsInput { alarm_names: vec!["a".into(), "no".into()] };
    cloud.ok::<ops::EnableAlarmActions>(names);
    assert_eq!(cloud.shown("a").actions_enabled, Some(true));
}

#[test]
fn an_action_follows_its_change_in_the_history() {
    let cloud = Watched::of(&source::wiring());
    cloud.alarm(|alarm| alarm.alarm_actions = Some(vec![policy("up")]));
    cloud.idle();
    cloud.set_state("a", "OK");
    cloud.step(1);
    cloud.set_state("a", "ALARM");
    let told = cloud.history("a");
    assert_eq!(told[1], ("StateUpdate".into(), "Alarm updated from OK to ALARM".into()));
    let executed = format!("Successfully executed action {}", policy("up"));
    assert_eq!(told[0], ("Action".into(), executed.into()));
    cloud.set_state("a", "ALARM");
    assert_eq!(cloud.history("a").len(), told.len(), "the same state again is no change");
}

/// A new instance's id.
fn launched(cloud: &Watched) -> SmolStr {
    let made = cloud.ok::<ec2::ops::RunInstances>(ec2::RunInstancesRequest {
        image_id: Some("ami-09d2fb69".into()),
        instance_type: Some("t2.micro".into()),
        min_count: 1,
        max_count: 1,
        ..Default::default()
    });
    made.instances.and_then(|mut i| i.pop()).and_then(|i| i.instance_id).expect("an id")
}

#[test]
fn an_instance_is_stopped_by_its_alarm() {
    let cloud = Watched::new();
    let id = launched(&cloud);
    cloud.idle();
    cloud.alarm(|alarm| {
        alarm.dimensions = Some(vec![dimension("InstanceId", &id)]);
        alarm.alarm_actions = Some(vec!["arn:aws:automate:us-west-1:ec2:stop".into()]);
        alarm.ok_actions = Some(vec!["arn:aws:automate:us-west-1:ec2:recover".into()]);
    });
    cloud.set_state("a", "ALARM");
    cloud.idle();
    let found = cloud.ok::<ec2::ops::DescribeInstances>(ec2::DescribeInstancesRequest {
        instance_ids: Some(vec![id]),
        ..Default::default()
    });
    let instances = found.reservations.into_iter().flatten().filter_map(|r| r.instances).flatten();
    let states: Vec<_> = instances.filter_map(|i| i.state?.name).collect();
    assert_eq!(states, ["stopped"]);
    cloud.set_state("a", "OK");
    let told = cloud.history("a");
    let executed = "Successfully executed action arn:aws:automate:us-west-1:ec2:recover";
    assert_eq!(told[0].1, executed, "{told:?}");
}

#[test]
fn an_instance_on_failed_hardware_is_recovered_by_its_alarm() {
    let cloud = Watched::new();
    let id = launched(&cloud);
    cloud.idle();
    let status = || {
        let input = ec2::DescribeInstanceStatusRequest::default();
        let found = cloud.ok::<ec2::ops::DescribeInstanceStatus>(input).instance_statuses;
        let summary = found.expect("a list").remove(0).system_status;
        summary.and_then(|s| s.status).expect("a status")
    };
    cloud.fault(FaultRule {
        check: Some(FailedCheck::System),
        count: Some(1),
        ..FaultRule::of(FaultKind::StatusCheck)
    });
    assert_eq!(status(), "impaired");
    cloud.alarm(|alarm| {
        alarm.dimensions = Some(vec![dimension("InstanceId", &id)]);
        alarm.alarm_actions = Some(vec!["arn:aws:automate:us-west-1:ec2:recover".into()]);
    });
    cloud.set_state("a", "ALARM");
    assert_ne!(status(), "impaired");
}

#[test]
fn a_topic_is_told_of_a_change_and_of_nothing_else() {
    let cloud = Watched::new();
    let topic = cloud
        .ok::<sns::ops::CreateTopic>(sns::CreateTopicInput {
            name: "t".into(),
            ..Default::default()
        })
        .topic_arn
        .expect("an ARN");
    let outbox = || {
        let told = cloud.control("outbox", &json!({}));
        told["outbox"].as_array().cloned().expect("a list")
    };
    cloud.ok::<sns::ops::Subscribe>(sns::SubscribeInput {
        topic_arn: topic.clone(),
        protocol: "email".into(),
        endpoint: Some("me@example.com".into()),
        ..Default::default()
    });
    let invitation = outbox()[0]["body"].to_string();
    let token = invitation.split("Token=").nth(1).expect("a token");
    cloud.ok::<sns::ops::ConfirmSubscription>(sns::ConfirmSubscriptionInput {
        topic_arn: topic.clone(),
        token: token.chars().take_while(char::is_ascii_hexdigit).collect::<String>().into(),
        ..Default::default()
    });
    let before = outbox().len();
    cloud.alarm(|alarm| {
        alarm.alarm_actions =
            Some(vec![topic.clone(), "arn:aws:sns:us-west-1:123456789012:gone".into()]);
        alarm.statistic = Some("Average".into());
    });
    cloud.put(50.0);
    cloud.to_minute();
    cloud.put(60.0);
    cloud.to_minute();
    let sent = outbox().split_off(before);
    assert_eq!(sent.len(), 1, "only the change is told");
    assert_eq!(sent[0]["subject"], "ALARM: \"a\" in US West (N. California)");
    let body = sent[0]["body"].as_str().expect("a body");
    assert!(body.contains("\"Statistic\":\"AVERAGE\""), "{body}");
    assert!(body.contains("\"OldStateValue\":\"INSUFFICIENT_DATA\""), "{body}");
    let told = cloud.history("a");
    let executed = format!("Successfully executed action {topic}");
    assert_eq!(told[1], ("Action".into(), executed.into()));
    let failed =
        "Failed to execute action arn:aws:sns:us-west-1:123456789012:gone: Topic does not exist";
    assert_eq!(told[0], ("Action".into(), failed.into()));
}
