//! From what should be and what is to what is to be done.

use super::{balance, choose};
use crate::members::LifecycleState;
use kernel::Timestamp;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// What the group should be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desired {
    pub(crate) capacity: usize,
    /// Zones it may launch into.
    pub(crate) zones: Vec<SmolStr>,
    /// Termination policies, as successive filters.
    pub(crate) policies: Vec<SmolStr>,
    /// The launch configuration in force: instances of others are older.
    pub(crate) suspended: Suspension,
    /// Everything must go.
    pub(crate) deleting: bool,
    /// Differences are left alone before this instant.
    pub(crate) reacts_at: Timestamp,
    /// Launches are not tried before this instant, since the last ones failed.
    pub(crate) retries_at: Option<Timestamp>,
    /// How long a running instance takes to be put into service, in milliseconds.
    pub(crate) register_millis: i64,
    /// How long a broken instance takes to be noticed, in milliseconds.
    pub(crate) notice_millis: i64,
}

/// Processes that the user has suspended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Suspension {
    pub(crate) launch: bool,
    pub(crate) terminate: bool,
    pub(crate) health_check: bool,
    pub(crate) replace_unhealthy: bool,
    pub(crate) az_rebalance: bool,
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
    /// Whether it was a user who said that it is not healthy.
    pub(crate) user_unhealthy: bool,
    pub(crate) protected: bool,
    pub(crate) joined_at: Timestamp,
    pub(crate) running_since: Option<Timestamp>,
    pub(crate) down_since: Option<Timestamp>,
    /// When its launch configuration was made: the older, the earlier it goes.
    pub(crate) configuration_made_at: Timestamp,
    /// Whether its launch configuration is the group's present one.
    pub(crate) current_configuration: bool,
}

/// Why instances are launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// There are fewer than there should be.
    Fill,
    /// Some are being replaced.
    Replace,
    /// A zone has too few; the zones with their sizes, this one last.
    Balance(Vec<(SmolStr, usize)>),
}

/// Why an instance is terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There are more than there should be.
    Surplus,
    /// EC2 says that it does not run.
    Ec2Health,
    /// A user said that it is unhealthy.
    UserHealth,
    /// The group is being deleted.
    Deletion,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// EC2 began to run it: registering begins.
    NoteRunning(SmolStr),
    /// EC2 says that it does not run.
    NoteDown(SmolStr),
    /// EC2 says that it runs again, before anyone acted.
    NoteUp(SmolStr),
    /// It is ready for work.
    PutInService(SmolStr),
    /// It was found to be broken.
    MarkUnhealthy(SmolStr),
    /// Instances are needed in a zone.
    Launch { zone: SmolStr, count: usize, purpose: Purpose },
    /// An instance must go.
    Terminate { id: SmolStr, reason: Reason },
    /// An instance has gone.
    Forget(SmolStr),
    /// The last instance of a deleted group has gone.
    Finish,
}

/// What to do now, and when to look again if nothing happens before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) actions: Vec<Action>,
    pub(crate) wake_at: Option<Timestamp>,
    /// Number of instances that counted before the actions.
    pub(crate) capacity: usize,
}

impl Decision {
    fn wake(&mut self, at: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(at, |old| old.min(at)));
    }
}

/// Decides.
pub(crate) fn plan(desired: &Desired, observed: &[Observed], now: Timestamp) -> Decision {
    let mut decision = Decision::default();
    // Instances that count: neither leaving nor in standby, and not about to be replaced.
    let mut counted: Vec<&Observed> = Vec::new();
    let mut replaced = 0;
    let mut unsettled = false;
    for member in observed {
        match look(desired, member, now, &mut decision) {
            Standing::Counts { settled } => {
                unsettled |= !settled;
                counted.push(member);
            }
            Standing::Replaced => {
                replaced += 1;
                unsettled = true;
            }
            Standing::Leaving => unsettled = true,
            Standing::Apart => {}
        }
    }
    decision.capacity = counted.len() + replaced;
    if desired.deleting {
        return wind_down(observed, decision);
    }
    if counted.len() != desired.capacity && now < desired.reacts_at {
        decision.wake(desired.reacts_at);
        return decision;
    }
    let missing = desired.capacity.saturating_sub(counted.len());
    if missing > 0 && !desired.suspended.launch {
        match desired.retries_at.filter(|at| now < *at) {
            Some(at) => decision.wake(at),
            None => fill(desired, &counted, missing, replaced, &mut decision),
        }
    }
    let surplus = counted.len().saturating_sub(desired.capacity);
    if surplus > 0 && !desired.suspended.terminate {
        for id in choose::surplus(&desired.policies, &counted, surplus, &desired.zones, now) {
            decision.actions.push(Action::Terminate { id, reason: Reason::Surplus });
        }
    }
    let quiet = missing == 0 && surplus == 0 && !unsettled;
    if quiet
        && !desired.suspended.az_rebalance
        && !desired.suspended.launch
        && let Some(launch) = balance::rebalance(&desired.zones, &counted)
    {
        match desired.retries_at.filter(|at| now < *at) {
            Some(at) => decision.wake(at),
            None => decision.actions.push(launch),
        }
    }
    decision
}

