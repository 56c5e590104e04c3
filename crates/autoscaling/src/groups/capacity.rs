//! SetDesiredCapacity.

use super::row::Group;
use crate::{causes, driver, errors, policies};
use api::autoscaling::SetDesiredCapacityType;
use kernel::{ApiError, Caller, Tx};

/// `HonorCooldown` matters while a simple scaling policy is at work or its cooldown runs.
pub(super) fn set_desired_capacity(
    tx: &mut Tx,
    _: &Caller,
    input: SetDesiredCapacityType,
) -> Result<(), ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let desired = input.desired_capacity;
    if row.deleting {
        return Err(errors::validation(format!(
            "AutoScalingGroup '{}' is pending delete.",
            row.name
        )));
    }
    if desired > row.max {
        return Err(errors::above_max(desired, row.max));
    }
    if desired < row.min {
        return Err(errors::below_min(desired, row.min));
    }
    if input.honor_cooldown == Some(true) && policies::is_cooling(tx, &row) {
        return Err(errors::scaling_activity_in_progress(
            "Scaling activity is in progress and blocks this action",
        ));
    }
    if desired == row.desired {
        return Ok(());
    }
    let mut group = Group::clone(&row);
    group.desired = desired;
    group.pending_causes.push(causes::desired_set(tx.now(), row.desired, desired));
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(())
}
