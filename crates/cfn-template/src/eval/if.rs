//! `Fn::If`: one of two values; only the branch that is taken is looked at.

use super::{Function, Outcome, Pass, elements, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;

pub(super) const FUNCTION: Function = Function { name: "Fn::If", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: Fn::If requires a list argument with three parameters, the \
                     first being a condition name";

fn check(template: &Template, argument: &Node) -> Result<(), Problem> {
    let [condition, _, _] = elements(argument, SHAPE)?;
    let name = condition_name(condition).unwrap_or_default();
    require(!name.is_empty(), condition, SHAPE)?;
    if template.conditions.contains(name) { Ok(()) } else { Err(unresolved(name)) }
}

/// The name of the condition, also when it is given as `{Condition: name}`.
pub(crate) fn condition_name(node: &Node) -> Option<&str> {
    node.as_text().or_else(|| node.get("Condition").and_then(Node::as_text))
}

fn unresolved(name: &str) -> Problem {
    Problem::validation(format!("Template error: unresolved condition dependency {name} in Fn::If"))
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let [condition, yes, no] = elements(argument, SHAPE)?;
    let name = condition_name(condition).unwrap_or_default();
    let truth = pass.evaluator.conditions.get(name).copied().ok_or_else(|| unresolved(name))?;
    pass.value(if truth { yes } else { no })
}

/// The branch of an `Fn::If` that the conditions take; none when the shape is wrong.
pub(crate) fn taken<'n>(argument: &'n Node, conditions: &super::Conditions) -> Option<&'n Node> {
    let [condition, yes, no] = argument.as_list()? else { return None };
    let truth = *conditions.get(condition_name(condition)?)?;
    Some(if truth { yes } else { no })
}
