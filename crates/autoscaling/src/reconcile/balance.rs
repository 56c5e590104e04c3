//! Keeping the zones within one of each other.
//!
//! Rebalancing launches before it terminates: the extra instance is then surplus, and scale-in
//! takes one from the fullest zone.

use super::plan::{Action, Observed, Purpose};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// A zone that refuses launches is left alone after so many of them in a row: what is missing there
/// is not missing in the group. It is tried again when the group changes or has launched since.
pub(super) const ATTEMPTS: u32 = 5;

/// How many instances each of the group's zones has.
pub(super) fn sizes(zones: &[SmolStr], counted: &[&Observed]) -> BTreeMap<SmolStr, usize> {
    let mut sizes: BTreeMap<SmolStr, usize> = zones.iter().map(|z| (z.clone(), 0)).collect();
    for member in counted {
        if let Some(size) = sizes.get_mut(&member.zone) {
            *size += 1;
        }
    }
    sizes
}

/// A launch into the emptiest zone, if a group that is otherwise at rest is out of balance.
pub(super) fn rebalance(zones: &[SmolStr], counted: &[&Observed]) -> Option<Action> {
    let sizes = sizes(zones, counted);
    let stray = counted.iter().filter(|m| !sizes.contains_key(&m.zone)).count();
    let (small, fewest) = sizes.iter().min_by_key(|(_, size)| **size)?;
    let (big, most) = sizes.iter().max_by_key(|(_, size)| **size)?;
    // A zone whose instances are all protected cannot give any up.
    let can_give =
        counted.iter().any(|m| !m.protected && (m.zone == *big || !sizes.contains_key(&m.zone)));
    if !can_give || (stray == 0 && most - fewest < 2) {
        return None;
    }
    let counts = vec![(big.clone(), *most), (small.clone(), *fewest)];
    Some(Action::Launch { zone: small.clone(), count: 1, purpose: Purpose::Balance(counts) })
}
