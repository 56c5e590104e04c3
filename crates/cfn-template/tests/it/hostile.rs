//! Whatever the text, the answer is a template or a problem; never a panic, never a long wait.

use cfn_template::{
    EmptyWorld, Evaluator, PseudoValues, dependencies, parse_all, resolve_parameters, schema,
    summary,
};
use proptest::prelude::*;

/// A template that uses every section and many functions, to be damaged.
const SEED: &str = r#"AWSTemplateFormatVersion: 2010-09-09
Description: seed
Parameters:
  P: {Type: String, Default: p, AllowedPattern: '[a-z]+', MinLength: 1}
  L: {Type: 'List<Number>', Default: '1,2'}
Mappings: {M: {p: {x: [a, b]}}}
Conditions:
  C: !Equals [!Ref P, p]
  D: !And [!Condition C, !Not [!Equals [!Select [0, !Ref L], 2]]]
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16, Tags: &t [{Key: Name, Value: !Sub "${P}-${AWS::Region}"}]}
  Subnet:
    Type: AWS::EC2::Subnet
    Condition: D
    DependsOn: Vpc
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      AvailabilityZone: !If [C, !Select [0, !GetAZs ''], !Ref AWS::NoValue]
      Tags: *t
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Join ['-', !FindInMap [M, !Ref P, x]], TopicName: {'Fn::Base64': x}}
Outputs:
  O: {Value: !Sub ['${a}${Vpc.VpcId}', {a: !Split [',', 'a,b']}], Export: {Name: !ImportValue x}}
"#;

/// The whole way that a text can go.
fn walk(text: &str) {
    let Some(template) = parse_all(text).template else { return };
    let _ = template.check();
    let _ = summary(&template);
    let Ok(parameters) = resolve_parameters(&template, &[], None, &EmptyWorld) else { return };
    let pseudo = PseudoValues::default();
    let Ok(evaluator) = Evaluator::new(&template, &parameters, &pseudo, &EmptyWorld) else {
        return;
    };
    let _ = dependencies(&template, evaluator.conditions()).order();
    let _ = evaluator.outputs();
    for (name, resource) in evaluator.resources() {
        let Ok(mut properties) = evaluator.properties(name) else { continue };
        if let Some(schema) = schema::lookup(&resource.resource_type) {
            schema.coerce(&mut properties.value);
            let _ = schema.validate(&properties.value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        walk(&text);
        walk(&format!("{{{text}"));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        walk(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn yaml_of_odd_characters_is_read_or_refused(text in "[-\\[\\]{}:,!&*?|>'\"#%@`a \n]{0,80}") {
        walk(&text);
        walk(&format!("Resources:\n  A: {text}"));
    }

    #[test]
    fn a_damaged_template_is_read_or_refused(
        cuts in proptest::collection::vec((0..SEED.len(), 0..40_usize, "[!&*:{}\\[\\]$., \na-zA-Z0-9]{0,6}"), 1..5)
    ) {
        let mut text = SEED.to_owned();
        for (at, length, insert) in cuts {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.replace_range(at..end, &insert);
        }
        walk(&text);
    }
}

#[test]
fn the_seed_itself_is_sound() {
    let parsed = parse_all(SEED);
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.template.expect("a template").check(), []);
}

#[test]
fn a_huge_scalar_is_carried() {
    let text = format!(
        "Resources: {{A: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: {}}}}}}}",
        "x".repeat(900_000)
    );
    assert_eq!(parse_all(&text).problems, []);
    walk(&text);
}

#[test]
fn many_nested_functions_end_in_an_answer() {
    let mut value = "x".to_owned();
    for _ in 0..40 {
        value = format!("{{'Fn::Join': ['', [{value}, {{'Fn::Base64': y}}]]}}");
    }
    walk(&format!(
        "Resources: {{A: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: {value}}}}}}}"
    ));
}
