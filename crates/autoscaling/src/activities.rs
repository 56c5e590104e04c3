//! Scaling activities: what a group did, and why.

use crate::groups::Group;
use api::autoscaling as wire;
use kernel::{Caller, IndexSink, Row, Snapshot, Timestamp, Tx};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// How long AWS keeps activities: six weeks.
pub(crate) const KEPT_SECS: i64 = 42 * 86_400;
/// Old ones are forgotten in lots.
const PURGE_EVERY_SECS: i64 = 86_400;

/// How an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    PreInService,
    InProgress,
    WaitingForELBConnectionDraining,
    MidLifecycleAction,
    Successful,
    Failed,
    Cancelled,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PreInService => "PreInService",
            Self::InProgress => "InProgress",
            Self::WaitingForELBConnectionDraining => "WaitingForELBConnectionDraining",
            Self::MidLifecycleAction => "MidLifecycleAction",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// What an activity does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Launch,
    Terminate,
    /// Attaches, detaches, moves to or from standby or the warm pool.
    #[default]
    Other,
}

/// An activity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Activity {
    pub(crate) id: SmolStr,
    pub(crate) group: SmolStr,
    pub(crate) group_arn: SmolStr,
    pub(crate) description: String,
    pub(crate) cause: String,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) status: Status,
    pub(crate) message: String,
    pub(crate) progress: u8,
    /// Where, as JSON.
    #[serde(rename = "details")]
    pub(crate) place: SmolStr,
    /// The alarms that asked for it, as JSON. What one alarm asked for shares its text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) alarms: Vec<SmolStr>,
    pub(crate) group_deleted: bool,
    /// Orders activities of one instant.
    pub(crate) number: u64,
    #[serde(default)]
    pub(crate) kind: Kind,
    /// Empty if it has none yet.
    #[serde(default)]
    pub(crate) instance: SmolStr,
}

impl Activity {
    /// Sorts the newest first; activities of one instant, the last one begun first.
    fn order(&self) -> SmolStr {
        let age = i64::MAX - self.started_at.0;
        format_smolstr!("{age:019}/{:016x}", u64::MAX - self.number)
    }

    /// Whether it goes on, or has ended after `bound`.
    pub(crate) fn is_remembered(&self, bound: Timestamp) -> bool {
        self.ended_at.is_none_or(|at| at >= bound)
    }

    /// Where, and the alarms that asked for it, if any did.
    pub(crate) fn details(&self) -> SmolStr {
        match self.place.strip_suffix('}') {
            Some(place) if !self.alarms.is_empty() => {
                format_smolstr!("{place},\"InvokingAlarms\":[{}]}}", self.alarms.join(","))
            }
            _ => self.place.clone(),
        }
    }

    /// The activity as the wire has it.
    pub(crate) fn render(&self) -> wire::Activity {
        wire::Activity {
            activity_id: Some(self.id.clone()),
            auto_scaling_group_name: Some(self.group.clone()),
            description: Some(self.description.as_str().into()),
            cause: Some(self.cause.as_str().into()),
            start_time: Some(self.started_at),
            end_time: self.ended_at.map(Timestamp::whole_seconds),
            status_code: Some(SmolStr::new_static(self.status.name())),
            status_message: (!self.message.is_empty()).then(|| self.message.as_str().into()),
            progress: Some(i64::from(self.progress)),
            details: Some(self.details()),
            auto_scaling_group_state: self.group_deleted.then_some(SmolStr::new_static("Deleted")),
            auto_scaling_group_arn: Some(self.group_arn.clone()),
        }
    }
}

impl Row for Activity {
    const TABLE: &'static str = "autoscaling.activities";
    const INDEXES: &'static [&'static str] = &["group", "id", "open"];

    fn key(&self) -> SmolStr {
        self.order()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
        sink.put("id", self.id.clone());
        if self.ended_at.is_none() {
            sink.put("open", self.group.clone());
        }
    }
}

