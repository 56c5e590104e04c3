//! `Fn::Equals`: whether two values are the same text.

use super::{Function, Outcome, Pass, elements, scalar_text};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::Equals", evaluate, check, boolean: true };

const SHAPE: &str =
    "Template error: every Fn::Equals object requires a list of 2 string parameters.";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    elements::<2>(argument, SHAPE).map(|_| ())
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let [left, right] = elements(argument, SHAPE)?;
    let (left, right) = (pass.value(left)?, pass.value(right)?);
    Ok(Some(Value::Bool(match (left, right) {
        (Some(left), Some(right)) => same(&left, &right),
        (left, right) => left.is_none() && right.is_none(),
    })))
}

/// Whether two values are equal when `5` and `"5"` are.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
        }
        (Value::String(a), Value::String(b)) => a == b,
        _ => left == right || scalar_text(left).is_some_and(|a| scalar_text(right) == Some(a)),
    }
}
