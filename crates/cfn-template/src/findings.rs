//! Everything that is wrong with a template, at once and with its places: for people who write
//! one, before they send it.
//!
//! CloudFormation answers with the first problem, and finds properties that a type does not take
//! only when it makes the resource. Here all of it is told in advance, each with the nearest
//! name that would have been right.

mod nearest;

use crate::eval::{Evaluator, PSEUDO_PARAMETERS, PseudoValues, UNKNOWN};
use crate::expand::{Draft, draft};
use crate::lookup::{Lookup, Resolution};
use crate::node::{Node, NodeValue};
use crate::parameters::{GivenParameter, ParameterValue, Parameters, resolve_parameters};
use crate::parse::parse_all;
use crate::problem::{Position, Problem};
use crate::schema::{self, SchemaProblem, SchemaProblemKind};
use crate::template::{Template, read};
use nearest::nearest;

/// Something that is wrong, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether AWS would refuse it for certain.
    pub is_error: bool,
    /// AWS's text.
    pub message: String,
    /// Where it stands in the template.
    pub path: String,
    /// Where it stands in the text.
    pub position: Option<Position>,
    /// A name that would have been right.
    pub suggestion: Option<String>,
}

impl From<Problem> for Finding {
    fn from(problem: Problem) -> Self {
        Self {
            is_error: true,
            message: problem.message,
            path: problem.path,
            position: problem.position,
            suggestion: None,
        }
    }
}

/// What a text's author can know: nothing of any account.
struct Nowhere;

impl Lookup for Nowhere {
    fn reference(&self, _: &str) -> Resolution {
        Resolution::Unknown
    }

    fn attribute(&self, _: &str, _: &str) -> Resolution {
        Resolution::Unknown
    }

    fn availability_zones(&self, region: &str) -> Vec<String> {
        ["a", "b"].iter().map(|zone| format!("{region}{zone}")).collect()
    }

    fn import(&self, _: &str) -> Resolution {
        Resolution::Unknown
    }

    fn ssm_parameter(&self, _: &str, _: Option<u64>) -> Result<String, Problem> {
        Ok(UNKNOWN.to_owned())
    }
}

/// All findings of a text, in the order of the text. Parameters without a value are left open.
pub fn findings(text: &str, given: &[GivenParameter]) -> Vec<Finding> {
    let parsed = parse_all(text);
    if !parsed.problems.is_empty() {
        let found = parsed.problems.into_iter().map(Finding::from);
        return ordered(found.map(|finding| suggest(finding, parsed.template.as_ref())).collect());
    }
    let draft = match draft(text) {
        Ok(draft) => draft,
        Err(problem) => return vec![problem.into()],
    };
    match Look::new(&draft, given) {
        Ok(look) => ordered(look.findings()),
        Err(problem) => vec![problem.into()],
    }
}

fn ordered(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| finding.position.map(|place| (place.line, place.column)));
    // A loop's turns have the same place.
    findings.dedup_by(|a, b| (a.position, &a.message) == (b.position, &b.message));
    findings
}

/// A template with values for its parameters.
struct Look {
    tree: Node,
    template: Template,
    parameters: Parameters,
    pseudo: PseudoValues,
}

impl Look {
    fn new(draft: &Draft, given: &[GivenParameter]) -> Result<Self, Problem> {
        let declared = draft.declarations();
        let pseudo = PseudoValues {
            account_id: "123456789012".into(),
            region: "us-east-1".into(),
            partition: "aws".into(),
            url_suffix: "amazonaws.com".into(),
            stack_id: UNKNOWN.into(),
            stack_name: UNKNOWN.into(),
            notification_arns: Vec::new(),
        };
        let parameters = parameters(declared, given)?;
        let tree = draft.written_out(&parameters, &pseudo, &Nowhere)?;
        let template = read(tree.clone()).template.unwrap_or_default();
        Ok(Self { tree, template, parameters, pseudo })
    }

    fn findings(&self) -> Vec<Finding> {
        let template = &self.template;
        let mut found: Vec<Finding> =
            template.check().into_iter().map(|p| suggest(p.into(), Some(template))).collect();
        match Evaluator::new(template, &self.parameters, &self.pseudo, &Nowhere) {
            Ok(evaluator) => {
                found.extend(evaluator.check_rules(template).err().map(Finding::from));
                for (id, resource) in evaluator.resources() {
                    let Some(schema) = schema::lookup(&resource.resource_type) else { continue };
                    match evaluator.properties(id) {
                        Ok(properties) => {
                            let mut value = properties.value;
                            schema.coerce(&mut value);
                            let problems = schema.validate(&value);
                            found.extend(problems.iter().flat_map(|p| self.of(id, &schema, p)));
                        }
                        // What the check has told of already is told once.
                        Err(problem) if found.iter().any(|f| f.message == problem.message) => {}
                        Err(problem) => found.push(problem.into()),
                    }
                }
            }
            Err(problem) => found.push(problem.into()),
        }
        found
    }

    /// A schema's problem, by its place in the text. Members that a type does not have are told
    /// one by one.
    fn of(&self, id: &str, schema: &schema::Schema, problem: &SchemaProblem) -> Vec<Finding> {
        let path = format!("/Resources/{id}/Properties{}", problem.path);
        let finding = |message: String, path: &str, suggestion: Option<String>| Finding {
            is_error: problem.kind != SchemaProblemKind::Advice,
            message,
            position: place(&self.tree, path),
            path: path.to_owned(),
            suggestion,
        };
        if problem.kind != SchemaProblemKind::Unsupported {
            return vec![finding(problem.message.clone(), &path, None)];
        }
        let names = problem.message.rsplit_once('[').map_or("", |(_, names)| names);
        let known = schema.members(&problem.path);
        let each = names.trim_end_matches(']').split(", ").map(|name| {
            let text = format!("{} does not take a property {name}", schema.type_name());
            let right = nearest(name, known.iter().copied());
            finding(text, &format!("{path}/{name}"), right)
        });
        each.collect()
    }
}

