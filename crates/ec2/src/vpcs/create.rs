//! CreateVpc and CreateDefaultVpc: a VPC and what it comes with.

use super::{MAX_VPCS, Vpc, default_vpc, render};
use crate::cidr::Cidr;
use crate::entity::{Entity, specified_tags};
use crate::{dhcp_options, errors, internet_gateways, network_acls, route_tables};
use crate::{security_groups, subnets};
use api::ec2::{
    CreateDefaultVpcRequest, CreateDefaultVpcResult, CreateVpcRequest, CreateVpcResult,
};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx, Wait};
use smol_str::SmolStr;
use std::sync::Arc;

/// What AWS gives to every account: 172.31.0.0/16.
const DEFAULT_CIDR: Cidr = Cidr { base: 0xac1f_0000, prefix: 16 };

/// Sizes of IPv4 blocks of VPCs and subnets.
pub(crate) const PREFIXES: std::ops::RangeInclusive<u8> = 16..=28;

pub(super) fn create_vpc(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateVpcRequest,
) -> Result<CreateVpcResult, ApiError> {
    unsupported(&input)?;
    let text = input.cidr_block.as_deref().filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.",
        )
    })?;
    let cidr = Cidr::parse(text).ok_or_else(|| errors::not_a_cidr(text))?;
    if !PREFIXES.contains(&cidr.prefix) {
        return Err(errors::vpc_range(text));
    }
    let tenancy = input.instance_tenancy.unwrap_or(SmolStr::new_static("default"));
    if tenancy != "default" && tenancy != "dedicated" {
        return Err(errors::invalid_parameter(tenancy, "instanceTenancy", "Invalid tenancy."));
    }
    let tags =
        specified_tags(caller, input.tag_specifications.as_deref(), Vpc::KIND, &[Vpc::KIND])?;
    errors::dry_run(input.dry_run)?;
    if tx.count::<Vpc>() >= MAX_VPCS {
        return Err(errors::vpc_limit_exceeded());
    }
    let available_at = tx.now().plus_millis(tx.pace().millis(Wait::VpcCreate));
    let vpc = Vpc { available_at, tenancy, tags, ..plain(tx, cidr) };
    let vpc = build(tx, vpc);
    Ok(CreateVpcResult { vpc: Some(created(tx, &vpc)) })
}

/// A VPC as the calls that make one show it: pending, however soon it is available.
fn created(snapshot: &Snapshot, vpc: &Vpc) -> api::ec2::Vpc {
    api::ec2::Vpc {
        state: Some(SmolStr::new_static("pending")),
        ipv6_cidr_block_association_set: Some(Vec::new()),
        ..render(snapshot, vpc)
    }
}

/// Parts of the request that lowcloud does not model say so rather than being dropped.
fn unsupported(input: &CreateVpcRequest) -> Result<(), ApiError> {
    let what = if input.ipv4_ipam_pool_id.is_some() || input.ipv6_ipam_pool_id.is_some() {
        "IPAM pools"
    } else if input.amazon_provided_ipv6_cidr_block == Some(true)
        || input.ipv6_cidr_block.is_some()
        || input.ipv6_pool.is_some()
    {
        "IPv6 blocks"
    } else if input.vpc_encryption_control.is_some() {
        "encryption controls"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("CreateVpc with {what}")))
}

/// A VPC as the API's defaults make it, at once available.
fn plain(tx: &mut Tx, cidr: Cidr) -> Vpc {
    Vpc {
        id: tx.new_id("vpc-"),
        cidr,
        cidr_association: tx.new_id("vpc-cidr-assoc-"),
        is_default: false,
        tenancy: SmolStr::new_static("default"),
        dhcp_options: dhcp_options::default_set(tx),
        dns_support: true,
        dns_hostnames: false,
        address_metrics: false,
        available_at: tx.now(),
        tags: Tags::default(),
    }
}

/// Stores a VPC and makes what belongs to it.
fn build(tx: &mut Tx, vpc: Vpc) -> Arc<Vpc> {
    let id = vpc.id.clone();
    route_tables::create_main(tx, &vpc);
    network_acls::create_default(tx, &id);
    security_groups::create_default(tx, &id);
    tx.put(vpc);
    tx.get(&id).expect("it was just put")
}

/// The default VPC with its gateway, its way out and a subnet in every zone ("Default VPC
/// components").
pub(crate) fn create_default(tx: &mut Tx) -> Arc<Vpc> {
    let vpc = Vpc { is_default: true, dns_hostnames: true, ..plain(tx, DEFAULT_CIDR) };
    let vpc = build(tx, vpc);
    let gateway = internet_gateways::create(tx, Tags::default());
    internet_gateways::attach(tx, &gateway, &vpc.id);
    route_tables::add_default_route(tx, &vpc.id, &gateway);
    subnets::create_defaults(tx, &vpc);
    vpc
}

pub(super) fn create_default_vpc(
    tx: &mut Tx,
    _: &Caller,
    input: CreateDefaultVpcRequest,
) -> Result<CreateDefaultVpcResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    if default_vpc(tx).is_some() {
        return Err(errors::default_vpc_exists());
    }
    let vpc = create_default(tx);
    let available_at = tx.now().plus_millis(tx.pace().millis(Wait::VpcCreate));
    let vpc = tx.update::<Vpc>(&vpc.id, |v| v.available_at = available_at).unwrap_or(vpc);
    Ok(CreateDefaultVpcResult { vpc: Some(created(tx, &vpc)) })
}
