//! `AWS::AutoScaling::ScheduledAction`: its physical id is its name, always a generated one.

use crate::{Context, Deletion, Properties, Provider};
use api::autoscaling::{DeleteScheduledActionType, PutScheduledUpdateGroupActionType, ops};
use kernel::{ApiError, Timestamp};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct ScheduledAction;

fn put(cx: &mut Context<'_>, name: SmolStr, p: &Properties) -> Result<(), ApiError> {
    for property in ["StartTime", "EndTime"] {
        if let Some(text) = p.text(property).filter(|text| Timestamp::parse(text).is_none()) {
            let message = format!("{text} is not a valid ISO 8601 date and time for {property}.");
            return Err(ApiError::new("ValidationError", message));
        }
    }
    cx.call::<ops::PutScheduledUpdateGroupAction>(PutScheduledUpdateGroupActionType {
        scheduled_action_name: name,
        ..p.input::<ops::PutScheduledUpdateGroupAction>()
    })
}

impl Provider for ScheduledAction {
    fn type_name(&self) -> &'static str {
        "AWS::AutoScaling::ScheduledAction"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = cx.mixed_name(255);
        put(cx, name.clone(), p)?;
        Ok(name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        put(cx, id.into(), new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeleteScheduledAction>(DeleteScheduledActionType {
            auto_scaling_group_name: p.text_or_empty("AutoScalingGroupName"),
            scheduled_action_name: id.into(),
        })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "ScheduledActionName").then(|| json!(id)))
    }
}
