//! PutLifecycleHook.

use super::{Hook, Transition};
use crate::groups::Group;
use crate::{errors, notifications};
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Row, Tx};
use smol_str::SmolStr;

/// "Quotas for Amazon EC2 Auto Scaling": hooks per group.
const MAX_HOOKS: usize = 50;
const DEFAULT_HEARTBEAT_SECS: i64 = 3_600;

/// Makes a hook or changes one: what is not given of an existing one stays.
pub(super) fn put_lifecycle_hook(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::PutLifecycleHookType,
) -> Result<wire::PutLifecycleHookAnswer, ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    let name = &input.lifecycle_hook_name;
    let old = tx.get::<Hook>(&Hook::key_of(&group.name, name));
    let transition = match (&input.lifecycle_transition, &old) {
        (Some(transition), _) => named_transition(transition)?,
        (None, Some(old)) => old.transition,
        (None, None) => {
            return Err(errors::validation(
                "LifecycleTransition is a required parameter for creating a lifecycle hook.",
            ));
        }
    };
    let kept = |given: Option<SmolStr>, old: Option<SmolStr>| given.or(old).unwrap_or_default();
    let hook = Hook {
        group: group.name.clone(),
        name: name.clone(),
        transition,
        target: kept(input.notification_target_arn, old.as_ref().map(|h| h.target.clone())),
        role: kept(input.role_arn, old.as_ref().map(|h| h.role.clone())),
        metadata: input.notification_metadata.or(old.as_ref().and_then(|h| h.metadata.clone())),
        heartbeat_secs: input
            .heartbeat_timeout
            .or(old.as_ref().map(|h| h.heartbeat_secs))
            .unwrap_or(DEFAULT_HEARTBEAT_SECS),
        default_continues: match input.default_result.as_deref() {
            Some(result) => continues(result)?,
            None => old.is_some_and(|h| h.default_continues),
        },
    };
    check(tx, caller, &hook)?;
    store(tx, caller, &group, hook)?;
    Ok(wire::PutLifecycleHookAnswer {})
}

/// A hook of CreateAutoScalingGroup's `LifecycleHookSpecificationList`.
pub(crate) fn from_specification(
    group: &str,
    given: &wire::LifecycleHookSpecification,
) -> Result<Hook, ApiError> {
    Ok(Hook {
        group: group.into(),
        name: given.lifecycle_hook_name.clone(),
        transition: named_transition(&given.lifecycle_transition)?,
        target: given.notification_target_arn.clone().unwrap_or_default(),
        role: given.role_arn.clone().unwrap_or_default(),
        metadata: given.notification_metadata.clone(),
        heartbeat_secs: given.heartbeat_timeout.unwrap_or(DEFAULT_HEARTBEAT_SECS),
        default_continues: given.default_result.as_deref().map_or(Ok(false), continues)?,
    })
}

fn named_transition(name: &str) -> Result<Transition, ApiError> {
    Transition::ALL
        .into_iter()
        .find(|transition| transition.name() == name)
        .ok_or_else(|| {
            errors::validation(format!(
                "Invalid Lifecycle Transition. Valid values are \
                 [autoscaling:EC2_INSTANCE_LAUNCHING, autoscaling:EC2_INSTANCE_TERMINATING]. \
                 Found: {name}"
            ))
        })
}

/// CONTINUE or ABANDON.
pub(super) fn continues(result: &str) -> Result<bool, ApiError> {
    match result {
        "CONTINUE" => Ok(true),
        "ABANDON" => Ok(false),
        _ => Err(errors::validation(format!(
            "Invalid Lifecycle Action Result. Valid values are [ABANDON, CONTINUE]. Found: {result}"
        ))),
    }
}

/// Checks what the model cannot.
pub(crate) fn check(tx: &mut Tx, caller: &Caller, hook: &Hook) -> Result<(), ApiError> {
    if !(30..=7_200).contains(&hook.heartbeat_secs) {
        return Err(errors::validation(format!(
            "Invalid Lifecycle Action Heartbeat Timeout: {}. The timeout must be between 30 and \
             7200 seconds.",
            hook.heartbeat_secs
        )));
    }
    if !hook.target.is_empty() {
        notifications::check_target(tx, caller, &hook.target)?;
    }
    Ok(())
}

/// Keeps a checked hook, and sends its target a test message.
pub(crate) fn store(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    hook: Hook,
) -> Result<(), ApiError> {
    let is_new = !tx.contains::<Hook>(&hook.key());
    if is_new && Hook::of(tx, &group.name).count() >= MAX_HOOKS {
        return Err(errors::limit_exceeded(format!(
            "You have already reached the maximum of {MAX_HOOKS} lifecycle hooks for \
             AutoScalingGroup {}.",
            group.name
        )));
    }
    if !hook.target.is_empty() {
        notifications::send_test(tx, caller, group, &hook.target)?;
    }
    tx.put(hook);
    Ok(())
}
