//! Replacing instances: unhealthy ones, those that an instance refresh finds outdated, and those
//! that have become too old. "Instance maintenance policies" in the user guide.

use super::balance;
use super::plan::{Decision, Desired, Observed, Purpose, Reason, Standings, spread};
use crate::members::{Ailment, LifecycleState};
use kernel::Timestamp;

/// What replacing unhealthy instances asks of the launches.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    /// Units that launches make up for.
    pub(super) units: usize,
    /// No more units than these may be launched now.
    pub(super) room: Option<usize>,
    /// Unhealthy instances wait for their replacements.
    pub(super) waits: bool,
}

/// Terminates unhealthy instances: at once, or, when the maintenance policy lets the group grow
/// for a while, when their replacements are ready.
pub(super) fn unhealthy(
    desired: &Desired,
    standings: &Standings<'_>,
    now: Timestamp,
    decision: &mut Decision,
) -> Replaced {
    if standings.ailing.is_empty() {
        return Replaced::default();
    }
    if let Some((_, max)) = desired.maintenance.filter(|(_, max)| *max > 100) {
        return launch_first(desired, standings, max, now, decision);
    }
    let pending = standings.counted.iter().filter(|m| m.state.is_pending()).count();
    let mut room = (desired.capacity / 10).max(1).saturating_sub(pending);
    let mut replaced = Replaced::default();
    for (member, ailment) in &standings.ailing {
        // What does not run, or was said to be unhealthy, goes at once; what fails checks goes
        // a tenth of the group at a time.
        let at_once = matches!(ailment, Ailment::Ec2State | Ailment::User);
        if !at_once {
            if room == 0 {
                replaced.waits = true;
                continue;
            }
            room -= 1;
        }
        replaced.units += member.units;
        decision.terminate(member, Reason::Unhealthy(*ailment));
    }
    if replaced.waits {
        // Those that wait still hold their places.
        let waiting = standings.ailing.iter().map(|(m, _)| m.units).sum::<usize>() - replaced.units;
        let counted: usize = standings.counted.iter().map(|m| m.units).sum();
        replaced.room = Some(desired.capacity.saturating_sub(counted + waiting));
    }
    replaced
}

fn launch_first(
    desired: &Desired,
    standings: &Standings<'_>,
    max_percent: usize,
    now: Timestamp,
    decision: &mut Decision,
) -> Replaced {
    let ready: usize =
        standings.counted.iter().filter(|m| m.is_ready(desired, now)).map(|m| m.units).sum();
    let counted: usize = standings.counted.iter().map(|m| m.units).sum();
    let ailing: usize = standings.ailing.iter().map(|(m, _)| m.units).sum();
    let limit = (desired.capacity * max_percent / 100).max(desired.capacity + 1);
    let mut spare = (ready + ailing).saturating_sub(desired.capacity);
    for (member, ailment) in &standings.ailing {
        let gone = *ailment == Ailment::Ec2State;
        if gone || spare >= member.units {
            spare = spare.saturating_sub(member.units);
            decision.terminate(member, Reason::Unhealthy(*ailment));
        }
    }
    wake_when_ready(desired, &standings.counted, now, decision);
    Replaced { units: ailing, room: Some(limit.saturating_sub(counted + ailing)), waits: true }
}

/// "Use Capacity Rebalancing to handle Amazon EC2 Spot Interruptions": replacements come first, and
/// the group may exceed its size by a tenth meanwhile.
const REBALANCING: (usize, usize) = (100, 110);

/// What is to be replaced because it is outdated or too old, and how.
struct Rolling<'a> {
    old: Vec<&'a Observed>,
    percents: (usize, usize),
    reason: Reason,
}

fn rolling<'a>(desired: &Desired, counted: &[&'a Observed], now: Timestamp) -> Option<Rolling<'a>> {
    let pick = |wanted: &dyn Fn(&Observed) -> bool| -> Vec<&'a Observed> {
        counted.iter().copied().filter(|m| is_up(m) && wanted(m)).collect()
    };
    if let Some(percents) = desired.refresh {
        if desired.suspended.instance_refresh {
            return None;
        }
        let old = pick(&|m| m.outdated);
        return Some(Rolling { old, percents, reason: Reason::Refresh });
    }
    let old = pick(&|m| m.endangered);
    if !old.is_empty() {
        return Some(Rolling {
            old,
            percents: REBALANCING,
            reason: Reason::Unhealthy(Ailment::Spot),
        });
    }
    let lifetime = desired.max_lifetime_millis?;
    let old = pick(&|m| m.joined_at.plus_millis(lifetime) <= now);
    let percents = desired.maintenance.unwrap_or((90, 100));
    Some(Rolling { old, percents, reason: Reason::Lifetime })
}

