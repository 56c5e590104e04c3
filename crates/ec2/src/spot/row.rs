//! What is kept of a Spot Instance request.

use crate::entity::Entity;
use crate::errors;
use kernel::{ApiError, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// Where a request is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Open,
    Active,
    Closed,
    Cancelled,
    Failed,
}

impl State {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Active => "active",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// The codes of "Spot request status" in the user guide that happen here, with their messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    PendingEvaluation,
    Fulfilled,
    CapacityNotAvailable,
    BadParameters,
    ScheduleExpired,
    CanceledBeforeFulfillment,
    RequestCanceledAndInstanceRunning,
    MarkedForTermination,
    InstanceTerminatedByUser,
    InstanceTerminatedNoCapacity,
}

impl Status {
    /// Code and message.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::PendingEvaluation => (
                "pending-evaluation",
                "Your Spot request has been submitted for review, and is pending evaluation.",
            ),
            Self::Fulfilled => ("fulfilled", "Your spot request is fulfilled."),
            Self::CapacityNotAvailable => (
                "capacity-not-available",
                "There is no Spot capacity available that matches your request.",
            ),
            Self::BadParameters => (
                "bad-parameters",
                "One or more parameters for your Spot request are not valid.",
            ),
            Self::ScheduleExpired => (
                "schedule-expired",
                "Your Spot request expired because it was not fulfilled before the specified date.",
            ),
            Self::CanceledBeforeFulfillment => (
                "canceled-before-fulfillment",
                "Your Spot request was canceled before it was fulfilled.",
            ),
            Self::RequestCanceledAndInstanceRunning => (
                "request-canceled-and-instance-running",
                "Your Spot request is canceled, but your Spot Instance is still running.",
            ),
            Self::MarkedForTermination => (
                "marked-for-termination",
                "Your Spot Instance is marked for termination.",
            ),
            Self::InstanceTerminatedByUser => (
                "instance-terminated-by-user",
                "Spot Instance terminated due to user-initiated termination.",
            ),
            Self::InstanceTerminatedNoCapacity => (
                "instance-terminated-no-capacity",
                "Your Spot Instance was terminated because there is no Spot capacity available.",
            ),
        }
    }
}

/// A request for one Spot Instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SpotRequest {
    /// `sir-…`
    pub(crate) id: SmolStr,
    pub(crate) created_at: Timestamp,
    /// Otherwise one-time.
    pub(crate) persistent: bool,
    /// The most that the user pays, in US dollars an hour, if the request says.
    pub(crate) max_price: Option<SmolStr>,
    /// `terminate`, `stop` or `hibernate`
    pub(crate) interruption: SmolStr,
    pub(crate) valid_until: Option<Timestamp>,
    pub(crate) state: State,
    pub(crate) status: Status,
    pub(crate) status_at: Timestamp,
    /// Why it failed: code and message.
    pub(crate) fault: Option<(SmolStr, SmolStr)>,
    pub(crate) instance_id: Option<SmolStr>,
    pub(crate) zone: Option<SmolStr>,
    /// What to launch: a document of `RunInstancesRequest`.
    pub(crate) launch: Arc<Value>,
    /// How often a launch was tried.
    pub(crate) attempts: u32,
    pub(crate) tags: Tags,
}

impl SpotRequest {
    /// Sets state and status.
    pub(super) fn become_(&mut self, tx: &Tx, state: State, status: Status) {
        self.state = state;
        self.status = status;
        self.status_at = tx.now();
    }
}

/// A new id; AWS's are eight characters long.
pub(super) fn new_id(tx: &mut Tx) -> SmolStr {
    format_smolstr!("sir-{:08x}", tx.random().bits() as u32)
}

impl Row for SpotRequest {
    const TABLE: &'static str = "ec2.spot-requests";
    const INDEXES: &'static [&'static str] = &["tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

fn launched(request: &SpotRequest, pointer: &str, emit: &mut dyn FnMut(&str)) {
    request.launch.pointer(pointer).and_then(Value::as_str).into_iter().for_each(emit);
}

impl Entity for SpotRequest {
    const KIND: &'static str = "spot-instances-request";
    const PREFIX: &'static str = "sir-";
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow {
            name: "create-time",
            values: |r, _, emit| emit(&r.created_at.whole_seconds().iso_millis()),
        },
        FilterRow {
            name: "instance-id",
            values: |r, _, emit| r.instance_id.iter().for_each(|id| emit(id)),
        },
        FilterRow {
            name: "launch.image-id",
            values: |r, _, emit| launched(r, "/ImageId", emit),
        },
        FilterRow {
            name: "launch.instance-type",
            values: |r, _, emit| launched(r, "/InstanceType", emit),
        },
        FilterRow {
            name: "launch.key-name",
            values: |r, _, emit| launched(r, "/KeyName", emit),
        },
        FilterRow {
            name: "launched-availability-zone",
            values: |r, _, emit| r.zone.iter().for_each(|zone| emit(zone)),
        },
        FilterRow { name: "product-description", values: |_, _, emit| emit("Linux/UNIX") },
        FilterRow { name: "spot-instance-request-id", values: |r, _, emit| emit(&r.id) },
        FilterRow {
            name: "spot-price",
            values: |r, _, emit| r.max_price.iter().for_each(|price| emit(price)),
        },
        FilterRow { name: "state", values: |r, _, emit| emit(r.state.name()) },
        FilterRow { name: "status-code", values: |r, _, emit| emit(r.status.words().0) },
        FilterRow { name: "status-message", values: |r, _, emit| emit(r.status.words().1) },
        FilterRow {
            name: "type",
            values: |r, _, emit| emit(if r.persistent { "persistent" } else { "one-time" }),
        },
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidSpotInstanceRequestID.NotFound", "spot instance request", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::spot_request_malformed(id)
    }

    fn by_id(snapshot: &Snapshot, id: &str) -> Option<Arc<Self>> {
        snapshot.get(id)
    }
}
