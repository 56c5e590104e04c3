//! Stacks whose cloud is started again, from its journal, at every step.

use crate::creation::network;
use crate::harness::{Line, Stacks, given, named, template, update, value};
use api::cloudformation::ops;
use serde_json::{Value, json};

/// A step of the clock, and how many of them.
const STEP_MILLIS: i64 = 50;
const STEPS: usize = 120;

/// What a stack has come to.
type End = (Vec<Line>, Vec<(String, String, String)>, Vec<(String, String)>);

/// Lets the clock go step by step until the stack rests; started again at each if asked to.
fn settle(stacks: &mut Stacks, restarting: bool) {
    for _ in 0..STEPS {
        if restarting {
            stacks.restart();
        }
        stacks.step(STEP_MILLIS);
    }
    assert!(!stacks.status("s").ends_with("_IN_PROGRESS"), "{} steps are too few", STEPS);
}

/// Creates a stack and updates it.
fn play(first: &Value, second: &Value, restarting: bool) -> [End; 2] {
    let mut stacks = Stacks::new();
    stacks.begin("s", first, |input| input.parameters = parameters(first, "1"));
    settle(&mut stacks, restarting);
    let created = end(&stacks);
    let mut input = update("s", second);
    input.parameters = parameters(second, "3");
    stacks.ok::<ops::UpdateStack>(input);
    settle(&mut stacks, restarting);
    [created, end(&stacks)]
}

fn parameters(template: &Value, size: &str) -> Option<Vec<api::cloudformation::Parameter>> {
    template["Parameters"].is_object().then(|| vec![given("Size", size)])
}

fn end(stacks: &Stacks) -> End {
    (stacks.lines("s", 0), stacks.resources("s"), stacks.outputs("s"))
}

/// Whether started again or not, the two operations end in these states.
#[track_caller]
fn check(first: &Value, second: &Value, expected: [&str; 2]) {
    let whole = play(first, second, false);
    let broken = play(first, second, true);
    assert_eq!(whole, broken);
    let last = |end: &End| end.0.last().expect("there are events").1.clone();
    assert_eq!(whole.each_ref().map(last), expected.map(str::to_owned));
}

#[test]
fn a_restart_at_every_step_changes_nothing() {
    let mut second = network();
    second["Resources"]["Launch"]["Properties"]["InstanceType"] = "t2.small".into();
    check(&network(), &second, ["CREATE_COMPLETE", "UPDATE_COMPLETE"]);
}

#[test]
fn a_restart_during_a_replacement_and_a_removal_changes_nothing() {
    let mut first = template(&[
        ("R", named("old", "x")),
        ("F", value(json!({"Ref": "R"}))),
        ("Gone", value("g")),
    ]);
    first["Outputs"] = json!({"O": {"Value": {"Ref": "R"}}});
    let mut second = first.clone();
    second["Resources"]["R"]["Properties"]["Name"] = "new".into();
    if let Some(resources) = second["Resources"].as_object_mut() {
        resources.remove("Gone");
        resources.insert("More".into(), value("m"));
    }
    check(&first, &second, ["CREATE_COMPLETE", "UPDATE_COMPLETE"]);
}

#[test]
fn a_restart_during_a_rollback_changes_nothing() {
    let (vpc, bad) = crate::harness::refused();
    let first = template(&[("V", vpc.clone()), ("P", value("before"))]);
    let bad = crate::harness::with(bad, "DependsOn", "P");
    let second = template(&[("V", vpc), ("P", value("after")), ("Bad", bad)]);
    let whole = play(&first, &second, false);
    let broken = play(&first, &second, true);
    for (whole, broken) in whole.iter().zip(&broken) {
        assert_eq!((&whole.1, &whole.2), (&broken.1, &broken.2));
        assert_eq!(whole.0, broken.0);
    }
    assert_eq!(whole[1].0.last().map(|l| l.1.as_str()), Some("UPDATE_ROLLBACK_COMPLETE"));
}
