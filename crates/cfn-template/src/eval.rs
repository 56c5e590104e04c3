//! Evaluation: from a template, its parameters and the world to plain values.
//!
//! One intrinsic function is one file here and one row of [`FUNCTIONS`]. What is not known yet
//! (the id of a resource that is still to be made) is never an error: it becomes [`UNKNOWN`],
//! which is what a change set prints, and the references that it waits for are listed.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

mod and;
mod base64;
mod cidr;
mod condition;
mod dynamic;
mod equals;
mod find_in_map;
mod get_att;
mod get_azs;
mod r#if;
mod import_value;
mod join;
mod length;
mod not;
mod or;
mod r#ref;
mod select;
mod split;
pub(crate) mod sub;
mod to_json_string;
mod transform;

pub(crate) use condition::{boolean_call, order as condition_order};
pub(crate) use equals::same;
pub(crate) use get_att::{Attribute as GetAttAttribute, Target, target};
pub(crate) use r#if::taken as taken_branch;

use crate::lookup::{Lookup, Resolution};
use crate::node::{Node, NodeValue};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::template::{Resource, Template};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What stands in a value for a part that is known only after the change was applied.
pub const UNKNOWN: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// The truth of every condition of a template.
pub type Conditions = BTreeMap<String, bool>;

/// The values of the pseudo parameters.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PseudoValues {
    /// `AWS::AccountId`: twelve digits.
    pub account_id: String,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::Partition`, such as `aws`.
    pub partition: String,
    /// `AWS::URLSuffix`, such as `amazonaws.com`.
    pub url_suffix: String,
    /// `AWS::StackId`: the stack's ARN.
    pub stack_id: String,
    /// `AWS::StackName`.
    pub stack_name: String,
    /// `AWS::NotificationARNs`.
    pub notification_arns: Vec<String>,
}

/// The names of the pseudo parameters.
pub const PSEUDO_PARAMETERS: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Something that a value waits for: a resource's id or one of its attributes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Awaited {
    /// The resource.
    pub logical_id: String,
    /// The attribute; absent for `Ref`.
    pub attribute: Option<String>,
}

/// A value with what it still waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// The value; unknown parts read [`UNKNOWN`].
    pub value: Value,
    /// What the unknown parts wait for; empty when everything is known.
    pub unknown: BTreeSet<Awaited>,
    /// Dynamic references other than `ssm`, left in the value for the resource to resolve.
    pub dynamic_references: BTreeSet<String>,
}

/// A stack output with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluatedOutput {
    /// The output's name.
    pub name: String,
    /// The value: a string unless it is unknown in part.
    pub value: Evaluated,
    /// `Description`.
    pub description: Option<String>,
    /// `Export.Name`, evaluated.
    pub export_name: Option<String>,
}

/// Evaluates the parts of one template against one state of the world.
pub struct Evaluator<'a> {
    template: &'a Template,
    parameters: &'a Parameters,
    pseudo: &'a PseudoValues,
    lookup: &'a dyn Lookup,
    conditions: Conditions,
}

impl<'a> Evaluator<'a> {
    /// Prepares an evaluation: every condition is decided here, once.
    pub fn new(
        template: &'a Template,
        parameters: &'a Parameters,
        pseudo: &'a PseudoValues,
        lookup: &'a dyn Lookup,
    ) -> Result<Evaluator<'a>, Problem> {
        let mut evaluator =
            Evaluator { template, parameters, pseudo, lookup, conditions: Conditions::new() };
        evaluator.conditions = condition::decide_all(&evaluator)?;
        Ok(evaluator)
    }

    /// The truth of every condition.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Whether something under this condition exists; no condition means yes.
    pub fn holds(&self, condition: Option<&str>) -> bool {
        holds(&self.conditions, condition)
    }

    /// The resources that exist under the conditions, in the template's order.
    pub fn resources(&self) -> impl Iterator<Item = (&'a str, &'a Resource)> {
        let template = self.template;
        template.resources.iter().filter(|(_, r)| self.holds(r.condition.as_deref()))
    }

    /// A resource's properties; an empty object if it has none.
    pub fn properties(&self, logical_id: &str) -> Result<Evaluated, Problem> {
        let node = self.template.resources.get(logical_id).and_then(|r| r.properties.as_ref());
        self.value_or_empty(node, || format!("/Resources/{logical_id}/Properties"))
    }

    /// A resource's `Metadata`; an empty object if it has none.
    pub fn metadata(&self, logical_id: &str) -> Result<Evaluated, Problem> {
        let node = self.template.resources.get(logical_id).and_then(|r| r.metadata.as_ref());
        self.value_or_empty(node, || format!("/Resources/{logical_id}/Metadata"))
    }

    /// A resource's `CreationPolicy`; an empty object if it has none.
    pub fn creation_policy(&self, logical_id: &str) -> Result<Evaluated, Problem> {
        let node = self.template.resources.get(logical_id).and_then(|r| r.creation_policy.as_ref());
        self.value_or_empty(node, || format!("/Resources/{logical_id}/CreationPolicy"))
    }

    /// A resource's `UpdatePolicy`; an empty object if it has none.
    pub fn update_policy(&self, logical_id: &str) -> Result<Evaluated, Problem> {
        let node = self.template.resources.get(logical_id).and_then(|r| r.update_policy.as_ref());
        self.value_or_empty(node, || format!("/Resources/{logical_id}/UpdatePolicy"))
    }

    /// The outputs that exist under the conditions, in the template's order.
    pub fn outputs(&self) -> Result<Vec<EvaluatedOutput>, Problem> {
        let active =
            self.template.outputs.iter().filter(|(_, o)| self.holds(o.condition.as_deref()));
        active.map(|(name, _)| self.output(name)).collect()
    }

    /// One output.
    pub fn output(&self, name: &str) -> Result<EvaluatedOutput, Problem> {
        let output = self.template.outputs.get(name).ok_or_else(|| {
            Problem::validation(format!("Output '{name}' does not exist in the template"))
        })?;
        let path = || format!("/Outputs/{name}");
        let not_text = || {
            Problem::validation(
                "Template format error: The Value field of every Outputs member must evaluate to \
                 a String.",
            )
            .at(output.value.position)
            .in_path(path())
        };
        let mut value = self.value(&output.value).map_err(|p| p.in_path(path()))?;
        if value.unknown.is_empty() {
            value.value = Value::from(scalar_text(&value.value).ok_or_else(not_text)?);
        }
        let export_name = match &output.export_name {
            None => None,
            Some(node) => {
                let evaluated = self.value(node).map_err(|p| p.in_path(path()))?;
                Some(scalar_text(&evaluated.value).ok_or_else(not_text)?)
            }
        };
        let description = output.description.clone();
        Ok(EvaluatedOutput { name: name.to_owned(), value, description, export_name })
    }

    /// Any part of the template. `AWS::NoValue` at the top gives `null`.
    pub fn value(&self, node: &Node) -> Result<Evaluated, Problem> {
        let mut pass = Pass::new(self);
        let mut value = pass.value(node)?.unwrap_or(Value::Null);
        dynamic::resolve(&mut pass, &mut value).map_err(|p| p.at(node.position))?;
        let Pass { unknown, dynamic_references, .. } = pass;
        Ok(Evaluated { value, unknown, dynamic_references })
    }

    fn value_or_empty(
        &self,
        node: Option<&Node>,
        path: impl FnOnce() -> String,
    ) -> Result<Evaluated, Problem> {
        match node {
            Some(node) => self.value(node).map_err(|problem| problem.in_path(path())),
            None => Ok(Evaluated {
                value: Value::Object(serde_json::Map::new()),
                unknown: BTreeSet::new(),
                dynamic_references: BTreeSet::new(),
            }),
        }
    }
}

/// Whether something under this condition exists; no condition means yes.
pub(crate) fn holds(conditions: &Conditions, condition: Option<&str>) -> bool {
    condition.is_none_or(|name| conditions.get(name).copied().unwrap_or(false))
}

/// The result of a function: `None` is `AWS::NoValue`.
type Outcome = Result<Option<Value>, Problem>;

/// One intrinsic function.
pub(crate) struct Function {
    /// The key of the long form, such as `Fn::Join`.
    pub(crate) name: &'static str,
    /// Computes the value from the argument.
    evaluate: fn(&mut Pass<'_, '_>, &Node) -> Outcome,
    /// Says what is wrong with the argument's shape.
    pub(crate) check: fn(&Template, &Node) -> Result<(), Problem>,
    /// Whether it may stand only where a condition is decided.
    pub(crate) boolean: bool,
}

/// Every function of the language, by file.
pub(crate) const FUNCTIONS: &[&Function] = &[
    &and::FUNCTION,
    &base64::FUNCTION,
    &cidr::FUNCTION,
    &condition::FUNCTION,
    &equals::FUNCTION,
    &find_in_map::FUNCTION,
    &get_att::FUNCTION,
    &get_azs::FUNCTION,
    &import_value::FUNCTION,
    &join::FUNCTION,
    &length::FUNCTION,
    &not::FUNCTION,
    &or::FUNCTION,
    &r#if::FUNCTION,
    &r#ref::FUNCTION,
    &select::FUNCTION,
    &split::FUNCTION,
    &sub::FUNCTION,
    &to_json_string::FUNCTION,
    &transform::FUNCTION,
];

/// Functions that exist only under a transform; their tags are read so that the error can name
/// them as AWS does.
const EXTENSIONS: &[&str] = &["Fn::ForEach"];

/// The function behind a short-form tag: `Sub` is `Fn::Sub`.
pub(crate) fn function_of_tag(tag: &str) -> Option<&'static str> {
    let names = FUNCTIONS.iter().map(|f| f.name).chain(EXTENSIONS.iter().copied());
    names.into_iter().find(|name| name.strip_prefix("Fn::").unwrap_or(name) == tag)
}

/// The function that a node calls, with its argument. `Condition` is a function only where
/// conditions are decided: elsewhere it is a key like any other (policies have it).
pub(crate) fn call(node: &Node) -> Option<(&'static Function, &Node)> {
    let [entry] = node.as_map()? else { return None };
    if entry.key != "Ref" && !entry.key.starts_with("Fn::") {
        return None;
    }
    let function = FUNCTIONS.iter().find(|f| f.name == entry.key)?;
    Some((function, &entry.value))
}

/// One walk over one value.
pub(crate) struct Pass<'e, 'a> {
    evaluator: &'e Evaluator<'a>,
    unknown: BTreeSet<Awaited>,
    dynamic_references: BTreeSet<String>,
}

impl<'e, 'a> Pass<'e, 'a> {
    fn new(evaluator: &'e Evaluator<'a>) -> Pass<'e, 'a> {
        Pass { evaluator, unknown: BTreeSet::new(), dynamic_references: BTreeSet::new() }
    }

    /// Evaluates a node; members and elements without a value are dropped.
    fn value(&mut self, node: &Node) -> Outcome {
        if let Some((function, argument)) = call(node) {
            return (function.evaluate)(self, argument).map_err(|p| p.at(node.position));
        }
        Ok(Some(match &node.value {
            NodeValue::Null => Value::Null,
            NodeValue::Scalar(scalar) => scalar.to_json(),
            NodeValue::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(self.value(item)?);
                }
                Value::Array(list)
            }
            NodeValue::Map(entries) => {
                let mut map = serde_json::Map::new();
                for entry in entries {
                    if let Some(value) = self.value(&entry.value)? {
                        map.insert(entry.key.clone(), value);
                    }
                }
                Value::Object(map)
            }
        }))
    }

    /// Evaluates an argument that must be a string; `problem` is the text if it is not.
    fn text(&mut self, node: &Node, problem: &str) -> Result<String, Problem> {
        let value = self.value(node)?;
        value
            .as_ref()
            .and_then(scalar_text)
            .ok_or_else(|| Problem::validation(problem).at(node.position))
    }

    /// Takes the world's answer; an unknown one is noted.
    fn settle(&mut self, answer: Resolution, id: &str, attribute: Option<&str>) -> Outcome {
        match answer {
            Resolution::Known(value) => Ok(Some(value)),
            Resolution::Unknown => {
                self.unknown.insert(Awaited {
                    logical_id: id.to_owned(),
                    attribute: attribute.map(str::to_owned),
                });
                Ok(Some(Value::from(UNKNOWN)))
            }
            Resolution::Missing(problem) => Err(problem),
        }
    }
}

/// The text of a scalar value.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Whether a value is, or is in part, not known yet.
pub fn is_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(UNKNOWN),
        Value::Array(items) => items.iter().any(is_unknown),
        Value::Object(members) => members.values().any(is_unknown),
        _ => false,
    }
}

/// The argument's elements if there are exactly `N`.
fn elements<'n, const N: usize>(node: &'n Node, problem: &str) -> Result<&'n [Node; N], Problem> {
    let items: Option<&[Node; N]> = node.as_list().and_then(|items| items.try_into().ok());
    items.ok_or_else(|| Problem::validation(problem).at(node.position))
}

/// Whether a node can become a string: a scalar or a function.
fn may_be_text(node: &Node) -> bool {
    node.as_text().is_some() || is_function(node)
}

/// Whether a node can become a list: a list or a function.
fn may_be_list(node: &Node) -> bool {
    node.as_list().is_some() || is_function(node)
}

/// Whether a node looks like a call, also of a function that does not exist.
fn is_function(node: &Node) -> bool {
    matches!(node.as_map(), Some([entry]) if entry.key == "Ref" || entry.key == "Condition"
        || entry.key.starts_with("Fn::"))
}

/// Refuses a function of the language's extensions in a template without them, as one that does
/// not exist.
fn extension(template: &Template, name: &str) -> Result<(), Problem> {
    if template.extensions { Ok(()) } else { Err(crate::check::unsupported_function(name)) }
}

fn require(fits: bool, node: &Node, problem: &str) -> Result<(), Problem> {
    if fits { Ok(()) } else { Err(Problem::validation(problem).at(node.position)) }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
