//! `AWS::ElasticLoadBalancingV2::TargetGroup`

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::elbv2::{self, Matcher, TargetDescription, TargetGroupAttribute, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct TargetGroup;

fn matcher(p: &Properties) -> Option<Matcher> {
    let matcher = p.structure("Matcher")?;
    Some(Matcher { http_code: matcher.text("HttpCode"), grpc_code: matcher.text("GrpcCode") })
}

fn targets(p: &Properties) -> Vec<TargetDescription> {
    let one = |t: &Properties| TargetDescription {
        id: t.text_or_empty("Id"),
        port: t.integer("Port"),
        availability_zone: t.text("AvailabilityZone"),
        ..Default::default()
    };
    p.structures("Targets").iter().map(one).collect()
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
            protocol: p.text("Protocol"),
            protocol_version: p.text("ProtocolVersion"),
            port: p.integer("Port"),
            vpc_id: p.text("VpcId"),
            health_check_protocol: p.text("HealthCheckProtocol"),
            health_check_port: p.text("HealthCheckPort"),
            health_check_enabled: p.boolean("HealthCheckEnabled"),
            health_check_path: p.text("HealthCheckPath"),
            health_check_interval_seconds: p.integer("HealthCheckIntervalSeconds"),
            health_check_timeout_seconds: p.integer("HealthCheckTimeoutSeconds"),
            healthy_threshold_count: p.integer("HealthyThresholdCount"),
            unhealthy_threshold_count: p.integer("UnhealthyThresholdCount"),
            matcher: matcher(p),
            target_type: p.text("TargetType"),
            tags,
            ip_address_type: p.text("IpAddressType"),
            target_control_port: p.integer("TargetControlPort"),
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
            health_check_protocol: new.text("HealthCheckProtocol"),
            health_check_port: new.text("HealthCheckPort"),
            health_check_path: new.text("HealthCheckPath"),
            health_check_enabled: new.boolean("HealthCheckEnabled"),
            health_check_interval_seconds: new.integer("HealthCheckIntervalSeconds"),
            health_check_timeout_seconds: new.integer("HealthCheckTimeoutSeconds"),
            healthy_threshold_count: new.integer("HealthyThresholdCount"),
            unhealthy_threshold_count: new.integer("UnhealthyThresholdCount"),
            matcher: matcher(new),
        })?;
        if !old.same(new, "TargetGroupAttributes") {
            set_attributes(cx, id, new)?;
        }
        let (before, after) = (targets(old), targets(new));
        let without = |list: &[TargetDescription], other: &[TargetDescription]| {
            list.iter().filter(|one| !other.contains(one)).cloned().collect::<Vec<_>>()
        };
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
