//! From what should be and what is to what is to be done.

use super::{balance, choose, replace};
use crate::decisions::Choice;
use crate::members::{Ailment, LifecycleState};
use kernel::Timestamp;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// What the group should be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desired {
    /// In units of capacity: instances, unless they have weights.
    pub(crate) capacity: usize,
    /// Its zones.
    pub(crate) zones: Vec<SmolStr>,
    /// Those among them that a zonal shift leads away from: nothing is launched there.
    pub(crate) shifted: BTreeSet<SmolStr>,
    /// Termination policies, as successive filters.
    pub(crate) policies: Vec<SmolStr>,
    pub(crate) suspended: Suspension,
    /// Everything must go.
    pub(crate) deleting: bool,
    /// Differences are left alone before this instant.
    pub(crate) reacts_at: Timestamp,
    /// Launches are not tried before this instant, since the last ones failed.
    pub(crate) retries_at: Option<Timestamp>,
    /// Launches that failed in a row.
    pub(crate) failures: u32,
    /// How long a stopped or vanished instance takes to be noticed, in milliseconds.
    pub(crate) notice_millis: i64,
    /// How long failed status checks are put up with, in milliseconds.
    pub(crate) patience_millis: i64,
    /// How long a new instance does not yet count as ready, in milliseconds.
    pub(crate) warmup_millis: i64,
    /// The instance maintenance policy: minimum and maximum healthy percentage.
    pub(crate) maintenance: Option<(usize, usize)>,
    /// How old an instance may become, in milliseconds.
    pub(crate) max_lifetime_millis: Option<i64>,
    /// An instance refresh that may go on replacing: minimum and maximum healthy percentage.
    pub(crate) refresh: Option<(usize, usize)>,
}

impl Desired {
    /// Zones it may launch into.
    pub(super) fn open_zones(&self) -> Vec<SmolStr> {
        self.zones.iter().filter(|zone| !self.shifted.contains(*zone)).cloned().collect()
    }
}

/// Processes that the user has suspended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Suspension {
    pub(crate) launch: bool,
    pub(crate) terminate: bool,
    pub(crate) health_check: bool,
    pub(crate) replace_unhealthy: bool,
    pub(crate) az_rebalance: bool,
    pub(crate) instance_refresh: bool,
}

/// What EC2 says of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    Pending,
    Running,
    /// Stopping, stopped or shutting down.
    Down,
    /// Terminated, or forgotten by EC2.
    Gone,
}

/// An instance as it is.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) id: SmolStr,
    pub(crate) zone: SmolStr,
    pub(crate) state: LifecycleState,
    pub(crate) machine: Machine,
    pub(crate) healthy: bool,
    pub(crate) ailment: Ailment,
    /// EC2's status checks fail.
    pub(crate) impaired: bool,
    /// A load balancer whose word counts says that it is unhealthy, and its grace is over.
    pub(crate) rejected: bool,
    /// It is in a zone whose unhealthy instances are left alone while a zonal shift lasts.
    pub(crate) shielded: bool,
    pub(crate) protected: bool,
    pub(crate) joined_at: Timestamp,
    pub(crate) down_since: Option<Timestamp>,
    pub(crate) in_service_since: Option<Timestamp>,
    /// Orders launch sources by age: the smaller, the earlier it goes. Launch configurations come
    /// before templates.
    pub(crate) source_age: (u8, i64),
    /// Whether it comes from the group's present launch source.
    pub(crate) current_source: bool,
    /// EC2 recommends to rebalance this Spot Instance, and the group does.
    pub(crate) endangered: bool,
    /// An instance refresh must replace it, and may.
    pub(crate) outdated: bool,
    /// Units of capacity.
    pub(crate) units: usize,
    /// Its place in the order in which a mixed group gives up purchase options and pools.
    pub(crate) allocation_rank: i64,
}

impl Observed {
    /// In service, healthy, and warmed up.
    pub(super) fn is_ready(&self, desired: &Desired, now: Timestamp) -> bool {
        self.healthy
            && self.state == LifecycleState::InService
            && self.in_service_since.is_none_or(|at| now >= at.plus_millis(desired.warmup_millis))
    }
}

/// Why instances are launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// There are fewer than there should be.
    Fill,
    /// Some are being replaced.
    Replace,
    /// An instance refresh replaces some.
    Refresh,
    /// A zone has too few; the zones with their sizes, this one last.
    Balance(Vec<(SmolStr, usize)>),
}

