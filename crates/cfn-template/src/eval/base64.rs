//! `Fn::Base64`: the Base64 form of a text, as user data needs it.

use super::{Function, Outcome, Pass, UNKNOWN, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::Base64", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: every Fn::Base64 object must have a String-typed value.";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    require(super::may_be_text(argument), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let text = pass.text(argument, SHAPE)?;
    let known = !text.contains(UNKNOWN);
    Ok(Some(Value::from(if known { STANDARD.encode(text) } else { UNKNOWN.to_owned() })))
}
