//! Change sets of the type IMPORT: resources that exist come into a stack.
//!
//! Importing touches no resource, so it happens at one instant: either every resource is there
//! and comes in, or none does.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import.html>

use super::row::ChangeSet;
use crate::engine::{Change, Deed, Imported, Plan, World};
use crate::errors;
use crate::resources::StackResource;
use crate::stacks::Stack;
use api::cloudformation::ResourceToImport;
use cfn_resources::{Live, Properties};
use cfn_template::{RetentionPolicy, Template, schema};
use kernel::{ApiError, Caller, Tx};
use serde_json::Value;
use smol_str::SmolStr;
use std::sync::Arc;

/// What a request wants to import, checked against its template.
pub(super) fn given(
    tx: &Tx,
    list: Option<&[ResourceToImport]>,
    template: &Template,
) -> Result<Vec<Imported>, ApiError> {
    let list = list.unwrap_or_default();
    if list.is_empty() {
        return Err(errors::validation("ResourcesToImport is required for change set type IMPORT."));
    }
    let mut unprotected: Vec<&str> = Vec::new();
    let mut imported = Vec::new();
    for one in list {
        let id = one.logical_resource_id.as_str();
        let Some(resource) = template.resources.get(id) else {
            return Err(errors::validation(format!(
                "Resource [{id}] to import does not exist in the template"
            )));
        };
        if *resource.resource_type != *one.resource_type {
            return Err(errors::validation(format!(
                "Resource type [{}] of [{id}] does not match the template's [{}]",
                one.resource_type, resource.resource_type
            )));
        }
        if resource.deletion_policy.is_none() {
            unprotected.push(id);
        }
        let physical_id = physical_id(&one.resource_type, &one.resource_identifier)?;
        if let Some(row) = owner(tx, &physical_id) {
            return Err(errors::validation(format!(
                "{physical_id} already exists in stack {}",
                row.stack_id
            )));
        }
        imported.push(Imported { logical_id: id.into(), physical_id });
    }
    match unprotected.is_empty() {
        true => Ok(imported),
        false => Err(errors::validation(format!(
            "Following resources to import [{}] must have DeletionPolicy attribute specified in \
             the template.",
            unprotected.join(", ")
        ))),
    }
}

fn owner(tx: &Tx, physical_id: &str) -> Option<Arc<StackResource>> {
    let mut rows = tx.rows_by::<StackResource>("physical", physical_id);
    rows.find(|row| row.status.exists()).cloned()
}

/// The values of the type's identifying properties, in their order.
fn physical_id(
    resource_type: &str,
    identifier: &[(SmolStr, SmolStr)],
) -> Result<SmolStr, ApiError> {
    let names = schema::lookup(resource_type).map(|s| s.primary_identifier()).unwrap_or_default();
    let value = |name: &String| identifier.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    let values: Option<Vec<&str>> = names.iter().map(value).collect();
    let values = values.filter(|values| !values.is_empty()).ok_or_else(|| {
        errors::validation(format!(
            "Resource identifiers of {resource_type} are [{}]",
            names.join(", ")
        ))
    })?;
    Ok(values.join("|").into())
}

/// The changes of an import; nothing else may change with it.
pub(super) fn planned(set: &ChangeSet, plan: Plan) -> Result<Vec<Change>, String> {
    let (mut wanted, mut others, mut modified) = (Vec::new(), Vec::new(), Vec::new());
    for change in plan.changes.into_iter().filter(|change| !change.doubtful) {
        let import = set.imports.iter().find(|import| import.logical_id == change.logical_id);
        match (import, change.deed) {
            (Some(import), Deed::Add) => wanted.push(Change {
                deed: Deed::Import,
                physical_id: import.physical_id.clone(),
                ..change
            }),
            (_, Deed::Add) => others.push(change.logical_id),
            _ => modified.push(change.logical_id),
        }
    }
    if !others.is_empty() {
        return Err(format!(
            "Resources [{}] is missing from ResourceToImport list",
            others.join(", ")
        ));
    }
    if !modified.is_empty() {
        return Err(format!(
            "You have modified resources [{}] in your template that are not being imported. \
             Update, create or delete operations cannot be executed during import operations.",
            modified.join(", ")
        ));
    }
    Ok(wanted)
}

/// Of resources that would be made under a name of their own: those that exist come in instead.
/// They must be retained, so that a rollback does not delete what the stack has not made.
pub(super) fn existing(
    tx: &mut Tx,
    caller: &Caller,
    stack: &Stack,
    template: &Template,
    changes: &mut [Change],
) -> Vec<Imported> {
    let mut imports = Vec::new();
    let retained = |change: &&mut Change| {
        let resource = template.resources.get(&change.logical_id);
        resource.is_some_and(|r| r.deletion_policy == Some(RetentionPolicy::Retain))
    };
    for change in changes.iter_mut().filter(|c| c.deed == Deed::Add).filter(retained) {
        let context: Value =
            change.after.as_deref().and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default();
        let properties = Properties::from(context["Properties"].clone());
        let names = schema::lookup(&change.resource_type).map(|s| s.primary_identifier());
        let values: Option<Vec<SmolStr>> =
            names.unwrap_or_default().iter().map(|name| properties.text(name)).collect();
        let Some(values) = values.filter(|values| !values.is_empty()) else { continue };
        let physical_id = SmolStr::from(values.join("|"));
        let live = World::new(tx, caller, stack).provide(
            &change.logical_id,
            &change.resource_type,
            |provider, cx| provider.live(cx, &physical_id, &properties),
        );
        if matches!(live, Some(Ok(Live::Values(_)))) && owner(tx, &physical_id).is_none() {
            change.deed = Deed::Import;
            change.physical_id = physical_id.clone();
            imports.push(Imported { logical_id: change.logical_id.clone(), physical_id });
        }
    }
    imports
}
