//! What a rule allows, and how requests say it.

use crate::cidr::{Cidr, Cidr6};
use crate::errors;
use crate::security_groups::{SecurityGroup, by_name};
use api::ec2::{IpPermission, UserIdGroupPair};
use crate::entity::Entity;
use kernel::{ApiError, Snapshot};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};

/// What one rule allows. Two rules of a group and direction never allow the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a protocol number.
    pub(crate) protocol: SmolStr,
    /// First port, or ICMP type; -1 for all.
    pub(crate) from: i32,
    /// Last port, or ICMP code; -1 for all.
    pub(crate) to: i32,
    pub(crate) peer: Peer,
}

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Peer {
    V4(Cidr),
    V6(Cidr6),
    /// The interfaces of a group of the same VPC.
    Group(SmolStr),
}

/// A permission and its description.
pub(super) type Described = (Permission, Option<SmolStr>);

impl Permission {
    /// All traffic.
    pub(super) fn all(peer: Peer) -> Self {
        Self { protocol: SmolStr::new_static("-1"), from: -1, to: -1, peer }
    }

    /// Its protocol and ports on the wire, with nobody allowed yet. Protocols without ports show
    /// none.
    pub(super) fn empty(&self) -> IpPermission {
        let has_ports = matches!(self.protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6");
        let port = |port: i32| has_ports.then_some(i64::from(port));
        IpPermission {
            ip_protocol: Some(self.protocol.clone()),
            from_port: port(self.from),
            to_port: port(self.to),
            user_id_group_pairs: Some(Vec::new()),
            ip_ranges: Some(Vec::new()),
            ipv6_ranges: Some(Vec::new()),
            prefix_list_ids: Some(Vec::new()),
        }
    }

    /// As AWS words it in errors.
    pub(super) fn describe(&self) -> String {
        let peer = match &self.peer {
            Peer::V4(cidr) => cidr.to_smolstr(),
            Peer::V6(cidr) => cidr.to_smolstr(),
            Peer::Group(id) => id.clone(),
        };
        let all = |number: i32| match number {
            -1 => SmolStr::new_static("ALL"),
            _ => number.to_smolstr(),
        };
        let what = match self.protocol.as_str() {
            "-1" => "ALL".to_owned(),
            name @ ("tcp" | "udp") => format!(
                "{}, from port: {}, to port: {}",
                name.to_uppercase(),
                self.from,
                self.to
            ),
            name @ ("icmp" | "icmpv6") => format!(
                "{}, type: {}, code: {}",
                name.to_uppercase(),
                all(self.from),
                all(self.to)
            ),
            number => number.to_owned(),
        };
        format!("peer: {peer}, {what}, ALLOW")
    }
}

/// Whether a name or description has only the characters that groups allow, and at most 255.
pub(crate) fn is_plain(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b" ._-:/()#,@[]+=&;{}!$*".contains(&b);
    text.len() <= 255 && text.bytes().all(good)
}

fn description(given: Option<&SmolStr>) -> Result<Option<SmolStr>, ApiError> {
    match given {
        Some(text) if !is_plain(text) => Err(errors::invalid_description("rule")),
        Some(text) if text.is_empty() => Ok(None),
        other => Ok(other.cloned()),
    }
}

/// `tcp` for `6`: the names that answers use. Numbers without a name stay.
fn protocol(given: &str) -> Result<SmolStr, ApiError> {
    let lower = given.to_ascii_lowercase();
    let name = match lower.as_str() {
        "-1" | "all" => "-1",
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        number if number.parse::<u8>().is_ok() => number,
        _ => {
            return Err(errors::invalid_value(format!(
                "Invalid value '{given}' for IP protocol. Unknown protocol."
            )));
        }
    };
    Ok(name.into())
}

fn ports(protocol: &str, from: Option<i64>, to: Option<i64>) -> Result<(i32, i32), ApiError> {
    let checked = |value: i64, range: std::ops::RangeInclusive<i64>, what: &str| {
        let small = i32::try_from(value).ok().filter(|_| range.contains(&value));
        small.ok_or_else(|| errors::invalid_value(format!("{what} ({value}) out of range")))
    };
    match protocol {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(errors::invalid_value(
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for \
                     portRange.",
                ));
            };
            // -1 to -1 was how all ports were said before protocol -1 was.
            if (from, to) == (-1, -1) {
                return Ok((0, 65_535));
            }
            let (first, last) =
                (checked(from, 0..=65_535, "TCP/UDP port")?, checked(to, 0..=65_535, "TCP/UDP port")?);
            if first > last {
                let text = format!("Invalid TCP/UDP port range ({from}:{to})");
                return Err(errors::invalid_value(text));
            }
            Ok((first, last))
        }
        "icmp" | "icmpv6" => Ok((
            checked(from.unwrap_or(-1), -1..=255, "ICMP type")?,
            checked(to.unwrap_or(-1), -1..=255, "ICMP code")?,
        )),
        _ => Ok((-1, -1)),
    }
}

fn malformed_block(text: &str) -> ApiError {
    errors::invalid_value(format!("CIDR block {text} is malformed"))
}

/// An IPv4 block as a peer; EC2 clears the bits beyond the prefix.
pub(super) fn v4(text: &str) -> Result<Peer, ApiError> {
    Cidr::parse(text).map(Peer::V4).ok_or_else(|| malformed_block(text))
}

/// An IPv6 block as a peer.
pub(super) fn v6(text: &str) -> Result<Peer, ApiError> {
    Cidr6::parse(text).map(Peer::V6).ok_or_else(|| malformed_block(text))
}

