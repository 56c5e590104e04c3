//! `Fn::Split`: a text cut at every occurrence of a delimiter.

use super::{Function, Outcome, Pass, UNKNOWN, elements, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::Split", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: every Fn::Split object requires two parameters, (1) a string \
                     delimiter and (2) a string to be split or a function that returns a string \
                     to be split.";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    let [delimiter, text] = elements(argument, SHAPE)?;
    let fits = delimiter.as_text().is_some_and(|text| !text.is_empty());
    require(fits && super::may_be_text(text), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let [delimiter, text] = elements(argument, SHAPE)?;
    let delimiter = pass.text(delimiter, SHAPE)?;
    let text = pass.text(text, SHAPE)?;
    if delimiter.is_empty() {
        return Err(Problem::validation(SHAPE));
    }
    // The pieces of an unknown text, and so their number, are unknown too.
    if text.contains(UNKNOWN) {
        return Ok(Some(Value::from(UNKNOWN)));
    }
    Ok(Some(text.split(delimiter.as_str()).collect()))
}
