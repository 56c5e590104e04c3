//! Deletions.

use crate::harness::{Stacks, deletion, describe, named, template, told, value, with};
use api::cloudformation::{self as wire, ops};
use serde_json::json;

#[test]
fn a_deletion_goes_backwards() {
    let stacks = Stacks::new();
    let second = value(json!({"Ref": "First"}));
    let id = stacks.create("s", &template(&[("First", value("x")), ("Second", second)]));
    let seen = stacks.events("s").len();
    stacks.delete("s");
    assert_eq!(
        stacks.lines(&id, seen),
        told(
            "s      | DELETE_IN_PROGRESS | User Initiated
             Second | DELETE_IN_PROGRESS |
             Second | DELETE_COMPLETE |
             First  | DELETE_IN_PROGRESS |
             First  | DELETE_COMPLETE |
             s      | DELETE_COMPLETE |"
        )
    );
}

#[test]
fn a_deleted_stack_is_found_by_its_arn_only() {
    let stacks = Stacks::new();
    let body = template(&[("P", value("x"))]);
    let old = stacks.create("s", &body);
    stacks.delete("s");
    stacks.fails::<ops::DescribeStacks>(
        describe("s"),
        "ValidationError",
        "Stack with id s does not exist",
    );
    assert_eq!(stacks.status(&old), "DELETE_COMPLETE");
    let history = stacks.events(&old).len();
    let new = stacks.create("s", &body);
    assert_ne!(new, old);
    assert_eq!(stacks.shown("s").stack_id, Some(new), "the name means the new one");
    assert_eq!(stacks.events(&old).len(), history);
}

#[test]
fn retained_resources_stay() {
    let stacks = Stacks::new();
    let kept = with(named("kept", "x"), "DeletionPolicy", "Retain");
    let id = stacks.create("s", &template(&[("Kept", kept), ("P", named("gone", "y"))]));
    let seen = stacks.events("s").len();
    stacks.delete("s");
    assert_eq!(stacks.status(&id), "DELETE_COMPLETE");
    assert!(stacks.parameter("kept").is_some() && stacks.parameter("gone").is_none());
    let lines = stacks.lines_of(&id, "Kept", seen);
    assert_eq!(lines, [("DELETE_SKIPPED".to_owned(), String::new())]);
}

#[test]
fn protected_stacks_are_not_deleted() {
    let stacks = Stacks::new();
    let id = stacks.begin("s", &template(&[("P", value("x"))]), |input| {
        input.enable_termination_protection = Some(true);
    });
    stacks.rest();
    assert_eq!(stacks.shown("s").enable_termination_protection, Some(true));
    stacks.fails::<ops::DeleteStack>(
        deletion("s"),
        "ValidationError",
        "Stack [s] cannot be deleted while TerminationProtection is enabled",
    );
    stacks.ok::<ops::UpdateTerminationProtection>(wire::UpdateTerminationProtectionInput {
        stack_name: "s".into(),
        enable_termination_protection: false,
    });
    stacks.delete("s");
    assert_eq!(stacks.status(&id), "DELETE_COMPLETE");
}

#[test]
fn deleting_what_is_not_there_is_no_error() {
    let stacks = Stacks::new();
    stacks.ok::<ops::DeleteStack>(deletion("s"));
    let id = stacks.create("s", &template(&[("P", value("x"))]));
    stacks.delete("s");
    let history = stacks.events(&id).len();
    stacks.delete(&id);
    assert_eq!(stacks.events(&id).len(), history, "nothing happens a second time");
}

#[test]
fn a_stack_can_be_deleted_while_it_is_made() {
    for millis in [0, 50, 150, 250, 400, 600] {
        let stacks = Stacks::new();
        let id = stacks.begin("s", &crate::creation::network(), |_| ());
        stacks.step(millis);
        assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS");
        stacks.delete("s");
        assert_eq!(stacks.status(&id), "DELETE_COMPLETE", "after {millis} ms");
        assert_eq!(stacks.vpcs(), 0, "after {millis} ms");
    }
}

#[test]
fn a_resource_that_is_gone_already_is_no_obstacle() {
    let stacks = Stacks::new();
    let id = stacks.create("s", &template(&[("P", named("p", "x"))]));
    stacks.ok::<api::ssm::ops::DeleteParameter>(api::ssm::DeleteParameterRequest {
        name: "p".into(),
    });
    stacks.delete("s");
    assert_eq!(stacks.status(&id), "DELETE_COMPLETE");
}

#[test]
fn what_is_in_the_way_fails_the_deletion_and_can_be_retained() {
    let stacks = Stacks::new();
    let vpc = json!({"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}});
    let id = stacks.create("s", &template(&[("V", vpc)]));
    stacks.ok::<api::ec2::ops::CreateSubnet>(api::ec2::CreateSubnetRequest {
        vpc_id: stacks.physical("s", "V").into(),
        cidr_block: Some("10.0.0.0/24".into()),
        ..Default::default()
    });
    let mut keeping = deletion("s");
    keeping.retain_resources = Some(vec!["V".into()]);
    let error = stacks.call::<ops::DeleteStack>(keeping.clone());
    assert_eq!(error.expect_err("it has not failed yet").code, "ValidationError");
    stacks.delete("s");
    assert_eq!(stacks.status("s"), "DELETE_FAILED");
    let own = stacks.lines_of("s", "s", 0);
    let reason = "The following resource(s) failed to delete: [V].";
    assert_eq!(own.last(), Some(&("DELETE_FAILED".to_owned(), reason.to_owned())));
    stacks.ok::<ops::DeleteStack>(keeping);
    stacks.rest();
    assert_eq!((stacks.status(&id).as_str(), stacks.vpcs()), ("DELETE_COMPLETE", 1));
}