/// How an instance stands.
enum Standing {
    /// It counts; settled if it is in service.
    Counts { settled: bool },
    /// It is broken and goes; another takes its place.
    Replaced,
    /// It is on its way out.
    Leaving,
    /// It is in standby.
    Apart,
}

/// Looks at one instance: what has happened to it, and what that asks for.
fn look(desired: &Desired, member: &Observed, now: Timestamp, decision: &mut Decision) -> Standing {
    let id = || member.id.clone();
    match (member.state, member.machine) {
        (_, Machine::Gone) if member.state == LifecycleState::Terminating => {
            decision.actions.push(Action::Forget(id()));
            return Standing::Leaving;
        }
        (LifecycleState::Terminating, _) => return Standing::Leaving,
        (LifecycleState::Standby, Machine::Gone) => {
            decision.actions.push(Action::Forget(id()));
            return Standing::Apart;
        }
        // Standby instances are not checked.
        (LifecycleState::Standby, _) => return Standing::Apart,
        (LifecycleState::Pending, Machine::Running) => match member.running_since {
            None => {
                decision.actions.push(Action::NoteRunning(id()));
                decision.wake(now.plus_millis(desired.register_millis));
            }
            Some(since) => {
                let ready = since.plus_millis(desired.register_millis);
                if now >= ready {
                    decision.actions.push(Action::PutInService(id()));
                } else {
                    decision.wake(ready);
                }
            }
        },
        (_, Machine::Running) if member.down_since.is_some() && member.healthy => {
            decision.actions.push(Action::NoteUp(id()));
        }
        _ => {}
    }
    let settled = member.state == LifecycleState::InService;
    let broken = matches!(member.machine, Machine::Down | Machine::Gone);
    let mut unhealthy = !member.healthy;
    if broken && member.healthy && !desired.suspended.health_check {
        let noticed = match member.down_since {
            Some(since) => since.plus_millis(desired.notice_millis),
            None => {
                decision.actions.push(Action::NoteDown(id()));
                now.plus_millis(desired.notice_millis)
            }
        };
        if now >= noticed {
            decision.actions.push(Action::MarkUnhealthy(id()));
            unhealthy = true;
        } else {
            decision.wake(noticed);
        }
    }
    if !unhealthy || desired.deleting || desired.suspended.replace_unhealthy {
        return Standing::Counts { settled };
    }
    if desired.suspended.terminate {
        return Standing::Counts { settled };
    }
    let reason = if member.user_unhealthy { Reason::UserHealth } else { Reason::Ec2Health };
    decision.actions.push(Action::Terminate { id: id(), reason });
    Standing::Replaced
}

/// A deleted group: everything goes, whatever protects it, and then the group.
fn wind_down(observed: &[Observed], mut decision: Decision) -> Decision {
    let mut left = false;
    for member in observed {
        let forgotten = decision.actions.contains(&Action::Forget(member.id.clone()));
        left |= !forgotten;
        if member.state != LifecycleState::Terminating && !forgotten {
            let reason = Reason::Deletion;
            decision.actions.push(Action::Terminate { id: member.id.clone(), reason });
        }
    }
    if !left {
        decision.actions.push(Action::Finish);
    }
    decision
}

/// Launches what is missing, each instance into the zone that has the fewest. The launches that
/// make up for replaced instances say so; any beyond that fill a gap.
fn fill(
    desired: &Desired,
    counted: &[&Observed],
    missing: usize,
    replaced: usize,
    decision: &mut Decision,
) {
    let mut sizes: BTreeMap<&SmolStr, usize> = desired.zones.iter().map(|z| (z, 0)).collect();
    for member in counted {
        if let Some(size) = sizes.get_mut(&member.zone) {
            *size += 1;
        }
    }
    let mut launches: BTreeMap<(bool, &SmolStr), usize> = BTreeMap::new();
    for number in 0..missing {
        let fewest = desired.zones.iter().min_by_key(|zone| sizes[*zone]);
        let Some(zone) = fewest else { return };
        *sizes.entry(zone).or_default() += 1;
        *launches.entry((number >= replaced, zone)).or_default() += 1;
    }
    for ((fills, zone), count) in launches {
        let purpose = if fills { Purpose::Fill } else { Purpose::Replace };
        decision.actions.push(Action::Launch { zone: zone.clone(), count, purpose });
    }
}
