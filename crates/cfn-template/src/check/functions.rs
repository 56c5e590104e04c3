//! Every function call of a template: does the function exist, and has it the right argument?

use crate::eval::{FUNCTIONS, boolean_call, call};
use crate::graph::parts;
use crate::node::{Node, NodeValue};
use crate::problem::Problem;
use crate::template::Template;

/// The functions in the order in which AWS lists them to whoever names another one.
const SUPPORTED: &str = "[Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, \
    Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, \
    Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, \
    Fn::RefAll, Fn::Sub, Fn::Cidr]";

/// Checks the calls of all blocks, in AWS's order: Conditions, Resources, Outputs.
pub(super) fn check(template: &Template) -> Vec<Problem> {
    let mut checker = Checker { template, problems: Vec::new() };
    for (name, node) in template.conditions.iter() {
        let mut path = format!("/Conditions/{name}");
        if boolean_call(node).is_none() {
            let text = "Template format error: Conditions can only be boolean operations on \
                        parameters and other conditions";
            checker.problems.push(Problem::validation(text).at(node.position).in_path(&path));
        }
        checker.node(node, &mut path, true);
    }
    for (name, resource) in template.resources.iter() {
        for part in parts(resource) {
            checker.node(part, &mut format!("/Resources/{name}"), false);
        }
    }
    for (name, output) in template.outputs.iter() {
        for part in std::iter::once(&output.value).chain(output.export_name.as_ref()) {
            checker.node(part, &mut format!("/Outputs/{name}"), false);
        }
    }
    checker.problems
}

struct Checker<'a> {
    template: &'a Template,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn node(&mut self, node: &Node, path: &mut String, condition: bool) {
        let called = call(node).or_else(|| boolean_call(node).filter(|_| condition));
        if let Some((function, argument)) = called {
            if let Err(problem) = (function.check)(self.template, argument) {
                self.problems.push(problem.at(node.position).in_path(path.as_str()));
                return;
            }
            return self.step(function.name, argument, path, condition);
        }
        match &node.value {
            NodeValue::Null | NodeValue::Scalar(_) => {}
            NodeValue::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.step(&place.to_string(), item, path, condition);
                }
            }
            NodeValue::Map(entries) => {
                for entry in entries {
                    if entry.key.starts_with("Fn::") {
                        let problem = unexpected(&entry.key);
                        self.problems.push(problem.at(entry.key_position).in_path(path.as_str()));
                    } else {
                        self.step(&entry.key, &entry.value, path, condition);
                    }
                }
            }
        }
    }

    fn step(&mut self, key: &str, node: &Node, path: &mut String, condition: bool) {
        let length = path.len();
        path.push('/');
        path.push_str(key);
        self.node(node, path, condition);
        path.truncate(length);
    }
}

/// A key that begins as a function does: none that exists, or one with siblings.
fn unexpected(key: &str) -> Problem {
    if FUNCTIONS.iter().any(|function| function.name == key) {
        return Problem::validation(format!(
            "Template format error: {key} must be the only member of its object"
        ));
    }
    unsupported(key)
}

/// The problem of a function that does not exist.
pub(crate) fn unsupported(key: &str) -> Problem {
    Problem::validation(format!(
        "Template format error: Encountered unsupported function: {key} Supported functions are: \
         {SUPPORTED}"
    ))
}
