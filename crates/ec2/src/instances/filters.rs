//! Filters of DescribeInstances. A terminated instance has lost its network, so it does not match
//! by it.

use super::render::Renderer;
use super::row::{Instance, State};
use crate::entity::Entity;
use crate::network_interfaces::NetworkInterface;
use crate::subnets::id_of_zone;
use crate::volumes::{Volume, VolumeAttachment};
use crate::vpcs::bool_text;
use kernel::{FilterRow, Snapshot};

/// A filter that no instance matches.
const fn nothing(name: &'static str) -> FilterRow<Instance> {
    FilterRow { name, values: |_, _, _| () }
}

/// A filter that asks the primary interface by a filter of DescribeNetworkInterfaces.
macro_rules! interface {
    ($name:literal, $own:literal) => {
        FilterRow { name: $name, values: |i, s, emit| of_interface(i, s, $own, emit) }
    };
}

fn of_interface(
    instance: &Instance,
    snapshot: &Snapshot,
    own: &str,
    emit: &mut dyn FnMut(&str),
) {
    let filter = NetworkInterface::FILTERS.iter().find(|filter| filter.name == own);
    if let (Some(interface), Some(filter)) = (instance.primary(snapshot), filter) {
        (filter.values)(&interface, snapshot, emit);
    }
}

/// Shows what attaches the instance's volumes.
fn disks(instance: &Instance, snapshot: &Snapshot, mut show: impl FnMut(&VolumeAttachment)) {
    for id in &instance.volumes {
        if let Some(volume) = snapshot.get::<Volume>(id)
            && let Some(attachment) = &volume.attachment
        {
            show(attachment);
        }
    }
}

