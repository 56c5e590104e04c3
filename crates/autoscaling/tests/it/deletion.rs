//! Deletion of groups.

use crate::harness::{Auto, deletion, new_group};
use api::autoscaling::{self, ops};

#[test]
fn a_group_with_instances_is_deleted_only_by_force() {
    let auto = Auto::new();
    auto.group(1, 1, 1);
    auto.fails::<ops::DeleteAutoScalingGroup>(
        deletion(false),
        "ResourceInUse",
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance \
         request(s) still in the group.",
    );
    assert_eq!(auto.sizes(), (1, 1, 1));
}

#[test]
fn an_empty_group_goes_at_once() {
    let auto = Auto::new();
    auto.group(0, 1, 1);
    auto.update(|u| u.max_size = Some(0));
    auto.rest();
    auto.delete(false).expect("it is empty");
    assert_eq!(auto.groups(), []);
}

#[test]
fn a_forced_deletion_shows_its_progress_and_ends() {
    let auto = Auto::new();
    auto.group(1, 2, 2);
    let ids = auto.ids();
    auto.delete(true).expect("force needs no empty group");
    let group = auto.shown();
    assert_eq!(group.status.as_deref(), Some("Delete in progress"));
    assert_eq!(auto.sizes(), (0, 0, 0));
    auto.rest();
    assert_eq!(auto.groups(), []);
    for id in &ids {
        assert_eq!(auto.machine_state(id), "terminated");
    }
}

#[test]
fn force_minds_neither_protection_nor_suspension() {
    let auto = Auto::new();
    auto.group_with(1, 2, 2, |g| g.new_instances_protected_from_scale_in = Some(true));
    auto.rest();
    auto.ok::<ops::SuspendProcesses>(autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: None,
    });
    auto.delete(true).expect("force needs no empty group");
    auto.rest();
    assert_eq!(auto.groups(), []);
}

#[test]
fn a_leaving_group_keeps_its_name() {
    let auto = Auto::new();
    auto.group(1, 1, 1);
    auto.delete(true).expect("force needs no empty group");
    let error = auto.call::<ops::CreateAutoScalingGroup>(new_group(0, 1, 0));
    let error = error.expect_err("the name is in use");
    assert_eq!(error.code, "AlreadyExists");
    assert!(error.message.contains("already exists"), "{}", error.message);
    assert!(error.message.contains("pending delete"), "{}", error.message);
    auto.rest();
    auto.group(0, 1, 0);
}

#[test]
fn activities_of_a_deleted_group_are_shown_on_request() {
    let auto = Auto::new();
    auto.group(1, 1, 1);
    auto.delete(true).expect("force needs no empty group");
    auto.rest();
    let activities = auto.activities();
    assert_eq!(activities.len(), 2, "a launch and a termination");
    for activity in &activities {
        assert_eq!(activity.auto_scaling_group_state.as_deref(), Some("Deleted"));
        assert_eq!(activity.status_code.as_deref(), Some("Successful"));
    }
    let error = auto
        .call::<ops::DescribeScalingActivities>(autoscaling::DescribeScalingActivitiesType {
            auto_scaling_group_name: Some("g".into()),
            ..Default::default()
        })
        .expect_err("the group is not there");
    assert_eq!(error.code, "ValidationError");
    assert!(error.message.contains("not found"), "{}", error.message);
}

#[test]
fn a_deletion_in_progress_can_be_asked_for_again() {
    let auto = Auto::new();
    auto.group(1, 1, 1);
    auto.delete(true).expect("force needs no empty group");
    auto.delete(true).expect("it is on its way already");
    auto.rest();
    assert_eq!(auto.groups(), []);
    assert_eq!(auto.activities().len(), 2);
}
