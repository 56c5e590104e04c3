//! Transforms that AWS itself provides: what they stand for is written out before a template is
//! read.
//!
//! `AWS::LanguageExtensions` has loops (`Fn::ForEach`) and functions in retention policies;
//! `AWS::Include` puts a text from S3 in place. Both need the values of parameters, so a text
//! with transforms is a [`Draft`] first: its parameters are declared, the rest is to come.
//! Functions that the extensions add (`Fn::Length`, `Fn::ToJsonString`, the default of
//! `Fn::FindInMap`) are evaluated like any other.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-aws-languageextensions.html>

mod for_each;
mod include;

use crate::eval::{Evaluator, PseudoValues};
use crate::lookup::Lookup;
use crate::node::{Entry, Node, NodeValue, Scalar};
use crate::parameters::Parameters;
use crate::parse::{MAX_NODES, parse_tree};
use crate::problem::Problem;
use crate::template::{EXTENSIONS, INCLUDE, Section, Template, read};

/// A template's text that may have transforms.
#[derive(Clone, Debug)]
pub struct Draft {
    tree: Node,
    declarations: Template,
}

/// Reads a text whose transforms are still to be carried out.
///
/// # Errors
///
/// As [`crate::parse`]; of sections with transforms in them only the rest is looked at.
pub fn draft(text: &str) -> Result<Draft, Problem> {
    let tree = parse_tree(text)?;
    let parsed = read(tree.clone());
    match (parsed.problems.into_iter().next(), parsed.template) {
        (None, Some(declarations)) => Ok(Draft { tree, declarations }),
        (Some(problem), _) => Err(problem),
        (None, None) => Err(crate::parse::unsupported_structure()),
    }
}

impl Draft {
    /// What can be said before the transforms are carried out: parameters, mappings, and what
    /// stands beside loops.
    pub fn declarations(&self) -> &Template {
        &self.declarations
    }

    /// The same, by value: the whole template, if it has no transforms.
    pub fn into_declarations(self) -> Template {
        self.declarations
    }

    /// Whether there is anything to write out.
    pub fn has_transforms(&self) -> bool {
        !self.declarations.transforms.is_empty() || include::is_used(&self.tree)
    }

    /// Carries the transforms out and answers the template's text: JSON.
    ///
    /// # Errors
    ///
    /// `Transform … failed with: …`
    pub fn expand(
        &self,
        parameters: &Parameters,
        pseudo: &PseudoValues,
        lookup: &dyn Lookup,
    ) -> Result<String, Problem> {
        Ok(self.written_out(parameters, pseudo, lookup)?.to_json().to_string())
    }

    /// The same as a tree, whose nodes are where they come from.
    pub(crate) fn written_out(
        &self,
        parameters: &Parameters,
        pseudo: &PseudoValues,
        lookup: &dyn Lookup,
    ) -> Result<Node, Problem> {
        let mut tree = self.tree.clone();
        let locate = |node: &Node| {
            let skeleton = without_conditions(self.declarations.clone());
            let evaluator = Evaluator::new(&skeleton, parameters, pseudo, lookup)?;
            evaluator.value(node).map(|evaluated| evaluated.value)
        };
        include::expand(&mut tree, &locate, lookup).map_err(|p| failed(INCLUDE, p))?;
        if self.declarations.extensions {
            // Loops among the conditions come first: retention policies may ask for conditions.
            let skeleton = without_conditions(read(tree.clone()).template.unwrap_or_default());
            Evaluator::new(&skeleton, parameters, pseudo, lookup)
                .and_then(|evaluator| section(&mut tree, "Conditions", &evaluator))
                .map_err(|p| failed(EXTENSIONS, p))?;
            let skeleton = read(tree.clone()).template.unwrap_or_default();
            Evaluator::new(&skeleton, parameters, pseudo, lookup)
                .and_then(|evaluator| {
                    section(&mut tree, "Resources", &evaluator)?;
                    section(&mut tree, "Outputs", &evaluator)?;
                    policies(&mut tree, &evaluator)
                })
                .map_err(|p| failed(EXTENSIONS, p))?;
        }
        Ok(tree)
    }
}

fn without_conditions(template: Template) -> Template {
    Template { conditions: Section::default(), ..template }
}

fn failed(transform: &str, problem: Problem) -> Problem {
    Problem {
        message: format!("Transform {transform} failed with: {}", problem.message),
        ..problem
    }
}

