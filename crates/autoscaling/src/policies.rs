//! Scaling policies: simple, step, target tracking and predictive.
//!
//! "Dynamic scaling for Amazon EC2 Auto Scaling". CloudWatch's alarms invoke a policy through the
//! control `autoscaling.alarm-action`, once a minute for as long as they stay in their state.

mod act;
mod arithmetic;
mod describe;
mod predictive;
mod put;
mod row;
mod tracking;

pub(crate) use act::{is_cooling, settle};
pub(crate) use arithmetic::AdjustmentType;
pub(crate) use row::{Policy, PolicyKind};

use crate::errors;
use crate::groups::Group;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Row, Snapshot, Tx, resource};
use smol_str::SmolStr;
use std::sync::Arc;

resource! { autoscaling:
    operations {
        write PutScalingPolicy => put::put_scaling_policy,
        read DescribePolicies => describe::describe_policies,
        write DeletePolicy => delete_policy,
        write ExecutePolicy => act::execute_policy,
        read GetPredictiveScalingForecast => predictive::get_predictive_scaling_forecast,
    }
    tables { Policy }
    housekeeping { "autoscaling.forecast" => predictive::look }
    controls { internal "autoscaling.alarm-action" => act::by_alarm }
}

/// The policy that a request means, by its name (with the group's) or by its ARN.
fn find(
    snapshot: &Snapshot,
    group: Option<&SmolStr>,
    name: &SmolStr,
) -> Result<Arc<Policy>, ApiError> {
    if name.starts_with("arn:") {
        let policy = snapshot.rows_by::<Policy>("arn", name).next().cloned();
        return policy.ok_or_else(|| errors::policy_not_found(name));
    }
    let Some(group) = group else {
        return Err(errors::validation(
            "Group name is required when a policy is named, not given by its ARN.",
        ));
    };
    Group::find(snapshot, group)?;
    let policy = snapshot.get::<Policy>(&Policy::key_of(group, name));
    policy.ok_or_else(|| errors::policy_not_found(name))
}

fn delete_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::DeletePolicyType,
) -> Result<(), ApiError> {
    let policy = find(tx, input.auto_scaling_group_name.as_ref(), &input.policy_name)?;
    remove(tx, caller, &policy);
    Ok(())
}

/// Forgets a policy: its own alarms go, other alarms lose their action.
fn remove(tx: &mut Tx, caller: &Caller, policy: &Policy) {
    let caller = caller.via("autoscaling");
    tx.remove::<Policy>(&policy.key());
    tx.cancel("autoscaling.forecast", &policy.key());
    tracking::delete_alarms(tx, &caller, policy);
    tracking::drop_actions(tx, &caller, &policy.arn);
}

/// Forgets the policies of a group that is gone.
pub(crate) fn remove_all(tx: &mut Tx, caller: &Caller, group: &str) {
    let policies: Vec<Arc<Policy>> = Policy::of(tx, group).cloned().collect();
    for policy in policies {
        remove(tx, caller, &policy);
    }
}
