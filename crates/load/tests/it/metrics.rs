//! Loads show in metrics.

use crate::harness::World;
use serde_json::{Value, json};

#[test]
fn demand_is_shared_by_the_instances_in_service() {
    let world = World::new();
    world.group(1, 10, 2);
    world.step(120);
    world.load(json!({ "group": "g", "demand": 150 }));
    world.step(180);
    assert_eq!(world.cpu(2), [75.0, 75.0]);
    world.set_desired(3);
    world.step(180);
    assert_eq!(world.cpu(2), [50.0, 50.0]);
    let group = &[("AutoScalingGroupName", "g")];
    assert_eq!(world.values("AWS/EC2", "CPUUtilization", group, "SampleCount", 1), [3.0]);
    let bytes = world.values("AWS/EC2", "NetworkIn", group, "Sum", 1);
    assert_eq!(bytes, [150.0 * 60.0 * 2_048.0]);
}

#[test]
fn an_instance_shows_the_load_of_its_group_or_its_own() {
    let world = World::new();
    world.group(2, 2, 2);
    world.step(120);
    world.load(json!({ "group": "g", "cpu": 30 }));
    let ids: Vec<_> = world
        .shown()
        .instances
        .expect("instances")
        .into_iter()
        .filter_map(|i| i.instance_id)
        .collect();
    world.load(json!({ "instance": ids[0], "cpu": 90 }));
    world.step(180);
    let cpu =
        |id: &str| world.values("AWS/EC2", "CPUUtilization", &[("InstanceId", id)], "Average", 1);
    assert_eq!((cpu(&ids[0]), cpu(&ids[1])), (vec![90.0], vec![30.0]));
    assert_eq!(world.cpu(1), [60.0]);
    let checks = world.values("AWS/EC2", "StatusCheckFailed", &[("InstanceId", &ids[0])], "Sum", 2);
    assert_eq!(checks, [0.0, 0.0]);
}

#[test]
fn failed_checks_of_the_past_stay_visible() {
    let world = World::new();
    world.group(1, 1, 1);
    world.step(60);
    let id = world.shown().instances.and_then(|mut i| i.pop()?.instance_id).expect("an id");
    // Its group leaves it alone.
    world.ok::<api::autoscaling::ops::SuspendProcesses>(api::autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: Some(vec!["HealthCheck".into()]),
    });
    let now = world.now();
    world.fault(kernel::FaultRule {
        instance: Some(id.clone()),
        check: Some(kernel::FailedCheck::System),
        from: Some(now.plus_secs(120)),
        until: Some(now.plus_secs(240)),
        ..kernel::FaultRule::of(kernel::FaultKind::StatusCheck)
    });
    world.step(600);
    let sum = |metric: &str| -> f64 {
        world.values("AWS/EC2", metric, &[("InstanceId", &id)], "Sum", 11).iter().sum()
    };
    assert!((2.0..=3.0).contains(&sum("StatusCheckFailed_System")));
    assert_eq!(sum("StatusCheckFailed"), sum("StatusCheckFailed_System"));
    assert_eq!(sum("StatusCheckFailed_Instance"), 0.0);
    let last = world.values("AWS/EC2", "StatusCheckFailed", &[("InstanceId", &id)], "Sum", 2);
    assert_eq!(last, [0.0, 0.0]);
}

#[test]
fn basic_monitoring_tells_every_five_minutes() {
    let world = World::new();
    world.configuration("basic", false);
    world.group(1, 1, 1);
    world.ok::<api::autoscaling::ops::UpdateAutoScalingGroup>(
        api::autoscaling::UpdateAutoScalingGroupType {
            auto_scaling_group_name: "g".into(),
            launch_configuration_name: Some("basic".into()),
            ..Default::default()
        },
    );
    world.step(60);
    let id = world.shown().instances.and_then(|mut i| i.pop()).and_then(|i| i.instance_id);
    world.ok::<api::autoscaling::ops::TerminateInstanceInAutoScalingGroup>(
        api::autoscaling::TerminateInstanceInAutoScalingGroupType {
            instance_id: id,
            ..Default::default()
        },
    );
    world.step(1_140);
    assert_eq!(world.cpu(15).len(), 3);
}

#[test]
fn credits_are_spent_above_the_baseline_and_earned_below() {
    let world = World::new();
    world.group(1, 1, 1);
    world.step(600);
    let id = world.shown().instances.and_then(|mut i| i.pop()).and_then(|i| i.instance_id);
    let id = id.expect("an instance");
    let dimensions = [("InstanceId", id.as_str())];
    let balance = || {
        let values = world.values("AWS/EC2", "CPUCreditBalance", &dimensions, "Average", 10);
        *values.last().expect("a balance")
    };
    let idle = balance();
    assert!(idle > 30.0, "{idle}");
    world.load(json!({ "group": "g", "cpu": 100 }));
    world.step(1_800);
    assert!(balance() < idle - 20.0, "{} after {idle}", balance());
}

#[test]
fn group_sizes_are_told_once_they_are_collected() {
    let world = World::new();
    world.group(1, 5, 2);
    world.step(120);
    let group = &[("AutoScalingGroupName", "g")];
    let size = |name| world.values("AWS/AutoScaling", name, group, "Average", 1);
    assert_eq!(size("GroupDesiredCapacity"), Vec::<f64>::new());
    world.ok::<api::autoscaling::ops::EnableMetricsCollection>(
        api::autoscaling::EnableMetricsCollectionQuery {
            auto_scaling_group_name: "g".into(),
            granularity: "1Minute".into(),
            ..Default::default()
        },
    );
    world.step(120);
    assert_eq!(size("GroupDesiredCapacity"), [2.0]);
    assert_eq!(size("GroupInServiceInstances"), [2.0]);
    assert_eq!(size("GroupMaxSize"), [5.0]);
}

#[test]
fn loads_are_shown_and_cleared_and_bad_ones_refused() {
    let world = World::new();
    world.group(1, 1, 1);
    world.step(60);
    for request in [
        json!({ "group": "other", "cpu": 10 }),
        json!({ "instance": "i-0123456789abcdef0", "cpu": 10 }),
        json!({ "group": "g" }),
        json!({ "group": "g", "cpu": 10, "demand": 10 }),
        json!({ "group": "g", "instance": "i-1", "cpu": 10 }),
        json!({ "group": "g", "cpu": -10 }),
        json!({ "cpu": 10 }),
    ] {
        assert!(world.control("load", request.clone()).is_err(), "{request}");
    }
    world
        .load(json!({ "group": "g", "demand": { "ramp": { "from": 0, "to": 100, "over": 100 } } }));
    world.step(50);
    let shown = world.control("load", Value::Null).expect("loads");
    assert_eq!(shown["loads"][0]["now"], 50.0);
    assert_eq!(
        world.control("load/clear", json!({ "group": "g" })).expect("cleared")["cleared"],
        1
    );
    let shown = world.control("load", Value::Null).expect("loads");
    assert_eq!(shown["loads"], json!([]));
    world.step(180);
    assert_eq!(world.cpu(1), [0.5]);
}
