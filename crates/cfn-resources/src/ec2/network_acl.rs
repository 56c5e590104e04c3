//! `AWS::EC2::NetworkAcl`, `AWS::EC2::NetworkAclEntry` and
//! `AWS::EC2::SubnetNetworkAclAssociation`.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The ACL.
pub(crate) struct NetworkAcl;

/// One of its rules, which has a name of CloudFormation's own.
pub(crate) struct Entry;

/// A subnet under an ACL.
pub(crate) struct Association;

/// The ACLs that pass all of these filters.
fn find(cx: &mut Context<'_>, filters: &[(&str, &str)]) -> Result<Vec<ec2::NetworkAcl>, ApiError> {
    let filter = |(name, value): &(&str, &str)| ec2::Filter {
        name: Some((*name).into()),
        values: Some(vec![(*value).into()]),
    };
    let input = ec2::DescribeNetworkAclsRequest {
        filters: Some(filters.iter().map(filter).collect()),
        ..Default::default()
    };
    Ok(cx.call::<ops::DescribeNetworkAcls>(input)?.network_acls.unwrap_or_default())
}

impl Provider for NetworkAcl {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::NetworkAcl"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let made = cx.call::<ops::CreateNetworkAcl>(ec2::CreateNetworkAclRequest {
            vpc_id: p.text_or_empty("VpcId"),
            tag_specifications: tagging::specification(cx, "network-acl", p),
            ..Default::default()
        })?;
        Ok(made.network_acl.and_then(|acl| acl.network_acl_id).unwrap_or_default())
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = ec2::DeleteNetworkAclRequest { network_acl_id: id.into(), dry_run: None };
        cx.call::<ops::DeleteNetworkAcl>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "Id").then(|| json!(id)))
    }
}

fn ports(p: &Properties) -> Option<ec2::PortRange> {
    let range = p.structure("PortRange")?;
    Some(ec2::PortRange { from: range.integer("From"), to: range.integer("To") })
}

fn icmp(p: &Properties) -> Option<ec2::IcmpTypeCode> {
    let icmp = p.structure("Icmp")?;
    Some(ec2::IcmpTypeCode { code: icmp.integer("Code"), r#type: icmp.integer("Type") })
}

impl Provider for Entry {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::NetworkAclEntry"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        cx.call::<ops::CreateNetworkAclEntry>(ec2::CreateNetworkAclEntryRequest {
            network_acl_id: p.text_or_empty("NetworkAclId"),
            rule_number: p.integer("RuleNumber").unwrap_or(0),
            protocol: p.text_or_empty("Protocol"),
            rule_action: p.text_or_empty("RuleAction"),
            egress: p.boolean("Egress").unwrap_or(false),
            cidr_block: p.text("CidrBlock"),
            ipv6_cidr_block: p.text("Ipv6CidrBlock"),
            icmp_type_code: icmp(p),
            port_range: ports(p),
            dry_run: None,
        })?;
        Ok(cx.physical_name(255))
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        _: &Properties,
        p: &Properties,
    ) -> Result<(), ApiError> {
        cx.call::<ops::ReplaceNetworkAclEntry>(ec2::ReplaceNetworkAclEntryRequest {
            network_acl_id: p.text_or_empty("NetworkAclId"),
            rule_number: p.integer("RuleNumber").unwrap_or(0),
            protocol: p.text_or_empty("Protocol"),
            rule_action: p.text_or_empty("RuleAction"),
            egress: p.boolean("Egress").unwrap_or(false),
            cidr_block: p.text("CidrBlock"),
            ipv6_cidr_block: p.text("Ipv6CidrBlock"),
            icmp_type_code: icmp(p),
            port_range: ports(p),
            dry_run: None,
        })
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeleteNetworkAclEntry>(ec2::DeleteNetworkAclEntryRequest {
            network_acl_id: p.text_or_empty("NetworkAclId"),
            rule_number: p.integer("RuleNumber").unwrap_or(0),
            egress: p.boolean("Egress").unwrap_or(false),
            dry_run: None,
        })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "Id").then(|| json!(id)))
    }
}

/// Puts what an association says of a subnet under another ACL; the new association.
fn replace(cx: &mut Context<'_>, association: SmolStr, acl: SmolStr) -> Result<SmolStr, ApiError> {
    let input = ec2::ReplaceNetworkAclAssociationRequest {
        association_id: association,
        network_acl_id: acl,
        dry_run: None,
    };
    let made = cx.call::<ops::ReplaceNetworkAclAssociation>(input)?;
    Ok(made.new_association_id.unwrap_or_default())
}

impl Provider for Association {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::SubnetNetworkAclAssociation"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let subnet = p.text_or_empty("SubnetId");
        let acls = find(cx, &[("association.subnet-id", &subnet)])?;
        let mut all = acls.into_iter().filter_map(|acl| acl.associations).flatten();
        let own = all.find(|a| a.subnet_id.as_ref() == Some(&subnet));
        let Some(association) = own.and_then(|a| a.network_acl_association_id) else {
            return Err(ApiError::new(
                "InvalidSubnetID.NotFound",
                format!("The subnet ID '{subnet}' does not exist"),
            ));
        };
        replace(cx, association, p.text_or_empty("NetworkAclId"))
    }

    /// Every property replaces the association.
    fn update(
        &self,
        _: &mut Context<'_>,
        _: &str,
        _: &Properties,
        _: &Properties,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// The subnet goes back under its VPC's default ACL.
    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let acl = find(cx, &[("association.association-id", id)])?.into_iter().next();
        let Some(vpc) = acl.and_then(|acl| acl.vpc_id) else { return Ok(Deletion::Done) };
        let default = find(cx, &[("vpc-id", &vpc), ("default", "true")])?.into_iter().next();
        if let Some(default) = default.and_then(|acl| acl.network_acl_id) {
            replace(cx, id.into(), default)?;
        }
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "AssociationId").then(|| json!(id)))
    }
}
