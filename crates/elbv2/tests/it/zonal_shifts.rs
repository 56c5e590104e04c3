//! Zonal shifts: targets that load balancers are led away from.

use crate::harness::{Elb, health};
use api::elbv2::{self, ops};
use kernel::{FaultKind, FaultPlan, FaultRule};
use smol_str::SmolStr;

fn set(elb: &Elb, balancer: &SmolStr, key: &str, value: &str) {
    elb.ok::<ops::ModifyLoadBalancerAttributes>(elbv2::ModifyLoadBalancerAttributesInput {
        load_balancer_arn: balancer.clone(),
        attributes: vec![elbv2::LoadBalancerAttribute {
            key: Some(key.into()),
            value: Some(value.into()),
        }],
    });
}

/// The zone of a shift, or none.
fn shift(elb: &Elb, zone: Option<&str>) {
    let rule =
        |zone: &str| FaultRule { zone: Some(zone.into()), ..FaultRule::of(FaultKind::ZonalShift) };
    let rules = zone.map(rule).into_iter().collect();
    elb.cloud.set_faults(FaultPlan { rules, numbered: 0 }).expect("a journal in memory");
}

/// State, reason and description of the override of the only target.
#[track_caller]
fn shown(elb: &Elb, group: &SmolStr) -> (String, String, String) {
    let input =
        elbv2::DescribeTargetHealthInput { target_group_arn: group.clone(), ..Default::default() };
    let told = elb.ok::<ops::DescribeTargetHealth>(input).target_health_descriptions;
    let one = told.expect("a list").remove(0).administrative_override.expect("an override");
    let text = |text: Option<SmolStr>| text.unwrap_or_default().to_string();
    (text(one.state), text(one.reason), text(one.description))
}

#[test]
fn a_target_in_a_shifted_zone_is_overridden_and_as_healthy_as_before() {
    let elb = Elb::new();
    let (balancer, group, id) = elb.served();
    let none = health(
        "no_override",
        "AdministrativeOverride.NoOverride",
        "No override is currently active on target",
    );
    assert_eq!(shown(&elb, &group), none);
    shift(&elb, Some("us-west-1?"));
    assert_eq!(shown(&elb, &group), none, "it does not take part");
    set(&elb, &balancer, "zonal_shift.config.enabled", "true");
    assert_eq!(
        shown(&elb, &group),
        health(
            "zonal_shift_active",
            "AdministrativeOverride.ZonalShiftActive",
            "Zonal shift is active in target Availability Zone",
        )
    );
    assert_eq!(elb.state(&group, &id), "healthy");
    shift(&elb, Some("us-west-2a"));
    assert_eq!(shown(&elb, &group), none);
    shift(&elb, None);
    assert_eq!(shown(&elb, &group), none);
}

#[test]
fn without_cross_zone_load_balancing_the_shift_is_left_to_dns() {
    let elb = Elb::new();
    let (balancer, group, _) = elb.served();
    set(&elb, &balancer, "zonal_shift.config.enabled", "true");
    elb.ok::<ops::ModifyTargetGroupAttributes>(elbv2::ModifyTargetGroupAttributesInput {
        target_group_arn: group.clone(),
        attributes: vec![elbv2::TargetGroupAttribute {
            key: Some("load_balancing.cross_zone.enabled".into()),
            value: Some("false".into()),
        }],
    });
    assert_eq!(shown(&elb, &group).0, "zonal_shift_delegated_to_dns");
}

#[test]
fn requests_go_to_targets_in_other_zones_only() {
    let elb = Elb::new();
    let balancer = elb.balancer("web");
    let group = elb.group_with("web", |input| input.target_type = Some("ip".into()));
    let group = group.target_group_arn.expect("an ARN");
    let listener = elb.listener(&balancer, 80, &group);
    let address = |id: &str| elbv2::TargetDescription { id: id.into(), ..Default::default() };
    elb.ok::<ops::RegisterTargets>(elbv2::RegisterTargetsInput {
        target_group_arn: group,
        // Of the default subnets, one in each zone.
        targets: vec![address("172.31.0.9"), address("172.31.16.9")],
    });
    set(&elb, &balancer, "zonal_shift.config.enabled", "true");
    let hosts = || {
        let request = serde_json::json!({ "listener": listener, "path": "/", "method": "GET" });
        let answer = elb.asked("load-balancers/route", &request);
        let targets = answer["targets"].as_array().cloned().unwrap_or_default();
        targets.iter().map(|target| target["host"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(hosts().len(), 2);
    shift(&elb, Some("us-west-1a"));
    let first = hosts();
    shift(&elb, Some("us-west-1c"));
    let second = hosts();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first, second);
}
