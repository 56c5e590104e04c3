//! New interfaces: those of CreateNetworkInterface and those that come with an instance.

use super::{NetworkInterface, describe};
use crate::entity::{Entity, specified_tags};
use crate::security_groups::{GroupRef, SecurityGroup, by_name};
use crate::subnets::Subnet;
use crate::{addresses, errors, tokens};
use api::ec2::{
    CreateNetworkInterfaceRequest, CreateNetworkInterfaceResult, PrivateIpAddressSpecification,
};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx};
use smol_str::SmolStr;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// AWS's default quota.
const MAX_GROUPS: usize = 5;
/// The most that the largest instance types take.
pub(super) const MAX_ADDRESSES: usize = 50;

/// The groups of an interface in a subnet: those named by id, those named by name, else the
/// default group of the VPC.
pub(crate) fn groups_for(
    snapshot: &Snapshot,
    subnet: &Subnet,
    ids: &[SmolStr],
    names: &[SmolStr],
) -> Result<Arc<[GroupRef]>, ApiError> {
    let mut groups: Vec<GroupRef> = Vec::new();
    let mut add = |group: &SecurityGroup| {
        if !groups.iter().any(|other| other.id == group.id) {
            groups.push(GroupRef::of(group));
        }
    };
    for id in ids {
        let group = SecurityGroup::find(snapshot, id)?;
        if group.vpc_id != subnet.vpc_id {
            return Err(errors::group_elsewhere(id, &subnet.id));
        }
        add(&group);
    }
    for name in names {
        let group = by_name(snapshot, &subnet.vpc_id, name)
            .ok_or_else(|| errors::group_name_not_found(name, &subnet.vpc_id))?;
        add(&group);
    }
    if groups.is_empty() {
        groups.extend(by_name(snapshot, &subnet.vpc_id, "default").map(|g| GroupRef::of(&g)));
    }
    if groups.len() > MAX_GROUPS {
        return Err(errors::groups_per_interface_exceeded());
    }
    Ok(groups.into())
}

/// A new interface, unattached, in a subnet. The caller stores it.
pub(crate) fn create(
    tx: &mut Tx,
    subnet: &Subnet,
    groups: Arc<[GroupRef]>,
    private_ip: Option<Ipv4Addr>,
) -> Result<NetworkInterface, ApiError> {
    let private_ip = match private_ip {
        Some(wanted) => {
            addresses::claim(tx, subnet, wanted)?;
            wanted
        }
        None => addresses::allocate(tx, subnet)?,
    };
    // Locally administered, unicast: 02, 06 or 0a in front, as recorded.
    let bits = tx.random().bits();
    let head = [0x02, 0x06, 0x0a][(bits >> 60) as usize % 3];
    Ok(NetworkInterface {
        id: tx.new_id("eni-"),
        vpc_id: subnet.vpc_id.clone(),
        subnet_id: subnet.id.clone(),
        zone: subnet.zone.clone(),
        description: SmolStr::default(),
        groups,
        mac: head << 40 | bits & 0xff_ffff_ffff,
        private_ip,
        secondary_ips: Box::default(),
        auto_public_ip: false,
        public_ip: None,
        elastic_ips: Box::default(),
        source_dest_check: true,
        attachment: None,
        requester_id: None,
        tags: Tags::default(),
    })
}

pub(super) fn create_network_interface(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateNetworkInterfaceRequest,
) -> Result<CreateNetworkInterfaceResult, ApiError> {
    const CALL: &str = "CreateNetworkInterface";
    unsupported(&input)?;
    let wanted = Wanted::of(&input)?;
    let kind = NetworkInterface::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    errors::dry_run(input.dry_run)?;
    let print = tokens::fingerprint(&input);
    let token = input.client_token.as_deref();
    let row = match tokens::replayed(tx, CALL, token, print)? {
        Some(first) => NetworkInterface::find(tx, &first)?,
        None => {
            let subnet = Subnet::find(tx, &input.subnet_id)?;
            let groups = input.groups.as_deref().unwrap_or_default();
            let groups = groups_for(tx, &subnet, groups, &[])?;
            let interface = create(tx, &subnet, groups, wanted.primary)?;
            let id = interface.id.clone();
            let interface = NetworkInterface {
                description: input.description.clone().unwrap_or_default(),
                secondary_ips: wanted.take_secondaries(tx, &subnet)?,
                requester_id: Some(requester(caller)),
                tags,
                ..interface
            };
            tx.put(interface);
            tokens::remember(tx, CALL, token, print, id.clone());
            NetworkInterface::find(tx, &id)?
        }
    };
    let mut wire = describe::render(tx, &row);
    wire.status = Some(SmolStr::new_static("pending"));
    Ok(CreateNetworkInterfaceResult {
        network_interface: Some(wire),
        client_token: input.client_token.clone(),
    })
}

