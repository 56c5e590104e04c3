//! Which status checks of instances failed, and when: what StatusCheckFailed of the past is told
//! from. A row for each instance that ever failed one; kept for fifteen days, as CloudWatch keeps
//! values by the minute.

use api::ec2;
use kernel::{Caller, Row, Snapshot, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

resource! { load:
    tables { Checks }
    tasks { "load.checks" => look }
    housekeeping { "load.checks-purge" => purge }
}

const KEPT_SECS: i64 = 15 * 86_400;
/// Changes of one instance that are remembered.
const MAX_STANDINGS: usize = 1_000;

/// How the checks stand from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    since: Timestamp,
    /// The instance status check fails.
    instance: bool,
    /// The system status check fails.
    system: bool,
}

/// How the checks of an instance have stood, the oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Checks {
    instance: SmolStr,
    standings: Vec<Standing>,
}

impl Row for Checks {
    const TABLE: &'static str = "load.checks";

    fn key(&self) -> SmolStr {
        self.instance.clone()
    }
}

impl Checks {
    /// Whether a metric's check failed at any moment between two instants.
    pub(crate) fn failed(&self, metric: &str, from: Timestamp, to: Timestamp) -> bool {
        let fails = |standing: &Standing| match metric {
            "StatusCheckFailed_Instance" => standing.instance,
            "StatusCheckFailed_System" => standing.system,
            _ => standing.instance || standing.system,
        };
        let ends = self.standings.iter().skip(1).map(|next| Some(next.since)).chain([None]);
        let mut spans = self.standings.iter().zip(ends);
        spans.any(|(standing, end)| {
            fails(standing) && standing.since < to && end.is_none_or(|end| end > from)
        })
    }
}

/// The task: an instance has come to fail a check, or to pass it again.
fn look(tx: &mut Tx, caller: &Caller, id: &str) {
    let request = ec2::DescribeInstanceStatusRequest {
        instance_ids: Some(vec![id.into()]),
        include_all_instances: Some(true),
        ..Default::default()
    };
    let found = tx.call::<ec2::ops::DescribeInstanceStatus>(&caller.via("load"), request);
    let status = found.ok().and_then(|f| f.instance_statuses).and_then(|mut s| s.pop());
    let fails = |summary: Option<ec2::InstanceStatusSummary>| {
        summary.and_then(|s| s.status).as_deref() == Some("impaired")
    };
    let (instance, system) = status.map_or((false, false), |status| {
        (fails(status.instance_status), fails(status.system_status))
    });
    let now = tx.now();
    let standing = Standing { since: now, instance, system };
    let old = tx.get::<Checks>(id);
    let mut standings = old.map_or_else(Vec::new, |checks| checks.standings.clone());
    let last = standings.last().map(|last| (last.instance, last.system));
    if last.unwrap_or_default() == (instance, system) {
        return;
    }
    if standings.len() >= MAX_STANDINGS {
        standings.remove(0);
    }
    standings.push(standing);
    tx.put(Checks { instance: id.into(), standings });
    tx.schedule(now.plus_secs(KEPT_SECS), "load.checks-purge", id);
}

/// The housekeeping task: forgets what is over for too long.
fn purge(tx: &mut Tx, _: &Caller, id: &str) {
    let Some(row) = tx.get::<Checks>(id) else { return };
    let bound = tx.now().plus_secs(-KEPT_SECS);
    // The standing that was in force at the bound still counts.
    let over = row.standings.iter().skip(1).take_while(|next| next.since <= bound).count();
    let left = row.standings[over..].to_vec();
    match left.as_slice() {
        [] => drop(tx.remove::<Checks>(id)),
        [last] if !last.instance && !last.system => drop(tx.remove::<Checks>(id)),
        [_, next, ..] => {
            tx.schedule(next.since.plus_secs(KEPT_SECS), "load.checks-purge", id);
            tx.put(Checks { instance: id.into(), standings: left });
        }
        // It still fails: the next change asks for the next look.
        [_] => drop(tx.put(Checks { instance: id.into(), standings: left })),
    }
}

/// What is known of an instance's checks.
pub(crate) fn of(snapshot: &Snapshot, id: &str) -> Option<std::sync::Arc<Checks>> {
    snapshot.get::<Checks>(id)
}
