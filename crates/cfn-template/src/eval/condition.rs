//! `Condition` and the template's `Conditions`: decided once, before anything else.

use super::{Conditions, Evaluator, FUNCTIONS, Function, Outcome, Pass, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Condition", evaluate, check, boolean: true };

const SHAPE: &str = "Template error: every Condition object must have a single String value.";
const BOOLEAN: &str = "Template format error: Conditions can only be boolean operations on \
                       parameters and other conditions";

fn check(template: &Template, argument: &Node) -> Result<(), Problem> {
    let name = argument.as_text().unwrap_or_default();
    require(!name.is_empty(), argument, SHAPE)?;
    if template.conditions.contains(name) { Ok(()) } else { Err(unresolved(name)) }
}

fn unresolved(name: &str) -> Problem {
    Problem::validation(format!(
        "Template format error: Unresolved condition dependency {name} in the Conditions block of \
         the template"
    ))
}

/// A condition that stands inside another one was decided before it.
fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let name = argument.as_text().ok_or_else(|| Problem::validation(SHAPE))?;
    match pass.evaluator.conditions.get(name) {
        Some(truth) => Ok(Some(Value::Bool(*truth))),
        None => Err(unresolved(name)),
    }
}

/// The boolean function that a node calls.
pub(crate) fn boolean_call(node: &Node) -> Option<(&'static Function, &Node)> {
    let [entry] = node.as_map()? else { return None };
    let function = FUNCTIONS.iter().find(|f| f.boolean && f.name == entry.key)?;
    Some((function, &entry.value))
}

/// The truth of an operand of `Fn::And`, `Fn::Or`, `Fn::Not` or of a condition itself.
pub(super) fn truth(pass: &mut Pass<'_, '_>, node: &Node) -> Result<bool, Problem> {
    let (function, argument) =
        boolean_call(node).ok_or_else(|| Problem::validation(BOOLEAN).at(node.position))?;
    match (function.evaluate)(pass, argument).map_err(|p| p.at(node.position))? {
        Some(Value::Bool(truth)) => Ok(truth),
        _ => Err(Problem::validation(BOOLEAN).at(node.position)),
    }
}

/// Whether every operand is a boolean function, and their number is right.
pub(super) fn operands(argument: &Node, least: usize, most: usize) -> bool {
    argument.as_list().is_some_and(|items| {
        (least..=most).contains(&items.len())
            && items.iter().all(|item| boolean_call(item).is_some())
    })
}

/// Decides every condition of the template, each after those that it refers to.
pub(super) fn decide_all(evaluator: &Evaluator<'_>) -> Result<Conditions, Problem> {
    let template = evaluator.template;
    let order = order(template)?;
    let mut stage = Evaluator { conditions: Conditions::new(), ..*evaluator };
    for name in order {
        let Some(node) = template.conditions.get(name) else { return Err(unresolved(name)) };
        let truth = truth(&mut Pass::new(&stage), node)
            .map_err(|p| p.in_path(format!("/Conditions/{name}")))?;
        stage.conditions.insert(name.to_owned(), truth);
    }
    Ok(stage.conditions)
}

/// The conditions, each after those that it refers to; a circle among them is an error.
pub(crate) fn order(template: &Template) -> Result<Vec<&str>, Problem> {
    let mut order = Vec::new();
    let mut done = std::collections::BTreeSet::new();
    // (name, whether its own references are already on the stack)
    let mut stack: Vec<(&str, bool)> =
        template.conditions.names().rev().map(|n| (n, false)).collect();
    let mut open: Vec<&str> = Vec::new();
    while let Some((name, visited)) = stack.pop() {
        if visited {
            open.pop();
            done.insert(name);
            order.push(name);
            continue;
        }
        if done.contains(name) {
            continue;
        }
        if open.contains(&name) {
            return Err(Problem::validation(format!(
                "Template format error: Circular dependencies found in Conditions [{}]",
                open.join(", ")
            )));
        }
        let Some(node) = template.conditions.get(name) else { return Err(unresolved(name)) };
        open.push(name);
        stack.push((name, true));
        let mut names = Vec::new();
        referred(node, &mut names);
        stack.extend(names.into_iter().rev().map(|n| (n, false)));
    }
    Ok(order)
}

/// The names of the conditions that a condition refers to.
fn referred<'n>(node: &'n Node, names: &mut Vec<&'n str>) {
    let Some((function, argument)) = boolean_call(node) else { return };
    if function.name == "Condition" {
        names.extend(argument.as_text());
    } else if function.name != "Fn::Equals" {
        for item in argument.as_list().unwrap_or_default() {
            referred(item, names);
        }
    }
}
