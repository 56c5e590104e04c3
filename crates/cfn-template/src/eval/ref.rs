//! `Ref`: a parameter's value, a pseudo parameter, or what identifies a resource.

use super::{Function, Outcome, Pass, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function = Function { name: "Ref", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: every Ref object must have a single String value.";

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    require(argument.as_text().is_some_and(|name| !name.is_empty()), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let name = argument.as_text().ok_or_else(|| Problem::validation(SHAPE))?;
    resolve(pass, name)
}

/// What a name stands for.
pub(super) fn resolve(pass: &mut Pass<'_, '_>, name: &str) -> Outcome {
    let pseudo = pass.evaluator.pseudo;
    Ok(Some(match name {
        "AWS::NoValue" => return Ok(None),
        "AWS::AccountId" => Value::from(pseudo.account_id.as_str()),
        "AWS::Region" => Value::from(pseudo.region.as_str()),
        "AWS::Partition" => Value::from(pseudo.partition.as_str()),
        "AWS::URLSuffix" => Value::from(pseudo.url_suffix.as_str()),
        "AWS::StackId" => Value::from(pseudo.stack_id.as_str()),
        "AWS::StackName" => Value::from(pseudo.stack_name.as_str()),
        "AWS::NotificationARNs" => pseudo.notification_arns.iter().map(String::as_str).collect(),
        _ => {
            if let Some(parameter) = pass.evaluator.parameters.get(name) {
                return Ok(Some(parameter.to_json()));
            }
            super::get_att::existing(pass, name)?;
            let answer = pass.evaluator.lookup.reference(name);
            return pass.settle(answer, name, None);
        }
    }))
}
