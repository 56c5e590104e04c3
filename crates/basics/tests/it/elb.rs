//! Classic Load Balancers.

use crate::harness::Harness;
use api::ec2;
use api::elb::{self, ops};
use kernel::{FaultKind, FaultPlan, FaultRule, Operation, Wall};
use smol_str::SmolStr;

fn ok<O: Operation>(h: &Harness, input: O::Input) -> O::Output {
    match h.call::<O>(input) {
        Ok(output) => output,
        Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
    }
}

fn step(h: &Harness, millis: i64) {
    h.cloud.step(Wall(0), millis).expect("memory never fails");
}

#[track_caller]
fn fails<O: Operation>(h: &Harness, input: O::Input, code: &str, message: &str) {
    match h.call::<O>(input) {
        Ok(_) => panic!("{} was expected to fail", O::NAME),
        Err(error) => assert_eq!((&*error.code, &*error.message), (code, message)),
    }
}

fn listener(port: i64) -> elb::Listener {
    elb::Listener {
        protocol: "HTTP".into(),
        load_balancer_port: port,
        instance_port: 80,
        ..Default::default()
    }
}

fn creation(name: &str) -> elb::CreateAccessPointInput {
    elb::CreateAccessPointInput {
        load_balancer_name: name.into(),
        listeners: vec![listener(80)],
        availability_zones: Some(vec!["us-west-1a".into()]),
        ..Default::default()
    }
}

/// A load balancer `web`, and an instance that its checks reach.
fn with_instance(h: &Harness) -> SmolStr {
    ok::<ops::CreateLoadBalancer>(h, creation("web"));
    let made = ok::<ec2::ops::RunInstances>(
        h,
        ec2::RunInstancesRequest {
            image_id: Some("ami-09d2fb69".into()),
            instance_type: Some("t2.micro".into()),
            min_count: 1,
            max_count: 1,
            placement: Some(ec2::Placement {
                availability_zone: Some("us-west-1a".into()),
                ..Default::default()
            }),
            ..Default::default()
        },
    );
    step(h, 5_000);
    made.instances.and_then(|mut all| all.pop()?.instance_id).expect("an instance")
}

fn instances(id: &SmolStr) -> Vec<elb::Instance> {
    vec![elb::Instance { instance_id: Some(id.clone()) }]
}

fn register(h: &Harness, id: &SmolStr) {
    ok::<ops::RegisterInstancesWithLoadBalancer>(
        h,
        elb::RegisterEndPointsInput { load_balancer_name: "web".into(), instances: instances(id) },
    );
}

fn health(h: &Harness, id: &SmolStr) -> [String; 3] {
    let input = elb::DescribeEndPointStateInput {
        load_balancer_name: "web".into(),
        instances: Some(instances(id)),
    };
    let shown = ok::<ops::DescribeInstanceHealth>(h, input).instance_states.expect("a list");
    let one = &shown[0];
    [&one.state, &one.reason_code, &one.description]
        .map(|text| text.clone().unwrap_or_default().to_string())
}

fn shown(h: &Harness) -> elb::LoadBalancerDescription {
    let all = ok::<ops::DescribeLoadBalancers>(h, Default::default());
    all.load_balancer_descriptions.and_then(|mut all| all.pop()).expect("a load balancer")
}

#[test]
fn a_new_one_has_awss_defaults() {
    let h = Harness::whole();
    let made = ok::<ops::CreateLoadBalancer>(&h, creation("web"));
    let row = shown(&h);
    assert_eq!(row.dns_name, made.dns_name);
    assert!(made.dns_name.expect("a name").ends_with(".us-west-1.elb.amazonaws.com"));
    assert_eq!(row.canonical_hosted_zone_name_id.as_deref(), Some("Z368ELLRRE2KJ0"));
    let check = row.health_check.expect("a health check");
    assert_eq!((&*check.target, check.interval, check.timeout), ("TCP:80", 30, 5));
    assert_eq!((check.healthy_threshold, check.unhealthy_threshold), (10, 2));
    assert_eq!(row.availability_zones, Some(vec!["us-west-1a".into()]));
    let source = row.source_security_group.expect("a group");
    assert_eq!(source.group_name.as_deref(), Some("default"));
    let input = elb::DescribeLoadBalancerAttributesInput { load_balancer_name: "web".into() };
    let attributes = ok::<ops::DescribeLoadBalancerAttributes>(&h, input);
    let attributes = attributes.load_balancer_attributes.expect("attributes");
    let draining = attributes.connection_draining.expect("draining");
    assert_eq!((draining.enabled, draining.timeout), (false, Some(300)));
    assert_eq!(attributes.connection_settings.map(|s| s.idle_timeout), Some(60));
}

