//! What an activity tells of the alarm that asked for it.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use api::cloudwatch;
use serde_json::Value;

#[test]
fn an_activity_shows_the_alarm_that_invoked_its_policy() {
    let auto = Auto::new();
    auto.group(1, 5, 1);
    let policy = auto.ok::<ops::PutScalingPolicy>(autoscaling::PutScalingPolicyType {
        auto_scaling_group_name: "g".into(),
        policy_name: "p".into(),
        adjustment_type: Some("ChangeInCapacity".into()),
        scaling_adjustment: Some(1),
        ..Default::default()
    });
    auto.ok::<cloudwatch::ops::PutMetricAlarm>(cloudwatch::PutMetricAlarmInput {
        alarm_name: "busy".into(),
        alarm_description: Some("Much to do".into()),
        alarm_actions: Some(vec![policy.policy_arn.expect("an ARN")]),
        metric_name: Some("Load".into()),
        namespace: Some("Mine".into()),
        statistic: Some("Average".into()),
        period: Some(3_600),
        evaluation_periods: Some(1),
        threshold: Some(50.0),
        comparison_operator: Some("GreaterThanThreshold".into()),
        ..Default::default()
    });
    let at = 1_506_576_906_123;
    auto.ok::<cloudwatch::ops::SetAlarmState>(cloudwatch::SetAlarmStateInput {
        alarm_name: "busy".into(),
        state_value: "ALARM".into(),
        state_reason: "said so".into(),
        ..Default::default()
    });
    auto.step(5_000);
    let newest = auto.activities().remove(0);
    let details = newest.details.expect("details");
    assert!(details.contains(",\"InvokingAlarms\":[{"), "{details}");
    let details: Value = serde_json::from_str(&details).expect("JSON");
    let alarm = &details["InvokingAlarms"][0];
    assert_eq!((&alarm["AlarmName"], &alarm["NewStateValue"]), (&"busy".into(), &"ALARM".into()));
    assert_eq!(alarm["AlarmDescription"], "Much to do");
    assert!(alarm["StateChangeTime"].as_i64().is_some_and(|time| time >= at), "{alarm}");
    assert_eq!(alarm["Trigger"]["MetricName"], "Load");
    // The next one was asked for by a user.
    auto.set_desired(3);
    auto.step(5_000);
    let newest = auto.activities().remove(0);
    assert!(!newest.details.expect("details").contains("InvokingAlarms"));
}
