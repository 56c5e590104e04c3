//! The network interfaces of load balancers: one per subnet, described as `ELB app/<name>/<id>`.
//!
//! They hold an address of the subnet and the load balancer's groups, so that EC2 refuses to
//! delete either. Those of a deleted load balancer stay for a while.

use super::{Mapping, Zone, interface_description};
use crate::PRINCIPAL;
use crate::errors;
use crate::network::Subnet;
use api::ec2::{self, ops};
use kernel::{ApiError, Caller, IndexSink, Row, Timestamp, Tx, Wait};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Interfaces that are about to go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lingering {
    id: SmolStr,
    until: Timestamp,
    interfaces: Vec<SmolStr>,
}

impl Row for Lingering {
    const TABLE: &'static str = "elbv2.lingering-interfaces";

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, _: &mut IndexSink) {}
}

/// A zone with a new interface in its subnet.
pub(super) fn attach(
    tx: &mut Tx,
    caller: &Caller,
    path: &str,
    subnet: Subnet,
    mapping: Mapping,
    groups: &[SmolStr],
) -> Result<Zone, ApiError> {
    let input = ec2::CreateNetworkInterfaceRequest {
        subnet_id: subnet.id.clone(),
        description: Some(interface_description(path)),
        groups: (!groups.is_empty()).then(|| groups.to_vec()),
        private_ip_address: mapping.private_ip.clone(),
        ..Default::default()
    };
    let made = tx
        .call::<ops::CreateNetworkInterface>(&caller.via(PRINCIPAL), input)
        .map_err(|error| refused(&subnet, error))?;
    let interface = made.network_interface.unwrap_or_default();
    Ok(Zone {
        subnet,
        mapping,
        interface: interface.network_interface_id.unwrap_or_default(),
        private_ip: interface.private_ip_address.unwrap_or_default(),
    })
}

/// What EC2's refusal of an interface means for the load balancer.
fn refused(subnet: &Subnet, error: ApiError) -> ApiError {
    match &*error.code {
        "InsufficientFreeAddressesInSubnet" => errors::invalid_subnet(format_args!(
            "Not enough IP space available in {}. ELB requires at least 8 free IP addresses in \
             each subnet.",
            subnet.id
        )),
        "NotImplemented" => error,
        _ => errors::invalid_configuration(error.message),
    }
}

/// Gives interfaces back after a while.
pub(super) fn let_go(tx: &mut Tx, _: &Caller, interfaces: impl Iterator<Item = SmolStr>) {
    let interfaces: Vec<SmolStr> = interfaces.filter(|id| !id.is_empty()).collect();
    let Some(id) = interfaces.first().cloned() else { return };
    let until = tx.now().plus_millis(tx.pace().millis(Wait::LoadBalancerRelease));
    tx.schedule(until, "elbv2.lingering", &id);
    tx.put(Lingering { id, until, interfaces });
}

/// Their time has come.
pub(super) fn release(tx: &mut Tx, caller: &Caller, id: &str) {
    let Some(row) = tx.get::<Lingering>(id) else { return };
    if tx.now() < row.until {
        return tx.schedule(row.until, "elbv2.lingering", id);
    }
    tx.remove::<Lingering>(id);
    for interface in &row.interfaces {
        let input = ec2::DeleteNetworkInterfaceRequest {
            network_interface_id: interface.clone(),
            ..Default::default()
        };
        // Somebody may have deleted it before: then there is nothing left to do.
        let _ = tx.call::<ops::DeleteNetworkInterface>(&caller.via(PRINCIPAL), input);
    }
}
