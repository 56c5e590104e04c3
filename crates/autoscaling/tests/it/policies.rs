//! Scaling policies and the alarms that invoke them. The metrics are the tests' own.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use api::cloudwatch;
use smol_str::SmolStr;

fn policy(
    change: impl FnOnce(&mut autoscaling::PutScalingPolicyType),
) -> autoscaling::PutScalingPolicyType {
    let mut input = autoscaling::PutScalingPolicyType {
        auto_scaling_group_name: "g".into(),
        policy_name: "p".into(),
        adjustment_type: Some("ChangeInCapacity".into()),
        ..Default::default()
    };
    change(&mut input);
    input
}

fn put(auto: &Auto, change: impl FnOnce(&mut autoscaling::PutScalingPolicyType)) -> SmolStr {
    auto.ok::<ops::PutScalingPolicy>(policy(change)).policy_arn.expect("an ARN")
}

fn steps(bounds: &[(Option<f64>, Option<f64>, i64)]) -> Option<Vec<autoscaling::StepAdjustment>> {
    let step =
        |(lower, upper, amount): &(Option<f64>, Option<f64>, i64)| autoscaling::StepAdjustment {
            metric_interval_lower_bound: *lower,
            metric_interval_upper_bound: *upper,
            scaling_adjustment: *amount,
        };
    Some(bounds.iter().map(step).collect())
}

/// An alarm on the memory that the user publishes: above 50 for one minute.
fn alarm(auto: &Auto, arn: &SmolStr) {
    auto.ok::<cloudwatch::ops::PutMetricAlarm>(cloudwatch::PutMetricAlarmInput {
        alarm_name: "memory".into(),
        alarm_actions: Some(vec![arn.clone()]),
        namespace: Some("App".into()),
        metric_name: Some("Memory".into()),
        statistic: Some("Average".into()),
        period: Some(60),
        evaluation_periods: Some(1),
        threshold: Some(50.0),
        comparison_operator: Some("GreaterThanThreshold".into()),
        ..Default::default()
    });
}

/// A minute passes in which the memory is this.
fn minute(auto: &Auto, memory: f64) {
    auto.ok::<cloudwatch::ops::PutMetricData>(cloudwatch::PutMetricDataInput {
        namespace: "App".into(),
        metric_data: Some(vec![cloudwatch::MetricDatum {
            metric_name: "Memory".into(),
            value: Some(memory),
            ..Default::default()
        }]),
        ..Default::default()
    });
    auto.step(60_000);
}

#[test]
fn a_simple_policy_waits_for_its_cooldown() {
    let auto = Auto::new();
    auto.group(1, 10, 1);
    let arn = put(&auto, |p| {
        p.scaling_adjustment = Some(1);
        p.cooldown = Some(300);
    });
    alarm(&auto, &arn);
    minute(&auto, 90.0);
    minute(&auto, 90.0);
    assert_eq!(auto.sizes().2, 2);
    // The alarm is repeated each minute, but the cooldown holds the policy back.
    minute(&auto, 90.0);
    minute(&auto, 90.0);
    assert_eq!(auto.sizes().2, 2);
    for _ in 0..6 {
        minute(&auto, 90.0);
    }
    assert_eq!(auto.sizes().2, 3);
    let cause = &auto.history()[1][2];
    assert!(cause.starts_with("At T a monitor alarm memory in state ALARM triggered policy p changing the desired capacity from 1 to 2.  At T an instance was started"), "{cause}");
}

