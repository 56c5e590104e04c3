//! The instances that belong to groups.

use kernel::{IndexSink, Row, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Where an instance is in its life in the group. Texts are AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LifecycleState {
    Pending,
    InService,
    Terminating,
    Standby,
}

impl LifecycleState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
            Self::Standby => "Standby",
        }
    }
}

/// An instance of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) instance_id: SmolStr,
    pub(crate) group: SmolStr,
    pub(crate) instance_type: SmolStr,
    pub(crate) image_id: SmolStr,
    pub(crate) zone: SmolStr,
    /// Empty for an attached instance.
    pub(crate) launch_configuration: SmolStr,
    pub(crate) state: LifecycleState,
    pub(crate) healthy: bool,
    pub(crate) protected: bool,
    pub(crate) joined_at: Timestamp,
    /// Since when EC2 says it runs; registering begins then.
    pub(crate) running_since: Option<Timestamp>,
    /// Since when EC2 says it does not run although it should.
    pub(crate) down_since: Option<Timestamp>,
    /// Since when it is in service: the grace period counts from here.
    pub(crate) in_service_since: Option<Timestamp>,
    /// Whether a user said that it is unhealthy.
    pub(crate) user_unhealthy: bool,
    /// The activity that its present transition belongs to.
    pub(crate) activity: Option<SmolStr>,
}

impl Row for Member {
    const TABLE: &'static str = "autoscaling.members";
    const INDEXES: &'static [&'static str] = &["group"];

    fn key(&self) -> SmolStr {
        self.instance_id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
    }
}
