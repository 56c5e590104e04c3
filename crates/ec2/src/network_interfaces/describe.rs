//! DescribeNetworkInterfaces, its filters, and how an interface looks on the wire.

use super::{Attachment, NetworkInterface};
use crate::entity::{Query, render_tag_list};
use crate::errors;
use crate::host_names::{HostNames, ip_text};
use crate::instances::{Instance, State};
use crate::security_groups::GroupRef;
use crate::subnets::id_of_zone;
use crate::vpcs::{Vpc, bool_text};
use api::ec2::{
    DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult, GroupIdentifier,
    NetworkInterfaceAssociation, NetworkInterfaceAttachment, NetworkInterfacePrivateIpAddress,
    OperatorResponse,
};
use kernel::{ApiError, Caller, FilterRow, Snapshot};
use smol_str::SmolStr;
use std::net::Ipv4Addr;

type Emit<'a> = &'a mut dyn FnMut(&str);

/// Filters of DescribeNetworkInterfaces. Public addresses are Amazon's own, or Elastic IP
/// addresses, which have an allocation and an association.
pub(super) static FILTERS: &[FilterRow<NetworkInterface>] = &[
    FilterRow {
        name: "association.allocation-id",
        values: |i, _, emit| i.elastic_ips.iter().for_each(|e| emit(&e.allocation)),
    },
    FilterRow {
        name: "association.association-id",
        values: |i, _, emit| i.elastic_ips.iter().for_each(|e| emit(&e.association)),
    },
    FilterRow { name: "addresses.association.owner-id", values: public_owner },
    FilterRow { name: "addresses.association.public-ip", values: public_ip },
    FilterRow {
        name: "addresses.primary",
        values: |i, _, emit| {
            emit("true");
            i.secondary_ips.iter().for_each(|_| emit("false"));
        },
    },
    FilterRow { name: "addresses.private-ip-address", values: private_ips },
    FilterRow { name: "association.ip-owner-id", values: public_owner },
    FilterRow { name: "association.public-ip", values: public_ip },
    FilterRow { name: "association.public-dns-name", values: public_dns },
    FilterRow {
        name: "attachment.attach-time",
        values: |i, _, emit| {
            attached(i, |a| emit(&a.attached_at.whole_seconds().iso_millis()));
        },
    },
    FilterRow {
        name: "attachment.attachment-id",
        values: |i, _, emit| attached(i, |a| emit(&a.id)),
    },
    FilterRow {
        name: "attachment.delete-on-termination",
        values: |i, _, emit| attached(i, |a| emit(bool_text(a.delete_on_termination))),
    },
    FilterRow {
        name: "attachment.device-index",
        values: |i, _, emit| attached(i, |a| emit(&a.device_index.to_string())),
    },
    FilterRow {
        name: "attachment.instance-id",
        values: |i, _, emit| attached(i, |a| emit(&a.instance_id)),
    },
    FilterRow {
        name: "attachment.instance-owner-id",
        values: |i, s, emit| attached(i, |_| emit(s.account())),
    },
    FilterRow {
        name: "attachment.status",
        values: |i, s, emit| attached(i, |a| emit(attachment_status(s, a))),
    },
    FilterRow { name: "availability-zone", values: |i, _, emit| emit(&i.zone) },
    FilterRow {
        name: "availability-zone-id",
        values: |i, s, emit| id_of_zone(s, &i.zone).iter().for_each(|id| emit(id)),
    },
    FilterRow { name: "description", values: |i, _, emit| emit(&i.description) },
    FilterRow {
        name: "group-id",
        values: |i, _, emit| i.groups.iter().for_each(|g| emit(&g.id)),
    },
    FilterRow {
        name: "group-name",
        values: |i, _, emit| i.groups.iter().for_each(|g| emit(&g.name)),
    },
    FilterRow { name: "ipv6-addresses.ipv6-address", values: |_, _, _| () },
    FilterRow { name: "interface-type", values: |i, _, emit| emit(i.kind()) },
    FilterRow { name: "mac-address", values: |i, _, emit| emit(&i.mac_text()) },
    FilterRow { name: "network-interface-id", values: |i, _, emit| emit(&i.id) },
    FilterRow { name: "operator.managed", values: |_, _, emit| emit("false") },
    FilterRow { name: "operator.principal", values: |_, _, _| () },
    FilterRow { name: "owner-id", values: |_, s, emit| emit(s.account()) },
    FilterRow { name: "private-dns-name", values: private_dns },
    FilterRow { name: "private-ip-address", values: private_ips },
    FilterRow {
        name: "requester-id",
        values: |i, _, emit| i.requester_id.iter().for_each(|id| emit(id)),
    },
    FilterRow {
        name: "requester-managed",
        values: |i, _, emit| emit(if i.is_managed() { "true" } else { "false" }),
    },
    FilterRow {
        name: "source-dest-check",
        values: |i, _, emit| emit(bool_text(i.source_dest_check)),
    },
    FilterRow { name: "status", values: |i, _, emit| emit(status(i)) },
    FilterRow { name: "subnet-id", values: |i, _, emit| emit(&i.subnet_id) },
    FilterRow { name: "vpc-id", values: |i, _, emit| emit(&i.vpc_id) },
];

