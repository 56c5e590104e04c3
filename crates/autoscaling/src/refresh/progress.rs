//! How an instance refresh goes on: one step at each look at its group.
//!
//! "Instance refresh statuses", "Add checkpoints to an instance refresh" and "Undo changes with a
//! rollback" in the user guide.

use super::operations::ask_alarms;
use super::pool;
use super::preferences::Standby;
use super::row::{Progress, Refresh, Rollback, Status};
use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use crate::{causes, lifecycle, zonal_shift};
use kernel::{Caller, Timestamp, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// A refresh that makes no progress for an hour fails.
const PATIENCE_SECS: i64 = 3_600;

/// What a look sees.
#[derive(Debug, Default)]
struct Seen {
    /// Instances that are not replaced yet, or whose replacements are not ready.
    left: usize,
    /// Instances on their way in or out.
    moving: bool,
    /// An instance that warms up.
    warming: Option<SmolStr>,
    /// When the first and the last of those that warm up have.
    warm_at: Option<(Timestamp, Timestamp)>,
    /// What the refresh waits for, if an instance may not be replaced.
    held: Option<SmolStr>,
    /// An alarm of the refresh that is in ALARM.
    alarm: Option<SmolStr>,
}

/// Whether a member is part of the group, and stays so for all that is known.
pub(super) fn is_live(member: &Member) -> bool {
    let state = member.state;
    !state.is_warmed() && !state.is_terminating() && state != LifecycleState::Detaching
}

pub(super) use super::operations::ask_alarms as alarm_states;

impl Refresh {
    /// It is over.
    pub(super) fn end(&mut self, status: Status, now: Timestamp) {
        self.status = status;
        self.ended_at = Some(now.whole_seconds());
        self.waits_until = None;
        if status == Status::Successful {
            self.reason.clear();
        }
    }
}

/// One step, and the next look.
pub(crate) fn advance(tx: &mut Tx, caller: &Caller, name: &str) {
    let Some(row) = Refresh::active(tx, name) else { return };
    let Some(group) = tx.get::<Group>(name) else { return };
    let now = tx.now();
    let mut refresh = Refresh::clone(&row);
    prune(tx, &mut refresh);
    let seen = look(tx, caller, &group, &refresh);
    match refresh.status {
        Status::Pending if refresh.waits_until.is_none_or(|at| now >= at) => {
            refresh.status = Status::InProgress;
            refresh.waits_until = None;
            end_standbys(tx, caller, &group, &refresh);
            replace(tx, &group, &mut refresh, &seen);
        }
        Status::InProgress | Status::RollbackInProgress => {
            replace(tx, &group, &mut refresh, &seen);
        }
        Status::Baking => bake(tx, &group, &mut refresh, &seen),
        Status::Cancelling if !seen.moving => refresh.end(Status::Cancelled, now),
        _ => {}
    }
    if refresh.status.is_active() {
        let deadline = deadline(&refresh, &seen);
        let warm = seen.warm_at.map(|(first, _)| first);
        let next = [refresh.waits_until, deadline, warm, poll(tx, &refresh)];
        if let Some(at) = next.into_iter().flatten().filter(|at| *at > now).min() {
            tx.schedule(at, "autoscaling.reconcile", name);
        }
    }
    if refresh.status == Status::Successful
        && let Some(source) = refresh.source.clone()
    {
        tx.update::<Group>(name, |group| source.apply(group));
    }
    if refresh != *row {
        tx.put(refresh);
    }
}

/// Alarms are looked at again and again, for they do not wake the group.
fn poll(tx: &Tx, refresh: &Refresh) -> Option<Timestamp> {
    let watches = !refresh.preferences.alarms.is_empty() && refresh.is_forward();
    watches.then(|| tx.now().plus_millis(tx.pace().retry_millis(1)))
}

/// Forgets those that have been replaced.
fn prune(tx: &Tx, refresh: &mut Refresh) {
    pool::prune(tx, refresh);
    let stays = |id: &SmolStr| tx.get::<Member>(id).is_some_and(|m| is_live(&m));
    refresh.old.retain(stays);
}

fn look(tx: &mut Tx, caller: &Caller, group: &Group, refresh: &Refresh) -> Seen {
    let now = tx.now();
    let warmup = refresh.preferences.warmup_secs;
    let mut seen = Seen::default();
    let (mut ready, mut held_units, mut largest) = (0, 0, 1);
    for member in group.members(tx) {
        let state = member.state;
        let prepares = state.is_warmed() && !state.is_prepared();
        seen.moving |= state.is_pending() || state.is_terminating() || prepares;
        if !is_live(member) {
            continue;
        }
        largest = largest.max(member.units());
        let old = refresh.old.contains(&member.instance_id);
        let standby =
            matches!(state, LifecycleState::Standby | LifecycleState::EnteringStandby);
        if old && (standby || refresh.preferences.holds(member)) {
            seen.held.get_or_insert_with(|| member.instance_id.clone());
        }
        if standby {
            continue;
        }
        let warm_at = member.in_service_since.map(|at| at.plus_secs(warmup));
        match (old, warm_at) {
            (true, _) => held_units += member.units(),
            _ if refresh.before.contains(&member.instance_id) => ready += member.units(),
            (false, Some(at)) if state == LifecycleState::InService && at <= now => {
                ready += if member.healthy { member.units() } else { 0 };
            }
            (false, Some(at)) if state == LifecycleState::InService => {
                let (first, last) = seen.warm_at.unwrap_or((at, at));
                seen.warm_at = Some((at.min(first), at.max(last)));
                seen.warming = Some(member.instance_id.clone());
            }
            _ => {}
        }
    }
    let desired = usize::try_from(group.desired).unwrap_or(0);
    let gap = desired.saturating_sub(ready + held_units);
    seen.left = refresh.old.len() + gap.div_ceil(largest);
    if refresh.is_forward() && !refresh.preferences.alarms.is_empty() {
        let states = ask_alarms(tx, caller, &refresh.preferences.alarms);
        let alarm = states.into_iter().find(|(_, state)| state == "ALARM");
        seen.alarm = alarm.map(|(name, _)| name);
    }
    seen
}

/// Notes how far it has come, and what follows from that.
fn replace(tx: &mut Tx, group: &Group, refresh: &mut Refresh, seen: &Seen) {
    let now = tx.now();
    if let Some(alarm) = &seen.alarm {
        let reason = format!("The alarm {alarm} went into the ALARM state.");
        return fail(tx, group, refresh, reason);
    }
    if refresh.waits_until.is_some_and(|at| now < at) {
        return;
    }
    // What a zonal shift delays is given so much longer.
    let is_shifted = zonal_shift::is_active(tx, group);
    let was_shifted = std::mem::replace(&mut refresh.shifted, is_shifted);
    if refresh.waits_until.take().is_some() || is_shifted || was_shifted {
        refresh.progressed_at = now;
    }
    let left = seen.left.min(refresh.total);
    let done = (100 * (refresh.total - left)).checked_div(refresh.total).unwrap_or(100);
    note(refresh, left, done, now);
    refresh.reason = waits_for(seen);
    let complete = match refresh.goal() {
        100 => left == 0,
        goal => done >= goal,
    };
    let pool_complete = match complete && pools_turn(refresh, done) {
        true => pool::advance(tx, group, refresh),
        false => {
            pool::pause(refresh);
            true
        }
    };
    if complete && pool_complete {
        return match refresh.status {
            Status::RollbackInProgress => refresh.end(Status::RollbackSuccessful, now),
            _ => reached(refresh, done, now),
        };
    }
    if deadline(refresh, seen).is_some_and(|at| now >= at) {
        let why = match &seen.held {
            Some(id) => format!("{id} is in standby or protected from scale-in."),
            None => "instances could not be replaced.".to_owned(),
        };
        fail(tx, group, refresh, format!("No progress was made for one hour: {why}"));
    }
}

/// Whether all that is in service has been replaced, and no checkpoint is left before the pool.
fn pools_turn(refresh: &Refresh, done: usize) -> bool {
    let last = refresh.preferences.checkpoints.last().copied().unwrap_or(100);
    !refresh.is_forward() || (done == 100 && last == 100)
}

/// Forward, the percentage grows; on the way back it goes down to nothing again.
fn note(refresh: &mut Refresh, left: usize, done: usize, now: Timestamp) {
    let progress = match &refresh.rollback {
        Some(rollback) => rollback.before.undone(done, refresh.total - left, rollback.total),
        None => Progress { percent: done, left },
    };
    if progress != refresh.progress {
        refresh.progress = progress;
        refresh.progressed_at = now;
    }
}

/// A checkpoint, the last of them, or the end.
fn reached(refresh: &mut Refresh, done: usize, now: Timestamp) {
    let checkpoints = &refresh.preferences.checkpoints;
    let passed = checkpoints.iter().filter(|percent| **percent <= done).count();
    refresh.checkpoints_passed = passed.max(refresh.checkpoints_passed);
    if refresh.checkpoints_passed < checkpoints.len() {
        let delay = refresh.preferences.checkpoint_delay_secs;
        refresh.waits_until = Some(now.plus_secs(delay));
        refresh.progressed_at = now;
        refresh.reason = format!("Reached a checkpoint at {done}%. Waiting for {delay} seconds.");
        return;
    }
    match refresh.preferences.bake_secs {
        0 => refresh.end(Status::Successful, now),
        secs => {
            refresh.status = Status::Baking;
            refresh.waits_until = Some(now.plus_secs(secs));
            refresh.reason.clear();
        }
    }
}

/// The bake time: only alarms can still make it fail.
fn bake(tx: &mut Tx, group: &Group, refresh: &mut Refresh, seen: &Seen) {
    let now = tx.now();
    if let Some(alarm) = &seen.alarm {
        let reason = format!("The alarm {alarm} went into the ALARM state.");
        return fail(tx, group, refresh, reason);
    }
    if refresh.waits_until.is_none_or(|at| now >= at) {
        refresh.end(Status::Successful, now);
    }
}

fn waits_for(seen: &Seen) -> String {
    match &seen.warming {
        Some(id) => format!(
            "Waiting for instances to warm up before continuing. For example: {id} is warming up."
        ),
        None => String::new(),
    }
}

/// When patience ends: an hour after the last progress, not counting warm-up.
fn deadline(refresh: &Refresh, seen: &Seen) -> Option<Timestamp> {
    let waits = refresh.waits_until.is_some();
    let replaces = matches!(refresh.status, Status::InProgress | Status::RollbackInProgress);
    let since = seen.warm_at.map_or(refresh.progressed_at, |(_, last)| last);
    (replaces && !waits).then(|| since.max(refresh.progressed_at).plus_secs(PATIENCE_SECS))
}

fn fail(tx: &mut Tx, group: &Group, refresh: &mut Refresh, reason: String) {
    let now = tx.now();
    refresh.reason.clone_from(&reason);
    match refresh.status {
        Status::RollbackInProgress => refresh.end(Status::RollbackFailed, now),
        _ if refresh.preferences.auto_rollback => turn_back(tx, group, refresh, reason),
        _ => refresh.end(Status::Failed, now),
    }
}

/// Begins to replace what the refresh has brought.
pub(super) fn turn_back(tx: &Tx, group: &Group, refresh: &mut Refresh, reason: String) {
    let now = tx.now();
    refresh.status = Status::RollbackInProgress;
    let forward = refresh.total;
    let was_there = refresh.was_there();
    let brought = |m: &&Arc<Member>| is_live(m) && !was_there.contains(&m.instance_id);
    let ids = group.members(tx).filter(brought).map(|m| m.instance_id.clone());
    refresh.old = ids.collect();
    pool::turn_back(tx, group, refresh, &was_there);
    refresh.total = refresh.old.len();
    let (started_at, before) = (now.whole_seconds(), refresh.progress);
    refresh.rollback = Some(Rollback { reason, started_at, before, total: forward });
    // What stays, and what now comes, is as it should be.
    refresh.before.clear();
    refresh.waits_until = None;
    refresh.progressed_at = now;
}

/// Instances in standby go at the start, if the refresh says so.
fn end_standbys(tx: &mut Tx, caller: &Caller, group: &Group, refresh: &Refresh) {
    if refresh.preferences.standby != Standby::Terminate {
        return;
    }
    let now = tx.now();
    for id in &refresh.old {
        if tx.get::<Member>(id).is_some_and(|m| m.state == LifecycleState::Standby) {
            let cause = causes::refreshing(now, id);
            lifecycle::terminate_now(tx, caller, group, id, &cause);
        }
    }
}
