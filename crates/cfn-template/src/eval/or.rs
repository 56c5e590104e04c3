//! `Fn::Or`: whether any of two to ten conditions holds.

use super::condition::{operands, truth};
use super::{Function, Outcome, Pass, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function = Function { name: "Fn::Or", evaluate, check, boolean: true };

const SHAPE: &str = "Template error: every Fn::Or object requires a list of at least 2 and at most 10 boolean parameters.";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    require(operands(argument, 2, 10), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let items = argument.as_list().ok_or_else(|| Problem::validation(SHAPE))?;
    let mut result = false;
    for item in items {
        result |= truth(pass, item)?;
    }
    Ok(Some(Value::Bool(result)))
}