#[test]
fn a_step_policy_adds_by_how_far_the_metric_is_off_and_once_per_breach() {
    let auto = Auto::new();
    auto.group(2, 20, 2);
    auto.step(600_000);
    let arn = put(&auto, |p| {
        p.policy_type = Some("StepScaling".into());
        p.estimated_instance_warmup = Some(600);
        p.step_adjustments = steps(&[(Some(0.0), Some(20.0), 1), (Some(20.0), None, 4)]);
    });
    alarm(&auto, &arn);
    minute(&auto, 60.0);
    minute(&auto, 60.0);
    assert_eq!(auto.sizes().2, 3);
    // The new instance warms up: the same step asks for nothing more, a higher one for the rest.
    minute(&auto, 60.0);
    assert_eq!(auto.sizes().2, 3);
    minute(&auto, 80.0);
    minute(&auto, 80.0);
    assert_eq!(auto.sizes().2, 6);
}

#[test]
fn a_suspended_alarm_notification_does_nothing_until_it_is_resumed() {
    let auto = Auto::new();
    auto.group(1, 10, 1);
    let arn = put(&auto, |p| p.scaling_adjustment = Some(1));
    alarm(&auto, &arn);
    let processes = || autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: Some(vec!["AlarmNotification".into()]),
    };
    auto.ok::<ops::SuspendProcesses>(processes());
    minute(&auto, 90.0);
    minute(&auto, 90.0);
    assert_eq!(auto.sizes().2, 1);
    auto.ok::<ops::ResumeProcesses>(processes());
    minute(&auto, 90.0);
    assert_eq!(auto.sizes().2, 2);
}

#[test]
fn policies_are_executed_by_hand() {
    let auto = Auto::new();
    auto.group(1, 10, 4);
    let execution = |change: fn(&mut autoscaling::ExecutePolicyType)| {
        let mut input = autoscaling::ExecutePolicyType {
            auto_scaling_group_name: Some("g".into()),
            policy_name: "p".into(),
            ..Default::default()
        };
        change(&mut input);
        input
    };
    put(&auto, |p| {
        p.adjustment_type = Some("PercentChangeInCapacity".into());
        p.scaling_adjustment = Some(50);
    });
    auto.ok::<ops::ExecutePolicy>(execution(|_| ()));
    assert_eq!(auto.sizes().2, 6);
    let error = auto.call::<ops::ExecutePolicy>(execution(|e| e.honor_cooldown = Some(true)));
    assert_eq!(error.expect_err("it cools down").code, "ScalingActivityInProgress");
    auto.rest();
    auto.ok::<ops::DeletePolicy>(autoscaling::DeletePolicyType {
        auto_scaling_group_name: Some("g".into()),
        policy_name: "p".into(),
    });
    assert!(auto.call::<ops::ExecutePolicy>(execution(|_| ())).is_err());
    put(&auto, |p| {
        p.policy_type = Some("StepScaling".into());
        p.step_adjustments = steps(&[(None, Some(0.0), -2)]);
    });
    assert!(auto.call::<ops::ExecutePolicy>(execution(|_| ())).is_err(), "it needs a metric");
    auto.step(600_000);
    auto.ok::<ops::ExecutePolicy>(execution(|e| {
        e.metric_value = Some(10.0);
        e.breach_threshold = Some(50.0);
    }));
    assert_eq!(auto.sizes().2, 4);
}