/// Whether the group has grown beyond its desired capacity on purpose.
pub(super) fn may_exceed(desired: &Desired, standings: &Standings<'_>, now: Timestamp) -> bool {
    rolling(desired, &standings.counted, now)
        .is_some_and(|rolling| rolling.percents.1 > 100 && !rolling.old.is_empty())
}

/// Replaces what an instance refresh finds outdated, and what has become too old.
pub(super) fn outdated(
    desired: &Desired,
    standings: &Standings<'_>,
    now: Timestamp,
    decision: &mut Decision,
) {
    if let Some(lifetime) = desired.max_lifetime_millis {
        let expiries = standings.counted.iter().map(|m| m.joined_at.plus_millis(lifetime));
        if let Some(next) = expiries.filter(|at| *at > now).min() {
            decision.wake(next);
        }
    }
    if let Some(Rolling { old, percents, reason }) = rolling(desired, &standings.counted, now) {
        roll(desired, standings, &old, percents, reason, now, decision);
    }
}

fn is_up(member: &Observed) -> bool {
    member.state == LifecycleState::InService
}

/// Replaces `old` within the healthy percentages: terminating first, or, if the group may grow
/// beyond its desired capacity, launching first.
fn roll(
    desired: &Desired,
    standings: &Standings<'_>,
    old: &[&Observed],
    (min_percent, max_percent): (usize, usize),
    reason: Reason,
    now: Timestamp,
    decision: &mut Decision,
) {
    if old.is_empty() {
        return;
    }
    // What could not be launched is tried again before anything else goes.
    if let Some(at) = desired.retries_at.filter(|at| now < *at) {
        return decision.wake(at);
    }
    let open = desired.open_zones();
    if open.is_empty() {
        return;
    }
    let counted = &standings.counted;
    let units =
        |members: &mut dyn Iterator<Item = &&Observed>| -> usize { members.map(|m| m.units).sum() };
    let ready = units(&mut counted.iter().filter(|m| m.is_ready(desired, now)));
    let total = units(&mut counted.iter());
    let floor = (desired.capacity * min_percent).div_ceil(100);
    let limit = desired.capacity * max_percent / 100;
    wake_when_ready(desired, counted, now, decision);
    let old_units = units(&mut old.iter());
    let purpose = |_| match reason {
        Reason::Refresh => Purpose::Refresh,
        _ => Purpose::Replace,
    };
    if max_percent > 100 {
        // New ones come first; then as many old ones go as are not needed any more.
        let limit = limit.max(desired.capacity + 1);
        let spare = total - old_units;
        let wanted = old_units.min(desired.capacity.saturating_sub(spare));
        let launches = wanted.min(limit.saturating_sub(total));
        if launches > 0 {
            // The zones are to be even when the old ones have gone.
            let stays = |m: &&&Observed| !old.iter().any(|o| o.id == m.id);
            let staying: Vec<&Observed> = counted.iter().filter(stays).copied().collect();
            let sizes = balance::sizes(&open, &staying);
            spread(sizes, &open, launches, purpose, decision);
        }
        let mut removable = ready.saturating_sub(floor.max(desired.capacity));
        for member in old.iter().take_while(|m| {
            let goes = removable >= m.units;
            removable = removable.saturating_sub(m.units);
            goes
        }) {
            decision.terminate(member, reason);
        }
        return;
    }
    // At least one is always replaced, or a group of one would never be.
    let quiet = ready == total && total >= desired.capacity;
    let mut removable = ready.saturating_sub(floor).max(usize::from(quiet));
    let mut launches = 0;
    let mut zones: Vec<&Observed> = counted.clone();
    for member in old {
        if removable == 0 {
            break;
        }
        removable = removable.saturating_sub(member.units);
        launches += member.units;
        zones.retain(|m| m.id != member.id);
        decision.terminate(member, reason);
    }
    let sizes = balance::sizes(&open, &zones);
    spread(sizes, &open, launches, purpose, decision);
}

/// Looks again when the next instance has warmed up.
fn wake_when_ready(
    desired: &Desired,
    counted: &[&Observed],
    now: Timestamp,
    decision: &mut Decision,
) {
    let ready_at = counted.iter().filter_map(|m| m.in_service_since);
    let ready_at = ready_at.map(|at| at.plus_millis(desired.warmup_millis));
    if let Some(at) = ready_at.filter(|at| *at > now).min() {
        decision.wake(at);
    }
}
