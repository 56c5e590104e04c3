//! `Fn::FindInMap`: a value of the template's `Mappings`. Its keys may be functions.

use super::{Function, Outcome, Pass, elements, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::FindInMap", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: every Fn::FindInMap object requires three parameters, the \
                     map name, map key and the attribute for return value";

/// The three keys, and under the language's extensions a value for when there is none.
fn arguments<'n>(
    template: &Template,
    argument: &'n Node,
) -> Result<(&'n [Node; 3], Option<&'n Node>), Problem> {
    if template.extensions
        && let Some([keys @ .., last]) = argument.as_list()
        && let (Ok(keys), Some(default)) = (keys.try_into(), last.get("DefaultValue"))
    {
        return Ok((keys, Some(default)));
    }
    Ok((elements(argument, SHAPE)?, None))
}

fn check(template: &Template, argument: &Node) -> Result<(), Problem> {
    let (keys, default) = arguments(template, argument)?;
    require(keys.iter().all(super::may_be_text), argument, SHAPE)?;
    let [Some(map), Some(top), Some(second)] = keys.each_ref().map(Node::as_text) else {
        return Ok(());
    };
    match default {
        Some(_) => Ok(()),
        None => find(template, map, top, second).map(|_| ()),
    }
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let ([map, top, second], default) = arguments(pass.evaluator.template, argument)?;
    let map = pass.text(map, SHAPE)?;
    let top = pass.text(top, SHAPE)?;
    let second = pass.text(second, SHAPE)?;
    match (find(pass.evaluator.template, &map, &top, &second), default) {
        (Err(_), Some(default)) => pass.value(default),
        (found, _) => found.map(|leaf| Some(leaf.to_json())),
    }
}

fn find<'t>(
    template: &'t Template,
    map: &str,
    top: &str,
    second: &str,
) -> Result<&'t Node, Problem> {
    template.mappings.get(map).and_then(|m| m.get(top)).and_then(|m| m.get(second)).ok_or_else(
        || {
            Problem::validation(format!(
                "Template error: Unable to get mapping for {map}::{top}::{second}"
            ))
        },
    )
}
