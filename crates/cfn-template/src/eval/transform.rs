//! `Fn::Transform`: a macro for a part of the template. Refused by name: macros are not built.

use super::{Function, Outcome, Pass};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::Transform", evaluate, check, boolean: false };

fn refuse(argument: &Node) -> Problem {
    let name = argument.get("Name").and_then(Node::as_text).unwrap_or("without a name");
    Problem::not_implemented(format!("Fn::Transform {name}"))
}

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    Err(refuse(argument))
}

fn evaluate(_: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    Err(refuse(argument))
}
