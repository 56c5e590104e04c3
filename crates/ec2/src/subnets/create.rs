//! CreateSubnet and CreateDefaultSubnet.

use super::{Subnet, render};
use crate::cidr::Cidr;
use crate::entity::{Entity, specified_tags};
use crate::vpcs::{PREFIXES, Vpc, default_vpc};
use crate::{errors, network_acls};
use api::ec2::{
    CreateDefaultSubnetRequest, CreateDefaultSubnetResult, CreateSubnetRequest,
    CreateSubnetResult,
};
use catalogue::Zone;
use kernel::{ApiError, Caller, Snapshot, Tags, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// AWS's default quota.
const MAX_PER_VPC: usize = 200;
/// Default subnets are /20 blocks.
const DEFAULT_PREFIX: u8 = 20;

pub(super) fn create_subnet(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateSubnetRequest,
) -> Result<CreateSubnetResult, ApiError> {
    unsupported(&input)?;
    let text = input.cidr_block.as_deref().filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.",
        )
    })?;
    let cidr = Cidr::parse(text).ok_or_else(|| errors::not_a_cidr(text))?;
    let specified = input.tag_specifications.as_deref();
    let tags = specified_tags(caller, specified, Subnet::KIND, &[Subnet::KIND])?;
    errors::dry_run(input.dry_run)?;
    let vpc = Vpc::find(tx, &input.vpc_id)?;
    let name = input.availability_zone.as_deref();
    let zone = zone(tx, name, input.availability_zone_id.as_deref())?.name.clone();
    if !PREFIXES.contains(&cidr.prefix) || !vpc.cidr.covers(&cidr) {
        return Err(errors::subnet_range(text));
    }
    check_room(tx, &vpc, cidr)?;
    let subnet = Subnet { tags, ..plain(tx, &vpc, cidr, zone) };
    let row = build(tx, subnet);
    Ok(CreateSubnetResult { subnet: Some(render(tx, &row)) })
}

/// Parts of the request that lowcloud does not model say so rather than being dropped.
fn unsupported(input: &CreateSubnetRequest) -> Result<(), ApiError> {
    let what = if input.ipv4_ipam_pool_id.is_some() || input.ipv6_ipam_pool_id.is_some() {
        "IPAM pools"
    } else if input.ipv6_cidr_block.is_some() || input.ipv6_native == Some(true) {
        "IPv6 blocks"
    } else if input.outpost_arn.is_some() {
        "an Outpost"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("CreateSubnet with {what}")))
}

/// The zone that was asked for by name or id; without either, AWS picks one: here the first.
fn zone(
    snapshot: &Snapshot,
    name: Option<&str>,
    id: Option<&str>,
) -> Result<&'static Zone, ApiError> {
    let zones = catalogue::region(snapshot.region()).map_or(&[][..], |region| &region.zones);
    let names = || -> Vec<&str> { zones.iter().map(|z| z.name.as_str()).collect() };
    match (name, id) {
        (Some(_), Some(_)) => {
            Err(errors::cannot_be_used_with("availabilityZone", "availabilityZoneId"))
        }
        (Some(name), None) => zones
            .iter()
            .find(|z| z.name == name)
            .ok_or_else(|| errors::subnet_zone(name, "availabilityZone", &names())),
        (None, Some(id)) => zones
            .iter()
            .find(|z| z.id == id)
            .ok_or_else(|| errors::subnet_zone(id, "availabilityZoneId", &names())),
        (None, None) => {
            zones.first().ok_or_else(|| errors::subnet_zone("", "availabilityZone", &[]))
        }
    }
}

fn check_room(tx: &Tx, vpc: &Vpc, cidr: Cidr) -> Result<(), ApiError> {
    let mut count = 0;
    for other in tx.rows_by::<Subnet>("vpc", &vpc.id) {
        count += 1;
        if other.cidr.overlaps(&cidr) {
            return Err(errors::subnet_conflict(cidr));
        }
    }
    if count >= MAX_PER_VPC { Err(errors::subnet_limit_exceeded()) } else { Ok(()) }
}

/// A subnet as the API's defaults make it.
fn plain(tx: &mut Tx, vpc: &Vpc, cidr: Cidr, zone: SmolStr) -> Subnet {
    Subnet {
        id: tx.new_id("subnet-"),
        vpc_id: vpc.id.clone(),
        cidr,
        zone,
        default_for_az: false,
        map_public_ip: false,
        hostname_type: SmolStr::new_static("ip-name"),
        dns_a_record: false,
        dns_aaaa_record: false,
        tags: Tags::default(),
    }
}

fn build(tx: &mut Tx, subnet: Subnet) -> Arc<Subnet> {
    let id = subnet.id.clone();
    network_acls::associate(tx, &subnet.vpc_id, &id);
    tx.put(subnet);
    tx.get(&id).expect("it was just put")
}

/// A /20 in every zone of the default VPC, in the order of the zones.
pub(crate) fn create_defaults(tx: &mut Tx, vpc: &Vpc) {
    let zones = catalogue::region(tx.region()).map_or(&[][..], |region| &region.zones);
    for zone in zones {
        if let Some(cidr) = free_block(tx, vpc) {
            default(tx, vpc, cidr, zone);
        }
    }
}

/// The first /20 of the VPC that is free.
fn free_block(tx: &Tx, vpc: &Vpc) -> Option<Cidr> {
    (0..16)
        .map(|n| Cidr { base: vpc.cidr.base + (n << (32 - DEFAULT_PREFIX)), prefix: DEFAULT_PREFIX })
        .find(|cidr| !tx.rows_by::<Subnet>("vpc", &vpc.id).any(|s| s.cidr.overlaps(cidr)))
}

fn default(tx: &mut Tx, vpc: &Vpc, cidr: Cidr, zone: &Zone) -> Arc<Subnet> {
    let plain = plain(tx, vpc, cidr, zone.name.clone());
    build(tx, Subnet { default_for_az: true, map_public_ip: true, ..plain })
}

pub(super) fn create_default_subnet(
    tx: &mut Tx,
    _: &Caller,
    input: CreateDefaultSubnetRequest,
) -> Result<CreateDefaultSubnetResult, ApiError> {
    if input.ipv6_native == Some(true) {
        return Err(ApiError::not_implemented("CreateDefaultSubnet with IPv6 blocks"));
    }
    let (name, id) = (input.availability_zone.as_deref(), input.availability_zone_id.as_deref());
    if name.is_none() && id.is_none() {
        return Err(errors::missing_parameter("availabilityZone"));
    }
    errors::dry_run(input.dry_run)?;
    let vpc = default_vpc(tx).ok_or_else(errors::default_vpc_missing)?;
    let zone = zone(tx, name, id)?;
    let there = tx
        .rows_by::<Subnet>("vpc", &vpc.id)
        .find(|subnet| subnet.default_for_az && subnet.zone == zone.name);
    if let Some(subnet) = there {
        return Err(errors::default_subnet_exists(&subnet.id, &zone.name));
    }
    let cidr = free_block(tx, &vpc).ok_or_else(errors::subnet_limit_exceeded)?;
    let row = default(tx, &vpc, cidr, zone);
    Ok(CreateDefaultSubnetResult { subnet: Some(render(tx, &row)) })
}
