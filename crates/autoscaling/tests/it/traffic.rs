//! Load balancers and target groups before a group.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use api::{ec2, elb, elbv2};
use smol_str::SmolStr;

const MINUTE: i64 = 60_000;

/// The VPC's default security group lets HTTP in.
fn open(auto: &Auto) {
    let found = auto.ok::<ec2::ops::DescribeSecurityGroups>(Default::default());
    let mut groups = found.security_groups.expect("a list of groups");
    groups.retain(|group| group.group_name.as_deref() == Some("default"));
    let range = ec2::IpRange { cidr_ip: Some("0.0.0.0/0".into()), ..Default::default() };
    auto.ok::<ec2::ops::AuthorizeSecurityGroupIngress>(ec2::AuthorizeSecurityGroupIngressRequest {
        group_id: groups.pop().and_then(|group| group.group_id),
        ip_permissions: Some(vec![ec2::IpPermission {
            ip_protocol: Some("tcp".into()),
            from_port: Some(80),
            to_port: Some(80),
            ip_ranges: Some(vec![range]),
            ..Default::default()
        }]),
        ..Default::default()
    });
}

/// A target group that drains for a minute.
fn target_group(auto: &Auto, name: &str) -> SmolStr {
    let vpcs = auto.ok::<ec2::ops::DescribeVpcs>(Default::default()).vpcs;
    let made = auto.ok::<elbv2::ops::CreateTargetGroup>(elbv2::CreateTargetGroupInput {
        name: name.into(),
        protocol: Some("HTTP".into()),
        port: Some(80),
        vpc_id: vpcs.and_then(|mut all| all.pop()?.vpc_id),
        ..Default::default()
    });
    let arn = made.target_groups.and_then(|mut all| all.pop()?.target_group_arn).expect("an ARN");
    auto.ok::<elbv2::ops::ModifyTargetGroupAttributes>(elbv2::ModifyTargetGroupAttributesInput {
        target_group_arn: arn.clone(),
        attributes: vec![elbv2::TargetGroupAttribute {
            key: Some("deregistration_delay.timeout_seconds".into()),
            value: Some("60".into()),
        }],
    });
    arn
}

/// A load balancer in use with a target group behind it.
fn served(auto: &Auto) -> SmolStr {
    open(auto);
    let subnets = auto.ok::<ec2::ops::DescribeSubnets>(Default::default()).subnets;
    let subnets = subnets.expect("a list").into_iter().filter_map(|s| s.subnet_id).collect();
    let made = auto.ok::<elbv2::ops::CreateLoadBalancer>(elbv2::CreateLoadBalancerInput {
        name: "web".into(),
        subnets: Some(subnets),
        ..Default::default()
    });
    let balancer = made.load_balancers.and_then(|mut all| all.pop()?.load_balancer_arn);
    let group = target_group(auto, "web");
    auto.step(1_000);
    auto.ok::<elbv2::ops::CreateListener>(elbv2::CreateListenerInput {
        load_balancer_arn: balancer.expect("an ARN"),
        protocol: Some("HTTP".into()),
        port: Some(80),
        default_actions: vec![elbv2::Action {
            r#type: "forward".into(),
            target_group_arn: Some(group.clone()),
            ..Default::default()
        }],
        ..Default::default()
    });
    group
}

/// A served group of `desired` instances behind a target group.
fn behind(auto: &Auto, desired: i64, health_check: &str) -> SmolStr {
    let target_group = served(auto);
    auto.group_with(0, 5, desired, |g| {
        g.target_group_arns = Some(vec![target_group.clone()]);
        g.health_check_type = Some(health_check.into());
    });
    auto.rest();
    target_group
}

/// The targets of a group with their states.
fn targets(auto: &Auto, group: &SmolStr) -> Vec<(SmolStr, SmolStr)> {
    let input =
        elbv2::DescribeTargetHealthInput { target_group_arn: group.clone(), ..Default::default() };
    let shown = auto.ok::<elbv2::ops::DescribeTargetHealth>(input).target_health_descriptions;
    let told = |one: elbv2::TargetHealthDescription| {
        let state = one.target_health.and_then(|h| h.state).expect("a state");
        (one.target.expect("a target").id, state)
    };
    shown.expect("a list").into_iter().map(told).collect()
}

fn attach(auto: &Auto, arns: &[SmolStr]) {
    auto.ok::<ops::AttachLoadBalancerTargetGroups>(attachment(arns));
}

