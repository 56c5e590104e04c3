//! What AWS says about each kind of malformed section.

use crate::parse::parse_all;
use crate::problem::Position;

/// The first problem's text for a template whose body follows a valid resource.
fn check(body: &str, expected: &str) {
    let parsed = parse_all(body);
    let first = parsed.problems.first().expect("a problem");
    assert_eq!(first.message, expected, "{body}");
}

const VALID: &str = "Resources: {A: {Type: 'AWS::SNS::Topic'}}\n";

fn beside_valid(body: &str, expected: &str) {
    check(&format!("{VALID}{body}"), expected);
}

#[test]
fn recorded_texts_of_malformed_resources() {
    let none = "Template format error: At least one Resources member must be defined.";
    check("Description: x", none);
    check("Resources: {}", none);
    check(
        "Resources: {A: {Properties: {}}}",
        "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
    );
    check(
        "Resources: {A: {Type: 'AWS::SNS::Topic', DependOn: B}}",
        "Invalid template resource property 'DependOn'",
    );
    check(
        "Resources: {A-B: {Type: 'AWS::SNS::Topic'}}",
        "Template format error: Resource name A-B is non alphanumeric.",
    );
}

#[test]
fn recorded_texts_of_malformed_parameters_and_mappings() {
    beside_valid(
        "Parameters: {a_b: {Type: String}}",
        "Template format error: Parameter name a_b is non alphanumeric.",
    );
    beside_valid(
        "Mappings: {M: {top: {leaf: {deep: x}}}}",
        "Template format error: Every Mappings attribute must be a String or a List.",
    );
    beside_valid(
        "Mappings: {M: {top: x}}",
        "Template format error: Every Mappings member top must be a map",
    );
}

#[test]
fn widely_known_texts() {
    beside_valid("Paramaters: {}\nX: 1", "Invalid template property or properties [Paramaters, X]");
    beside_valid(
        "AWSTemplateFormatVersion: 2010-09-10",
        "Template format error: unsupported value for AWSTemplateFormatVersion.",
    );
    beside_valid(
        "Parameters: {P: {Type: Text}}",
        "Template format error: Unrecognized parameter type: Text",
    );
    beside_valid(
        "Parameters: {P: {Type: String, Default: [a]}}",
        "Template format error: Every Default member must be a string.",
    );
    beside_valid(
        "Outputs: {O: {Description: x}}",
        "Template format error: Every Outputs member must contain a Value object",
    );
    check(
        "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: null}}}",
        "[/Resources/A/Properties/TopicName] 'null' values are not allowed in templates",
    );
}

#[test]
fn all_problems_are_collected_with_their_places() {
    let parsed = parse_all("Resources:\n  A: {Type: T, Foo: 1}\n  B: {}\n");
    let places: Vec<_> = parsed.problems.iter().map(|p| (p.position, p.path.as_str())).collect();
    assert_eq!(
        places,
        [
            (Some(Position { line: 2, column: 16 }), "/Resources/A"),
            (Some(Position { line: 3, column: 6 }), "/Resources/B"),
        ]
    );
}

#[test]
fn quotas_are_aws_quotas() {
    let mut text = String::from("Resources:\n");
    for number in 0..501 {
        text += &format!("  R{number}: {{Type: 'AWS::SNS::Topic'}}\n");
    }
    check(
        &text,
        "Template format error: Number of resources, 501, is greater than maximum allowed, 500",
    );
}

#[test]
fn transforms_that_would_have_to_run_are_refused_by_name() {
    for (body, name) in [
        ("Transform: AWS::Serverless-2016-10-31", "AWS::Serverless-2016-10-31"),
        ("Transform: [AWS::LanguageExtensions, MyMacro]", "MyMacro"),
    ] {
        check(
            &format!("{VALID}{body}"),
            &format!(
                "Transform {name} failed with: lowcloud runs no functions, so it has neither \
                 macros nor the SAM transform."
            ),
        );
    }
}
