//! Errors of VPCs and what is in them: subnets, gateways, routes, groups, interfaces.

use super::{dependency_violation, invalid_value};
use kernel::ApiError;
use std::fmt::Display;

/// `The vpc '<id>' has dependencies and cannot be deleted.`; `noun` is AWS's, such as
/// `routeTable`.
pub(crate) fn has_dependencies(noun: &str, id: &str) -> ApiError {
    dependency_violation(format!("The {noun} '{id}' has dependencies and cannot be deleted."))
}

/// A text that is no IPv4 block.
pub(crate) fn not_a_cidr(text: &str) -> ApiError {
    super::invalid_parameter(text, "cidrBlock", "This is not a valid CIDR block.")
}

pub(crate) fn vpc_range(cidr: impl Display) -> ApiError {
    ApiError::new("InvalidVpc.Range", format!("The CIDR '{cidr}' is invalid."))
}

pub(crate) fn vpc_limit_exceeded() -> ApiError {
    ApiError::new("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
}

pub(crate) fn default_vpc_exists() -> ApiError {
    ApiError::new(
        "DefaultVpcAlreadyExists",
        "A Default VPC already exists for this account in this region.",
    )
}

pub(crate) fn default_vpc_missing() -> ApiError {
    ApiError::new(
        "DefaultVpcDoesNotExist",
        "No default VPC exists for this account in this region.",
    )
}

pub(crate) fn default_subnet_exists(id: &str, zone: &str) -> ApiError {
    ApiError::new(
        "DefaultSubnetAlreadyExistsInAvailabilityZone",
        format!("'{id}' is already the default subnet in {zone}."),
    )
}

pub(crate) fn subnet_range(cidr: impl Display) -> ApiError {
    ApiError::new("InvalidSubnet.Range", format!("The CIDR '{cidr}' is invalid."))
}

pub(crate) fn subnet_conflict(cidr: impl Display) -> ApiError {
    ApiError::new(
        "InvalidSubnet.Conflict",
        format!("The CIDR '{cidr}' conflicts with another subnet"),
    )
}

pub(crate) fn subnet_limit_exceeded() -> ApiError {
    ApiError::new("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
}

/// A zone where subnets cannot be made.
pub(crate) fn subnet_zone(zone: &str, parameter: &str, zones: &[&str]) -> ApiError {
    let why = format!(
        "Subnets can currently only be created in the following availability zones: {}.",
        zones.join(", ")
    );
    super::invalid_parameter(zone, parameter, &why)
}

pub(crate) fn internet_gateway_limit_exceeded() -> ApiError {
    ApiError::new(
        "InternetGatewayLimitExceeded",
        "The maximum number of internet gateways has been reached.",
    )
}

pub(crate) fn already_associated(message: impl Into<String>) -> ApiError {
    ApiError::new("Resource.AlreadyAssociated", message)
}

pub(crate) fn gateway_already_attached(gateway: &str, vpc: &str) -> ApiError {
    already_associated(format!("resource {gateway} is already attached to network {vpc}"))
}

pub(crate) fn vpc_has_gateway(vpc: &str) -> ApiError {
    invalid_value(format!("network {vpc} already has an internet gateway attached"))
}

pub(crate) fn gateway_not_attached(gateway: &str, vpc: &str) -> ApiError {
    ApiError::new(
        "Gateway.NotAttached",
        format!("resource {gateway} is not attached to network {vpc}"),
    )
}

pub(crate) fn public_addresses_mapped(vpc: &str) -> ApiError {
    dependency_violation(format!(
        "Network {vpc} has some mapped public address(es). Please unmap those public address(es) \
         before detaching the gateway."
    ))
}

pub(crate) fn route_table_limit_exceeded() -> ApiError {
    ApiError::new("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")
}

pub(crate) fn route_limit_exceeded(table: &str) -> ApiError {
    ApiError::new(
        "RouteLimitExceeded",
        format!("The maximum number of routes in route table {table} has been reached."),
    )
}

pub(crate) fn route_exists(destination: impl Display) -> ApiError {
    ApiError::new(
        "RouteAlreadyExists",
        format!("The route identified by {destination} already exists."),
    )
}

/// `parameter` is `destination-cidr-block` or `destination-ipv6-cidr-block`.
pub(crate) fn route_not_found(parameter: &str, destination: impl Display, table: &str) -> ApiError {
    ApiError::new(
        "InvalidRoute.NotFound",
        format!("no route with {parameter} {destination} in route table {table}"),
    )
}

/// `route table <rtb> and <what> <id> belong to different networks`
pub(crate) fn route_target_elsewhere(table: &str, what: &str, id: &str) -> ApiError {
    invalid_value(format!("route table {table} and {what} {id} belong to different networks"))
}

pub(crate) fn association_not_found(id: &str) -> ApiError {
    super::not_found("InvalidAssociationID.NotFound", "association", &[id])
}

pub(crate) fn main_association(id: &str) -> ApiError {
    invalid_value(format!("cannot disassociate the main route table association {id}"))
}

pub(crate) fn group_duplicate(name: &str, vpc: &str) -> ApiError {
    ApiError::new(
        "InvalidGroup.Duplicate",
        format!("The security group '{name}' already exists for VPC '{vpc}'"),
    )
}

pub(crate) fn group_reserved(name: &str) -> ApiError {
    ApiError::new(
        "InvalidGroup.Reserved",
        format!("Cannot use reserved security group name: {name}"),
    )
}

pub(crate) fn group_in_use(id: &str) -> ApiError {
    dependency_violation(format!("resource {id} has a dependent object"))
}

pub(crate) fn group_not_deletable(id: &str, name: &str) -> ApiError {
    ApiError::new(
        "CannotDelete",
        format!("the specified group: \"{id}\" name: \"{name}\" cannot be deleted by a user"),
    )
}

pub(crate) fn group_limit_exceeded(vpc: &str) -> ApiError {
    ApiError::new(
        "SecurityGroupLimitExceeded",
        format!("The maximum number of security groups for VPC '{vpc}' has been reached."),
    )
}

pub(crate) fn groups_per_interface_exceeded() -> ApiError {
    ApiError::new(
        "SecurityGroupsPerInterfaceLimitExceeded",
        "The maximum number of security groups per interface has been reached.",
    )
}

/// `rule` is AWS's description: `peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW`.
pub(crate) fn rule_duplicate(rule: &str) -> ApiError {
    ApiError::new(
        "InvalidPermission.Duplicate",
        format!("the specified rule \"{rule}\" already exists"),
    )
}

pub(crate) fn rule_not_found() -> ApiError {
    ApiError::new(
        "InvalidPermission.NotFound",
        "The specified rule does not exist in this security group.",
    )
}

pub(crate) fn rule_limit_exceeded() -> ApiError {
    ApiError::new(
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
    )
}

pub(crate) fn prefix_list_not_found(id: &str) -> ApiError {
    ApiError::new(
        "InvalidPrefixListID.NotFound",
        format!("The prefix list ID '{id}' does not exist"),
    )
}

/// A target of a kind that this account has none of.
pub(crate) fn route_target_not_found(parameter: &str, id: &str) -> ApiError {
    let (code, noun) = match parameter {
        "natGatewayId" => ("InvalidNatGatewayID.NotFound", "natGateway"),
        "vpcPeeringConnectionId" => {
            ("InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection")
        }
        "transitGatewayId" => ("InvalidTransitGatewayID.NotFound", "transitGateway"),
        "vpcEndpointId" => ("InvalidVpcEndpointId.NotFound", "vpcEndpoint"),
        "localGatewayId" => ("InvalidLocalGatewayID.NotFound", "localGateway"),
        "carrierGatewayId" => ("InvalidCarrierGatewayID.NotFound", "carrierGateway"),
        "coreNetworkArn" => ("InvalidCoreNetworkArn.NotFound", "coreNetwork"),
        "odbNetworkArn" => ("InvalidOdbNetworkArn.NotFound", "odbNetwork"),
        _ => ("InvalidGatewayID.NotFound", "gateway"),
    };
    super::not_found(code, noun, &[id])
}

/// `what` is `security group` or `rule`.
pub(crate) fn invalid_description(what: &str) -> ApiError {
    invalid_value(format!(
        "Invalid {what} description. Valid descriptions are strings less than 256 characters from \
         the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
    ))
}

/// A rule may refer to groups of its own VPC only.
pub(crate) fn different_networks() -> ApiError {
    ApiError::new(
        "InvalidGroup.NotFound",
        "You have specified two resources that belong to different networks.",
    )
}

/// Several groups at once.
pub(crate) fn groups_not_found(ids: &[&str]) -> ApiError {
    ApiError::new(
        "InvalidGroup.NotFound",
        format!("The security groups '{}' do not exist", ids.join(", ")),
    )
}
