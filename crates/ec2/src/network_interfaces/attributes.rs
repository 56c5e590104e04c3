//! DescribeNetworkInterfaceAttribute and ModifyNetworkInterfaceAttribute: one attribute at a time.

use super::{NetworkInterface, describe, groups_for};
use crate::entity::Entity;
use crate::errors;
use crate::subnets::Subnet;
use api::ec2::{
    AttributeBooleanValue, AttributeValue, DescribeNetworkInterfaceAttributeRequest,
    DescribeNetworkInterfaceAttributeResult, ModifyNetworkInterfaceAttributeRequest,
    NetworkInterfaceAttachmentChanges,
};
use kernel::{ApiError, Caller, Snapshot, Tx};

pub(super) fn describe_network_interface_attribute(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeNetworkInterfaceAttributeRequest,
) -> Result<DescribeNetworkInterfaceAttributeResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = NetworkInterface::find(snapshot, &input.network_interface_id)?;
    let wire = describe::render(snapshot, &row);
    let mut out = DescribeNetworkInterfaceAttributeResult {
        network_interface_id: Some(row.id.clone()),
        ..Default::default()
    };
    match input.attribute.as_deref() {
        Some("attachment") => out.attachment = wire.attachment,
        Some("description") => out.description = Some(AttributeValue { value: wire.description }),
        Some("groupSet") => out.groups = wire.groups,
        Some("sourceDestCheck") => {
            out.source_dest_check = Some(AttributeBooleanValue { value: wire.source_dest_check });
        }
        Some("associatePublicIpAddress") => {
            out.associate_public_ip_address = Some(row.auto_public_ip);
        }
        Some(name) => return Err(errors::unknown_attribute(name)),
        None => return Err(errors::missing_parameter("attribute")),
    }
    Ok(out)
}

/// Parts of the request that lowcloud does not model say so rather than being dropped.
fn unsupported(input: &ModifyNetworkInterfaceAttributeRequest) -> Result<(), ApiError> {
    let what = if input.ena_srd_specification.is_some() {
        "EnaSrdSpecification"
    } else if input.enable_primary_ipv6.is_some() {
        "EnablePrimaryIpv6"
    } else if input.connection_tracking_specification.is_some() {
        "ConnectionTrackingSpecification"
    } else if input.associate_public_ip_address.is_some() {
        "AssociatePublicIpAddress"
    } else if input.associated_subnet_ids.is_some() {
        "AssociatedSubnetIds"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("ModifyNetworkInterfaceAttribute with {what}")))
}

pub(super) fn modify_network_interface_attribute(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyNetworkInterfaceAttributeRequest,
) -> Result<(), ApiError> {
    unsupported(&input)?;
    let description = input.description.map(|d| d.value.unwrap_or_default());
    let check = input.source_dest_check.and_then(|flag| flag.value);
    let groups = input.groups.filter(|groups| !groups.is_empty());
    let given = [
        description.is_some(),
        check.is_some(),
        groups.is_some(),
        input.attachment.is_some(),
    ];
    match given.into_iter().filter(|given| *given).count() {
        0 => return Err(errors::invalid_combination("No attributes specified.")),
        1 => {}
        _ => {
            return Err(errors::invalid_combination(
                "Fields for multiple attribute types specified.",
            ));
        }
    }
    errors::dry_run(input.dry_run)?;
    let row = NetworkInterface::find(tx, &input.network_interface_id)?;
    if row.is_managed() {
        return Err(errors::no_permission());
    }
    let mut row = NetworkInterface::clone(&row);
    if let Some(ids) = groups {
        let subnet = Subnet::find(tx, &row.subnet_id)?;
        row.groups = groups_for(tx, &subnet, &ids, &[])?;
    }
    if let Some(changes) = input.attachment {
        change_attachment(&mut row, &changes)?;
    }
    row.description = description.unwrap_or(row.description);
    row.source_dest_check = check.unwrap_or(row.source_dest_check);
    tx.put(row);
    Ok(())
}

fn change_attachment(
    row: &mut NetworkInterface,
    changes: &NetworkInterfaceAttachmentChanges,
) -> Result<(), ApiError> {
    if changes.ena_queue_count.is_some() || changes.default_ena_queue_count.is_some() {
        return Err(ApiError::not_implemented(
            "ModifyNetworkInterfaceAttribute with EnaQueueCount",
        ));
    }
    let id = changes.attachment_id.as_ref();
    let id = id.ok_or_else(|| errors::missing_parameter("attachmentId"))?;
    let attachment = row.attachment.as_mut().filter(|own| own.id == *id);
    let attachment = attachment.ok_or_else(|| errors::attachment_not_found(id))?;
    let goes = changes.delete_on_termination.unwrap_or(attachment.delete_on_termination);
    attachment.delete_on_termination = goes;
    Ok(())
}
