//! What an update would do: added, changed, replaced and removed resources, with the causes.
//!
//! One pass over the new template in the order of dependencies. Resources that are made or
//! replaced become unknown for those that refer to them; the values of all others are those of
//! today. Change sets keep what this finds, UpdateStack asks whether it finds anything.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-view.html>

mod cause;
mod change;

pub(crate) use change::{Change, Deed, Detail, Recreation};

use super::nested;
use super::settle::{self, Wanted};
use super::world::World;
use crate::errors;
use crate::resources::{StackResource, of_stack};
use crate::secrets::Secrets;
use crate::stacks::{Stack, StackParameter};
use cause::Causes;
use cfn_template::{EmptyWorld, Evaluator, Resource, Template, UNKNOWN, references, schema};
use kernel::{ApiError, Caller, Tx};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What an update of a stack would do.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// In the order of dependencies; what goes comes last.
    pub(crate) changes: Vec<Change>,
    /// Whether anything else differs: tags, outputs, the description.
    pub(crate) beside: bool,
}

impl Plan {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        !self.beside && self.changes.iter().all(|change| change.doubtful)
    }
}

/// Plans the way from a stack as it is to `new`, which has its new template, parameters and tags.
pub(crate) fn plan(
    tx: &mut Tx,
    caller: &Caller,
    old: &Stack,
    new: &Stack,
    template: &Template,
) -> Result<Plan, ApiError> {
    let rows: BTreeMap<SmolStr, Arc<StackResource>> = of_stack(tx, &old.id)
        .filter(|row| row.status.exists() && !row.physical_id.is_empty())
        .map(|row| (row.logical_id.clone(), row.clone()))
        .collect();
    let former = old.parsed().ok();
    let (parameters, pseudo) = (new.parameters(), new.pseudo(caller));
    let world = World::new(tx, caller, new);
    let evaluator =
        Evaluator::new(template, &parameters, &pseudo, &world).map_err(errors::of_problem)?;
    let graph = cfn_template::dependencies(template, evaluator.conditions());
    let order = graph.order().map_err(errors::of_problem)?;
    let mut planner = Planner {
        world: &world,
        evaluator: &evaluator,
        rows: &rows,
        retagged: old.tags != new.tags,
        causes: Causes {
            old: former.as_ref(),
            new: template,
            conditions: evaluator.conditions(),
            parameters: changed(&old.parameters, &new.parameters),
            replaced: BTreeSet::new(),
            modified: BTreeSet::new(),
        },
    };
    let mut changes = Vec::new();
    for id in &order {
        if let Some(resource) = template.resources.get(id) {
            changes.extend(planner.of_resource(id, resource));
        }
    }
    let wanted: BTreeSet<&str> = order.into_iter().collect();
    let dropped = rows.values().filter(|row| !wanted.contains(row.logical_id.as_str()));
    let texts = Former::new(old, former.as_ref(), caller);
    changes.extend(dropped.map(|row| removal(row, &texts)));
    let beside = old.tags != new.tags
        || old.notification_arns != new.notification_arns
        || old.description != new.description
        || outputs_differ(&evaluator, old);
    let secrets = world.with(|tx, _| Secrets::between(tx, old, new));
    if !secrets.is_empty() {
        changes.iter_mut().for_each(|change| change.hide(&secrets));
    }
    Ok(Plan { changes, beside })
}

/// Parameters whose value is given and has changed. What SSM parameters hold is no value that
/// was given.
fn changed(old: &[StackParameter], new: &[StackParameter]) -> BTreeSet<SmolStr> {
    let differs = |now: &&StackParameter| {
        old.iter().any(|before| {
            before.key == now.key
                && before.value != now.value
                && before.resolved.is_none()
                && now.resolved.is_none()
        })
    };
    new.iter().filter(differs).map(|p| SmolStr::new(&p.key)).collect()
}

fn outputs_differ(evaluator: &Evaluator<'_>, old: &Stack) -> bool {
    let Ok(outputs) = evaluator.outputs() else { return true };
    let same = outputs.len() == old.outputs.len()
        && outputs.iter().zip(&old.outputs).all(|(now, before)| {
            let text = now.value.value.as_str().unwrap_or(UNKNOWN);
            now.name == before.key
                && text == before.value
                && now.description == before.description
                && now.export_name == before.export_name
        });
    !same
}

struct Planner<'p, 't> {
    world: &'p World<'t>,
    evaluator: &'p Evaluator<'p>,
    rows: &'p BTreeMap<SmolStr, Arc<StackResource>>,
    retagged: bool,
    causes: Causes<'p>,
}

