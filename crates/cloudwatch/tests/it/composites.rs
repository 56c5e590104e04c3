//! Composite alarms and the suppression of their actions.

use crate::harness::Watched;
use api::cloudwatch::{self as cw, ops};
use serde_json::Value;
use smol_str::SmolStr;

const TOPIC: &str = "arn:aws:sns:us-west-1:123456789012:t";

/// Alarms `a`, `b` and `s` in the state OK.
fn cloud() -> Watched {
    let cloud = Watched::new();
    for name in ["a", "b", "s"] {
        cloud.alarm(|alarm| alarm.alarm_name = name.into());
        cloud.set_state(name, "OK");
    }
    cloud
}

fn composite(rule: &str) -> cw::PutCompositeAlarmInput {
    cw::PutCompositeAlarmInput {
        alarm_name: "c".into(),
        alarm_rule: rule.into(),
        alarm_actions: Some(vec![TOPIC.into()]),
        ..Default::default()
    }
}

fn shown(cloud: &Watched) -> cw::CompositeAlarm {
    let input = cw::DescribeAlarmsInput {
        alarm_types: Some(vec!["CompositeAlarm".into()]),
        ..Default::default()
    };
    let found = cloud.ok::<ops::DescribeAlarms>(input).composite_alarms;
    found.and_then(|mut list| list.pop()).expect("the composite alarm is there")
}

fn state(cloud: &Watched) -> SmolStr {
    shown(cloud).state_value.expect("a state")
}

fn count(cloud: &Watched, kind: &str) -> usize {
    cloud.history("c").iter().filter(|(found, _)| found == kind).count()
}

#[test]
fn a_composite_alarm_is_triggered_once_by_two_children() {
    let cloud = cloud();
    cloud.ok::<ops::PutCompositeAlarm>(composite("ALARM(a) OR ALARM(\"b\")"));
    assert_eq!(state(&cloud), "OK");
    cloud.set_state("a", "ALARM");
    assert_eq!(state(&cloud), "ALARM");
    let told = shown(&cloud);
    let reason = "arn:aws:cloudwatch:us-west-1:123456789012:alarm:a transitioned to ALARM at \
                  Thursday 28 September, 2017 05:35:06 UTC";
    assert_eq!(told.state_reason.as_deref(), Some(reason));
    let data: Value = serde_json::from_str(&told.state_reason_data.expect("data")).expect("JSON");
    let arn = "arn:aws:cloudwatch:us-west-1:123456789012:alarm:a";
    assert_eq!(data["triggeringAlarms"][0]["arn"], arn);
    assert_eq!(data["triggeringAlarms"][0]["state"]["value"], "ALARM");
    let (updates, actions) = (count(&cloud, "StateUpdate"), count(&cloud, "Action"));
    cloud.set_state("b", "ALARM");
    assert_eq!((count(&cloud, "StateUpdate"), count(&cloud, "Action")), (updates, actions));
    assert_eq!(actions, 1);
}

#[test]
fn composites_are_not_listed_unless_asked_for() {
    let cloud = cloud();
    cloud.ok::<ops::PutCompositeAlarm>(composite("ALARM(a)"));
    let found = cloud.ok::<ops::DescribeAlarms>(cw::DescribeAlarmsInput::default());
    assert_eq!(found.composite_alarms.map(|list| list.len()), Some(0));
    assert_eq!(found.metric_alarms.map(|list| list.len()), Some(3));
    let relatives = |input: cw::DescribeAlarmsInput| {
        let found = cloud.ok::<ops::DescribeAlarms>(input);
        let metric = found.metric_alarms.into_iter().flatten().filter_map(|a| a.alarm_name);
        let composite = found.composite_alarms.into_iter().flatten().filter_map(|a| a.alarm_name);
        metric.chain(composite).collect::<Vec<_>>()
    };
    let children =
        cw::DescribeAlarmsInput { children_of_alarm_name: Some("c".into()), ..Default::default() };
    assert_eq!(relatives(children), ["a"]);
    let parents =
        cw::DescribeAlarmsInput { parents_of_alarm_name: Some("a".into()), ..Default::default() };
    assert_eq!(relatives(parents), ["c"]);
}

