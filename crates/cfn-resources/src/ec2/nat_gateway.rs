//! `AWS::EC2::NatGateway`: ready when it is available, gone when it is deleted.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider, Readiness};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct NatGateway;

/// Properties of addresses beside the first.
const SECONDARIES: [&str; 3] =
    ["SecondaryAllocationIds", "SecondaryPrivateIpAddresses", "SecondaryPrivateIpAddressCount"];

fn find(cx: &mut Context<'_>, id: &str) -> Result<ec2::NatGateway, ApiError> {
    let input = ec2::DescribeNatGatewaysRequest {
        nat_gateway_ids: Some(vec![id.into()]),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeNatGateways>(input)?;
    Ok(found.nat_gateways.and_then(|g| g.into_iter().next()).unwrap_or_default())
}

fn state(gateway: &ec2::NatGateway) -> &str {
    gateway.state.as_deref().unwrap_or_default()
}

impl Provider for NatGateway {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::NatGateway"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let made = cx.call::<ops::CreateNatGateway>(ec2::CreateNatGatewayRequest {
            allocation_id: p.text("AllocationId"),
            availability_mode: p.text("AvailabilityMode"),
            connectivity_type: p.text("ConnectivityType"),
            private_ip_address: p.text("PrivateIpAddress"),
            secondary_allocation_ids: p.texts("SecondaryAllocationIds"),
            secondary_private_ip_addresses: p.texts("SecondaryPrivateIpAddresses"),
            secondary_private_ip_address_count: p.integer("SecondaryPrivateIpAddressCount"),
            subnet_id: p.text("SubnetId"),
            vpc_id: p.text("VpcId"),
            tag_specifications: tagging::specification(cx, "natgateway", p),
            ..Default::default()
        })?;
        Ok(made.nat_gateway.and_then(|g| g.nat_gateway_id).unwrap_or_default())
    }

    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Readiness, ApiError> {
        let gateway = find(cx, id)?;
        Ok(match state(&gateway) {
            "available" => Readiness::Ready,
            "pending" => Readiness::InProgress,
            state => Readiness::Failed(format!(
                "NatGateway {id} is in state {state} and hence failed to stabilize. Detailed \
                 failure message: {}",
                gateway.failure_message.as_deref().unwrap_or("null")
            )),
        })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        if let Some(name) = SECONDARIES.iter().find(|name| !old.same(new, name)) {
            return Err(ApiError::not_implemented(format_args!(
                "a change of the property {name} of AWS::EC2::NatGateway"
            )));
        }
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        match state(&find(cx, id)?) {
            "deleted" => return Ok(Deletion::Done),
            "deleting" => return Ok(Deletion::InProgress),
            _ => {}
        }
        let input = ec2::DeleteNatGatewayRequest { nat_gateway_id: id.into(), dry_run: None };
        cx.call::<ops::DeleteNatGateway>(input)?;
        Ok(match state(&find(cx, id)?) {
            "deleted" => Deletion::Done,
            _ => Deletion::InProgress,
        })
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok(match name {
            "NatGatewayId" => Some(json!(id)),
            "EniId" => {
                let addresses = find(cx, id)?.nat_gateway_addresses.unwrap_or_default();
                let first = addresses.into_iter().next().unwrap_or_default();
                first.network_interface_id.map(|id| json!(id.as_str()))
            }
            _ => None,
        })
    }
}
