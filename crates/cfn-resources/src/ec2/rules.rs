//! Security group rules as templates write them.

use crate::Properties;
use api::ec2::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// Which way the traffic of a rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// One rule as a permission with one peer.
pub(super) fn permission(p: &Properties, direction: Direction) -> IpPermission {
    let description = p.text("Description");
    let (group, prefix_list) = match direction {
        Direction::Ingress => ("SourceSecurityGroupId", "SourcePrefixListId"),
        Direction::Egress => ("DestinationSecurityGroupId", "DestinationPrefixListId"),
    };
    let named = matches!(direction, Direction::Ingress);
    let group_name = p.text("SourceSecurityGroupName").filter(|_| named);
    let pair = (p.has(group) || group_name.is_some()).then(|| UserIdGroupPair {
        description: description.clone(),
        group_id: p.text(group),
        group_name,
        user_id: p.text("SourceSecurityGroupOwnerId").filter(|_| named),
        ..Default::default()
    });
    IpPermission {
        ip_protocol: p.text("IpProtocol"),
        from_port: p.integer("FromPort"),
        to_port: p.integer("ToPort"),
        ip_ranges: p
            .text("CidrIp")
            .map(|cidr| vec![IpRange { cidr_ip: Some(cidr), description: description.clone() }]),
        ipv6_ranges: p.text("CidrIpv6").map(|cidr| {
            vec![Ipv6Range { cidr_ipv6: Some(cidr), description: description.clone() }]
        }),
        prefix_list_ids: p.text(prefix_list).map(|id| {
            vec![PrefixListId { prefix_list_id: Some(id), description: description.clone() }]
        }),
        user_id_group_pairs: pair.map(|pair| vec![pair]),
    }
}

/// The rules of a property.
pub(super) fn permissions(p: &Properties, direction: Direction) -> Vec<IpPermission> {
    let name = match direction {
        Direction::Ingress => "SecurityGroupIngress",
        Direction::Egress => "SecurityGroupEgress",
    };
    p.structures(name).iter().map(|rule| permission(rule, direction)).collect()
}

/// A permission as rules of a template: one for each source or destination.
pub(super) fn flattened(permission: &IpPermission, direction: Direction) -> Vec<Value> {
    let (group, prefix_list) = match direction {
        Direction::Ingress => ("SourceSecurityGroupId", "SourcePrefixListId"),
        Direction::Egress => ("DestinationSecurityGroupId", "DestinationPrefixListId"),
    };
    let protocol = permission.ip_protocol.as_deref().unwrap_or("-1");
    let rule = |name: &str, value: &Option<SmolStr>, description: &Option<SmolStr>| {
        let mut rule = json!({ "IpProtocol": protocol });
        let ports = [("FromPort", permission.from_port), ("ToPort", permission.to_port)];
        for (name, port) in ports.into_iter().filter(|_| protocol != "-1") {
            if let Some(port) = port {
                rule[name] = port.into();
            }
        }
        rule[name] = json!(value);
        if let Some(text) = description {
            rule["Description"] = text.as_str().into();
        }
        rule
    };
    let ipv4 = permission.ip_ranges.iter().flatten();
    let ipv6 = permission.ipv6_ranges.iter().flatten();
    let pairs = permission.user_id_group_pairs.iter().flatten();
    let lists = permission.prefix_list_ids.iter().flatten();
    ipv4.map(|range| rule("CidrIp", &range.cidr_ip, &range.description))
        .chain(ipv6.map(|range| rule("CidrIpv6", &range.cidr_ipv6, &range.description)))
        .chain(pairs.map(|pair| rule(group, &pair.group_id, &pair.description)))
        .chain(lists.map(|list| rule(prefix_list, &list.prefix_list_id, &list.description)))
        .collect()
}

/// What a VPC's group lets out unless its template says otherwise.
pub(super) fn everything() -> IpPermission {
    IpPermission {
        ip_protocol: Some("-1".into()),
        ip_ranges: Some(vec![IpRange { cidr_ip: Some("0.0.0.0/0".into()), description: None }]),
        ..Default::default()
    }
}
