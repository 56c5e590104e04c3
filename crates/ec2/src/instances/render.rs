//! How an instance looks on the wire.

use super::row::{Instance, Reason, State};
use crate::entity::render_tags;
use crate::host_names::{HostNames, ip_text};
use crate::network_interfaces::{NetworkInterface, attachment_status};
use crate::security_groups::GroupRef;
use crate::volumes::Volume;
use crate::vpcs::Vpc;
use api::ec2;
use kernel::Snapshot;
use smol_str::SmolStr;
use std::net::Ipv4Addr;

/// The account whose view this is.
pub(crate) fn owner(snapshot: &Snapshot) -> &SmolStr {
    snapshot.account()
}

pub(super) fn state(state: State) -> Option<ec2::InstanceState> {
    Some(ec2::InstanceState { code: Some(state.code()), name: Some(text(state.name())) })
}

fn text(text: &'static str) -> SmolStr {
    SmolStr::new_static(text)
}

pub(super) fn groups(groups: &[GroupRef]) -> Vec<ec2::GroupIdentifier> {
    let render = |group: &GroupRef| ec2::GroupIdentifier {
        group_id: Some(group.id.clone()),
        group_name: Some(group.name.clone()),
    };
    groups.iter().map(render).collect()
}

/// Renders the instances of one answer: what they have in common is looked up once.
pub(super) struct Renderer<'a> {
    snapshot: &'a Snapshot,
    names: HostNames,
    /// The latest VPC, and whether its instances have public host names.
    vpc: Option<(SmolStr, bool)>,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, names: HostNames::of(snapshot.region()), vpc: None }
    }

    /// The private host name, after the address or after the instance.
    pub(super) fn private_dns(&self, instance: &Instance, ip: Ipv4Addr) -> SmolStr {
        match instance.launch.hostname_type.as_str() {
            "resource-name" => self.names.of_resource(&instance.id),
            _ => self.names.private(ip),
        }
    }

    /// The public host name, empty unless the VPC has DNS host names.
    pub(super) fn public_dns(&mut self, instance: &Instance, ip: Ipv4Addr) -> SmolStr {
        match self.has_host_names(&instance.launch.vpc_id) {
            true => self.names.public(ip),
            false => SmolStr::default(),
        }
    }

    fn has_host_names(&mut self, vpc_id: &SmolStr) -> bool {
        match &self.vpc {
            Some((known, answer)) if known == vpc_id => *answer,
            _ => {
                let vpc = self.snapshot.get::<Vpc>(vpc_id);
                let answer = vpc.is_some_and(|vpc| vpc.dns_hostnames);
                self.vpc = Some((vpc_id.clone(), answer));
                answer
            }
        }
    }

    /// The whole instance. A terminated one has lost its network and volumes.
    pub(super) fn instance(&mut self, row: &Instance) -> ec2::Instance {
        let launch = &*row.launch;
        let mut wire = ec2::Instance {
            instance_id: Some(row.id.clone()),
            image_id: Some(launch.image_id.clone()),
            state: state(row.state),
            private_dns_name: Some(SmolStr::default()),
            public_dns_name: Some(SmolStr::default()),
            state_transition_reason: Some(row.reason.as_ref().map(transition).unwrap_or_default()),
            state_reason: state_reason(row),
            key_name: some(&launch.key_name),
            ami_launch_index: Some(i64::from(row.launch_index)),
            product_codes: Some(Vec::new()),
            instance_type: Some(launch.instance_type.clone()),
            launch_time: Some(row.launched_at.whole_seconds()),
            placement: Some(ec2::Placement {
                availability_zone: Some(launch.zone.clone()),
                group_name: Some(launch.placement_group.clone()),
                tenancy: Some(launch.tenancy.clone()),
                ..Default::default()
            }),
            platform: launch.platform.clone(),
            monitoring: Some(ec2::Monitoring {
                state: Some(text(monitoring(row))),
                ..Default::default()
            }),
            architecture: Some(launch.architecture.clone()),
            client_token: Some(launch.client_token.clone()),
            ebs_optimized: Some(launch.ebs_optimized),
            ena_support: Some(launch.ena_support),
            hypervisor: Some(text("xen")),
            iam_instance_profile: launch.profile.as_ref().map(|(arn, id)| ec2::IamInstanceProfile {
                arn: Some(arn.clone()),
                id: Some(id.clone()),
            }),
            instance_lifecycle: some(&launch.lifecycle),
            spot_instance_request_id: row.spot_request.clone(),
            root_device_name: Some(launch.root_device_name.clone()),
            root_device_type: Some(text("ebs")),
            security_groups: Some(Vec::new()),
            network_interfaces: Some(Vec::new()),
            block_device_mappings: Some(Vec::new()),
            tags: render_tags(&row.tags),
            virtualization_type: Some(text("hvm")),
            ..Default::default()
        };
        options(row, &mut wire);
        if let Some(interface) = row.primary(self.snapshot) {
            self.network(row, &interface, &mut wire);
        }
        wire.block_device_mappings = Some(volumes(self.snapshot, row));
        wire
    }

    fn network(
        &mut self,
        row: &Instance,
        interface: &NetworkInterface,
        wire: &mut ec2::Instance,
    ) {
        wire.subnet_id = Some(interface.subnet_id.clone());
        wire.vpc_id = Some(interface.vpc_id.clone());
        wire.private_ip_address = Some(ip_text(interface.private_ip));
        wire.private_dns_name = Some(self.private_dns(row, interface.private_ip));
        if let Some(association) = self.association(row, interface, interface.private_ip) {
            wire.public_ip_address = association.public_ip;
            wire.public_dns_name = association.public_dns_name;
        }
        wire.source_dest_check = Some(interface.source_dest_check);
        wire.security_groups = Some(groups(&interface.groups));
        let mut interfaces = vec![self.interface(row, interface)];
        for id in &row.more_interfaces {
            if let Some(other) = self.snapshot.get::<NetworkInterface>(id) {
                interfaces.push(self.interface(row, &other));
            }
        }
        wire.network_interfaces = Some(interfaces);
    }

    /// The public address of a private one.
    fn association(
        &mut self,
        row: &Instance,
        interface: &NetworkInterface,
        private_ip: Ipv4Addr,
    ) -> Option<ec2::InstanceNetworkInterfaceAssociation> {
        let elastic = interface.elastic_ip(private_ip).map(|elastic| elastic.public_ip);
        let amazons = interface.public_ip.filter(|_| private_ip == interface.private_ip);
        let ip = elastic.or(amazons)?;
        Some(ec2::InstanceNetworkInterfaceAssociation {
            ip_owner_id: Some(interface.public_owner(self.snapshot, private_ip)),
            public_dns_name: Some(self.public_dns(row, ip)),
            public_ip: Some(ip_text(ip)),
            ..Default::default()
        })
    }

    fn interface(
        &mut self,
        row: &Instance,
        interface: &NetworkInterface,
    ) -> ec2::InstanceNetworkInterface {
        let attachment =
            interface.attachment.as_ref().map(|a| ec2::InstanceNetworkInterfaceAttachment {
                attach_time: Some(a.attached_at.whole_seconds()),
                attachment_id: Some(a.id.clone()),
                delete_on_termination: Some(a.delete_on_termination),
                device_index: Some(i64::from(a.device_index)),
                status: Some(text(attachment_status(row.state))),
                network_card_index: Some(0),
                ..Default::default()
            });
        let mut address = |ip: Ipv4Addr| ec2::InstancePrivateIpAddress {
            association: self.association(row, interface, ip),
            primary: Some(ip == interface.private_ip),
            private_dns_name: Some(self.private_dns(row, ip)),
            private_ip_address: Some(ip_text(ip)),
        };
        let mut addresses = vec![address(interface.private_ip)];
        addresses.extend(interface.secondary_ips.iter().map(|ip| address(*ip)));
        ec2::InstanceNetworkInterface {
            attachment,
            association: self.association(row, interface, interface.private_ip),
            description: Some(interface.description.clone()),
            groups: Some(groups(&interface.groups)),
            ipv6_addresses: Some(Vec::new()),
            mac_address: Some(interface.mac_text()),
            network_interface_id: Some(interface.id.clone()),
            owner_id: Some(owner(self.snapshot).clone()),
            private_dns_name: Some(self.private_dns(row, interface.private_ip)),
            private_ip_address: Some(ip_text(interface.private_ip)),
            private_ip_addresses: Some(addresses),
            source_dest_check: Some(interface.source_dest_check),
            status: Some(text("in-use")),
            subnet_id: Some(interface.subnet_id.clone()),
            vpc_id: Some(interface.vpc_id.clone()),
            interface_type: Some(text("interface")),
            operator: Some(ec2::OperatorResponse { managed: Some(false), ..Default::default() }),
            ..Default::default()
        }
    }
}

