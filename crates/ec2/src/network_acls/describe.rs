//! DescribeNetworkAcls, its filters, and how an ACL looks on the wire.

use super::{Entry, NetworkAcl};
use crate::entity::{Query, render_tag_list};
use crate::errors;
use crate::vpcs::bool_text;
use api::ec2::{
    DescribeNetworkAclsRequest, DescribeNetworkAclsResult, IcmpTypeCode, NetworkAclAssociation,
    NetworkAclEntry, PortRange,
};
use kernel::{ApiError, Caller, FilterRow, Snapshot};
use smol_str::{SmolStr, ToSmolStr};

/// A number that some entries have.
macro_rules! of_entries {
    ($name:literal, |$e:ident| $value:expr) => {
        FilterRow {
            name: $name,
            values: |a, _, emit| {
                a.entries.iter().filter_map(|$e| $value).for_each(|n| emit(&n.to_smolstr()));
            },
        }
    };
}

/// The blocks of one version of the protocol.
fn cidrs(acl: &NetworkAcl, ipv6: bool, emit: &mut dyn FnMut(&str)) {
    let entries = acl.entries.iter().filter(|entry| entry.is_ipv6() == ipv6);
    entries.for_each(|entry| emit(&entry.cidr));
}

pub(super) static FILTERS: &[FilterRow<NetworkAcl>] = &[
    FilterRow {
        name: "association.association-id",
        values: |a, _, emit| a.associations.iter().for_each(|(id, _)| emit(id)),
    },
    FilterRow {
        name: "association.network-acl-id",
        values: |a, _, emit| a.associations.iter().for_each(|_| emit(&a.id)),
    },
    FilterRow {
        name: "association.subnet-id",
        values: |a, _, emit| a.associations.iter().for_each(|(_, subnet)| emit(subnet)),
    },
    FilterRow { name: "default", values: |a, _, emit| emit(bool_text(a.is_default)) },
    FilterRow { name: "entry.cidr", values: |a, _, emit| cidrs(a, false, emit) },
    of_entries!("entry.icmp.code", |e| e.icmp.map(|(_, code)| code)),
    of_entries!("entry.icmp.type", |e| e.icmp.map(|(kind, _)| kind)),
    FilterRow { name: "entry.ipv6-cidr", values: |a, _, emit| cidrs(a, true, emit) },
    of_entries!("entry.port-range.from", |e| e.ports.map(|(from, _)| from)),
    of_entries!("entry.port-range.to", |e| e.ports.map(|(_, to)| to)),
    of_entries!("entry.protocol", |e| Some(e.protocol)),
    FilterRow {
        name: "entry.rule-action",
        values: |a, _, emit| a.entries.iter().for_each(|e| emit(e.action())),
    },
    FilterRow {
        name: "entry.egress",
        values: |a, _, emit| a.entries.iter().for_each(|e| emit(bool_text(e.egress))),
    },
    FilterRow {
        name: "entry.rule-number",
        values: |a, _, emit| a.entries.iter().for_each(|e| emit(&e.number.to_string())),
    },
    FilterRow { name: "network-acl-id", values: |a, _, emit| emit(&a.id) },
    FilterRow { name: "owner-id", values: |_, s, emit| emit(s.account()) },
    FilterRow { name: "vpc-id", values: |a, _, emit| emit(&a.vpc_id) },
];

pub(super) fn describe_network_acls(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeNetworkAclsRequest,
) -> Result<DescribeNetworkAclsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeNetworkAcls",
        ids: input.network_acl_ids.as_deref(),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<NetworkAcl>(snapshot)?;
    let items = page.items.iter().map(|row| render(snapshot, row)).collect();
    Ok(DescribeNetworkAclsResult { network_acls: Some(items), next_token: page.next })
}

pub(super) fn render(snapshot: &Snapshot, row: &NetworkAcl) -> api::ec2::NetworkAcl {
    let association = |(id, subnet): &(SmolStr, SmolStr)| NetworkAclAssociation {
        network_acl_association_id: Some(id.clone()),
        network_acl_id: Some(row.id.clone()),
        subnet_id: Some(subnet.clone()),
    };
    let entry = |entry: &Entry| NetworkAclEntry {
        cidr_block: (!entry.is_ipv6()).then(|| entry.cidr.clone()),
        egress: Some(entry.egress),
        icmp_type_code: entry.icmp.map(|(kind, code)| IcmpTypeCode {
            code: Some(i64::from(code)),
            r#type: Some(i64::from(kind)),
        }),
        ipv6_cidr_block: entry.is_ipv6().then(|| entry.cidr.clone()),
        port_range: entry.ports.map(|(from, to)| PortRange {
            from: Some(i64::from(from)),
            to: Some(i64::from(to)),
        }),
        protocol: Some(entry.protocol.to_smolstr()),
        rule_action: Some(SmolStr::new_static(entry.action())),
        rule_number: Some(i64::from(entry.number)),
    };
    api::ec2::NetworkAcl {
        associations: Some(row.associations.iter().map(association).collect()),
        entries: Some(row.entries.iter().map(entry).collect()),
        is_default: Some(row.is_default),
        network_acl_id: Some(row.id.clone()),
        tags: render_tag_list(&row.tags),
        vpc_id: Some(row.vpc_id.clone()),
        owner_id: Some(snapshot.account().clone()),
    }
}

