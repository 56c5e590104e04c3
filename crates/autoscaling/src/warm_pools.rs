//! Warm pools: instances that are prepared before they are needed.
//!
//! "Warm pools for Amazon EC2 Auto Scaling". The instances of a pool are members of the group in
//! `Warmed:` states. `keeping` holds the pool at its size, `moving` takes instances out of it and
//! back into it. Mixed instances groups and Spot Instances have no warm pools.

mod describe;
mod keeping;
mod moving;
mod operations;

pub(crate) use keeping::fill;
pub(crate) use moving::{draw, return_to_pool, store, take_back};

use crate::groups::Group;
use crate::members::Member;
use api::autoscaling as wire;
use kernel::{Row, Snapshot, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

resource! { autoscaling:
    operations {
        write PutWarmPool => operations::put_warm_pool,
        write DeleteWarmPool => operations::delete_warm_pool,
        read DescribeWarmPool => describe::describe_warm_pool,
    }
    tables { Pool }
}

/// In which state instances wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PoolState {
    #[default]
    Stopped,
    Running,
    Hibernated,
}

impl PoolState {
    const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "Stopped",
            Self::Running => "Running",
            Self::Hibernated => "Hibernated",
        }
    }
}

/// The warm pool of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pool {
    group: SmolStr,
    state: PoolState,
    min: i64,
    /// None: the group's maximum.
    max_prepared: Option<i64>,
    /// Whether instances come back on scale-in; none if it was never said.
    reuse: Option<bool>,
    deleting: bool,
}

impl Pool {
    /// How many instances it should have.
    fn size(&self, group: &Group) -> i64 {
        let prepared = self.max_prepared.unwrap_or(group.max);
        (prepared - group.desired).max(self.min)
    }

    fn render(&self) -> wire::WarmPoolConfiguration {
        wire::WarmPoolConfiguration {
            max_group_prepared_capacity: self.max_prepared,
            min_size: Some(self.min),
            pool_state: Some(SmolStr::new_static(self.state.name())),
            status: self.deleting.then_some(SmolStr::new_static("PendingDelete")),
            instance_reuse_policy: self
                .reuse
                .map(|reuse| wire::InstanceReusePolicy { reuse_on_scale_in: Some(reuse) }),
        }
    }
}

impl Row for Pool {
    const TABLE: &'static str = "autoscaling.warm-pools";

    fn key(&self) -> SmolStr {
        self.group.clone()
    }
}

/// The instances of a group's warm pool, on their way in or out or prepared.
pub(crate) fn pooled<'a>(
    snapshot: &'a Snapshot,
    group: &Group,
) -> impl Iterator<Item = &'a Arc<Member>> + use<'a> {
    group.members(snapshot).filter(|m| m.state.is_warmed())
}

/// The size that a group's warm pool should have, if there is one that stays.
pub(crate) fn size(snapshot: &Snapshot, group: &Group) -> Option<usize> {
    let pool = snapshot.get::<Pool>(&group.name).filter(|pool| !pool.deleting)?;
    Some(usize::try_from(pool.size(group)).unwrap_or(0))
}

/// The desired and the minimum size of a group's warm pool.
pub(crate) fn wanted(tx: &Tx, group: &Group) -> (i64, i64) {
    tx.get::<Pool>(&group.name).map_or((0, 0), |pool| (pool.size(group), pool.min))
}

/// Whether nothing waits for the hooks of a pool's instances, since it is being deleted.
pub(crate) fn is_leaving(tx: &Tx, group: &Group) -> bool {
    tx.get::<Pool>(&group.name).is_some_and(|pool| pool.deleting)
}

/// A group's pool and its size, as DescribeAutoScalingGroups has them.
pub(crate) fn shown(
    snapshot: &Snapshot,
    group: &Group,
) -> Option<(wire::WarmPoolConfiguration, i64)> {
    let pool = snapshot.get::<Pool>(&group.name)?;
    Some((pool.render(), pooled(snapshot, group).count() as i64))
}

/// Forgets the pool of a group that is gone.
pub(crate) fn remove(tx: &mut Tx, group: &str) {
    tx.remove::<Pool>(group);
}