#[test]
fn names_are_checked_and_used_once() {
    let h = Harness::whole();
    fails::<ops::CreateLoadBalancer>(
        &h,
        creation("a_b"),
        "ValidationError",
        "LoadBalancer name cannot contain characters that are not letters, or digits or the dash.",
    );
    let first = ok::<ops::CreateLoadBalancer>(&h, creation("web")).dns_name;
    assert_eq!(ok::<ops::CreateLoadBalancer>(&h, creation("web")).dns_name, first);
    let mut other = creation("web");
    other.listeners = vec![listener(81)];
    let error = h.call::<ops::CreateLoadBalancer>(other).expect_err("it differs");
    assert_eq!(error.code, "DuplicateLoadBalancerName");
}

#[test]
fn unknown_ones_are_not_found_but_can_be_deleted() {
    let h = Harness::whole();
    let input = elb::DescribeAccessPointsInput {
        load_balancer_names: Some(vec!["web".into()]),
        ..Default::default()
    };
    fails::<ops::DescribeLoadBalancers>(
        &h,
        input,
        "LoadBalancerNotFound",
        "There is no ACTIVE Load Balancer named 'web'",
    );
    let input = elb::DeleteAccessPointInput { load_balancer_name: "web".into() };
    ok::<ops::DeleteLoadBalancer>(&h, input);
}

#[test]
fn an_instance_comes_into_service_and_fails_and_leaves() {
    let h = Harness::whole();
    let id = with_instance(&h);
    let told = |texts: [&str; 3]| texts.map(str::to_owned);
    assert_eq!(health(&h, &id)[2], "Instance is not currently registered with the LoadBalancer.");
    register(&h, &id);
    assert_eq!(
        health(&h, &id),
        told(["OutOfService", "ELB", "Instance registration is still in progress."])
    );
    step(&h, 250);
    assert_eq!(health(&h, &id), told(["InService", "N/A", "N/A"]));
    let rule = FaultRule { instance: Some(id.clone()), ..FaultRule::of(FaultKind::HealthCheck) };
    h.cloud.set_faults(FaultPlan { rules: vec![rule], numbered: 0 }).expect("memory never fails");
    step(&h, 59_999);
    assert_eq!(health(&h, &id)[0], "InService");
    step(&h, 1);
    let text = "Instance has failed at least the UnhealthyThreshold number of health checks \
                consecutively.";
    assert_eq!(health(&h, &id), told(["OutOfService", "Instance", text]));
    h.cloud.set_faults(FaultPlan::default()).expect("memory never fails");
    step(&h, 300_000);
    assert_eq!(health(&h, &id)[0], "InService");
    ok::<ec2::ops::StopInstances>(
        &h,
        ec2::StopInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() },
    );
    step(&h, 2_000);
    assert_eq!(
        health(&h, &id),
        told(["OutOfService", "Instance", "Instance is in stopped state."])
    );
}

#[test]
fn a_drained_instance_stays_for_its_time() {
    let h = Harness::whole();
    let id = with_instance(&h);
    register(&h, &id);
    step(&h, 1_000);
    ok::<ops::ModifyLoadBalancerAttributes>(
        &h,
        elb::ModifyLoadBalancerAttributesInput {
            load_balancer_name: "web".into(),
            load_balancer_attributes: elb::LoadBalancerAttributes {
                connection_draining: Some(elb::ConnectionDraining {
                    enabled: true,
                    timeout: Some(10),
                }),
                ..Default::default()
            },
        },
    );
    ok::<ops::DeregisterInstancesFromLoadBalancer>(
        &h,
        elb::DeregisterEndPointsInput {
            load_balancer_name: "web".into(),
            instances: instances(&id),
        },
    );
    assert_eq!(health(&h, &id)[2], "Instance deregistration currently in progress.");
    step(&h, 10_000);
    assert_eq!(shown(&h).instances, Some(Vec::new()));
}

#[test]
fn instances_must_exist() {
    let h = Harness::whole();
    ok::<ops::CreateLoadBalancer>(&h, creation("web"));
    let input = elb::RegisterEndPointsInput {
        load_balancer_name: "web".into(),
        instances: instances(&"i-0123456789abcdef0".into()),
    };
    fails::<ops::RegisterInstancesWithLoadBalancer>(
        &h,
        input,
        "InvalidInstance",
        "Could not find EC2 instance i-0123456789abcdef0.",
    );
}

