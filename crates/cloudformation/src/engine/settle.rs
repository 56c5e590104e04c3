//! Bringing resources to what the template says: made, changed, replaced or left alone.

use super::expect::Expectation;
use super::nested;
use super::operation::{Action, Removal, Step, Undo};
use super::rolling::{self, Rolling};
use super::run::Run;
use super::wording;
use crate::change_sets;
use crate::resources::StackResource;
use crate::signals;
use crate::stack_policies::{self, Deed};
use crate::stacks::{Stack, Status};
use cfn_resources::Properties;
use cfn_template::{Evaluator, Replacement, Resource, RetentionPolicy, Template, schema};
use kernel::{Caller, Tx};
use serde_json::Value;
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

/// A policy as rows keep it.
pub(super) fn policy(policy: Option<RetentionPolicy>) -> SmolStr {
    SmolStr::new_static(policy.map_or("Delete", RetentionPolicy::name))
}

/// The name that a template gives to a resource and keeps: two of a name cannot be at a time.
fn custom_name(resource_type: &str, old: &Value, new: &Value) -> Option<String> {
    let identifiers = schema::lookup(resource_type)?.primary_identifier();
    let [name] = identifiers.as_slice() else { return None };
    let kept = new.get(name)?.as_str()?;
    (old.get(name)?.as_str()? == kept).then(|| kept.to_owned())
}

/// A step for each resource that the template has under its conditions, in dependency order.
pub(super) fn steps(tx: &mut Tx, stack: &Stack) -> Vec<Step> {
    // The template was checked when the request was accepted.
    let Ok(template) = stack.parsed() else { return Vec::new() };
    let caller = Caller::new(tx.account().clone(), tx.region().clone());
    let (parameters, pseudo) = (stack.parameters(), stack.pseudo(&caller));
    let world = super::World::new(tx, &caller, stack);
    let Ok(evaluator) = Evaluator::new(&template, &parameters, &pseudo, &world) else {
        return Vec::new();
    };
    let graph = cfn_template::dependencies(&template, evaluator.conditions());
    let Ok(order) = graph.order() else { return Vec::new() };
    let numbers: BTreeMap<&str, usize> = order.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    order
        .iter()
        .map(|id| Step {
            after: graph.dependencies(id).map(|before| numbers[before]).collect(),
            ..Step::new((*id).into(), Action::Settle)
        })
        .collect()
}

/// What the template says of a resource, evaluated.
pub(super) struct Wanted {
    pub(super) value: Value,
    pub(super) metadata: SmolStr,
    creation_policy: Value,
    update_policy: Value,
}

impl Wanted {
    /// The update policy as rows keep it.
    fn update_policy(&self) -> SmolStr {
        match self.update_policy.as_object() {
            Some(members) if !members.is_empty() => self.update_policy.to_string().into(),
            _ => SmolStr::default(),
        }
    }
}

/// Evaluates a resource; the error is the reason of its failure.
pub(super) fn evaluate(
    evaluator: &Evaluator<'_>,
    logical_id: &str,
    resource_type: &str,
) -> Result<Wanted, String> {
    let text = |problem: cfn_template::Problem| problem.message;
    let mut value = evaluator.properties(logical_id).map_err(text)?.value;
    let metadata = evaluator.metadata(logical_id).map_err(text)?.value.to_string().into();
    if let Some(schema) = schema::lookup(resource_type) {
        schema.coerce(&mut value);
        if let Some(reason) = schema::validation_failure(logical_id, &schema.validate(&value)) {
            return Err(reason);
        }
    }
    let creation_policy = evaluator.creation_policy(logical_id).map_err(text)?.value;
    let update_policy = evaluator.update_policy(logical_id).map_err(text)?.value;
    Ok(Wanted { value, metadata, creation_policy, update_policy })
}

/// What starting a step came to.
pub(super) enum Started {
    /// Nothing was to be done.
    Unchanged,
    /// It is on its way.
    Running(Undo),
}

/// The parts of a run that settling needs.
pub(super) struct Settler<'r, 'w, 't> {
    pub(super) run: &'r mut Run<'w, 't>,
    pub(super) template: &'r Template,
    pub(super) evaluator: &'r Evaluator<'r>,
    pub(super) after: Vec<SmolStr>,
    /// The step's number.
    pub(super) number: usize,
}

