//! Load balancers and target groups that stand before a group.

use crate::groups::Group;
use crate::members::Member;
use kernel::{Caller, Tx};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// Members in service that a load balancer says are unhealthy, if its word counts.
pub(crate) fn rejected(_: &mut Tx, _: &Caller, _: &Group) -> BTreeSet<SmolStr> {
    BTreeSet::new()
}

/// Registers instances.
pub(crate) fn register(_: &mut Tx, _: &Caller, _: &Group, _: &[SmolStr]) {}

/// Deregisters instances; tells whether their connections are being drained.
pub(crate) fn deregister(_: &mut Tx, _: &Caller, _: &Group, _: &[SmolStr]) -> bool {
    false
}

/// Whether a member's connections are still being drained.
pub(crate) fn still_draining(_: &mut Tx, _: &Caller, _: &Group, _: &Member) -> bool {
    false
}

/// ARNs of the target groups before a group.
pub(crate) fn target_groups(group: &Group) -> Vec<SmolStr> {
    group.target_groups.clone()
}
