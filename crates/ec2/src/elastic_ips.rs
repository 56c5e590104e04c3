//! Elastic IP addresses.
//!
//! "Elastic IP addresses" in the user guide. An address is associated with one private address of
//! a network interface; the interface's row says so too ([`ElasticIp`]), so that instances and
//! interfaces show it without looking here. Addresses that are the user's own (BYOIP, IPAM,
//! Outposts) are left out; requests that want them say so.

mod associate;
mod describe;

pub(crate) use associate::{associate, disassociate, forget};

use crate::entity::{Entity, specified_tags};
use crate::errors;
use crate::host_names::ip_text;
use crate::network_interfaces::{NetworkInterface, public_address};
use api::ec2::{AllocateAddressRequest, AllocateAddressResult, ReleaseAddressRequest};
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// AWS's default quota of addresses in a region, as DescribeAccountAttributes says.
const MAX_ADDRESSES: usize = 5;

/// An Elastic IP address of the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Address {
    /// `eipalloc-…`
    pub(crate) id: SmolStr,
    pub(crate) ip: Ipv4Addr,
    pub(crate) association: Option<Association>,
    pub(crate) tags: Tags,
}

/// What an address is associated with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Association {
    /// `eipassoc-…`
    pub(crate) id: SmolStr,
    pub(crate) interface: SmolStr,
    pub(crate) private_ip: Ipv4Addr,
}

/// An Elastic IP address as the row of its interface has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ElasticIp {
    pub(crate) private_ip: Ipv4Addr,
    pub(crate) public_ip: Ipv4Addr,
    pub(crate) allocation: SmolStr,
    pub(crate) association: SmolStr,
}

impl Row for Address {
    const TABLE: &'static str = "ec2.addresses";
    const INDEXES: &'static [&'static str] = &["ip", "association", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("ip", self.ip.to_smolstr());
        self.association.iter().for_each(|a| sink.put("association", a.id.clone()));
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for Address {
    const KIND: &'static str = "elastic-ip";
    const PREFIX: &'static str = "eipalloc-";
    const FILTERS: &'static [FilterRow<Self>] = describe::FILTERS;
    const INDEXED: &'static [(&'static str, &'static str)] =
        &[("public-ip", "ip"), ("association-id", "association")];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidAllocationID.NotFound", "allocation", ids)
    }

    fn malformed(id: &str) -> ApiError {
        // AWS has no code of its own for these.
        Self::not_found(&[id])
    }
}

impl Address {
    /// The address with this number.
    fn by_ip(snapshot: &Snapshot, ip: &str) -> Result<Arc<Self>, ApiError> {
        if ip.parse::<Ipv4Addr>().is_err() {
            return Err(errors::address_malformed(ip));
        }
        let found = snapshot.rows_by::<Self>("ip", ip).next().cloned();
        found.ok_or_else(|| errors::address_not_found(ip))
    }

    /// The interface that has it.
    fn interface(&self, snapshot: &Snapshot) -> Option<Arc<NetworkInterface>> {
        snapshot.get(&self.association.as_ref()?.interface)
    }
}

/// Parts of the request that lowcloud does not model say so rather than being dropped.
fn unsupported(input: &AllocateAddressRequest) -> Result<(), ApiError> {
    let what = if input.address.is_some() {
        "Address: recovering a released address"
    } else if input.customer_owned_ipv4_pool.is_some() {
        "CustomerOwnedIpv4Pool"
    } else if input.ipam_pool_id.is_some() {
        "IpamPoolId"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("AllocateAddress with {what}")))
}

fn allocate_address(
    tx: &mut Tx,
    caller: &Caller,
    input: AllocateAddressRequest,
) -> Result<AllocateAddressResult, ApiError> {
    let kind = Address::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    unsupported(&input)?;
    if let Some(pool) = input.public_ipv4_pool.as_deref().filter(|pool| *pool != "amazon") {
        return Err(errors::address_pool_not_found(pool));
    }
    let region = tx.region().clone();
    if let Some(group) = input.network_border_group.as_deref().filter(|group| *group != region) {
        return Err(errors::invalid_parameter(
            group,
            "networkBorderGroup",
            "Network border group not found.",
        ));
    }
    errors::dry_run(input.dry_run)?;
    if tx.count::<Address>() >= MAX_ADDRESSES {
        return Err(errors::address_limit_exceeded());
    }
    let id = tx.new_id(Address::PREFIX);
    let mut ip = public_address(tx);
    while tx.rows_by::<Address>("ip", &ip.to_smolstr()).next().is_some() {
        ip = public_address(tx);
    }
    tx.put(Address { id: id.clone(), ip, association: None, tags });
    Ok(AllocateAddressResult {
        public_ip: Some(ip_text(ip)),
        allocation_id: Some(id),
        public_ipv4_pool: Some(SmolStr::new_static("amazon")),
        network_border_group: Some(region),
        domain: Some(SmolStr::new_static("vpc")),
        ..Default::default()
    })
}

fn release_address(tx: &mut Tx, _: &Caller, input: ReleaseAddressRequest) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let Some(id) = input.allocation_id else {
        return Err(match input.public_ip {
            Some(_) => errors::invalid_value(
                "You must specify an allocation id when releasing a VPC elastic IP address",
            ),
            None => errors::missing_parameter("AllocationId"),
        });
    };
    let address = Address::find(tx, &id)?;
    let group = input.network_border_group.as_deref();
    if group.is_some_and(|group| group != tx.region()) {
        return Err(errors::address_border_group(&id));
    }
    if address.association.is_some() {
        return Err(errors::address_in_use(address.ip));
    }
    tx.remove::<Address>(&address.id);
    Ok(())
}

resource! { ec2:
    operations {
        write AllocateAddress => allocate_address,
        write ReleaseAddress => release_address,
        write AssociateAddress => associate::associate_address,
        write DisassociateAddress => associate::disassociate_address,
        read DescribeAddresses => describe::describe_addresses,
        read DescribeAddressesAttribute => describe::describe_addresses_attribute,
    }
    tables { Address }
}
