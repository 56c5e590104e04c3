//! `AWS::AutoScaling::LifecycleHook`: its physical id is its name.
//!
//! Putting a hook again leaves what is not given as it was, so a property that was taken away is
//! given its default. Metadata has none; it stays.

use crate::{Context, Deletion, Properties, Provider};
use api::autoscaling::{DeleteLifecycleHookType, PutLifecycleHookType, ops};
use kernel::ApiError;
use smol_str::SmolStr;

/// The type.
pub(crate) struct LifecycleHook;

/// Makes a hook, or changes it from what it was before.
pub(super) fn put(
    cx: &mut Context<'_>,
    group: &str,
    name: &str,
    before: &Properties,
    p: &Properties,
) -> Result<(), ApiError> {
    let default = |property: &str, default: &'static str| {
        p.text(property).or(p.lost(before, property).then_some(SmolStr::new_static(default)))
    };
    let timeout = p.lost(before, "HeartbeatTimeout").then_some(3_600);
    cx.call::<ops::PutLifecycleHook>(PutLifecycleHookType {
        lifecycle_hook_name: name.into(),
        auto_scaling_group_name: group.into(),
        role_arn: default("RoleARN", ""),
        notification_target_arn: default("NotificationTargetARN", ""),
        heartbeat_timeout: p.integer("HeartbeatTimeout").or(timeout),
        default_result: default("DefaultResult", "ABANDON"),
        ..p.input::<ops::PutLifecycleHook>()
    })?;
    Ok(())
}

/// Removes a hook that may be gone already.
pub(super) fn delete(cx: &mut Context<'_>, group: &str, name: &str) -> Result<(), ApiError> {
    let deleted = cx.call::<ops::DeleteLifecycleHook>(DeleteLifecycleHookType {
        lifecycle_hook_name: name.into(),
        auto_scaling_group_name: group.into(),
    });
    match deleted {
        Err(error) if !error.message.starts_with("No Lifecycle Hook found") => Err(error),
        _ => Ok(()),
    }
}

impl Provider for LifecycleHook {
    fn type_name(&self) -> &'static str {
        "AWS::AutoScaling::LifecycleHook"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("LifecycleHookName") {
            Some(name) => name,
            None => cx.mixed_name(255),
        };
        put(cx, &p.text_or_empty("AutoScalingGroupName"), &name, &Properties::default(), p)?;
        Ok(name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        put(cx, &new.text_or_empty("AutoScalingGroupName"), id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        delete(cx, &p.text_or_empty("AutoScalingGroupName"), id)?;
        Ok(Deletion::Done)
    }
}
