//! Instances on their way into a warm pool, out of it and back. "Use lifecycle hooks with a warm
//! pool in an Auto Scaling group" has the states that they pass.

use super::keeping::put_off;
use super::{Pool, PoolState, pooled};
use crate::activities::{self, Activity, Kind, Status};
use crate::groups::Group;
use crate::lifecycle::{self, Begun};
use crate::members::{LifecycleState, Member};
use crate::causes;
use api::ec2;
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// An instance is prepared: it waits as the pool says. One that cannot hibernate is of no use.
pub(crate) fn store(tx: &mut Tx, caller: &Caller, group: &Group, member: &Member) {
    let id = &member.instance_id;
    let state = tx.get::<Pool>(&group.name).map(|pool| pool.state).unwrap_or_default();
    let (to, hibernate) = match state {
        PoolState::Stopped => (LifecycleState::WarmedStopped, false),
        PoolState::Running => (LifecycleState::WarmedRunning, false),
        PoolState::Hibernated => (LifecycleState::WarmedHibernated, true),
    };
    if state != PoolState::Running
        && let Err(error) = stop(tx, caller, id, hibernate)
    {
        if let Some(open) = &member.activity {
            activities::end(tx, open, Status::Failed, &error.message);
            tx.update::<Member>(id, |m| m.activity = None);
        }
        // Not at once again: what cannot hibernate today cannot tomorrow.
        put_off(tx, group);
        let cause = causes::relieving(tx.now());
        lifecycle::terminate_now(tx, caller, group, id, &[cause]);
        return;
    }
    tx.update::<Member>(id, |m| {
        m.state = to;
        m.activity = None;
        m.actions = None;
        m.running_since = None;
        m.in_service_since = None;
        m.down_since = None;
        m.pool_bound = false;
    });
    lifecycle::succeed(tx, caller, group, member.activity.as_ref());
}

fn stop(tx: &mut Tx, caller: &Caller, id: &SmolStr, hibernate: bool) -> Result<(), ApiError> {
    let request = ec2::StopInstancesRequest {
        instance_ids: vec![id.clone()],
        hibernate: hibernate.then_some(true),
        ..Default::default()
    };
    tx.call::<ec2::ops::StopInstances>(caller, request).map(drop)
}

/// Takes up to `count` prepared instances of a zone into the group; tells how many.
pub(crate) fn draw(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    zone: &SmolStr,
    count: usize,
    cause: &[String],
) -> usize {
    if tx.get::<Pool>(&group.name).is_none_or(|pool| pool.deleting) {
        return 0;
    }
    let ready: Vec<Arc<Member>> = pooled(tx, group)
        .filter(|m| m.state.is_prepared() && m.healthy && m.zone == *zone)
        .cloned()
        .collect();
    let mut drawn = 0;
    for member in ready {
        if drawn == count {
            break;
        }
        let id = &member.instance_id;
        // One that is still stopping cannot be started.
        if member.state == LifecycleState::WarmedRunning || start(tx, caller, id).is_ok() {
            join(tx, group, &member, cause);
            drawn += 1;
        }
    }
    drawn
}

fn start(tx: &mut Tx, caller: &Caller, id: &SmolStr) -> Result<(), ApiError> {
    let request = ec2::StartInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    tx.call::<ec2::ops::StartInstances>(caller, request).map(drop)
}

/// A prepared instance begins its way into service.
fn join(tx: &mut Tx, group: &Group, member: &Member, cause: &[String]) {
    let id = &member.instance_id;
    let begun = Begun {
        zone: &member.zone,
        instance: id,
        kind: Kind::Launch,
        description: format!("Launching a new EC2 instance from warm pool: {id}"),
        status: Status::PreInService,
        progress: 30,
    };
    let activity = lifecycle::begin(tx, group, begun, cause).id;
    tx.update::<Member>(id, |m| {
        m.state = LifecycleState::Pending;
        m.activity = Some(activity);
        m.actions = None;
        m.running_since = None;
        m.protected = group.protect_new;
        m.from_pool = true;
    });
}

/// On scale-in, an instance goes back to the pool if that reuses instances and has room.
pub(crate) fn take_back(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    id: &SmolStr,
    cause: &[String],
) -> bool {
    let Some(pool) = tx.get::<Pool>(&group.name) else { return false };
    if pool.reuse != Some(true) || pool.deleting || !has_room(tx, group, &pool) {
        return false;
    }
    let serves = |m: Arc<Member>| m.state == LifecycleState::InService && m.healthy;
    if !tx.get::<Member>(id).is_some_and(serves) {
        return false;
    }
    tx.update::<Member>(id, |m| m.pool_bound = true);
    let Some(activity) = lifecycle::terminate_now(tx, caller, group, id, cause) else {
        return false;
    };
    let description = format!("Returning EC2 instance to warm pool: {id}");
    tx.put(Activity { description, kind: Kind::Other, ..activity });
    true
}

/// Those on their way back count too.
fn has_room(tx: &Tx, group: &Group, pool: &Pool) -> bool {
    let counts = |m: &&Arc<Member>| {
        (m.state.is_warmed() && !m.state.is_terminating()) || m.pool_bound
    };
    let held = group.members(tx).filter(counts).count();
    i64::try_from(held).unwrap_or(i64::MAX) < pool.size(group)
}

/// An instance whose way back to the pool is free goes there; tells whether it does.
pub(crate) fn return_to_pool(tx: &mut Tx, group: &Group, member: &Member) -> bool {
    if !member.pool_bound || group.deleting || tx.get::<Pool>(&group.name).is_none_or(|p| p.deleting)
    {
        return false;
    }
    tx.update::<Member>(&member.instance_id, |m| {
        m.state = LifecycleState::WarmedPending;
        // From there it leaves for good.
        m.pool_bound = false;
        m.running_since = None;
        m.protected = false;
        // It was launched long ago: no launch hook is told again.
        m.actions = Some(Vec::new());
    });
    tx.schedule(tx.now(), "autoscaling.reconcile", &group.name);
    true
}
