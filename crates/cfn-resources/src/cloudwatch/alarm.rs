//! `AWS::CloudWatch::Alarm`: its physical id is its name.
//!
//! Putting an alarm replaces all of it, so a property that was taken away is back at its default.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::cloudwatch::{DeleteAlarmsInput, PutMetricAlarmInput, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct Alarm;

/// The ARN of an alarm of either kind.
pub(super) fn arn(cx: &Context<'_>, name: &str) -> SmolStr {
    cx.caller.arn("cloudwatch", format_smolstr!("alarm:{name}"))
}

/// Deletes an alarm of either kind.
pub(super) fn delete(cx: &mut Context<'_>, name: &str) -> Result<Deletion, ApiError> {
    cx.call::<ops::DeleteAlarms>(DeleteAlarmsInput { alarm_names: vec![name.into()] })?;
    Ok(Deletion::Done)
}

impl Provider for Alarm {
    fn type_name(&self) -> &'static str {
        "AWS::CloudWatch::Alarm"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("AlarmName") {
            Some(name) => name,
            None => cx.mixed_name(255),
        };
        cx.call::<ops::PutMetricAlarm>(PutMetricAlarmInput {
            alarm_name: name.clone(),
            tags: tagging::tags(cx, p),
            ..p.input::<ops::PutMetricAlarm>()
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
        cx.call::<ops::PutMetricAlarm>(PutMetricAlarmInput {
            alarm_name: id.into(),
            tags: None,
            ..new.input::<ops::PutMetricAlarm>()
        })?;
        tagging::update(cx, arn(cx, id), old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        delete(cx, id)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "Arn").then(|| json!(arn(cx, id))))
    }
}