#[test]
fn a_child_in_use_cannot_be_deleted() {
    let cloud = cloud();
    cloud.ok::<ops::PutCompositeAlarm>(composite("ALARM(a)"));
    let delete = |names: &[&str]| cw::DeleteAlarmsInput {
        alarm_names: names.iter().copied().map(SmolStr::new).collect(),
    };
    cloud.refuses::<ops::DeleteAlarms>(delete(&["b", "a"]), "ValidationError");
    assert_eq!(cloud.rows("cloudwatch.alarms"), 4, "nothing was deleted");
    cloud.ok::<ops::DeleteAlarms>(delete(&["a", "c"]));
    assert_eq!(cloud.rows("cloudwatch.alarms"), 2);
}

#[test]
fn what_is_no_composite_alarm_is_refused() {
    let cloud = cloud();
    for rule in ["ALARM(nobody)", "ALARM(a", "a", ""] {
        cloud.refuses::<ops::PutCompositeAlarm>(composite(rule), "ValidationError");
    }
    for action in [
        "arn:aws:automate:us-west-1:ec2:stop",
        "arn:aws:autoscaling:us-west-1:123456789012:scalingPolicy:1:autoScalingGroupName/g:policyName/p",
    ] {
        let mut input = composite("ALARM(a)");
        input.alarm_actions = Some(vec![action.into()]);
        cloud.refuses::<ops::PutCompositeAlarm>(input, "ValidationError");
    }
    let mut metric_named = composite("ALARM(a)");
    metric_named.alarm_name = "b".into();
    cloud.refuses::<ops::PutCompositeAlarm>(metric_named, "ValidationError");
}

#[test]
fn rules_in_a_circle_come_to_rest() {
    let cloud = cloud();
    cloud.ok::<ops::PutCompositeAlarm>(composite("ALARM(a)"));
    let mut other = composite("NOT ALARM(c)");
    other.alarm_name = "d".into();
    cloud.ok::<ops::PutCompositeAlarm>(other);
    cloud.ok::<ops::PutCompositeAlarm>(composite("ALARM(d) OR ALARM(a)"));
    cloud.set_state("a", "ALARM");
    cloud.step(60);
}

fn suppressed(wait: i64, extension: i64) -> cw::PutCompositeAlarmInput {
    cw::PutCompositeAlarmInput {
        actions_suppressor: Some("s".into()),
        actions_suppressor_wait_period: Some(wait),
        actions_suppressor_extension_period: Some(extension),
        ..composite("ALARM(a)")
    }
}

fn hold(cloud: &Watched, name: &str, state: &str) {
    // Alarms without data keep their state when they ignore that.
    cloud.alarm(|alarm| {
        alarm.alarm_name = name.into();
        alarm.treat_missing_data = Some("ignore".into());
    });
    cloud.set_state(name, state);
}

#[test]
fn a_suppressor_in_alarm_holds_the_actions_until_it_ends_and_a_while_longer() {
    let cloud = cloud();
    for name in ["a", "s"] {
        hold(&cloud, name, "OK");
    }
    cloud.ok::<ops::PutCompositeAlarm>(suppressed(30, 60));
    cloud.step(31);
    let by = || shown(&cloud).actions_suppressed_by;
    hold(&cloud, "s", "ALARM");
    cloud.set_state("a", "ALARM");
    assert_eq!((state(&cloud), by()), ("ALARM".into(), Some("Alarm".into())));
    assert_eq!(count(&cloud, "Action"), 0);
    cloud.set_state("s", "OK");
    assert_eq!(by().as_deref(), Some("ExtensionPeriod"));
    cloud.step(59);
    assert_eq!(count(&cloud, "Action"), 0);
    cloud.step(1);
    assert_eq!((by(), count(&cloud, "Action")), (None, 1));
}

#[test]
fn actions_wait_for_a_suppressor_that_may_yet_come() {
    let cloud = cloud();
    for name in ["a", "s"] {
        hold(&cloud, name, "OK");
    }
    cloud.ok::<ops::PutCompositeAlarm>(suppressed(30, 0));
    cloud.step(31);
    cloud.set_state("a", "ALARM");
    assert_eq!(shown(&cloud).actions_suppressed_by.as_deref(), Some("WaitPeriod"));
    cloud.step(29);
    assert_eq!(count(&cloud, "Action"), 0);
    cloud.step(1);
    assert_eq!(count(&cloud, "Action"), 1);
}
