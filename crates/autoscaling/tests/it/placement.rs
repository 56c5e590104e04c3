//! Zones, and which instances go.

use crate::harness::Auto;
use api::autoscaling::{self, ops};

#[test]
fn zones_stay_balanced_on_the_way_up_and_down() {
    let auto = Auto::new();
    auto.group(0, 6, 2);
    assert_eq!(auto.spread(), [1, 1]);
    auto.set_desired(3);
    auto.rest();
    let mut three = auto.spread();
    three.sort_unstable();
    assert_eq!(three, [1, 2]);
    auto.set_desired(2);
    auto.rest();
    assert_eq!(auto.spread(), [1, 1], "the fuller zone loses one");
    auto.set_desired(6);
    auto.rest();
    assert_eq!(auto.spread(), [3, 3]);
}

#[test]
fn a_new_zone_draws_instances_from_the_others() {
    let auto = Auto::new();
    auto.group_with(0, 4, 4, |g| g.availability_zones = Some(vec!["us-west-1a".into()]));
    auto.rest();
    assert_eq!(auto.spread(), [4, 0]);
    auto.update(|u| {
        u.availability_zones = Some(vec!["us-west-1a".into(), "us-west-1c".into()]);
    });
    auto.rest();
    assert_eq!(auto.spread(), [2, 2]);
    let causes: Vec<String> = auto.history().into_iter().map(|[_, _, cause]| cause).collect();
    let why = "At T instances were launched to balance instances in zones us-west-1c with other \
               zones resulting in more than desired number of instances in the group.  At T \
               availability zones us-west-1a us-west-1c had 4 0 instances respectively. An \
               instance was launched to aid in balancing the group's zones.";
    assert!(causes.iter().any(|cause| cause == why), "{causes:#?}");
}

#[test]
fn without_rebalancing_zones_stay_as_they_are() {
    let auto = Auto::new();
    auto.group_with(0, 4, 4, |g| g.availability_zones = Some(vec!["us-west-1a".into()]));
    auto.rest();
    auto.ok::<ops::SuspendProcesses>(autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: Some(vec!["AZRebalance".into()]),
    });
    auto.update(|u| {
        u.availability_zones = Some(vec!["us-west-1a".into(), "us-west-1c".into()]);
    });
    auto.rest();
    assert_eq!(auto.spread(), [4, 0]);
    auto.set_desired(3);
    auto.rest();
    assert_eq!(auto.spread(), [3, 0], "scaling in takes from the fullest zone");
}

/// Of three instances launched one after the other, in one zone, which one goes (0 is the oldest).
#[track_caller]
fn check(policy: &str, expected: usize) {
    let auto = Auto::new();
    auto.group_with(0, 3, 0, |g| {
        g.availability_zones = Some(vec!["us-west-1a".into()]);
        g.termination_policies = Some(vec![policy.into()]);
    });
    let mut order = Vec::new();
    for (number, configuration) in ["lc", "second", "third"].into_iter().enumerate() {
        if number > 0 {
            auto.configuration(configuration, |_| ());
        }
        auto.update(|u| {
            u.launch_configuration_name = Some(configuration.into());
            u.desired_capacity = Some(number as i64 + 1);
        });
        auto.rest();
        let ids = auto.ids();
        order.extend(ids.into_iter().filter(|id| !order.contains(id)).collect::<Vec<_>>());
        auto.step(60_000);
    }
    auto.set_desired(2);
    auto.rest();
    let left = auto.ids();
    let gone = order.iter().position(|id| !left.contains(id));
    assert_eq!(gone, Some(expected), "{policy}");
}

#[test]
fn termination_policies_choose() {
    check("Default", 0);
    check("OldestInstance", 0);
    check("OldestLaunchConfiguration", 0);
    check("NewestInstance", 2);
    check("ClosestToNextInstanceHour", 0);
}

fn protect(auto: &Auto, ids: Vec<smol_str::SmolStr>, protected: bool) {
    auto.ok::<ops::SetInstanceProtection>(autoscaling::SetInstanceProtectionQuery {
        instance_ids: ids,
        auto_scaling_group_name: "g".into(),
        protected_from_scale_in: protected,
    });
}

#[test]
fn protected_instances_survive_a_scale_in() {
    let auto = Auto::new();
    auto.group(0, 4, 4);
    let ids = auto.ids();
    protect(&auto, ids[..2].to_vec(), true);
    auto.set_desired(1);
    auto.rest();
    let mut left = auto.ids();
    let mut expected = ids[..2].to_vec();
    left.sort();
    expected.sort();
    assert_eq!(left, expected, "more than desired, but both are protected");
    protect(&auto, expected, false);
    auto.rest();
    assert_eq!(auto.ids().len(), 1, "no longer");
}

#[test]
fn protection_does_not_keep_a_broken_instance() {
    let auto = Auto::new();
    auto.group_with(1, 1, 1, |g| g.new_instances_protected_from_scale_in = Some(true));
    auto.rest();
    let id = auto.only();
    auto.terminate_in_ec2(&id);
    auto.rest();
    assert_ne!(auto.only(), id);
}

#[test]
fn protection_is_for_members_only() {
    let auto = Auto::new();
    auto.group(0, 1, 1);
    let error = auto.call::<ops::SetInstanceProtection>(autoscaling::SetInstanceProtectionQuery {
        instance_ids: vec!["i-0123456789abcdef0".into()],
        auto_scaling_group_name: "g".into(),
        protected_from_scale_in: true,
    });
    let error = error.expect_err("it is no member");
    assert_eq!(error.code, "ValidationError");
    assert!(error.message.contains("is not part of Auto Scaling group"), "{}", error.message);
}

#[test]
fn a_zone_without_capacity_is_made_up_for_by_another() {
    let auto = Auto::new();
    auto.no_capacity(Some("us-west-1c"));
    auto.group_with(0, 4, 4, |_| ());
    auto.rest();
    assert_eq!(auto.ids().len(), 4, "best effort: the other zone takes them");
    let failed = auto.history().iter().filter(|told| told[0] == "Failed").count();
    assert!((2..=8).contains(&failed), "rebalancing is tried {failed} times and then given up");
    auto.no_capacity(None);
    auto.rest();
    assert_eq!(auto.spread(), [2, 2], "and they are balanced when the zone is back");
}
