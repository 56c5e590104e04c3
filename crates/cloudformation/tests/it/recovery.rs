//! What users do about operations that go wrong: cancel, retry, roll back, continue, force.

use crate::harness::{Stacks, deletion, group, named, refused, template, update, value, with};
use api::autoscaling as asg;
use api::cloudformation::{self as wire, ops};
use api::ec2;
use serde_json::{Value, json};

fn bad(before: &str) -> Value {
    with(refused().1, "DependsOn", before)
}

impl Stacks {
    fn update_without_rollback(&self, template: &Value) {
        self.ok::<ops::UpdateStack>(wire::UpdateStackInput {
            disable_rollback: Some(true),
            ..update("s", template)
        });
        self.rest();
    }

    fn roll_back(&self) {
        self.ok::<ops::RollbackStack>(wire::RollbackStackInput {
            stack_name: "s".into(),
            ..Default::default()
        });
        self.rest();
    }

    fn own(&self, skip: usize) -> Vec<String> {
        let lines = self.lines_of("s", "s", skip).into_iter();
        lines.map(|(status, reason)| format!("{status} {reason}").trim().to_owned()).collect()
    }
}

fn cancel() -> wire::CancelUpdateStackInput {
    wire::CancelUpdateStackInput { stack_name: "s".into(), ..Default::default() }
}

#[test]
fn an_update_can_be_cancelled_while_it_is_on_its_way() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", named("p", "before"))]));
    stacks.fails::<ops::CancelUpdateStack>(
        cancel(),
        "ValidationError",
        "CancelUpdateStack cannot be called from current stack status",
    );
    let seen = stacks.events("s").len();
    stacks.ok::<ops::UpdateStack>(update(
        "s",
        &template(&[("P", named("p", "after")), ("Q", with(named("q", "x"), "DependsOn", "P"))]),
    ));
    stacks.step(150);
    assert_eq!(stacks.parameter("p").as_deref(), Some("after"));
    stacks.ok::<ops::CancelUpdateStack>(cancel());
    stacks.rest();
    assert_eq!(
        stacks.own(seen),
        [
            "UPDATE_IN_PROGRESS User Initiated",
            "UPDATE_ROLLBACK_IN_PROGRESS User Initiated",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE",
        ]
    );
    let cancelled = ("UPDATE_FAILED".to_owned(), "Resource update cancelled".to_owned());
    assert!(stacks.lines_of("s", "P", seen).contains(&cancelled));
    assert_eq!(stacks.parameter("p").as_deref(), Some("before"));
    assert_eq!(stacks.parameter("q"), None);
}

#[test]
fn a_failed_update_that_was_kept_can_be_rolled_back() {
    let stacks = Stacks::new();
    let vpc = refused().0;
    stacks.create("s", &template(&[("V", vpc.clone()), ("P", named("p", "before"))]));
    let seen = stacks.events("s").len();
    stacks.update_without_rollback(&template(&[
        ("V", vpc),
        ("P", named("p", "after")),
        ("Bad", bad("P")),
    ]));
    assert_eq!(stacks.status("s"), "UPDATE_FAILED");
    assert_eq!(stacks.parameter("p").as_deref(), Some("after"));
    stacks.roll_back();
    assert_eq!(
        stacks.own(seen)[1..],
        [
            "UPDATE_FAILED The following resource(s) failed to create: [Bad].",
            "UPDATE_ROLLBACK_IN_PROGRESS User Initiated",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE",
        ]
    );
    assert_eq!(stacks.parameter("p").as_deref(), Some("before"));
    stacks.fails::<ops::RollbackStack>(
        wire::RollbackStackInput { stack_name: "s".into(), ..Default::default() },
        "ValidationError",
        &format!(
            "Stack:{} is in UPDATE_ROLLBACK_COMPLETE state and can not be rolled back.",
            stacks.shown("s").stack_id.unwrap_or_default()
        ),
    );
}

#[test]
fn a_failed_update_that_was_kept_can_be_tried_again() {
    let stacks = Stacks::new();
    let vpc = refused().0;
    stacks.create("s", &template(&[("V", vpc.clone()), ("P", named("p", "before"))]));
    stacks.update_without_rollback(&template(&[
        ("V", vpc.clone()),
        ("P", named("p", "after")),
        ("Bad", bad("P")),
    ]));
    let mut good = bad("P");
    good["Properties"]["CidrBlock"] = json!("10.0.1.0/24");
    let seen = stacks.events("s").len();
    stacks.update("s", &template(&[("V", vpc), ("P", named("p", "after")), ("Bad", good)]));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert!(stacks.lines_of("s", "P", seen).is_empty(), "what was done is done");
    assert!(stacks.physical("s", "Bad").starts_with("subnet-"));
}

