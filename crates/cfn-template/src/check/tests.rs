//! AWS's texts about functions and references; "recorded" ones were seen from AWS.

use crate::eval::Conditions;
use crate::parse::parse;

/// The first problem of a template, or `ok`.
fn first(text: &str) -> String {
    let template = parse(text).expect("the form is right");
    template.check().into_iter().next().map_or_else(|| "ok".to_owned(), |p| p.message)
}

fn property(value: &str, expected: &str) {
    let text = format!(
        "Parameters: {{P: {{Type: String}}}}\nMappings: {{M: {{a: {{b: c}}}}}}\n\
         Conditions: {{C: !Equals [!Ref P, x]}}\nResources:\n  \
         A: {{Type: 'AWS::SNS::Topic', Properties: {{TopicName: {value}}}}}\n  \
         B: {{Type: 'AWS::SNS::Topic'}}"
    );
    assert_eq!(first(&text), expected, "{value}");
}

#[test]
fn recorded_texts_of_references() {
    property(
        "!Ref Nope",
        "Template format error: Unresolved resource dependencies [Nope] in the Resources block of \
         the template",
    );
    property(
        "!Sub '${X}-${Y}-${X}'",
        "Template format error: Unresolved resource dependencies [X, Y] in the Resources block of \
         the template",
    );
    assert_eq!(
        first("Resources: {A: {Type: 'AWS::SNS::Topic'}}\nOutputs: {O: {Value: !Ref Nope}}"),
        "Unresolved resource dependencies [Nope] in the Outputs block of the template"
    );
    property(
        "!GetAtt Nope.Arn",
        "Template error: instance of Fn::GetAtt references undefined resource Nope",
    );
}

#[test]
fn recorded_texts_of_functions() {
    property("!FindInMap [M, a, z]", "Template error: Unable to get mapping for M::a::z");
    property("!FindInMap [X, a, b]", "Template error: Unable to get mapping for X::a::b");
    let select = "Template error: Fn::Select requires a list argument with two elements: an \
                  integer index and a list";
    property("!Select [x, [a]]", select);
    property("!Select [0, a]", select);
    assert_eq!(
        first("Conditions: {C: !Equals [a]}\nResources: {A: {Type: 'AWS::SNS::Topic'}}"),
        "Template error: every Fn::Equals object requires a list of 2 string parameters."
    );
}

#[test]
fn widely_known_texts_of_functions() {
    property("!Ref [a]", "Template error: every Ref object must have a single String value.");
    property(
        "!Join [a]",
        "Template error: every Fn::Join object requires two parameters, (1) a string delimiter \
         and (2) a list of strings to be joined or a function that returns a list of strings \
         (such as Fn::GetAZs) to be joined.",
    );
    property(
        "!Sub '${a b}'",
        "Template error: variable names in Fn::Sub syntax must contain only alphanumeric \
         characters, underscores, periods, and colons",
    );
    property("!If [Nope, a, b]", "Template error: unresolved condition dependency Nope in Fn::If");
    property(
        "!ImportValue {Ref: B}",
        "Template error: the attribute in Fn::ImportValue must not depend on any resources, \
         imported values, or Fn::GetAZs",
    );
    let text = {
        let template = parse(
            "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: {'Fn::Nope': 1}}}}",
        );
        template.expect("the form is right").check()[0].message.clone()
    };
    assert!(text.contains("Encountered unsupported function: Fn::Nope Supported functions are: ["));
}

#[test]
fn valid_calls_have_no_problem() {
    for value in [
        "!Ref P",
        "!If [C, !Ref B, !Ref AWS::NoValue]",
        "!Select [!Ref P, !GetAZs '']",
        "!Join ['', [a, !GetAtt B.TopicArn]]",
        "!FindInMap [M, !Ref P, b]",
        "!Sub ['${x}${AWS::Region}', {x: !Ref B}]",
        "{Condition: {Ref: P}}",
    ] {
        property(value, "ok");
    }
}

#[test]
fn circles_and_unknown_types_are_found() {
    assert_eq!(
        first(
            "Resources:\n  A: {Type: 'AWS::SNS::Topic', DependsOn: B}\n  \
             B: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !GetAtt A.TopicArn}}"
        ),
        "Circular dependency between resources: [A, B]"
    );
    assert_eq!(
        first("Resources: {A: {Type: 'AWS::Nope::X'}, B: {Type: 'Custom::Mine'}}"),
        "Template format error: Unrecognized resource types: [AWS::Nope::X]"
    );
}

#[test]
fn conditions_may_not_refer_to_resources_or_to_each_other_in_a_circle() {
    let with = |conditions: &str| {
        first(&format!(
            "Conditions: {{{conditions}}}\nResources: {{A: {{Type: 'AWS::SNS::Topic'}}}}"
        ))
    };
    assert_eq!(
        with("C: !Equals [!Ref A, x]"),
        "Template format error: Unresolved dependencies [A]. Cannot reference resources in the \
         Conditions block of the template"
    );
    assert!(with("C: !Not [!Condition D], D: !Not [!Condition C]").contains("Circular"));
    assert!(with("C: {Ref: A}").contains("Conditions can only be boolean operations"));
    assert!(with("C: !Not [!Condition Z]").contains("Unresolved condition dependency Z"));
}

#[test]
fn a_resource_whose_condition_is_false_counts_as_undefined() {
    let template = parse(
        "Conditions: {C: !Equals [a, b]}\nResources:\n  \
         A: {Type: 'AWS::SNS::Topic', Condition: C}\n  \
         B: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !GetAtt A.TopicName}}\n  \
         D: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !If [C, !Ref A, x]}, DependsOn: A}\n\
         Outputs: {O: {Value: !Ref A}, P: {Value: !Ref A, Condition: C}}",
    )
    .expect("the form is right");
    assert_eq!(template.check(), []);
    let conditions = Conditions::from([("C".to_owned(), false)]);
    let texts: Vec<String> =
        template.check_references(&conditions).into_iter().map(|p| p.message).collect();
    assert_eq!(
        texts,
        [
            "Template format error: Unresolved resource dependencies [A] in the Resources block \
             of the template",
            "Unresolved resource dependencies [A] in the Outputs block of the template",
        ]
    );
}
