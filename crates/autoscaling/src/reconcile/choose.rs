//! Which instances go when there are too many.
//!
//! "Control which Auto Scaling instances terminate during scale in": first the zone with the most
//! instances, then the termination policies as successive filters; once per instance. AWS picks
//! among equals at random; here it is the oldest, then the smallest id.

use super::plan::Observed;
use crate::decisions::{Choice, MAX_CHOICES};
use kernel::Timestamp;
use smol_str::{SmolStr, format_smolstr};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The instances to terminate, of `units` units of capacity together: fewer if the rest are
/// protected, or would take too much along. The first of them with how they were chosen.
pub(super) fn surplus(
    policies: &[SmolStr],
    counted: &[&Observed],
    units: usize,
    zones: &[SmolStr],
    now: Timestamp,
) -> (Vec<SmolStr>, Vec<Choice>) {
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
    let mut choices = Vec::new();
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
        if choices.len() < MAX_CHOICES
            && let Some(members) = by_zone.get(zone)
        {
            choices.push(choice(policies, members, zone, &sizes, zones, now));
        }
        *sizes.entry(zone).or_default() -= 1;
        if let Some(member) = by_zone.get_mut(zone).and_then(Vec::pop) {
            chosen.push(member.id.clone());
            left -= member.units;
        }
        if left > 0 && left < units {
            by_zone.values_mut().for_each(|members| members.retain(|m| m.units <= left));
        }
    }
    (chosen, choices)
}

/// How the last of `members`, which are in the order of staying, was chosen.
fn choice(
    policies: &[SmolStr],
    members: &[&Observed],
    zone: &SmolStr,
    sizes: &BTreeMap<&SmolStr, usize>,
    zones: &[SmolStr],
    now: Timestamp,
) -> Choice {
    let by = match members {
        [.., next, first] => decided_by(policies, first, next, now),
        _ => SmolStr::new_static("the only one that may go"),
    };
    Choice {
        instance: members.last().map(|member| member.id.clone()).unwrap_or_default(),
        zone: zone.clone(),
        sizes: sizes.iter().map(|(zone, size)| ((*zone).clone(), *size)).collect(),
        left_zone: !zones.contains(zone),
        candidates: members.len(),
        by,
    }
}

/// What the steps of [`rank`]'s `Default` compare.
const DEFAULT_STEPS: [&str; 5] = [
    "the allocation strategy",
    "not of the group's present launch source",
    "the older kind of launch source",
    "the oldest launch configuration or template",
    "closest to the next instance hour",
];

/// The policy, and the step of it, by which one instance goes before another.
fn decided_by(policies: &[SmolStr], first: &Observed, next: &Observed, now: Timestamp) -> SmolStr {
    for policy in policies {
        let alone = std::slice::from_ref(policy);
        let (mine, theirs) = (rank(alone, first, now).0, rank(alone, next, now).0);
        let Some(step) = mine.iter().zip(&theirs).position(|(a, b)| a != b) else { continue };
        return match (policy.as_str(), DEFAULT_STEPS.get(step)) {
            ("Default", Some(words)) => format_smolstr!("Default: {words}"),
            _ => policy.clone(),
        };
    }
    match first.joined_at == next.joined_at {
        true => SmolStr::new_static("equal by every policy; the smallest id"),
        false => SmolStr::new_static("equal by every policy; the oldest"),
    }
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
