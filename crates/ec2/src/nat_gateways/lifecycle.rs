//! How a NAT gateway comes up, fails and goes.

use super::{NatGateway, State};
use crate::elastic_ips;
use crate::entity::Entity;
use crate::{errors, internet_gateways, network_interfaces};
use api::ec2::{DeleteNatGatewayRequest, DeleteNatGatewayResult};
use kernel::{ApiError, Caller, Snapshot, Tx, Wait};
use smol_str::{SmolStr, format_smolstr};

/// How long deleted and failed gateways stay visible: "usually about an hour", as the user guide
/// says.
const VISIBLE_SECS: i64 = 3_600;

/// Begins a transitional state: it ends after `wait`.
pub(super) fn begin(tx: &mut Tx, gateway: &mut NatGateway, state: State, wait: Wait) {
    let due = tx.now().plus_millis(tx.pace().millis(wait));
    gateway.state = state;
    gateway.due = Some(due);
    tx.schedule(due, "ec2.nat-gateway", &gateway.id);
}

/// What keeps a pending gateway from coming up: code and message, as the API reference lists them
/// under `FailureCode`.
fn failure(snapshot: &Snapshot, gateway: &NatGateway) -> Option<(SmolStr, SmolStr)> {
    if gateway.address.is_none() {
        return Some((
            SmolStr::new_static("InsufficientFreeAddressesInSubnet"),
            SmolStr::new_static("Subnet has insufficient free addresses to create this NAT gateway"),
        ));
    }
    let allocation = gateway.allocation.as_ref()?;
    if internet_gateways::of_vpc(snapshot, &gateway.vpc_id).is_none() {
        return Some((
            SmolStr::new_static("Gateway.NotAttached"),
            format_smolstr!("Network {} has no Internet gateway attached", gateway.vpc_id),
        ));
    }
    match snapshot.get::<elastic_ips::Address>(allocation) {
        None => Some((
            SmolStr::new_static("InvalidAllocationID.NotFound"),
            format_smolstr!(
                "Elastic IP address {allocation} could not be associated with this NAT gateway"
            ),
        )),
        Some(address) if address.association.is_some() => Some((
            SmolStr::new_static("Resource.AlreadyAssociated"),
            format_smolstr!("Elastic IP address {allocation} is already associated"),
        )),
        Some(_) => None,
    }
}

/// The task: ends a transitional state when its time has come.
pub(super) fn look(tx: &mut Tx, _: &Caller, id: &str) {
    let Some(row) = tx.get::<NatGateway>(id) else { return };
    let Some(due) = row.due else { return };
    if due > tx.now() {
        tx.schedule(due, "ec2.nat-gateway", id);
        return;
    }
    let mut gateway = NatGateway::clone(&row);
    gateway.due = None;
    match gateway.state {
        State::Pending => match failure(tx, &gateway) {
            Some(failure) => {
                gateway.failure = Some(failure);
                end(tx, &mut gateway, State::Failed);
            }
            None => {
                gateway.state = State::Available;
                take_address(tx, &mut gateway);
            }
        },
        State::Deleting => end(tx, &mut gateway, State::Deleted),
        State::Failed | State::Available | State::Deleted => return,
    }
    tx.put(gateway);
}

/// Associates a public gateway's Elastic IP address with it.
fn take_address(tx: &mut Tx, gateway: &mut NatGateway) {
    let (Some(allocation), Some(own)) = (&gateway.allocation, &mut gateway.address) else {
        return;
    };
    let association = elastic_ips::associate(tx, allocation, &own.interface, own.private_ip);
    let ip = tx.get::<elastic_ips::Address>(allocation).map(|address| address.ip);
    own.public = ip.map(|ip| (ip, association));
}

/// The end: interface and addresses are free, the entry stays for an hour.
fn end(tx: &mut Tx, gateway: &mut NatGateway, state: State) {
    gateway.state = state;
    gateway.deleted_at = Some(tx.now());
    if let Some(interface) = gateway.interface(tx) {
        network_interfaces::remove(tx, &interface);
    }
    tx.schedule(tx.now().plus_secs(VISIBLE_SECS), "ec2.nat-gateway-purge", &gateway.id);
}

/// The housekeeping task: the entry of a gateway that has ended vanishes.
pub(super) fn purge(tx: &mut Tx, _: &Caller, id: &str) {
    let row = tx.get::<NatGateway>(id);
    if row.is_some_and(|g| matches!(g.state, State::Deleted | State::Failed)) {
        tx.remove::<NatGateway>(id);
    }
}

/// Deleting a gateway that is on its way out, or gone, changes nothing.
pub(super) fn delete_nat_gateway(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteNatGatewayRequest,
) -> Result<DeleteNatGatewayResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = NatGateway::find(tx, &input.nat_gateway_id)?;
    let mut gateway = NatGateway::clone(&row);
    match gateway.state {
        State::Pending | State::Available => {
            begin(tx, &mut gateway, State::Deleting, Wait::NatGatewayDelete);
        }
        State::Failed => gateway.state = State::Deleted,
        State::Deleting | State::Deleted => {}
    }
    tx.put(gateway);
    Ok(DeleteNatGatewayResult { nat_gateway_id: Some(input.nat_gateway_id) })
}