#[test]
fn a_second_failure_goes_back_to_before_the_first() {
    let stacks = Stacks::new();
    let vpc = refused().0;
    stacks.create("s", &template(&[("V", vpc.clone()), ("P", named("p", "before"))]));
    let of = |text| {
        template(&[
            ("V", vpc.clone()),
            ("P", named("p", text)),
            ("New", named("new", text)),
            ("Bad", bad("P")),
        ])
    };
    stacks.update_without_rollback(&of("first"));
    stacks.update("s", &of("second"));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stacks.parameter("p").as_deref(), Some("before"));
    assert_eq!(stacks.parameter("new"), None);
    let names: Vec<_> = stacks.resources("s").into_iter().map(|r| r.0).collect();
    assert_eq!(names, ["P", "V"]);
}

#[test]
fn a_failed_creation_can_be_tried_again_or_rolled_back() {
    for again in [true, false] {
        let stacks = Stacks::new();
        let (vpc, mut subnet) = refused();
        let of = |subnet: &Value| template(&[("V", vpc.clone()), ("Bad", subnet.clone())]);
        stacks.begin("s", &of(&subnet), |input| input.disable_rollback = Some(true));
        stacks.rest();
        assert_eq!((stacks.status("s").as_str(), stacks.vpcs()), ("CREATE_FAILED", 1));
        if again {
            subnet["Properties"]["CidrBlock"] = json!("10.0.1.0/24");
            stacks.update("s", &of(&subnet));
            assert_eq!((stacks.status("s").as_str(), stacks.vpcs()), ("UPDATE_COMPLETE", 1));
        } else {
            // The same again fails again, and there is nothing to go back to.
            stacks.update("s", &of(&subnet));
            assert_eq!((stacks.status("s").as_str(), stacks.vpcs()), ("ROLLBACK_COMPLETE", 0));
        }
    }
    let stacks = Stacks::new();
    let (vpc, subnet) = refused();
    let of = template(&[("V", vpc), ("Bad", subnet)]);
    stacks.begin("s", &of, |input| input.disable_rollback = Some(true));
    stacks.rest();
    stacks.roll_back();
    assert_eq!((stacks.status("s").as_str(), stacks.vpcs()), ("ROLLBACK_COMPLETE", 0));
    assert!(stacks.own(0).contains(&"ROLLBACK_IN_PROGRESS User Initiated".to_owned()));
}

/// A stack whose rollback failed: the launch configuration that its group had is gone.
fn stuck() -> Stacks {
    let stacks = Stacks::new();
    let of = |version: &str, fails: bool| {
        let mut template = group(1, |_| ());
        template["Resources"]["LC"]["Properties"]["UserData"] = json!({"Fn::Base64": version});
        template["Resources"]["V"] = refused().0;
        if fails {
            template["Resources"]["Bad"] = bad("G");
        }
        template
    };
    stacks.create("s", &of("1", false));
    let old = stacks.physical("s", "LC");
    stacks.ok::<ops::UpdateStack>(update("s", &of("2", true)));
    while stacks.lines_of("s", "G", 0).last().is_some_and(|l| l.0 != "UPDATE_IN_PROGRESS") {
        stacks.step(20);
    }
    stacks.ok::<asg::ops::DeleteLaunchConfiguration>(asg::LaunchConfigurationNameType {
        launch_configuration_name: old.into(),
    });
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_FAILED");
    stacks
}

fn go_on(skip: &[&str]) -> wire::ContinueUpdateRollbackInput {
    wire::ContinueUpdateRollbackInput {
        stack_name: "s".into(),
        resources_to_skip: Some(skip.iter().map(|id| (*id).into()).collect()),
        ..Default::default()
    }
}