fn attachment(arns: &[SmolStr]) -> autoscaling::AttachLoadBalancerTargetGroupsType {
    autoscaling::AttachLoadBalancerTargetGroupsType {
        auto_scaling_group_name: "g".into(),
        target_group_arns: arns.to_vec(),
    }
}

fn detachment(arns: &[SmolStr]) -> autoscaling::DetachLoadBalancerTargetGroupsType {
    autoscaling::DetachLoadBalancerTargetGroupsType {
        auto_scaling_group_name: "g".into(),
        target_group_arns: arns.to_vec(),
    }
}

/// The states of the group's target groups.
fn states(auto: &Auto) -> Vec<SmolStr> {
    let input = autoscaling::DescribeLoadBalancerTargetGroupsRequest {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    };
    let shown = auto.ok::<ops::DescribeLoadBalancerTargetGroups>(input);
    let shown = shown.load_balancer_target_groups.expect("a list");
    shown.into_iter().filter_map(|one| one.state).collect()
}

fn break_checks(auto: &Auto, id: &str) {
    auto.faults(vec![kernel::FaultRule {
        instance: Some(id.into()),
        ..kernel::FaultRule::of(kernel::FaultKind::HealthCheck)
    }]);
}

#[test]
fn instances_are_registered_before_they_are_in_service() {
    let auto = Auto::new();
    let target_group = behind(&auto, 2, "EC2");
    let mut ids = auto.ids();
    ids.sort();
    let healthy: Vec<_> = ids.iter().map(|id| (id.clone(), "healthy".into())).collect();
    assert_eq!(targets(&auto, &target_group), healthy);
    let shown = auto.shown();
    assert_eq!(shown.target_group_arns, Some(vec![target_group.clone()]));
    let source = &shown.traffic_sources.expect("a list")[0];
    assert_eq!((&source.identifier, source.r#type.as_deref()), (&target_group, Some("elbv2")));
    assert_eq!(states(&auto), ["InService"]);
}

#[test]
fn an_instance_drains_before_it_is_terminated() {
    let auto = Auto::new();
    let target_group = behind(&auto, 1, "EC2");
    let id = auto.only();
    auto.set_desired(0);
    auto.step(1_000);
    let activity = &auto.activities()[0];
    assert_eq!(activity.status_code.as_deref(), Some("WaitingForELBConnectionDraining"));
    assert_eq!(activity.progress, Some(50));
    let told = format!("Terminating EC2 instance: {id} - Waiting For ELB Connection Draining.");
    assert_eq!(activity.description.as_deref(), Some(&*told));
    assert_eq!(targets(&auto, &target_group), [(id.clone(), "draining".into())]);
    auto.step(58_000);
    assert_eq!(auto.machine_state(&id), "running");
    assert_eq!(auto.standing(&id).0, "Terminating");
    auto.step(3_000);
    assert_eq!(auto.machine_state(&id), "terminated");
    let told = format!("Terminating EC2 instance: {id}");
    assert_eq!(auto.activities()[0].description.as_deref(), Some(&*told));
    assert!(auto.ids().is_empty() && targets(&auto, &target_group).is_empty());
}

#[test]
fn an_instance_drains_before_its_termination_hook_is_told() {
    let auto = Auto::new();
    behind(&auto, 1, "EC2");
    auto.ok::<ops::PutLifecycleHook>(autoscaling::PutLifecycleHookType {
        lifecycle_hook_name: "hook".into(),
        auto_scaling_group_name: "g".into(),
        lifecycle_transition: Some("autoscaling:EC2_INSTANCE_TERMINATING".into()),
        ..Default::default()
    });
    let id = auto.only();
    auto.set_desired(0);
    auto.step(MINUTE - 5_000);
    assert_eq!(auto.standing(&id).0, "Terminating");
    auto.step(10_000);
    assert_eq!(auto.standing(&id).0, "Terminating:Wait");
}

#[test]
fn a_forced_deletion_does_not_wait_for_connections() {
    let auto = Auto::new();
    behind(&auto, 1, "EC2");
    auto.delete(true).expect("it is deleted");
    auto.step(5_000);
    assert!(auto.groups().is_empty());
}

#[test]
fn an_instance_drains_on_its_way_to_standby_and_comes_back_from_it() {
    let auto = Auto::new();
    let target_group = behind(&auto, 1, "EC2");
    let id = auto.only();
    let input = autoscaling::EnterStandbyQuery {
        instance_ids: Some(vec![id.clone()]),
        auto_scaling_group_name: "g".into(),
        should_decrement_desired_capacity: true,
    };
    auto.ok::<ops::EnterStandby>(input);
    auto.step(1_000);
    assert_eq!(auto.standing(&id).0, "EnteringStandby");
    auto.step(MINUTE);
    assert_eq!(auto.standing(&id).0, "Standby");
    assert!(targets(&auto, &target_group).is_empty());
    auto.ok::<ops::ExitStandby>(autoscaling::ExitStandbyQuery {
        instance_ids: Some(vec![id.clone()]),
        auto_scaling_group_name: "g".into(),
    });
    auto.rest();
    assert_eq!(targets(&auto, &target_group), [(id, "healthy".into())]);
}

#[test]
fn a_target_group_that_is_attached_later_gets_the_instances_and_loses_them_again() {
    let auto = Auto::new();
    let target_group = served(&auto);
    auto.group_with(0, 5, 1, |g| g.health_check_type = Some("ELB".into()));
    auto.rest();
    let id = auto.only();
    attach(&auto, std::slice::from_ref(&target_group));
    assert_eq!(states(&auto), ["Adding"]);
    assert_eq!(targets(&auto, &target_group), []);
    auto.step(210);
    assert_eq!(states(&auto), ["Added"]);
    auto.rest();
    assert_eq!(states(&auto), ["InService"]);
    assert_eq!(targets(&auto, &target_group), [(id, "healthy".into())]);
    let input = detachment(std::slice::from_ref(&target_group));
    auto.ok::<ops::DetachLoadBalancerTargetGroups>(input.clone());
    auto.step(1_000);
    assert_eq!(states(&auto), ["Removing"]);
    auto.step(MINUTE);
    assert!(states(&auto).is_empty() && targets(&auto, &target_group).is_empty());
    assert_eq!(auto.standing(&auto.only()), ("InService".into(), "Healthy".into()));
    auto.fails::<ops::DetachLoadBalancerTargetGroups>(
        input,
        "ValidationError",
        "Trying to remove Target Groups that are not part of the group",
    );
}

#[test]
fn without_elb_checks_an_attached_target_group_stays_added() {
    let auto = Auto::new();
    let target_group = served(&auto);
    auto.group(0, 5, 1);
    attach(&auto, &[target_group]);
    auto.rest();
    assert_eq!(states(&auto), ["Added"]);
}

#[test]
fn what_does_not_exist_cannot_be_attached() {
    let auto = Auto::new();
    auto.group(0, 1, 0);
    let arn = "arn:aws:elasticloadbalancing:us-west-1:000000000000:targetgroup/no/0123456789abcdef";
    auto.fails::<ops::AttachLoadBalancerTargetGroups>(
        attachment(&[arn.into()]),
        "ValidationError",
        "Provided Target Groups may not be valid. Please ensure they exist and try again.",
    );
    auto.fails::<ops::AttachLoadBalancers>(
        autoscaling::AttachLoadBalancersType {
            auto_scaling_group_name: "g".into(),
            load_balancer_names: vec!["no".into()],
        },
        "ValidationError",
        "Provided Load Balancers may not be valid. Please ensure they exist and try again.",
    );
    assert_eq!(states(&auto), [] as [&str; 0]);
}

#[test]
fn one_call_attaches_ten_at_most() {
    let auto = Auto::new();
    auto.group(0, 1, 0);
    let many = vec![target_group(&auto, "one"); 11];
    let error = auto.call::<ops::AttachLoadBalancerTargetGroups>(attachment(&many));
    assert_eq!(error.expect_err("they are too many").code, "ValidationError");
}

#[test]
fn an_instance_that_fails_the_load_balancers_checks_is_replaced_if_they_count() {
    for (kind, replaced) in [("EC2", false), ("ELB", true)] {
        let auto = Auto::new();
        let target_group = behind(&auto, 2, kind);
        let ids = auto.ids();
        break_checks(&auto, &ids[0]);
        auto.rest();
        assert_eq!(auto.ids().contains(&ids[0]), !replaced, "{kind}");
        assert!(auto.ids().contains(&ids[1]) && auto.ids().len() == 2);
        let count = targets(&auto, &target_group).iter().filter(|t| t.1 == "healthy").count();
        assert_eq!(count, if replaced { 2 } else { 1 });
        let cause = "At T an instance was taken out of service in response to an ELB system health \
                     check failure.";
        assert_eq!(auto.history().iter().any(|[_, _, told]| told == cause), replaced, "{kind}");
    }
}

#[test]
fn failed_checks_are_put_up_with_in_the_grace_period() {
    let auto = Auto::new();
    behind(&auto, 1, "ELB");
    let id = auto.only();
    auto.update(|g| g.health_check_grace_period = Some(3_600));
    break_checks(&auto, &id);
    auto.step(50 * MINUTE);
    assert_eq!(auto.standing(&id), ("InService".into(), "Healthy".into()));
    auto.step(20 * MINUTE);
    assert!(!auto.ids().contains(&id), "the grace period has ended");
}

#[test]
fn instances_launched_while_nothing_is_added_stay_out_for_good() {
    let auto = Auto::new();
    let target_group = behind(&auto, 1, "EC2");
    let process = |process: &str| autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: Some(vec![process.into()]),
    };
    auto.ok::<ops::SuspendProcesses>(process("AddToLoadBalancer"));
    auto.set_desired(2);
    auto.rest();
    auto.ok::<ops::ResumeProcesses>(process("AddToLoadBalancer"));
    auto.rest();
    assert_eq!((auto.ids().len(), targets(&auto, &target_group).len()), (2, 1));
    auto.set_desired(3);
    auto.rest();
    assert_eq!((auto.ids().len(), targets(&auto, &target_group).len()), (3, 2));
}

#[test]
fn nothing_is_launched_while_a_target_group_is_gone() {
    let auto = Auto::new();
    let target_group = target_group(&auto, "lone");
    auto.group_with(0, 5, 0, |g| g.target_group_arns = Some(vec![target_group.clone()]));
    auto.rest();
    auto.ok::<elbv2::ops::DeleteTargetGroup>(elbv2::DeleteTargetGroupInput {
        target_group_arn: target_group.clone(),
    });
    auto.set_desired(1);
    auto.step(500);
    let [status, description, _] = auto.history().remove(0);
    assert_eq!(status, "Failed");
    assert_eq!(
        description,
        "Launching a new EC2 instance.  Status Reason: One or more target groups not found. \
         Validating load balancer configuration failed."
    );
    auto.ok::<ops::DetachLoadBalancerTargetGroups>(detachment(&[target_group]));
    auto.rest();
    assert_eq!(auto.ids().len(), 1);
}

#[test]
fn a_traffic_source_is_not_shown_by_the_older_operations() {
    let auto = Auto::new();
    let arn = served(&auto);
    auto.group(0, 5, 1);
    let sources = |identifier: &str, kind: Option<&str>| {
        let kind = kind.map(SmolStr::new);
        vec![autoscaling::TrafficSourceIdentifier { identifier: identifier.into(), r#type: kind }]
    };
    let attached = |traffic_sources| autoscaling::AttachTrafficSourcesType {
        auto_scaling_group_name: "g".into(),
        traffic_sources,
        ..Default::default()
    };
    auto.ok::<ops::AttachTrafficSources>(attached(sources(&arn, None)));
    let lattice = attached(sources("arn:aws:vpc-lattice:us-west-1:1:targetgroup/tg-1", None));
    let error = auto.call::<ops::AttachTrafficSources>(lattice).expect_err("it is not modelled");
    assert!(error.message.contains("Lattice"), "{}", error.message);
    auto.rest();
    assert!(states(&auto).is_empty() && auto.shown().target_group_arns == Some(Vec::new()));
    let all = autoscaling::DescribeTrafficSourcesRequest {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    };
    let shown = auto.ok::<ops::DescribeTrafficSources>(all.clone()).traffic_sources;
    let shown = shown.expect("a list").remove(0);
    assert_eq!(shown.identifier, Some(arn.clone()));
    assert_eq!((shown.r#type.as_deref(), shown.state.as_deref()), (Some("elbv2"), Some("Added")));
    let classic = autoscaling::DescribeTrafficSourcesRequest {
        traffic_source_type: Some("elb".into()),
        ..all.clone()
    };
    let shown = auto.ok::<ops::DescribeTrafficSources>(classic).traffic_sources;
    assert_eq!(shown.map(|all| all.len()), Some(0));
    auto.ok::<ops::DetachTrafficSources>(autoscaling::DetachTrafficSourcesType {
        auto_scaling_group_name: "g".into(),
        traffic_sources: sources(&arn, Some("elbv2")),
    });
    auto.rest();
    assert_eq!(targets(&auto, &arn), []);
    let shown = auto.ok::<ops::DescribeTrafficSources>(all).traffic_sources;
    assert_eq!(shown.map(|all| all.len()), Some(0));
}

#[test]
fn a_classic_load_balancer_drains_too() {
    let auto = Auto::new();
    open(&auto);
    auto.ok::<elb::ops::CreateLoadBalancer>(elb::CreateAccessPointInput {
        load_balancer_name: "old".into(),
        listeners: vec![elb::Listener {
            protocol: "HTTP".into(),
            load_balancer_port: 80,
            instance_port: 80,
            ..Default::default()
        }],
        availability_zones: Some(vec!["us-west-1a".into(), "us-west-1c".into()]),
        ..Default::default()
    });
    auto.ok::<elb::ops::ModifyLoadBalancerAttributes>(elb::ModifyLoadBalancerAttributesInput {
        load_balancer_name: "old".into(),
        load_balancer_attributes: elb::LoadBalancerAttributes {
            connection_draining: Some(elb::ConnectionDraining { enabled: true, timeout: Some(60) }),
            ..Default::default()
        },
    });
    auto.group_with(0, 5, 1, |g| g.load_balancer_names = Some(vec!["old".into()]));
    auto.rest();
    let id = auto.only();
    assert_eq!(auto.shown().load_balancer_names, Some(vec!["old".into()]));
    let health = || {
        let input =
            elb::DescribeEndPointStateInput { load_balancer_name: "old".into(), instances: None };
        let states = auto.ok::<elb::ops::DescribeInstanceHealth>(input).instance_states;
        states.expect("a list").len()
    };
    assert_eq!(health(), 1);
    auto.set_desired(0);
    auto.step(50_000);
    assert_eq!(auto.standing(&id).0, "Terminating");
    auto.step(15_000);
    assert!(auto.ids().is_empty() && health() == 0);
}

#[test]
fn a_topic_hears_of_launches() {
    let auto = Auto::new();
    let made = auto.ok::<api::sns::ops::CreateTopic>(api::sns::CreateTopicInput {
        name: "t".into(),
        ..Default::default()
    });
    let topic = made.topic_arn.expect("an ARN");
    auto.ok::<api::sns::ops::Subscribe>(api::sns::SubscribeInput {
        topic_arn: topic.clone(),
        protocol: "sms".into(),
        endpoint: Some("+15550100".into()),
        ..Default::default()
    });
    auto.group(0, 5, 0);
    let input = |topic: &str| autoscaling::PutNotificationConfigurationType {
        auto_scaling_group_name: "g".into(),
        topic_arn: topic.into(),
        notification_types: vec!["autoscaling:EC2_INSTANCE_LAUNCH".into()],
    };
    let gone = format!("{topic}-not");
    let error = auto.call::<ops::PutNotificationConfiguration>(input(&gone));
    assert_eq!(error.expect_err("there is no such topic").code, "ValidationError");
    auto.ok::<ops::PutNotificationConfiguration>(input(&topic));
    auto.set_desired(1);
    auto.rest();
    let sent = auto.outbox();
    let heard = |event: &str| sent.iter().filter(|text| text.contains(event)).count();
    assert_eq!(heard("autoscaling:TEST_NOTIFICATION"), 1, "{sent:?}");
    assert_eq!(heard("autoscaling:EC2_INSTANCE_LAUNCH"), 1, "{sent:?}");
}

#[test]
fn many_instances_are_registered_and_released_together() {
    let auto = Auto::new();
    let target_group = behind(&auto, 0, "ELB");
    auto.update(|g| {
        g.max_size = Some(300);
        g.desired_capacity = Some(300);
    });
    auto.rest();
    assert_eq!((auto.ids().len(), targets(&auto, &target_group).len()), (300, 300));
    auto.set_desired(0);
    auto.rest();
    assert_eq!((auto.ids().len(), targets(&auto, &target_group).len()), (0, 0));
}

#[test]
fn instances_come_and_go_behind_a_load_balancer_when_nothing_takes_time() {
    let auto = Auto::at(kernel::Pace::Instant);
    let target_group = behind(&auto, 3, "ELB");
    assert_eq!(targets(&auto, &target_group).len(), 3);
    break_checks(&auto, &auto.ids()[0]);
    auto.rest();
    assert_eq!(auto.ids().len(), 3);
    auto.set_desired(0);
    auto.rest();
    assert!(auto.ids().is_empty() && targets(&auto, &target_group).is_empty());
}
