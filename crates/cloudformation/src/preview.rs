//! `stacks/plan`: what a template would do to a stack, without a change set. For the command line
//! and the console.

use crate::engine::{self, Change, Deed, Detail};
use crate::stacks::{Proposal, Stack, Status};
use crate::errors;
use api::cloudformation::Parameter;
use kernel::{ApiError, Caller, Tx, resource};
use serde_json::{Value, json};
use smol_str::SmolStr;

resource! { cloudformation:
    controls { write "stacks/plan" => plan }
}

/// `{"template": text, "stack": name or null, "parameters": {name: value}}` → the changes, with
/// values and causes, and whether anything beside resources changes. Parameters that are not given
/// keep the stack's values. Nothing is made or kept.
fn plan(tx: &mut Tx, caller: &Caller, request: &Value) -> Result<Value, ApiError> {
    let template = request["template"].as_str().ok_or_else(errors::no_template)?;
    let existing = match request["stack"].as_str() {
        Some(name) => {
            let stack = Stack::with_id(tx, name)?;
            (stack.status != Status::ReviewInProgress).then_some(stack)
        }
        None => None,
    };
    let given = request["parameters"].as_object();
    let mut parameters: Vec<Parameter> = given
        .into_iter()
        .flatten()
        .map(|(key, value)| Parameter {
            parameter_key: Some(key.as_str().into()),
            parameter_value: value.as_str().map(SmolStr::new),
            ..Default::default()
        })
        .collect();
    let declared = cfn_template::draft(template).map_err(errors::of_problem)?;
    let kept = existing.iter().flat_map(|stack| &stack.parameters).filter(|old| {
        let is_given = given.is_some_and(|given| given.contains_key(&old.key));
        !is_given && declared.declarations().parameters.contains(&old.key)
    });
    parameters.extend(kept.map(|old| Parameter {
        parameter_key: Some(old.key.as_str().into()),
        use_previous_value: Some(true),
        ..Default::default()
    }));
    let old = match &existing {
        Some(stack) => Stack::clone(stack),
        None => Stack::new(tx, caller, &SmolStr::new_static("new"), Status::ReviewInProgress),
    };
    let mut new = old.clone();
    let everything = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];
    let proposal = Proposal {
        template: template.into(),
        parameters: Some(&parameters),
        tags: None,
        capabilities: Some(&everything.map(SmolStr::new_static)),
        notification_arns: None,
        role_arn: None,
        rollback: None,
    };
    let template = proposal.apply(tx, caller, &mut new, existing.as_deref())?;
    let plan = engine::plan(tx, caller, &old, &new, &template)?;
    let sure = plan.changes.iter().filter(|change| !change.doubtful);
    Ok(json!({ "changes": sure.map(shown).collect::<Vec<_>>(), "beside": plan.beside }))
}

fn some(text: &SmolStr) -> Option<&SmolStr> {
    Some(text).filter(|text| !text.is_empty())
}

fn shown(change: &Change) -> Value {
    // A change by a parameter is told once, not again as a modification that follows from it.
    let told = |detail: &&Detail| detail.is_static || detail.source != "DirectModification";
    json!({
        "action": change.deed.name(),
        "logicalId": change.logical_id,
        "type": change.resource_type,
        "physicalId": some(&change.physical_id),
        "policy": some(&change.policy),
        "replacement": (change.deed == Deed::Modify).then(|| change.replacement()),
        "problem": change.problem,
        "details": change.details.iter().filter(told).map(detail).collect::<Vec<_>>(),
    })
}

fn detail(detail: &Detail) -> Value {
    json!({
        "attribute": detail.attribute,
        "path": some(&detail.path),
        "before": detail.before,
        "after": detail.after,
        "requiresRecreation": detail.recreation.name(),
        "source": detail.source,
        "causing": some(&detail.causing),
    })
}
