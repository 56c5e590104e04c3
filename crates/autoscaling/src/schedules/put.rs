//! PutScheduledUpdateGroupAction.

use super::{ScheduledAction, cron::Cron, occurrence};
use crate::errors;
use crate::groups::Group;
use api::autoscaling as wire;
use jiff::tz::TimeZone;
use kernel::{ApiError, Caller, Timestamp, Tx};
use smol_str::{SmolStr, format_smolstr};

/// "Quotas for Amazon EC2 Auto Scaling": scheduled actions per group.
const MAX_ACTIONS: usize = 125;

pub(super) fn put_scheduled_update_group_action(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::PutScheduledUpdateGroupActionType,
) -> Result<(), ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    if let (Some(time), Some(start)) = (input.time, input.start_time)
        && time != start
    {
        return Err(errors::validation(
            "Time is deprecated: if both Time and StartTime are given, they must be the same.",
        ));
    }
    let request = wire::ScheduledUpdateGroupActionRequest {
        scheduled_action_name: input.scheduled_action_name,
        start_time: input.start_time.or(input.time),
        end_time: input.end_time,
        recurrence: input.recurrence,
        min_size: input.min_size,
        max_size: input.max_size,
        desired_capacity: input.desired_capacity,
        time_zone: input.time_zone,
    };
    put(tx, caller, &group, request)
}

/// Makes a scheduled action, or replaces the one of the same name.
pub(super) fn put(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    request: wire::ScheduledUpdateGroupActionRequest,
) -> Result<(), ApiError> {
    let name = request.scheduled_action_name.clone();
    let old = tx.get::<ScheduledAction>(&ScheduledAction::key_of(&group.name, &name));
    check_sizes(&request)?;
    if old.is_none() && ScheduledAction::of(tx, &group.name).count() >= MAX_ACTIONS {
        return Err(errors::limit_exceeded(format!(
            "You have already reached the maximum of {MAX_ACTIONS} scheduled actions for \
             AutoScalingGroup {}.",
            group.name
        )));
    }
    let next = first_occurrence(tx.now(), &request)?;
    let taken = ScheduledAction::of(tx, &group.name)
        .any(|other| other.name != name && other.next == next && request.start_time.is_some());
    if taken {
        return Err(errors::already_exists(
            "Scheduled action with this scheduled start time already exists",
        ));
    }
    let arn = match old {
        Some(old) => old.arn.clone(),
        None => {
            let uuid = tx.new_uuid();
            let resource = format_smolstr!(
                "scheduledUpdateGroupAction:{uuid}:autoScalingGroupName/{}:\
                 scheduledActionName/{name}",
                group.name
            );
            caller.arn("autoscaling", resource)
        }
    };
    let key = ScheduledAction::key_of(&group.name, &name);
    tx.put(ScheduledAction {
        group: group.name.clone(),
        name,
        arn,
        end: request.end_time,
        recurrence: request.recurrence,
        time_zone: request.time_zone,
        min: request.min_size,
        max: request.max_size,
        desired: request.desired_capacity,
        next,
    });
    tx.cancel("autoscaling.schedule", &key);
    tx.schedule(next, "autoscaling.schedule", &key);
    Ok(())
}

fn check_sizes(request: &wire::ScheduledUpdateGroupActionRequest) -> Result<(), ApiError> {
    let sizes = [request.min_size, request.max_size, request.desired_capacity];
    if sizes.iter().all(Option::is_none) {
        return Err(errors::validation(
            "At least one of MinSize, MaxSize and DesiredCapacity must be specified.",
        ));
    }
    let names = ["minSize", "maxSize", "desiredCapacity"];
    for (size, name) in sizes.into_iter().zip(names) {
        if let Some(size) = size.filter(|size| *size < 0) {
            let rule = "Member must have value greater than or equal to 0";
            return Err(errors::constraint(size, name, rule));
        }
    }
    if let (Some(min), Some(max)) = (request.min_size, request.max_size)
        && max < min
    {
        return Err(errors::max_below_min(max, min));
    }
    if let Some(desired) = request.desired_capacity {
        let (min, max) =
            (request.min_size.unwrap_or(i64::MIN), request.max_size.unwrap_or(i64::MAX));
        if !(min..=max).contains(&desired) {
            return Err(errors::validation(format!(
                "Desired capacity:{desired} must be between the specified min size and max size"
            )));
        }
    }
    Ok(())
}

fn first_occurrence(
    now: Timestamp,
    request: &wire::ScheduledUpdateGroupActionRequest,
) -> Result<Timestamp, ApiError> {
    let past = |what: &str| errors::validation(format!("Given {what} time is in the past"));
    if let Some(end) = request.end_time {
        if end <= now {
            return Err(past("end"));
        }
        if request.start_time.is_some_and(|start| start >= end) {
            return Err(errors::validation("End time must be after start time."));
        }
    }
    let zone = request.time_zone.as_deref();
    if let Some(zone) = zone.filter(|zone| TimeZone::get(zone).is_err()) {
        return Err(errors::validation(format!("Invalid TimeZone: {zone}.")));
    }
    if request.start_time.is_some_and(|start| start <= now) {
        return Err(past("start"));
    }
    match (&request.recurrence, request.start_time) {
        (None, Some(start)) => Ok(start),
        (None, None) => Err(errors::validation(
            "Either StartTime or Recurrence must be specified for a scheduled action.",
        )),
        (Some(recurrence), start) => {
            if Cron::parse(recurrence).is_none() {
                return Err(invalid_recurrence(recurrence));
            }
            // The first run is the start itself.
            let first = match start {
                Some(start) => Some(start),
                None => occurrence(recurrence, zone, now, request.end_time),
            };
            first.ok_or_else(|| invalid_recurrence(recurrence))
        }
    }
}

fn invalid_recurrence(recurrence: &SmolStr) -> ApiError {
    errors::validation(format!("Given recurrence string:{recurrence} is invalid"))
}
