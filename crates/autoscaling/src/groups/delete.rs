//! DeleteAutoScalingGroup.

use super::row::Group;
use crate::activities::Activity;
use crate::{causes, driver, errors, hooks, notifications, policies, refresh, schedules, warm_pools};
use api::autoscaling::DeleteAutoScalingGroupType;
use kernel::{ApiError, Caller, Tx};

/// Without force, an empty group goes at once; with it, the group goes when its instances have,
/// whatever protects them.
pub(super) fn delete_auto_scaling_group(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteAutoScalingGroupType,
) -> Result<(), ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let force = input.force_delete == Some(true);
    let protected = match row.deletion_protection.as_str() {
        "prevent-all-deletion" => true,
        "prevent-force-deletion" => force,
        _ => false,
    };
    if protected {
        return Err(errors::validation(format!(
            "AutoScalingGroup {} cannot be deleted because its deletion protection is {}.",
            row.name, row.deletion_protection
        )));
    }
    let empty = row.members(tx).next().is_none();
    if !force && !empty {
        return Err(errors::instances_left());
    }
    if !force && tx.rows_by::<Activity>("open", &row.name).next().is_some() {
        return Err(errors::activities_left());
    }
    if empty {
        remove(tx, caller, &row);
        return Ok(());
    }
    let mut group = Group::clone(&row);
    if !group.deleting {
        group.pending_causes = vec![causes::group_deleted(tx.now(), group.desired)];
    }
    group.deleting = true;
    (group.min, group.max, group.desired) = (0, 0, 0);
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(())
}

/// Forgets a group and all that belongs to it; its activities stay, marked.
pub(crate) fn remove(tx: &mut Tx, caller: &Caller, group: &Group) {
    tx.remove::<Group>(&group.name);
    warm_pools::remove(tx, &group.name);
    refresh::remove_all(tx, &group.name);
    hooks::remove_all(tx, &group.name);
    notifications::remove_all(tx, &group.name);
    schedules::remove_all(tx, &group.name);
    policies::remove_all(tx, caller, &group.name);
    tx.cancel("autoscaling.reconcile", &group.name);
    let activities: Vec<_> = tx.rows_by::<Activity>("group", &group.name).cloned().collect();
    for row in activities {
        tx.put(Activity { group_deleted: true, ..Activity::clone(&row) });
    }
}
