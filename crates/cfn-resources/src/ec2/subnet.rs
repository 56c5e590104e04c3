//! `AWS::EC2::Subnet`

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Subnet;

fn map_public_ip(cx: &mut Context<'_>, id: &str, value: bool) -> Result<(), ApiError> {
    cx.call::<ops::ModifySubnetAttribute>(ec2::ModifySubnetAttributeRequest {
        subnet_id: id.into(),
        map_public_ip_on_launch: Some(ec2::AttributeBooleanValue { value: Some(value) }),
        ..Default::default()
    })
}

impl Provider for Subnet {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::Subnet"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let input = ec2::CreateSubnetRequest {
            vpc_id: p.text_or_empty("VpcId"),
            cidr_block: p.text("CidrBlock"),
            availability_zone: p.text("AvailabilityZone"),
            availability_zone_id: p.text("AvailabilityZoneId"),
            ipv6_cidr_block: p.text("Ipv6CidrBlock"),
            tag_specifications: tagging::specification(cx, "subnet", p),
            ..Default::default()
        };
        let made = cx.call::<ops::CreateSubnet>(input)?;
        let id = made.subnet.and_then(|s| s.subnet_id).unwrap_or_default();
        if p.boolean("MapPublicIpOnLaunch") == Some(true) {
            map_public_ip(cx, &id, true)?;
        }
        Ok(id)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let maps = new.boolean("MapPublicIpOnLaunch").unwrap_or(false);
        if maps != old.boolean("MapPublicIpOnLaunch").unwrap_or(false) {
            map_public_ip(cx, id, maps)?;
        }
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = ec2::DeleteSubnetRequest { subnet_id: id.into(), dry_run: None };
        cx.call::<ops::DeleteSubnet>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        if name == "SubnetId" {
            return Ok(Some(json!(id)));
        }
        let input = ec2::DescribeSubnetsRequest {
            subnet_ids: Some(vec![id.into()]),
            ..Default::default()
        };
        let found = cx.call::<ops::DescribeSubnets>(input)?;
        let subnet = found.subnets.and_then(|s| s.into_iter().next()).unwrap_or_default();
        let text = |value: Option<SmolStr>| value.map(|v| json!(v.as_str()));
        Ok(match name {
            "AvailabilityZone" => text(subnet.availability_zone),
            "AvailabilityZoneId" => text(subnet.availability_zone_id),
            "CidrBlock" => text(subnet.cidr_block),
            "VpcId" => text(subnet.vpc_id),
            "Ipv6CidrBlocks" => Some(json!([])),
            "NetworkAclAssociationId" => {
                let filter = ec2::Filter {
                    name: Some("association.subnet-id".into()),
                    values: Some(vec![id.into()]),
                };
                let input = ec2::DescribeNetworkAclsRequest {
                    filters: Some(vec![filter]),
                    ..Default::default()
                };
                let found = cx.call::<ops::DescribeNetworkAcls>(input)?;
                let acls = found.network_acls.unwrap_or_default();
                let mut associations = acls.into_iter().filter_map(|a| a.associations).flatten();
                let own = associations.find(|a| a.subnet_id.as_deref() == Some(id));
                text(own.and_then(|a| a.network_acl_association_id))
            }
            _ => None,
        })
    }
}
