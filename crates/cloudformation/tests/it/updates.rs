//! The events of updates, and what they leave.

use crate::harness::{Stacks, describe, named, template, told, update, value, with};
use api::cloudformation::{self as wire, ops};
use serde_json::json;

#[test]
fn an_update_in_place_tells_of_what_changed_only() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("Keep", value("k")), ("P", value("x"))]));
    let (id, seen) = (stacks.physical("s", "P"), stacks.events("s").len());
    stacks.update("s", &template(&[("Keep", value("k")), ("P", value("y"))]));
    assert_eq!(
        stacks.lines("s", seen),
        told(
            "s | UPDATE_IN_PROGRESS | User Initiated
             P | UPDATE_IN_PROGRESS |
             P | UPDATE_COMPLETE |
             s | UPDATE_COMPLETE_CLEANUP_IN_PROGRESS |
             s | UPDATE_COMPLETE |"
        )
    );
    assert_eq!(stacks.physical("s", "P"), id);
    assert_eq!(stacks.parameter(&id).as_deref(), Some("y"));
    let statuses: Vec<_> = stacks.resources("s").into_iter().map(|r| (r.0, r.2)).collect();
    let expected = [("Keep", "CREATE_COMPLETE"), ("P", "UPDATE_COMPLETE")];
    assert_eq!(statuses, expected.map(|(id, status)| (id.to_owned(), status.to_owned())));
}

#[test]
fn an_update_adds_before_it_removes() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("Old", value("x")), ("Keep", value("k"))]));
    let (old, seen) = (stacks.physical("s", "Old"), stacks.events("s").len());
    stacks.update("s", &template(&[("New", value("y")), ("Keep", value("k"))]));
    assert_eq!(
        stacks.lines("s", seen),
        told(
            "s   | UPDATE_IN_PROGRESS | User Initiated
             New | CREATE_IN_PROGRESS |
             New | CREATE_IN_PROGRESS | Resource creation Initiated
             New | CREATE_COMPLETE |
             s   | UPDATE_COMPLETE_CLEANUP_IN_PROGRESS |
             Old | DELETE_IN_PROGRESS |
             Old | DELETE_COMPLETE |
             s   | UPDATE_COMPLETE |"
        )
    );
    assert_eq!(stacks.parameter(&old), None);
    for event in stacks.events("s").iter().skip(seen) {
        if event.resource_status.as_deref().is_some_and(|s| s.starts_with("DELETE")) {
            assert_eq!(event.resource_properties, None, "cleanup has no properties");
        }
    }
    let names: Vec<_> = stacks.resources("s").into_iter().map(|r| r.0).collect();
    assert_eq!(names, ["Keep", "New"]);
}

#[test]
fn a_replacement_makes_the_new_one_before_it_drops_the_old_one() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("R", named("old", "x"))]));
    let seen = stacks.events("s").len();
    stacks.update("s", &template(&[("R", named("new", "x"))]));
    assert_eq!(
        stacks.lines("s", seen),
        told(
            "s | UPDATE_IN_PROGRESS | User Initiated
             R | UPDATE_IN_PROGRESS | Requested update requires the creation of a new physical resource; hence creating one.
             R | UPDATE_IN_PROGRESS | Resource creation Initiated
             R | UPDATE_COMPLETE |
             s | UPDATE_COMPLETE_CLEANUP_IN_PROGRESS |
             R | DELETE_IN_PROGRESS |
             R | DELETE_COMPLETE |
             s | UPDATE_COMPLETE |"
        )
    );
    let ids: Vec<_> = stacks
        .events("s")
        .into_iter()
        .skip(seen)
        .filter(|e| e.logical_resource_id.as_deref() == Some("R"))
        .map(|e| e.physical_resource_id.unwrap_or_default())
        .collect();
    assert_eq!(ids, ["old", "new", "new", "old", "old"]);
    assert_eq!((stacks.parameter("old"), stacks.parameter("new")), (None, Some("x".to_owned())));
}

#[test]
fn a_replaced_resource_can_be_kept() {
    let stacks = Stacks::new();
    let kept = |name: &str| with(named(name, "x"), "UpdateReplacePolicy", "Retain");
    stacks.create("s", &template(&[("R", kept("old"))]));
    let seen = stacks.events("s").len();
    stacks.update("s", &template(&[("R", kept("new"))]));
    let events = stacks.events("s");
    let skipped = &events[events.len() - 2];
    assert_eq!(skipped.resource_status.as_deref(), Some("DELETE_SKIPPED"));
    assert_eq!(skipped.physical_resource_id.as_deref(), Some("old"));
    let lines = stacks.lines_of("s", "R", seen);
    assert_eq!(lines.iter().filter(|l| l.0.starts_with("DELETE")).count(), 1);
    assert!(stacks.parameter("old").is_some() && stacks.parameter("new").is_some());
}

#[test]
fn what_refers_to_a_replaced_resource_follows() {
    let stacks = Stacks::new();
    let follower = value(json!({"Ref": "R"}));
    stacks.create("s", &template(&[("R", named("old", "x")), ("F", follower.clone())]));
    let (id, seen) = (stacks.physical("s", "F"), stacks.events("s").len());
    stacks.update("s", &template(&[("R", named("new", "x")), ("F", follower)]));
    assert_eq!(stacks.parameter(&id).as_deref(), Some("new"));
    let statuses: Vec<_> = stacks.lines_of("s", "F", seen).into_iter().map(|l| l.0).collect();
    assert_eq!(statuses, ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]);
}

