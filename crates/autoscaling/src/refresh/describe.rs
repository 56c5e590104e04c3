//! DescribeInstanceRefreshes.

use super::row::{Progress, Refresh};
use crate::errors;
use crate::groups::Group;
use crate::sources::Source;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Row, Snapshot, paginate};
use smol_str::SmolStr;
use std::sync::Arc;

/// The newest come first; ids that are not known are passed over.
pub(super) fn describe_instance_refreshes(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeInstanceRefreshesType,
) -> Result<wire::DescribeInstanceRefreshesAnswer, ApiError> {
    let group = Group::find(snapshot, &input.auto_scaling_group_name)?;
    let ids = input.instance_refresh_ids.as_deref().unwrap_or_default();
    let page = paginate(
        "DescribeInstanceRefreshes",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 100) as usize,
        |after| {
            let after = SmolStr::new(after);
            Refresh::of(snapshot, &group.name)
                .filter(|row| ids.is_empty() || ids.contains(&row.id))
                .filter(move |row| row.key() > after)
        },
        |row| row.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let refreshes = page.items.iter().map(|row: &&Arc<Refresh>| render(row)).collect();
    Ok(wire::DescribeInstanceRefreshesAnswer {
        instance_refreshes: Some(refreshes),
        next_token: page.next,
    })
}

fn details(progress: Progress) -> wire::InstanceRefreshProgressDetails {
    wire::InstanceRefreshProgressDetails {
        live_pool_progress: Some(wire::InstanceRefreshLivePoolProgress {
            percentage_complete: Some(progress.percent as i64),
            instances_to_update: Some(progress.left as i64),
        }),
        warm_pool_progress: None,
    }
}

fn render(refresh: &Refresh) -> wire::InstanceRefresh {
    let progress = refresh.progress;
    wire::InstanceRefresh {
        instance_refresh_id: Some(refresh.id.clone()),
        auto_scaling_group_name: Some(refresh.group.clone()),
        status: Some(SmolStr::new_static(refresh.status.name())),
        status_reason: (!refresh.reason.is_empty()).then(|| refresh.reason.as_str().into()),
        start_time: Some(refresh.started_at.whole_seconds()),
        end_time: refresh.ended_at,
        percentage_complete: Some(progress.percent as i64),
        instances_to_update: Some(progress.left as i64),
        progress_details: Some(details(progress)),
        preferences: Some(refresh.preferences.render()),
        desired_configuration: refresh.source.as_ref().map(|source| {
            let (mut template, mut policy) = (None, None);
            match source {
                Source::Template(given) => template = Some(given.render()),
                Source::Mixed(mixed) => policy = Some(mixed.render()),
                Source::Configuration(_) => {}
            }
            wire::DesiredConfiguration { launch_template: template, mixed_instances_policy: policy }
        }),
        rollback_details: refresh.rollback.as_ref().map(|rollback| wire::RollbackDetails {
            rollback_reason: Some(rollback.reason.as_str().into()),
            rollback_start_time: Some(rollback.started_at),
            percentage_complete_on_rollback: Some(rollback.before.percent as i64),
            instances_to_update_on_rollback: Some(rollback.before.left as i64),
            progress_details_on_rollback: Some(details(rollback.before)),
        }),
        strategy: Some(SmolStr::new_static("Rolling")),
    }
}