impl Settler<'_, '_, '_> {
    /// Starts a step; the error is the reason of its failure, which has been recorded.
    pub(super) fn start(&mut self, logical_id: &SmolStr) -> Result<Started, String> {
        let Some(resource) = self.template.resources.get(logical_id) else {
            return Ok(Started::Unchanged);
        };
        let row = self.run.row(logical_id).filter(|row| row.status.exists());
        let fresh = row.as_ref().is_none_or(|row| row.physical_id.is_empty());
        let wanted = match evaluate(self.evaluator, logical_id, &resource.resource_type) {
            Ok(wanted) => wanted,
            Err(reason) => {
                let shown = self.evaluator.properties(logical_id).map(|e| e.value);
                let shown = shown.unwrap_or_default().to_string();
                let blank = self.blank(logical_id, resource, shown.into(), "{}".into());
                let row = row.map_or(blank, |row| StackResource::clone(&row));
                return Err(self.fail(row, fresh, reason));
            }
        };
        let properties: Arc<str> = wanted.value.to_string().into();
        match row.filter(|_| !fresh) {
            None => {
                let mut row = self.blank(logical_id, resource, properties, wanted.metadata.clone());
                row.update_policy = wanted.update_policy();
                self.create(row, &wanted)
            }
            Some(row) => self.change(&row, resource, properties, wanted),
        }
    }

    fn blank(
        &self,
        logical_id: &SmolStr,
        resource: &Resource,
        properties: Arc<str>,
        metadata: SmolStr,
    ) -> StackResource {
        StackResource {
            stack_id: self.run.stack.id.clone(),
            logical_id: logical_id.clone(),
            physical_id: SmolStr::default(),
            resource_type: resource.resource_type.as_str().into(),
            status: Status::CreateInProgress,
            reason: SmolStr::default(),
            changed_at: self.run.now,
            properties,
            metadata,
            deletion_policy: policy(resource.deletion_policy),
            replace_policy: policy(resource.update_replace_policy),
            after: self.after.clone(),
            update_policy: SmolStr::default(),
        }
    }

    fn create(&mut self, mut row: StackResource, wanted: &Wanted) -> Result<Started, String> {
        if let Some(id) = self.existing(&row.logical_id) {
            row.physical_id = id;
            self.run.record(&mut row, Status::ImportInProgress, "Resource import started.");
            self.run.record(&mut row, Status::ImportComplete, "Resource import completed.");
            self.run.put(row);
            return Ok(Started::Unchanged);
        }
        let why = match super::is_built(&row.resource_type) {
            true => String::new(),
            false => wording::placeholder(&row.resource_type),
        };
        self.run.record(&mut row, Status::CreateInProgress, &why);
        match self.make(&row, wanted) {
            Ok(id) => row.physical_id = id,
            Err(reason) => return Err(self.fail(row, true, reason)),
        }
        if !row.physical_id.is_empty() {
            self.run.record(&mut row, Status::CreateInProgress, "Resource creation Initiated");
        }
        self.run.put(row);
        Ok(Started::Running(Undo::Created))
    }

    /// What the stack's change set has found to exist under the resource's name.
    fn existing(&self, logical_id: &str) -> Option<SmolStr> {
        let stack = &self.run.stack;
        let imports = self.run.world.with(|tx, _| change_sets::imports_of(tx, stack));
        let found = imports.into_iter().find(|import| import.logical_id == logical_id);
        found.map(|import| import.physical_id)
    }

    /// Makes the physical resource and notes what it then waits for.
    fn make(&mut self, row: &StackResource, wanted: &Wanted) -> Result<SmolStr, String> {
        let properties = Properties::from(wanted.value.clone());
        let (id, policy) = (&row.logical_id, &wanted.creation_policy);
        let expects = Expectation::of(id, &row.resource_type, &wanted.value, policy, self.run.now)?;
        if let Some(expects) = expects.as_ref().filter(|e| e.from == *id) {
            let stack = &self.run.stack.id;
            self.run.world.with(|tx, _| signals::clear(tx, stack, &expects.from));
        }
        self.run.operation.steps[self.number].expects = expects.map(Box::new);
        if let Some(reason) = self.run.struck(id, "create") {
            return Err(reason);
        }
        let made = self.run.world.provide(&row.logical_id, &row.resource_type, |provider, cx| {
            // A creation of several calls leaves nothing when one of them fails.
            provider
                .create(cx, &properties)
                .map_err(|error| wording::of_error(cx.tx, &row.resource_type, &error))
        });
        made.unwrap_or_else(|| Err(format!("Unrecognized resource type {}", row.resource_type)))
    }

    fn change(
        &mut self,
        old: &StackResource,
        resource: &Resource,
        properties: Arc<str>,
        wanted: Wanted,
    ) -> Result<Started, String> {
        let schema = schema::lookup(&resource.resource_type);
        let before = old.json();
        let changes = cfn_template::diff(schema.as_deref(), &before, &wanted.value);
        let mut row = StackResource::clone(old);
        row.update_policy = wanted.update_policy();
        row.deletion_policy = policy(resource.deletion_policy);
        row.replace_policy = policy(resource.update_replace_policy);
        row.after = self.after.clone();
        let takes_tags = schema.as_ref().is_some_and(|schema| schema.tagging().is_some());
        let retagged = takes_tags && self.run.is_retagged();
        // A nested stack's template may have changed where it lies.
        let retried = old.status.has_failed() || old.resource_type == nested::STACK;
        if !retried
            && *old.resource_type == resource.resource_type
            && changes.is_empty()
            && !retagged
        {
            let same = row.metadata == wanted.metadata;
            row.metadata = wanted.metadata;
            if !same {
                self.run.record(&mut row, Status::UpdateInProgress, "");
                self.run.record(&mut row, Status::UpdateComplete, "");
            }
            self.run.put(row);
            return Ok(Started::Unchanged);
        }
        let (old_properties, new_properties) =
            (Properties::from(before), Properties::from(wanted.value.clone()));
        let sometimes = |property: &str| {
            cfn_resources::provider(&old.resource_type)
                .is_some_and(|p| p.replaces(property, &old_properties, &new_properties))
        };
        let replaces = old.status == Status::CreateFailed
            || *old.resource_type != resource.resource_type
            || changes.iter().any(|change| match change.requires_recreation {
                Replacement::Always => true,
                Replacement::Conditional => sometimes(change.property()),
                Replacement::Never => false,
            });
        row.properties = properties;
        row.metadata = wanted.metadata.clone();
        let rolls = row.resource_type == GROUP && rolling::is_due(&old_properties, &new_properties);
        let replaces = replaces || (rolls && rolling::will_replace(&wanted.update_policy));
        let deed = if replaces { Deed::Replace } else { Deed::Modify };
        let (id, kind) = (&old.logical_id, &old.resource_type);
        if let Some(reason) = stack_policies::refusal(&self.run.stack, deed, id, kind) {
            let mut row = row;
            row.properties = old.properties.clone();
            return Err(self.fail(row, false, reason));
        }
        if replaces {
            row.resource_type = resource.resource_type.as_str().into();
            return self.replace(old, row, &wanted);
        }
        self.run.record(&mut row, Status::UpdateInProgress, "");
        let given = match rolling::ignores_sizes(&wanted.update_policy) {
            true => Cow::Owned(rolling::without_old_sizes(&old_properties, &new_properties)),
            false => Cow::Borrowed(&new_properties),
        };
        let changed = self.run.modify(&row, &old_properties, &given).and_then(|()| {
            match row.resource_type == GROUP {
                true => rolling::Policy::of(&wanted.update_policy),
                false => Ok(None),
            }
        });
        match changed {
            Ok(policy) => {
                let rolling = policy.map(|policy| {
                    Box::new(Rolling::new(
                        policy,
                        rolling::renews(&old_properties, &new_properties),
                    ))
                });
                self.run.operation.steps[self.number].rolling = rolling;
            }
            Err(reason) => {
                row.properties = old.properties.clone();
                return Err(self.fail(row, false, reason));
            }
        }
        self.run.put(row);
        Ok(Started::Running(Undo::Changed {
            properties: old.properties.clone(),
            metadata: old.metadata.clone(),
            update_policy: old.update_policy.clone(),
        }))
    }

    fn replace(
        &mut self,
        old: &StackResource,
        mut row: StackResource,
        wanted: &Wanted,
    ) -> Result<Started, String> {
        const WHY: &str = "Requested update requires the creation of a new physical resource; \
                           hence creating one.";
        self.run.record(&mut row, Status::UpdateInProgress, WHY);
        if let Some(name) = custom_name(&row.resource_type, &old.json(), &wanted.value) {
            row.properties = old.properties.clone();
            return Err(self.fail(row, false, wording::custom_named(&name)));
        }
        match self.make(&row, wanted) {
            Ok(id) => row.physical_id = id,
            Err(reason) => {
                row.properties = old.properties.clone();
                row.resource_type = old.resource_type.clone();
                return Err(self.fail(row, false, reason));
            }
        }
        if !row.physical_id.is_empty() {
            self.run.record(&mut row, Status::UpdateInProgress, "Resource creation Initiated");
        }
        self.run.put(row);
        Ok(Started::Running(Undo::Replaced {
            old: Box::new(Removal {
                physical_id: old.physical_id.clone(),
                resource_type: old.resource_type.clone(),
                properties: old.properties.clone(),
                policy: old.replace_policy.clone(),
                owns_row: false,
            }),
            metadata: old.metadata.clone(),
        }))
    }

    /// Records a failure and gives its reason back.
    fn fail(&mut self, mut row: StackResource, creating: bool, reason: String) -> String {
        let status = if creating { Status::CreateFailed } else { Status::UpdateFailed };
        self.run.record(&mut row, status, &reason);
        self.run.put(row);
        reason
    }
}
