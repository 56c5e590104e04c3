//! Network ACLs.
//!
//! "Network ACLs" in the VPC user guide. Every VPC has a default one, which lets everything
//! through; a new one lets nothing through. Every subnet is under exactly one.

mod associations;
mod describe;
mod entries;

use crate::entity::{Entity, specified_tags};
use crate::vpcs::Vpc;
use crate::{errors, tokens};
use api::ec2::{CreateNetworkAclRequest, CreateNetworkAclResult, DeleteNetworkAclRequest};
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

/// The number of the last entry, which denies what no other has matched; it stays.
const LAST: u16 = 32_767;

/// AWS's default quota of ACLs in a VPC.
const MAX_PER_VPC: usize = 200;

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    number: u16,
    egress: bool,
    allow: bool,
    /// An IPv4 or IPv6 block.
    cidr: SmolStr,
    /// The protocol's number, -1 for all.
    #[serde(default = "all_protocols")]
    protocol: i16,
    /// From and to, for TCP and UDP.
    #[serde(default)]
    ports: Option<(u16, u16)>,
    /// Type and code, -1 for all, for ICMP.
    #[serde(default)]
    icmp: Option<(i16, i16)>,
}

const fn all_protocols() -> i16 {
    -1
}

impl Entry {
    /// A rule for everything.
    const fn of_all(number: u16, egress: bool, allow: bool) -> Self {
        let cidr = SmolStr::new_static("0.0.0.0/0");
        Self { number, egress, allow, cidr, protocol: -1, ports: None, icmp: None }
    }

    fn is_ipv6(&self) -> bool {
        self.cidr.contains(':')
    }

    fn action(&self) -> &'static str {
        if self.allow { "allow" } else { "deny" }
    }
}

impl Row for NetworkAcl {
    const TABLE: &'static str = "ec2.network-acls";
    const INDEXES: &'static [&'static str] = &["vpc", "association", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("vpc", self.vpc_id.clone());
        self.associations.iter().for_each(|(id, _)| sink.put("association", id.clone()));
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for NetworkAcl {
    const KIND: &'static str = "network-acl";
    const PREFIX: &'static str = "acl-";
    const INDEXED: &'static [(&'static str, &'static str)] =
        &[("association.association-id", "association"), ("vpc-id", "vpc")];
    const FILTERS: &'static [FilterRow<Self>] = describe::FILTERS;

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
    let entries = vec![
        Entry::of_all(100, true, true),
        Entry::of_all(LAST, true, false),
        Entry::of_all(100, false, true),
        Entry::of_all(LAST, false, false),
    ];
    let id = tx.new_id("acl-");
    let vpc_id = vpc_id.into();
    let (associations, tags) = (Vec::new(), Tags::default());
    tx.put(NetworkAcl { id, vpc_id, is_default: true, entries, associations, tags });
}

fn default_of(snapshot: &Snapshot, vpc_id: &str) -> Option<Arc<NetworkAcl>> {
    snapshot.rows_by::<NetworkAcl>("vpc", vpc_id).find(|acl| acl.is_default).cloned()
}

/// The ACL that a subnet is under.
fn of_subnet(snapshot: &Snapshot, vpc_id: &str, subnet_id: &str) -> Option<Arc<NetworkAcl>> {
    let mut acls = snapshot.rows_by::<NetworkAcl>("vpc", vpc_id);
    acls.find(|acl| acl.associations.iter().any(|(_, subnet)| subnet == subnet_id)).cloned()
}

/// Whether a VPC has an ACL beside its default one.
pub(crate) fn has_own(snapshot: &Snapshot, vpc_id: &str) -> bool {
    snapshot.rows_by::<NetworkAcl>("vpc", vpc_id).any(|acl| !acl.is_default)
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
    if let Some(acl) = of_subnet(tx, vpc_id, subnet_id) {
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

fn create_network_acl(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateNetworkAclRequest,
) -> Result<CreateNetworkAclResult, ApiError> {
    const CALL: &str = "CreateNetworkAcl";
    let kind = NetworkAcl::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    errors::dry_run(input.dry_run)?;
    let print = tokens::fingerprint(&input);
    let token = input.client_token.as_deref();
    let id = match tokens::replayed(tx, CALL, token, print)? {
        Some(first) => first,
        None => {
            let vpc = Vpc::find(tx, &input.vpc_id)?;
            if tx.rows_by::<NetworkAcl>("vpc", &vpc.id).count() >= MAX_PER_VPC {
                return Err(errors::acl_limit_exceeded());
            }
            let id = tx.new_id(NetworkAcl::PREFIX);
            tx.put(NetworkAcl {
                id: id.clone(),
                vpc_id: vpc.id.clone(),
                is_default: false,
                entries: vec![Entry::of_all(LAST, true, false), Entry::of_all(LAST, false, false)],
                associations: Vec::new(),
                tags,
            });
            tokens::remember(tx, CALL, token, print, id.clone());
            id
        }
    };
    let row = NetworkAcl::find(tx, &id)?;
    Ok(CreateNetworkAclResult {
        network_acl: Some(describe::render(tx, &row)),
        client_token: input.client_token,
    })
}

fn delete_network_acl(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteNetworkAclRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let acl = NetworkAcl::find(tx, &input.network_acl_id)?;
    if acl.is_default {
        return Err(errors::default_acl(&acl.id));
    }
    if !acl.associations.is_empty() {
        return Err(errors::has_dependencies("networkAcl", &acl.id));
    }
    tx.remove::<NetworkAcl>(&acl.id);
    Ok(())
}

resource! { ec2:
    operations {
        write CreateNetworkAcl => create_network_acl,
        read DescribeNetworkAcls => describe::describe_network_acls,
        write DeleteNetworkAcl => delete_network_acl,
        write CreateNetworkAclEntry => entries::create_network_acl_entry,
        write ReplaceNetworkAclEntry => entries::replace_network_acl_entry,
        write DeleteNetworkAclEntry => entries::delete_network_acl_entry,
        write ReplaceNetworkAclAssociation => associations::replace_network_acl_association,
    }
    tables { NetworkAcl }
}
