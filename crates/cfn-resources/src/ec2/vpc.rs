//! `AWS::EC2::VPC`

use super::tagging;
use crate::{Context, Deletion, Live, Properties, Provider, Readiness};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Vpc;

fn find(cx: &mut Context<'_>, id: &str) -> Result<ec2::Vpc, ApiError> {
    let input = ec2::DescribeVpcsRequest { vpc_ids: Some(vec![id.into()]), ..Default::default() };
    let found = cx.call::<ops::DescribeVpcs>(input)?;
    Ok(found.vpcs.and_then(|vpcs| vpcs.into_iter().next()).unwrap_or_default())
}

/// Sets the DNS attributes where they differ from what the VPC has.
fn set_dns(cx: &mut Context<'_>, id: &str, old: (bool, bool), p: &Properties) -> Result<(), ApiError> {
    let flag = |value| Some(ec2::AttributeBooleanValue { value: Some(value) });
    let support = p.boolean("EnableDnsSupport").unwrap_or(true);
    let hostnames = p.boolean("EnableDnsHostnames").unwrap_or(false);
    if support != old.0 {
        cx.call::<ops::ModifyVpcAttribute>(ec2::ModifyVpcAttributeRequest {
            vpc_id: id.into(),
            enable_dns_support: flag(support),
            ..Default::default()
        })?;
    }
    if hostnames != old.1 {
        cx.call::<ops::ModifyVpcAttribute>(ec2::ModifyVpcAttributeRequest {
            vpc_id: id.into(),
            enable_dns_hostnames: flag(hostnames),
            ..Default::default()
        })?;
    }
    Ok(())
}

impl Provider for Vpc {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::VPC"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let input = ec2::CreateVpcRequest {
            cidr_block: p.text("CidrBlock"),
            instance_tenancy: p.text("InstanceTenancy"),
            tag_specifications: tagging::specification(cx, "vpc", p),
            ..Default::default()
        };
        let made = cx.call::<ops::CreateVpc>(input)?;
        let id = made.vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default();
        set_dns(cx, &id, (true, false), p)?;
        Ok(id)
    }

    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Readiness, ApiError> {
        let available = find(cx, id)?.state.as_deref() == Some("available");
        Ok(if available { Readiness::Ready } else { Readiness::InProgress })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let had = (
            old.boolean("EnableDnsSupport").unwrap_or(true),
            old.boolean("EnableDnsHostnames").unwrap_or(false),
        );
        set_dns(cx, id, had, new)?;
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = ec2::DeleteVpcRequest { vpc_id: id.into(), dry_run: None };
        cx.call::<ops::DeleteVpc>(input)?;
        Ok(Deletion::Done)
    }

    fn live(&self, cx: &mut Context<'_>, id: &str, _: &Properties) -> Result<Live, ApiError> {
        let vpc = find(cx, id)?;
        let mut flag = |attribute: &str| -> Result<_, ApiError> {
            let input = ec2::DescribeVpcAttributeRequest {
                vpc_id: id.into(),
                attribute: attribute.into(),
                dry_run: None,
            };
            cx.call::<ops::DescribeVpcAttribute>(input)
        };
        let support = flag("enableDnsSupport")?.enable_dns_support.and_then(|f| f.value);
        let hostnames = flag("enableDnsHostnames")?.enable_dns_hostnames.and_then(|f| f.value);
        Ok(Live::Values(json!({
            "CidrBlock": vpc.cidr_block,
            "InstanceTenancy": vpc.instance_tenancy,
            "EnableDnsSupport": support,
            "EnableDnsHostnames": hostnames,
        })))
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let vpc = id.to_owned();
        let filter = |name: &str, value: &str| ec2::Filter {
            name: Some(name.into()),
            values: Some(vec![value.into()]),
        };
        Ok(match name {
            "VpcId" => Some(json!(id)),
            "CidrBlock" => find(cx, id)?.cidr_block.map(|c| json!(c.as_str())),
            "CidrBlockAssociations" => {
                let set = find(cx, id)?.cidr_block_association_set.unwrap_or_default();
                let ids = set.into_iter().filter_map(|a| a.association_id);
                Some(ids.map(|id| json!(id.as_str())).collect())
            }
            "Ipv6CidrBlocks" => Some(json!([])),
            "DefaultSecurityGroup" => {
                let input = ec2::DescribeSecurityGroupsRequest {
                    filters: Some(vec![filter("vpc-id", &vpc), filter("group-name", "default")]),
                    ..Default::default()
                };
                let found = cx.call::<ops::DescribeSecurityGroups>(input)?;
                let group = found.security_groups.and_then(|g| g.into_iter().next());
                group.and_then(|g| g.group_id).map(|id| json!(id.as_str()))
            }
            "DefaultNetworkAcl" => {
                let input = ec2::DescribeNetworkAclsRequest {
                    filters: Some(vec![filter("vpc-id", &vpc), filter("default", "true")]),
                    ..Default::default()
                };
                let found = cx.call::<ops::DescribeNetworkAcls>(input)?;
                let acl = found.network_acls.and_then(|a| a.into_iter().next());
                acl.and_then(|a| a.network_acl_id).map(|id| json!(id.as_str()))
            }
            _ => None,
        })
    }
}