/// Writes out the loops of a section.
fn section(tree: &mut Node, name: &str, evaluator: &Evaluator<'_>) -> Result<(), Problem> {
    let Some(node) = member(tree, name) else { return Ok(()) };
    let mut room = MAX_NODES;
    for_each::expand(node, evaluator, &mut room)
}

/// Retention policies may be functions under the extensions.
fn policies(tree: &mut Node, evaluator: &Evaluator<'_>) -> Result<(), Problem> {
    let Some(NodeValue::Map(resources)) = member(tree, "Resources").map(|n| &mut n.value) else {
        return Ok(());
    };
    for resource in resources {
        for name in ["DeletionPolicy", "UpdateReplacePolicy"] {
            let Some(policy) = member(&mut resource.value, name) else { continue };
            if policy.as_map().is_some() {
                let value = evaluator.value(policy)?.value;
                let text = value.as_str().unwrap_or_default().to_owned();
                policy.value = NodeValue::Scalar(Scalar { text, plain: false });
            }
        }
    }
    Ok(())
}

fn member<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    let NodeValue::Map(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|entry: &&mut Entry| entry.key == name).map(|entry| &mut entry.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::Resolution;
    use serde_json::{Value, json};

    /// A world with one text in S3.
    struct Shelf;

    impl Lookup for Shelf {
        fn reference(&self, _: &str) -> Resolution {
            Resolution::Unknown
        }
        fn attribute(&self, _: &str, _: &str) -> Resolution {
            Resolution::Unknown
        }
        fn availability_zones(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
        fn import(&self, _: &str) -> Resolution {
            Resolution::Unknown
        }
        fn ssm_parameter(&self, _: &str, _: Option<u64>) -> Result<String, Problem> {
            Ok(String::new())
        }
        fn include(&self, location: &str) -> Result<String, Problem> {
            match location {
                "s3://shelf/tags" => {
                    Ok("Tags: [{Key: from, Value: shelf}]\nTopicName: other".into())
                }
                _ => Err(Problem::validation("S3 bucket [gone] does not exist.")),
            }
        }
    }

    fn expanded(text: &str) -> Result<Value, String> {
        let draft = draft(text).map_err(|problem| problem.message)?;
        let parameters = crate::resolve_parameters(draft.declarations(), &[], None, &Shelf);
        let parameters = parameters.map_err(|problem| problem.message)?;
        let text = draft
            .expand(&parameters, &PseudoValues::default(), &Shelf)
            .map_err(|problem| problem.message)?;
        Ok(serde_json::from_str(&text).expect("JSON"))
    }

    const HEAD: &str = "Transform: AWS::LanguageExtensions\n";

    #[test]
    fn a_loop_writes_resources_out() {
        let text = format!(
            "{HEAD}
Parameters: {{Names: {{Type: CommaDelimitedList, Default: 'a-1,b'}}}}
Resources:
  Fn::ForEach::Topics:
  - Name
  - !Ref Names
  - Topic&{{Name}}:
      Type: AWS::SNS::Topic
      Properties: {{TopicName: !Ref Name, DisplayName: !Sub 'the ${{Name}} of ${{AWS::Region}}'}}
Outputs:
  Fn::ForEach::Outs:
  - Name
  - [a1, b]
  - Out${{Name}}: {{Value: !GetAtt 'Topic${{Name}}.TopicName'}}
"
        );
        let value = expanded(&text).expect("it expands");
        assert_eq!(
            value["Resources"],
            json!({
                "Topica1": {"Type": "AWS::SNS::Topic", "Properties": {
                    "TopicName": "a-1",
                    "DisplayName": {"Fn::Sub": "the a-1 of ${AWS::Region}"}}},
                "Topicb": {"Type": "AWS::SNS::Topic", "Properties": {
                    "TopicName": "b", "DisplayName": {"Fn::Sub": "the b of ${AWS::Region}"}}},
            })
        );
        assert_eq!(
            value["Outputs"]["Outa1"],
            json!({"Value": {"Fn::GetAtt": ["Topica1", "TopicName"]}})
        );
        assert!(crate::parse(&value.to_string()).expect("a template").check().is_empty());
    }

    #[test]
    fn loops_nest_and_stand_among_properties() {
        let text = format!(
            "{HEAD}
Resources:
  Fn::ForEach::Outer:
  - X
  - [A, B]
  - Fn::ForEach::Inner:
    - Y
    - [1, 2]
    - P${{X}}${{Y}}:
        Type: AWS::SSM::Parameter
        Properties:
          Type: String
          Fn::ForEach::Members:
          - Z
          - [Value, Description]
          - ${{Z}}: ${{X}}-${{Y}}-${{Z}}
"
        );
        let value = expanded(&text).expect("it expands");
        let names: Vec<&String> = value["Resources"].as_object().expect("a map").keys().collect();
        assert_eq!(names, ["PA1", "PA2", "PB1", "PB2"]);
        assert_eq!(
            value["Resources"]["PB2"]["Properties"],
            json!({"Type": "String", "Value": "B-2-Value", "Description": "B-2-Description"})
        );
    }

    #[test]
    fn conditions_and_retention_policies_may_be_computed() {
        let text = format!(
            "{HEAD}
Parameters: {{Stage: {{Type: String, Default: prod}}}}
Conditions:
  Fn::ForEach::Stages:
  - S
  - [prod, test]
  - Is${{S}}: !Equals [!Ref Stage, !Ref S]
Resources:
  T:
    Type: AWS::SNS::Topic
    DeletionPolicy: !If [Isprod, Retain, Delete]
"
        );
        let value = expanded(&text).expect("it expands");
        assert_eq!(
            value["Conditions"]["Istest"],
            json!({"Fn::Equals": [{"Ref": "Stage"}, "test"]})
        );
        assert_eq!(value["Resources"]["T"]["DeletionPolicy"], "Retain");
    }

    #[test]
    fn what_is_wrong_with_a_loop_names_the_transform() {
        let of = |body: &str| {
            let text = format!("{HEAD}Resources:\n  T: {{Type: 'AWS::SNS::Topic'}}\n{body}");
            expanded(&text).expect_err("it fails")
        };
        const LAYOUT: &str =
            "Transform AWS::LanguageExtensions failed with: Fn::ForEach layout is incorrect";
        assert_eq!(of("  Fn::ForEach::L: [X, [a]]"), LAYOUT);
        assert_eq!(of("  Fn::ForEach::L: [X, a, {}]"), LAYOUT);
        assert_eq!(
            of("  Fn::ForEach::L: [X, [a, a], {'R${X}': {Type: 'AWS::SNS::Topic'}}]"),
            "Transform AWS::LanguageExtensions failed with: Fn::ForEach produces the key Ra more \
             than once"
        );
    }

    #[test]
    fn an_explosion_of_loops_ends_early() {
        let items = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let body = format!("[W, [{items}], {{'R${{V}}x${{W}}': {{Type: 'AWS::SNS::Topic'}}}}]");
        let nested = ["V", "U", "T"].iter().fold(body, |inner, name| {
            format!("[{name}, [{items}], {{'Fn::ForEach::L{name}': {inner}}}]")
        });
        let text = format!("{HEAD}Resources: {{'Fn::ForEach::L': {nested}}}");
        let problem = expanded(&text).expect_err("too much");
        assert!(problem.contains("Fn::ForEach"), "{problem}");
    }

    #[test]
    fn a_text_is_included_where_it_is_named() {
        let of = |location: &str| {
            expanded(&format!(
                "Parameters: {{Key: {{Type: String, Default: tags}}}}
Resources:
  T:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: own
      Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: {location}}}}}
"
            ))
        };
        assert_eq!(
            of("!Sub 's3://shelf/${Key}'").expect("it is there")["Resources"]["T"]["Properties"],
            json!({"TopicName": "own", "Tags": [{"Key": "from", "Value": "shelf"}]})
        );
        assert_eq!(
            of("s3://gone/x"),
            Err("Transform AWS::Include failed with: S3 bucket [gone] does not exist.".into())
        );
    }

    #[test]
    fn functions_of_the_extensions_need_the_transform() {
        let body = "
Mappings: {M: {a: {b: c}}}
Resources:
  P:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: !ToJsonString {n: !Length [x, y], m: !FindInMap [M, a, z, {DefaultValue: d}]}
";
        let template = crate::parse(&format!("{HEAD}{body}")).expect("a template");
        assert!(template.check().is_empty());
        let (parameters, pseudo) = (Parameters::default(), PseudoValues::default());
        let evaluator = Evaluator::new(&template, &parameters, &pseudo, &Shelf).expect("valid");
        let properties = evaluator.properties("P").expect("values").value;
        assert_eq!(properties["Value"], r#"{"n":2,"m":"d"}"#);
        let plain = crate::parse(body).expect("a template").check();
        assert!(plain[0].message.contains("unsupported function: Fn::ToJsonString"));
    }
}
