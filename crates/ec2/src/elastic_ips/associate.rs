//! AssociateAddress and DisassociateAddress.

use super::{Address, Association, ElasticIp};
use crate::entity::Entity;
use crate::instances::{Instance, State};
use crate::network_interfaces::{NetworkInterface, public_address};
use crate::{errors, internet_gateways};
use api::ec2::{
    AssociateAddressRequest, AssociateAddressResult, DisassociateAddressRequest,
};
use kernel::{ApiError, Caller, Snapshot, Tx};
use smol_str::SmolStr;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The address that a request names, by allocation or by number.
fn named(
    snapshot: &Snapshot,
    allocation: Option<&str>,
    ip: Option<&str>,
) -> Result<Arc<Address>, ApiError> {
    match (allocation, ip) {
        (Some(_), Some(_)) => Err(errors::invalid_combination(
            "You may specify public IP or allocation id, but not both in the same call",
        )),
        (Some(id), None) => Address::find(snapshot, id),
        (None, Some(ip)) => Address::by_ip(snapshot, ip),
        (None, None) => Err(errors::missing("Either public IP or allocation id must be specified")),
    }
}

/// The interface that a request names, or the only one of the instance that it names.
fn target(
    snapshot: &Snapshot,
    instance: Option<&str>,
    interface: Option<&str>,
) -> Result<Arc<NetworkInterface>, ApiError> {
    match (instance, interface) {
        (_, Some(id)) => {
            let interface = NetworkInterface::find(snapshot, id)?;
            let holder = interface.attachment.as_ref().map(|a| &a.instance_id);
            if let Some(instance) = instance.filter(|id| holder.is_none_or(|own| own != id)) {
                Instance::find(snapshot, instance)?;
                return Err(errors::invalid_combination(
                    "You may not specify a network interface ID and an instance ID that it is \
                     not attached to",
                ));
            }
            Ok(interface)
        }
        (Some(id), None) => {
            let instance = Instance::find(snapshot, id)?;
            let state = instance.state;
            if !matches!(state, State::Running | State::Stopping | State::Stopped) {
                return Err(errors::not_associable(state.name(), id));
            }
            if snapshot.rows_by::<NetworkInterface>("instance", id).nth(1).is_some() {
                return Err(errors::several_interfaces(id));
            }
            instance.primary(snapshot).ok_or_else(|| Instance::not_found(&[id]))
        }
        (None, None) => Err(errors::missing(
            "Either instance ID or network interface id must be specified",
        )),
    }
}

/// The private address that a request names: one of the interface's.
fn private_ip(interface: &NetworkInterface, wanted: Option<&str>) -> Result<Ipv4Addr, ApiError> {
    let Some(text) = wanted else { return Ok(interface.private_ip) };
    let ip = text.parse::<Ipv4Addr>().ok();
    ip.filter(|ip| *ip == interface.private_ip || interface.secondary_ips.contains(ip)).ok_or_else(
        || {
            errors::invalid_parameter(
                text,
                "privateIpAddress",
                &format!("The address is not assigned to network interface {}.", interface.id),
            )
        },
    )
}

pub(super) fn associate_address(
    tx: &mut Tx,
    _: &Caller,
    input: AssociateAddressRequest,
) -> Result<AssociateAddressResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let address = named(tx, input.allocation_id.as_deref(), input.public_ip.as_deref())?;
    let instance = input.instance_id.as_deref();
    let interface = target(tx, instance, input.network_interface_id.as_deref())?;
    let private_ip = private_ip(&interface, input.private_ip_address.as_deref())?;
    if internet_gateways::of_vpc(tx, &interface.vpc_id).is_none() {
        return Err(errors::network_without_gateway(&interface.vpc_id));
    }
    if let Some(association) = &address.association {
        if association.interface == interface.id && association.private_ip == private_ip {
            let association_id = Some(association.id.clone());
            return Ok(AssociateAddressResult { association_id });
        }
        if input.allow_reassociation == Some(false) {
            return Err(errors::address_associated(&address.id, &association.id));
        }
        refuse_managed(tx, &address)?;
    }
    if let Some(other) = interface.elastic_ip(private_ip)
        && input.allow_reassociation == Some(false)
    {
        return Err(errors::address_associated(&interface.id, &other.association));
    }
    let association_id = Some(associate(tx, &address.id, &interface.id, private_ip));
    Ok(AssociateAddressResult { association_id })
}

