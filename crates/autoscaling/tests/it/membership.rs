//! Leaving and joining a group: terminate, standby, detach, attach.

use crate::harness::{Auto, IMAGE};
use api::autoscaling::{self, ops};
use api::ec2;
use smol_str::SmolStr;

fn termination(
    id: &SmolStr,
    decrement: bool,
) -> autoscaling::TerminateInstanceInAutoScalingGroupType {
    autoscaling::TerminateInstanceInAutoScalingGroupType {
        instance_id: Some(id.clone()),
        should_decrement_desired_capacity: decrement,
        ..Default::default()
    }
}

#[test]
fn terminating_at_the_minimum_must_not_lower_the_capacity() {
    let auto = Auto::new();
    auto.group(1, 2, 1);
    let id = auto.only();
    auto.fails::<ops::TerminateInstanceInAutoScalingGroup>(
        termination(&id, true),
        "ValidationError",
        "Currently, desiredSize equals minSize (1). Terminating instance without replacement will \
         violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to \
         false or lower group's min size.",
    );
    let answer = auto.ok::<ops::TerminateInstanceInAutoScalingGroup>(termination(&id, false));
    let activity = answer.activity.expect("the activity is answered at once");
    assert_eq!(activity.status_code.as_deref(), Some("InProgress"));
    assert_eq!(activity.progress, Some(0));
    auto.rest();
    assert_ne!(auto.only(), id, "it was replaced");
    let told = auto.history();
    let expected = [
        "Successful".to_owned(),
        format!("Terminating EC2 instance: {id}"),
        format!("At T instance {id} was taken out of service in response to a user request."),
    ];
    assert!(told.contains(&expected), "{told:#?}");
}

#[test]
fn terminating_can_lower_the_capacity() {
    let auto = Auto::new();
    auto.group(0, 2, 2);
    let id = auto.ids().remove(0);
    auto.ok::<ops::TerminateInstanceInAutoScalingGroup>(termination(&id, true));
    auto.rest();
    assert_eq!(auto.sizes(), (0, 2, 1));
    assert_ne!(auto.only(), id);
    assert_eq!(
        auto.history()[0],
        [
            "Successful".to_owned(),
            format!("Terminating EC2 instance: {id}"),
            format!(
                "At T instance {id} was taken out of service in response to a user request, \
                 shrinking the capacity from 2 to 1."
            ),
        ]
    );
}

#[test]
fn an_unknown_instance_cannot_be_terminated() {
    let auto = Auto::new();
    auto.fails::<ops::TerminateInstanceInAutoScalingGroup>(
        termination(&"i-0123456789abcdef0".into(), false),
        "ValidationError",
        "Instance Id not found - No managed instance found for instance ID: i-0123456789abcdef0",
    );
}

fn enter(ids: &[SmolStr], decrement: bool) -> autoscaling::EnterStandbyQuery {
    autoscaling::EnterStandbyQuery {
        instance_ids: Some(ids.to_vec()),
        auto_scaling_group_name: "g".into(),
        should_decrement_desired_capacity: decrement,
    }
}

#[test]
fn standby_takes_an_instance_out_and_back() {
    let auto = Auto::new();
    auto.group(0, 2, 2);
    let id = auto.ids().remove(0);
    let answer = auto.ok::<ops::EnterStandby>(enter(std::slice::from_ref(&id), true));
    let activity = answer.activities.expect("a list").remove(0);
    assert_eq!(
        (activity.status_code.as_deref(), activity.progress),
        (Some("InProgress"), Some(50))
    );
    auto.rest();
    assert_eq!(auto.sizes().2, 1);
    assert_eq!(auto.standing(&id).0, "Standby");
    assert_eq!(auto.machine_state(&id), "running");
    assert_eq!(
        auto.history()[0],
        [
            "Successful".to_owned(),
            format!("Moving EC2 instance to Standby: {id}"),
            format!(
                "At T instance {id} was moved to standby in response to a user request, shrinking \
                 the capacity from 2 to 1."
            ),
        ]
    );
    auto.ok::<ops::ExitStandby>(autoscaling::ExitStandbyQuery {
        instance_ids: Some(vec![id.clone()]),
        auto_scaling_group_name: "g".into(),
    });
    assert_eq!(auto.standing(&id).0, "Pending");
    auto.rest();
    assert_eq!((auto.sizes().2, auto.standing(&id).0), (2, "InService".into()));
    assert_eq!(
        auto.history()[0],
        [
            "Successful".to_owned(),
            format!("Moving EC2 instance out of Standby: {id}"),
            format!(
                "At T instance {id} was moved out of standby in response to a user request, \
                 increasing the capacity from 1 to 2."
            ),
        ]
    );
}

#[test]
fn an_instance_in_standby_is_replaced_unless_the_capacity_is_lowered() {
    let auto = Auto::new();
    auto.group(1, 2, 1);
    let id = auto.only();
    auto.fails::<ops::EnterStandby>(
        enter(std::slice::from_ref(&id), true),
        "ValidationError",
        "AutoScalingGroup g has min-size=1, max-size=2, and desired-size=1. To place into standby \
         1 instance, please update the AutoScalingGroup sizes appropriately.",
    );
    auto.ok::<ops::EnterStandby>(enter(std::slice::from_ref(&id), false));
    auto.rest();
    assert_eq!((auto.ids().len(), auto.sizes().2), (2, 1));
    assert_eq!(auto.standing(&id).0, "Standby");
}

