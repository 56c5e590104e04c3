//! Whether an update would change anything.

use super::settle;
use super::world::World;
use crate::errors;
use crate::resources::{StackResource, of_stack};
use crate::stacks::Stack;
use cfn_template::{Evaluator, Template, UNKNOWN};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether `new` differs from the stack as it is, in anything that an update carries out.
pub(crate) fn differs(
    tx: &mut Tx,
    caller: &Caller,
    old: &Stack,
    new: &Stack,
    template: &Template,
) -> Result<bool, ApiError> {
    if old.tags != new.tags || old.notification_arns != new.notification_arns {
        return Ok(true);
    }
    let rows: BTreeMap<SmolStr, Arc<StackResource>> = of_stack(tx, &old.id)
        .filter(|row| row.status.exists())
        .map(|row| (row.logical_id.clone(), row.clone()))
        .collect();
    let (parameters, pseudo) = (new.parameters(), new.pseudo(caller));
    let world = World::new(tx, caller, new);
    let evaluator =
        Evaluator::new(template, &parameters, &pseudo, &world).map_err(errors::of_problem)?;
    let mut count = 0;
    for (logical_id, resource) in evaluator.resources() {
        count += 1;
        let Some(row) = rows.get(logical_id) else { return Ok(true) };
        if *row.resource_type != resource.resource_type
            || settle::policy(resource.deletion_policy) != row.deletion_policy
            || settle::policy(resource.update_replace_policy) != row.replace_policy
        {
            return Ok(true);
        }
        let Ok(wanted) = settle::evaluate(&evaluator, logical_id, &resource.resource_type) else {
            // What cannot be evaluated fails when it is carried out, as an event.
            return Ok(true);
        };
        if wanted.metadata != row.metadata || !cfn_template::is_same(&row.json(), &wanted.value) {
            return Ok(true);
        }
    }
    if count != rows.len() || old.description != new.description {
        return Ok(true);
    }
    let Ok(outputs) = evaluator.outputs() else { return Ok(true) };
    let same = outputs.len() == old.outputs.len()
        && outputs.iter().zip(&old.outputs).all(|(now, before)| {
            let text = now.value.value.as_str().unwrap_or(UNKNOWN);
            now.name == before.key
                && text == before.value
                && now.description == before.description
                && now.export_name == before.export_name
        });
    Ok(!same)
}
