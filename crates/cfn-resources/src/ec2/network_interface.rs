//! `AWS::EC2::NetworkInterface` and `AWS::EC2::NetworkInterfaceAttachment`.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The interface.
pub(crate) struct NetworkInterface;

/// Its attachment to an instance.
pub(crate) struct Attachment;

fn find(cx: &mut Context<'_>, name: &str, value: &str) -> Result<ec2::NetworkInterface, ApiError> {
    let filter =
        ec2::Filter { name: Some(name.into()), values: Some(vec![value.into()]) };
    let input = ec2::DescribeNetworkInterfacesRequest {
        filters: Some(vec![filter]),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeNetworkInterfaces>(input)?;
    Ok(found.network_interfaces.and_then(|i| i.into_iter().next()).unwrap_or_default())
}

fn modify(
    cx: &mut Context<'_>,
    id: &str,
    change: impl FnOnce(&mut ec2::ModifyNetworkInterfaceAttributeRequest),
) -> Result<(), ApiError> {
    let mut input = ec2::ModifyNetworkInterfaceAttributeRequest {
        network_interface_id: id.into(),
        ..Default::default()
    };
    change(&mut input);
    cx.call::<ops::ModifyNetworkInterfaceAttribute>(input)
}

/// The addresses of the property `PrivateIpAddresses`, the primary one or the others.
fn listed(p: &Properties, primary: bool) -> Vec<SmolStr> {
    let addresses = p.structures("PrivateIpAddresses");
    let wanted = addresses.iter().filter(|a| a.boolean("Primary").unwrap_or(false) == primary);
    wanted.filter_map(|a| a.text("PrivateIpAddress")).collect()
}

/// What lowcloud's interfaces do not have says so rather than being dropped.
fn unsupported(p: &Properties) -> Result<(), ApiError> {
    let absent = [
        "ConnectionTrackingSpecification",
        "EnablePrimaryIpv6",
        "Ipv4PrefixCount",
        "Ipv4Prefixes",
        "Ipv6AddressCount",
        "Ipv6Addresses",
        "Ipv6PrefixCount",
        "Ipv6Prefixes",
        "PublicIpDnsHostnameTypeSpecification",
    ];
    match absent.iter().find(|name| p.has(name)) {
        Some(name) => Err(ApiError::not_implemented(format_args!(
            "the property {name} of AWS::EC2::NetworkInterface"
        ))),
        None => Ok(()),
    }
}

/// Brings the secondary private addresses from the old properties to the new ones.
fn set_secondaries(
    cx: &mut Context<'_>,
    id: &str,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let (had, wanted) = (listed(old, false), listed(new, false));
    let mut gone: Vec<SmolStr> = had.iter().filter(|ip| !wanted.contains(ip)).cloned().collect();
    let added: Vec<SmolStr> = wanted.into_iter().filter(|ip| !had.contains(ip)).collect();
    let count = |p: &Properties| p.integer("SecondaryPrivateIpAddressCount").unwrap_or(0);
    let more = count(new) - count(old);
    if more < 0 {
        let own = find(cx, "network-interface-id", id)?.private_ip_addresses.unwrap_or_default();
        let others = own.into_iter().filter(|a| a.primary != Some(true)).rev();
        let unlisted = others.filter_map(|a| a.private_ip_address).filter(|ip| !had.contains(ip));
        gone.extend(unlisted.take(usize::try_from(-more).unwrap_or(0)));
    }
    if !gone.is_empty() {
        cx.call::<ops::UnassignPrivateIpAddresses>(ec2::UnassignPrivateIpAddressesRequest {
            network_interface_id: id.into(),
            private_ip_addresses: Some(gone),
            ..Default::default()
        })?;
    }
    let mut assign = |ips: Option<Vec<SmolStr>>, count: Option<i64>| {
        cx.call::<ops::AssignPrivateIpAddresses>(ec2::AssignPrivateIpAddressesRequest {
            network_interface_id: id.into(),
            private_ip_addresses: ips,
            secondary_private_ip_address_count: count,
            ..Default::default()
        })
    };
    if !added.is_empty() {
        assign(Some(added), None)?;
    }
    if more > 0 {
        assign(None, Some(more))?;
    }
    Ok(())
}

impl Provider for NetworkInterface {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::NetworkInterface"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        unsupported(p)?;
        let address = |a: &Properties| ec2::PrivateIpAddressSpecification {
            primary: a.boolean("Primary"),
            private_ip_address: a.text("PrivateIpAddress"),
        };
        let addresses = p.structures("PrivateIpAddresses");
        let made = cx.call::<ops::CreateNetworkInterface>(ec2::CreateNetworkInterfaceRequest {
            subnet_id: p.text_or_empty("SubnetId"),
            description: p.text("Description"),
            groups: p.texts("GroupSet"),
            interface_type: p.text("InterfaceType"),
            private_ip_address: p.text("PrivateIpAddress"),
            private_ip_addresses: (!addresses.is_empty())
                .then(|| addresses.iter().map(address).collect()),
            secondary_private_ip_address_count: p.integer("SecondaryPrivateIpAddressCount"),
            tag_specifications: tagging::specification(cx, "network-interface", p),
            ..Default::default()
        })?;
        let id = made.network_interface.and_then(|i| i.network_interface_id).unwrap_or_default();
        if p.boolean("SourceDestCheck") == Some(false) {
            let flag = Some(ec2::AttributeBooleanValue { value: Some(false) });
            modify(cx, &id, |input| input.source_dest_check = flag)?;
        }
        Ok(id)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        unsupported(new)?;
        if !old.same(new, "Description") {
            let value = Some(new.text_or_empty("Description"));
            modify(cx, id, |input| input.description = Some(ec2::AttributeValue { value }))?;
        }
        if !old.same(new, "GroupSet")
            && let Some(groups) = new.texts("GroupSet")
        {
            modify(cx, id, |input| input.groups = Some(groups))?;
        }
        if !old.same(new, "SourceDestCheck") {
            let value = Some(new.boolean("SourceDestCheck").unwrap_or(true));
            let flag = Some(ec2::AttributeBooleanValue { value });
            modify(cx, id, |input| input.source_dest_check = flag)?;
        }
        set_secondaries(cx, id, old, new)?;
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeleteNetworkInterface>(ec2::DeleteNetworkInterfaceRequest {
            network_interface_id: id.into(),
            dry_run: None,
        })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        if name == "Id" {
            return Ok(Some(json!(id)));
        }
        let interface = find(cx, "network-interface-id", id)?;
        let text = |value: Option<SmolStr>| value.map(|v| json!(v.as_str()));
        Ok(match name {
            "PrimaryPrivateIpAddress" => text(interface.private_ip_address),
            "VpcId" => text(interface.vpc_id),
            "SecondaryPrivateIpAddresses" => {
                let own = interface.private_ip_addresses.unwrap_or_default();
                let others = own.into_iter().filter(|a| a.primary != Some(true));
                Some(others.filter_map(|a| text(a.private_ip_address)).collect())
            }
            _ => None,
        })
    }

    /// Another primary private address makes another interface.
    fn replaces(&self, property: &str, old: &Properties, new: &Properties) -> bool {
        property == "PrivateIpAddresses" && listed(old, true) != listed(new, true)
    }
}