fn attached(interface: &NetworkInterface, mut show: impl FnMut(&Attachment)) {
    if let Some(attachment) = &interface.attachment {
        show(attachment);
    }
}

/// The public addresses of an interface, and whether each is an Elastic IP address.
fn public_ips(interface: &NetworkInterface, mut show: impl FnMut(Ipv4Addr, bool)) {
    let elastic = interface.elastic_ip(interface.private_ip).is_some();
    interface.public_ip.filter(|_| !elastic).into_iter().for_each(|ip| show(ip, false));
    interface.elastic_ips.iter().for_each(|elastic| show(elastic.public_ip, true));
}

fn public_owner(interface: &NetworkInterface, snapshot: &Snapshot, emit: Emit<'_>) {
    public_ips(interface, |_, own| emit(if own { snapshot.account() } else { "amazon" }));
}

fn public_ip(interface: &NetworkInterface, _: &Snapshot, emit: Emit<'_>) {
    public_ips(interface, |ip, _| emit(&ip_text(ip)));
}

fn public_dns(interface: &NetworkInterface, snapshot: &Snapshot, emit: Emit<'_>) {
    if has_host_names(snapshot, interface) {
        let names = HostNames::of(snapshot.region());
        public_ips(interface, |ip, _| emit(&names.public(ip)));
    }
}

fn private_dns(interface: &NetworkInterface, snapshot: &Snapshot, emit: Emit<'_>) {
    if has_host_names(snapshot, interface) {
        emit(&HostNames::of(snapshot.region()).private(interface.private_ip));
    }
}

fn private_ips(interface: &NetworkInterface, _: &Snapshot, emit: Emit<'_>) {
    emit(&interface.private_ip.to_string());
    interface.secondary_ips.iter().for_each(|ip| emit(&ip.to_string()));
}

/// Interfaces have host names where their VPC gives them out.
fn has_host_names(snapshot: &Snapshot, interface: &NetworkInterface) -> bool {
    snapshot.get::<Vpc>(&interface.vpc_id).is_some_and(|vpc| vpc.dns_hostnames)
}

fn status(interface: &NetworkInterface) -> &'static str {
    let used = interface.attachment.is_some() || interface.is_managed();
    if used { "in-use" } else { "available" }
}

fn attachment_status(snapshot: &Snapshot, attachment: &Attachment) -> &'static str {
    let instance = snapshot.get::<Instance>(&attachment.instance_id);
    super::attachment_status(instance.map_or(State::Running, |i| i.state))
}