/// Why an instance is terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There are more than there should be.
    Surplus,
    /// It is unhealthy.
    Unhealthy(Ailment),
    /// An instance refresh replaces it.
    Refresh,
    /// It has become too old.
    Lifetime,
    /// The group is being deleted.
    Deletion,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// EC2 says that it does not run, or that its checks fail.
    NoteDown(SmolStr),
    /// EC2 says that it is well again, before anyone acted.
    NoteUp(SmolStr),
    /// It was found to be broken.
    MarkUnhealthy(SmolStr, Ailment),
    /// Units of capacity are needed in a zone.
    Launch { zone: SmolStr, count: usize, purpose: Purpose },
    /// An instance must go.
    Terminate { id: SmolStr, reason: Reason },
    /// There are too many instances, but all of them are protected from scale-in.
    AllProtected,
    /// The last instance of a deleted group has gone.
    Finish,
}

/// What to do now, and when to look again if nothing happens before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) actions: Vec<Action>,
    pub(crate) wake_at: Option<Timestamp>,
    /// Units that counted before the actions.
    pub(crate) capacity: usize,
    /// How instances were chosen to go, of the first of them.
    pub(crate) choices: Vec<Choice>,
    /// Zones with their instances before launches.
    pub(crate) sizes: Vec<(SmolStr, usize)>,
}

impl Decision {
    pub(super) fn wake(&mut self, at: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(at, |old| old.min(at)));
    }

    pub(super) fn terminate(&mut self, member: &Observed, reason: Reason) {
        self.actions.push(Action::Terminate { id: member.id.clone(), reason });
    }
}

/// The instances of a group, sorted by how they stand.
#[derive(Debug, Default)]
pub(super) struct Standings<'a> {
    /// They count: neither leaving nor in standby nor unhealthy.
    pub(super) counted: Vec<&'a Observed>,
    /// Unhealthy and to be replaced.
    pub(super) ailing: Vec<(&'a Observed, Ailment)>,
    /// Whether something is under way.
    pub(super) unsettled: bool,
}

/// Decides.
pub(crate) fn plan(desired: &Desired, observed: &[Observed], now: Timestamp) -> Decision {
    let mut decision = Decision::default();
    if desired.deleting {
        wind_down(observed, &mut decision);
        return decision;
    }
    let mut standings = Standings::default();
    for member in observed {
        look(desired, member, now, &mut standings, &mut decision);
    }
    let sum = |members: &[&Observed]| members.iter().map(|m| m.units).sum::<usize>();
    let ailing_units = standings.ailing.iter().map(|(m, _)| m.units).sum::<usize>();
    decision.capacity = sum(&standings.counted) + ailing_units;
    let replaced = replace::unhealthy(desired, &standings, now, &mut decision);
    let counted = sum(&standings.counted);
    if counted != desired.capacity && now < desired.reacts_at {
        decision.wake(desired.reacts_at);
        return decision;
    }
    // Unhealthy instances that stay until their replacements are ready keep their room.
    let missing = desired.capacity.saturating_sub(counted);
    if missing > 0 && !desired.suspended.launch {
        launch(desired, &standings, missing, &replaced, now, &mut decision);
    }
    let surplus = counted.saturating_sub(desired.capacity);
    let on_purpose = replaced.waits || replace::may_exceed(desired, &standings, now);
    if surplus > 0 && !desired.suspended.terminate && !on_purpose {
        shrink(desired, &standings, surplus, now, &mut decision);
    }
    let complete = missing == 0 && standings.ailing.is_empty();
    if complete && !desired.suspended.terminate && !desired.suspended.launch {
        replace::outdated(desired, &standings, now, &mut decision);
    }
    let quiet = complete && surplus == 0 && !standings.unsettled && desired.refresh.is_none();
    if quiet
        && decision.actions.is_empty()
        && !desired.suspended.az_rebalance
        && !desired.suspended.launch
        && desired.shifted.is_empty()
        && desired.failures < balance::ATTEMPTS
        && let Some(launch) = balance::rebalance(&desired.zones, &standings.counted)
    {
        match desired.retries_at.filter(|at| now < *at) {
            Some(at) => decision.wake(at),
            None => decision.actions.push(launch),
        }
    }
    decision
}

/// Looks at one instance: what has happened to it, and what that asks for.
fn look<'a>(
    desired: &Desired,
    member: &'a Observed,
    now: Timestamp,
    standings: &mut Standings<'a>,
    decision: &mut Decision,
) {
    use LifecycleState as S;
    match member.state {
        state if state.is_warmed() => return,
        state if state.is_terminating() => {
            standings.unsettled = true;
            return;
        }
        // Standby instances are not checked.
        S::Standby | S::EnteringStandby | S::Detaching => return,
        S::InService => {}
        _ => standings.unsettled = true,
    }
    let ailment = match member.healthy {
        false => Some(member.ailment),
        true if desired.suspended.health_check => None,
        true => examine(desired, member, now, decision),
    };
    if let Some(ailment) = ailment.filter(|_| member.healthy) {
        decision.actions.push(Action::MarkUnhealthy(member.id.clone(), ailment));
    }
    match ailment {
        Some(ailment)
            if !desired.suspended.replace_unhealthy
                && !desired.suspended.terminate
                && !member.shielded =>
        {
            standings.unsettled = true;
            standings.ailing.push((member, ailment));
        }
        _ => standings.counted.push(member),
    }
}