pub(super) static FILTERS: &[FilterRow<Instance>] = &[
    FilterRow { name: "architecture", values: |i, _, emit| emit(&i.launch.architecture) },
    FilterRow {
        name: "availability-zone",
        values: |i, _, emit| emit(&i.launch.zone),
    },
    FilterRow {
        name: "block-device-mapping.volume-id",
        values: |i, _, emit| i.volumes.iter().for_each(|v| emit(v)),
    },
    FilterRow { name: "client-token", values: |i, _, emit| emit(&i.launch.client_token) },
    FilterRow {
        name: "dns-name",
        values: |i, s, emit| {
            if let Some(ip) = i.primary(s).and_then(|e| e.public_ip) {
                emit(&Renderer::new(s).public_dns(i, ip));
            }
        },
    },
    FilterRow { name: "hypervisor", values: |_, _, emit| emit("xen") },
    FilterRow {
        name: "iam-instance-profile.arn",
        values: |i, _, emit| i.launch.profile.iter().for_each(|(arn, _)| emit(arn)),
    },
    FilterRow {
        name: "iam-instance-profile.id",
        values: |i, _, emit| i.launch.profile.iter().for_each(|(_, id)| emit(id)),
    },
    FilterRow { name: "image-id", values: |i, _, emit| emit(&i.launch.image_id) },
    FilterRow { name: "instance-id", values: |i, _, emit| emit(&i.id) },
    FilterRow {
        name: "instance-lifecycle",
        values: |i, _, emit| {
            if !i.launch.lifecycle.is_empty() {
                emit(&i.launch.lifecycle);
            }
        },
    },
    FilterRow {
        name: "instance-state-code",
        values: |i, _, emit| emit(&i.state.code().to_string()),
    },
    FilterRow { name: "instance-state-name", values: |i, _, emit| emit(i.state.name()) },
    FilterRow { name: "instance-type", values: |i, _, emit| emit(&i.launch.instance_type) },
    FilterRow { name: "instance.group-id", values: group_ids },
    FilterRow { name: "instance.group-name", values: group_names },
    FilterRow {
        name: "ip-address",
        values: |i, s, emit| {
            if let Some(ip) = i.primary(s).and_then(|e| e.public_ip) {
                emit(&ip.to_string());
            }
        },
    },
    FilterRow {
        name: "key-name",
        values: |i, _, emit| {
            if !i.launch.key_name.is_empty() {
                emit(&i.launch.key_name);
            }
        },
    },
    FilterRow {
        name: "launch-index",
        values: |i, _, emit| emit(&i.launch_index.to_string()),
    },
    FilterRow {
        name: "launch-time",
        values: |i, _, emit| emit(&i.launched_at.whole_seconds().iso_millis()),
    },
    FilterRow {
        name: "metadata-options.http-tokens",
        values: |i, _, emit| emit(&i.launch.metadata.http_tokens),
    },
    FilterRow {
        name: "monitoring-state",
        values: |i, _, emit| emit(if i.monitoring { "enabled" } else { "disabled" }),
    },
    FilterRow {
        name: "network-interface.network-interface-id",
        values: |i, _, emit| i.interface.iter().for_each(|id| emit(id)),
    },
    FilterRow { name: "network-interface.group-id", values: group_ids },
    FilterRow { name: "network-interface.group-name", values: group_names },
    FilterRow { name: "network-interface.subnet-id", values: subnet_id },
    FilterRow { name: "network-interface.vpc-id", values: vpc_id },
    FilterRow { name: "owner-id", values: |_, s, emit| emit(super::render::owner(s)) },
    FilterRow {
        name: "placement-group-name",
        values: |i, _, emit| emit(&i.launch.placement_group),
    },
    FilterRow {
        name: "platform",
        values: |i, _, emit| i.launch.platform.iter().for_each(|p| emit(p)),
    },
    FilterRow {
        name: "platform-details",
        values: |i, _, emit| emit(&i.launch.platform_details),
    },
    FilterRow {
        name: "private-dns-name",
        values: |i, s, emit| {
            if let Some(e) = i.primary(s) {
                emit(&Renderer::new(s).private_dns(i, e.private_ip));
            }
        },
    },
    FilterRow {
        name: "private-ip-address",
        values: |i, s, emit| {
            if let Some(e) = i.primary(s) {
                emit(&e.private_ip.to_string());
            }
        },
    },
    FilterRow {
        name: "reason",
        values: |i, _, emit| i.reason.iter().for_each(|r| emit(&r.transition)),
    },
    FilterRow {
        name: "requester-id",
        values: |i, _, emit| i.launch.requester_id.iter().for_each(|id| emit(id)),
    },
    FilterRow { name: "reservation-id", values: |i, _, emit| emit(&i.launch.reservation) },
    FilterRow { name: "root-device-name", values: |i, _, emit| emit(&i.launch.root_device_name) },
    FilterRow { name: "root-device-type", values: |_, _, emit| emit("ebs") },
    FilterRow {
        name: "source-dest-check",
        values: |i, s, emit| {
            if let Some(e) = i.primary(s) {
                emit(bool_text(e.source_dest_check));
            }
        },
    },
    FilterRow {
        name: "state-reason-code",
        values: |i, _, emit| i.reason.iter().for_each(|r| emit(&r.code)),
    },
    FilterRow {
        name: "state-reason-message",
        values: |i, _, emit| i.reason.iter().for_each(|r| emit(&r.message)),
    },
    FilterRow { name: "subnet-id", values: subnet_id },
    FilterRow { name: "tenancy", values: |i, _, emit| emit(&i.launch.tenancy) },
    FilterRow { name: "virtualization-type", values: |_, _, emit| emit("hvm") },
    FilterRow { name: "vpc-id", values: vpc_id },
    FilterRow {
        name: "availability-zone-id",
        values: |i, s, emit| id_of_zone(s, &i.launch.zone).iter().for_each(|id| emit(id)),
    },
    FilterRow {
        name: "block-device-mapping.attach-time",
        values: |i, s, emit| {
            disks(i, s, |a| emit(&a.attached_at.whole_seconds().iso_millis()));
        },
    },
    FilterRow {
        name: "block-device-mapping.delete-on-termination",
        values: |i, s, emit| disks(i, s, |a| emit(bool_text(a.delete_on_termination))),
    },
    FilterRow {
        name: "block-device-mapping.device-name",
        values: |i, s, emit| disks(i, s, |a| emit(&a.device)),
    },
    FilterRow {
        name: "block-device-mapping.status",
        values: |i, s, emit| {
            let pending = i.state == State::Pending;
            disks(i, s, |_| emit(if pending { "attaching" } else { "attached" }));
        },
    },
    FilterRow {
        name: "boot-mode",
        values: |i, _, emit| {
            if !i.launch.boot_mode.is_empty() {
                emit(&i.launch.boot_mode);
            }
        },
    },
    FilterRow {
        name: "capacity-reservation-specification.capacity-reservation-preference",
        values: |_, _, emit| emit("open"),
    },
    FilterRow {
        name: "current-instance-boot-mode",
        values: |i, _, emit| emit(super::render::current_boot_mode(i)),
    },
    FilterRow {
        name: "ebs-optimized",
        values: |i, _, emit| emit(bool_text(i.launch.ebs_optimized)),
    },
    FilterRow {
        name: "ena-support",
        values: |i, _, emit| emit(bool_text(i.launch.ena_support)),
    },
    FilterRow {
        name: "enclave-options.enabled",
        values: |i, _, emit| emit(bool_text(i.launch.enclave)),
    },
    FilterRow {
        name: "hibernation-options.configured",
        values: |i, _, emit| emit(bool_text(i.launch.hibernation)),
    },
    FilterRow {
        name: "maintenance-options.auto-recovery",
        values: |_, _, emit| emit("default"),
    },
    FilterRow {
        name: "metadata-options.http-endpoint",
        values: |i, _, emit| emit(&i.launch.metadata.http_endpoint),
    },
    FilterRow {
        name: "metadata-options.http-protocol-ipv6",
        values: |i, _, emit| emit(&i.launch.metadata.http_protocol_ipv6),
    },
    FilterRow {
        name: "metadata-options.http-put-response-hop-limit",
        values: |i, _, emit| emit(&i.launch.metadata.hop_limit.to_string()),
    },
    FilterRow {
        name: "metadata-options.instance-metadata-tags",
        values: |i, _, emit| emit(&i.launch.metadata.instance_metadata_tags),
    },
    FilterRow {
        name: "network-performance-options.bandwidth-weighting",
        values: |_, _, emit| emit("default"),
    },
    FilterRow { name: "operator.managed", values: |_, _, emit| emit("false") },
    FilterRow {
        name: "private-dns-name-options.enable-resource-name-dns-a-record",
        values: |i, _, emit| emit(bool_text(i.launch.dns_a_record)),
    },
    FilterRow {
        name: "private-dns-name-options.enable-resource-name-dns-aaaa-record",
        values: |_, _, emit| emit("false"),
    },
    FilterRow {
        name: "private-dns-name-options.hostname-type",
        values: |i, _, emit| emit(&i.launch.hostname_type),
    },
    FilterRow { name: "usage-operation", values: |i, _, emit| emit(&i.launch.usage_operation) },
    FilterRow {
        name: "usage-operation-update-time",
        values: |i, _, emit| emit(&i.launched_at.whole_seconds().iso_millis()),
    },
    // What is not modelled, and so never matches.
    nothing("affinity"),
    nothing("capacity-reservation-id"),
    nothing(
        "capacity-reservation-specification.capacity-reservation-target.\
         capacity-reservation-id",
    ),
    nothing(
        "capacity-reservation-specification.capacity-reservation-target.\
         capacity-reservation-resource-group-arn",
    ),
    nothing("host-id"),
    nothing("ipv6-address"),
    nothing("kernel-id"),
    nothing("operator.principal"),
    nothing("outpost-arn"),
    nothing("placement-partition-number"),
    nothing("product-code"),
    nothing("product-code.type"),
    nothing("ramdisk-id"),
    nothing("spot-instance-request-id"),
    nothing("tpm-support"),
    nothing("network-interface.addresses.association.carrier-ip"),
    nothing("network-interface.addresses.association.customer-owned-ip"),
    nothing("network-interface.association.carrier-ip"),
    nothing("network-interface.association.customer-owned-ip"),
    nothing("network-interface.deny-all-igw-traffic"),
    nothing("network-interface.ipv4-prefixes.ipv4-prefix"),
    nothing("network-interface.ipv6-address"),
    nothing("network-interface.ipv6-addresses.ipv6-address"),
    nothing("network-interface.ipv6-addresses.is-primary-ipv6"),
    nothing("network-interface.ipv6-native"),
    nothing("network-interface.ipv6-prefixes.ipv6-prefix"),
    nothing("network-interface.operator.principal"),
    nothing("network-interface.outpost-arn"),
    // The filters of the interface itself.
    interface!("network-interface.addresses.association.allocation-id", "association.allocation-id"),
    interface!(
        "network-interface.addresses.association.association-id",
        "association.association-id"
    ),
    interface!(
        "network-interface.addresses.association.ip-owner-id",
        "addresses.association.owner-id"
    ),
    interface!(
        "network-interface.addresses.association.public-dns-name",
        "association.public-dns-name"
    ),
    interface!(
        "network-interface.addresses.association.public-ip",
        "addresses.association.public-ip"
    ),
    interface!("network-interface.addresses.primary", "addresses.primary"),
    interface!("network-interface.addresses.private-dns-name", "private-dns-name"),
    interface!(
        "network-interface.addresses.private-ip-address",
        "addresses.private-ip-address"
    ),
    interface!("network-interface.association.allocation-id", "association.allocation-id"),
    interface!("network-interface.association.association-id", "association.association-id"),
    interface!("network-interface.association.ip-owner-id", "association.ip-owner-id"),
    interface!("network-interface.association.public-dns-name", "association.public-dns-name"),
    interface!("network-interface.association.public-ip", "association.public-ip"),
    interface!("network-interface.attachment.attach-time", "attachment.attach-time"),
    interface!("network-interface.attachment.attachment-id", "attachment.attachment-id"),
    interface!(
        "network-interface.attachment.delete-on-termination",
        "attachment.delete-on-termination"
    ),
    interface!("network-interface.attachment.device-index", "attachment.device-index"),
    interface!("network-interface.attachment.instance-id", "attachment.instance-id"),
    interface!("network-interface.attachment.instance-owner-id", "attachment.instance-owner-id"),
    FilterRow {
        name: "network-interface.attachment.network-card-index",
        values: |i, _, emit| i.interface.iter().for_each(|_| emit("0")),
    },
    interface!("network-interface.attachment.status", "attachment.status"),
    interface!("network-interface.availability-zone", "availability-zone"),
    interface!("network-interface.description", "description"),
    interface!("network-interface.mac-address", "mac-address"),
    interface!("network-interface.operator.managed", "operator.managed"),
    interface!("network-interface.owner-id", "owner-id"),
    interface!("network-interface.private-dns-name", "private-dns-name"),
    interface!("network-interface.private-ip-address", "private-ip-address"),
    interface!("network-interface.public-dns-name", "association.public-dns-name"),
    interface!("network-interface.requester-id", "requester-id"),
    interface!("network-interface.requester-managed", "requester-managed"),
    interface!("network-interface.source-dest-check", "source-dest-check"),
    interface!("network-interface.status", "status"),
    FilterRow {
        name: "network-interface.tag-key",
        values: |i, s, emit| {
            if let Some(e) = i.primary(s) {
                e.tags.iter().for_each(|(key, _)| emit(key));
            }
        },
    },
    FilterRow {
        name: "network-interface.tag-value",
        values: |i, s, emit| {
            if let Some(e) = i.primary(s) {
                e.tags.iter().for_each(|(_, value)| emit(value));
            }
        },
    },
];

fn subnet_id(instance: &Instance, _: &Snapshot, emit: &mut dyn FnMut(&str)) {
    if instance.interface.is_some() {
        emit(&instance.launch.subnet_id);
    }
}

fn vpc_id(instance: &Instance, _: &Snapshot, emit: &mut dyn FnMut(&str)) {
    if instance.interface.is_some() {
        emit(&instance.launch.vpc_id);
    }
}

fn group_ids(instance: &Instance, snapshot: &Snapshot, emit: &mut dyn FnMut(&str)) {
    if let Some(interface) = instance.primary(snapshot) {
        interface.groups.iter().for_each(|group| emit(&group.id));
    }
}

fn group_names(instance: &Instance, snapshot: &Snapshot, emit: &mut dyn FnMut(&str)) {
    if let Some(interface) = instance.primary(snapshot) {
        interface.groups.iter().for_each(|group| emit(&group.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once() {
        let mut names: Vec<_> = FILTERS.iter().map(|filter| filter.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
