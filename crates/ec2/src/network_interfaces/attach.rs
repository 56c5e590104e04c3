//! AttachNetworkInterface and DetachNetworkInterface. The attachment of an instance's primary
//! interface stays as long as the instance.

use super::{Attachment, NetworkInterface};
use crate::entity::Entity;
use crate::errors;
use crate::instances::{Instance, State};
use api::ec2::{
    AttachNetworkInterfaceRequest, AttachNetworkInterfaceResult, DetachNetworkInterfaceRequest,
};
use kernel::{ApiError, Caller, Snapshot, Tx};
use smol_str::SmolStr;

/// The interfaces of an instance, and the device indexes that they have.
fn indexes(snapshot: &Snapshot, instance: &str) -> Vec<u32> {
    let interfaces = snapshot.rows_by::<NetworkInterface>("instance", instance);
    interfaces.filter_map(|i| i.attachment.as_ref().map(|a| a.device_index)).collect()
}

fn check(
    snapshot: &Snapshot,
    interface: &NetworkInterface,
    instance: &Instance,
    index: i64,
) -> Result<(), ApiError> {
    if interface.is_managed() {
        return Err(errors::no_permission());
    }
    if interface.attachment.is_some() {
        return Err(errors::interface_attached(&interface.id));
    }
    if interface.zone != instance.launch.zone {
        return Err(errors::interface_elsewhere());
    }
    if !matches!(instance.state, State::Running | State::Stopped) {
        return Err(errors::instance_not_running(&instance.id));
    }
    let taken = indexes(snapshot, &instance.id);
    if taken.iter().any(|own| i64::from(*own) == index) {
        return Err(errors::device_index_taken(&instance.id, index));
    }
    let instance_type = catalogue::instance_type(&instance.launch.instance_type);
    let most = instance_type.map_or(usize::MAX, |t| t.max_interfaces as usize);
    if taken.len() >= most {
        let name = &instance.launch.instance_type;
        return Err(errors::interface_count(taken.len() + 1, name));
    }
    Ok(())
}

pub(super) fn attach_network_interface(
    tx: &mut Tx,
    _: &Caller,
    input: AttachNetworkInterfaceRequest,
) -> Result<AttachNetworkInterfaceResult, ApiError> {
    if input.network_card_index.is_some_and(|card| card > 0)
        || input.ena_srd_specification.is_some()
        || input.ena_queue_count.is_some()
    {
        return Err(ApiError::not_implemented(
            "AttachNetworkInterface with NetworkCardIndex, EnaSrdSpecification or EnaQueueCount",
        ));
    }
    let device_index = u32::try_from(input.device_index).map_err(|_| {
        errors::invalid_parameter(input.device_index, "deviceIndex", "It must not be negative.")
    })?;
    errors::dry_run(input.dry_run)?;
    let interface = NetworkInterface::find(tx, &input.network_interface_id)?;
    let instance = Instance::find(tx, &input.instance_id)?;
    check(tx, &interface, &instance, input.device_index)?;
    let id = tx.new_id("eni-attach-");
    let attachment = Attachment {
        id: id.clone(),
        instance_id: instance.id.clone(),
        device_index,
        attached_at: tx.now(),
        delete_on_termination: false,
    };
    tx.update::<NetworkInterface>(&interface.id, |i| i.attachment = Some(attachment));
    gather(tx, &instance.id);
    Ok(AttachNetworkInterfaceResult { attachment_id: Some(id), network_card_index: Some(0) })
}

/// Brings an instance's list of further interfaces up to date, in the order of their devices.
fn gather(tx: &mut Tx, instance: &str) {
    let mut others: Vec<(u32, SmolStr)> = tx
        .rows_by::<NetworkInterface>("instance", instance)
        .filter_map(|i| Some((i.attachment.as_ref()?.device_index, i.id.clone())))
        .filter(|(index, _)| *index > 0)
        .collect();
    others.sort();
    let others = others.into_iter().map(|(_, id)| id).collect();
    tx.update::<Instance>(instance, |i| i.more_interfaces = others);
}

pub(super) fn detach_network_interface(
    tx: &mut Tx,
    _: &Caller,
    input: DetachNetworkInterfaceRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let id = &input.attachment_id;
    let found = tx.rows_by::<NetworkInterface>("attachment", id).next().cloned();
    let Some((interface, attachment)) = found.and_then(|i| Some((i.clone(), i.attachment.clone()?)))
    else {
        return Err(errors::attachment_not_found(id));
    };
    if attachment.device_index == 0 {
        return Err(errors::primary_interface());
    }
    tx.update::<NetworkInterface>(&interface.id, |i| i.attachment = None);
    gather(tx, &attachment.instance_id);
    Ok(())
}
