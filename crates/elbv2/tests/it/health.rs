//! How targets fare, and when.

use crate::harness::{Elb, health};
use api::{ec2, elbv2};
use kernel::Pace;
use smol_str::SmolStr;

fn set_attribute(elb: &Elb, group: &SmolStr, key: &str, value: &str) {
    elb.ok::<elbv2::ops::ModifyTargetGroupAttributes>(elbv2::ModifyTargetGroupAttributesInput {
        target_group_arn: group.clone(),
        attributes: vec![elbv2::TargetGroupAttribute {
            key: Some(key.into()),
            value: Some(value.into()),
        }],
    });
}

#[test]
fn a_target_is_unused_until_a_listener_forwards_to_its_group() {
    let elb = Elb::new();
    elb.open(&elb.default_group(), 80);
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    let id = elb.instances(1, None).remove(0);
    elb.register(&group, std::slice::from_ref(&id));
    let text = "Target group is not configured to receive traffic from the load balancer";
    assert_eq!(elb.health(&group, &id), health("unused", "Target.NotInUse", text));
    elb.rest();
    let listener = elb.listener(&balancer, 80, &group);
    elb.step(0);
    assert_eq!(
        elb.health(&group, &id),
        health("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
    );
    elb.step(100);
    assert_eq!(
        elb.health(&group, &id),
        health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
    );
    elb.step(150);
    assert_eq!(elb.health(&group, &id), health("healthy", "", ""));
    elb.ok::<elbv2::ops::DeleteListener>(elbv2::DeleteListenerInput { listener_arn: listener });
    assert_eq!(elb.state(&group, &id), "unused");
}

#[test]
fn targets_wait_for_their_load_balancer() {
    let elb = Elb::new();
    elb.open(&elb.default_group(), 80);
    let id = elb.instances(1, None).remove(0);
    let group = elb.group("web");
    let balancer = elb.balancer_with("web", |_| ()).load_balancer_arn.expect("an ARN");
    elb.listener(&balancer, 80, &group);
    elb.register(&group, std::slice::from_ref(&id));
    elb.step(400);
    assert_eq!(elb.health(&group, &id).1, "Elb.RegistrationInProgress");
    elb.step(600);
    assert_eq!(elb.state(&group, &id), "healthy");
}

#[test]
fn a_deregistered_target_drains_for_its_groups_delay() {
    let elb = Elb::new();
    let (_, group, id) = elb.served();
    set_attribute(&elb, &group, "deregistration_delay.timeout_seconds", "5");
    elb.deregister(&group, &id);
    let text = "Target deregistration is in progress";
    let draining = health("draining", "Target.DeregistrationInProgress", text);
    assert_eq!(elb.health(&group, &id), draining);
    elb.step(4_999);
    assert_eq!(elb.health(&group, &id), draining);
    elb.step(1);
    assert_eq!(
        elb.health(&group, &id),
        health("unused", "Target.NotRegistered", "Target is not registered to the target group")
    );
    assert_eq!(elb.all_health(&group), []);
}

#[test]
fn a_draining_target_can_come_back() {
    let elb = Elb::new();
    let (_, group, id) = elb.served();
    elb.deregister(&group, &id);
    elb.step(1_000);
    elb.register(&group, std::slice::from_ref(&id));
    assert_eq!(elb.state(&group, &id), "initial");
    elb.step(400_000);
    assert_eq!(elb.state(&group, &id), "healthy");
}

#[test]
fn an_unused_target_leaves_at_once() {
    let elb = Elb::new();
    let group = elb.group("web");
    let id = elb.instances(1, None).remove(0);
    elb.register(&group, std::slice::from_ref(&id));
    elb.deregister(&group, &id);
    assert_eq!(elb.all_health(&group), []);
}

#[test]
fn failed_checks_need_the_threshold_and_good_ones_too() {
    let elb = Elb::new();
    let (_, group, id) = elb.served();
    elb.break_checks(Some((&id, None)));
    elb.step(59_999);
    assert_eq!(elb.state(&group, &id), "healthy");
    elb.step(1);
    let bad = health("unhealthy", "Target.FailedHealthChecks", "Health checks failed");
    assert_eq!(elb.health(&group, &id), bad);
    elb.break_checks(None);
    elb.step(149_999);
    assert_eq!(elb.health(&group, &id), bad);
    elb.step(1);
    assert_eq!(elb.state(&group, &id), "healthy");
}

#[test]
fn a_wrong_code_is_named() {
    let elb = Elb::new();
    let (_, group, id) = elb.served();
    elb.break_checks(Some((&id, Some(404))));
    elb.step(60_000);
    let text = "Health checks failed with these codes: [404]";
    assert_eq!(elb.health(&group, &id), health("unhealthy", "Target.ResponseCodeMismatch", text));
    elb.break_checks(Some((&id, Some(200))));
    elb.step(200_000);
    assert_eq!(elb.state(&group, &id), "healthy");
}

#[test]
fn closed_security_groups_time_out_until_a_rule_is_added() {
    let elb = Elb::new();
    let closed = elb.closed_group("closed");
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    elb.listener(&balancer, 80, &group);
    let id = elb.instances(1, Some(vec![closed.clone()])).remove(0);
    elb.register(&group, std::slice::from_ref(&id));
    elb.rest();
    assert_eq!(elb.health(&group, &id), health("unhealthy", "Target.Timeout", "Request timed out"));
    elb.open(&closed, 80);
    elb.rest();
    assert_eq!(elb.state(&group, &id), "healthy");
}

#[test]
fn a_rule_from_the_load_balancers_group_is_enough() {
    let elb = Elb::new();
    let group = elb.group("web");
    let balancer = elb.balancer("web");
    elb.listener(&balancer, 80, &group);
    // The default group lets in whoever is in the default group, as the load balancer is.
    let id = elb.instances(1, None).remove(0);
    elb.register(&group, std::slice::from_ref(&id));
    elb.rest();
    assert_eq!(elb.state(&group, &id), "healthy");
    let other = elb.closed_group("other");
    elb.ok::<elbv2::ops::SetSecurityGroups>(elbv2::SetSecurityGroupsInput {
        load_balancer_arn: balancer,
        security_groups: vec![other],
        ..Default::default()
    });
    elb.rest();
    assert_eq!(elb.health(&group, &id).1, "Target.Timeout");
}

#[test]
fn stopped_and_terminated_instances_are_unused() {
    let elb = Elb::new();
    let (_, group, id) = elb.served();
    elb.ok::<ec2::ops::StopInstances>(ec2::StopInstancesRequest {
        instance_ids: vec![id.clone()],
        ..Default::default()
    });
    elb.step(2_000);
    assert_eq!(
        elb.health(&group, &id),
        health("unused", "Target.InvalidState", "Target is in the stopped state")
    );
    elb.ok::<ec2::ops::StartInstances>(ec2::StartInstancesRequest {
        instance_ids: vec![id.clone()],
        ..Default::default()
    });
    elb.step(3_000);
    assert_eq!(elb.state(&group, &id), "healthy");
    elb.ok::<ec2::ops::TerminateInstances>(ec2::TerminateInstancesRequest {
        instance_ids: vec![id.clone()],
        ..Default::default()
    });
    assert_eq!(
        elb.health(&group, &id),
        health("unused", "Target.InvalidState", "Target is in the terminated state")
    );
    elb.step(10_000);
    assert_eq!(elb.all_health(&group), []);
}

#[test]
fn a_zone_that_is_not_enabled_gets_no_traffic() {
    let elb = Elb::new();
    elb.open(&elb.default_group(), 80);
    let subnets = elb.subnets();
    let made = elb.balancer_with("net", |input| {
        input.r#type = Some("network".into());
        input.subnets = Some(vec![subnets[1].clone()]);
    });
    let group = elb.group_with("net", |input| {
        input.protocol = Some("TCP".into());
        input.health_check_protocol = Some("HTTP".into());
    });
    let group = group.target_group_arn.expect("an ARN");
    let balancer = made.load_balancer_arn.expect("an ARN");
    let mut listener = crate::harness::new_listener(&balancer, 80, &group);
    listener.protocol = Some("TCP".into());
    elb.ok::<elbv2::ops::CreateListener>(listener);
    let id = elb.instances(1, None).remove(0);
    elb.register(&group, std::slice::from_ref(&id));
    elb.rest();
    let text = "Target is in an Availability Zone that is not enabled for the load balancer";
    assert_eq!(elb.health(&group, &id), health("unused", "Target.NotInUse", text));
}

#[test]
fn at_the_pace_instant_a_target_is_healthy_at_once() {
    let elb = Elb::at(Pace::Instant);
    elb.served();
}

#[test]
fn a_thousand_targets_become_healthy() {
    let elb = Elb::new();
    elb.open(&elb.default_group(), 80);
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    elb.listener(&balancer, 80, &group);
    let ids = elb.instances(1_000, None);
    elb.register(&group, &ids);
    elb.rest();
    let all = elb.all_health(&group);
    assert_eq!(all.len(), 1_000);
    assert!(all.iter().all(|(state, _, _)| state == "healthy"));
}
