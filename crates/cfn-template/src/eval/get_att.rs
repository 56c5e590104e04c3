//! `Fn::GetAtt`: an attribute of a resource. Its name may itself be a `Ref` to a parameter.

use super::{Function, Outcome, Pass, holds};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;

pub(super) const FUNCTION: Function =
    Function { name: "Fn::GetAtt", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: every Fn::GetAtt object requires two non-empty parameters, \
                     the resource name and the resource attribute";

/// The resource and attribute that a `Fn::GetAtt` names.
pub(crate) struct Target<'n> {
    /// The logical id.
    pub(crate) logical_id: &'n str,
    /// The attribute as written: text after the first dot, or an element that may be a `Ref`.
    pub(crate) attribute: Attribute<'n>,
}

/// How a `Fn::GetAtt` names its attribute.
pub(crate) enum Attribute<'n> {
    /// By text.
    Text(&'n str),
    /// By a function.
    Computed(&'n Node),
}

/// Takes the argument apart: `[A, b.c]`, `A.b.c`, or `[A, {Ref: P}]`.
pub(crate) fn target(argument: &Node) -> Option<Target<'_>> {
    let target = match argument.as_list() {
        Some([resource, attribute]) => {
            let named = match attribute.as_text() {
                Some(text) => Attribute::Text(text),
                None if super::is_function(attribute) => Attribute::Computed(attribute),
                None => return None,
            };
            Target { logical_id: resource.as_text()?, attribute: named }
        }
        Some(_) => return None,
        None => {
            let (logical_id, attribute) = argument.as_text()?.split_once('.')?;
            Target { logical_id, attribute: Attribute::Text(attribute) }
        }
    };
    let empty = matches!(target.attribute, Attribute::Text("")) || target.logical_id.is_empty();
    (!empty).then_some(target)
}

fn check(template: &Template, argument: &Node) -> Result<(), Problem> {
    let target = target(argument).ok_or_else(|| Problem::validation(SHAPE))?;
    if template.resources.contains(target.logical_id) {
        Ok(())
    } else {
        Err(undefined(target.logical_id))
    }
}

/// The problem of an attribute of a resource that the template does not declare.
pub(super) fn undefined(logical_id: &str) -> Problem {
    Problem::validation(format!(
        "Template error: instance of Fn::GetAtt references undefined resource {logical_id}"
    ))
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let target = target(argument).ok_or_else(|| Problem::validation(SHAPE))?;
    match target.attribute {
        Attribute::Text(attribute) => resolve(pass, target.logical_id, attribute),
        Attribute::Computed(node) => {
            let attribute = pass.text(node, SHAPE)?;
            resolve(pass, target.logical_id, &attribute)
        }
    }
}

/// The value of an attribute.
pub(super) fn resolve(pass: &mut Pass<'_, '_>, logical_id: &str, attribute: &str) -> Outcome {
    existing(pass, logical_id)?;
    let answer = pass.evaluator.lookup.attribute(logical_id, attribute);
    pass.settle(answer, logical_id, Some(attribute))
}

/// A reference to a resource that is not declared or whose condition is false is unresolved.
pub(super) fn existing(pass: &Pass<'_, '_>, logical_id: &str) -> Result<(), Problem> {
    let resource = pass.evaluator.template.resources.get(logical_id);
    match resource {
        Some(r) if holds(&pass.evaluator.conditions, r.condition.as_deref()) => Ok(()),
        _ => Err(Problem::validation(format!(
            "Template format error: Unresolved resource dependencies [{logical_id}] in the \
             Resources block of the template"
        ))),
    }
}