/// A group of the same VPC as a peer.
pub(super) fn peer_group(
    snapshot: &Snapshot,
    group: &SecurityGroup,
    id: &str,
) -> Result<Peer, ApiError> {
    let referenced = SecurityGroup::find(snapshot, id)?;
    if referenced.vpc_id != group.vpc_id {
        return Err(errors::different_networks());
    }
    Ok(Peer::Group(referenced.id.clone()))
}

fn pair(
    snapshot: &Snapshot,
    group: &SecurityGroup,
    pair: &UserIdGroupPair,
) -> Result<Peer, ApiError> {
    let id = pair.group_id.as_deref().filter(|id| !id.is_empty());
    let name = pair.group_name.as_deref().filter(|name| !name.is_empty());
    if pair.user_id.as_deref().is_some_and(|user| !user.is_empty() && user != snapshot.account()) {
        return Err(errors::group_not_found(id.or(name).unwrap_or_default()));
    }
    match (id, name) {
        (Some(id), _) => peer_group(snapshot, group, id),
        (None, Some(name)) => by_name(snapshot, &group.vpc_id, name)
            .map(|referenced| Peer::Group(referenced.id.clone()))
            .ok_or_else(|| errors::group_name_not_found(name, &group.vpc_id)),
        (None, None) => Err(errors::missing_parameter("groupId")),
    }
}

/// Protocol and ports of a request, normalised, with their peer.
pub(super) fn permission(
    given: Option<&str>,
    from: Option<i64>,
    to: Option<i64>,
    peer: Peer,
) -> Result<Permission, ApiError> {
    let given = given.ok_or_else(|| errors::missing_parameter("ipProtocol"))?;
    let protocol = protocol(given)?;
    let (from, to) = ports(&protocol, from, to)?;
    Ok(Permission { protocol, from, to, peer })
}

/// The rules that one `IpPermission` stands for.
pub(super) fn parse(
    snapshot: &Snapshot,
    group: &SecurityGroup,
    given: &IpPermission,
) -> Result<Vec<Described>, ApiError> {
    let mut peers: Vec<(Peer, Option<SmolStr>)> = Vec::new();
    for range in given.ip_ranges.as_deref().unwrap_or_default() {
        let text = range.cidr_ip.as_deref().unwrap_or_default();
        peers.push((v4(text)?, description(range.description.as_ref())?));
    }
    for range in given.ipv6_ranges.as_deref().unwrap_or_default() {
        let text = range.cidr_ipv6.as_deref().unwrap_or_default();
        peers.push((v6(text)?, description(range.description.as_ref())?));
    }
    if let Some(list) = given.prefix_list_ids.as_deref().and_then(|lists| lists.first()) {
        let id = list.prefix_list_id.as_deref().unwrap_or_default();
        return Err(errors::prefix_list_not_found(id));
    }
    for given in given.user_id_group_pairs.as_deref().unwrap_or_default() {
        peers.push((pair(snapshot, group, given)?, description(given.description.as_ref())?));
    }
    let from_wire = |(peer, description)| {
        let protocol = given.ip_protocol.as_deref();
        Ok((permission(protocol, given.from_port, given.to_port, peer)?, description))
    };
    peers.into_iter().map(from_wire).collect()
}

/// All the rules that a request stands for: at least one, none of them twice.
pub(super) fn parse_all(
    snapshot: &Snapshot,
    group: &SecurityGroup,
    given: &[IpPermission],
) -> Result<Vec<Described>, ApiError> {
    let mut all: Vec<Described> = Vec::new();
    for wire in given {
        let rules = parse(snapshot, group, wire)?;
        if rules.is_empty() {
            return Err(errors::missing_parameter("ipRanges"));
        }
        for rule in rules {
            if all.iter().any(|(other, _)| *other == rule.0) {
                return Err(errors::invalid_value(
                    "The same permission must not appear multiple times",
                ));
            }
            all.push(rule);
        }
    }
    if all.is_empty() { Err(errors::missing_parameter("ipPermissions")) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_and_ports_are_normalised() {
        let anywhere = || v4("0.0.0.0/0").expect("a block");
        let check = |given, from, to, want: Result<(&str, i32, i32), &str>| {
            let got = permission(Some(given), from, to, anywhere());
            let got = got.as_ref().map(|p| (p.protocol.as_str(), p.from, p.to));
            assert_eq!(got.map_err(|e| e.message.as_str()), want, "{given} {from:?} {to:?}");
        };
        check("6", Some(22), Some(22), Ok(("tcp", 22, 22)));
        check("TCP", Some(-1), Some(-1), Ok(("tcp", 0, 65_535)));
        check("-1", Some(5), Some(6), Ok(("-1", -1, -1)));
        check("50", Some(5), Some(6), Ok(("50", -1, -1)));
        check("icmp", None, None, Ok(("icmp", -1, -1)));
        check("icmp", Some(8), Some(-1), Ok(("icmp", 8, -1)));
        check("udp", Some(1), Some(70_000), Err("TCP/UDP port (70000) out of range"));
        check("tcp", Some(90), Some(80), Err("Invalid TCP/UDP port range (90:80)"));
        check("x", None, None, Err("Invalid value 'x' for IP protocol. Unknown protocol."));
    }

    #[test]
    fn rules_are_worded_as_in_duplicate_errors() {
        let word = |given, from, to| {
            let peer = v4("0.0.0.0/0").expect("a block");
            permission(Some(given), from, to, peer).expect("a rule").describe()
        };
        let ssh = "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW";
        assert_eq!(word("tcp", Some(22), Some(22)), ssh);
        assert_eq!(word("-1", None, None), "peer: 0.0.0.0/0, ALL, ALLOW");
        let ping = "peer: 0.0.0.0/0, ICMP, type: ALL, code: ALL, ALLOW";
        assert_eq!(word("icmp", None, None), ping);
    }
}
