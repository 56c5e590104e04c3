//! The part of an instance refresh that is done in the group's warm pool.
//!
//! "An instance refresh first replaces InService instances. Then it replaces instances in the warm
//! pool" ("Warm pools for Amazon EC2 Auto Scaling", "Updating instances in a warm pool"). AWS does
//! not say how many of the pool go at a time: here the minimum healthy percentage of the refresh
//! is taken of the pool's size, as it is taken of the group's.
//!
//! A refresh whose last checkpoint is below 100% leaves the pool alone, as it leaves instances in
//! service. What is outdated is not drawn into the group meanwhile ([`awaits`]).

use super::row::{Progress, Refresh, Status};
use crate::groups::Group;
use crate::members::Member;
use crate::warm_pools;
use kernel::{Snapshot, Timestamp, Tx};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a refresh has to do with a warm pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PoolShare {
    /// The pool's instances that there were at the start.
    pub(super) before: BTreeSet<SmolStr>,
    /// Those that are still to be replaced.
    pub(super) old: BTreeSet<SmolStr>,
    /// How many were to be replaced in this direction.
    pub(super) total: usize,
    pub(super) progress: Progress,
    /// The instances in service have been replaced: it is the pool's turn.
    pub(super) begun: bool,
    /// How far it had come when the refresh turned back.
    #[serde(default)]
    pub(super) on_rollback: Option<Progress>,
    /// How many were to be replaced on the way forward, if it has turned back.
    #[serde(default)]
    pub(super) total_forward: Option<usize>,
}

/// The instances of a pool that are there to stay.
pub(super) fn staying(snapshot: &Snapshot, group: &Group) -> Vec<Arc<Member>> {
    let stays = |m: &&Arc<Member>| !m.state.is_terminating();
    warm_pools::pooled(snapshot, group).filter(stays).cloned().collect()
}

impl PoolShare {
    /// At the start, with `old` of the pool's instances to be replaced.
    pub(super) fn new(there: &[Arc<Member>], old: BTreeSet<SmolStr>) -> Self {
        Self {
            before: there.iter().map(|m| m.instance_id.clone()).collect(),
            total: old.len(),
            progress: Progress { percent: 0, left: old.len() },
            old,
            ..Self::default()
        }
    }

    /// How many were to be replaced on the way forward.
    pub(super) fn forward(&self) -> usize {
        self.total_forward.unwrap_or(self.total)
    }

    /// An outdated instance came from the group: it is to be replaced here.
    fn take_over(&mut self, id: SmolStr) {
        if self.old.insert(id) {
            self.total += 1;
        }
    }
}

/// Whether a member waits in its warm pool, or is on its way there.
fn is_pooled(member: &Member) -> bool {
    member.pool_bound || (member.state.is_warmed() && !member.state.is_terminating())
}

/// Forgets instances that have left the pool; those that scale-in sends there unreplaced are
/// replaced there.
pub(super) fn prune(tx: &Tx, refresh: &mut Refresh) {
    let Some(mut share) = refresh.pool.take() else { return };
    let pooled = |id: &SmolStr| tx.get::<Member>(id).is_some_and(|m| is_pooled(&m));
    share.old.retain(pooled);
    let moved: Vec<SmolStr> = refresh.old.iter().filter(|id| pooled(id)).cloned().collect();
    moved.into_iter().for_each(|id| share.take_over(id));
    refresh.pool = Some(share);
}

/// One look, when the instances in service have been replaced; tells whether the pool has been
/// too.
pub(super) fn advance(tx: &Tx, group: &Group, refresh: &mut Refresh) -> bool {
    let now = tx.now();
    let Some(mut share) = refresh.pool.take() else { return true };
    share.begun = true;
    let left = left(tx, group, &share).min(share.total);
    let done = (100 * (share.total - left)).checked_div(share.total).unwrap_or(100);
    let progress = match share.on_rollback {
        Some(before) => before.undone(done, share.total - left, share.forward()),
        None => Progress { percent: done, left },
    };
    if progress != share.progress {
        share.progress = progress;
        refresh.progressed_at = now;
    }
    refresh.pool = Some(share);
    left == 0
}

/// Instances that are not replaced yet, or whose replacements are not prepared.
fn left(tx: &Tx, group: &Group, share: &PoolShare) -> usize {
    let Some(size) = warm_pools::size(tx, group) else { return 0 };
    let prepared = |m: &&Arc<Member>| {
        m.state.is_prepared() && m.healthy && !share.old.contains(&m.instance_id)
    };
    let ready = warm_pools::pooled(tx, group).filter(prepared).count();
    share.old.len() + size.saturating_sub(ready + share.old.len())
}

/// The pool's turn is over for now: something in service is to be replaced first.
pub(super) fn pause(refresh: &mut Refresh) {
    if let Some(share) = &mut refresh.pool {
        share.begun = false;
    }
}

/// Begins to replace what the refresh has brought into the pool.
pub(super) fn turn_back(
    snapshot: &Snapshot,
    group: &Group,
    refresh: &mut Refresh,
    was_there: &BTreeSet<SmolStr>,
) {
    let Some(share) = &mut refresh.pool else { return };
    let there = staying(snapshot, group).into_iter().map(|m| m.instance_id.clone());
    share.old = there.filter(|id| !was_there.contains(id)).collect();
    share.on_rollback = Some(share.progress);
    share.total_forward = Some(share.total);
    share.total = share.old.len();
    share.before.clear();
    share.begun = false;
}

/// Whether an instance of the pool is to be replaced by a refresh at work: it serves nobody.
pub(crate) fn awaits(snapshot: &Snapshot, group: &str) -> BTreeSet<SmolStr> {
    let share = Refresh::active(snapshot, group)
        .filter(|refresh| refresh.status != Status::Cancelling)
        .and_then(|refresh| refresh.pool.clone());
    share.map(|share| share.old).unwrap_or_default()
}

/// The pool's instances that may be replaced now, and the percentage of it that is to stay
/// prepared.
pub(crate) fn replaceable(tx: &Tx, group: &Group) -> Option<(BTreeSet<SmolStr>, usize)> {
    if group.is_suspended("InstanceRefresh") {
        return None;
    }
    let refresh = Refresh::active(tx, &group.name)?;
    let replaces = matches!(refresh.status, Status::InProgress | Status::RollbackInProgress);
    let share = refresh.pool.as_ref().filter(|share| replaces && share.begun)?;
    let waits = |until: Timestamp| tx.now() < until;
    if refresh.waits_until.is_some_and(waits) || share.old.is_empty() {
        return None;
    }
    Some((share.old.clone(), refresh.preferences.min_healthy()))
}
