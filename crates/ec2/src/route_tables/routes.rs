//! CreateRoute, ReplaceRoute, DeleteRoute.

use super::{Destination, Route, RouteTable, Target};
use crate::cidr::{Cidr, Cidr6};
use crate::entity::Entity;
use crate::errors;
use crate::instances::Instance;
use crate::internet_gateways::InternetGateway;
use crate::nat_gateways::NatGateway;
use crate::network_interfaces::NetworkInterface;
use crate::vpcs::Vpc;
use api::ec2::{CreateRouteRequest, CreateRouteResult, DeleteRouteRequest, ReplaceRouteRequest};
use kernel::{ApiError, Caller, Snapshot, Tx};
use smol_str::SmolStr;

/// AWS's default quota.
const MAX_ROUTES: usize = 500;

/// The destination that a request names.
fn destination(
    v4: Option<&str>,
    v6: Option<&str>,
    prefix_list: Option<&str>,
) -> Result<Destination, ApiError> {
    match (v4, v6, prefix_list) {
        (Some(text), None, None) => Cidr::parse(text).map(Destination::V4).ok_or_else(|| {
            errors::invalid_parameter(
                text,
                "destinationCidrBlock",
                "This is not a valid CIDR block.",
            )
        }),
        (None, Some(text), None) => Cidr6::parse(text).map(Destination::V6).ok_or_else(|| {
            errors::invalid_parameter(
                text,
                "destinationIpv6CidrBlock",
                "This is not a valid CIDR block.",
            )
        }),
        (None, None, Some(id)) => Err(errors::prefix_list_not_found(id)),
        (None, None, None) => Err(errors::missing_parameter("destinationCidrBlock")),
        _ => Err(errors::invalid_combination(
            "The request must contain exactly one of destinationCidrBlock, \
             destinationIpv6CidrBlock, or destinationPrefixListId",
        )),
    }
}

/// What a request may send packets to: parameter and value of each kind of target.
struct Targets<'a>([(&'static str, &'a Option<SmolStr>); 12]);

/// Both requests have the same parameters.
macro_rules! targets {
    ($input:expr) => {
        Targets([
            ("gatewayId", &$input.gateway_id),
            ("instanceId", &$input.instance_id),
            ("networkInterfaceId", &$input.network_interface_id),
            ("natGatewayId", &$input.nat_gateway_id),
            ("vpcPeeringConnectionId", &$input.vpc_peering_connection_id),
            ("transitGatewayId", &$input.transit_gateway_id),
            ("egressOnlyInternetGatewayId", &$input.egress_only_internet_gateway_id),
            ("vpcEndpointId", &$input.vpc_endpoint_id),
            ("localGatewayId", &$input.local_gateway_id),
            ("carrierGatewayId", &$input.carrier_gateway_id),
            ("coreNetworkArn", &$input.core_network_arn),
            ("odbNetworkArn", &$input.odb_network_arn),
        ])
    };
}

impl Targets<'_> {
    /// The one target that was named, found and in the table's VPC.
    fn resolve(&self, snapshot: &Snapshot, table: &RouteTable) -> Result<Target, ApiError> {
        let mut given = self.0.iter().filter_map(|(name, id)| Some((*name, id.as_ref()?)));
        let Some((parameter, id)) = given.next() else {
            return Err(errors::missing_parameter(
                "gatewayId, natGatewayId, networkInterfaceId, or another target",
            ));
        };
        if let Some((other, _)) = given.next() {
            return Err(errors::cannot_be_used_with(parameter, other));
        }
        match parameter {
            "gatewayId" if id == "local" => Ok(Target::Local),
            "gatewayId" => gateway(snapshot, table, id),
            "networkInterfaceId" => interface(snapshot, table, id),
            "natGatewayId" => nat_gateway(snapshot, table, id),
            "instanceId" => {
                let instance = Instance::find(snapshot, id)?;
                let attached = instance.interface.as_ref();
                let attached = attached.ok_or_else(|| Instance::not_found(&[id]))?;
                interface(snapshot, table, attached)
            }
            _ => Err(errors::route_target_not_found(parameter, id)),
        }
    }
}

fn gateway(snapshot: &Snapshot, table: &RouteTable, id: &str) -> Result<Target, ApiError> {
    if !id.starts_with(InternetGateway::PREFIX) {
        return Err(errors::route_target_not_found("gatewayId", id));
    }
    let gateway = InternetGateway::find(snapshot, id)?;
    if gateway.vpc_id.as_ref() != Some(&table.vpc_id) {
        return Err(errors::route_target_elsewhere(&table.id, "network gateway", id));
    }
    Ok(Target::Gateway(gateway.id.clone()))
}