#[test]
fn listeners_come_and_go() {
    let h = Harness::whole();
    ok::<ops::CreateLoadBalancer>(&h, creation("web"));
    let more = |listener| elb::CreateLoadBalancerListenerInput {
        load_balancer_name: "web".into(),
        listeners: vec![listener],
    };
    ok::<ops::CreateLoadBalancerListeners>(&h, more(listener(81)));
    ok::<ops::CreateLoadBalancerListeners>(&h, more(listener(81)));
    let other = elb::Listener { instance_port: 82, ..listener(81) };
    let error = h.call::<ops::CreateLoadBalancerListeners>(more(other)).expect_err("it differs");
    assert_eq!(error.code, "DuplicateListener");
    let input = elb::DeleteLoadBalancerListenerInput {
        load_balancer_name: "web".into(),
        load_balancer_ports: vec![80],
    };
    ok::<ops::DeleteLoadBalancerListeners>(&h, input);
    let left = shown(&h).listener_descriptions.expect("a list");
    let ports: Vec<_> =
        left.into_iter().filter_map(|l| l.listener).map(|l| l.load_balancer_port).collect();
    assert_eq!(ports, [81]);
}

#[test]
fn a_policy_in_use_cannot_be_deleted() {
    let h = Harness::whole();
    ok::<ops::CreateLoadBalancer>(&h, creation("web"));
    let policy = || elb::CreateLBCookieStickinessPolicyInput {
        load_balancer_name: "web".into(),
        policy_name: "sticky".into(),
        cookie_expiration_period: Some(60),
    };
    ok::<ops::CreateLBCookieStickinessPolicy>(&h, policy());
    let twice = h.call::<ops::CreateLBCookieStickinessPolicy>(policy()).expect_err("twice");
    assert_eq!(twice.code, "DuplicatePolicyName");
    let set = |names: &[&str]| elb::SetLoadBalancerPoliciesOfListenerInput {
        load_balancer_name: "web".into(),
        load_balancer_port: 80,
        policy_names: names.iter().map(SmolStr::new).collect(),
    };
    ok::<ops::SetLoadBalancerPoliciesOfListener>(&h, set(&["sticky"]));
    let deletion = || elb::DeleteLoadBalancerPolicyInput {
        load_balancer_name: "web".into(),
        policy_name: "sticky".into(),
    };
    let used = h.call::<ops::DeleteLoadBalancerPolicy>(deletion()).expect_err("in use");
    assert_eq!(used.code, "InvalidConfigurationRequest");
    let none = h.call::<ops::SetLoadBalancerPoliciesOfListener>(set(&["none"]));
    assert_eq!(none.expect_err("unknown").code, "PolicyNotFound");
    ok::<ops::SetLoadBalancerPoliciesOfListener>(&h, set(&[]));
    ok::<ops::DeleteLoadBalancerPolicy>(&h, deletion());
    let types = ok::<ops::DescribeLoadBalancerPolicyTypes>(&h, Default::default());
    assert_eq!(types.policy_type_descriptions.map(|types| types.len()), Some(6));
}

#[test]
fn zones_and_groups_and_tags_change() {
    let h = Harness::whole();
    ok::<ops::CreateLoadBalancer>(&h, creation("web"));
    let enabled = ok::<ops::EnableAvailabilityZonesForLoadBalancer>(
        &h,
        elb::AddAvailabilityZonesInput {
            load_balancer_name: "web".into(),
            availability_zones: vec!["us-west-1c".into()],
        },
    );
    let zones: Vec<SmolStr> = vec!["us-west-1a".into(), "us-west-1c".into()];
    assert_eq!(enabled.availability_zones, Some(zones.clone()));
    let none = elb::RemoveAvailabilityZonesInput {
        load_balancer_name: "web".into(),
        availability_zones: zones,
    };
    let error = h.call::<ops::DisableAvailabilityZonesForLoadBalancer>(none).expect_err("all");
    assert_eq!(error.code, "InvalidConfigurationRequest");
    let odd = elb::ApplySecurityGroupsToLoadBalancerInput {
        load_balancer_name: "web".into(),
        security_groups: vec!["sg-0123456789abcdef0".into()],
    };
    let error = h.call::<ops::ApplySecurityGroupsToLoadBalancer>(odd).expect_err("unknown");
    assert_eq!(error.code, "InvalidSecurityGroup");
    let tag = elb::Tag { key: "a".into(), value: Some("1".into()) };
    ok::<ops::AddTags>(
        &h,
        elb::AddTagsInput { load_balancer_names: vec!["web".into()], tags: vec![tag.clone()] },
    );
    let input = elb::DescribeTagsInput { load_balancer_names: vec!["web".into()] };
    let tags = ok::<ops::DescribeTags>(&h, input).tag_descriptions.expect("a list");
    assert_eq!(tags[0].tags, Some(vec![tag]));
}
