//! Subnets.

use crate::addresses::{AddressPool, OddAddress};
use crate::cidr::Cidr;
use crate::entity::Entity;
use crate::errors;
use kernel::{ApiError, FilterRow, IndexSink, Row, Tags, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub(crate) id: SmolStr,
    pub(crate) vpc_id: SmolStr,
    pub(crate) cidr: Cidr,
    /// `us-west-1a`
    pub(crate) zone: SmolStr,
    pub(crate) default_for_az: bool,
    pub(crate) map_public_ip: bool,
    pub(crate) tags: Tags,
}

impl Row for Subnet {
    const TABLE: &'static str = "ec2.subnets";
    const INDEXES: &'static [&'static str] = &["vpc", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("vpc", self.vpc_id.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for Subnet {
    const KIND: &'static str = "subnet";
    const PREFIX: &'static str = "subnet-";
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow { name: "subnet-id", values: |s, _, emit| emit(&s.id) },
        FilterRow { name: "vpc-id", values: |s, _, emit| emit(&s.vpc_id) },
        FilterRow { name: "availability-zone", values: |s, _, emit| emit(&s.zone) },
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidSubnetID.NotFound", "subnet", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidSubnetId.Malformed", id, Self::PREFIX)
    }
}

resource! { ec2: tables { Subnet, AddressPool, OddAddress } }
