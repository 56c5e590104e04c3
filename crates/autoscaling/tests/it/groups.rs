//! Creation and description of groups.

use crate::harness::{Auto, new_group};
use api::autoscaling::{self, ops};

#[test]
fn a_new_group_shows_the_defaults() {
    let auto = Auto::new();
    let mut input = new_group(1, 3, 1);
    input.desired_capacity = None;
    auto.ok::<ops::CreateAutoScalingGroup>(input);
    let group = auto.shown();
    assert_eq!(auto.sizes(), (1, 3, 1), "the desired capacity is the minimum");
    assert_eq!(group.default_cooldown, Some(300));
    assert_eq!(group.health_check_type.as_deref(), Some("EC2"));
    assert_eq!(group.health_check_grace_period, Some(0));
    assert_eq!(group.termination_policies, Some(vec!["Default".into()]));
    assert_eq!(group.new_instances_protected_from_scale_in, Some(false));
    assert_eq!(group.vpc_zone_identifier.as_deref(), Some(""));
    assert_eq!(group.availability_zones, Some(vec!["us-west-1a".into(), "us-west-1c".into()]));
    assert_eq!(
        group.service_linked_role_arn.as_deref().and_then(|arn| arn.split_once(":role/")?.1.into()),
        Some("aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    );
    assert_eq!(group.target_group_arns, Some(vec![]));
    assert_eq!(group.load_balancer_names, Some(vec![]));
    assert_eq!(group.suspended_processes, Some(vec![]));
    assert_eq!(group.enabled_metrics, Some(vec![]));
    assert_eq!(group.tags, Some(vec![]));
    assert_eq!((group.status, group.max_instance_lifetime), (None, None));
    assert_eq!((group.capacity_rebalance, group.default_instance_warmup), (None, None));
}

#[test]
fn a_group_has_an_arn_of_its_name_and_a_creation_time_in_milliseconds() {
    let auto = Auto::new();
    auto.group_with(0, 1, 0, |_| ());
    let group = auto.shown();
    let arn = group.auto_scaling_group_arn.expect("a group has an ARN");
    assert!(arn.starts_with("arn:aws:autoscaling:us-west-1:"), "{arn}");
    assert!(arn.ends_with(":autoScalingGroupName/g"), "{arn}");
    assert_eq!(group.created_time, Some(kernel::Timestamp(1_506_576_906_123)));
}

#[test]
fn an_unknown_group_is_not_described_and_cannot_be_updated() {
    let auto = Auto::new();
    assert_eq!(auto.groups(), []);
    auto.fails::<ops::UpdateAutoScalingGroup>(
        autoscaling::UpdateAutoScalingGroupType {
            auto_scaling_group_name: "g".into(),
            ..Default::default()
        },
        "ValidationError",
        "AutoScalingGroup name not found - null",
    );
}

/// A group that is refused, and how.
#[track_caller]
fn check(
    change: impl FnOnce(&mut autoscaling::CreateAutoScalingGroupType),
    expected: (&str, &str),
) {
    let auto = Auto::new();
    let mut input = new_group(1, 3, 2);
    change(&mut input);
    auto.fails::<ops::CreateAutoScalingGroup>(input, expected.0, expected.1);
    assert_eq!(auto.groups(), [], "nothing was made");
}

#[test]
fn sizes_must_agree() {
    check(
        |g| g.desired_capacity = Some(4),
        (
            "ValidationError",
            "Desired capacity:4 must be between the specified min size:1 and max size:3",
        ),
    );
    check(
        |g| g.min_size = 5,
        ("ValidationError", "Max bound, 3, must be greater than or equal to min bound, 5"),
    );
}

#[test]
fn a_group_needs_a_place_and_something_to_launch() {
    check(
        |g| g.availability_zones = None,
        ("ValidationError", "At least one Availability Zone or VPC Subnet is required."),
    );
    check(
        |g| g.launch_configuration_name = None,
        (
            "ValidationError",
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, \
             InstanceId or MixedInstancesPolicy parameter.",
        ),
    );
    check(
        |g| g.launch_configuration_name = Some("none".into()),
        (
            "ValidationError",
            "Launch configuration name not found - Launch configuration none not found",
        ),
    );
    check(
        |g| g.vpc_zone_identifier = Some("subnet-0123456789abcdef0".into()),
        ("ValidationError", "The subnet ID 'subnet-0123456789abcdef0' does not exist"),
    );
}

#[test]
fn names_are_unique_and_case_sensitive() {
    let auto = Auto::new();
    auto.group_with(0, 1, 0, |_| ());
    auto.fails::<ops::CreateAutoScalingGroup>(
        new_group(0, 1, 0),
        "AlreadyExists",
        "AutoScalingGroup by this name already exists - A group with the name g already exists",
    );
    auto.group_with(0, 1, 0, |g| g.auto_scaling_group_name = "G".into());
}

#[test]
fn the_default_policy_must_come_last() {
    let auto = Auto::new();
    let policies = |names: &[&str]| Some(names.iter().map(|n| (*n).into()).collect());
    let mut input = new_group(0, 1, 0);
    input.termination_policies = policies(&["Default", "OldestInstance"]);
    let error = auto.call::<ops::CreateAutoScalingGroup>(input).expect_err("it is refused");
    assert_eq!(error.code, "ValidationError");
    auto.group_with(0, 1, 0, |g| {
        g.termination_policies = policies(&["OldestInstance", "Default"]);
    });
    let shown = auto.shown().termination_policies;
    assert_eq!(shown, policies(&["OldestInstance", "Default"]));
}

#[test]
fn health_is_in_upper_case_among_instances_only() {
    let auto = Auto::new();
    auto.group(1, 1, 1);
    let id = auto.only();
    assert_eq!(auto.standing(&id), ("InService".into(), "Healthy".into()));
    let found = auto.ok::<ops::DescribeAutoScalingInstances>(
        autoscaling::DescribeAutoScalingInstancesType::default(),
    );
    let found = found.auto_scaling_instances.expect("a list of instances");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].instance_id, Some(id));
    assert_eq!(found[0].health_status.as_deref(), Some("HEALTHY"));
    assert_eq!(found[0].lifecycle_state.as_deref(), Some("InService"));
    assert_eq!(found[0].auto_scaling_group_name.as_deref(), Some("g"));
    assert_eq!(found[0].launch_configuration_name.as_deref(), Some("lc"));
}

#[test]
fn an_instance_is_pending_until_it_has_registered() {
    let auto = Auto::new();
    auto.group_with(1, 1, 1, |_| ());
    assert_eq!(auto.members(), [], "the group takes a while to react");
    auto.step(500);
    let id = auto.only();
    assert_eq!(auto.standing(&id).0, "Pending");
    assert_eq!(auto.activities()[0].progress, Some(30));
    assert_eq!(auto.activities()[0].status_code.as_deref(), Some("PreInService"));
    auto.rest();
    assert_eq!(auto.standing(&id).0, "InService");
    assert_eq!(auto.machine_state(&id), "running");
}
