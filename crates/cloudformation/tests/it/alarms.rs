//! `AWS::CloudWatch::…`

use crate::harness::{Stacks, template};
use api::cloudwatch::{self as wire, ops};
use serde_json::{Value, json};

fn alarm(threshold: i64, more: &Value) -> Value {
    let mut alarm = json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "Namespace": "N", "MetricName": "m", "Statistic": "Average", "Period": "60",
        "EvaluationPeriods": 2, "Threshold": threshold.to_string(),
        "ComparisonOperator": "GreaterThanThreshold",
    }});
    for (name, value) in more.as_object().into_iter().flatten() {
        alarm["Properties"][name] = value.clone();
    }
    alarm
}

fn with_others(alarm: Value, rule: &str, text: &str) -> Value {
    let body = json!({"widgets": [{"type": "text", "properties": {"markdown": text}}]});
    let mut template = template(&[
        ("A", alarm),
        (
            "C",
            json!({"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {
                "AlarmRule": {"Fn::Sub": format!("{rule}(${{A}})")},
                "Tags": [{"Key": "k", "Value": text}],
            }}),
        ),
        (
            "D",
            json!({"Type": "AWS::CloudWatch::Dashboard", "Properties": {
                "DashboardBody": body.to_string(), "Tags": [{"Key": "k", "Value": text}],
            }}),
        ),
    ]);
    let arn = |id: &str| json!({"Value": {"Fn::GetAtt": [id, "Arn"]}});
    template["Outputs"] = json!({"A": arn("A"), "C": arn("C")});
    template
}

fn alarms(stacks: &Stacks) -> (Vec<wire::MetricAlarm>, Vec<wire::CompositeAlarm>) {
    let types = Some(vec!["MetricAlarm".into(), "CompositeAlarm".into()]);
    let input = wire::DescribeAlarmsInput { alarm_types: types, ..Default::default() };
    let found = stacks.ok::<ops::DescribeAlarms>(input);
    (found.metric_alarms.unwrap_or_default(), found.composite_alarms.unwrap_or_default())
}

fn tag(stacks: &Stacks, arn: &str, key: &str) -> Option<String> {
    let input = wire::ListTagsForResourceInput { resource_arn: arn.into() };
    let tags = stacks.ok::<ops::ListTagsForResource>(input).tags.unwrap_or_default();
    tags.into_iter().find(|tag| tag.key == key).map(|tag| tag.value.to_string())
}

/// Lets a stack come to its end; alarms never rest.
fn settle(stacks: &Stacks) {
    stacks.step(60_000);
}

#[test]
fn alarms_and_dashboards_are_made_changed_and_deleted() {
    let stacks = Stacks::new();
    let first = alarm(5, &json!({"TreatMissingData": "breaching"}));
    stacks.begin("s", &with_others(first, "ALARM", "one"), |_| ());
    settle(&stacks);
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let (metric, composite) = alarms(&stacks);
    let ids = ["A", "C", "D"].map(|id| stacks.physical("s", id));
    assert!(ids[0].starts_with("s-A-") && ids[0].len() == 16, "{ids:?}");
    assert_eq!(metric[0].alarm_name.as_deref(), Some(&*ids[0]));
    assert_eq!(metric[0].treat_missing_data.as_deref(), Some("breaching"));
    assert_eq!(composite[0].alarm_rule.as_deref(), Some(&*format!("ALARM({})", ids[0])));
    let arns: Vec<String> = stacks.outputs("s").into_iter().map(|(_, arn)| arn).collect();
    assert_eq!(metric[0].alarm_arn.as_deref(), Some(&*arns[0]));
    assert_eq!(composite[0].alarm_arn.as_deref(), Some(&*arns[1]));
    assert_eq!(tag(&stacks, &arns[0], "aws:cloudformation:logical-id").as_deref(), Some("A"));

    // What the alarm no longer says is back at its default.
    let second = with_others(alarm(6, &json!({})), "OK", "two");
    stacks.ok::<api::cloudformation::ops::UpdateStack>(crate::harness::update("s", &second));
    settle(&stacks);
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(["A", "C", "D"].map(|id| stacks.physical("s", id)), ids);
    let (metric, composite) = alarms(&stacks);
    assert_eq!((metric[0].threshold, &metric[0].treat_missing_data), (Some(6.0), &None));
    assert_eq!(composite[0].alarm_rule.as_deref(), Some(&*format!("OK({})", ids[0])));
    assert_eq!(tag(&stacks, &arns[1], "k").as_deref(), Some("two"));
    let board = wire::GetDashboardInput { dashboard_name: ids[2].as_str().into() };
    let board = stacks.ok::<ops::GetDashboard>(board);
    assert!(board.dashboard_body.is_some_and(|body| body.contains("two")));
    let arn = board.dashboard_arn.unwrap_or_default();
    assert_eq!(tag(&stacks, &arn, "k").as_deref(), Some("two"));

    stacks.ok::<api::cloudformation::ops::DeleteStack>(crate::harness::deletion("s"));
    settle(&stacks);
    assert_eq!(alarms(&stacks), (Vec::new(), Vec::new()));
    let left = stacks.ok::<ops::ListDashboards>(Default::default()).dashboard_entries;
    assert_eq!(left.map(|left| left.len()), Some(0));
}

#[test]
fn another_name_is_another_alarm() {
    let stacks = Stacks::new();
    let named = |name: &str| template(&[("A", alarm(1, &json!({"AlarmName": name})))]);
    stacks.begin("s", &named("one"), |_| ());
    settle(&stacks);
    stacks.ok::<api::cloudformation::ops::UpdateStack>(crate::harness::update("s", &named("two")));
    settle(&stacks);
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    let names: Vec<_> = alarms(&stacks).0.into_iter().filter_map(|a| a.alarm_name).collect();
    assert_eq!(names, ["two"]);
}

#[test]
fn a_part_of_alarms_that_is_not_built_is_named() {
    let stacks = Stacks::new();
    let unbuilt = alarm(1, &json!({"EvaluationInterval": 10}));
    stacks.begin("s", &template(&[("A", unbuilt)]), |_| ());
    settle(&stacks);
    let lines = stacks.lines_of("s", "A", 0);
    let failed = lines.iter().find(|line| line.0 == "CREATE_FAILED").expect("a failure");
    assert!(failed.1.contains("EvaluationInterval"), "{failed:?}");
}
