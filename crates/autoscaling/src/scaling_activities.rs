//! DescribeScalingActivities.

use crate::activities::{self, Activity};
use crate::errors;
use crate::groups::Group;
use api::autoscaling::{ActivitiesType, DescribeScalingActivitiesType};
use kernel::{ApiError, Caller, Snapshot, paginate, resource};
use smol_str::SmolStr;

resource! { autoscaling:
    operations { read DescribeScalingActivities => describe_scaling_activities }
    tables { Activity }
    housekeeping { "autoscaling.activity-purge" => activities::purge }
}

/// The newest first. A group that is not there is an error, unless deleted ones are asked for.
fn describe_scaling_activities(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeScalingActivitiesType,
) -> Result<ActivitiesType, ApiError> {
    let deleted = input.include_deleted_groups == Some(true);
    let group = input.auto_scaling_group_name.as_deref();
    if let Some(name) = group.filter(|name| !deleted && !snapshot.contains::<Group>(name)) {
        return Err(errors::group_not_found(name));
    }
    let ids = input.activity_ids.as_deref().unwrap_or_default();
    let bound = activities::memory(snapshot);
    let wanted = |row: &Activity| {
        row.is_remembered(bound)
            && (ids.is_empty() || ids.contains(&row.id))
            && group.is_none_or(|name| row.group == name)
            && (deleted || !row.group_deleted)
    };
    let limit = input.max_records.unwrap_or(100).clamp(1, 100) as usize;
    let page = paginate(
        "DescribeScalingActivities",
        input.next_token.as_deref(),
        limit,
        |after| {
            let rows: Box<dyn Iterator<Item = _>> = match group {
                Some(name) => {
                    let after = SmolStr::new(after);
                    let later = move |row: &&std::sync::Arc<Activity>| {
                        kernel::Row::key(&***row) > after
                    };
                    Box::new(snapshot.rows_by::<Activity>("group", name).filter(later))
                }
                None => Box::new(snapshot.rows_after::<Activity>(after)),
            };
            rows.filter(|row| wanted(row)).cloned()
        },
        |row| kernel::Row::key(&**row),
    )
    .map_err(|_| errors::invalid_next_token())?;
    // What is in progress comes first.
    let (open, ended): (Vec<_>, Vec<_>) =
        page.items.iter().partition(|row| row.ended_at.is_none());
    let activities = open.into_iter().chain(ended).map(|row| row.render()).collect();
    Ok(ActivitiesType { activities: Some(activities), next_token: page.next })
}
