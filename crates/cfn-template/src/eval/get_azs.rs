//! `Fn::GetAZs`: the zones of a region; the empty string is the stack's own region.

use super::{Function, Outcome, Pass, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::GetAZs", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: every Fn::GetAZs object must have a String-typed value.";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    require(super::may_be_text(argument), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let region = pass.text(argument, SHAPE)?;
    let region = if region.is_empty() { &pass.evaluator.pseudo.region } else { &region };
    let zones = pass.evaluator.lookup.availability_zones(region);
    Ok(Some(zones.into_iter().map(Value::from).collect()))
}
