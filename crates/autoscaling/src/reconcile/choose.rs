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

/// The ids of `count` instances to terminate; fewer if the rest are protected.
pub(super) fn surplus(
    policies: &[SmolStr],
    counted: &[&Observed],
    count: usize,
    zones: &[SmolStr],
    now: Timestamp,
) -> Vec<SmolStr> {
    let mut by_zone: BTreeMap<&SmolStr, Vec<&Observed>> = BTreeMap::new();
    let mut sizes: BTreeMap<&SmolStr, usize> = BTreeMap::new();
    for member in counted {
        *sizes.entry(&member.zone).or_default() += 1;
        if !member.protected {
            by_zone.entry(&member.zone).or_default().push(member);
        }
    }
    // Within a zone the order of going is fixed, so that each is sorted once.
    for members in by_zone.values_mut() {
        members.sort_by_cached_key(|member| Reverse(rank(policies, member, now)));
    }
    let mut chosen = Vec::new();
    while chosen.len() < count {
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
            "OldestLaunchConfiguration" => keys.push(member.configuration_made_at.0),
            "Default" => {
                keys.push(i64::from(member.current_configuration));
                keys.push(member.configuration_made_at.0);
                keys.push(next_hour(member, now));
            }
            "ClosestToNextInstanceHour" => keys.push(next_hour(member, now)),
            // They order instances of launch templates and mixed groups; here all are alike.
            _ => {}
        }
    }
    (keys, member.joined_at, member.id.clone())
}

/// Seconds until its next billing hour, which it begins every hour after its launch. Whole seconds
/// only: a difference of milliseconds is no reason.
fn next_hour(member: &Observed, now: Timestamp) -> i64 {
    let age_secs = (now.whole_seconds().0 - member.joined_at.whole_seconds().0) / 1_000;
    3_600 - age_secs.rem_euclid(3_600)
}
