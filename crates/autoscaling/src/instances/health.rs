//! SetInstanceHealth and SetInstanceProtection.

use crate::errors;
use crate::groups::Group;
use crate::members::{Ailment, Member};
use api::autoscaling::{
    SetInstanceHealthQuery, SetInstanceProtectionAnswer, SetInstanceProtectionQuery,
};
use kernel::{ApiError, Caller, Tx};

/// An unhealthy instance is replaced at once, unless it is in its grace period and that is to be
/// respected (the default).
pub(super) fn set_instance_health(
    tx: &mut Tx,
    _: &Caller,
    input: SetInstanceHealthQuery,
) -> Result<(), ApiError> {
    let id = &input.instance_id;
    let member = tx.get::<Member>(id).ok_or_else(|| errors::instance_not_found(id))?;
    let healthy = match input.health_status.as_str() {
        "Healthy" => true,
        "Unhealthy" => false,
        other => {
            return Err(errors::validation(format!(
                "{other} is not a valid health status. Valid health statuses are Healthy and \
                 Unhealthy."
            )));
        }
    };
    if member.state.is_terminating() {
        return Err(errors::validation(format!(
            "The instance {id} is not in a state in which its health can be set."
        )));
    }
    let group = Group::find(tx, &member.group)?;
    let graced = match member.in_service_since {
        Some(since) => tx.now() < since.plus_secs(group.grace_secs),
        None => group.grace_secs > 0,
    };
    if !healthy && graced && input.should_respect_grace_period != Some(false) {
        return Ok(());
    }
    tx.update::<Member>(id, |m| {
        m.healthy = healthy;
        m.ailment = Ailment::User;
    });
    tx.schedule(tx.now(), "autoscaling.reconcile", &member.group);
    Ok(())
}

pub(super) fn set_instance_protection(
    tx: &mut Tx,
    _: &Caller,
    input: SetInstanceProtectionQuery,
) -> Result<SetInstanceProtectionAnswer, ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    if input.instance_ids.len() > 50 {
        return Err(errors::validation("You can specify at most 50 instances in one request."));
    }
    for id in &input.instance_ids {
        if tx.get::<Member>(id).is_none_or(|m| m.group != group.name) {
            return Err(errors::not_in_group(id, &group.name));
        }
    }
    for id in &input.instance_ids {
        tx.update::<Member>(id, |m| m.protected = input.protected_from_scale_in);
    }
    tx.schedule(tx.now(), "autoscaling.reconcile", &group.name);
    Ok(SetInstanceProtectionAnswer::default())
}
