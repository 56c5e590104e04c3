//! Security groups.

use crate::entity::Entity;
use crate::errors;
use kernel::{ApiError, FilterRow, IndexSink, Row, Snapshot, Tags, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// A security group. Its rules are rows of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SecurityGroup {
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) description: SmolStr,
    pub(crate) vpc_id: SmolStr,
    pub(crate) tags: Tags,
}

impl Row for SecurityGroup {
    const TABLE: &'static str = "ec2.security-groups";
    const INDEXES: &'static [&'static str] = &["vpc", "name", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("vpc", self.vpc_id.clone());
        sink.put("name", self.name.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for SecurityGroup {
    const KIND: &'static str = "security-group";
    const PREFIX: &'static str = "sg-";
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow { name: "group-id", values: |g, _, emit| emit(&g.id) },
        FilterRow { name: "group-name", values: |g, _, emit| emit(&g.name) },
        FilterRow { name: "vpc-id", values: |g, _, emit| emit(&g.vpc_id) },
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::group_not_found(ids.first().copied().unwrap_or_default())
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidGroupId.Malformed", id, Self::PREFIX)
    }
}

/// A group as interfaces refer to it. Names never change, so they are kept along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupRef {
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
}

impl GroupRef {
    pub(crate) fn of(group: &SecurityGroup) -> Self {
        Self { id: group.id.clone(), name: group.name.clone() }
    }
}

/// The group of this name in a VPC.
pub(crate) fn by_name(snapshot: &Snapshot, vpc: &str, name: &str) -> Option<Arc<SecurityGroup>> {
    snapshot.rows_by::<SecurityGroup>("name", name).find(|g| g.vpc_id == vpc).cloned()
}

resource! { ec2: tables { SecurityGroup } }
