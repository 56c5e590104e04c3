//! Virtual private clouds.

use crate::cidr::Cidr;
use crate::entity::Entity;
use crate::errors;
use kernel::{ApiError, FilterRow, IndexSink, Row, Tags, Timestamp, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

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
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow { name: "vpc-id", values: |v, _, emit| emit(&v.id) },
        FilterRow { name: "cidr", values: |v, _, emit| emit(&v.cidr.to_string()) },
        FilterRow { name: "is-default", values: |v, _, emit| emit(bool_text(v.is_default)) },
    ];

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

/// A boolean as filters spell it.
pub(crate) fn bool_text(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

resource! { ec2: tables { Vpc } }
