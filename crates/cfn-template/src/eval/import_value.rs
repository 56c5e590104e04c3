//! `Fn::ImportValue`: the value of another stack's export.

use super::{Function, Outcome, Pass, UNKNOWN, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::ImportValue", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: the attribute in Fn::ImportValue must be a string or a \
                     function that returns a string";
const DEPENDS: &str = "Template error: the attribute in Fn::ImportValue must not depend on any \
                       resources, imported values, or Fn::GetAZs";

fn check(template: &Template, argument: &Node) -> Result<(), Problem> {
    require(super::may_be_text(argument), argument, SHAPE)?;
    let mut depends = false;
    crate::references::walk(argument, None, &mut |reference| {
        depends |= template.resources.contains(&reference.name);
    });
    require(!depends, argument, DEPENDS)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let name = pass.text(argument, SHAPE)?;
    if name.contains(UNKNOWN) {
        return Ok(Some(Value::from(UNKNOWN)));
    }
    let answer = pass.evaluator.lookup.import(&name);
    pass.settle(answer, &name, None)
}
