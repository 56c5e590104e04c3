//! Registering targets.

use crate::harness::{Elb, target};
use api::{ec2, elbv2};
use elbv2::ops;
use smol_str::SmolStr;

fn registration(
    group: &SmolStr,
    targets: Vec<elbv2::TargetDescription>,
) -> elbv2::RegisterTargetsInput {
    elbv2::RegisterTargetsInput { target_group_arn: group.clone(), targets }
}

#[test]
fn instances_must_run() {
    let elb = Elb::new();
    let group = elb.group("web");
    let id = elb.instances(1, None).remove(0);
    elb.ok::<ec2::ops::StopInstances>(ec2::StopInstancesRequest {
        instance_ids: vec![id.clone()],
        ..Default::default()
    });
    elb.fails::<ops::RegisterTargets>(
        registration(&group, vec![target(&id)]),
        "InvalidTarget",
        &format!(
            "The following targets are not in a running state and cannot be registered: '{id}'"
        ),
    );
    elb.fails_as::<ops::RegisterTargets>(
        registration(&group, vec![target(&"i-0123456789abcdef0".into())]),
        "InvalidTarget",
    );
}

#[test]
fn instances_must_be_in_the_groups_vpc() {
    let elb = Elb::new();
    let input =
        ec2::CreateVpcRequest { cidr_block: Some("10.9.0.0/16".into()), ..Default::default() };
    let vpc = elb.ok::<ec2::ops::CreateVpc>(input).vpc.and_then(|vpc| vpc.vpc_id).expect("an id");
    let group = elb.group_with("web", |input| input.vpc_id = Some(vpc.clone()));
    let id = elb.instances(1, None).remove(0);
    elb.fails::<ops::RegisterTargets>(
        registration(&group.target_group_arn.expect("an ARN"), vec![target(&id)]),
        "InvalidTarget",
        &format!("The following targets are not in the target group VPC '{vpc}': '{id}'"),
    );
}

#[test]
fn an_instance_with_several_ports_is_several_targets() {
    let elb = Elb::new();
    let group = elb.group("web");
    let id = elb.instances(1, None).remove(0);
    let on = |port| elbv2::TargetDescription { port, ..target(&id) };
    elb.ok::<ops::RegisterTargets>(registration(&group, vec![on(None), on(Some(8_080))]));
    elb.ok::<ops::RegisterTargets>(registration(&group, vec![on(Some(80))]));
    let input =
        elbv2::DescribeTargetHealthInput { target_group_arn: group.clone(), ..Default::default() };
    let shown = elb.ok::<ops::DescribeTargetHealth>(input).target_health_descriptions;
    let mut ports: Vec<_> = shown
        .expect("a list")
        .into_iter()
        .map(|one| (one.target.and_then(|t| t.port), one.health_check_port))
        .collect();
    ports.sort();
    assert_eq!(ports, [(Some(80), Some("80".into())), (Some(8_080), Some("8080".into()))]);
    elb.deregister(&group, &id);
    assert_eq!(elb.all_health(&group).len(), 1);
}

#[test]
fn deregistering_what_is_not_registered_is_silent() {
    let elb = Elb::new();
    let group = elb.group("web");
    let id = elb.instances(1, None).remove(0);
    elb.deregister(&group, &id);
    let input = elbv2::DeregisterTargetsInput {
        target_group_arn: group,
        targets: vec![target(&"i-0123456789abcdef0".into())],
    };
    elb.fails_as::<ops::DeregisterTargets>(input, "InvalidTarget");
}

#[test]
fn addresses_lie_in_the_vpc_or_in_private_blocks() {
    let elb = Elb::new();
    let made = elb.group_with("ip", |input| input.target_type = Some("ip".into()));
    let group = made.target_group_arn.expect("an ARN");
    let at = |id: &str, zone: Option<&str>| elbv2::TargetDescription {
        id: id.into(),
        availability_zone: zone.map(Into::into),
        ..Default::default()
    };
    elb.ok::<ops::RegisterTargets>(registration(&group, vec![at("10.1.2.3", Some("all"))]));
    let balancer = elb.balancer("web");
    elb.listener(&balancer, 80, &group);
    elb.rest();
    assert_eq!(elb.state(&group, &"10.1.2.3".into()), "healthy");
    for (target, code) in [
        (at("8.8.8.8", Some("all")), "InvalidTarget"),
        (at("10.1.2.4", None), "ValidationError"),
        (at("nonsense", None), "ValidationError"),
    ] {
        elb.fails_as::<ops::RegisterTargets>(registration(&group, vec![target]), code);
    }
    assert_eq!(elb.all_health(&group).len(), 1);
}

#[test]
fn a_load_balancer_can_be_behind_another() {
    let elb = Elb::new();
    let (inner, _, _) = elb.served();
    let made = elb.group_with("alb", |input| {
        input.target_type = Some("alb".into());
        input.protocol = Some("TCP".into());
    });
    let group = made.target_group_arn.expect("an ARN");
    let outer = elb.balancer_with("net", |input| input.r#type = Some("network".into()));
    let mut listener =
        crate::harness::new_listener(&outer.load_balancer_arn.expect("an ARN"), 80, &group);
    listener.protocol = Some("TCP".into());
    elb.ok::<ops::CreateListener>(listener);
    elb.register(&group, std::slice::from_ref(&inner));
    elb.rest();
    assert_eq!(elb.state(&group, &inner), "healthy");
}

#[test]
fn functions_are_not_checked_unless_asked() {
    let elb = Elb::new();
    let made = elb.group_with("fn", |input| {
        (input.protocol, input.port, input.vpc_id) = (None, None, None);
        input.target_type = Some("lambda".into());
    });
    let group = made.target_group_arn.expect("an ARN");
    let balancer = elb.balancer("web");
    elb.listener(&balancer, 80, &group);
    let function: SmolStr = "arn:aws:lambda:us-west-1:123456789012:function:f".into();
    elb.register(&group, std::slice::from_ref(&function));
    elb.rest();
    assert_eq!(elb.health(&group, &function).1, "Target.HealthCheckDisabled");
}
