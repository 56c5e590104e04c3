//! TerminateInstanceInAutoScalingGroup.

use crate::groups::Group;
use crate::members::Member;
use crate::{causes, driver, errors, lifecycle};
use api::autoscaling::{ActivityType, TerminateInstanceInAutoScalingGroupType};
use kernel::{ApiError, Caller, Tx};

/// Answers the activity at once. Protection from scale-in does not count here.
pub(super) fn terminate_instance(
    tx: &mut Tx,
    caller: &Caller,
    input: TerminateInstanceInAutoScalingGroupType,
) -> Result<ActivityType, ApiError> {
    let many = input.instance_ids.clone().unwrap_or_default();
    let ids = match &input.instance_id {
        Some(id) => vec![id.clone()],
        None if many.is_empty() => {
            return Err(errors::validation("Either InstanceId or InstanceIds must be specified."));
        }
        None => many,
    };
    let single = input.instance_id.is_some();
    let mut activities = Vec::new();
    for id in &ids {
        let member = tx.get::<Member>(id).ok_or_else(|| errors::instance_not_found(id))?;
        if let Some(group) = input.auto_scaling_group_name.as_ref().filter(|g| **g != member.group)
        {
            return Err(errors::not_in_group(id, group));
        }
        let row = Group::find(tx, &member.group)?;
        let mut group = Group::clone(&row);
        let mut sizes = None;
        if input.should_decrement_desired_capacity && !member.state.is_terminating() {
            if group.desired <= group.min {
                return Err(errors::cannot_decrement(group.min));
            }
            sizes = Some((group.desired, group.desired - 1));
            group.desired -= 1;
            driver::react(tx, &mut group);
        }
        let cause = vec![causes::terminated_by_user(tx.now(), id, sizes)];
        let by = caller.via("autoscaling");
        let activity = lifecycle::terminate_now(tx, &by, &group, id, &cause);
        tx.put(group);
        activities.extend(activity.map(|activity| activity.render()));
    }
    Ok(if single {
        ActivityType { activity: activities.pop(), activities: None }
    } else {
        ActivityType { activity: None, activities: Some(activities) }
    })
}
