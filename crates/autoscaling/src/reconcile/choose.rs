//! Which instances go when there are too many.
//!
//! "Control which Auto Scaling instances terminate during scale in": first the zone with the most
//! instances, then the termination policies as successive filters; once per instance. AWS picks
//! among equals at random; here it is the oldest, then the smallest id.

use super::plan::Observed;
use kernel::Timestamp;
use smol_str::SmolStr;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The ids of instances to terminate, of `units` units of capacity together: fewer if the rest are
/// protected, or would take too much along.
pub(super) fn surplus(
    policies: &[SmolStr],
    counted: &[&Observed],
    units: usize,
    zones: &[SmolStr],
    now: Timestamp,
) -> Vec<SmolStr> {
    let mut by_zone: BTreeMap<&SmolStr, Vec<&Observed>> = BTreeMap::new();
    let mut sizes: BTreeMap<&SmolStr, usize> = BTreeMap::new();
    for member in counted {
        *sizes.entry(&member.zone).or_default() += 1;
        if !member.protected && member.units <= units {
            by_zone.entry(&member.zone).or_default().push(member);
        }
    }
    // Within a zone the order of going is fixed, so that each is sorted once.
    for members in by_zone.values_mut() {
        members.sort_by_cached_key(|member| Reverse(rank(policies, member, now)));
    }
    let mut chosen = Vec::new();
    let mut left = units;
    while left > 0 {
        let candidates = by_zone.iter().filter(|(_, members)| !members.is_empty());
        // A zone that the group has left goes first, then the fullest, then whose next goes
        // first by the policies.
        let best = candidates.max_by(|(a, left), (b, right)| {
            let left_zone = |zone: &SmolStr| !zones.contains(zone);
            let next = |members: &[&Observed]| members.last().map(|m| rank(policies, m, now));
            (left_zone(a), sizes[*a])
                .cmp(&(left_zone(b), sizes[*b]))
                .then_with(|| next(right).cmp(&next(left)))
        });
        let Some((zone, _)) = best else { break };
        let zone = *zone;
        *sizes.entry(zone).or_default() -= 1;
        if let Some(member) = by_zone.get_mut(zone).and_then(Vec::pop) {
            chosen.push(member.id.clone());
            left -= member.units;
        }
        if left > 0 && left < units {
            by_zone.values_mut().for_each(|members| members.retain(|m| m.units <= left));
        }
    }
    chosen
}

/// An instance's place in the order of going: the smallest goes first.
fn rank(policies: &[SmolStr], member: &Observed, now: Timestamp) -> (Vec<i64>, Timestamp, SmolStr) {
    let mut keys = Vec::new();
    for policy in policies {
        match policy.as_str() {
            "OldestInstance" => keys.push(member.joined_at.0),
            "NewestInstance" => keys.push(-member.joined_at.0),
            "OldestLaunchConfiguration" | "OldestLaunchTemplate" => source(member, &mut keys),
            "AllocationStrategy" => keys.push(member.allocation_rank),
            "Default" => {
                keys.push(member.allocation_rank);
                keys.push(i64::from(member.current_source));
                source(member, &mut keys);
                keys.push(next_hour(member, now));
            }
            "ClosestToNextInstanceHour" => keys.push(next_hour(member, now)),
            _ => {}
        }
    }
    (keys, member.joined_at, member.id.clone())
}

fn source(member: &Observed, keys: &mut Vec<i64>) {
    keys.extend([i64::from(member.source_age.0), member.source_age.1]);
}

/// Seconds until its next billing hour, which it begins every hour after its launch. Whole seconds
/// only: a difference of milliseconds is no reason.
fn next_hour(member: &Observed, now: Timestamp) -> i64 {
    let age_secs = (now.whole_seconds().0 - member.joined_at.whole_seconds().0) / 1_000;
    3_600 - age_secs.rem_euclid(3_600)
}
