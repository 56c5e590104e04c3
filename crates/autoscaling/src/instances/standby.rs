//! EnterStandby and ExitStandby.

use crate::activities::{self, Activity, Kind, Status};
use crate::groups::Group;
use crate::lifecycle::{self, Begun};
use crate::members::{LifecycleState, Member};
use crate::{attachments, causes, driver, errors};
use api::autoscaling::{
    Activity as Wire, EnterStandbyAnswer, EnterStandbyQuery, ExitStandbyAnswer, ExitStandbyQuery,
};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// One call may name this many instances.
const MAX_INSTANCES: usize = 20;

/// The named members of a group, in one of `states`.
pub(super) fn named(
    tx: &Tx,
    group: &Group,
    ids: Option<&[SmolStr]>,
    states: &[LifecycleState],
) -> Result<Vec<Arc<Member>>, ApiError> {
    let ids = ids.unwrap_or_default();
    if ids.is_empty() || ids.len() > MAX_INSTANCES {
        return Err(errors::validation(format!(
            "You must specify between 1 and {MAX_INSTANCES} instances in one request."
        )));
    }
    let mut members = Vec::new();
    for id in ids {
        let member = tx.get::<Member>(id).filter(|m| m.group == group.name);
        let member = member.ok_or_else(|| errors::not_in_group(id, &group.name))?;
        if !states.contains(&member.state) {
            let wanted: Vec<&str> = states.iter().map(|s| s.name()).collect();
            return Err(errors::validation(format!(
                "The instance {id} is not in {} state but in {} state.",
                wanted.join(" or "),
                member.state.name()
            )));
        }
        members.push(member);
    }
    Ok(members)
}

/// An activity of a member that is half done as it begins.
fn begin(tx: &mut Tx, group: &Group, member: &Member, what: (String, String)) -> Activity {
    let (description, cause) = what;
    let begun = Begun {
        zone: &member.zone,
        instance: &member.instance_id,
        kind: Kind::Other,
        description,
        status: Status::InProgress,
        progress: 50,
    };
    lifecycle::begin(tx, group, begun, &[cause])
}

/// An activity (its description and cause) that is over as soon as it has begun.
pub(super) fn at_once(
    tx: &mut Tx,
    group: &Group,
    member: &Member,
    what: (String, String),
) -> Wire {
    let activity = begin(tx, group, member, what);
    // The answer shows it in progress; by the next look it is done.
    let answer = activity.render();
    activities::end(tx, &activity.id, Status::Successful, "");
    answer
}

/// An instance leaves service for `state`: at once, or when load balancers have let go of it.
pub(super) fn depart(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    member: &Member,
    what: (String, String),
    state: LifecycleState,
) -> Wire {
    let id = &member.instance_id;
    let activity = begin(tx, group, member, what);
    let draining = member.state == LifecycleState::InService
        && attachments::deregister(tx, caller, group, id);
    let begun = activity.id.clone();
    tx.update::<Member>(id, |m| {
        m.state = state;
        m.draining = draining;
        m.activity = Some(begun);
    });
    if !draining {
        lifecycle::advance_now(tx, caller, group, id);
    }
    activity.render()
}

pub(super) fn enter_standby(
    tx: &mut Tx,
    caller: &Caller,
    input: EnterStandbyQuery,
) -> Result<EnterStandbyAnswer, ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let ids = input.instance_ids.as_deref();
    let members = named(tx, &row, ids, &[LifecycleState::InService])?;
    let mut group = Group::clone(&row);
    let decrement = input.should_decrement_desired_capacity;
    let count = members.len() as i64;
    if decrement && group.desired - count < group.min {
        let verb = format!("place into standby {count} instance");
        return Err(errors::sizes_in_the_way(&group.name, group.sizes(), &verb));
    }
    let caller = caller.via("autoscaling");
    let mut activities = Vec::new();
    for member in members {
        let id = &member.instance_id;
        let sizes = decrement.then(|| (group.desired, group.desired - 1));
        group.desired -= i64::from(decrement);
        let cause = causes::to_standby(tx.now(), id, sizes);
        let description = format!("Moving EC2 instance to Standby: {id}");
        let state = LifecycleState::EnteringStandby;
        activities.push(depart(tx, &caller, &group, &member, (description, cause), state));
    }
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(EnterStandbyAnswer { activities: Some(activities) })
}

pub(super) fn exit_standby(
    tx: &mut Tx,
    _: &Caller,
    input: ExitStandbyQuery,
) -> Result<ExitStandbyAnswer, ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let ids = input.instance_ids.as_deref();
    let members = named(tx, &row, ids, &[LifecycleState::Standby])?;
    let mut group = Group::clone(&row);
    let count = members.len() as i64;
    if group.desired + count > group.max {
        let verb = format!("move out of standby {count} instance");
        return Err(errors::sizes_in_the_way(&group.name, group.sizes(), &verb));
    }
    let mut activities = Vec::new();
    for member in members {
        let id = &member.instance_id;
        let from = group.desired;
        group.desired += 1;
        // It registers anew, and its grace period begins anew.
        tx.update::<Member>(id, |m| {
            m.state = LifecycleState::Pending;
            m.running_since = None;
            m.in_service_since = None;
            // Hooks are for new instances.
            m.actions = Some(Vec::new());
        });
        let cause = causes::from_standby(tx.now(), id, from, group.desired);
        let description = format!("Moving EC2 instance out of Standby: {id}");
        activities.push(at_once(tx, &group, &member, (description, cause)));
    }
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(ExitStandbyAnswer { activities: Some(activities) })
}
