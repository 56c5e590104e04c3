//! DescribeInstanceRefreshes.

use super::row::{Progress, Refresh, Rollback};
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

/// The two shares of a refresh, for a group with a warm pool.
fn details(live: Progress, pool: Option<Progress>) -> Option<wire::InstanceRefreshProgressDetails> {
    pool.map(|pool| wire::InstanceRefreshProgressDetails {
        live_pool_progress: Some(wire::InstanceRefreshLivePoolProgress {
            percentage_complete: Some(live.percent as i64),
            instances_to_update: Some(live.left as i64),
        }),
        warm_pool_progress: Some(wire::InstanceRefreshWarmPoolProgress {
            percentage_complete: Some(pool.percent as i64),
            instances_to_update: Some(pool.left as i64),
        }),
    })
}

/// Both together, weighted by how many instances each had to replace.
fn whole(live: (Progress, usize), pool: Option<(Progress, usize)>) -> Progress {
    let Some(pool) = pool.filter(|(_, total)| *total > 0) else { return live.0 };
    let (sum, all) = (live.0.percent * live.1 + pool.0.percent * pool.1, live.1 + pool.1);
    // Rounded, for the shares are; but it is complete only when both are.
    let most = if sum == 100 * all { 100 } else { 99 };
    let percent = ((sum + all / 2) / all).min(most);
    Progress { percent, left: live.0.left + pool.0.left }
}

fn render(refresh: &Refresh) -> wire::InstanceRefresh {
    let rollback = refresh.rollback.as_ref();
    let total = rollback.map_or(refresh.total, |rollback| rollback.total);
    let pool = refresh.pool.as_ref();
    let progress = whole((refresh.progress, total), pool.map(|pool| (pool.progress, pool.forward())));
    wire::InstanceRefresh {
        instance_refresh_id: Some(refresh.id.clone()),
        auto_scaling_group_name: Some(refresh.group.clone()),
        status: Some(SmolStr::new_static(refresh.status.name())),
        status_reason: (!refresh.reason.is_empty()).then(|| refresh.reason.as_str().into()),
        start_time: Some(refresh.started_at.whole_seconds()),
        end_time: refresh.ended_at,
        percentage_complete: Some(progress.percent as i64),
        instances_to_update: Some(progress.left as i64),
        progress_details: details(refresh.progress, pool.map(|pool| pool.progress)),
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
        rollback_details: rollback.map(|rollback| turned_back(refresh, rollback)),
        strategy: Some(SmolStr::new_static("Rolling")),
    }
}

/// How far the refresh had come when it turned back.
fn turned_back(refresh: &Refresh, rollback: &Rollback) -> wire::RollbackDetails {
    let pool = refresh.pool.as_ref();
    let pool = pool.and_then(|pool| pool.on_rollback.map(|before| (before, pool.forward())));
    let progress = whole((rollback.before, rollback.total), pool);
    wire::RollbackDetails {
        rollback_reason: Some(rollback.reason.as_str().into()),
        rollback_start_time: Some(rollback.started_at),
        percentage_complete_on_rollback: Some(progress.percent as i64),
        instances_to_update_on_rollback: Some(progress.left as i64),
        progress_details_on_rollback: details(rollback.before, pool.map(|(before, _)| before)),
    }
}
