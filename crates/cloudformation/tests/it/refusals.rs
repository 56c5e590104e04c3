//! What is refused at once, before anything is made.

use crate::harness::{Stacks, creation, template, value};
use api::cloudformation::{self as wire, ops};
use serde_json::{Value, json};

/// A template that is refused with this message.
#[track_caller]
fn check(body: &Value, message: &str) {
    check_text(&body.to_string(), message);
}

#[track_caller]
fn check_text(body: &str, message: &str) {
    let stacks = Stacks::new();
    let input = wire::CreateStackInput {
        stack_name: "s".into(),
        template_body: Some(body.into()),
        ..Default::default()
    };
    stacks.fails::<ops::CreateStack>(input, "ValidationError", message);
    let found = stacks.ok::<ops::ListStacks>(wire::ListStacksInput::default());
    assert_eq!(found.stack_summaries, Some(vec![]), "nothing was made");
}

#[test]
fn templates_without_their_form_are_refused() {
    check_text("https://example.com/t", "Template format error: unsupported structure.");
    check(
        &json!({"Description": "nothing"}),
        "Template format error: At least one Resources member must be defined.",
    );
    check(
        &json!({"Resources": {"P": {"Properties": {}}}}),
        "Template format error: [/Resources/P] Every Resources object must contain a Type member.",
    );
    check(
        &template(&[("P-1", value("x"))]),
        "Template format error: Resource name P-1 is non alphanumeric.",
    );
    check(
        &json!({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Propertys": {}}}}),
        "Invalid template resource property 'Propertys'",
    );
}

#[test]
fn references_to_nothing_are_refused() {
    check(
        &template(&[("P", value(json!({"Ref": "Q"})))]),
        "Template format error: Unresolved resource dependencies [Q] in the Resources block of \
         the template",
    );
    let mut body = template(&[("P", value("x"))]);
    body["Outputs"] = json!({"O": {"Value": {"Ref": "Q"}}});
    check(&body, "Unresolved resource dependencies [Q] in the Outputs block of the template");
}

#[test]
fn references_to_what_a_condition_leaves_out_are_refused() {
    let mut body = template(&[("P", value("x")), ("Q", value(json!({"Ref": "P"})))]);
    body["Conditions"] = json!({"Never": {"Fn::Equals": ["a", "b"]}});
    body["Resources"]["P"]["Condition"] = "Never".into();
    check(
        &body,
        "Template format error: Unresolved resource dependencies [P] in the Resources block of \
         the template",
    );
}

#[test]
fn a_template_must_be_given() {
    Stacks::new().fails::<ops::CreateStack>(
        wire::CreateStackInput { stack_name: "s".into(), ..Default::default() },
        "ValidationError",
        "Either Template URL or Template Body must be specified.",
    );
}

#[test]
fn a_name_is_used_once_at_a_time() {
    let stacks = Stacks::new();
    let body = template(&[("P", value("x"))]);
    stacks.begin("s", &body, |_| ());
    stacks.fails::<ops::CreateStack>(
        creation("s", &body),
        "AlreadyExistsException",
        "Stack [s] already exists",
    );
}

#[test]
fn roles_need_consent() {
    let stacks = Stacks::new();
    let role = |name: Option<&str>| {
        let mut properties = json!({"AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }],
        }});
        if let Some(name) = name {
            properties["RoleName"] = name.into();
        }
        template(&[("R", json!({"Type": "AWS::IAM::Role", "Properties": properties}))])
    };
    for (name, capability) in [(None, "CAPABILITY_IAM"), (Some("r"), "CAPABILITY_NAMED_IAM")] {
        let mut input = creation("s", &role(name));
        stacks.fails::<ops::CreateStack>(
            input.clone(),
            "InsufficientCapabilitiesException",
            &format!("Requires capabilities : [{capability}]"),
        );
        input.capabilities = Some(vec![capability.into()]);
        stacks.ok::<ops::CreateStack>(input);
        stacks.rest();
        assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
        stacks.delete("s");
    }
}