fn nat_gateway(snapshot: &Snapshot, table: &RouteTable, id: &str) -> Result<Target, ApiError> {
    let gateway = snapshot.get::<NatGateway>(id).filter(|gateway| gateway.leads());
    let gateway = gateway.ok_or_else(|| errors::route_target_not_found("natGatewayId", id))?;
    if gateway.vpc_id != table.vpc_id {
        return Err(errors::route_target_elsewhere(&table.id, "NAT gateway", id));
    }
    Ok(Target::NatGateway(gateway.id.clone()))
}

fn interface(snapshot: &Snapshot, table: &RouteTable, id: &str) -> Result<Target, ApiError> {
    let interface = NetworkInterface::find(snapshot, id)?;
    if interface.vpc_id != table.vpc_id {
        return Err(errors::route_target_elsewhere(&table.id, "interface", id));
    }
    Ok(Target::Interface(interface.id.clone()))
}

/// Destinations within the VPC lead to interfaces only ("more specific than the local route").
fn check_inside(
    snapshot: &Snapshot,
    table: &RouteTable,
    destination: Destination,
    target: &Target,
) -> Result<(), ApiError> {
    let vpc = Vpc::find(snapshot, &table.vpc_id)?;
    let inside = matches!(destination, Destination::V4(cidr) if vpc.cidr.covers(&cidr));
    match target {
        Target::Gateway(_) if inside => Err(errors::invalid_value(format!(
            "The destination CIDR block {destination} is equal to or more specific than one of \
             this VPC's CIDR blocks. This route can target only an interface or an instance."
        ))),
        _ => Ok(()),
    }
}

pub(super) fn create_route(
    tx: &mut Tx,
    _: &Caller,
    input: CreateRouteRequest,
) -> Result<CreateRouteResult, ApiError> {
    let destination = destination(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    errors::dry_run(input.dry_run)?;
    let table = RouteTable::find(tx, &input.route_table_id)?;
    let target = targets!(input).resolve(tx, &table)?;
    if table.routes.iter().any(|route| route.destination == destination) {
        return Err(errors::route_exists(destination));
    }
    if target == Target::Local {
        return Err(errors::invalid_parameter(
            "local",
            "gatewayId",
            "A local route exists for each of the VPC's CIDR blocks and cannot be added.",
        ));
    }
    check_inside(tx, &table, destination, &target)?;
    if table.routes.len() >= MAX_ROUTES {
        return Err(errors::route_limit_exceeded(&table.id));
    }
    let route = Route { destination, target, original: false };
    tx.update::<RouteTable>(&table.id, |t| t.routes.push(route));
    Ok(CreateRouteResult { r#return: Some(true) })
}

/// Changes where an existing route leads; the local route may be turned to an interface and back.
pub(super) fn replace_route(
    tx: &mut Tx,
    _: &Caller,
    input: ReplaceRouteRequest,
) -> Result<(), ApiError> {
    let destination = destination(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    errors::dry_run(input.dry_run)?;
    let table = RouteTable::find(tx, &input.route_table_id)?;
    let target = match input.local_target {
        Some(true) => Target::Local,
        _ => targets!(input).resolve(tx, &table)?,
    };
    let Some(route) = table.routes.iter().find(|route| route.destination == destination) else {
        return Err(errors::invalid_value(format!(
            "There is no route defined for '{destination}' in the route table. Use CreateRoute \
             instead."
        )));
    };
    if target == Target::Local && !route.original {
        return Err(errors::invalid_value(format!(
            "The route {destination} in route table {} is not a local route.",
            table.id
        )));
    }
    check_inside(tx, &table, destination, &target)?;
    tx.update::<RouteTable>(&table.id, |t| {
        if let Some(route) = t.routes.iter_mut().find(|r| r.destination == destination) {
            route.target = target;
        }
    });
    Ok(())
}

pub(super) fn delete_route(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteRouteRequest,
) -> Result<(), ApiError> {
    let destination = destination(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    errors::dry_run(input.dry_run)?;
    let table = RouteTable::find(tx, &input.route_table_id)?;
    let parameter = match destination {
        Destination::V4(_) => "destination-cidr-block",
        Destination::V6(_) => "destination-ipv6-cidr-block",
    };
    let route = table.routes.iter().find(|route| route.destination == destination);
    let route = route.ok_or_else(|| errors::route_not_found(parameter, destination, &table.id))?;
    if route.original {
        return Err(errors::invalid_value(format!(
            "cannot remove local route {destination} in route table {}",
            table.id
        )));
    }
    tx.update::<RouteTable>(&table.id, |t| t.routes.retain(|r| r.destination != destination));
    Ok(())
}
