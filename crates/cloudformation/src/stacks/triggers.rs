//! Rollback triggers: alarms that undo an operation.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html>

use crate::errors;
use api::cloudformation as wire;
use kernel::ApiError;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

const TYPES: [&str; 2] = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];

/// The triggers of a stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Triggers {
    /// ARNs of alarms, and their types.
    pub(crate) alarms: Vec<(SmolStr, SmolStr)>,
    /// How long the alarms are watched after the resources are done.
    pub(crate) monitoring_minutes: Option<i64>,
}

impl Triggers {
    /// What a request says, checked; without a list the former triggers stay.
    pub(crate) fn given(
        request: Option<&wire::RollbackConfiguration>,
        former: &Self,
    ) -> Result<Self, ApiError> {
        let Some(request) = request else { return Ok(former.clone()) };
        let mut triggers = Self {
            monitoring_minutes: request.monitoring_time_in_minutes.or(former.monitoring_minutes),
            ..former.clone()
        };
        if let Some(list) = &request.rollback_triggers {
            for trigger in list {
                if !TYPES.contains(&trigger.r#type.as_str()) {
                    return Err(errors::validation("Rollback Trigger Type not supported"));
                }
                let mut parts = trigger.arn.splitn(7, ':').skip(2);
                let service = parts.next();
                let kind = parts.nth(2);
                let named = parts.next().is_some_and(|name| !name.is_empty());
                if service != Some("cloudwatch") || kind != Some("alarm") || !named {
                    let text = "RelativeId of a Rollback Trigger's ARN is incorrect";
                    return Err(errors::validation(text));
                }
            }
            let pair = |t: &wire::RollbackTrigger| (t.arn.clone(), t.r#type.clone());
            triggers.alarms = list.iter().map(pair).collect();
        }
        Ok(triggers)
    }

    /// As the wire has them.
    pub(crate) fn render(&self) -> wire::RollbackConfiguration {
        let trigger = |(arn, kind): &(SmolStr, SmolStr)| wire::RollbackTrigger {
            arn: arn.clone(),
            r#type: kind.clone(),
        };
        wire::RollbackConfiguration {
            rollback_triggers: (!self.alarms.is_empty())
                .then(|| self.alarms.iter().map(trigger).collect()),
            monitoring_time_in_minutes: self.monitoring_minutes,
        }
    }
}
