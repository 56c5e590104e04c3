//! Starting, cancelling and rolling back instance refreshes.

use super::pool::{self, PoolShare};
use super::preferences::Preferences;
use super::progress;
use super::row::{Progress, Refresh, Status};
use crate::errors;
use crate::groups::Group;
use crate::members::Member;
use crate::sources::{self, Given, Source};
use crate::warm_pools;
use api::autoscaling as wire;
use api::cloudwatch;
use kernel::{ApiError, Caller, Row, Tx, Wait};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How long refreshes that have ended are shown: six weeks.
const KEPT_SECS: i64 = 42 * 86_400;

pub(super) fn start_instance_refresh(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::StartInstanceRefreshType,
) -> Result<wire::StartInstanceRefreshAnswer, ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    if input.strategy.as_deref() == Some("ReplaceRootVolume") {
        return Err(ApiError::not_implemented("an instance refresh that replaces root volumes"));
    }
    if group.deleting {
        return Err(errors::validation(format!(
            "AutoScalingGroup '{}' is pending delete.",
            group.name
        )));
    }
    if Refresh::active(tx, &group.name).is_some() {
        return Err(errors::refresh_in_progress());
    }
    let preferences = Preferences::of(&group, input.preferences.unwrap_or_default())?;
    let source = desired(tx, caller, input.desired_configuration.as_ref())?;
    if preferences.auto_rollback {
        can_return(&group, source.as_ref()).map_err(errors::validation)?;
    }
    check_alarms(tx, caller, &preferences.alarms)?;
    let live: Vec<Arc<Member>> =
        group.members(tx).filter(|m| progress::is_live(m)).cloned().collect();
    let wanted = source.clone().unwrap_or_else(|| Source::of(&group));
    let old = outdated(tx, caller, &live, &preferences, &wanted)?;
    let pool = match warm_pools::size(tx, &group) {
        Some(_) => Some(pool_share(tx, caller, &group, &preferences, &wanted)?),
        None => None,
    };
    let id = tx.new_uuid();
    let now = tx.now();
    let begins = now.plus_millis(tx.pace().millis(Wait::GroupReaction));
    let refresh = Refresh {
        id: id.clone(),
        group: group.name.clone(),
        status: Status::Pending,
        reason: String::new(),
        started_at: now,
        ended_at: None,
        preferences,
        source,
        before: live.iter().map(|m| m.instance_id.clone()).collect(),
        total: old.len(),
        progress: Progress { percent: 0, left: old.len() },
        old,
        checkpoints_passed: 0,
        waits_until: Some(begins),
        progressed_at: begins,
        rollback: None,
        shifted: false,
        pool,
    };
    forget_ended(tx, &group.name);
    tx.put(refresh);
    tx.schedule(begins, "autoscaling.reconcile", &group.name);
    Ok(wire::StartInstanceRefreshAnswer { instance_refresh_id: Some(id) })
}

/// The members that are to be replaced.
fn outdated(
    tx: &mut Tx,
    caller: &Caller,
    live: &[Arc<Member>],
    preferences: &Preferences,
    wanted: &Source,
) -> Result<BTreeSet<SmolStr>, ApiError> {
    let matching = match preferences.skip_matching {
        true => Some(sources::Matching::of(tx, caller, wanted)?),
        false => None,
    };
    let stays = |m: &Member| {
        preferences.ignores(m) || matching.as_ref().is_some_and(|matching| matching.matches(m))
    };
    Ok(live.iter().filter(|m| !stays(m)).map(|m| m.instance_id.clone()).collect())
}

/// What is to be done in the warm pool. Protection from scale-in begins in service only, so none
/// of its instances is passed over for that.
fn pool_share(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    preferences: &Preferences,
    wanted: &Source,
) -> Result<PoolShare, ApiError> {
    let there = pool::staying(tx, group);
    let matching = match preferences.skip_matching {
        true => Some(sources::Matching::of(tx, caller, wanted)?),
        false => None,
    };
    let stays = |m: &Member| matching.as_ref().is_some_and(|matching| matching.matches(m));
    let old = there.iter().filter(|m| !stays(m)).map(|m| m.instance_id.clone()).collect();
    Ok(PoolShare::new(&there, old))
}

/// The desired configuration of a request, checked.
fn desired(
    tx: &mut Tx,
    caller: &Caller,
    given: Option<&wire::DesiredConfiguration>,
) -> Result<Option<Source>, ApiError> {
    let Some(given) = given else { return Ok(None) };
    let parts = Given {
        template: given.launch_template.as_ref(),
        mixed: given.mixed_instances_policy.as_ref(),
        ..Default::default()
    };
    match sources::given(tx, caller, &parts)? {
        Some(source) => Ok(Some(source)),
        None => Err(errors::validation(
            "DesiredConfiguration must contain either LaunchTemplate or MixedInstancesPolicy.",
        )),
    }
}

