//! What EC2 knows, asked for through its operations as any client would.

use crate::{PRINCIPAL, errors};
use api::ec2::{self, IpPermission, ops};
use kernel::{ApiError, Caller, Snapshot, is_resource_id};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::net::Ipv4Addr;

/// A subnet of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub(crate) id: SmolStr,
    pub(crate) vpc: SmolStr,
    pub(crate) zone: SmolStr,
    pub(crate) cidr: Cidr,
}

/// An instance that may be a target.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// `pending`, `running`, …
    pub(crate) state: SmolStr,
    pub(crate) vpc: SmolStr,
    pub(crate) zone: SmolStr,
    pub(crate) groups: Vec<SmolStr>,
}

/// An IPv4 block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cidr {
    base: u32,
    bits: u8,
}

impl Cidr {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/')?;
        let bits = bits.parse().ok().filter(|bits| *bits <= 32)?;
        let base: Ipv4Addr = base.parse().ok()?;
        Some(Self { base: base.to_bits() & mask(bits), bits })
    }

    pub(crate) fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & mask(self.bits) == self.base
    }

    fn covers(self, other: Self) -> bool {
        self.bits <= other.bits && other.base & mask(self.bits) == self.base
    }
}

fn mask(bits: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)
}

fn subnet(wire: ec2::Subnet) -> Option<Subnet> {
    Some(Subnet {
        id: wire.subnet_id?,
        vpc: wire.vpc_id?,
        zone: wire.availability_zone?,
        cidr: Cidr::parse(&wire.cidr_block?)?,
    })
}

/// The subnets of these ids, in their order.
pub(crate) fn subnets(
    snapshot: &Snapshot,
    caller: &Caller,
    ids: &[SmolStr],
) -> Result<Vec<Subnet>, ApiError> {
    ids.iter()
        .map(|id| {
            if !is_resource_id(id, "subnet-") {
                return Err(errors::validation(format_args!("The subnet ID '{id}' is not valid")));
            }
            let input = ec2::DescribeSubnetsRequest {
                subnet_ids: Some(vec![id.clone()]),
                ..Default::default()
            };
            let found = snapshot.ask::<ops::DescribeSubnets>(&caller.via(PRINCIPAL), input).ok();
            found
                .and_then(|found| found.subnets?.pop())
                .and_then(subnet)
                .ok_or_else(|| errors::subnet_not_found(id))
        })
        .collect()
}

/// The subnet of a VPC that an address lies in.
pub(crate) fn subnet_of(
    snapshot: &Snapshot,
    caller: &Caller,
    vpc: &SmolStr,
    address: Ipv4Addr,
) -> Option<Subnet> {
    let input = ec2::DescribeSubnetsRequest {
        filters: Some(vec![filter("vpc-id", vpc)]),
        ..Default::default()
    };
    let found = snapshot.ask::<ops::DescribeSubnets>(&caller.via(PRINCIPAL), input).ok()?;
    found.subnets?.into_iter().filter_map(subnet).find(|subnet| subnet.cidr.contains(address))
}

fn filter(name: &'static str, value: &SmolStr) -> ec2::Filter {
    ec2::Filter { name: Some(SmolStr::new_static(name)), values: Some(vec![value.clone()]) }
}

/// Whether there is such a VPC.
pub(crate) fn vpc_exists(snapshot: &Snapshot, caller: &Caller, vpc: &SmolStr) -> bool {
    let input = ec2::DescribeVpcsRequest { vpc_ids: Some(vec![vpc.clone()]), ..Default::default() };
    snapshot.ask::<ops::DescribeVpcs>(&caller.via(PRINCIPAL), input).is_ok()
}

/// Whether the VPC has an internet gateway.
pub(crate) fn has_gateway(snapshot: &Snapshot, caller: &Caller, vpc: &SmolStr) -> bool {
    let input = ec2::DescribeInternetGatewaysRequest {
        filters: Some(vec![filter("attachment.vpc-id", vpc)]),
        ..Default::default()
    };
    let found = snapshot.ask::<ops::DescribeInternetGateways>(&caller.via(PRINCIPAL), input);
    found.is_ok_and(|found| found.internet_gateways.is_some_and(|list| !list.is_empty()))
}

/// Security groups of these ids; none if one is unknown.
fn groups(
    snapshot: &Snapshot,
    caller: &Caller,
    ids: &[SmolStr],
) -> Option<Vec<ec2::SecurityGroup>> {
    let input =
        ec2::DescribeSecurityGroupsRequest { group_ids: Some(ids.to_vec()), ..Default::default() };
    let found = snapshot.ask::<ops::DescribeSecurityGroups>(&caller.via(PRINCIPAL), input);
    found.ok()?.security_groups
}