impl Planner<'_, '_> {
    fn of_resource(&mut self, id: &str, resource: &Resource) -> Option<Change> {
        let wanted = settle::evaluate(self.evaluator, id, &resource.resource_type);
        let mut change = Change {
            logical_id: id.into(),
            physical_id: SmolStr::default(),
            resource_type: resource.resource_type.as_str().into(),
            deed: Deed::Add,
            doubtful: false,
            details: Vec::new(),
            policy: SmolStr::default(),
            before: None,
            after: wanted.as_ref().ok().map(|wanted| context(&wanted.value, &wanted.metadata)),
            problem: wanted.as_ref().err().cloned(),
        };
        let Some(row) = self.rows.get(id).cloned() else {
            self.world.set_pending(id, true);
            return Some(change);
        };
        change.deed = Deed::Modify;
        change.physical_id = row.physical_id.clone();
        change.before = Some(context(&row.json(), &row.metadata));
        change.details = match &wanted {
            Ok(wanted) => self.details(&row, resource, wanted),
            // What cannot be evaluated fails when it is carried out, as an event.
            Err(_) => vec![of_attribute("Properties")],
        };
        if change.details.is_empty() {
            let schema = schema::lookup(&resource.resource_type);
            change.details = self.causes.doubtful(id, |property| {
                schema.as_ref().map_or(Recreation::Never, |s| s.replacement(property).into())
            });
            change.doubtful = true;
        }
        if change.details.is_empty() {
            return None;
        }
        if change.replaces() {
            change.policy = format_smolstr!("ReplaceAnd{}", row.replace_policy);
            self.causes.replaced.insert(id.into());
            self.world.set_pending(id, true);
        } else {
            self.causes.modified.insert(id.into());
        }
        Some(change)
    }

    fn details(&self, row: &StackResource, resource: &Resource, wanted: &Wanted) -> Vec<Detail> {
        let id = &row.logical_id;
        let schema = schema::lookup(&resource.resource_type);
        let before = row.json();
        let changes = cfn_template::diff(schema.as_deref(), &before, &wanted.value);
        let mut details = Vec::new();
        for change in &changes {
            let property = change.property();
            let text = |value: &Option<Value>| value.as_ref().map(shown);
            let detail = Detail {
                name: property.into(),
                path: change.path.as_str().into(),
                recreation: change.requires_recreation.into(),
                before: text(&change.before),
                after: text(&change.after),
                ..of_attribute("Properties")
            };
            details.extend(self.causes.of_property(id, &detail));
        }
        if row.resource_type == nested::STACK && details.is_empty() {
            // What its template says where it lies is seen only when it is updated.
            details.push(Detail {
                is_static: false,
                source: SmolStr::new_static("Automatic"),
                ..of_attribute("Properties")
            });
        }
        if row.status.has_failed() && details.is_empty() {
            // What failed and was not undone is tried again.
            details.push(of_attribute("Properties"));
        }
        if row.metadata != wanted.metadata {
            details.push(of_attribute("Metadata"));
        }
        if row.deletion_policy != settle::policy(resource.deletion_policy) {
            details.push(of_attribute("DeletionPolicy"));
        }
        if row.replace_policy != settle::policy(resource.update_replace_policy) {
            details.push(of_attribute("UpdateReplacePolicy"));
        }
        if self.retagged && schema.as_ref().is_some_and(|s| s.tagging().is_some()) {
            details.push(of_attribute("Tags"));
        }
        details
    }
}

/// A modification of a whole attribute.
fn of_attribute(attribute: &'static str) -> Detail {
    Detail {
        attribute: SmolStr::new_static(attribute),
        name: SmolStr::default(),
        path: SmolStr::default(),
        recreation: Recreation::Never,
        is_static: true,
        source: SmolStr::new_static("DirectModification"),
        causing: SmolStr::default(),
        before: None,
        after: None,
        with_values: false,
    }
}

/// The stack's former template, for what goes: its references are no longer known.
struct Former {
    values: BTreeMap<String, Value>,
}

impl Former {
    fn new(old: &Stack, template: Option<&Template>, caller: &Caller) -> Self {
        let mut values = BTreeMap::new();
        let (parameters, pseudo) = (old.parameters(), old.pseudo(caller));
        let evaluator =
            template.and_then(|t| Evaluator::new(t, &parameters, &pseudo, &EmptyWorld).ok());
        if let (Some(evaluator), Some(template)) = (evaluator, template) {
            for (id, resource) in evaluator.resources() {
                let refers = resource.properties.as_ref().is_some_and(|node| {
                    references(node, Some(evaluator.conditions()))
                        .iter()
                        .any(|r| template.resources.get(&r.name).is_some())
                });
                if let Some(properties) = refers.then(|| evaluator.properties(id).ok()).flatten() {
                    values.insert(id.to_owned(), properties.value);
                }
            }
        }
        Self { values }
    }
}

fn removal(row: &StackResource, former: &Former) -> Change {
    let value = former.values.get(row.logical_id.as_str()).cloned().unwrap_or_else(|| row.json());
    let policy = match row.deletion_policy.as_str() {
        "RetainExceptOnCreate" => SmolStr::new_static("Retain"),
        _ => row.deletion_policy.clone(),
    };
    Change {
        logical_id: row.logical_id.clone(),
        physical_id: row.physical_id.clone(),
        resource_type: row.resource_type.clone(),
        deed: Deed::Remove,
        doubtful: false,
        details: Vec::new(),
        policy,
        before: Some(context(&value, &row.metadata)),
        after: None,
        problem: None,
    }
}

/// A resource as change sets show it: JSON, its scalars as strings.
fn context(properties: &Value, metadata: &str) -> String {
    let mut context = json!({ "Properties": strings(properties) });
    let metadata: Value = serde_json::from_str(metadata).unwrap_or_default();
    if metadata.as_object().is_some_and(|members| !members.is_empty()) {
        context["Metadata"] = strings(&metadata);
    }
    context.to_string()
}

fn strings(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, v)| (key.clone(), strings(v))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(strings).collect()),
        Value::Null => Value::Null,
        scalar => Value::String(shown(scalar)),
    }
}

/// A value as text.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
