//! Private addresses of subnets: who has which, and which is free next.
//!
//! "Subnet CIDR blocks": the first four addresses and the last one are AWS's. A new interface gets
//! the lowest free address. AWS's default subnets hold 4,091 interfaces each; here a *default*
//! subnet that is full goes on with addresses from 100.64.0.0/10, so that a learner's or a
//! benchmark's hundred thousand instances fit without building a network first. Subnets that a
//! user made run out as on AWS.

use crate::errors;
use crate::subnets::Subnet;
use kernel::{ApiError, Row, Snapshot, Tx};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::net::Ipv4Addr;

/// How far a subnet's addresses have been given out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AddressPool {
    subnet: SmolStr,
    /// Offset of the first address that was never given out, from the block's start.
    next: u32,
    /// Number of addresses in use.
    pub(crate) used: u32,
}

impl Row for AddressPool {
    const TABLE: &'static str = "ec2.address-pools";

    fn key(&self) -> SmolStr {
        self.subnet.clone()
    }
}

/// An address below [`AddressPool::next`] that is free again, or one above it that was asked for
/// by name (`taken`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OddAddress {
    key: SmolStr,
    offset: u32,
    taken: bool,
}

impl Row for OddAddress {
    const TABLE: &'static str = "ec2.odd-addresses";

    fn key(&self) -> SmolStr {
        self.key.clone()
    }
}

const FIRST: u32 = 4;
/// 100.64.0.0
const OVERFLOW: u32 = 0x6440_0000;
const OVERFLOW_SIZE: u32 = 1 << 22;

fn odd_key(subnet: &str, offset: u32) -> SmolStr {
    format_smolstr!("{subnet}/{offset:08x}")
}

fn pool(tx: &Tx, subnet: &Subnet) -> AddressPool {
    let fresh = || AddressPool { subnet: subnet.id.clone(), next: FIRST, used: 0 };
    tx.get::<AddressPool>(&subnet.id).map_or_else(fresh, |p| AddressPool::clone(&p))
}

/// The block's size without the last address.
fn end(subnet: &Subnet) -> u32 {
    ((1_u64 << (32 - subnet.cidr.prefix)) - 1) as u32
}

/// How many addresses are free, as DescribeSubnets counts them: 2ⁿ − 5 in a fresh subnet.
pub(crate) fn available(snapshot: &Snapshot, subnet: &Subnet) -> u32 {
    let used = snapshot.get::<AddressPool>(&subnet.id).map_or(0, |pool| pool.used);
    (end(subnet) - FIRST).saturating_sub(used)
}

fn address(subnet: &Subnet, offset: u32) -> Ipv4Addr {
    let end = end(subnet);
    if offset < end {
        return Ipv4Addr::from_bits(subnet.cidr.base + offset);
    }
    // Each default subnet has a stripe of its own of the shared block.
    let stripe = (subnet.cidr.base >> 12) & 0xf;
    Ipv4Addr::from_bits(OVERFLOW + stripe * (OVERFLOW_SIZE / 16) + (offset - end))
}

/// Gives out the lowest free address of a subnet.
pub(crate) fn allocate(tx: &mut Tx, subnet: &Subnet) -> Result<Ipv4Addr, ApiError> {
    let mut pool = pool(tx, subnet);
    let prefix = format!("{}/", subnet.id);
    // Free addresses lie below the mark and so come before taken ones, which lie above it.
    let free = tx
        .rows_after::<OddAddress>(&prefix)
        .next()
        .filter(|odd| odd.key.starts_with(&prefix) && !odd.taken)
        .map(|odd| odd.offset);
    let offset = match free {
        Some(offset) => {
            tx.remove::<OddAddress>(&odd_key(&subnet.id, offset));
            offset
        }
        None => {
            let mut offset = pool.next;
            while tx.remove::<OddAddress>(&odd_key(&subnet.id, offset)).is_some() {
                offset += 1;
            }
            let room = end(subnet) + if subnet.default_for_az { OVERFLOW_SIZE / 16 } else { 0 };
            if offset >= room {
                return Err(errors::addresses_exhausted(&subnet.id));
            }
            pool.next = offset + 1;
            offset
        }
    };
    pool.used += 1;
    tx.put(pool);
    Ok(address(subnet, offset))
}

/// Gives out an address that was asked for by name.
pub(crate) fn claim(tx: &mut Tx, subnet: &Subnet, wanted: Ipv4Addr) -> Result<(), ApiError> {
    let bits = wanted.to_bits();
    if !subnet.cidr.contains(wanted) {
        return Err(errors::invalid_value(
            "Address does not fall within the subnet's address range",
        ));
    }
    let offset = bits - subnet.cidr.base;
    if offset < FIRST || offset >= end(subnet) {
        return Err(errors::invalid_value(format!(
            "Address {wanted} is in subnet's reserved address range"
        )));
    }
    let mut pool = pool(tx, subnet);
    let key = odd_key(&subnet.id, offset);
    let odd = tx.get::<OddAddress>(&key);
    if offset < pool.next {
        // Below the mark an address is free only if it came back.
        if odd.is_none() {
            return Err(errors::address_in_use(wanted));
        }
        tx.remove::<OddAddress>(&key);
    } else {
        if odd.is_some() {
            return Err(errors::address_in_use(wanted));
        }
        tx.put(OddAddress { key, offset, taken: true });
    }
    pool.used += 1;
    tx.put(pool);
    Ok(())
}

/// Takes an address back.
pub(crate) fn release(tx: &mut Tx, subnet: &Subnet, given: Ipv4Addr) {
    let mut pool = pool(tx, subnet);
    let offset = if subnet.cidr.contains(given) {
        given.to_bits() - subnet.cidr.base
    } else {
        let stripe = (subnet.cidr.base >> 12) & 0xf;
        end(subnet) + (given.to_bits() - OVERFLOW - stripe * (OVERFLOW_SIZE / 16))
    };
    let key = odd_key(&subnet.id, offset);
    if offset < pool.next {
        tx.put(OddAddress { key, offset, taken: false });
    } else {
        tx.remove::<OddAddress>(&key);
    }
    pool.used = pool.used.saturating_sub(1);
    tx.put(pool);
}

/// Forgets a subnet's addresses, with the subnet.
pub(crate) fn forget(tx: &mut Tx, subnet: &str) {
    tx.remove::<AddressPool>(subnet);
    let prefix = format!("{subnet}/");
    let keys: Vec<SmolStr> = tx
        .rows_after::<OddAddress>(&prefix)
        .take_while(|o| o.key.starts_with(&prefix))
        .map(|o| o.key.clone())
        .collect();
    for key in keys {
        tx.remove::<OddAddress>(&key);
    }
}