/// Why it is in its state; AWS gives the state itself as the reason of a pending one.
fn state_reason(row: &Instance) -> Option<ec2::StateReason> {
    let pending = || (text("pending"), text("pending"));
    let (code, message) = match &row.reason {
        Some(reason) => (reason.code.clone(), reason.message.clone()),
        None => (row.state == State::Pending).then(pending)?,
    };
    Some(ec2::StateReason { code: Some(code), message: Some(message) })
}

/// Detailed monitoring comes up with the instance.
pub(super) fn monitoring(row: &Instance) -> &'static str {
    match (row.monitoring, row.state) {
        (false, _) => "disabled",
        (true, State::Pending) => "pending",
        (true, _) => "enabled",
    }
}

pub(super) fn metadata_state(row: &Instance) -> &'static str {
    if row.state == State::Pending { "pending" } else { "applied" }
}

pub(super) fn metadata_options(row: &Instance) -> ec2::InstanceMetadataOptionsResponse {
    let options = &row.launch.metadata;
    ec2::InstanceMetadataOptionsResponse {
        state: Some(text(metadata_state(row))),
        http_tokens: Some(options.http_tokens.clone()),
        http_put_response_hop_limit: Some(i64::from(options.hop_limit)),
        http_endpoint: Some(options.http_endpoint.clone()),
        http_protocol_ipv6: Some(options.http_protocol_ipv6.clone()),
        instance_metadata_tags: Some(options.instance_metadata_tags.clone()),
    }
}

