//! Lifecycle actions: the waits of single instances for single hooks.

use super::{Hook, Transition, put};
use crate::activities::{self, Status};
use crate::groups::Group;
use crate::members::{ActionResult, LifecycleAction, LifecycleState, Member};
use crate::reconcile::Hooks;
use crate::{errors, lifecycle, notifications};
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// How the hooks of a member's present transition stand.
pub(crate) fn standing(tx: &Tx, group: &Group, member: &Member) -> Hooks {
    let Some(actions) = &member.actions else {
        let transition = lifecycle::transition(member);
        let any = Hook::of(tx, &group.name).any(|hook| hook.transition == transition);
        return if any { Hooks::NotBegun } else { Hooks::Done };
    };
    let launching = lifecycle::transition(member) == Transition::Launching;
    let failed = actions.iter().filter_map(|a| a.result).find(|r| *r != ActionResult::Continued);
    if let Some(result) = failed.filter(|_| launching) {
        return Hooks::Abandoned(result);
    }
    // On the way out, an abandoned action only cuts the others short.
    match actions.iter().filter(|a| a.result.is_none()).map(|a| a.expires_at).min() {
        Some(until) if failed.is_none() => Hooks::Waiting { until },
        _ => Hooks::Done,
    }
}

/// Tells every hook of the transition, and lets the member wait for them.
pub(crate) fn begin(tx: &mut Tx, caller: &Caller, group: &Group, member: &Member) {
    use LifecycleState as S;
    let transition = lifecycle::transition(member);
    let hooks: Vec<Arc<Hook>> =
        Hook::of(tx, &group.name).filter(|h| h.transition == transition).cloned().collect();
    let now = tx.now();
    let mut actions = Vec::new();
    for hook in hooks {
        let token = tx.new_uuid();
        notifications::hook_reached(tx, caller, group, &hook, member, &token);
        actions.push(LifecycleAction {
            hook: hook.name.clone(),
            token,
            heartbeat_secs: hook.heartbeat_secs,
            default_continues: hook.default_continues,
            expires_at: now.plus_secs(hook.heartbeat_secs),
            ends_at: now.plus_secs(hook.global_secs()),
            result: None,
        });
    }
    let progress = if transition == Transition::Launching { 50 } else { 60 };
    if let Some(activity) = &member.activity {
        activities::proceed(tx, activity, Status::MidLifecycleAction, progress);
    }
    tx.update::<Member>(&member.instance_id, |m| {
        m.state = match m.state {
            S::WarmedPending => S::WarmedPendingWait,
            S::WarmedTerminating => S::WarmedTerminatingWait,
            S::Terminating => S::TerminatingWait,
            _ => S::PendingWait,
        };
        m.actions = Some(actions);
    });
}

/// Ends the actions whose time is up, each with its default.
pub(crate) fn expire(tx: &mut Tx, id: &str) {
    let now = tx.now();
    tx.update::<Member>(id, |m| {
        let open = m.actions.iter_mut().flatten().filter(|a| a.result.is_none());
        for action in open.filter(|a| a.expires_at <= now) {
            action.result = Some(match action.default_continues {
                true => ActionResult::Continued,
                false => ActionResult::TimedOut,
            });
        }
    });
}

/// Ends the actions of a hook that is deleted.
pub(super) fn complete_all(tx: &mut Tx, group: &str, hook: &str) {
    let waiting: Vec<Arc<Member>> = tx
        .rows_by::<Member>("group", group)
        .filter(|m| m.actions.iter().flatten().any(|a| a.hook == hook && a.result.is_none()))
        .cloned()
        .collect();
    for member in waiting {
        let result = match lifecycle::transition(&member) {
            Transition::Launching => ActionResult::Abandoned,
            Transition::Terminating => ActionResult::Continued,
        };
        tx.update::<Member>(&member.instance_id, |m| {
            for action in m.actions.iter_mut().flatten().filter(|a| a.hook == hook) {
                action.result.get_or_insert(result);
            }
        });
    }
}

/// The open action that a request means: by its token, or by the instance.
fn find(
    tx: &Tx,
    group: &str,
    hook: &SmolStr,
    token: Option<&SmolStr>,
    instance: Option<&SmolStr>,
) -> Result<Arc<Member>, ApiError> {
    let group = Group::find(tx, group)?;
    if !tx.contains::<Hook>(&Hook::key_of(&group.name, hook)) {
        return Err(errors::hook_not_found(hook, &group.name));
    }
    let (member, error) = match (token, instance) {
        (Some(token), _) => {
            let error = errors::no_action_with_token(token);
            (tx.rows_by::<Member>("token", token).next().cloned(), error)
        }
        (None, Some(id)) => (tx.get::<Member>(id), errors::no_action_with_instance(id)),
        (None, None) => {
            return Err(errors::validation(
                "Either LifecycleActionToken or InstanceId must be specified.",
            ));
        }
    };
    let meant = |action: &LifecycleAction| {
        action.hook == *hook
            && action.result.is_none()
            && token.is_none_or(|token| action.token == *token)
    };
    member
        .filter(|m| m.group == group.name && m.state.is_waiting())
        .filter(|m| m.actions.iter().flatten().any(meant))
        .ok_or(error)
}

pub(super) fn complete_lifecycle_action(
    tx: &mut Tx,
    _: &Caller,
    input: wire::CompleteLifecycleActionType,
) -> Result<wire::CompleteLifecycleActionAnswer, ApiError> {
    let result = match put::continues(&input.lifecycle_action_result)? {
        true => ActionResult::Continued,
        false => ActionResult::Abandoned,
    };
    let hook = &input.lifecycle_hook_name;
    let (token, id) = (input.lifecycle_action_token.as_ref(), input.instance_id.as_ref());
    let member = find(tx, &input.auto_scaling_group_name, hook, token, id)?;
    tx.update::<Member>(&member.instance_id, |m| {
        for action in m.actions.iter_mut().flatten().filter(|a| a.hook == *hook) {
            action.result = Some(result);
        }
    });
    tx.schedule(tx.now(), "autoscaling.reconcile", &member.group);
    Ok(wire::CompleteLifecycleActionAnswer {})
}

/// The heartbeat begins anew, but never leads beyond the global timeout.
pub(super) fn record_lifecycle_action_heartbeat(
    tx: &mut Tx,
    _: &Caller,
    input: wire::RecordLifecycleActionHeartbeatType,
) -> Result<wire::RecordLifecycleActionHeartbeatAnswer, ApiError> {
    let hook = &input.lifecycle_hook_name;
    let (token, id) = (input.lifecycle_action_token.as_ref(), input.instance_id.as_ref());
    let member = find(tx, &input.auto_scaling_group_name, hook, token, id)?;
    let now = tx.now();
    tx.update::<Member>(&member.instance_id, |m| {
        for action in m.actions.iter_mut().flatten().filter(|a| a.hook == *hook) {
            action.expires_at = now.plus_secs(action.heartbeat_secs).min(action.ends_at);
        }
    });
    tx.schedule(now, "autoscaling.reconcile", &member.group);
    Ok(wire::RecordLifecycleActionHeartbeatAnswer {})
}
