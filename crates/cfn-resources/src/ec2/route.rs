//! `AWS::EC2::Route`: one route of a table, known by the table and its destination.

use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct Route;

fn destination(p: &Properties) -> SmolStr {
    ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"]
        .iter()
        .find_map(|name| p.text(name))
        .unwrap_or_default()
}

impl Provider for Route {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::Route"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let route_table_id = p.text_or_empty("RouteTableId");
        cx.call::<ops::CreateRoute>(ec2::CreateRouteRequest {
            route_table_id: route_table_id.clone(),
            destination_cidr_block: p.text("DestinationCidrBlock"),
            destination_ipv6_cidr_block: p.text("DestinationIpv6CidrBlock"),
            destination_prefix_list_id: p.text("DestinationPrefixListId"),
            gateway_id: p.text("GatewayId"),
            egress_only_internet_gateway_id: p.text("EgressOnlyInternetGatewayId"),
            instance_id: p.text("InstanceId"),
            network_interface_id: p.text("NetworkInterfaceId"),
            nat_gateway_id: p.text("NatGatewayId"),
            transit_gateway_id: p.text("TransitGatewayId"),
            vpc_endpoint_id: p.text("VpcEndpointId"),
            vpc_peering_connection_id: p.text("VpcPeeringConnectionId"),
            ..Default::default()
        })?;
        Ok(format_smolstr!("{route_table_id}|{}", destination(p)))
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        _: &Properties,
        p: &Properties,
    ) -> Result<(), ApiError> {
        cx.call::<ops::ReplaceRoute>(ec2::ReplaceRouteRequest {
            route_table_id: p.text_or_empty("RouteTableId"),
            destination_cidr_block: p.text("DestinationCidrBlock"),
            destination_ipv6_cidr_block: p.text("DestinationIpv6CidrBlock"),
            destination_prefix_list_id: p.text("DestinationPrefixListId"),
            gateway_id: p.text("GatewayId"),
            egress_only_internet_gateway_id: p.text("EgressOnlyInternetGatewayId"),
            instance_id: p.text("InstanceId"),
            network_interface_id: p.text("NetworkInterfaceId"),
            nat_gateway_id: p.text("NatGatewayId"),
            transit_gateway_id: p.text("TransitGatewayId"),
            vpc_endpoint_id: p.text("VpcEndpointId"),
            vpc_peering_connection_id: p.text("VpcPeeringConnectionId"),
            ..Default::default()
        })
        .map(|_| ())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeleteRoute>(ec2::DeleteRouteRequest {
            route_table_id: p.text_or_empty("RouteTableId"),
            destination_cidr_block: p.text("DestinationCidrBlock"),
            destination_ipv6_cidr_block: p.text("DestinationIpv6CidrBlock"),
            destination_prefix_list_id: p.text("DestinationPrefixListId"),
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
        let destination = id.split_once('|').map_or("", |(_, destination)| destination);
        Ok((name == "CidrBlock").then(|| json!(destination)))
    }
}
