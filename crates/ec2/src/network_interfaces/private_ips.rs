//! AssignPrivateIpAddresses and UnassignPrivateIpAddresses: secondary private addresses.

use super::{NetworkInterface, parse_address};
use crate::elastic_ips;
use crate::entity::Entity;
use crate::host_names::ip_text;
use crate::subnets::Subnet;
use crate::{addresses, errors};
use api::ec2::{
    AssignPrivateIpAddressesRequest, AssignPrivateIpAddressesResult, AssignedPrivateIpAddress,
    UnassignPrivateIpAddressesRequest,
};
use kernel::{ApiError, Caller, Tx};
use std::net::Ipv4Addr;

pub(super) fn assign_private_ip_addresses(
    tx: &mut Tx,
    _: &Caller,
    input: AssignPrivateIpAddressesRequest,
) -> Result<AssignPrivateIpAddressesResult, ApiError> {
    if input.ipv4_prefixes.is_some() || input.ipv4_prefix_count.is_some() {
        return Err(ApiError::not_implemented("AssignPrivateIpAddresses with delegated prefixes"));
    }
    if input.allow_reassignment == Some(true) {
        return Err(ApiError::not_implemented("AssignPrivateIpAddresses with AllowReassignment"));
    }
    let named = input.private_ip_addresses.as_deref().unwrap_or_default();
    let count = input.secondary_private_ip_address_count.unwrap_or(0).max(0);
    if named.is_empty() == (count == 0) {
        return Err(errors::invalid_combination(
            "You must specify either a list of private IP addresses or a count of secondary \
             private IP addresses",
        ));
    }
    let named: Vec<Ipv4Addr> = named.iter().map(|ip| parse_address(ip)).collect::<Result<_, _>>()?;
    let row = NetworkInterface::find(tx, &input.network_interface_id)?;
    let more = usize::try_from(count).unwrap_or(0);
    if row.secondary_ips.len() + named.len() + more >= super::create::MAX_ADDRESSES {
        return Err(errors::private_address_limit());
    }
    let subnet = Subnet::find(tx, &row.subnet_id)?;
    let mut assigned = Vec::new();
    for ip in named {
        addresses::claim(tx, &subnet, ip)?;
        assigned.push(ip);
    }
    for _ in 0..more {
        assigned.push(addresses::allocate(tx, &subnet)?);
    }
    tx.update::<NetworkInterface>(&row.id, |i| {
        i.secondary_ips = i.secondary_ips.iter().chain(&assigned).copied().collect();
    });
    let wire = |ip: &Ipv4Addr| AssignedPrivateIpAddress { private_ip_address: Some(ip_text(*ip)) };
    Ok(AssignPrivateIpAddressesResult {
        network_interface_id: Some(row.id.clone()),
        assigned_private_ip_addresses: Some(assigned.iter().map(wire).collect()),
        ..Default::default()
    })
}

/// An unassigned address gives back its Elastic IP address too.
pub(super) fn unassign_private_ip_addresses(
    tx: &mut Tx,
    _: &Caller,
    input: UnassignPrivateIpAddressesRequest,
) -> Result<(), ApiError> {
    if input.ipv4_prefixes.is_some() {
        return Err(ApiError::not_implemented("UnassignPrivateIpAddresses with Ipv4Prefixes"));
    }
    let named = input.private_ip_addresses.as_deref().unwrap_or_default();
    let named: Vec<Ipv4Addr> = named.iter().map(|ip| parse_address(ip)).collect::<Result<_, _>>()?;
    if named.is_empty() {
        return Err(errors::missing_parameter("privateIpAddress"));
    }
    let row = NetworkInterface::find(tx, &input.network_interface_id)?;
    if let Some(other) = named.iter().find(|ip| !row.secondary_ips.contains(ip)) {
        return Err(errors::invalid_parameter(
            other,
            "privateIpAddresses",
            &format!("It is not a secondary private address of network interface {}.", row.id),
        ));
    }
    let subnet = Subnet::find(tx, &row.subnet_id)?;
    for ip in &named {
        if let Some(elastic) = row.elastic_ip(*ip) {
            elastic_ips::disassociate(tx, &elastic.allocation);
        }
        addresses::release(tx, &subnet, *ip);
    }
    tx.update::<NetworkInterface>(&row.id, |i| {
        i.secondary_ips = i.secondary_ips.iter().filter(|ip| !named.contains(ip)).copied().collect();
    });
    Ok(())
}