/// How it booted.
pub(super) fn current_boot_mode(row: &Instance) -> &'static str {
    if row.launch.boot_mode.starts_with("uefi") { "uefi" } else { "legacy-bios" }
}

/// The options that every instance shows, whatever its state.
fn options(row: &Instance, wire: &mut ec2::Instance) {
    let launch = &*row.launch;
    wire.cpu_options = Some(ec2::CpuOptions {
        core_count: Some(i64::from(launch.cores)),
        threads_per_core: Some(i64::from(launch.threads_per_core)),
        ..Default::default()
    });
    wire.capacity_reservation_specification =
        Some(ec2::CapacityReservationSpecificationResponse {
            capacity_reservation_preference: Some(text("open")),
            ..Default::default()
        });
    wire.hibernation_options =
        Some(ec2::HibernationOptions { configured: Some(launch.hibernation) });
    wire.metadata_options = Some(metadata_options(row));
    wire.enclave_options = Some(ec2::EnclaveOptions { enabled: Some(launch.enclave) });
    wire.boot_mode = some(&launch.boot_mode);
    wire.platform_details = Some(launch.platform_details.clone());
    wire.usage_operation = Some(launch.usage_operation.clone());
    wire.usage_operation_update_time = Some(row.launched_at.whole_seconds());
    wire.private_dns_name_options = Some(ec2::PrivateDnsNameOptionsResponse {
        hostname_type: Some(launch.hostname_type.clone()),
        enable_resource_name_dns_a_record: Some(launch.dns_a_record),
        enable_resource_name_dns_aaaa_record: Some(false),
    });
    wire.maintenance_options = Some(ec2::InstanceMaintenanceOptions {
        auto_recovery: Some(text("default")),
        reboot_migration: Some(text("default")),
    });
    wire.current_instance_boot_mode = Some(text(current_boot_mode(row)));
    wire.network_performance_options = Some(ec2::InstanceNetworkPerformanceOptions {
        bandwidth_weighting: Some(text("default")),
    });
    wire.operator =
        Some(ec2::OperatorResponse { managed: Some(false), ..Default::default() });
}

pub(super) fn volumes(
    snapshot: &Snapshot,
    row: &Instance,
) -> Vec<ec2::InstanceBlockDeviceMapping> {
    let render = |id: &SmolStr| {
        let volume = snapshot.get::<Volume>(id)?;
        let attachment = volume.attachment.as_ref()?;
        Some(ec2::InstanceBlockDeviceMapping {
            device_name: Some(attachment.device.clone()),
            ebs: Some(ec2::EbsInstanceBlockDevice {
                attach_time: Some(attachment.attached_at.whole_seconds()),
                delete_on_termination: Some(attachment.delete_on_termination),
                status: Some(text(if row.state == State::Pending {
                    "attaching"
                } else {
                    "attached"
                })),
                volume_id: Some(id.clone()),
                ..Default::default()
            }),
        })
    };
    row.volumes.iter().filter_map(render).collect()
}

#[expect(clippy::borrowed_box, reason = "it is mapped over an optional box")]
fn transition(reason: &Box<Reason>) -> SmolStr {
    reason.transition.clone()
}

fn some(text: &SmolStr) -> Option<SmolStr> {
    (!text.is_empty()).then(|| text.clone())
}