impl Provider for Attachment {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::NetworkInterfaceAttachment"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        if p.has("EnaSrdSpecification") || p.has("EnaQueueCount") {
            return Err(ApiError::not_implemented(
                "ENA settings of AWS::EC2::NetworkInterfaceAttachment",
            ));
        }
        let interface = p.text_or_empty("NetworkInterfaceId");
        let made = cx.call::<ops::AttachNetworkInterface>(ec2::AttachNetworkInterfaceRequest {
            device_index: p.integer("DeviceIndex").unwrap_or(0),
            instance_id: p.text_or_empty("InstanceId"),
            network_interface_id: interface.clone(),
            ..Default::default()
        })?;
        let id = made.attachment_id.unwrap_or_default();
        set_deletion(cx, &id, p)?;
        Ok(id)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        set_deletion(cx, id, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DetachNetworkInterface>(ec2::DetachNetworkInterfaceRequest {
            attachment_id: id.into(),
            ..Default::default()
        })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "AttachmentId").then(|| json!(id)))
    }
}

/// Whether the interface goes with the instance; by default it does.
fn set_deletion(cx: &mut Context<'_>, id: &str, p: &Properties) -> Result<(), ApiError> {
    let changes = ec2::NetworkInterfaceAttachmentChanges {
        attachment_id: Some(id.into()),
        delete_on_termination: Some(p.boolean("DeleteOnTermination").unwrap_or(true)),
        ..Default::default()
    };
    let interface = p.text_or_empty("NetworkInterfaceId");
    modify(cx, &interface, |input| input.attachment = Some(changes))
}
