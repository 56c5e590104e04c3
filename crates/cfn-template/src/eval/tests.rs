//! Each function at work, and what is left unknown.

use super::testing::{World, properties_of_a, pseudo, value};
use super::{Awaited, Evaluator, UNKNOWN};
use crate::parameters::resolve_parameters;
use serde_json::{Value, json};

fn check(expression: &str, expected: Value) {
    assert_eq!(value(expression), Ok(expected), "{expression}");
}

fn fails(expression: &str, expected: &str) {
    assert_eq!(value(expression), Err(expected.to_owned()), "{expression}");
}

#[test]
fn references_give_parameters_pseudo_parameters_and_resources() {
    check("!Ref P", json!("p"));
    check("!Ref L", json!(["l", "m"]));
    check("!Ref N", json!("1"));
    check("!Ref B", json!("id-of-B"));
    check("!Ref AWS::Region", json!("eu-west-1"));
    check("!Ref AWS::URLSuffix", json!("amazonaws.com"));
    check("!Ref AWS::NotificationARNs", json!(["arn:aws:sns:eu-west-1:123456789012:news"]));
    check("!GetAtt B.Arn", json!("Arn-of-B"));
    check("!GetAtt [B, Outputs.X]", json!("Outputs.X-of-B"));
    check("{'Fn::GetAtt': B.Arn}", json!("Arn-of-B"));
    check("!GetAtt [B, !Ref P]", json!("p-of-B"));
    fails("!GetAtt B.Nope", "no such attribute");
}

#[test]
fn no_value_removes_members_and_elements() {
    check("!Ref AWS::NoValue", json!("(no value)"));
    check("[a, !Ref AWS::NoValue, b]", json!(["a", "b"]));
    check("!Join ['-', [!Ref AWS::NoValue, !Ref AWS::NoValue]]", json!(""));
    check("!Join [',', ['', Sample, !Ref AWS::NoValue]]", json!(",Sample"));
    check("{k: !If [No, 1, !Ref AWS::NoValue], l: 2}", json!({"l": 2}));
}

#[test]
fn texts_are_substituted_joined_cut_and_encoded() {
    check(
        "!Sub '${P}-${B}-${B.Arn}-${!P}-${AWS::StackName}'",
        json!("p-id-of-B-Arn-of-B-${P}-demo"),
    );
    check("!Sub ['${x}/${P}', {x: !Select [1, !Ref L]}]", json!("m/p"));
    check("!Join [':', [a, 5, true, !Ref P]]", json!("a:5:true:p"));
    check("!Join ['', !Ref L]", json!("lm"));
    check("!Split ['|', 'a||b']", json!(["a", "", "b"]));
    check("!Select [2, !Split ['/', !Ref AWS::StackId]]", json!("5dd694c0"));
    check("{'Fn::Base64': !Sub '#!${P}'}", json!("IyFw"));
    fails(
        "!Sub '${L}'",
        "Template error: variable L in Fn::Sub expression does not resolve to a string",
    );
}

#[test]
fn lists_are_selected_from_mappings_zones_and_attributes() {
    check("!Select [0, !GetAZs '']", json!("eu-west-1a"));
    check("!Select ['1', !GetAZs us-east-1]", json!("us-east-1b"));
    check("!FindInMap [M, !Ref AWS::Region, ami]", json!("ami-1"));
    check("!Select [!Ref N, !FindInMap [M, !Ref AWS::Region, zones]]", json!("y"));
    check("!Select [0, !GetAtt B.List]", json!("a"));
    fails("!FindInMap [M, !Ref P, ami]", "Template error: Unable to get mapping for M::p::ami");
    fails(
        "!Select [7, !GetAZs '']",
        "Template error: Fn::Select requires a list argument with two elements: an integer index \
         and a list",
    );
}

