//! Virtual private clouds.
//!
//! Every VPC comes with a main route table, a default network ACL and a default security group,
//! which go with it ("VPC basics", DeleteVpc). IPv6 blocks, IPAM pools, secondary blocks and
//! encryption controls are left out; requests that want them say so.

mod attributes;
mod create;
mod delete;

pub(crate) use create::{PREFIXES, create_default};

use crate::cidr::Cidr;
use crate::entity::{Entity, Query, render_tags};
use crate::errors;
use api::ec2::{
    BlockPublicAccessStates, DescribeVpcsRequest, DescribeVpcsResult, VpcCidrBlockAssociation,
    VpcCidrBlockState,
};
use kernel::{
    ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};
use std::sync::Arc;

/// How many VPCs a region holds. AWS's default quota is 5 and is raised on request to hundreds.
pub(crate) const MAX_VPCS: usize = 1_000;

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vpc {
    pub(crate) id: SmolStr,
    pub(crate) cidr: Cidr,
    /// `vpc-cidr-assoc-…`
    pub(crate) cidr_association: SmolStr,
    pub(crate) is_default: bool,
    /// `default` or `dedicated`
    pub(crate) tenancy: SmolStr,
    pub(crate) dhcp_options: SmolStr,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    /// Whether network address usage metrics are on.
    #[serde(default)]
    pub(crate) address_metrics: bool,
    /// When it becomes available.
    pub(crate) available_at: Timestamp,
    pub(crate) tags: Tags,
}

impl Row for Vpc {
    const TABLE: &'static str = "ec2.vpcs";
    const INDEXES: &'static [&'static str] = &["tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for Vpc {
    const KIND: &'static str = "vpc";
    const PREFIX: &'static str = "vpc-";
    const FILTERS: &'static [FilterRow<Self>] = FILTERS;

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidVpcID.NotFound", "vpc", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidVpcId.Malformed", id, Self::PREFIX)
    }
}

/// Filters of DescribeVpcs. No VPC has an IPv6 block.
static FILTERS: &[FilterRow<Vpc>] = &[
    FilterRow { name: "cidr", values: |v, _, emit| emit(&v.cidr.to_string()) },
    FilterRow {
        name: "cidr-block-association.cidr-block",
        values: |v, _, emit| emit(&v.cidr.to_string()),
    },
    FilterRow {
        name: "cidr-block-association.association-id",
        values: |v, _, emit| emit(&v.cidr_association),
    },
    FilterRow { name: "cidr-block-association.state", values: |_, _, emit| emit("associated") },
    FilterRow { name: "dhcp-options-id", values: |v, _, emit| emit(&v.dhcp_options) },
    FilterRow { name: "ipv6-cidr-block-association.ipv6-cidr-block", values: |_, _, _| () },
    FilterRow { name: "ipv6-cidr-block-association.ipv6-pool", values: |_, _, _| () },
    FilterRow { name: "ipv6-cidr-block-association.association-id", values: |_, _, _| () },
    FilterRow { name: "ipv6-cidr-block-association.state", values: |_, _, _| () },
    FilterRow { name: "is-default", values: is_default },
    FilterRow { name: "isDefault", values: is_default },
    FilterRow { name: "owner-id", values: |_, s, emit| emit(s.account()) },
    FilterRow { name: "state", values: |v, s, emit| emit(v.state(s)) },
    FilterRow { name: "vpc-id", values: |v, _, emit| emit(&v.id) },
];

fn is_default(vpc: &Vpc, _: &Snapshot, emit: &mut dyn FnMut(&str)) {
    emit(bool_text(vpc.is_default));
}

impl Vpc {
    /// `pending` until its time has come.
    pub(crate) fn state(&self, snapshot: &Snapshot) -> &'static str {
        if snapshot.now() < self.available_at { "pending" } else { "available" }
    }
}

/// The default VPC, if the account still has one here.
pub(crate) fn default_vpc(snapshot: &Snapshot) -> Option<Arc<Vpc>> {
    snapshot.rows::<Vpc>().find(|vpc| vpc.is_default).cloned()
}

/// A boolean as filters spell it.
pub(crate) fn bool_text(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn describe_vpcs(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeVpcsRequest,
) -> Result<DescribeVpcsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeVpcs",
        ids: input.vpc_ids.as_deref(),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<Vpc>(snapshot)?;
    let items = page.items.iter().map(|row| api::ec2::Vpc {
        block_public_access_states: open_to_internet(),
        ..render(snapshot, row)
    });
    Ok(DescribeVpcsResult { vpcs: Some(items.collect()), next_token: page.next })
}

/// "VPC Block Public Access" is off.
pub(crate) fn open_to_internet() -> Option<BlockPublicAccessStates> {
    let off = Some(SmolStr::new_static("off"));
    Some(BlockPublicAccessStates { internet_gateway_block_mode: off })
}

fn render(snapshot: &Snapshot, row: &Vpc) -> api::ec2::Vpc {
    let cidr = row.cidr.to_smolstr();
    let state = Some(SmolStr::new_static("associated"));
    let association = VpcCidrBlockAssociation {
        association_id: Some(row.cidr_association.clone()),
        cidr_block: Some(cidr.clone()),
        cidr_block_state: Some(VpcCidrBlockState { state, ..Default::default() }),
    };
    api::ec2::Vpc {
        owner_id: Some(snapshot.account().clone()),
        instance_tenancy: Some(row.tenancy.clone()),
        cidr_block_association_set: Some(vec![association]),
        is_default: Some(row.is_default),
        tags: render_tags(&row.tags),
        vpc_id: Some(row.id.clone()),
        state: Some(SmolStr::new_static(row.state(snapshot))),
        cidr_block: Some(cidr),
        dhcp_options_id: Some(row.dhcp_options.clone()),
        ..Default::default()
    }
}

resource! { ec2:
    operations {
        write CreateVpc => create::create_vpc,
        write CreateDefaultVpc => create::create_default_vpc,
        read DescribeVpcs => describe_vpcs,
        write DeleteVpc => delete::delete_vpc,
        read DescribeVpcAttribute => attributes::describe_vpc_attribute,
        write ModifyVpcAttribute => attributes::modify_vpc_attribute,
    }
    tables { Vpc }
}
