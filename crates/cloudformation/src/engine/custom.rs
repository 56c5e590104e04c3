//! Custom resources as the engine sees them: a provider whose every call is a request that
//! somebody outside answers. What the resource is called is known only then.

use super::operation::{Action, Removal, Step, Undo};
use super::run::Run;
use crate::custom_resources::{self, Asking, Kind, Outcome};
use crate::resources::StackResource;
use crate::stacks::Status;
use cfn_resources::{Context, Deletion, Properties, Provider, Readiness};
use cfn_template::schema;
use kernel::ApiError;
use serde_json::Value;
use smol_str::SmolStr;

/// The provider of one type of custom resources.
pub(super) struct Custom<'a> {
    pub(super) resource_type: &'a str,
}

impl Custom<'_> {
    fn ask(
        &self,
        cx: &mut Context<'_>,
        kind: Kind,
        id: &str,
        properties: &Properties,
        old: Option<&Properties>,
    ) -> Result<(), ApiError> {
        let asking = Asking {
            stack_id: &cx.stack.id,
            logical_id: cx.logical_id,
            resource_type: self.resource_type,
            kind,
            physical_id: id,
            properties: properties.json(),
            old: old.map(Properties::json),
        };
        custom_resources::ask(cx.tx, cx.caller, &asking)
    }
}

impl Provider for Custom<'_> {
    fn type_name(&self) -> &'static str {
        "AWS::CloudFormation::CustomResource"
    }

    /// Nameless until the answer has come.
    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let fallback = cx.physical_name(128);
        self.ask(cx, Kind::Create, &fallback, p, None)?;
        Ok(SmolStr::default())
    }

    fn read(&self, cx: &mut Context<'_>, _: &str, _: &Properties) -> Result<Readiness, ApiError> {
        let request = custom_resources::request(cx.tx, &cx.stack.id, cx.logical_id);
        Ok(match request.and_then(|request| request.outcome.clone()) {
            None => Readiness::InProgress,
            Some(Outcome::Done) => Readiness::Ready,
            Some(Outcome::Failed(reason)) => Readiness::Failed(reason.into()),
        })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        if old.text("ServiceToken") != new.text("ServiceToken") {
            let text = "Modifying service token is not allowed.";
            return Err(ApiError::new("ValidationError", text));
        }
        self.ask(cx, Kind::Update, id, new, Some(old))
    }

    fn delete(&self, cx: &mut Context<'_>, id: &str, p: &Properties) -> Result<Deletion, ApiError> {
        let latest = custom_resources::request(cx.tx, &cx.stack.id, cx.logical_id);
        let mine = latest.filter(|r| r.kind == Kind::Delete && r.physical_id == id);
        match mine.map(|request| request.outcome.clone()) {
            // A deletion that failed is tried again by another deletion of the stack.
            Some(Some(Outcome::Failed(reason))) => {
                custom_resources::forget(cx.tx, &cx.stack.id, cx.logical_id);
                Err(ApiError::new("ValidationError", reason))
            }
            Some(Some(Outcome::Done)) => {
                custom_resources::forget(cx.tx, &cx.stack.id, cx.logical_id);
                Ok(Deletion::Done)
            }
            Some(None) => Ok(Deletion::InProgress),
            _ => {
                self.ask(cx, Kind::Delete, id, p, None)?;
                Ok(Deletion::InProgress)
            }
        }
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        custom_resources::attribute(cx.tx, cx.caller, &cx.stack.id, cx.logical_id, name).map(Some)
    }
}

impl Run<'_, '_> {
    /// A custom resource that was made or changed has been named by its answer: an event tells of
    /// a new one, and what another takes the place of goes in the cleanup.
    pub(super) fn note_name(&mut self, number: usize, row: &mut StackResource) {
        if !schema::is_custom(&row.resource_type) {
            return;
        }
        let step = &self.operation.steps[number];
        let (undo, returns) = match &step.action {
            Action::Restore(undo) => (Some(undo.clone()), true),
            _ => (step.undo.clone(), false),
        };
        match undo {
            Some(Undo::Created | Undo::Replaced { .. }) => {
                let status = row.status;
                self.record(row, status, "Resource creation Initiated");
            }
            Some(Undo::Changed { properties, .. }) => {
                let Some(sent) = self.sent_name(row).filter(|sent| *sent != row.physical_id) else {
                    return;
                };
                let removal = Box::new(Removal {
                    physical_id: sent,
                    resource_type: row.resource_type.clone(),
                    properties: if returns { row.properties.clone() } else { properties },
                    policy: if returns { "Delete".into() } else { row.replace_policy.clone() },
                    owns_row: false,
                });
                if returns {
                    let step = Step::new(row.logical_id.clone(), Action::Remove(removal));
                    self.operation.leftovers.push(step);
                } else {
                    const WHY: &str = "Requested update required the provider to create a new \
                                       physical resource";
                    self.record(row, Status::UpdateInProgress, WHY);
                    self.operation.steps[number].replaced = Some(removal);
                }
            }
            None => {}
        }
    }

    /// The name under which the latest request went out.
    pub(super) fn sent_name(&self, row: &StackResource) -> Option<SmolStr> {
        let request =
            self.world.with(|tx, _| custom_resources::request(tx, &row.stack_id, &row.logical_id));
        request.map(|request| request.physical_id.clone())
    }
}
