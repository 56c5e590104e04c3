//! `AWS::ElasticLoadBalancingV2::LoadBalancer`
//!
//! Complete once the load balancer is active. Attributes that are no longer in the template keep
//! their last value, as on AWS.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider, Readiness};
use api::elbv2::{self, LoadBalancerAttribute, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct LoadBalancer;

fn find(cx: &mut Context<'_>, arn: &str) -> Result<elbv2::LoadBalancer, ApiError> {
    let found = cx.call::<ops::DescribeLoadBalancers>(elbv2::DescribeLoadBalancersInput {
        load_balancer_arns: Some(vec![arn.into()]),
        ..Default::default()
    })?;
    Ok(found.load_balancers.and_then(|mut all| all.pop()).unwrap_or_default())
}

fn set_attributes(cx: &mut Context<'_>, arn: &str, p: &Properties) -> Result<(), ApiError> {
    let one = |a: &Properties| LoadBalancerAttribute { key: a.text("Key"), value: a.text("Value") };
    let attributes: Vec<_> = p.structures("LoadBalancerAttributes").iter().map(one).collect();
    if !attributes.is_empty() {
        cx.call::<ops::ModifyLoadBalancerAttributes>(elbv2::ModifyLoadBalancerAttributesInput {
            load_balancer_arn: arn.into(),
            attributes,
        })?;
    }
    Ok(())
}

fn set_subnets(cx: &mut Context<'_>, arn: &str, p: &Properties) -> Result<(), ApiError> {
    cx.call::<ops::SetSubnets>(elbv2::SetSubnetsInput {
        load_balancer_arn: arn.into(),
        ..p.input::<ops::SetSubnets>()
    })?;
    Ok(())
}

impl Provider for LoadBalancer {
    fn type_name(&self) -> &'static str {
        "AWS::ElasticLoadBalancingV2::LoadBalancer"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("Name") {
            Some(name) => name,
            None => cx.mixed_name(32),
        };
        let tags = tagging::tags(cx, p);
        let made = cx.call::<ops::CreateLoadBalancer>(elbv2::CreateLoadBalancerInput {
            name,
            tags,
            ..p.input::<ops::CreateLoadBalancer>()
        })?;
        let made = made.load_balancers.and_then(|mut all| all.pop());
        let arn = made.and_then(|one| one.load_balancer_arn).unwrap_or_default();
        set_attributes(cx, &arn, p)?;
        Ok(arn)
    }

    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Readiness, ApiError> {
        let state = find(cx, id)?.state.and_then(|state| state.code).unwrap_or_default();
        Ok(match &*state {
            "active" | "active_impaired" => Readiness::Ready,
            "failed" => Readiness::Failed(format!("Load balancer {id} failed to provision")),
            _ => Readiness::InProgress,
        })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let same = |name: &str| old.same(new, name);
        if !same("Subnets") || !same("SubnetMappings") {
            set_subnets(cx, id, new)?;
        }
        if !same("SecurityGroups") {
            cx.call::<ops::SetSecurityGroups>(elbv2::SetSecurityGroupsInput {
                load_balancer_arn: id.into(),
                security_groups: new.texts("SecurityGroups").unwrap_or_default(),
                ..Default::default()
            })?;
        }
        if !same("IpAddressType") {
            cx.call::<ops::SetIpAddressType>(elbv2::SetIpAddressTypeInput {
                load_balancer_arn: id.into(),
                ip_address_type: new.text("IpAddressType").unwrap_or_else(|| "ipv4".into()),
            })?;
        }
        if !same("LoadBalancerAttributes") {
            set_attributes(cx, id, new)?;
        }
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = elbv2::DeleteLoadBalancerInput { load_balancer_arn: id.into() };
        cx.call::<ops::DeleteLoadBalancer>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let row = find(cx, id)?;
        let text = |value: Option<SmolStr>| value.map(|v| json!(v.as_str()));
        Ok(match name {
            "DNSName" => text(row.dns_name),
            "CanonicalHostedZoneID" => text(row.canonical_hosted_zone_id),
            "LoadBalancerArn" => Some(json!(id)),
            "LoadBalancerName" => text(row.load_balancer_name),
            "LoadBalancerFullName" => id.split_once("loadbalancer/").map(|(_, path)| json!(path)),
            "SecurityGroups" => Some(json!(row.security_groups.unwrap_or_default())),
            _ => None,
        })
    }
}