/// The values of the parameters; those that nobody gives are unknown.
fn parameters(template: &Template, given: &[GivenParameter]) -> Result<Parameters, Problem> {
    let open = |name: &str| !given.iter().any(|p| p.key == name);
    let mut known = template.clone();
    known.parameters = Default::default();
    let mut unknown = Vec::new();
    for (name, declaration) in template.parameters.iter() {
        match declaration.default.is_none() && open(name) {
            true => unknown.push((name.to_owned(), declaration.parameter_type.is_list())),
            false => known.parameters.push(name, declaration.clone()),
        }
    }
    let mut parameters = resolve_parameters(&known, given, None, &Nowhere)?;
    for (name, is_list) in unknown {
        let value =
            ParameterValue { value: UNKNOWN.into(), resolved: None, no_echo: false, is_list };
        parameters.push(name, value);
    }
    Ok(parameters)
}

/// Where a path's key stands, or the nearest part of it that is there.
fn place(tree: &Node, path: &str) -> Option<Position> {
    let mut node = tree;
    let mut position = node.position;
    for step in path.split('/').filter(|step| !step.is_empty()) {
        let next = match &node.value {
            NodeValue::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == step)
                .map(|entry| (&entry.value, entry.key_position)),
            NodeValue::List(items) => {
                step.parse().ok().and_then(|at: usize| items.get(at)).map(|n| (n, n.position))
            }
            _ => None,
        };
        let Some((value, at)) = next else { break };
        (node, position) = (value, at);
    }
    Some(position)
}

/// Adds the nearest name to a finding about a name that is not known.
fn suggest(mut finding: Finding, template: Option<&Template>) -> Finding {
    let listed = |text: &str| {
        let (_, rest) = text.split_once('[')?;
        rest.split_once(']').map(|(names, _)| names.split(", ").next().unwrap_or("").to_owned())
    };
    let message = finding.message.as_str();
    finding.suggestion = if message.contains("Unrecognized resource types") {
        listed(message).and_then(|name| nearest(&name, schema::known_types()))
    } else if message.contains("Unresolved resource dependencies") {
        let template = template.into_iter();
        let names = template.flat_map(|t| {
            let resources = t.resources.iter().map(|(name, _)| name);
            let parameters = t.parameters.iter().map(|(name, _)| name);
            resources.chain(parameters).chain(PSEUDO_PARAMETERS.iter().copied())
        });
        listed(message).and_then(|name| nearest(&name, names))
    } else if let Some((_, rest)) = message.split_once("unsupported function: ") {
        let name = rest.split(' ').next().unwrap_or_default();
        nearest(name, crate::eval::FUNCTIONS.iter().map(|function| function.name))
    } else if let Some((_, rest)) = message.split_once("Invalid template resource property '") {
        let keys = crate::template::RESOURCE_KEYS;
        nearest(rest.trim_end_matches('\''), keys.iter().copied())
    } else {
        None
    };
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let show = |finding: &Finding| {
            let place = finding.position.unwrap_or_default();
            let hint = finding.suggestion.as_ref().map(|name| format!(" -> {name}"));
            let Position { line, column } = place;
            format!("{line}:{column} {}{}", finding.message, hint.unwrap_or_default())
        };
        findings(text, &[]).iter().map(show).collect()
    }

    #[test]
    fn all_is_told_at_once_with_places_and_names() {
        let text = "Parameters: {Size: {Type: String}}
Resources:
  Server:
    Type: AWS::EC2::Instance
    Properties:
      InstanceTyp: !Ref Size
      ImageId: ami-1
      BlockDeviceMappings:
      - DeviceName: /dev/sda
        Ebs: {VolumeSiz: 8}
  Topic:
    Type: AWS::SNS::Topik
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties: {MinSize: 1}
  Address: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref Servr}}
";
        assert_eq!(
            lines(text),
            [
                "6:7 AWS::EC2::Instance does not take a property InstanceTyp -> InstanceType",
                "10:15 AWS::EC2::Instance does not take a property VolumeSiz -> VolumeSize",
                "11:3 Template format error: Unrecognized resource types: [AWS::SNS::Topik] -> \
                 AWS::SNS::Topic",
                "15:5 The property {/MaxSize} is required",
                "15:5 Exactly one of the properties [InstanceId, LaunchConfigurationName, \
                 LaunchTemplate, MixedInstancesPolicy] is needed",
                "16:59 Template format error: Unresolved resource dependencies [Servr] in the \
                 Resources block of the template -> Server",
            ]
        );
    }

    #[test]
    fn a_sound_template_has_no_findings() {
        let text = "Parameters: {Name: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
";
        assert_eq!(lines(text), Vec::<String>::new());
    }

    #[test]
    fn loops_are_looked_into() {
        let text = "Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::All:
  - X
  - [a, b]
  - Topic${X}:
      Type: AWS::SNS::Topic
      Properties: {TopicNam: !Ref X}
";
        assert_eq!(
            lines(text),
            ["8:20 AWS::SNS::Topic does not take a property TopicNam -> TopicName"; 1]
        );
    }

    #[test]
    fn problems_of_form_come_first_and_alone() {
        assert_eq!(
            lines("Resources:\n  T: {Type: 'AWS::SNS::Topic', Propertys: {}}\n"),
            ["2:32 Invalid template resource property 'Propertys' -> Properties"]
        );
    }
}
