//! `AWS::AutoScaling::ScalingPolicy`, of all four kinds: its physical id is its ARN. Its name is
//! always a generated one.

use crate::{Context, Deletion, Properties, Provider};
use api::autoscaling::{DeletePolicyType, PutScalingPolicyType, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct ScalingPolicy;

/// `…:policyName/{name}`
fn name_in(arn: &str) -> &str {
    arn.split_once(":policyName/").map_or(arn, |(_, name)| name)
}

fn put(
    cx: &mut Context<'_>,
    policy_name: SmolStr,
    p: &Properties,
) -> Result<SmolStr, ApiError> {
    let input =
        PutScalingPolicyType { policy_name, ..p.input::<ops::PutScalingPolicy>() };
    Ok(cx.call::<ops::PutScalingPolicy>(input)?.policy_arn.unwrap_or_default())
}

impl Provider for ScalingPolicy {
    fn type_name(&self) -> &'static str {
        "AWS::AutoScaling::ScalingPolicy"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = cx.mixed_name(255);
        put(cx, name, p)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        put(cx, name_in(id).into(), new)?;
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeletePolicy>(DeletePolicyType {
            auto_scaling_group_name: p.text("AutoScalingGroupName"),
            policy_name: name_in(id).into(),
        })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok(match name {
            "Arn" => Some(json!(id)),
            "PolicyName" => Some(json!(name_in(id))),
            _ => None,
        })
    }
}
