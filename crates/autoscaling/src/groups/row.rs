//! What is kept of a group.

use crate::attachments::Attachment;
use crate::errors;
use crate::members::Member;
use crate::sources::{Mixed, TemplateRef};
use kernel::{ApiError, IndexSink, Row, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// A zone that the group may launch into, and its subnets there (none for a zone of the default
/// VPC).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) zone: SmolStr,
    pub(crate) subnets: Vec<SmolStr>,
}

/// A tag of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupTag {
    pub(crate) key: SmolStr,
    pub(crate) value: SmolStr,
    pub(crate) propagate: bool,
}

/// A process that was suspended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suspended {
    pub(crate) process: SmolStr,
    /// `User suspended at 2017-09-28T05:35:06Z`
    pub(crate) reason: SmolStr,
}

/// An Auto Scaling group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: SmolStr,
    pub(crate) arn: SmolStr,
    pub(crate) created_at: Timestamp,
    /// Empty if it launches from a template.
    pub(crate) launch_configuration: SmolStr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) template: Option<TemplateRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mixed: Option<Box<Mixed>>,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) desired: i64,
    pub(crate) cooldown_secs: i64,
    pub(crate) places: Vec<Place>,
    /// As it was given; empty when only zones were.
    pub(crate) vpc_zone_identifier: SmolStr,
    pub(crate) health_check_type: SmolStr,
    pub(crate) grace_secs: i64,
    pub(crate) placement_group: Option<SmolStr>,
    pub(crate) termination_policies: Vec<SmolStr>,
    pub(crate) protect_new: bool,
    pub(crate) capacity_rebalance: Option<bool>,
    pub(crate) max_lifetime_secs: Option<i64>,
    pub(crate) context: Option<SmolStr>,
    pub(crate) desired_type: Option<SmolStr>,
    pub(crate) warmup_secs: Option<i64>,
    /// Minimum and maximum healthy percentage.
    pub(crate) maintenance: Option<(i64, i64)>,
    pub(crate) deletion_protection: SmolStr,
    pub(crate) distribution: SmolStr,
    /// Zonal shift enabled, and what becomes of instances in an impaired zone.
    pub(crate) impairment: (bool, SmolStr),
    pub(crate) service_linked_role: SmolStr,
    pub(crate) tags: Vec<GroupTag>,
    pub(crate) suspended: Vec<Suspended>,
    pub(crate) metrics: Vec<SmolStr>,
    /// What stands before the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) deleting: bool,
    /// What the next launches and terminations will give as their cause.
    pub(crate) pending_causes: Vec<String>,
    /// The alarms that asked for it, as JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pending_alarms: Vec<SmolStr>,
    /// A simple scaling policy is at work: the cooldown, in seconds, that begins when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cooldown_pending: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cooldown_ends: Option<Timestamp>,
    /// What predictive scaling wants for the present hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predicted: Option<i64>,
    /// The group does not react to a difference before this instant.
    pub(crate) reacts_at: Timestamp,
    /// Launches that failed in a row.
    pub(crate) failures: u32,
    /// No launch is tried again before this instant.
    pub(crate) retries_at: Option<Timestamp>,
    /// Number of members in service at the last look; a change of it wakes who waits for the group.
    pub(crate) in_service: usize,
}

impl Group {
    /// The group of this name, or AWS's error.
    pub(crate) fn find(snapshot: &Snapshot, name: &str) -> Result<Arc<Self>, ApiError> {
        snapshot.get::<Self>(name).ok_or_else(|| errors::group_not_found(name))
    }

    /// Its instances, and those of its warm pool.
    pub(crate) fn members<'a>(
        &self,
        snapshot: &'a Snapshot,
    ) -> impl Iterator<Item = &'a Arc<Member>> + use<'a> {
        snapshot.rows_by::<Member>("group", &self.name)
    }

    pub(crate) fn is_suspended(&self, process: &str) -> bool {
        self.suspended.iter().any(|s| s.process == process)
    }

    pub(crate) fn sizes(&self) -> (i64, i64, i64) {
        (self.min, self.max, self.desired)
    }

    /// Zones in the service's order.
    pub(crate) fn zones(&self) -> Vec<SmolStr> {
        self.places.iter().map(|p| p.zone.clone()).collect()
    }
}

impl Row for Group {
    const TABLE: &'static str = "autoscaling.groups";
    const INDEXES: &'static [&'static str] = &["launch-configuration", "tag"];

    fn key(&self) -> SmolStr {
        self.name.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        if !self.launch_configuration.is_empty() {
            sink.put("launch-configuration", self.launch_configuration.clone());
        }
        for tag in &self.tags {
            sink.put("tag", format_smolstr!("{}={}", tag.key, tag.value));
        }
    }
}