/// Associates an address with a private address of an interface, whatever either had before.
pub(crate) fn associate(tx: &mut Tx, address: &str, interface: &str, ip: Ipv4Addr) -> SmolStr {
    disassociate(tx, address);
    let before = tx.get::<NetworkInterface>(interface).and_then(|e| e.elastic_ip(ip).cloned());
    if let Some(before) = before {
        disassociate(tx, &before.allocation);
    }
    let id = tx.new_id("eipassoc-");
    let association = Association { id: id.clone(), interface: interface.into(), private_ip: ip };
    let row = tx.update::<Address>(address, |a| a.association = Some(association));
    let Some(row) = row else { return id };
    let elastic = ElasticIp {
        private_ip: ip,
        public_ip: row.ip,
        allocation: row.id.clone(),
        association: id.clone(),
    };
    tx.update::<NetworkInterface>(interface, |e| {
        // The public address that it had goes back to Amazon.
        if ip == e.private_ip {
            e.public_ip = Some(elastic.public_ip);
        }
        let others = std::mem::take(&mut e.elastic_ips).into_vec();
        e.elastic_ips = others.into_iter().chain([elastic]).collect();
    });
    id
}

/// Ends an address's association. "If the instance has a single interface that had a public
/// address by itself, it receives a new one."
pub(crate) fn disassociate(tx: &mut Tx, address: &str) {
    let Some(row) = tx.get::<Address>(address) else { return };
    let Some(association) = row.association.clone() else { return };
    tx.update::<Address>(address, |a| a.association = None);
    let interface = tx.update::<NetworkInterface>(&association.interface, |e| {
        let others = std::mem::take(&mut e.elastic_ips).into_vec();
        e.elastic_ips = others.into_iter().filter(|ip| ip.allocation != address).collect();
        if association.private_ip == e.private_ip {
            e.public_ip = None;
        }
    });
    let Some(interface) = interface.filter(|e| e.auto_public_ip && e.public_ip.is_none()) else {
        return;
    };
    let Some(attachment) = &interface.attachment else { return };
    let instance = tx.get::<Instance>(&attachment.instance_id);
    let runs = instance.is_some_and(|i| matches!(i.state, State::Pending | State::Running));
    let others = tx.rows_by::<NetworkInterface>("instance", &attachment.instance_id).nth(1);
    if runs && others.is_none() {
        let ip = public_address(tx);
        tx.update::<NetworkInterface>(&interface.id, |e| e.public_ip = Some(ip));
    }
}

/// Frees the addresses of an interface that is gone.
pub(crate) fn forget(tx: &mut Tx, interface: &NetworkInterface) {
    for elastic in &interface.elastic_ips {
        tx.update::<Address>(&elastic.allocation, |a| a.association = None);
    }
}

/// Addresses of NAT gateways are theirs until they are deleted.
fn refuse_managed(snapshot: &Snapshot, address: &Address) -> Result<(), ApiError> {
    match address.interface(snapshot).is_some_and(|interface| interface.is_managed()) {
        true => Err(errors::no_permission()),
        false => Ok(()),
    }
}

pub(super) fn disassociate_address(
    tx: &mut Tx,
    _: &Caller,
    input: DisassociateAddressRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let address = match (&input.association_id, &input.public_ip) {
        (Some(_), Some(_)) => {
            return Err(errors::invalid_combination(
                "You may specify public IP or association id, but not both in the same call",
            ));
        }
        (Some(id), None) => {
            let found = tx.rows_by::<Address>("association", id).next().cloned();
            found.ok_or_else(|| errors::association_not_found(id))?
        }
        (None, Some(ip)) => Address::by_ip(tx, ip)?,
        (None, None) => {
            return Err(errors::missing("Either public IP or association id must be specified"));
        }
    };
    refuse_managed(tx, &address)?;
    disassociate(tx, &address.id);
    Ok(())
}
