//! Creations that fail.

use crate::harness::{Stacks, refused, template, value, with};
use serde_json::Value;

/// A VPC, in it a subnet that is refused, and something that comes before it.
fn failing() -> Value {
    let (vpc, bad) = refused();
    template(&[("V", vpc), ("Bad", with(bad, "DependsOn", "P")), ("P", value("x"))])
}

#[test]
fn a_failing_creation_rolls_back_and_leaves_nothing() {
    let stacks = Stacks::new();
    stacks.create("s", &failing());
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
    assert_eq!(stacks.vpcs(), 0);
    let bad = stacks.lines_of("s", "Bad", 0);
    let failed: Vec<_> = bad.iter().filter(|line| line.0 == "CREATE_FAILED").collect();
    assert_eq!(failed.len(), 1, "exactly one failure: {bad:?}");
    assert!(failed[0].1.contains("192.168.0.0/24"), "{}", failed[0].1);
    let own = stacks.lines_of("s", "s", 0);
    let statuses: Vec<&str> = own.iter().map(|line| line.0.as_str()).collect();
    assert_eq!(statuses, ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]);
    assert_eq!(
        own[1].1,
        "The following resource(s) failed to create: [Bad]. Rollback requested by user."
    );
    let parameter: Vec<_> = stacks.lines_of("s", "P", 0).into_iter().map(|line| line.0).collect();
    assert_eq!(
        parameter,
        [
            "CREATE_IN_PROGRESS",
            "CREATE_IN_PROGRESS",
            "CREATE_COMPLETE",
            "DELETE_IN_PROGRESS",
            "DELETE_COMPLETE"
        ]
    );
    assert!(stacks.shown("s").deletion_time.is_some());
    assert!(stacks.shown("s").enable_termination_protection.is_some());
}

#[test]
fn a_rolled_back_stack_can_only_be_deleted() {
    let stacks = Stacks::new();
    let id = stacks.create("s", &failing());
    stacks.fails::<api::cloudformation::ops::UpdateStack>(
        crate::harness::update("s", &template(&[("P", value("x"))])),
        "ValidationError",
        &format!("Stack:{id} is in ROLLBACK_COMPLETE state and can not be updated."),
    );
    stacks.delete("s");
    assert_eq!(stacks.status(&id), "DELETE_COMPLETE");
}

#[test]
fn what_is_on_its_way_is_cancelled() {
    let stacks = Stacks::new();
    let (vpc, bad) = refused();
    // The subnet and the parameter are both begun when the VPC is there.
    let beside = with(value("x"), "DependsOn", "V");
    stacks.create("s", &template(&[("V", vpc), ("A", beside), ("Bad", bad)]));
    let lines = stacks.lines_of("s", "A", 0);
    let cancelled = ("CREATE_FAILED".to_owned(), "Resource creation cancelled".to_owned());
    assert!(lines.contains(&cancelled), "{lines:?}");
    assert_eq!(lines.last().map(|line| line.0.as_str()), Some("DELETE_COMPLETE"));
    let reason = &stacks.lines_of("s", "s", 0)[1].1;
    assert!(reason.starts_with("The following resource(s) failed to create: ["), "{reason}");
}

/// The status of a failed creation, and how many VPCs it leaves.
#[track_caller]
fn check(on_failure: &str, expected: (&str, usize)) -> Stacks {
    let stacks = Stacks::new();
    let id = stacks.begin("s", &failing(), |input| input.on_failure = Some(on_failure.into()));
    stacks.rest();
    assert_eq!((stacks.status(&id).as_str(), stacks.vpcs()), expected);
    stacks
}

#[test]
fn a_failing_creation_can_stop_where_it_is_or_vanish() {
    let stacks = check("DO_NOTHING", ("CREATE_FAILED", 1));
    assert_eq!(stacks.shown("s").disable_rollback, Some(true));
    stacks.delete("s");
    assert_eq!(stacks.vpcs(), 0, "what was left can be deleted");
    check("DELETE", ("DELETE_COMPLETE", 0));
    check("ROLLBACK", ("ROLLBACK_COMPLETE", 0));
}

#[test]
fn a_value_that_does_not_fit_fails_its_resource_once() {
    let stacks = Stacks::new();
    let wrong = serde_json::json!({
        "Type": "AWS::SSM::Parameter", "Properties": {"Value": "x"},
    });
    stacks.create("s", &template(&[("P", wrong)]));
    let events = stacks.events("s");
    let failed: Vec<_> =
        events.iter().filter(|e| e.resource_status.as_deref() == Some("CREATE_FAILED")).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        failed[0].resource_status_reason.as_deref(),
        Some("Property validation failure: [The property {/Type} is required]")
    );
    assert_eq!(failed[0].physical_resource_id.as_deref(), Some(""));
    assert_eq!(failed[0].resource_properties.as_deref(), Some(r#"{"Value":"x"}"#));
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
}

#[test]
fn a_creation_that_takes_too_long_rolls_back() {
    let stacks = Stacks::at(kernel::Pace::Realistic);
    stacks.begin("s", &crate::creation::network(), |input| input.timeout_in_minutes = Some(1));
    stacks.step(59_999);
    assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS");
    assert_eq!(stacks.shown("s").timeout_in_minutes, Some(1));
    stacks.step(1);
    assert_eq!(stacks.status("s"), "ROLLBACK_IN_PROGRESS");
    let reason = &stacks.lines_of("s", "s", 0)[1].1;
    let expected = "Stack creation time exceeded the specified timeout.";
    assert!(reason.starts_with(expected), "{reason}");
    assert!(reason.ends_with(" Rollback requested by user."), "{reason}");
    stacks.rest();
    assert_eq!((stacks.status("s").as_str(), stacks.vpcs()), ("ROLLBACK_COMPLETE", 0));
}

#[test]
fn a_group_that_cannot_launch_fails_its_stack() {
    let stacks = Stacks::new();
    let mut body = crate::creation::network();
    body["Resources"]["Launch"]["Properties"]["KeyName"] = "none".into();
    stacks.create("s", &body);
    assert_eq!((stacks.status("s").as_str(), stacks.vpcs()), ("ROLLBACK_COMPLETE", 0));
    let group = stacks.lines_of("s", "Group", 0);
    let failed = group.iter().find(|line| line.0 == "CREATE_FAILED").expect("the group failed");
    let expected = "The key pair 'none' does not exist. Launching EC2 instance failed.";
    assert!(failed.1.contains(expected), "{}", failed.1);
}

#[test]
fn an_output_that_cannot_be_resolved_fails_the_stack_before_any_resource_starts() {
    let stacks = Stacks::new();
    let mut body = template(&[("P", value("x"))]);
    body["Outputs"] = serde_json::json!({"O": {"Value": {"Fn::GetAtt": ["P", "Invalid"]}}});
    stacks.create("s", &body);
    let own = stacks.lines_of("s", "s", 0);
    assert_eq!(
        own[1..],
        [
            (
                "ROLLBACK_IN_PROGRESS".to_owned(),
                "[Error] /Outputs/O/Value/Fn::GetAtt: Resource type AWS::SSM::Parameter does not \
                 support attribute {Invalid}. Rollback requested by user."
                    .to_owned()
            ),
            ("ROLLBACK_COMPLETE".to_owned(), String::new()),
        ]
    );
    assert_eq!(stacks.lines_of("s", "P", 0), []);
}
