//! `AWS::CloudWatch::CompositeAlarm`: its physical id is its name.

use super::{alarm, tagging};
use crate::{Context, Deletion, Properties, Provider};
use api::cloudwatch::{PutCompositeAlarmInput, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct CompositeAlarm;

impl Provider for CompositeAlarm {
    fn type_name(&self) -> &'static str {
        "AWS::CloudWatch::CompositeAlarm"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("AlarmName") {
            Some(name) => name,
            None => cx.mixed_name(255),
        };
        cx.call::<ops::PutCompositeAlarm>(PutCompositeAlarmInput {
            alarm_name: name.clone(),
            tags: tagging::tags(cx, p),
            ..p.input::<ops::PutCompositeAlarm>()
        })?;
        Ok(name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        cx.call::<ops::PutCompositeAlarm>(PutCompositeAlarmInput {
            alarm_name: id.into(),
            tags: None,
            ..new.input::<ops::PutCompositeAlarm>()
        })?;
        tagging::update(cx, alarm::arn(cx, id), old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        alarm::delete(cx, id)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "Arn").then(|| json!(alarm::arn(cx, id))))
    }
}
