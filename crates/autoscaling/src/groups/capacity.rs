//! SetDesiredCapacity.

use super::row::Group;
use crate::{causes, driver, errors};
use api::autoscaling::SetDesiredCapacityType;
use kernel::{ApiError, Caller, Tx};

/// `HonorCooldown` matters only after a simple scaling policy has run, and there is none.
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
