//! A short memory of what policies and the reconciler decided, and by what: AWS tells causes in its
//! activities, but not the reckoning behind them. Told by `lowcloud explain`; nothing else reads it.
//!
//! A row is written only when something is decided, at most [`MAX_OF_GROUP`] per group are kept,
//! and none longer than activities are.

use crate::activities::KEPT_SECS;
use kernel::{Caller, IndexSink, Row, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

resource! { autoscaling:
    tables { Decision }
    housekeeping { "autoscaling.decision-purge" => purge }
}

/// Decisions that are remembered of one group; the oldest go first.
const MAX_OF_GROUP: usize = 200;
/// Instances of one look whose choice is remembered.
pub(crate) const MAX_CHOICES: usize = 20;

/// A decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) group: SmolStr,
    pub(crate) at: Timestamp,
    /// Orders decisions of one instant.
    pub(crate) number: u32,
    pub(crate) what: What,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum What {
    /// A policy reckoned how big the group should be.
    Policy(Reckoned),
    /// Capacity was put into a zone.
    Zone {
        zone: SmolStr,
        count: usize,
        /// Zones with their instances before.
        sizes: Vec<(SmolStr, usize)>,
    },
    /// An instance was chosen to go.
    Choice(Choice),
}

/// What a policy reckoned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reckoned {
    pub(crate) policy: SmolStr,
    pub(crate) kind: SmolStr,
    pub(crate) alarm: Option<SmolStr>,
    pub(crate) metric: Option<f64>,
    /// The target that it tracks, or the threshold that its steps count from.
    pub(crate) bar: Option<f64>,
    /// The capacity that it reckoned from.
    pub(crate) counted: i64,
    /// The desired capacity before.
    pub(crate) desired: i64,
    /// The group's bounds.
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) came_to: CameTo,
}

/// What a policy came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CameTo {
    /// This capacity, before the group's bounds.
    Wanted(i64),
    Held(Held),
}

/// Why a policy leaves the group alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Held {
    /// A simple policy's cooldown runs, or its work is not done.
    Cooldown,
    /// Instances are on their way or warming up.
    WarmingUp,
    /// A zonal shift lasts, during which no policy scales in.
    ZonalShift,
    /// No step contains the metric.
    NoStep,
    /// There are no datapoints.
    NoData,
    /// Another tracking policy would have to scale out.
    OthersDisagree,
    /// It only forecasts.
    Forecast,
}

/// How an instance was chosen to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) instance: SmolStr,
    pub(crate) zone: SmolStr,
    /// Zones with their instances before it went.
    pub(crate) sizes: Vec<(SmolStr, usize)>,
    /// The group does not launch into its zone any more.
    pub(crate) left_zone: bool,
    /// Instances of the zone that could go.
    pub(crate) candidates: usize,
    /// What told it from the next of them.
    pub(crate) by: SmolStr,
}

impl Reckoned {
    /// The same conclusion, whatever the metric: what need not be said again.
    fn says_the_same(&self, other: &Self) -> bool {
        let conclusion = |it: &Self| (it.alarm.clone(), it.desired, it.min, it.max, it.came_to);
        conclusion(self) == conclusion(other)
    }

    /// The capacity that it sets: within bounds, and none if it is the present one.
    pub(crate) fn sets(&self) -> Option<i64> {
        match self.came_to {
            CameTo::Wanted(wanted) => {
                Some(wanted.clamp(self.min, self.max)).filter(|wanted| *wanted != self.desired)
            }
            CameTo::Held(_) => None,
        }
    }
}

impl Row for Decision {
    const TABLE: &'static str = "autoscaling.decisions";
    const INDEXES: &'static [&'static str] = &["group", "policy", "instance"];

    /// The newest first.
    fn key(&self) -> SmolStr {
        let age = i64::MAX - self.at.0;
        format_smolstr!("{}\u{1}{age:019}/{:08x}", self.group, u32::MAX - self.number)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
        match &self.what {
            What::Policy(reckoned) => {
                sink.put("policy", format_smolstr!("{}\u{1}{}", self.group, reckoned.policy));
            }
            What::Choice(choice) => sink.put("instance", choice.instance.clone()),
            What::Zone { .. } => {}
        }
    }
}

/// Remembers a decision.
pub(crate) fn note(tx: &mut Tx, group: &SmolStr, what: What) {
    let now = tx.now();
    let newest = tx.rows_by::<Decision>("group", group).next();
    let number = newest.filter(|it| it.at == now).map_or(0, |it| it.number + 1);
    tx.put(Decision { group: group.clone(), at: now, number, what });
    let spare = tx.rows_by::<Decision>("group", group).nth(MAX_OF_GROUP).map(|it| it.key());
    if let Some(oldest) = spare {
        tx.remove::<Decision>(&oldest);
    }
    tx.schedule(now.plus_secs(KEPT_SECS), "autoscaling.decision-purge", group);
}

/// Remembers what a policy reckoned, unless it said the same the last time: an alarm asks it once a
/// minute.
pub(crate) fn note_reckoning(tx: &mut Tx, group: &SmolStr, reckoned: Reckoned) {
    let policy = format_smolstr!("{group}\u{1}{}", reckoned.policy);
    let last = tx.rows_by::<Decision>("policy", &policy).next();
    let again = last.is_some_and(|last| match &last.what {
        What::Policy(last) => last.says_the_same(&reckoned),
        _ => false,
    });
    if !again {
        note(tx, group, What::Policy(reckoned));
    }
}

/// The housekeeping task: decisions are kept for as long as activities are.
fn purge(tx: &mut Tx, _: &Caller, group: &str) {
    let limit = tx.now().plus_secs(-KEPT_SECS);
    let rows = || tx.rows_by::<Decision>("group", group);
    let old: Vec<SmolStr> = rows().filter(|it| it.at <= limit).map(|it| it.key()).collect();
    let next = rows().map(|it| it.at).filter(|at| *at > limit).min();
    for key in old {
        tx.remove::<Decision>(&key);
    }
    if let Some(at) = next {
        tx.schedule(at.plus_secs(KEPT_SECS), "autoscaling.decision-purge", group);
    }
}
