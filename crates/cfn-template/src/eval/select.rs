//! `Fn::Select`: one element of a list, counted from zero.

use super::{Function, Outcome, Pass, UNKNOWN, elements, is_unknown, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::Select", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: Fn::Select requires a list argument with two elements: an \
                     integer index and a list";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    let [index, list] = elements(argument, SHAPE)?;
    let whole = index.as_text().is_none_or(|text| text.trim().parse::<usize>().is_ok());
    require(whole && super::may_be_text(index) && super::may_be_list(list), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let [index, list] = elements(argument, SHAPE)?;
    let index = pass.text(index, SHAPE)?;
    let items = pass.value(list)?;
    if index.contains(UNKNOWN) {
        return Ok(Some(Value::from(UNKNOWN)));
    }
    let index: usize = index.trim().parse().map_err(|_| Problem::validation(SHAPE))?;
    match items {
        Some(Value::Array(mut items)) if index < items.len() => Ok(Some(items.swap_remove(index))),
        Some(value) if !value.is_array() && is_unknown(&value) => Ok(Some(Value::from(UNKNOWN))),
        _ => Err(Problem::validation(SHAPE)),
    }
}