pub(super) fn describe_network_interfaces(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeNetworkInterfacesRequest,
) -> Result<DescribeNetworkInterfacesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let ids = input.network_interface_ids.as_deref().filter(|ids| !ids.is_empty());
    if ids.is_some() && input.max_results.is_some() {
        return Err(errors::cannot_be_used_with("networkInterfaceIdSet", "maxResults"));
    }
    let page = Query {
        operation: "DescribeNetworkInterfaces",
        ids,
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<NetworkInterface>(snapshot)?;
    let items = page.items.iter().map(|row| render(snapshot, row)).collect();
    Ok(DescribeNetworkInterfacesResult { network_interfaces: Some(items), next_token: page.next })
}

fn text(text: &'static str) -> Option<SmolStr> {
    Some(SmolStr::new_static(text))
}

pub(super) fn render(
    snapshot: &Snapshot,
    row: &NetworkInterface,
) -> api::ec2::NetworkInterface {
    let named = has_host_names(snapshot, row);
    let names = HostNames::of(snapshot.region());
    let association = |private_ip: Ipv4Addr| {
        let elastic = row.elastic_ip(private_ip);
        let amazons = row.public_ip.filter(|_| private_ip == row.private_ip);
        let ip = elastic.map(|e| e.public_ip).or(amazons)?;
        Some(NetworkInterfaceAssociation {
            allocation_id: elastic.map(|e| e.allocation.clone()),
            association_id: elastic.map(|e| e.association.clone()),
            ip_owner_id: Some(row.public_owner(snapshot, private_ip)),
            public_dns_name: Some(if named { names.public(ip) } else { SmolStr::default() }),
            public_ip: Some(ip_text(ip)),
            ..Default::default()
        })
    };
    let dns = |ip: Ipv4Addr| named.then(|| names.private(ip));
    let address = |ip: Ipv4Addr, primary: bool| NetworkInterfacePrivateIpAddress {
        association: association(ip),
        primary: Some(primary),
        private_dns_name: dns(ip),
        private_ip_address: Some(ip_text(ip)),
    };
    let secondaries = row.secondary_ips.iter().map(|ip| address(*ip, false));
    let addresses = std::iter::once(address(row.private_ip, true)).chain(secondaries).collect();
    let group = |group: &GroupRef| GroupIdentifier {
        group_id: Some(group.id.clone()),
        group_name: Some(group.name.clone()),
    };
    api::ec2::NetworkInterface {
        attachment: row.attachment.as_ref().map(|a| attachment(snapshot, a)),
        availability_zone: Some(row.zone.clone()),
        availability_zone_id: id_of_zone(snapshot, &row.zone),
        description: Some(row.description.clone()),
        groups: Some(row.groups.iter().map(group).collect()),
        interface_type: text(row.kind()),
        ipv6_addresses: Some(Vec::new()),
        mac_address: Some(row.mac_text()),
        network_interface_id: Some(row.id.clone()),
        owner_id: Some(snapshot.account().clone()),
        private_dns_name: dns(row.private_ip),
        private_ip_address: Some(ip_text(row.private_ip)),
        private_ip_addresses: Some(addresses),
        requester_id: row.requester_id.clone(),
        requester_managed: Some(row.is_managed()),
        source_dest_check: Some(row.source_dest_check),
        status: text(status(row)),
        subnet_id: Some(row.subnet_id.clone()),
        tag_set: render_tag_list(&row.tags),
        vpc_id: Some(row.vpc_id.clone()),
        operator: Some(OperatorResponse { managed: Some(false), ..Default::default() }),
        association: association(row.private_ip),
        ..Default::default()
    }
}

fn attachment(snapshot: &Snapshot, attachment: &Attachment) -> NetworkInterfaceAttachment {
    NetworkInterfaceAttachment {
        attach_time: Some(attachment.attached_at.whole_seconds()),
        attachment_id: Some(attachment.id.clone()),
        delete_on_termination: Some(attachment.delete_on_termination),
        device_index: Some(i64::from(attachment.device_index)),
        network_card_index: Some(0),
        instance_id: Some(attachment.instance_id.clone()),
        instance_owner_id: Some(snapshot.account().clone()),
        status: text(attachment_status(snapshot, attachment)),
        ..Default::default()
    }
}
