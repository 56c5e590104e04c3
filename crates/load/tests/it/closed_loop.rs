//! The loop is closed: load → metric → alarm → policy → capacity → load.

use crate::harness::World;
use serde_json::json;

#[test]
fn target_tracking_makes_its_alarms_as_aws_does() {
    let world = World::new();
    world.group(1, 20, 2);
    let policy = world.track_cpu(50.0);
    let named = policy.alarms.expect("alarms");
    let names: Vec<_> = named.iter().filter_map(|a| a.alarm_name.clone()).collect();
    assert!(names[0].starts_with("TargetTracking-g-AlarmHigh-"), "{names:?}");
    assert!(names[1].starts_with("TargetTracking-g-AlarmLow-"), "{names:?}");
    let mut alarms = world.alarms();
    alarms.sort_by_key(|alarm| alarm.alarm_name.clone());
    let told: Vec<_> = alarms
        .iter()
        .map(|a| (a.threshold, a.evaluation_periods, a.period, a.comparison_operator.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (Some(50.0), Some(3), Some(60), Some("GreaterThanThreshold")),
            (Some(35.0), Some(15), Some(60), Some("LessThanThreshold")),
        ]
    );
    world.ok::<api::autoscaling::ops::DeletePolicy>(api::autoscaling::DeletePolicyType {
        auto_scaling_group_name: Some("g".into()),
        policy_name: "cpu".into(),
    });
    assert!(world.alarms().is_empty());
}

#[test]
fn a_group_follows_its_demand_up_and_down() {
    let world = World::new();
    world.group(1, 20, 2);
    world.track_cpu(50.0);
    world.step(300);
    assert_eq!(world.desired(), 2);
    world.load(json!({ "group": "g", "demand": 480 }));
    world.step(1_800);
    let up = world.desired();
    assert!((10..=11).contains(&up), "480 requests/s at 50 % of 100 each: {up}");
    let cpu = world.cpu(5);
    assert!(cpu.iter().all(|cpu| *cpu <= 50.0), "{cpu:?}");
    let causes = world.causes();
    let by_alarm = causes.iter().filter(|c| c.contains("in state ALARM triggered policy cpu"));
    assert!(by_alarm.count() > 0, "{causes:?}");
    world.load(json!({ "group": "g", "demand": 100 }));
    world.step(3 * 3_600);
    let down = world.desired();
    assert!((2..=3).contains(&down), "{down}");
}

#[test]
fn a_day_of_load_comes_and_goes_without_oscillation() {
    let world = World::new();
    world.group(2, 100, 2);
    world.track_cpu(60.0);
    world.load(json!({ "group": "g", "demand": { "sine": { "low": 60, "high": 3_000, "period": 86_400 } } }));
    let mut sizes = Vec::new();
    for _ in 0..24 {
        world.step(3_600);
        sizes.push(world.desired());
    }
    assert!((45..=60).contains(sizes.iter().max().expect("sizes")), "{sizes:?}");
    let turns = sizes.windows(3).filter(|w| (w[1] - w[0]).signum() * (w[2] - w[1]).signum() < 0);
    assert!(turns.count() <= 3, "{sizes:?}");
}