/// Fails unless these are groups of the VPC.
pub(crate) fn check_groups(
    snapshot: &Snapshot,
    caller: &Caller,
    vpc: &SmolStr,
    ids: &[SmolStr],
) -> Result<(), ApiError> {
    let all = groups(snapshot, caller, ids).ok_or_else(errors::invalid_groups)?;
    match all.iter().all(|group| group.vpc_id.as_ref() == Some(vpc)) {
        true => Ok(()),
        false => Err(errors::invalid_groups()),
    }
}

/// The group that came with the VPC.
pub(crate) fn default_group(
    snapshot: &Snapshot,
    caller: &Caller,
    vpc: &SmolStr,
) -> Option<SmolStr> {
    let input = ec2::DescribeSecurityGroupsRequest {
        filters: Some(vec![
            filter("vpc-id", vpc),
            filter("group-name", &SmolStr::new_static("default")),
        ]),
        ..Default::default()
    };
    let found = snapshot.ask::<ops::DescribeSecurityGroups>(&caller.via(PRINCIPAL), input).ok()?;
    found.security_groups?.pop()?.group_id
}

/// The instance of this id.
pub(crate) fn machine(snapshot: &Snapshot, caller: &Caller, id: &SmolStr) -> Option<Machine> {
    let input = ec2::DescribeInstancesRequest {
        instance_ids: Some(vec![id.clone()]),
        ..Default::default()
    };
    let found = snapshot.ask::<ops::DescribeInstances>(&caller.via(PRINCIPAL), input).ok()?;
    let instance = found.reservations?.pop()?.instances?.pop()?;
    let groups = instance.security_groups.unwrap_or_default();
    Some(Machine {
        state: instance.state?.name?,
        vpc: instance.vpc_id.unwrap_or_default(),
        zone: instance.placement?.availability_zone?,
        groups: groups.into_iter().filter_map(|group| group.group_id).collect(),
    })
}

/// Whether one of these groups lets TCP in on a port: from one of the groups `from`, or from all
/// of each block of `sources`.
pub(crate) fn admits(
    snapshot: &Snapshot,
    caller: &Caller,
    ids: &[SmolStr],
    port: i64,
    from: &[SmolStr],
    sources: &[Cidr],
) -> bool {
    let all = groups(snapshot, caller, ids).unwrap_or_default();
    let rules: Vec<IpPermission> =
        all.into_iter().flat_map(|group| group.ip_permissions.unwrap_or_default()).collect();
    let open: Vec<&IpPermission> = rules.iter().filter(|rule| lets_in(rule, port)).collect();
    let by_group = open.iter().any(|rule| {
        let pairs = rule.user_id_group_pairs.as_deref().unwrap_or_default();
        pairs.iter().filter_map(|pair| pair.group_id.as_ref()).any(|id| from.contains(id))
    });
    let blocks: Vec<Cidr> = open
        .iter()
        .flat_map(|rule| rule.ip_ranges.as_deref().unwrap_or_default())
        .filter_map(|range| Cidr::parse(range.cidr_ip.as_deref()?))
        .collect();
    let by_block =
        !sources.is_empty() && sources.iter().all(|s| blocks.iter().any(|b| b.covers(*s)));
    by_group || by_block
}

fn lets_in(rule: &IpPermission, port: i64) -> bool {
    match rule.ip_protocol.as_deref() {
        Some("-1") => true,
        Some("tcp" | "6") => {
            rule.from_port.unwrap_or(0) <= port && port <= rule.to_port.unwrap_or(65_535)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_and_contain() {
        let cidr = |text| Cidr::parse(text).expect("a block");
        assert!(cidr("10.0.0.0/8").covers(cidr("10.1.0.0/16")));
        assert!(!cidr("10.1.0.0/16").covers(cidr("10.0.0.0/8")));
        assert!(cidr("0.0.0.0/0").contains(Ipv4Addr::new(1, 2, 3, 4)));
        assert!(!cidr("10.0.0.0/24").contains(Ipv4Addr::new(10, 0, 1, 0)));
        assert_eq!(Cidr::parse("10.0.0.0/33"), None);
    }

    #[test]
    fn rules_open_ports() {
        let rule = |protocol: &str, from, to| IpPermission {
            ip_protocol: Some(protocol.into()),
            from_port: from,
            to_port: to,
            ..Default::default()
        };
        assert!(lets_in(&rule("-1", None, None), 80));
        assert!(lets_in(&rule("tcp", Some(80), Some(90)), 85));
        assert!(!lets_in(&rule("tcp", Some(80), Some(90)), 91));
        assert!(!lets_in(&rule("udp", Some(0), Some(65_535)), 80));
    }
}
