//! `Fn::Length`: how many elements a list has. Needs `AWS::LanguageExtensions`.

use super::{Function, Outcome, Pass, UNKNOWN, extension, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::Length", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: Fn::Length layout is incorrect";

fn check(template: &Template, argument: &Node) -> Result<(), Problem> {
    extension(template, "Fn::Length")?;
    require(super::may_be_list(argument), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    match pass.value(argument)? {
        Some(Value::Array(items)) => Ok(Some(Value::from(items.len()))),
        Some(Value::String(text)) if text == UNKNOWN => Ok(Some(Value::from(UNKNOWN))),
        _ => Err(Problem::validation(SHAPE).at(argument.position)),
    }
}