/// A new activity.
pub(crate) struct Begin<'a> {
    pub(crate) group: &'a Group,
    pub(crate) description: String,
    pub(crate) cause: String,
    pub(crate) place: SmolStr,
    pub(crate) alarms: Vec<SmolStr>,
    pub(crate) status: Status,
    pub(crate) progress: u8,
    pub(crate) kind: Kind,
    pub(crate) instance: &'a str,
}

/// Begins an activity and returns it.
pub(crate) fn begin(tx: &mut Tx, new: Begin<'_>) -> Activity {
    let activity = Activity {
        id: tx.new_uuid(),
        group: new.group.name.clone(),
        group_arn: new.group.arn.clone(),
        description: new.description,
        cause: new.cause,
        started_at: tx.now(),
        ended_at: None,
        status: new.status,
        message: String::new(),
        progress: new.progress,
        place: new.place,
        alarms: new.alarms,
        group_deleted: false,
        number: next_number(tx),
        kind: new.kind,
        instance: new.instance.into(),
    };
    tx.put(activity.clone());
    activity
}

/// A number larger than that of every activity of this instant.
fn next_number(tx: &Tx) -> u64 {
    let newest = tx.rows::<Activity>().next();
    newest.filter(|a| a.started_at >= tx.now()).map_or(0, |a| a.number + 1)
}

/// An activity that is still open goes on.
pub(crate) fn proceed(tx: &mut Tx, id: &str, status: Status, progress: u8) {
    let open = tx.rows_by::<Activity>("id", id).next().filter(|a| a.ended_at.is_none()).cloned();
    if let Some(row) = open {
        tx.put(Activity { status, progress, ..Activity::clone(&row) });
    }
}

/// Ends an activity that is still open, and returns it.
pub(crate) fn end(tx: &mut Tx, id: &str, status: Status, message: &str) -> Option<Activity> {
    let row = tx.rows_by::<Activity>("id", id).next().cloned()?;
    if row.ended_at.is_some() {
        return None;
    }
    let mut activity = Activity::clone(&row);
    activity.ended_at = Some(tx.now());
    activity.status = status;
    activity.progress = 100;
    if !message.is_empty() {
        activity.description =
            format!("{}.  Status Reason: {message}", activity.description.trim_end_matches('.'));
        activity.message = message.to_owned();
    }
    // "Waiting For ELB Connection Draining." is over.
    if let Some(at) = activity.description.find(" - Waiting For ELB Connection Draining.") {
        activity.description.truncate(at);
    }
    tx.put(activity.clone());
    schedule_purge(tx, tx.now());
    Some(activity)
}

/// The next purge, if one that ended at this instant is the oldest.
fn schedule_purge(tx: &mut Tx, oldest: Timestamp) {
    tx.schedule(oldest.plus_secs(KEPT_SECS + PURGE_EVERY_SECS), "autoscaling.activity-purge", "");
}

/// The housekeeping task: forgets what is too old.
pub(crate) fn purge(tx: &mut Tx, _: &Caller, _: &str) {
    let bound = memory(tx);
    let old: Vec<SmolStr> = tx
        .rows::<Activity>()
        .rev()
        .take_while(|row| row.started_at < bound)
        .filter(|row| !row.is_remembered(bound))
        .map(|row| row.key())
        .collect();
    for key in old {
        tx.remove::<Activity>(&key);
    }
    let ends = tx.rows::<Activity>().rev().find_map(|row| row.ended_at);
    if let Some(oldest) = ends {
        schedule_purge(tx, oldest);
    }
}

/// Before this, what has ended is forgotten.
pub(crate) fn memory(snapshot: &Snapshot) -> Timestamp {
    snapshot.now().plus_secs(-KEPT_SECS)
}

/// `{"Subnet ID":"subnet-…","Availability Zone":"us-west-2a"}`, in that order.
pub(crate) fn place(subnet: &str, zone: &str) -> SmolStr {
    let subnet = match subnet {
        "" => SmolStr::default(),
        _ => format_smolstr!("\"Subnet ID\":\"{subnet}\","),
    };
    format_smolstr!("{{{subnet}\"Availability Zone\":\"{zone}\"}}")
}
