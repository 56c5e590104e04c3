//! `groups/explain` and `instances/explain`.

use crate::harness::Auto;
use api::{autoscaling, cloudwatch};
use kernel::Pace;
use serde_json::{Value, json};

/// (kind, what, why) of a story.
fn story(told: &Value) -> Vec<(String, String, String)> {
    let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
    let items = told["story"].as_array().expect("a story");
    items.iter().map(|it| (text(it, "kind"), text(it, "what"), text(it, "why"))).collect()
}

fn of_group(auto: &Auto) -> Value {
    auto.asked("groups/explain", json!({ "group": "g" })).expect("a story")
}

fn reasons(auto: &Auto, kind: &str) -> Vec<String> {
    story(&of_group(auto)).into_iter().filter(|it| it.0 == kind).map(|it| it.2).collect()
}

/// Target tracking of a metric that the test publishes, at 50.
fn tracked() -> Auto {
    let auto = Auto::at(Pace::Realistic);
    auto.group_with(1, 4, 2, |group| group.default_instance_warmup = Some(0));
    auto.rest();
    let metric = autoscaling::CustomizedMetricSpecification {
        metric_name: Some("Busy".into()),
        namespace: Some("App".into()),
        statistic: Some("Average".into()),
        ..Default::default()
    };
    auto.ok::<autoscaling::ops::PutScalingPolicy>(autoscaling::PutScalingPolicyType {
        auto_scaling_group_name: "g".into(),
        policy_name: "half".into(),
        policy_type: Some("TargetTrackingScaling".into()),
        target_tracking_configuration: Some(autoscaling::TargetTrackingConfiguration {
            customized_metric_specification: Some(metric),
            target_value: 50.0,
            ..Default::default()
        }),
        ..Default::default()
    });
    auto
}

fn busy(auto: &Auto, value: f64, minutes: usize) {
    for _ in 0..minutes {
        auto.ok::<cloudwatch::ops::PutMetricData>(cloudwatch::PutMetricDataInput {
            namespace: "App".into(),
            metric_data: Some(vec![cloudwatch::MetricDatum {
                metric_name: "Busy".into(),
                value: Some(value),
                ..Default::default()
            }]),
            ..Default::default()
        });
        auto.step(60_000);
    }
}

#[test]
fn a_policy_tells_what_it_reckoned_and_what_bounded_it() {
    let auto = tracked();
    busy(&auto, 70.0, 5);
    let first = &reasons(&auto, "policy")[0];
    assert_eq!(first, "metric 70, target 50: from 2 to 3; desired 2 → 3");
    busy(&auto, 90.0, 10);
    let told = reasons(&auto, "policy");
    assert_eq!(told[1], "metric 70, target 50: from 3 to 5, but the maximum is 4; desired 3 → 4");
    // The alarm asks once a minute; what was said is not said again.
    let last = told.last().expect("a decision");
    assert_eq!(last, "metric 90, target 50: from 4 to 8, but the maximum is 4; desired stays 4");
    assert!(told.len() <= 4, "{told:?}");
    let told = of_group(&auto);
    assert_eq!(told["alarms"].as_array().map(Vec::len), Some(2));
    assert_eq!((&told["desired"], &told["instances"]["InService"]), (&json!(4), &json!(4)));
    let kinds: Vec<String> = story(&told).into_iter().map(|it| it.0).collect();
    assert_eq!(kinds[..4], ["zone", "zone", "activity", "activity"]);
    assert_eq!(kinds[4..7], ["policy", "zone", "activity"]);
}

#[test]
fn an_instance_tells_why_it_was_put_there_and_why_it_went() {
    let auto = Auto::new();
    auto.group(0, 10, 3);
    let instances = auto.members();
    let zone_of = |id: &str| {
        let found = instances.iter().find(|it| it.instance_id.as_deref() == Some(id));
        found.and_then(|it| it.availability_zone.clone()).expect("it was there")
    };
    auto.set_desired(2);
    auto.rest();
    let gone = instances
        .iter()
        .filter_map(|it| it.instance_id.clone())
        .find(|id| {
            auto.asked("instances/explain", json!({ "instance": id })).expect("it")["gone"] == true
        })
        .expect("one went");
    let told = auto.asked("instances/explain", json!({ "instance": gone })).expect("a story");
    let told = story(&told);
    let kinds: Vec<&str> = told.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(kinds, ["zone", "activity", "choice", "activity"]);
    let zone = zone_of(&gone);
    assert!(told[0].1.ends_with(&format!("to be launched in {zone}")), "{told:?}");
    assert_eq!(
        told[0].2,
        "instances by zone were us-west-1a 0, us-west-1c 0; the zone with the fewest is next"
    );
    assert!(
        told[2].2.starts_with(&format!(
            "{zone} has the most (us-west-1a 2, us-west-1c 1); of the 2 there that may go: "
        )),
        "{told:?}"
    );
}

#[test]
fn the_policy_that_decided_is_named() {
    for (policy, by) in [
        ("NewestInstance", "NewestInstance"),
        ("OldestInstance", "OldestInstance"),
        ("OldestLaunchConfiguration", "equal by every policy; the oldest"),
    ] {
        let auto = Auto::new();
        auto.group_with(0, 10, 1, |group| {
            group.termination_policies = Some(vec![policy.into()]);
            group.availability_zones = Some(vec!["us-west-1a".into()]);
        });
        auto.rest();
        auto.step(90_000);
        auto.set_desired(2);
        auto.rest();
        auto.set_desired(1);
        auto.rest();
        let told = reasons(&auto, "choice");
        assert_eq!(told.len(), 1);
        assert!(told[0].ends_with(by), "{policy}: {told:?}");
    }
}

#[test]
fn only_the_latest_decisions_of_a_group_are_kept() {
    let auto = Auto::at(Pace::Instant);
    auto.group(0, 10, 0);
    for _ in 0..110 {
        auto.set_desired(1);
        auto.rest();
        auto.set_desired(0);
        auto.rest();
    }
    let decisions = story(&of_group(&auto)).into_iter().filter(|it| it.0 != "activity").count();
    assert_eq!(decisions, 200);
}

#[test]
fn a_deleted_group_still_has_its_story_for_six_weeks() {
    let auto = Auto::new();
    auto.group(1, 1, 1);
    auto.delete(true).expect("it can go");
    auto.rest();
    let told = of_group(&auto);
    assert_eq!(told["deleted"], true);
    assert_eq!(story(&told).len(), 3);
    auto.step(43 * 86_400_000);
    let error = auto.asked("groups/explain", json!({ "group": "g" })).expect_err("forgotten");
    assert_eq!((error.status, &*error.code), (404, "NotFound"));
    assert!(auto.asked("groups/explain", json!({})).is_err());
    assert!(auto.asked("instances/explain", json!({ "instance": "i-1" })).is_err());
}
