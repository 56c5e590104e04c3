//! Zonal shifts, and groups that are led away by them.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use kernel::{FaultKind, FaultRule};
use smol_str::SmolStr;

const SHIFTED: &str = "us-west-1a";

/// A group of four of at most nine in two zones that takes part in zonal shifts.
fn taking_part(behavior: &str) -> Auto {
    let auto = Auto::new();
    auto.group_with(0, 9, 4, |g| {
        g.availability_zone_impairment_policy =
            Some(autoscaling::AvailabilityZoneImpairmentPolicy {
                zonal_shift_enabled: Some(true),
                impaired_zone_health_check_behavior: Some(behavior.into()),
            });
    });
    auto.rest();
    assert_eq!(auto.spread(), [2, 2]);
    auto
}

fn shift(auto: &Auto, zone: &str) {
    auto.faults(vec![FaultRule {
        zone: Some(zone.into()),
        ..FaultRule::of(FaultKind::ZonalShift)
    }]);
}

fn end(auto: &Auto) {
    auto.faults(Vec::new());
    auto.rest();
}

/// An instance in the zone is said to be unhealthy.
fn harm(auto: &Auto, zone: &str) -> SmolStr {
    let mut members = auto.members().into_iter();
    let member = members.find(|m| m.availability_zone.as_deref() == Some(zone));
    let id = member.and_then(|m| m.instance_id).expect("there is one");
    auto.ok::<ops::SetInstanceHealth>(autoscaling::SetInstanceHealthQuery {
        instance_id: id.clone(),
        health_status: "Unhealthy".into(),
        should_respect_grace_period: None,
    });
    auto.rest();
    id
}

#[test]
fn a_group_grows_away_from_a_shifted_zone_and_is_balanced_afterwards() {
    let auto = taking_part("ReplaceUnhealthy");
    shift(&auto, SHIFTED);
    auto.rest();
    assert_eq!(auto.spread(), [2, 2]);
    auto.set_desired(8);
    auto.rest();
    assert_eq!(auto.spread(), [2, 6]);
    end(&auto);
    assert_eq!(auto.spread(), [4, 4]);
}

#[test]
fn a_group_that_takes_no_part_launches_anywhere() {
    let auto = Auto::new();
    auto.group(0, 9, 4);
    shift(&auto, SHIFTED);
    auto.set_desired(8);
    auto.rest();
    assert_eq!(auto.spread(), [4, 4]);
}

#[test]
fn a_shifted_zone_does_not_stand_in_for_one_without_capacity() {
    let auto = taking_part("ReplaceUnhealthy");
    let none = FaultRule {
        zone: Some("us-west-1c".into()),
        until: Some(kernel::Timestamp(1_506_576_906_123 + 3_600_000)),
        ..FaultRule::of(FaultKind::InsufficientCapacity)
    };
    let shifted = FaultRule { zone: Some(SHIFTED.into()), ..FaultRule::of(FaultKind::ZonalShift) };
    auto.faults(vec![none, shifted]);
    auto.set_desired(6);
    auto.step(60_000);
    assert_eq!(auto.spread(), [2, 2]);
    auto.rest();
    assert_eq!(auto.spread(), [2, 4]);
}

#[test]
fn unhealthy_instances_of_the_zone_are_replaced_elsewhere() {
    let auto = taking_part("ReplaceUnhealthy");
    shift(&auto, SHIFTED);
    let id = harm(&auto, SHIFTED);
    assert!(!auto.ids().contains(&id));
    assert_eq!(auto.spread(), [1, 3]);
}

#[test]
fn unhealthy_instances_of_the_zone_are_left_alone_until_the_shift_ends() {
    let auto = taking_part("IgnoreUnhealthy");
    shift(&auto, SHIFTED);
    let id = harm(&auto, SHIFTED);
    assert_eq!(auto.standing(&id), ("InService".into(), "Unhealthy".into()));
    let other = harm(&auto, "us-west-1c");
    assert!(!auto.ids().contains(&other), "in other zones they are replaced");
    assert_eq!(auto.spread(), [2, 2]);
    end(&auto);
    assert!(!auto.ids().contains(&id));
    assert_eq!(auto.spread(), [2, 2]);
}

#[test]
fn policies_do_not_scale_in_while_a_zone_is_shifted() {
    let auto = taking_part("IgnoreUnhealthy");
    let put = |name: &str, amount: i64| {
        auto.ok::<ops::PutScalingPolicy>(autoscaling::PutScalingPolicyType {
            auto_scaling_group_name: "g".into(),
            policy_name: name.into(),
            adjustment_type: Some("ChangeInCapacity".into()),
            scaling_adjustment: Some(amount),
            cooldown: Some(0),
            ..Default::default()
        });
    };
    put("out", 1);
    put("in", -2);
    let execute = |name: &str| {
        auto.ok::<ops::ExecutePolicy>(autoscaling::ExecutePolicyType {
            auto_scaling_group_name: Some("g".into()),
            policy_name: name.into(),
            ..Default::default()
        });
        auto.rest();
    };
    shift(&auto, SHIFTED);
    execute("in");
    assert_eq!(auto.sizes().2, 4);
    execute("out");
    assert_eq!((auto.sizes().2, auto.spread()), (5, vec![2, 3]));
    // What a user asks for is done.
    auto.set_desired(3);
    auto.rest();
    assert_eq!(auto.ids().len(), 3);
    end(&auto);
    execute("in");
    assert_eq!(auto.sizes().2, 1);
}

#[test]
fn nothing_is_launched_if_every_zone_is_shifted() {
    let auto = taking_part("ReplaceUnhealthy");
    shift(&auto, "*");
    auto.set_desired(6);
    auto.rest();
    assert_eq!(auto.spread(), [2, 2]);
    end(&auto);
    assert_eq!(auto.spread(), [3, 3]);
}

#[test]
fn a_refresh_that_a_shift_delays_is_given_more_time() {
    let auto = taking_part("ReplaceUnhealthy");
    let before = auto.ids();
    shift(&auto, "*");
    auto.ok::<ops::StartInstanceRefresh>(autoscaling::StartInstanceRefreshType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    });
    auto.step(3 * 3_600_000);
    let status = || {
        let input = autoscaling::DescribeInstanceRefreshesType {
            auto_scaling_group_name: "g".into(),
            ..Default::default()
        };
        let found = auto.ok::<ops::DescribeInstanceRefreshes>(input).instance_refreshes;
        found.expect("a list").remove(0).status.expect("a status")
    };
    assert_eq!(status(), "InProgress");
    assert_eq!(auto.ids(), before);
    end(&auto);
    assert_eq!(status(), "Successful");
}

#[test]
fn a_warm_pool_fills_away_from_a_shifted_zone() {
    let auto = taking_part("ReplaceUnhealthy");
    shift(&auto, SHIFTED);
    auto.ok::<ops::PutWarmPool>(autoscaling::PutWarmPoolType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    });
    auto.rest();
    let found = auto.ok::<ops::DescribeWarmPool>(autoscaling::DescribeWarmPoolType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    });
    let pool = found.instances.expect("a list");
    let zones: Vec<_> = pool.into_iter().filter_map(|i| i.availability_zone).collect();
    assert_eq!(zones, ["us-west-1c"; 5]);
}
