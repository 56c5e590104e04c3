//! Parameters of stacks.

use crate::harness::{Stacks, creation, given, update, value};
use api::cloudformation::{self as wire, ops};
use serde_json::{Value, json};

/// A stack of one resource, whose value is the parameter `Text`.
fn body(declaration: Value) -> Value {
    json!({
        "Parameters": {"Text": declaration},
        "Resources": {"P": value(json!({"Ref": "Text"}))},
    })
}

/// How a creation with these parameters is refused.
#[track_caller]
fn check(declaration: Value, parameters: Vec<wire::Parameter>, expected: &str) {
    let stacks = Stacks::new();
    let mut input = creation("s", &body(declaration));
    input.parameters = Some(parameters);
    stacks.fails::<ops::CreateStack>(input, "ValidationError", expected);
    let found = stacks.ok::<ops::ListStacks>(wire::ListStacksInput::default());
    assert_eq!(found.stack_summaries, Some(vec![]), "nothing was made");
}

#[test]
fn parameters_are_demanded_and_checked() {
    let plain = json!({"Type": "String"});
    check(plain.clone(), vec![], "Parameters: [Text] must have values");
    check(
        plain,
        vec![given("Text", "x"), given("More", "y")],
        "Parameters: [More] do not exist in the template",
    );
    check(
        json!({"Type": "String", "AllowedValues": ["a", "b"]}),
        vec![given("Text", "c")],
        "Parameter 'Text' must be one of AllowedValues",
    );
}

/// The value of the resource.
fn text(stacks: &Stacks) -> Option<String> {
    stacks.parameter(&stacks.physical("s", "P"))
}

fn update_with(stacks: &Stacks, parameter: Option<wire::Parameter>) {
    stacks.ok::<ops::UpdateStack>(wire::UpdateStackInput {
        stack_name: "s".into(),
        use_previous_template: Some(true),
        parameters: parameter.map(|p| vec![p]),
        ..Default::default()
    });
    stacks.rest();
}

#[test]
fn a_secret_is_used_and_never_shown() {
    let stacks = Stacks::new();
    let body = body(json!({"Type": "String", "NoEcho": true}));
    stacks.begin("s", &body, |input| input.parameters = Some(vec![given("Text", "hidden")]));
    stacks.rest();
    assert_eq!(text(&stacks).as_deref(), Some("hidden"));
    let shown = stacks.shown("s").parameters.expect("it has parameters");
    assert_eq!(shown, [given("Text", "****")]);
}

#[test]
fn a_former_value_can_be_kept() {
    let stacks = Stacks::new();
    let with_default = body(json!({"Type": "String", "Default": "default"}));
    stacks.begin("s", &with_default, |input| input.parameters = Some(vec![given("Text", "one")]));
    stacks.rest();
    let keep = wire::Parameter {
        parameter_key: Some("Text".into()),
        use_previous_value: Some(true),
        ..Default::default()
    };
    stacks.fails::<ops::UpdateStack>(
        wire::UpdateStackInput {
            parameters: Some(vec![keep.clone()]),
            ..update("s", &with_default)
        },
        "ValidationError",
        "No updates are to be performed.",
    );
    let mut changed = with_default;
    changed["Resources"]["Other"] = value("x");
    let input = wire::UpdateStackInput { parameters: Some(vec![keep]), ..update("s", &changed) };
    stacks.ok::<ops::UpdateStack>(input);
    stacks.rest();
    assert_eq!(stacks.shown("s").parameters, Some(vec![given("Text", "one")]));
    update_with(&stacks, Some(given("Text", "two")));
    assert_eq!(text(&stacks).as_deref(), Some("two"));
    update_with(&stacks, None);
    assert_eq!(text(&stacks).as_deref(), Some("default"), "what is not given has its default");
}

#[test]
fn an_empty_default_is_shown_as_such() {
    let stacks = Stacks::new();
    let template = json!({
        "Parameters": {"Flag": {"Type": "String", "Default": ""}},
        "Conditions": {"On": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Flag"}, ""]}]}},
        "Resources": {"P": value("x")},
    });
    stacks.create("s", &template);
    assert_eq!(stacks.shown("s").parameters, Some(vec![given("Flag", "")]));
}

#[test]
fn a_parameter_of_the_parameter_store_is_resolved() {
    let stacks = Stacks::new();
    stacks.ok::<api::ssm::ops::PutParameter>(api::ssm::PutParameterRequest {
        name: "stored".into(),
        value: "inside".into(),
        r#type: Some("String".into()),
        ..Default::default()
    });
    let body = body(json!({"Type": "AWS::SSM::Parameter::Value<String>"}));
    stacks.begin("s", &body, |input| input.parameters = Some(vec![given("Text", "stored")]));
    stacks.rest();
    assert_eq!(text(&stacks).as_deref(), Some("inside"));
    let mut expected = given("Text", "stored");
    expected.resolved_value = Some("inside".into());
    assert_eq!(stacks.shown("s").parameters, Some(vec![expected]));
}
