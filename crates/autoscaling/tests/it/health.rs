//! Health checks and replacement.

use crate::harness::Auto;
use api::{
    autoscaling::{self, ops},
    ec2,
};
use smol_str::SmolStr;

const BY_EC2: &str = "At T an instance was taken out of service in response to an EC2 health \
                      check indicating it has been terminated or stopped.";
const BY_USER: &str =
    "At T an instance was taken out of service in response to a user health-check.";
const REPLACED: &str =
    "At T an instance was launched in response to an unhealthy instance needing to be replaced.";

/// The only instance of a group is harmed; another one takes its place, and the cause is told.
#[track_caller]
fn check(harm: impl FnOnce(&Auto, &SmolStr), cause: &str) {
    let auto = Auto::new();
    // A grace period does not matter to what EC2 says.
    auto.group_with(1, 1, 1, |g| g.health_check_grace_period = Some(600));
    auto.rest();
    let old = auto.only();
    harm(&auto, &old);
    auto.rest();
    let new = auto.only();
    assert_ne!(new, old);
    assert_eq!(auto.standing(&new), ("InService".into(), "Healthy".into()));
    assert_eq!(auto.machine_state(&old), "terminated");
    let mut told = auto.history();
    told.truncate(2);
    told.sort();
    assert_eq!(
        told,
        [
            ["Successful", &format!("Launching a new EC2 instance: {new}"), REPLACED],
            ["Successful", &format!("Terminating EC2 instance: {old}"), cause],
        ]
    );
}

#[test]
fn a_stopped_instance_is_replaced_even_in_its_grace_period() {
    check(
        |auto, id| {
            let input =
                ec2::StopInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
            auto.ok::<ec2::ops::StopInstances>(input);
        },
        BY_EC2,
    );
}

#[test]
fn a_terminated_instance_is_replaced() {
    check(|auto, id| auto.terminate_in_ec2(id), BY_EC2);
}

fn health(
    id: &SmolStr,
    status: &str,
    respect: Option<bool>,
) -> autoscaling::SetInstanceHealthQuery {
    autoscaling::SetInstanceHealthQuery {
        instance_id: id.clone(),
        health_status: status.into(),
        should_respect_grace_period: respect,
    }
}

#[test]
fn an_instance_called_unhealthy_is_replaced() {
    check(
        |auto, id| auto.ok::<ops::SetInstanceHealth>(health(id, "Unhealthy", Some(false))),
        BY_USER,
    );
}

#[test]
fn a_grace_period_protects_from_being_called_unhealthy() {
    let auto = Auto::new();
    auto.group_with(1, 1, 1, |g| g.health_check_grace_period = Some(600));
    auto.rest();
    let id = auto.only();
    auto.ok::<ops::SetInstanceHealth>(health(&id, "Unhealthy", None));
    auto.rest();
    assert_eq!(auto.only(), id);
    auto.step(600_000);
    auto.ok::<ops::SetInstanceHealth>(health(&id, "Unhealthy", None));
    auto.rest();
    assert_ne!(auto.only(), id, "the grace period is over");
}

#[test]
fn the_health_of_a_leaving_or_unknown_instance_cannot_be_set() {
    let auto = Auto::new();
    auto.group(0, 1, 1);
    let id = auto.only();
    auto.set_desired(0);
    auto.step(300);
    assert_eq!(auto.standing(&id).0, "Terminating");
    let error = auto.call::<ops::SetInstanceHealth>(health(&id, "Healthy", None));
    assert_eq!(error.expect_err("it is leaving").code, "ValidationError");
    auto.fails::<ops::SetInstanceHealth>(
        health(&"i-0123456789abcdef0".into(), "Healthy", None),
        "ValidationError",
        "Instance Id not found - No managed instance found for instance ID: i-0123456789abcdef0",
    );
}

#[test]
fn several_broken_instances_are_all_replaced() {
    let auto = Auto::new();
    auto.group(0, 6, 4);
    let before = auto.ids();
    before[..3].iter().for_each(|id| auto.terminate_in_ec2(id));
    auto.rest();
    let after = auto.ids();
    assert_eq!(after.len(), 4);
    assert!(after.contains(&before[3]));
    assert!(before[..3].iter().all(|id| !after.contains(id)));
    assert_eq!(auto.spread(), [2, 2]);
}

#[test]
fn an_instance_lost_while_the_capacity_is_lowered_is_not_replaced() {
    let auto = Auto::new();
    auto.group(0, 2, 2);
    let ids = auto.ids();
    auto.terminate_in_ec2(&ids[0]);
    auto.set_desired(1);
    auto.rest();
    assert_eq!(auto.ids().len(), 1);
}
