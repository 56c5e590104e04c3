//! Elastic network interfaces.
//!
//! "Elastic network interfaces" in the user guide. IPv6, prefix delegation and the special kinds
//! (EFA, branch, trunk) are left out; requests that want them say so.

mod attach;
mod attributes;
mod create;
mod describe;
mod private_ips;

pub(crate) use create::{create, groups_for, parse_address};

use crate::elastic_ips::ElasticIp;
use crate::entity::Entity;
use crate::host_names::mac_text;
use crate::instances::State;
use crate::security_groups::GroupRef;
use crate::subnets::Subnet;
use crate::{addresses, elastic_ips, errors};
use api::ec2::DeleteNetworkInterfaceRequest;
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Who made the interface of a NAT gateway.
pub(crate) const OF_NAT_GATEWAY: SmolStr = SmolStr::new_static("amazon-nat");

/// A network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NetworkInterface {
    pub(crate) id: SmolStr,
    pub(crate) vpc_id: SmolStr,
    pub(crate) subnet_id: SmolStr,
    pub(crate) zone: SmolStr,
    pub(crate) description: SmolStr,
    pub(crate) groups: Arc<[GroupRef]>,
    /// 48 bits.
    pub(crate) mac: u64,
    /// The primary private address.
    pub(crate) private_ip: Ipv4Addr,
    /// More private addresses.
    #[serde(default)]
    pub(crate) secondary_ips: Box<[Ipv4Addr]>,
    /// Whether its instance gets a public address each time it starts.
    #[serde(default)]
    pub(crate) auto_public_ip: bool,
    /// That of the primary private address: Amazon's, or an Elastic IP address.
    pub(crate) public_ip: Option<Ipv4Addr>,
    /// The Elastic IP addresses of its private addresses.
    #[serde(default)]
    pub(crate) elastic_ips: Box<[ElasticIp]>,
    pub(crate) source_dest_check: bool,
    pub(crate) attachment: Option<Attachment>,
    /// Who made it by itself; none for those that come with an instance.
    #[serde(default)]
    pub(crate) requester_id: Option<SmolStr>,
    pub(crate) tags: Tags,
}

/// What an interface is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    /// `eni-attach-…`
    pub(crate) id: SmolStr,
    pub(crate) instance_id: SmolStr,
    pub(crate) device_index: u32,
    pub(crate) attached_at: Timestamp,
    pub(crate) delete_on_termination: bool,
}

/// How an attachment stands: the interface is being attached while its instance is on its way up.
pub(crate) const fn attachment_status(instance: State) -> &'static str {
    if matches!(instance, State::Pending) { "attaching" } else { "attached" }
}

impl NetworkInterface {
    /// Whether a service made it and looks after it: a load balancer's.
    pub(crate) fn is_managed(&self) -> bool {
        self.requester_id.as_ref().is_some_and(|id| id.starts_with("amazon-"))
    }

    /// The Elastic IP address of one of its private addresses.
    pub(crate) fn elastic_ip(&self, private_ip: Ipv4Addr) -> Option<&ElasticIp> {
        self.elastic_ips.iter().find(|elastic| elastic.private_ip == private_ip)
    }

    /// Who owns the public address of a private one: Amazon, or the account of an Elastic IP
    /// address.
    pub(crate) fn public_owner(&self, snapshot: &Snapshot, private_ip: Ipv4Addr) -> SmolStr {
        match self.elastic_ip(private_ip) {
            Some(_) => snapshot.account().clone(),
            None => SmolStr::new_static("amazon"),
        }
    }

    /// Whether any of its private addresses has a public one.
    pub(crate) fn is_public(&self) -> bool {
        self.public_ip.is_some() || !self.elastic_ips.is_empty()
    }

    /// `interface`, or what kind of thing a service made it for.
    pub(crate) fn kind(&self) -> &'static str {
        match self.requester_id.as_deref() {
            Some("amazon-nat") => "nat_gateway",
            _ => "interface",
        }
    }

    /// `02:…` in the usual spelling.
    pub(crate) fn mac_text(&self) -> SmolStr {
        mac_text(self.mac)
    }
}

impl Row for NetworkInterface {
    const TABLE: &'static str = "ec2.network-interfaces";
    const INDEXES: &'static [&'static str] = &["subnet", "group", "instance", "attachment", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("subnet", self.subnet_id.clone());
        self.groups.iter().for_each(|group| sink.put("group", group.id.clone()));
        if let Some(attachment) = &self.attachment {
            sink.put("instance", attachment.instance_id.clone());
            sink.put("attachment", attachment.id.clone());
        }
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for NetworkInterface {
    const KIND: &'static str = "network-interface";
    const PREFIX: &'static str = "eni-";
    const FILTERS: &'static [FilterRow<Self>] = describe::FILTERS;
    const INDEXED: &'static [(&'static str, &'static str)] = &[
        ("attachment.instance-id", "instance"),
        ("subnet-id", "subnet"),
        ("group-id", "group"),
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidNetworkInterfaceID.NotFound", "networkInterface", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidNetworkInterfaceId.Malformed", id, Self::PREFIX)
    }
}

/// A public address out of Amazon's ranges.
pub(crate) fn public_address(tx: &mut Tx) -> Ipv4Addr {
    const HEADS: [u8; 6] = [3, 13, 18, 34, 52, 54];
    let bits = tx.random().bits();
    let [a, b, c, d, ..] = bits.to_be_bytes();
    Ipv4Addr::new(HEADS[usize::from(a) % HEADS.len()], b.max(1), c, d.clamp(1, 254))
}

/// Removes an interface and gives its addresses back.
pub(crate) fn remove(tx: &mut Tx, interface: &NetworkInterface) {
    tx.remove::<NetworkInterface>(&interface.id);
    elastic_ips::forget(tx, interface);
    if let Some(subnet) = tx.get::<Subnet>(&interface.subnet_id) {
        addresses::release(tx, &subnet, interface.private_ip);
        for ip in &interface.secondary_ips {
            addresses::release(tx, &subnet, *ip);
        }
    }
}

fn delete_network_interface(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteNetworkInterfaceRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let interface = NetworkInterface::find(tx, &input.network_interface_id)?;
    let others = interface.is_managed() && caller.invoked_by.is_none();
    if interface.attachment.is_some() || others {
        return Err(errors::interface_in_use(&interface.id));
    }
    remove(tx, &interface);
    Ok(())
}

resource! { ec2:
    operations {
        write CreateNetworkInterface => create::create_network_interface,
        read DescribeNetworkInterfaces => describe::describe_network_interfaces,
        write DeleteNetworkInterface => delete_network_interface,
        write AttachNetworkInterface => attach::attach_network_interface,
        write DetachNetworkInterface => attach::detach_network_interface,
        read DescribeNetworkInterfaceAttribute => attributes::describe_network_interface_attribute,
        write ModifyNetworkInterfaceAttribute => attributes::modify_network_interface_attribute,
        write AssignPrivateIpAddresses => private_ips::assign_private_ip_addresses,
        write UnassignPrivateIpAddresses => private_ips::unassign_private_ip_addresses,
    }
    tables { NetworkInterface }
}