/// Why a refresh could not be rolled back, if it could not.
fn can_return(group: &Group, source: Option<&Source>) -> Result<(), &'static str> {
    if source.is_none() {
        return Err("A rollback needs an instance refresh with a desired configuration.");
    }
    let mixed = group.mixed.as_ref().map(|mixed| &mixed.template);
    match group.template.as_ref().or(mixed).map(|template| template.version()) {
        Some("$Latest" | "$Default") => Err(
            "A rollback is not possible while the Auto Scaling group uses the launch template's \
             $Latest or $Default version.",
        ),
        _ => Ok(()),
    }
}

/// Alarms that watch over a refresh must be there.
fn check_alarms(tx: &mut Tx, caller: &Caller, names: &[SmolStr]) -> Result<(), ApiError> {
    if names.len() > 10 {
        return Err(errors::validation("An AlarmSpecification can name at most 10 alarms."));
    }
    let known = progress::alarm_states(tx, caller, names);
    match names.iter().find(|name| !known.iter().any(|(known, _)| known == *name)) {
        Some(name) => Err(errors::validation(format!("The alarm {name} does not exist."))),
        None => Ok(()),
    }
}

fn forget_ended(tx: &mut Tx, group: &str) {
    let now = tx.now();
    let ended = |row: &&Arc<Refresh>| row.ended_at.is_some_and(|at| at.plus_secs(KEPT_SECS) < now);
    let keys: Vec<SmolStr> = Refresh::of(tx, group).filter(ended).map(|row| row.key()).collect();
    for key in keys {
        tx.remove::<Refresh>(&key);
    }
}

/// The refresh that is at work and not yet being cancelled.
fn at_work(tx: &Tx, group: &str) -> Result<Arc<Refresh>, ApiError> {
    let group = Group::find(tx, group)?;
    Refresh::active(tx, &group.name)
        .filter(|refresh| refresh.status != Status::Cancelling)
        .ok_or_else(|| errors::no_active_refresh(&group.name))
}

/// What has been replaced stays so.
pub(super) fn cancel_instance_refresh(
    tx: &mut Tx,
    _: &Caller,
    input: wire::CancelInstanceRefreshType,
) -> Result<wire::CancelInstanceRefreshAnswer, ApiError> {
    let row = at_work(tx, &input.auto_scaling_group_name)?;
    let mut refresh = Refresh::clone(&row);
    refresh.status = Status::Cancelling;
    refresh.reason = "Cancelled due to user request.".to_owned();
    if input.wait_for_transitioning_instances == Some(false) {
        refresh.end(Status::Cancelled, tx.now());
    }
    tx.schedule(tx.now(), "autoscaling.reconcile", &refresh.group);
    tx.put(refresh);
    Ok(wire::CancelInstanceRefreshAnswer { instance_refresh_id: Some(row.id.clone()) })
}

/// What has been replaced is replaced again, by instances of the group's own configuration.
pub(super) fn rollback_instance_refresh(
    tx: &mut Tx,
    _: &Caller,
    input: wire::RollbackInstanceRefreshType,
) -> Result<wire::RollbackInstanceRefreshAnswer, ApiError> {
    let row = at_work(tx, &input.auto_scaling_group_name)?;
    if row.status == Status::RollbackInProgress {
        return Err(errors::no_active_refresh(&row.group));
    }
    let group = Group::find(tx, &row.group)?;
    can_return(&group, row.source.as_ref()).map_err(errors::irreversible_refresh)?;
    let mut refresh = Refresh::clone(&row);
    let reason = "The instance refresh was rolled back in response to a user request.";
    progress::turn_back(tx, &group, &mut refresh, reason.to_owned());
    tx.schedule(tx.now(), "autoscaling.reconcile", &refresh.group);
    tx.put(refresh);
    Ok(wire::RollbackInstanceRefreshAnswer { instance_refresh_id: Some(row.id.clone()) })
}

/// The names of alarms with their states.
pub(super) fn ask_alarms(
    tx: &mut Tx,
    caller: &Caller,
    names: &[SmolStr],
) -> Vec<(SmolStr, SmolStr)> {
    let request = cloudwatch::DescribeAlarmsInput {
        alarm_names: Some(names.to_vec()),
        ..Default::default()
    };
    let found = tx.call::<cloudwatch::ops::DescribeAlarms>(&caller.via("autoscaling"), request);
    let alarms = found.ok().and_then(|f| f.metric_alarms).unwrap_or_default();
    let told = |a: cloudwatch::MetricAlarm| (a.alarm_name.unwrap_or_default(), a.state_value.unwrap_or_default());
    alarms.into_iter().map(told).collect()
}
