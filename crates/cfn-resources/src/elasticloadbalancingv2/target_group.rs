//! `AWS::ElasticLoadBalancingV2::TargetGroup`

use super::tagging;
use crate::properties::without;
use crate::{Context, Deletion, Properties, Provider};
use api::elbv2::{self, TargetDescription, TargetGroupAttribute, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct TargetGroup;

fn targets(p: &Properties) -> Vec<TargetDescription> {
    p.input::<ops::RegisterTargets>().targets
}

fn register(
    cx: &mut Context<'_>,
    arn: &str,
    targets: Vec<TargetDescription>,
) -> Result<(), ApiError> {
    if !targets.is_empty() {
        let input = elbv2::RegisterTargetsInput { target_group_arn: arn.into(), targets };
        cx.call::<ops::RegisterTargets>(input)?;
    }
    Ok(())
}

fn deregister(
    cx: &mut Context<'_>,
    arn: &str,
    targets: Vec<TargetDescription>,
) -> Result<(), ApiError> {
    if !targets.is_empty() {
        let input = elbv2::DeregisterTargetsInput { target_group_arn: arn.into(), targets };
        cx.call::<ops::DeregisterTargets>(input)?;
    }
    Ok(())
}

fn set_attributes(cx: &mut Context<'_>, arn: &str, p: &Properties) -> Result<(), ApiError> {
    let one = |a: &Properties| TargetGroupAttribute { key: a.text("Key"), value: a.text("Value") };
    let attributes: Vec<_> = p.structures("TargetGroupAttributes").iter().map(one).collect();
    if !attributes.is_empty() {
        cx.call::<ops::ModifyTargetGroupAttributes>(elbv2::ModifyTargetGroupAttributesInput {
            target_group_arn: arn.into(),
            attributes,
        })?;
    }
    Ok(())
}

impl Provider for TargetGroup {
    fn type_name(&self) -> &'static str {
        "AWS::ElasticLoadBalancingV2::TargetGroup"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("Name") {
            Some(name) => name,
            None => cx.mixed_name(32),
        };
        let tags = tagging::tags(cx, p);
        let made = cx.call::<ops::CreateTargetGroup>(elbv2::CreateTargetGroupInput {
            name,
            tags,
            ..p.input::<ops::CreateTargetGroup>()
        })?;
        let made = made.target_groups.and_then(|mut all| all.pop());
        let arn = made.and_then(|one| one.target_group_arn).unwrap_or_default();
        set_attributes(cx, &arn, p)?;
        register(cx, &arn, targets(p))?;
        Ok(arn)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        cx.call::<ops::ModifyTargetGroup>(elbv2::ModifyTargetGroupInput {
            target_group_arn: id.into(),
            ..new.input::<ops::ModifyTargetGroup>()
        })?;
        if !old.same(new, "TargetGroupAttributes") {
            set_attributes(cx, id, new)?;
        }
        let (before, after) = (targets(old), targets(new));
        deregister(cx, id, without(&before, &after))?;
        register(cx, id, without(&after, &before))?;
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = elbv2::DeleteTargetGroupInput { target_group_arn: id.into() };
        cx.call::<ops::DeleteTargetGroup>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let found = cx.call::<ops::DescribeTargetGroups>(elbv2::DescribeTargetGroupsInput {
            target_group_arns: Some(vec![id.into()]),
            ..Default::default()
        })?;
        let row = found.target_groups.and_then(|mut all| all.pop()).unwrap_or_default();
        Ok(match name {
            "LoadBalancerArns" => Some(json!(row.load_balancer_arns.unwrap_or_default())),
            "TargetGroupArn" => Some(json!(id)),
            "TargetGroupFullName" => id.rsplit_once(':').map(|(_, path)| json!(path)),
            "TargetGroupName" => row.target_group_name.map(|name| json!(name)),
            _ => None,
        })
    }
}
