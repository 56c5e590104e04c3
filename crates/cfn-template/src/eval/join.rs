//! `Fn::Join`: the elements of a list with a delimiter between them; no-values are dropped.

use super::{Function, Outcome, Pass, UNKNOWN, elements, is_unknown, require, scalar_text};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::Join", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: every Fn::Join object requires two parameters, (1) a string \
                     delimiter and (2) a list of strings to be joined or a function that returns \
                     a list of strings (such as Fn::GetAZs) to be joined.";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    let [delimiter, list] = elements(argument, SHAPE)?;
    require(delimiter.as_text().is_some() && super::may_be_list(list), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let [delimiter, list] = elements(argument, SHAPE)?;
    let delimiter = pass.text(delimiter, SHAPE)?;
    let items = match pass.value(list)? {
        Some(Value::Array(items)) => items,
        Some(value) if is_unknown(&value) => return Ok(Some(Value::from(UNKNOWN))),
        _ => return Err(Problem::validation(SHAPE)),
    };
    let texts: Option<Vec<String>> = items.iter().map(scalar_text).collect();
    match texts {
        Some(texts) => Ok(Some(Value::from(texts.join(&delimiter)))),
        None if items.iter().any(is_unknown) => Ok(Some(Value::from(UNKNOWN))),
        None => Err(Problem::validation(SHAPE)),
    }
}