#[test]
fn imports_and_dynamic_references_ask_the_world() {
    check("!ImportValue net-vpc", json!("vpc-1"));
    fails("!ImportValue none", "No export named none found");
    check("'{{resolve:ssm:/a/b:3}}-x'", json!("/a/b@3-x"));
    check("!Sub '{{resolve:ssm:/${P}}}'", json!("/p@9"));
    fails(
        "'{{resolve:ssm:/missing}}'",
        "Unable to fetch parameters [/missing] from parameter store for this account.",
    );
    check("'{{resolve:secretsmanager:s}}'", json!("{{resolve:secretsmanager:s}}"));
}

#[test]
fn only_the_taken_branch_is_evaluated() {
    check("!If [Yes, a, !GetAtt B.Nope]", json!("a"));
    check("!If [No, !Ref Gone, b]", json!("b"));
    fails(
        "!If [Yes, !Ref Gone, b]",
        "Template format error: Unresolved resource dependencies [Gone] in the Resources block of \
         the template",
    );
}

#[test]
fn what_is_not_made_yet_is_unknown_and_listed() {
    check("!Ref New", json!(UNKNOWN));
    check("!Sub 'a-${New}'", json!(format!("a-{UNKNOWN}")));
    check("!Join ['-', [a, !Ref New]]", json!(format!("a-{UNKNOWN}")));
    check("!Select [0, !Split ['-', !GetAtt New.Arn]]", json!(UNKNOWN));
    check("{'Fn::Base64': !Ref New}", json!(UNKNOWN));
    let text = "Resources: {A: {Type: T, Properties: {x: [!Ref New, !GetAtt New.Arn, !Ref B]}}, \
                New: {Type: T}, B: {Type: T}}";
    let evaluated = properties_of_a(text, &[]).expect("unknown is not an error");
    let waits: Vec<Awaited> = evaluated.unknown.into_iter().collect();
    let awaited = |attribute: Option<&str>| Awaited {
        logical_id: "New".into(),
        attribute: attribute.map(str::to_owned),
    };
    assert_eq!(waits, [awaited(None), awaited(Some("Arn"))]);
}

#[test]
fn conditions_are_decided_in_order_of_need() {
    let text = "Parameters: {Env: {Type: String, Default: dev}}\nConditions:\n  \
                Z: !Or [!Condition Prod, !Condition Dev]\n  \
                Both: !And [!Condition Prod, !Condition Dev]\n  \
                Prod: !Equals [!Ref Env, prod]\n  Dev: !Equals [dev, !Ref Env]\n  \
                Not: !Not [!Equals [1, '1']]\nResources: {A: {Type: T}, P: {Type: T, Condition: Prod}}\n\
                Outputs:\n  O: {Value: !Ref A, Export: {Name: !Sub '${Env}-o'}, Description: d}\n  \
                Q: {Value: !Ref P, Condition: Prod}\n  N: {Value: 5}";
    let template = crate::parse::parse(text).expect("valid");
    let parameters = resolve_parameters(&template, &[], None, &World).expect("valid");
    let pseudo = pseudo();
    let evaluator = Evaluator::new(&template, &parameters, &pseudo, &World).expect("valid");
    let truths: Vec<(&str, bool)> =
        evaluator.conditions().iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_eq!(
        truths,
        [("Both", false), ("Dev", true), ("Not", false), ("Prod", false), ("Z", true)]
    );
    assert_eq!(evaluator.resources().map(|(name, _)| name).collect::<Vec<_>>(), ["A"]);
    let outputs = evaluator.outputs().expect("valid");
    assert_eq!(outputs.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["O", "N"]);
    assert_eq!(outputs[0].export_name.as_deref(), Some("dev-o"));
    assert_eq!(outputs[1].value.value, json!("5"));
}

#[test]
fn members_keep_the_order_of_the_template() {
    let text = "Resources: {A: {Type: T, Properties: {z: 1, a: 2, m: 3}}}";
    let value = properties_of_a(text, &[]).expect("valid").value;
    assert_eq!(value.to_string(), r#"{"z":1,"a":2,"m":3}"#);
}