#[test]
fn bad_policies_are_refused() {
    let auto = Auto::new();
    auto.group(1, 10, 1);
    let bad: [fn(&mut autoscaling::PutScalingPolicyType); 12] = [
        |p| p.adjustment_type = None,
        |p| p.adjustment_type = Some("Double".into()),
        |p| p.scaling_adjustment = None,
        |p| {
            p.scaling_adjustment = Some(1);
            p.min_adjustment_magnitude = Some(2);
        },
        |p| p.policy_type = Some("Magic".into()),
        |p| p.policy_type = Some("StepScaling".into()),
        |p| {
            p.policy_type = Some("StepScaling".into());
            p.step_adjustments = steps(&[(None, None, 1)]);
        },
        |p| {
            p.policy_type = Some("StepScaling".into());
            p.step_adjustments = steps(&[(Some(0.0), Some(10.0), 1), (Some(20.0), None, 2)]);
        },
        |p| {
            p.policy_type = Some("StepScaling".into());
            p.step_adjustments = steps(&[(Some(0.0), Some(10.0), 1), (Some(5.0), None, 2)]);
        },
        |p| {
            p.policy_type = Some("StepScaling".into());
            p.step_adjustments = steps(&[(Some(0.0), None, 1)]);
            p.cooldown = Some(5);
        },
        |p| {
            p.policy_type = Some("TargetTrackingScaling".into());
            p.adjustment_type = None;
        },
        |p| {
            p.policy_type = Some("TargetTrackingScaling".into());
            p.adjustment_type = None;
            p.target_tracking_configuration = Some(autoscaling::TargetTrackingConfiguration {
                target_value: 50.0,
                predefined_metric_specification: Some(autoscaling::PredefinedMetricSpecification {
                    predefined_metric_type: "ALBRequestCountPerTarget".into(),
                    resource_label: Some("nonsense".into()),
                }),
                ..Default::default()
            });
        },
    ];
    for (number, change) in bad.into_iter().enumerate() {
        let error = auto.call::<ops::PutScalingPolicy>(policy(change));
        assert_eq!(error.expect_err("it is refused").code, "ValidationError", "case {number}");
    }
}

#[test]
fn policies_are_described_with_the_alarms_that_invoke_them() {
    let auto = Auto::new();
    auto.group(1, 10, 1);
    let arn = put(&auto, |p| p.scaling_adjustment = Some(2));
    alarm(&auto, &arn);
    let described = |auto: &Auto| {
        let input = autoscaling::DescribePoliciesType {
            auto_scaling_group_name: Some("g".into()),
            ..Default::default()
        };
        auto.ok::<ops::DescribePolicies>(input).scaling_policies.expect("a list")
    };
    let policies = described(&auto);
    assert_eq!(policies.len(), 1);
    assert_eq!(policies[0].policy_type.as_deref(), Some("SimpleScaling"));
    assert_eq!((policies[0].scaling_adjustment, policies[0].enabled), (Some(2), Some(true)));
    let alarms = policies[0].alarms.as_deref().expect("alarms");
    assert_eq!(alarms[0].alarm_name.as_deref(), Some("memory"));
    auto.ok::<ops::DeletePolicy>(autoscaling::DeletePolicyType {
        auto_scaling_group_name: None,
        policy_name: arn,
    });
    assert!(described(&auto).is_empty());
    // The alarm stays, without its action.
    let alarms = auto.ok::<cloudwatch::ops::DescribeAlarms>(Default::default());
    let alarm = alarms.metric_alarms.and_then(|mut a| a.pop()).expect("the alarm is there");
    assert_eq!(alarm.alarm_actions.as_deref(), Some(&[][..]));
}

#[test]
fn a_custom_metric_is_tracked_as_well() {
    let auto = Auto::new();
    auto.group(1, 10, 2);
    put(&auto, |p| {
        p.policy_type = Some("TargetTrackingScaling".into());
        p.adjustment_type = None;
        p.estimated_instance_warmup = Some(0);
        p.target_tracking_configuration = Some(autoscaling::TargetTrackingConfiguration {
            target_value: 40.0,
            customized_metric_specification: Some(autoscaling::CustomizedMetricSpecification {
                metric_name: Some("Memory".into()),
                namespace: Some("App".into()),
                statistic: Some("Average".into()),
                ..Default::default()
            }),
            ..Default::default()
        });
    });
    for _ in 0..5 {
        minute(&auto, 60.0);
    }
    // Two instances at 60 are three at 40; the metric does not fall here, so it goes on.
    assert!(auto.sizes().2 >= 3, "{:?}", auto.sizes());
    let before = auto.sizes().2;
    for _ in 0..20 {
        minute(&auto, 10.0);
    }
    assert!(auto.sizes().2 < before, "{:?}", auto.sizes());
}
