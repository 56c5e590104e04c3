//! What EC2 knows, asked for through its operations as any client would.

use super::{PRINCIPAL, errors};
use api::ec2::{self, IpPermission, ops};
use kernel::{ApiError, Caller, Snapshot};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A subnet of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subnet {
    pub(super) id: SmolStr,
    pub(super) vpc: SmolStr,
    pub(super) zone: SmolStr,
    pub(super) cidr: SmolStr,
}

/// An instance behind a load balancer.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// `pending`, `running`, …
    pub(super) state: SmolStr,
    pub(super) vpc: SmolStr,
    pub(super) zone: SmolStr,
    pub(super) groups: Vec<SmolStr>,
}

fn subnet(wire: ec2::Subnet) -> Option<Subnet> {
    Some(Subnet {
        id: wire.subnet_id?,
        vpc: wire.vpc_id?,
        zone: wire.availability_zone?,
        cidr: wire.cidr_block?,
    })
}

fn filter(name: &'static str, value: &str) -> ec2::Filter {
    ec2::Filter { name: Some(SmolStr::new_static(name)), values: Some(vec![value.into()]) }
}

/// The subnets of these ids.
pub(super) fn subnets(
    snapshot: &Snapshot,
    caller: &Caller,
    ids: &[SmolStr],
) -> Result<Vec<Subnet>, ApiError> {
    let one = |id: &SmolStr| {
        let input = ec2::DescribeSubnetsRequest {
            subnet_ids: Some(vec![id.clone()]),
            ..Default::default()
        };
        let found = snapshot.ask::<ops::DescribeSubnets>(&caller.via(PRINCIPAL), input).ok();
        let found = found.and_then(|found| found.subnets?.pop()).and_then(subnet);
        found.ok_or_else(|| errors::subnet_not_found(id))
    };
    ids.iter().map(one).collect()
}

/// The default subnet of a zone.
pub(super) fn default_subnet(
    snapshot: &Snapshot,
    caller: &Caller,
    zone: &str,
) -> Result<Subnet, ApiError> {
    let input = ec2::DescribeSubnetsRequest {
        filters: Some(vec![filter("availability-zone", zone), filter("default-for-az", "true")]),
        ..Default::default()
    };
    let found = snapshot.ask::<ops::DescribeSubnets>(&caller.via(PRINCIPAL), input).ok();
    let found = found.and_then(|found| found.subnets?.pop()).and_then(subnet);
    found.ok_or_else(|| errors::validation(format_args!("Invalid Availability Zone: {zone}")))
}

fn groups(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ec2::DescribeSecurityGroupsRequest,
) -> Option<Vec<ec2::SecurityGroup>> {
    let found = snapshot.ask::<ops::DescribeSecurityGroups>(&caller.via(PRINCIPAL), input);
    found.ok()?.security_groups
}

fn by_id(ids: &[SmolStr]) -> ec2::DescribeSecurityGroupsRequest {
    ec2::DescribeSecurityGroupsRequest { group_ids: Some(ids.to_vec()), ..Default::default() }
}

/// Fails unless these are groups of the VPC.
pub(super) fn check_groups(
    snapshot: &Snapshot,
    caller: &Caller,
    vpc: &SmolStr,
    ids: &[SmolStr],
) -> Result<(), ApiError> {
    let all = groups(snapshot, caller, by_id(ids)).ok_or_else(errors::invalid_groups)?;
    let inside = all.iter().all(|group| group.vpc_id.as_ref() == Some(vpc));
    if inside { Ok(()) } else { Err(errors::invalid_groups()) }
}

/// The group that came with the VPC.
pub(super) fn default_group(
    snapshot: &Snapshot,
    caller: &Caller,
    vpc: &SmolStr,
) -> Option<SmolStr> {
    let input = ec2::DescribeSecurityGroupsRequest {
        filters: Some(vec![filter("vpc-id", vpc), filter("group-name", "default")]),
        ..Default::default()
    };
    groups(snapshot, caller, input)?.pop()?.group_id
}

/// The name of a group.
pub(super) fn group_name(snapshot: &Snapshot, caller: &Caller, id: &SmolStr) -> Option<SmolStr> {
    groups(snapshot, caller, by_id(std::slice::from_ref(id)))?.pop()?.group_name
}

/// The instance of this id.
pub(super) fn machine(snapshot: &Snapshot, caller: &Caller, id: &SmolStr) -> Option<Machine> {
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

/// Whether one of these groups lets TCP in on a port: from one of the groups `from`, or from each
/// of the blocks `sources`, named just so or as everywhere.
pub(super) fn admits(
    snapshot: &Snapshot,
    caller: &Caller,
    ids: &[SmolStr],
    port: i64,
    from: &[SmolStr],
    sources: &[SmolStr],
) -> bool {
    let all = groups(snapshot, caller, by_id(ids)).unwrap_or_default();
    let rules: Vec<IpPermission> =
        all.into_iter().flat_map(|group| group.ip_permissions.unwrap_or_default()).collect();
    let open: Vec<&IpPermission> = rules.iter().filter(|rule| lets_in(rule, port)).collect();
    let by_group = open.iter().any(|rule| {
        let pairs = rule.user_id_group_pairs.as_deref().unwrap_or_default();
        pairs.iter().filter_map(|pair| pair.group_id.as_ref()).any(|id| from.contains(id))
    });
    let blocks: Vec<&SmolStr> = open
        .iter()
        .flat_map(|rule| rule.ip_ranges.as_deref().unwrap_or_default())
        .filter_map(|range| range.cidr_ip.as_ref())
        .collect();
    let covered = |source: &SmolStr| blocks.iter().any(|block| covers(block, source));
    by_group || (!sources.is_empty() && sources.iter().all(covered))
}

/// Whether all of one IPv4 block lies in another.
fn covers(outer: &str, inner: &str) -> bool {
    let parse = |text: &str| {
        let (base, bits) = text.split_once('/')?;
        let base: std::net::Ipv4Addr = base.parse().ok()?;
        Some((base.to_bits(), bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?))
    };
    let (Some((outer, wide)), Some((inner, narrow))) = (parse(outer), parse(inner)) else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32 - wide).unwrap_or(0);
    wide <= narrow && inner & mask == outer & mask
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
    use super::covers;

    #[test]
    fn blocks_cover_each_other() {
        assert!(covers("0.0.0.0/0", "10.0.0.0/16"));
        assert!(covers("10.0.0.0/8", "10.1.0.0/16"));
        assert!(!covers("10.1.0.0/16", "10.0.0.0/8"));
        assert!(!covers("nonsense", "10.0.0.0/8"));
    }
}
