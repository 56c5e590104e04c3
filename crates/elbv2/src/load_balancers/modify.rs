//! SetSubnets, SetSecurityGroups, SetIpAddressType.

use super::create::{check_address_type, groups, places};
use super::{LoadBalancer, Zone, interfaces};
use crate::names::Kind;
use crate::{errors, targets};
use api::elbv2::{
    SetIpAddressTypeInput, SetIpAddressTypeOutput, SetSecurityGroupsInput,
    SetSecurityGroupsOutput, SetSubnetsInput, SetSubnetsOutput,
};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

/// The whole list is replaced; interfaces of subnets that stay are kept.
pub(super) fn set_subnets(
    tx: &mut Tx,
    caller: &Caller,
    input: SetSubnetsInput,
) -> Result<SetSubnetsOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_arn)?;
    if input.enable_prefix_for_ipv6_source_nat.as_deref().is_some_and(|on| on != "off") {
        return Err(ApiError::not_implemented("SetSubnets with IPv6 source NAT"));
    }
    let places = places(tx, caller, row.kind, input.subnets, input.subnet_mappings)?;
    if places.iter().any(|(subnet, _)| subnet.vpc != row.vpc) {
        return Err(errors::invalid_configuration(
            "All subnets must belong to the VPC of the load balancer",
        ));
    }
    let address_type = input.ip_address_type.unwrap_or_else(|| row.ip_address_type.clone());
    check_address_type(row.kind, row.internal.then_some("internal"), &address_type)?;
    let removed = |zone: &&Zone| !places.iter().any(|(subnet, _)| subnet.id == zone.subnet.id);
    if row.kind != Kind::Application && row.zones.iter().any(|zone| removed(&zone)) {
        let is_network = row.kind == Kind::Network && !row.groups.is_empty();
        if !is_network {
            return Err(errors::invalid_configuration(format_args!(
                "Subnet removal is not supported for load balancers of type '{}'",
                row.kind.name()
            )));
        }
    }
    let gone: Vec<SmolStr> =
        row.zones.iter().filter(removed).map(|zone| zone.interface.clone()).collect();
    let mut zones = Vec::with_capacity(places.len());
    for (subnet, mapping) in places {
        match row.zones.iter().find(|zone| zone.subnet.id == subnet.id) {
            Some(zone) => zones.push(zone.clone()),
            None => {
                let path = row.path();
                zones.push(interfaces::attach(tx, caller, path, subnet, mapping, &row.groups)?);
            }
        }
    }
    let changed = tx.update::<LoadBalancer>(&row.arn, |row| {
        row.zones = zones;
        row.ip_address_type = address_type.clone();
    });
    interfaces::let_go(tx, caller, gone.into_iter());
    targets::wake_load_balancer(tx, &row.arn);
    Ok(SetSubnetsOutput {
        availability_zones: changed.and_then(|row| row.render().availability_zones),
        ip_address_type: Some(address_type),
        enable_prefix_for_ipv6_source_nat: None,
    })
}

pub(super) fn set_security_groups(
    tx: &mut Tx,
    caller: &Caller,
    input: SetSecurityGroupsInput,
) -> Result<SetSecurityGroupsOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_arn)?;
    let enforced = input.enforce_security_group_inbound_rules_on_private_link_traffic;
    if enforced.is_some() && row.kind != Kind::Network {
        return Err(errors::invalid_configuration(
            "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic is supported for load balancers \
             with type 'network' only",
        ));
    }
    if row.kind == Kind::Network && row.groups.is_empty() && !input.security_groups.is_empty() {
        return Err(errors::invalid_configuration(
            "You cannot set security groups on a Network Load Balancer that was created without \
             them",
        ));
    }
    if input.security_groups.is_empty() {
        return Err(errors::invalid_groups());
    }
    let groups = groups(tx, caller, row.kind, &row.vpc, Some(input.security_groups))?;
    let zones = regroup(tx, caller, &row, &groups)?;
    let gone: Vec<SmolStr> = row.zones.iter().map(|zone| zone.interface.clone()).collect();
    let row = tx
        .update::<LoadBalancer>(&row.arn, |row| {
            row.groups = groups;
            row.zones = zones;
            if enforced.is_some() {
                row.private_link_rules = enforced;
            }
        })
        .ok_or_else(ApiError::internal)?;
    interfaces::let_go(tx, caller, gone.into_iter());
    targets::wake_load_balancer(tx, &row.arn);
    Ok(SetSecurityGroupsOutput {
        security_group_ids: Some(row.groups.clone()),
        enforce_security_group_inbound_rules_on_private_link_traffic: row
            .private_link_rules
            .clone(),
    })
}

/// New interfaces with the new groups in place of the old ones.
fn regroup(
    tx: &mut Tx,
    caller: &Caller,
    row: &LoadBalancer,
    groups: &[SmolStr],
) -> Result<Vec<Zone>, ApiError> {
    let zones = row.zones.iter().cloned();
    zones
        .map(|zone| interfaces::attach(tx, caller, row.path(), zone.subnet, zone.mapping, groups))
        .collect()
}

pub(super) fn set_ip_address_type(
    tx: &mut Tx,
    _: &Caller,
    input: SetIpAddressTypeInput,
) -> Result<SetIpAddressTypeOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_arn)?;
    check_address_type(row.kind, row.internal.then_some("internal"), &input.ip_address_type)?;
    tx.update::<LoadBalancer>(&row.arn, |row| row.ip_address_type = input.ip_address_type.clone());
    Ok(SetIpAddressTypeOutput { ip_address_type: Some(input.ip_address_type) })
}
