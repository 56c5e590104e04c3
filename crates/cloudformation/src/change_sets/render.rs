//! Changes as the wire has them: with property values, or without.

use crate::engine::{Change, Deed, Detail};
use api::cloudformation as wire;
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// One change.
pub(super) fn change(change: &Change, values: bool) -> wire::Change {
    let modifies = change.deed == Deed::Modify;
    let some = |text: &SmolStr| (!text.is_empty()).then(|| text.clone());
    let context = |text: &Option<String>| text.as_deref().filter(|_| values).map(SmolStr::new);
    let policy = match change.deed {
        Deed::Remove => some(&change.policy),
        _ => some(&change.policy).filter(|_| change.replaces()),
    };
    wire::Change {
        r#type: Some(SmolStr::new_static("Resource")),
        resource_change: Some(wire::ResourceChange {
            policy_action: policy,
            action: Some(SmolStr::new_static(change.deed.name())),
            logical_resource_id: Some(change.logical_id.clone()),
            physical_resource_id: some(&change.physical_id),
            resource_type: Some(change.resource_type.clone()),
            replacement: modifies.then(|| SmolStr::new_static(change.replacement())),
            scope: Some(change.scope()),
            details: Some(details(&change.details, values)),
            before_context: context(&change.before),
            after_context: context(&change.after),
            ..Default::default()
        }),
        hook_invocation_count: None,
    }
}

/// With values each changed value is a detail; without, each property and cause.
fn details(details: &[Detail], values: bool) -> Vec<wire::ResourceChangeDetail> {
    let mut seen = BTreeSet::new();
    details
        .iter()
        .filter(|d| values || !d.with_values)
        .filter(|d| values || seen.insert((&d.attribute, &d.name, &d.source, &d.causing)))
        .map(|d| detail(d, values))
        .collect()
}

fn detail(detail: &Detail, values: bool) -> wire::ResourceChangeDetail {
    let some = |text: &SmolStr| (!text.is_empty()).then(|| text.clone());
    let value = |text: &Option<String>| text.as_deref().filter(|_| values).map(SmolStr::new);
    let kind = match (&detail.before, &detail.after) {
        (None, Some(_)) => Some("Add"),
        (Some(_), None) => Some("Remove"),
        (Some(_), Some(_)) => Some("Modify"),
        (None, None) => None,
    };
    wire::ResourceChangeDetail {
        target: Some(wire::ResourceTargetDefinition {
            attribute: Some(detail.attribute.clone()),
            name: some(&detail.name),
            requires_recreation: Some(SmolStr::new_static(detail.recreation.name())),
            path: some(&detail.path).filter(|_| values),
            before_value: value(&detail.before),
            after_value: value(&detail.after),
            attribute_change_type: kind.filter(|_| values).map(SmolStr::new_static),
            ..Default::default()
        }),
        evaluation: Some(SmolStr::new_static(if detail.is_static { "Static" } else { "Dynamic" })),
        change_source: Some(detail.source.clone()),
        causing_entity: some(&detail.causing),
    }
}
