//! Instance refreshes: rolling replacement of a group's instances.
//!
//! "Use an instance refresh to update instances in an Auto Scaling group". `reconcile` replaces
//! instances within the healthy percentages; here is decided which instances are to be replaced,
//! when replacing pauses (checkpoints, bake time), and how the refresh ends: `progress` is that
//! state machine. Replacing root volumes is not modelled.

mod describe;
mod operations;
mod pool;
mod preferences;
mod progress;
mod row;

pub(crate) use pool::{awaits, replaceable};
pub(crate) use progress::advance;

use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use kernel::{Snapshot, Tx, resource};
use row::{Refresh, Status};
use smol_str::SmolStr;
use std::collections::BTreeSet;

resource! { autoscaling:
    operations {
        write StartInstanceRefresh => operations::start_instance_refresh,
        write CancelInstanceRefresh => operations::cancel_instance_refresh,
        write RollbackInstanceRefresh => operations::rollback_instance_refresh,
        read DescribeInstanceRefreshes => describe::describe_instance_refreshes,
    }
    tables { Refresh }
}

/// The warm-up of new instances, in seconds: that of the refresh at work, or the group's.
pub(crate) fn warmup_secs(tx: &Tx, group: &Group) -> i64 {
    match Refresh::active(tx, &group.name) {
        Some(refresh) => refresh.preferences.warmup_secs,
        None => group.warmup_secs.unwrap_or(0),
    }
}

/// The healthy percentages within which a refresh may replace now.
pub(crate) fn percentages(tx: &Tx, group: &Group) -> Option<(usize, usize)> {
    let refresh = Refresh::active(tx, &group.name)?;
    let replaces = matches!(refresh.status, Status::InProgress | Status::RollbackInProgress);
    if !replaces || refresh.waits_until.is_some_and(|until| tx.now() < until) {
        return None;
    }
    Some(refresh.preferences.percentages(usize::try_from(group.desired).unwrap_or(0)))
}

/// The group as it launches: while a refresh leads to a new configuration, from that one.
pub(crate) fn target(tx: &Tx, group: &Group) -> Group {
    let mut group = group.clone();
    if let Some(refresh) = Refresh::active(tx, &group.name)
        && let Some(source) = refresh.source.clone()
        && refresh.is_forward()
    {
        source.apply(&mut group);
    }
    group
}

/// Whether a refresh is leading the group to a configuration of its own.
pub(crate) fn has_desired_configuration(snapshot: &Snapshot, group: &str) -> bool {
    Refresh::active(snapshot, group).is_some_and(|refresh| refresh.source.is_some())
}

/// Says which members a refresh replaces next.
pub(crate) struct Matcher {
    outdated: BTreeSet<SmolStr>,
}

impl Matcher {
    /// No more than the next checkpoint allows.
    pub(crate) fn new(tx: &Tx, group: &Group) -> Self {
        let Some(refresh) = Refresh::active(tx, &group.name) else {
            return Self { outdated: BTreeSet::new() };
        };
        let old = refresh.old.iter();
        let replaceable = old.filter(|id| {
            tx.get::<Member>(id).is_some_and(|m| {
                m.state == LifecycleState::InService && !refresh.preferences.holds(&m)
            })
        });
        Self { outdated: replaceable.take(refresh.quota()).cloned().collect() }
    }

    pub(crate) fn is_outdated(&self, member: &Member) -> bool {
        self.outdated.contains(&member.instance_id)
    }
}

/// Forgets the refreshes of a group that is gone.
pub(crate) fn remove_all(tx: &mut Tx, group: &str) {
    let keys: Vec<SmolStr> = Refresh::of(tx, group).map(|row| kernel::Row::key(&**row)).collect();
    for key in keys {
        tx.remove::<Refresh>(&key);
    }
}
