//! What is kept of an instance.

use super::faults::group_of;
use crate::entity::Entity;
use crate::errors;
use crate::network_interfaces::NetworkInterface;
use kernel::{ApiError, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// Where an instance is in its life. Codes and names are EC2's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl State {
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// Whether it is on its way out, or gone.
    pub(crate) const fn is_ending(self) -> bool {
        matches!(self, Self::ShuttingDown | Self::Terminated)
    }
}

/// Why an instance is in its state, as `StateReason` and `StateTransitionReason` say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    /// `Client.UserInitiatedShutdown`, …
    pub(crate) code: SmolStr,
    pub(crate) message: SmolStr,
    /// `User initiated (2017-09-28 05:35:06 GMT)`
    pub(crate) transition: SmolStr,
}

/// What the instances of one request have in common; they share it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) reservation: SmolStr,
    /// The service that asked, as AWS shows it for Auto Scaling's launches.
    pub(crate) requester_id: Option<SmolStr>,
    pub(crate) image_id: SmolStr,
    pub(crate) instance_type: SmolStr,
    /// Empty if none.
    pub(crate) key_name: SmolStr,
    pub(crate) zone: SmolStr,
    pub(crate) vpc_id: SmolStr,
    pub(crate) subnet_id: SmolStr,
    pub(crate) tenancy: SmolStr,
    pub(crate) placement_group: SmolStr,
    pub(crate) architecture: SmolStr,
    pub(crate) root_device_name: SmolStr,
    pub(crate) platform: Option<SmolStr>,
    pub(crate) platform_details: SmolStr,
    pub(crate) usage_operation: SmolStr,
    pub(crate) boot_mode: SmolStr,
    pub(crate) ena_support: bool,
    pub(crate) cores: u16,
    pub(crate) threads_per_core: u8,
    pub(crate) ebs_optimized: bool,
    pub(crate) client_token: SmolStr,
    /// Base64, as it was given; empty if none.
    pub(crate) user_data: String,
    /// ARN and id of the instance profile.
    pub(crate) profile: Option<(SmolStr, SmolStr)>,
    /// `spot`, or empty.
    pub(crate) lifecycle: SmolStr,
    pub(crate) hostname_type: SmolStr,
    pub(crate) dns_a_record: bool,
    pub(crate) hibernation: bool,
    pub(crate) enclave: bool,
    /// `standard` or `unlimited`, for burstable types.
    pub(crate) cpu_credits: SmolStr,
    pub(crate) metadata: MetadataOptions,
}

/// The instance metadata service's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MetadataOptions {
    /// `required` or `optional`
    pub(crate) http_tokens: SmolStr,
    pub(crate) hop_limit: u32,
    /// `enabled` or `disabled`
    pub(crate) http_endpoint: SmolStr,
    pub(crate) http_protocol_ipv6: SmolStr,
    pub(crate) instance_metadata_tags: SmolStr,
}

/// Failing status checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Impairment {
    /// The fault's id.
    pub(crate) fault: SmolStr,
    pub(crate) since: Timestamp,
    /// The instance status check fails.
    pub(crate) instance: bool,
    /// The system status check fails.
    pub(crate) system: bool,
}

/// The coming interruption of a Spot Instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpotNotice {
    /// When a rebalance was recommended.
    pub(crate) recommended_at: Timestamp,
    /// When the notice is given.
    pub(crate) noticed_at: Timestamp,
    /// When it is interrupted.
    pub(crate) ends_at: Timestamp,
}

/// An instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) id: SmolStr,
    pub(crate) launch: Arc<Launch>,
    /// Its place among the instances of its request, from 0.
    pub(crate) launch_index: u32,
    pub(crate) launched_at: Timestamp,
    pub(crate) state: State,
    /// When the present state turns into the next; none for states that stay.
    pub(crate) due: Option<Timestamp>,
    /// Since when it has been running.
    pub(crate) running_since: Option<Timestamp>,
    pub(crate) reason: Option<Box<Reason>>,
    /// Its primary network interface; none once it has been terminated.
    pub(crate) interface: Option<SmolStr>,
    /// Its other network interfaces, in the order of their device indexes.
    #[serde(default)]
    pub(crate) more_interfaces: Box<[SmolStr]>,
    /// Volumes in the order of their device names.
    pub(crate) volumes: Box<[SmolStr]>,
    pub(crate) monitoring: bool,
    pub(crate) disable_api_termination: bool,
    pub(crate) disable_api_stop: bool,
    /// Whether a shutdown from within terminates it; otherwise it stops.
    pub(crate) shutdown_terminates: bool,
    /// The Spot request that it was launched for.
    #[serde(default)]
    pub(crate) spot_request: Option<SmolStr>,
    /// Which of its status checks fail, and why.
    #[serde(default)]
    pub(crate) impaired: Option<Box<Impairment>>,
    /// When it will be interrupted.
    #[serde(default)]
    pub(crate) notice: Option<Box<SpotNotice>>,
    pub(crate) tags: Tags,
}

impl Instance {
    pub(crate) fn is_pending(&self) -> bool {
        self.state == State::Pending
    }

    /// It runs, and nothing ails or threatens it.
    fn simply_runs(&self) -> bool {
        self.state == State::Running && self.impaired.is_none() && self.notice.is_none()
    }

    pub(crate) fn primary(&self, snapshot: &Snapshot) -> Option<Arc<NetworkInterface>> {
        snapshot.get(self.interface.as_deref()?)
    }
}

impl Row for Instance {
    const TABLE: &'static str = "ec2.instances";
    /// `unsettled`: the Auto Scaling group of an instance that does not simply run. `impaired`: the
    /// id of an instance that fails a status check.
    const INDEXES: &'static [&'static str] = &["reservation", "tag", "unsettled", "impaired"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        // A repeated request looks for what the first one launched; others are never looked up.
        if !self.launch.client_token.is_empty() {
            sink.put("reservation", self.launch.reservation.clone());
        }
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
        if !self.simply_runs()
            && let Some(group) = group_of(&self.tags)
        {
            sink.put("unsettled", group);
        }
        if self.impaired.is_some() {
            sink.put("impaired", self.id.clone());
        }
    }
}

impl Entity for Instance {
    const KIND: &'static str = "instance";
    const PREFIX: &'static str = "i-";
    const FILTERS: &'static [FilterRow<Self>] = super::filters::FILTERS;

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidInstanceID.NotFound", "instance", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::instance_malformed(id)
    }
}
