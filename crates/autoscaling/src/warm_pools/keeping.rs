//! Keeping a warm pool at its size.

use super::{Pool, pooled};
use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use crate::observe::World;
use crate::reconcile::{Machine, Purpose};
use crate::{causes, launch, lifecycle, refresh};
use kernel::{Caller, Tx};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Launches what the pool lacks and terminates what it has too many of, or what has vanished.
pub(crate) fn fill(tx: &mut Tx, caller: &Caller, name: &str, world: &World) {
    let Some(group) = tx.get::<Group>(name) else { return };
    let Some(pool) = tx.get::<Pool>(name) else { return };
    if group.deleting {
        return;
    }
    let members: Vec<Arc<Member>> = pooled(tx, &group).cloned().collect();
    if pool.deleting && members.is_empty() {
        tx.remove::<Pool>(name);
        return;
    }
    let (leaving, mut staying): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|m| m.state.is_terminating());
    if !group.is_suspended("Terminate") || pool.deleting {
        staying.retain(|member| {
            let broken = !pool.deleting && !is_sound(member, world.machine(member));
            if broken && !member.state.is_prepared() {
                put_off(tx, &group);
            }
            if pool.deleting || broken {
                end(tx, caller, &group, &member.instance_id, broken);
            }
            !pool.deleting && !broken
        });
    }
    if pool.deleting {
        return;
    }
    let Some(group) = tx.get::<Group>(name) else { return };
    let wanted = usize::try_from(pool.size(&group)).unwrap_or(0);
    let surplus = staying.len().saturating_sub(wanted);
    if surplus > 0 && !group.is_suspended("Terminate") && tx.now() >= group.reacts_at {
        for member in choose(&staying, surplus) {
            end(tx, caller, &group, &member, false);
        }
    }
    // What leaves makes room when it is gone.
    let missing = wanted.saturating_sub(staying.len() + leaving.len());
    if missing > 0 {
        launch(tx, caller, &group, &staying, missing);
    }
}

/// Whether a pool's instance is where it should be. Those that stop may take a while.
fn is_sound(member: &Member, machine: Machine) -> bool {
    match member.state {
        LifecycleState::WarmedRunning => machine == Machine::Running,
        LifecycleState::WarmedStopped | LifecycleState::WarmedHibernated => {
            machine != Machine::Gone
        }
        _ => matches!(machine, Machine::Pending | Machine::Running),
    }
}

/// An instance vanished while it was prepared: the next is not launched at once.
pub(super) fn put_off(tx: &mut Tx, group: &Group) {
    let again = tx.now().plus_millis(tx.pace().retry_millis(group.failures.saturating_add(1)));
    tx.update::<Group>(&group.name, |g| {
        g.failures = g.failures.saturating_add(1);
        g.retries_at = Some(again);
    });
}

fn end(tx: &mut Tx, caller: &Caller, group: &Group, id: &SmolStr, broken: bool) {
    let now = tx.now();
    let cause = match broken {
        true => causes::ec2_health(now),
        false => causes::relieving(now),
    };
    lifecycle::terminate_now(tx, caller, group, id, &[cause]);
}

/// The youngest of the fullest zone go first.
fn choose(staying: &[Arc<Member>], surplus: usize) -> Vec<SmolStr> {
    let mut left: Vec<&Arc<Member>> = staying.iter().collect();
    let mut chosen = Vec::new();
    for _ in 0..surplus {
        let sizes = zones(left.iter().map(|m| &m.zone));
        let next = left.iter().enumerate().max_by_key(|(_, m)| (sizes[&m.zone], m.joined_at));
        let Some((place, _)) = next else { break };
        chosen.push(left.remove(place).instance_id.clone());
    }
    chosen
}

fn zones<'a>(zones: impl Iterator<Item = &'a SmolStr>) -> BTreeMap<SmolStr, usize> {
    let mut sizes = BTreeMap::new();
    zones.for_each(|zone| *sizes.entry(zone.clone()).or_default() += 1);
    sizes
}

/// Launches into the zones that the group would take next, so that it can draw from there.
fn launch(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    staying: &[Arc<Member>],
    missing: usize,
) {
    let now = tx.now();
    if group.is_suspended("Launch") || now < group.reacts_at {
        return;
    }
    if let Some(at) = group.retries_at.filter(|at| now < *at) {
        tx.schedule(at, "autoscaling.reconcile", &group.name);
        return;
    }
    let own = group.members(tx).filter(|m| !m.state.is_warmed() && !m.state.is_terminating());
    let mut sizes = zones(own.chain(staying).map(|m| &m.zone));
    let places = group.zones();
    let mut counts: BTreeMap<SmolStr, usize> = BTreeMap::new();
    for _ in 0..missing {
        let Some(zone) = places.iter().min_by_key(|zone| sizes.get(*zone)) else { return };
        *sizes.entry(zone.clone()).or_default() += 1;
        *counts.entry(zone.clone()).or_default() += 1;
    }
    let mut launcher = launch::Launcher::for_pool(refresh::target(tx, group), caller.clone());
    for (zone, count) in counts {
        let before = staying.len();
        launcher.launch(tx, &zone, count, &Purpose::Fill, (before, before + count));
        if launcher.outcome.is_some_and(|(failures, _)| failures > 0) {
            break;
        }
    }
    if let Some((failures, retries_at)) = launcher.outcome {
        tx.update::<Group>(&group.name, |g| (g.failures, g.retries_at) = (failures, retries_at));
        retries_at.into_iter().for_each(|at| tx.schedule(at, "autoscaling.reconcile", &group.name));
    }
}
