//! Updates that fail.

use crate::harness::{Stacks, named, refused, template, update, value, with};
use api::cloudformation::ops;
use serde_json::Value;

const OWN: [&str; 4] = [
    "UPDATE_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
];

/// A subnet that is refused once `before` is done.
fn bad(before: &str) -> Value {
    with(refused().1, "DependsOn", before)
}

fn statuses(lines: Vec<(String, String)>) -> Vec<String> {
    lines.into_iter().map(|line| line.0).collect()
}

#[test]
fn a_failing_update_changes_back_what_it_changed() {
    let stacks = Stacks::new();
    let vpc = refused().0;
    stacks.create("s", &template(&[("V", vpc.clone()), ("P", value("before"))]));
    let (id, seen) = (stacks.physical("s", "P"), stacks.events("s").len());
    let after = template(&[("V", vpc), ("P", value("after")), ("Bad", bad("P"))]);
    stacks.update("s", &after);
    assert_eq!(stacks.parameter(&id).as_deref(), Some("before"));
    let own = stacks.lines_of("s", "s", seen);
    assert_eq!(own[1].1, "The following resource(s) failed to create: [Bad].");
    assert_eq!(statuses(own), OWN);
    assert_eq!(
        statuses(stacks.lines_of("s", "P", seen)),
        ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    );
    let names: Vec<_> = stacks.resources("s").into_iter().map(|r| r.0).collect();
    assert_eq!(names, ["P", "V"]);
    // The stack is as it was: what it had is no update, and another try may work.
    stacks.fails::<ops::UpdateStack>(
        update("s", &template(&[("V", refused().0), ("P", value("before"))])),
        "ValidationError",
        "No updates are to be performed.",
    );
    stacks.update("s", &template(&[("V", refused().0), ("P", value("after"))]));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
}

#[test]
fn a_failing_update_removes_what_it_added() {
    let stacks = Stacks::new();
    let vpc = refused().0;
    stacks.create("s", &template(&[("V", vpc.clone())]));
    let seen = stacks.events("s").len();
    stacks.update("s", &template(&[("V", vpc), ("New", named("new", "x")), ("Bad", bad("New"))]));
    assert_eq!(stacks.parameter("new"), None);
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    let new = statuses(stacks.lines_of("s", "New", seen));
    assert_eq!(new[3..], ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]);
    let all = stacks.lines("s", seen);
    let place = |id: &str, status: &str| all.iter().position(|l| l.0 == id && l.1 == status);
    assert!(
        place("s", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
            < place("New", "DELETE_IN_PROGRESS"),
        "it goes in the cleanup"
    );
    let names: Vec<_> = stacks.resources("s").into_iter().map(|r| r.0).collect();
    assert_eq!(names, ["V"]);
}

#[test]
fn a_failing_update_takes_back_what_it_replaced() {
    let stacks = Stacks::new();
    let vpc = refused().0;
    stacks.create("s", &template(&[("V", vpc.clone()), ("R", named("old", "x"))]));
    stacks.update("s", &template(&[("V", vpc), ("R", named("new", "x")), ("Bad", bad("R"))]));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stacks.physical("s", "R"), "old");
    assert_eq!((stacks.parameter("new"), stacks.parameter("old")), (None, Some("x".to_owned())));
}

#[test]
fn a_failing_update_keeps_what_it_meant_to_drop() {
    let stacks = Stacks::new();
    let vpc = refused().0;
    stacks.create("s", &template(&[("V", vpc.clone()), ("Kept", named("kept", "x"))]));
    stacks.update("s", &template(&[("V", vpc), ("Bad", bad("V"))]));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    assert!(stacks.parameter("kept").is_some());
    let names: Vec<_> = stacks.resources("s").into_iter().map(|r| r.0).collect();
    assert_eq!(names, ["Kept", "V"]);
}

#[test]
fn the_former_description_parameters_and_outputs_come_back() {
    let stacks = Stacks::new();
    let body = |text: &str, bad: Option<Value>| {
        let mut body = template(&[("V", refused().0), ("P", value(text))]);
        body["Description"] = text.into();
        body["Outputs"] = serde_json::json!({"O": {"Value": text}});
        if let Some(bad) = bad {
            body["Resources"]["Bad"] = bad;
        }
        body
    };
    stacks.create("s", &body("before", None));
    stacks.update("s", &body("after", Some(bad("P"))));
    let shown = stacks.shown("s");
    assert_eq!(shown.stack_status.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(shown.description.as_deref(), Some("before"));
    assert_eq!(stacks.outputs("s"), [("O".to_owned(), "before".to_owned())]);
    let kept = stacks.ok::<ops::GetTemplate>(api::cloudformation::GetTemplateInput {
        stack_name: Some("s".into()),
        ..Default::default()
    });
    assert_eq!(kept.template_body, Some(body("before", None).to_string().into()));
}

#[test]
fn an_update_that_need_not_roll_back_stops() {
    let stacks = Stacks::new();
    let vpc = refused().0;
    stacks.create("s", &template(&[("V", vpc.clone()), ("P", value("before"))]));
    let id = stacks.physical("s", "P");
    let after = template(&[("V", vpc), ("P", value("after")), ("Bad", bad("P"))]);
    let mut input = update("s", &after);
    input.disable_rollback = Some(true);
    stacks.ok::<ops::UpdateStack>(input);
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_FAILED");
    assert_eq!(stacks.parameter(&id).as_deref(), Some("after"));
}
