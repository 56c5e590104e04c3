//! `Fn::ToJsonString`: an object or a list as JSON text. Needs `AWS::LanguageExtensions`.

use super::{Function, Outcome, Pass, extension, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::ToJsonString", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: Fn::ToJsonString layout is incorrect";

fn check(template: &Template, argument: &Node) -> Result<(), Problem> {
    extension(template, "Fn::ToJsonString")?;
    require(argument.as_map().is_some() || argument.as_list().is_some(), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let value = pass.value(argument)?;
    Ok(value.map(|value| Value::from(value.to_string())))
}
