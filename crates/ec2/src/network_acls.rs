//! Network ACLs: each VPC's default one, which lets everything through.

use crate::entity::{Entity, Query, render_tag_list};
use crate::errors;
use crate::vpcs::bool_text;
use api::ec2::{
    DescribeNetworkAclsRequest, DescribeNetworkAclsResult, NetworkAclAssociation, NetworkAclEntry,
};
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// A network ACL. A default one has a fixed set of entries ("Default network ACL": number 100
/// allows all, the last one, shown as `*`, denies the rest).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NetworkAcl {
    id: SmolStr,
    vpc_id: SmolStr,
    is_default: bool,
    entries: Vec<Entry>,
    /// Association and subnet: every subnet of a VPC has exactly one ACL.
    associations: Vec<(SmolStr, SmolStr)>,
    tags: Tags,
}

/// A rule for all protocols.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    number: u16,
    egress: bool,
    allow: bool,
    cidr: SmolStr,
}

impl Entry {
    fn action(&self) -> &'static str {
        if self.allow { "allow" } else { "deny" }
    }
}

impl Row for NetworkAcl {
    const TABLE: &'static str = "ec2.network-acls";
    const INDEXES: &'static [&'static str] = &["vpc", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("vpc", self.vpc_id.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for NetworkAcl {
    const KIND: &'static str = "network-acl";
    const PREFIX: &'static str = "acl-";
    const INDEXED: &'static [(&'static str, &'static str)] = &[("vpc-id", "vpc")];
    const FILTERS: &'static [FilterRow<Self>] = &[
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
        FilterRow {
            name: "entry.cidr",
            values: |a, _, emit| a.entries.iter().for_each(|e| emit(&e.cidr)),
        },
        FilterRow { name: "entry.icmp.code", values: |_, _, _| () },
        FilterRow { name: "entry.icmp.type", values: |_, _, _| () },
        FilterRow { name: "entry.ipv6-cidr", values: |_, _, _| () },
        FilterRow { name: "entry.port-range.from", values: |_, _, _| () },
        FilterRow { name: "entry.port-range.to", values: |_, _, _| () },
        FilterRow {
            name: "entry.protocol",
            values: |a, _, emit| a.entries.iter().for_each(|_| emit("-1")),
        },
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

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidNetworkAclID.NotFound", "networkAcl", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidNetworkAclId.Malformed", id, Self::PREFIX)
    }
}

/// Gives a new VPC its default ACL.
pub(crate) fn create_default(tx: &mut Tx, vpc_id: &str) {
    const LAST: u16 = 32_767;
    let entry = |number, egress, allow| Entry {
        number,
        egress,
        allow,
        cidr: SmolStr::new_static("0.0.0.0/0"),
    };
    let entries = vec![
        entry(100, true, true),
        entry(LAST, true, false),
        entry(100, false, true),
        entry(LAST, false, false),
    ];
    let id = tx.new_id("acl-");
    let vpc_id = vpc_id.into();
    let (associations, tags) = (Vec::new(), Tags::default());
    tx.put(NetworkAcl { id, vpc_id, is_default: true, entries, associations, tags });
}

fn default_of(snapshot: &Snapshot, vpc_id: &str) -> Option<Arc<NetworkAcl>> {
    snapshot.rows_by::<NetworkAcl>("vpc", vpc_id).find(|acl| acl.is_default).cloned()
}

/// Puts a new subnet under its VPC's default ACL.
pub(crate) fn associate(tx: &mut Tx, vpc_id: &str, subnet_id: &str) {
    if let Some(acl) = default_of(tx, vpc_id) {
        let association = tx.new_id("aclassoc-");
        tx.update::<NetworkAcl>(&acl.id, |a| a.associations.push((association, subnet_id.into())));
    }
}

/// Forgets a subnet that is deleted.
pub(crate) fn disassociate(tx: &mut Tx, vpc_id: &str, subnet_id: &str) {
    if let Some(acl) = default_of(tx, vpc_id) {
        tx.update::<NetworkAcl>(&acl.id, |a| a.associations.retain(|(_, s)| s != subnet_id));
    }
}

/// Removes the ACLs of a VPC that is deleted.
pub(crate) fn remove_all(tx: &mut Tx, vpc_id: &str) {
    let ids: Vec<_> = tx.rows_by::<NetworkAcl>("vpc", vpc_id).map(|a| a.id.clone()).collect();
    for id in ids {
        tx.remove::<NetworkAcl>(&id);
    }
}

fn describe_network_acls(
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

fn render(snapshot: &Snapshot, row: &NetworkAcl) -> api::ec2::NetworkAcl {
    let association = |(id, subnet): &(SmolStr, SmolStr)| NetworkAclAssociation {
        network_acl_association_id: Some(id.clone()),
        network_acl_id: Some(row.id.clone()),
        subnet_id: Some(subnet.clone()),
    };
    let entry = |entry: &Entry| NetworkAclEntry {
        cidr_block: Some(entry.cidr.clone()),
        egress: Some(entry.egress),
        protocol: Some(SmolStr::new_static("-1")),
        rule_action: Some(SmolStr::new_static(entry.action())),
        rule_number: Some(i64::from(entry.number)),
        ..Default::default()
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

resource! { ec2:
    operations { read DescribeNetworkAcls => describe_network_acls }
    tables { NetworkAcl }
}
