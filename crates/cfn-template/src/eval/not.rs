//! `Fn::Not`: whether a condition does not hold.

use super::condition::{operands, truth};
use super::{Function, Outcome, Pass, elements, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function = Function { name: "Fn::Not", evaluate, check, boolean: true };

const SHAPE: &str =
    "Template error: every Fn::Not object requires a list of exactly one boolean parameter.";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    require(operands(argument, 1, 1), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let [operand] = elements(argument, SHAPE)?;
    Ok(Some(Value::Bool(!truth(pass, operand)?)))
}
