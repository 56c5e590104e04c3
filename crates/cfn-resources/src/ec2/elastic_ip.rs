//! `AWS::EC2::EIP` and `AWS::EC2::EIPAssociation`: an Elastic IP address, known by its number, and
//! what it is associated with.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The address.
pub(crate) struct ElasticIp;

/// The association.
pub(crate) struct Association;

fn find(cx: &mut Context<'_>, ip: &str) -> Result<ec2::Address, ApiError> {
    let input = ec2::DescribeAddressesRequest {
        public_ips: Some(vec![ip.into()]),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeAddresses>(input)?;
    Ok(found.addresses.and_then(|a| a.into_iter().next()).unwrap_or_default())
}

fn disassociate(cx: &mut Context<'_>, association: SmolStr) -> Result<(), ApiError> {
    cx.call::<ops::DisassociateAddress>(ec2::DisassociateAddressRequest {
        association_id: Some(association),
        ..Default::default()
    })
}

/// Associates an address with an instance, if one is named.
fn associate(
    cx: &mut Context<'_>,
    allocation: Option<SmolStr>,
    p: &Properties,
) -> Result<(), ApiError> {
    if let Some(instance_id) = p.text("InstanceId") {
        cx.call::<ops::AssociateAddress>(ec2::AssociateAddressRequest {
            allocation_id: allocation,
            instance_id: Some(instance_id),
            ..Default::default()
        })?;
    }
    Ok(())
}

impl Provider for ElasticIp {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::EIP"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        if p.has("TransferAddress") {
            return Err(ApiError::not_implemented(
                "the property TransferAddress of AWS::EC2::EIP",
            ));
        }
        let input = ec2::AllocateAddressRequest {
            address: p.text("Address"),
            domain: p.text("Domain"),
            ipam_pool_id: p.text("IpamPoolId"),
            network_border_group: p.text("NetworkBorderGroup"),
            public_ipv4_pool: p.text("PublicIpv4Pool"),
            tag_specifications: tagging::specification(cx, "elastic-ip", p),
            ..Default::default()
        };
        let made = cx.call::<ops::AllocateAddress>(input)?;
        associate(cx, made.allocation_id, p)?;
        Ok(made.public_ip.unwrap_or_default())
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        if !old.same(new, "PublicIpv4Pool") {
            return Err(ApiError::not_implemented(
                "a change of the property PublicIpv4Pool of AWS::EC2::EIP",
            ));
        }
        let address = find(cx, id)?;
        if !old.same(new, "InstanceId") {
            if let Some(association) = address.association_id {
                disassociate(cx, association)?;
            }
            associate(cx, address.allocation_id.clone(), new)?;
        }
        tagging::update(cx, &address.allocation_id.unwrap_or_default(), old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        let address = find(cx, id)?;
        // An association that the template made goes with the address; others are in its way.
        if let Some(association) = address.association_id.filter(|_| p.has("InstanceId")) {
            disassociate(cx, association)?;
        }
        cx.call::<ops::ReleaseAddress>(ec2::ReleaseAddressRequest {
            allocation_id: address.allocation_id,
            ..Default::default()
        })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok(match name {
            "PublicIp" => Some(json!(id)),
            "AllocationId" => find(cx, id)?.allocation_id.map(|id| json!(id.as_str())),
            _ => None,
        })
    }
}

impl Provider for Association {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::EIPAssociation"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let made = cx.call::<ops::AssociateAddress>(ec2::AssociateAddressRequest {
            allocation_id: p.text("AllocationId"),
            public_ip: p.text("EIP"),
            instance_id: p.text("InstanceId"),
            network_interface_id: p.text("NetworkInterfaceId"),
            private_ip_address: p.text("PrivateIpAddress"),
            ..Default::default()
        })?;
        Ok(made.association_id.unwrap_or_default())
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

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        disassociate(cx, id.into())?;
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