#[test]
fn an_instance_in_standby_is_not_checked() {
    let auto = Auto::new();
    auto.group(0, 1, 1);
    let id = auto.only();
    auto.ok::<ops::EnterStandby>(enter(std::slice::from_ref(&id), true));
    auto.ok::<ec2::ops::StopInstances>(ec2::StopInstancesRequest {
        instance_ids: vec![id.clone()],
        ..Default::default()
    });
    auto.rest();
    assert_eq!(auto.standing(&id), ("Standby".into(), "Healthy".into()));
    assert_eq!(auto.machine_state(&id), "stopped");
}

fn detach(ids: &[SmolStr], decrement: bool) -> autoscaling::DetachInstancesQuery {
    autoscaling::DetachInstancesQuery {
        instance_ids: Some(ids.to_vec()),
        auto_scaling_group_name: "g".into(),
        should_decrement_desired_capacity: decrement,
    }
}

#[test]
fn a_detached_instance_runs_on_without_the_groups_tag() {
    let auto = Auto::new();
    auto.group_with(0, 2, 2, |g| {
        g.tags = Some(vec![autoscaling::Tag {
            key: "team".into(),
            value: Some("blue".into()),
            propagate_at_launch: Some(true),
            ..Default::default()
        }]);
    });
    auto.rest();
    let id = auto.ids().remove(0);
    auto.ok::<ops::DetachInstances>(detach(std::slice::from_ref(&id), true));
    auto.rest();
    assert_eq!((auto.sizes().2, auto.ids().contains(&id)), (1, false));
    assert_eq!(auto.machine_state(&id), "running");
    assert_eq!(auto.machine_tags(&id), [("team".into(), "blue".into())]);
    assert_eq!(
        auto.history()[0],
        [
            "Successful".to_owned(),
            format!("Detaching EC2 instance: {id}"),
            format!(
                "At T instance {id} was detached in response to a user request, shrinking the \
                 capacity from 2 to 1."
            ),
        ]
    );
}

#[test]
fn detaching_is_bounded_by_the_minimum_and_replaced_above_it() {
    let auto = Auto::new();
    auto.group(1, 2, 1);
    let id = auto.only();
    auto.fails::<ops::DetachInstances>(
        detach(std::slice::from_ref(&id), true),
        "ValidationError",
        "AutoScalingGroup g has min-size=1, max-size=2, and desired-size=1. To detach 1 instance, \
         please update the AutoScalingGroup sizes appropriately.",
    );
    auto.ok::<ops::DetachInstances>(detach(std::slice::from_ref(&id), false));
    auto.rest();
    assert_ne!(auto.only(), id);
}

/// An instance of no group, running in a zone.
fn loose(auto: &Auto, zone: &str) -> SmolStr {
    let made = auto.ok::<ec2::ops::RunInstances>(ec2::RunInstancesRequest {
        image_id: Some(IMAGE.into()),
        instance_type: Some("t2.micro".into()),
        min_count: 1,
        max_count: 1,
        placement: Some(ec2::Placement {
            availability_zone: Some(zone.into()),
            ..Default::default()
        }),
        ..Default::default()
    });
    auto.rest();
    made.instances.and_then(|mut i| i.pop()?.instance_id).expect("an instance has an id")
}

fn attach(id: &SmolStr) -> autoscaling::AttachInstancesQuery {
    autoscaling::AttachInstancesQuery {
        instance_ids: Some(vec![id.clone()]),
        auto_scaling_group_name: "g".into(),
    }
}

#[test]
fn an_attached_instance_counts_and_gets_the_groups_tag() {
    let auto = Auto::new();
    auto.group(0, 2, 1);
    let id = loose(&auto, "us-west-1c");
    auto.ok::<ops::AttachInstances>(attach(&id));
    auto.rest();
    assert_eq!((auto.sizes().2, auto.ids().len()), (2, 2));
    assert_eq!(auto.standing(&id), ("InService".into(), "Healthy".into()));
    assert_eq!(auto.machine_tags(&id), [("aws:autoscaling:groupName".into(), "g".into())]);
    let [status, description, _] = auto.history().remove(0);
    assert_eq!(status, "Successful");
    assert_eq!(description, format!("Attaching an existing EC2 instance: {id}"));
}

#[test]
fn attaching_is_bounded_and_for_running_loose_instances() {
    let auto = Auto::new();
    auto.group(0, 1, 1);
    let id = loose(&auto, "us-west-1a");
    auto.fails::<ops::AttachInstances>(
        attach(&id),
        "ValidationError",
        "AutoScalingGroup g has min-size=0, max-size=1, and desired-size=1. To attach 1 more \
         instance, please update the AutoScalingGroup sizes appropriately.",
    );
    auto.update(|u| u.max_size = Some(4));
    for wrong in [auto.only(), "i-0123456789abcdef0".into()] {
        let error = auto.call::<ops::AttachInstances>(attach(&wrong));
        assert_eq!(error.expect_err("it cannot join").code, "ValidationError");
    }
    auto.terminate_in_ec2(&id);
    let error = auto.call::<ops::AttachInstances>(attach(&id));
    assert_eq!(error.expect_err("it is on its way out").code, "ValidationError");
    assert_eq!(auto.sizes().2, 1);
}