/// The health checks of an instance that passed for healthy so far. "Health checks for instances
/// in an Auto Scaling group": an instance that does not run is unhealthy even in its grace period.
fn examine(
    desired: &Desired,
    member: &Observed,
    now: Timestamp,
    decision: &mut Decision,
) -> Option<Ailment> {
    let down = matches!(member.machine, Machine::Down | Machine::Gone);
    let (ailment, patience) = match (down, member.impaired) {
        (true, _) => (Ailment::Ec2State, desired.notice_millis),
        (false, true) => (Ailment::Ec2Status, desired.patience_millis),
        (false, false) => {
            if member.down_since.is_some() {
                decision.actions.push(Action::NoteUp(member.id.clone()));
            }
            return member.rejected.then_some(Ailment::Elb);
        }
    };
    let noticed = match member.down_since {
        Some(since) => since.plus_millis(patience),
        None => {
            decision.actions.push(Action::NoteDown(member.id.clone()));
            now.plus_millis(patience)
        }
    };
    if now >= noticed {
        return Some(ailment);
    }
    decision.wake(noticed);
    None
}

/// A deleted group: everything goes, whatever protects it, and then the group.
fn wind_down(observed: &[Observed], decision: &mut Decision) {
    for member in observed {
        if member.state.is_terminating() {
            continue;
        }
        decision.capacity += member.units;
        decision.terminate(member, Reason::Deletion);
    }
    if observed.is_empty() {
        decision.actions.push(Action::Finish);
    }
}

/// Launches what is missing, each unit into the zone that has the fewest. The launches that make
/// up for replaced instances say so; any beyond that fill a gap.
fn launch(
    desired: &Desired,
    standings: &Standings<'_>,
    missing: usize,
    replaced: &replace::Replaced,
    now: Timestamp,
    decision: &mut Decision,
) {
    if let Some(at) = desired.retries_at.filter(|at| now < *at) {
        return decision.wake(at);
    }
    let missing = missing.min(replaced.room.unwrap_or(missing));
    let zones = desired.open_zones();
    let sizes = balance::sizes(&zones, &standings.counted);
    let purpose = |number| match number < replaced.units {
        true => Purpose::Replace,
        false => Purpose::Fill,
    };
    spread(sizes, &zones, missing, purpose, decision);
}

/// Puts `count` units into zones one by one, each into the one with the fewest.
pub(super) fn spread(
    mut sizes: BTreeMap<SmolStr, usize>,
    zones: &[SmolStr],
    count: usize,
    purpose: impl Fn(usize) -> Purpose,
    decision: &mut Decision,
) {
    decision.sizes = sizes.iter().map(|(zone, size)| (zone.clone(), *size)).collect();
    let mut launches: Vec<(Purpose, BTreeMap<&SmolStr, usize>)> = Vec::new();
    for number in 0..count {
        let Some(zone) = zones.iter().min_by_key(|zone| sizes.get(*zone)) else { return };
        *sizes.entry(zone.clone()).or_default() += 1;
        let purpose = purpose(number);
        if launches.last().is_none_or(|(last, _)| *last != purpose) {
            launches.push((purpose, BTreeMap::new()));
        }
        if let Some((_, counts)) = launches.last_mut() {
            *counts.entry(zone).or_default() += 1;
        }
    }
    for (purpose, counts) in launches {
        for (zone, count) in counts {
            let purpose = purpose.clone();
            decision.actions.push(Action::Launch { zone: zone.clone(), count, purpose });
        }
    }
}

/// Chooses who goes when there are too many.
fn shrink(
    desired: &Desired,
    standings: &Standings<'_>,
    surplus: usize,
    now: Timestamp,
    decision: &mut Decision,
) {
    let counted = &standings.counted;
    let (chosen, choices) =
        choose::surplus(&desired.policies, counted, surplus, &desired.zones, now);
    decision.choices = choices;
    if chosen.is_empty() && counted.iter().all(|m| m.protected) {
        decision.actions.push(Action::AllProtected);
    }
    for id in chosen {
        decision.actions.push(Action::Terminate { id, reason: Reason::Surplus });
    }
}