#[test]
fn a_stuck_rollback_goes_on_without_what_holds_it() {
    let stacks = stuck();
    let seen = stacks.events("s").len();
    stacks.fails::<ops::UpdateStack>(
        update("s", &template(&[("V", refused().0)])),
        "ValidationError",
        &format!(
            "Stack:{} is in UPDATE_ROLLBACK_FAILED state and can not be updated.",
            stacks.shown("s").stack_id.unwrap_or_default()
        ),
    );
    stacks.ok::<ops::ContinueUpdateRollback>(go_on(&[]));
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_FAILED", "nothing has changed");
    stacks.fails::<ops::ContinueUpdateRollback>(
        go_on(&["V"]),
        "ValidationError",
        "The following resources to skip are not in UPDATE_FAILED state: [V]",
    );
    stacks.ok::<ops::ContinueUpdateRollback>(go_on(&["G"]));
    stacks.rest();
    assert_eq!(
        stacks.own(seen),
        [
            "UPDATE_ROLLBACK_IN_PROGRESS User Initiated",
            "UPDATE_ROLLBACK_FAILED The following resource(s) failed to update: [G].",
            "UPDATE_ROLLBACK_IN_PROGRESS User Initiated",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE",
        ]
    );
    let group = stacks.resources("s").into_iter().find(|r| r.0 == "G");
    assert_eq!(group.map(|r| r.2).as_deref(), Some("UPDATE_COMPLETE"));
}

#[test]
fn a_stuck_stack_can_be_deleted() {
    let stacks = stuck();
    stacks.delete("s");
    assert_eq!(stacks.vpcs(), 0);
    let error = stacks.call::<ops::ContinueUpdateRollback>(go_on(&[])).expect_err("it is gone");
    assert_eq!(error.message, "Stack [s] does not exist");
}

#[test]
fn a_deletion_that_fails_can_be_forced() {
    let stacks = Stacks::new();
    let id = stacks.create("s", &template(&[("V", refused().0), ("P", value("x"))]));
    let vpc = stacks.physical("s", "V");
    let forced = || wire::DeleteStackInput {
        deletion_mode: Some("FORCE_DELETE_STACK".into()),
        ..deletion("s")
    };
    assert!(stacks.call::<ops::DeleteStack>(forced()).is_err(), "not before it has failed");
    stacks.ok::<ec2::ops::CreateSubnet>(ec2::CreateSubnetRequest {
        vpc_id: vpc.into(),
        cidr_block: Some("10.0.1.0/24".into()),
        ..Default::default()
    });
    stacks.delete("s");
    assert_eq!(stacks.status("s"), "DELETE_FAILED");
    stacks.ok::<ops::DeleteStack>(forced());
    stacks.rest();
    assert_eq!((stacks.status(&id).as_str(), stacks.vpcs()), ("DELETE_COMPLETE", 1));
}

#[test]
fn a_restart_of_what_rests_changes_nothing() {
    let mut stacks = stuck();
    stacks.restart();
    stacks.ok::<ops::ContinueUpdateRollback>(go_on(&["G"]));
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
}

/// A group of two that has lost an instance is to become one of three, and finds no capacity:
/// the way back to two needs a launch as well.
fn short_of_capacity() -> Stacks {
    let stacks = Stacks::new();
    stacks.create("s", &group(2, |_| ()));
    let found = stacks.ok::<asg::ops::DescribeAutoScalingInstances>(Default::default());
    let lost = found.auto_scaling_instances.expect("a list").remove(0).instance_id;
    stacks.no_capacity(true);
    stacks.ok::<ec2::ops::TerminateInstances>(ec2::TerminateInstancesRequest {
        instance_ids: lost.into_iter().collect(),
        ..Default::default()
    });
    stacks.ok::<ops::UpdateStack>(update("s", &group(3, |_| ())));
    for _ in 0..100_000 {
        if stacks.status("s") != "UPDATE_IN_PROGRESS" {
            break;
        }
        stacks.step(1);
    }
    stacks
}

#[test]
fn a_failure_that_a_rollback_answers_does_not_fail_the_rollback() {
    let stacks = short_of_capacity();
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_IN_PROGRESS");
    stacks.no_capacity(false);
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn a_group_that_cannot_come_back_fails_the_rollback_until_it_is_continued() {
    let stacks = short_of_capacity();
    stacks.step(60_000);
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_FAILED");
    let last = stacks.lines_of("s", "G", 0).pop().expect("an event");
    assert!(last.1.starts_with("Group did not stabilize. Last scaling activity: "), "{last:?}");
    stacks.no_capacity(false);
    stacks.ok::<ops::ContinueUpdateRollback>(wire::ContinueUpdateRollbackInput {
        stack_name: "s".into(),
        ..Default::default()
    });
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
}