/// Who asks, as interfaces show it: a root user's principal id is the account's.
fn requester(caller: &Caller) -> SmolStr {
    match caller.invoked_by {
        Some("elasticloadbalancing") => SmolStr::new_static("amazon-elb"),
        _ => caller.account.clone(),
    }
}

/// Parts of the request that lowcloud does not model say so rather than being dropped.
fn unsupported(input: &CreateNetworkInterfaceRequest) -> Result<(), ApiError> {
    let what = if input.ipv6_address_count.unwrap_or(0) > 0
        || input.ipv6_addresses.is_some()
        || input.enable_primary_ipv6 == Some(true)
    {
        "IPv6 addresses"
    } else if input.ipv4_prefixes.is_some()
        || input.ipv6_prefixes.is_some()
        || input.ipv4_prefix_count.unwrap_or(0) > 0
        || input.ipv6_prefix_count.unwrap_or(0) > 0
    {
        "delegated prefixes"
    } else if input.interface_type.as_deref().is_some_and(|kind| kind != "interface") {
        "an interface type"
    } else if input.connection_tracking_specification.is_some() {
        "connection tracking"
    } else if input.operator.is_some() {
        "an operator"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("CreateNetworkInterface with {what}")))
}

/// The private addresses that a request asks for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    primary: Option<Ipv4Addr>,
    secondaries: Vec<Ipv4Addr>,
    /// So many more, whichever are free.
    more: usize,
}

impl Wanted {
    fn of(input: &CreateNetworkInterfaceRequest) -> Result<Self, ApiError> {
        let list = input.private_ip_addresses.as_deref().unwrap_or_default();
        let count = input.secondary_private_ip_address_count.unwrap_or(0);
        if count > 0 && !list.is_empty() {
            return Err(errors::cannot_be_used_with(
                "secondaryPrivateIpAddressCount",
                "privateIpAddresses",
            ));
        }
        let mut primary = input.private_ip_address.as_deref().map(parse_address).transpose()?;
        let mut secondaries = Vec::new();
        for PrivateIpAddressSpecification { primary: is_primary, private_ip_address } in list {
            let ip = parse_address(private_ip_address.as_deref().unwrap_or_default())?;
            match (is_primary, primary) {
                (Some(true), Some(other)) if other != ip => {
                    return Err(errors::invalid_combination(
                        "Only one primary private IP address can be specified.",
                    ));
                }
                (Some(true), _) => primary = Some(ip),
                _ => secondaries.push(ip),
            }
        }
        let more = usize::try_from(count).unwrap_or(0);
        if secondaries.len() + more >= MAX_ADDRESSES {
            return Err(errors::private_address_limit());
        }
        Ok(Self { primary, secondaries, more })
    }

    fn take_secondaries(self, tx: &mut Tx, subnet: &Subnet) -> Result<Box<[Ipv4Addr]>, ApiError> {
        let mut taken = Vec::with_capacity(self.secondaries.len() + self.more);
        for ip in self.secondaries {
            addresses::claim(tx, subnet, ip)?;
            taken.push(ip);
        }
        for _ in 0..self.more {
            taken.push(addresses::allocate(tx, subnet)?);
        }
        Ok(taken.into())
    }
}

/// An address out of a request.
pub(crate) fn parse_address(text: &str) -> Result<Ipv4Addr, ApiError> {
    text.parse().map_err(|_| errors::invalid_parameter(text, "address", "Invalid IPv4 address."))
}