#[test]
fn dropped_resources_go_in_reverse_order() {
    let stacks = Stacks::new();
    let chain = [
        ("A", value("a")),
        ("B", value(json!({"Ref": "A"}))),
        ("C", value(json!({"Ref": "B"}))),
        ("D", value("d")),
    ];
    stacks.create("s", &template(&chain));
    let done = |status: &str, skip: usize| -> Vec<String> {
        let lines = stacks.lines("s", skip).into_iter();
        lines.filter(|l| l.1 == status && "ABC".contains(&l.0)).map(|l| l.0).collect()
    };
    assert_eq!(done("CREATE_COMPLETE", 0), ["A", "B", "C"]);
    let seen = stacks.events("s").len();
    stacks.update("s", &template(&[chain[0].clone(), chain[3].clone()]));
    assert_eq!(done("DELETE_COMPLETE", seen), ["C", "B"]);
}

#[test]
fn an_update_needs_a_difference_and_a_template() {
    let stacks = Stacks::new();
    let body = template(&[("P", value("x"))]);
    let id = stacks.create("s", &body);
    stacks.fails::<ops::UpdateStack>(
        update("s", &body),
        "ValidationError",
        "No updates are to be performed.",
    );
    stacks.fails::<ops::UpdateStack>(
        wire::UpdateStackInput { stack_name: "s".into(), ..Default::default() },
        "ValidationError",
        "Either Template URL or Template Body must be specified.",
    );
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    assert_eq!(stacks.shown("s").last_updated_time, None);
    stacks.delete("s");
    stacks.fails::<ops::UpdateStack>(
        update(&id, &template(&[("P", value("y"))])),
        "ValidationError",
        &format!("Stack:{id} is in DELETE_COMPLETE state and can not be updated."),
    );
}

#[test]
fn a_stack_in_motion_cannot_be_updated() {
    let stacks = Stacks::new();
    let id = stacks.begin("s", &template(&[("P", value("x"))]), |_| ());
    stacks.fails::<ops::UpdateStack>(
        update("s", &template(&[("P", value("y"))])),
        "ValidationError",
        &format!("Stack:{id} is in CREATE_IN_PROGRESS state and can not be updated."),
    );
    stacks.rest();
    stacks.ok::<ops::UpdateStack>(update("s", &template(&[("P", value("y"))])));
    stacks.fails::<ops::UpdateStack>(
        update("s", &template(&[("P", value("z"))])),
        "ValidationError",
        &format!("Stack:{id} is in UPDATE_IN_PROGRESS state and can not be updated."),
    );
}

#[test]
fn outputs_and_conditions_follow_an_update() {
    let stacks = Stacks::new();
    let body = |on: &str, text: &str| {
        json!({
            "Conditions": {"On": {"Fn::Equals": [on, "yes"]}},
            "Resources": {"P": value(text), "Extra": with(value("e"), "Condition", "On")},
            "Outputs": {"Value": {"Value": {"Fn::GetAtt": ["P", "Value"]}}},
        })
    };
    stacks.create("s", &body("yes", "one"));
    assert_eq!(stacks.outputs("s"), [("Value".to_owned(), "one".to_owned())]);
    assert_eq!(stacks.resources("s").len(), 2);
    stacks.update("s", &body("no", "two"));
    assert_eq!(stacks.outputs("s"), [("Value".to_owned(), "two".to_owned())]);
    assert_eq!(stacks.resources("s").len(), 1, "the condition is false now");
}

#[test]
fn new_tags_reach_the_resources() {
    let stacks = Stacks::new();
    let body = json!({"Resources": {"V": {
        "Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"},
    }}});
    stacks.create("s", &body);
    let mut input = update("s", &body);
    input.tags = Some(vec![wire::Tag { key: "team".into(), value: "blue".into() }]);
    stacks.ok::<ops::UpdateStack>(input);
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    let vpcs = api::ec2::DescribeVpcsRequest {
        vpc_ids: Some(vec![stacks.physical("s", "V").into()]),
        ..Default::default()
    };
    let found = stacks.ok::<api::ec2::ops::DescribeVpcs>(vpcs).vpcs.expect("a list");
    let tags = found[0].tags.clone().unwrap_or_default();
    let team = tags.iter().find(|tag| tag.key.as_deref() == Some("team"));
    assert_eq!(team.and_then(|tag| tag.value.as_deref()), Some("blue"), "{tags:?}");
    let shown = stacks.ok::<ops::DescribeStacks>(describe("s")).stacks.expect("a list");
    assert_eq!(shown[0].tags.as_ref().map(Vec::len), Some(1));
}

#[test]
fn a_retained_resource_that_is_dropped_stays() {
    let stacks = Stacks::new();
    let kept = with(named("kept", "x"), "DeletionPolicy", "Retain");
    stacks.create("s", &template(&[("Kept", kept), ("P", value("y"))]));
    let seen = stacks.events("s").len();
    stacks.update("s", &template(&[("P", value("y"))]));
    let lines = stacks.lines_of("s", "Kept", seen);
    assert_eq!(lines, [("DELETE_SKIPPED".to_owned(), String::new())]);
    assert!(stacks.parameter("kept").is_some());
    let names: Vec<_> = stacks.resources("s").into_iter().map(|r| r.0).collect();
    assert_eq!(names, ["P"]);
}
