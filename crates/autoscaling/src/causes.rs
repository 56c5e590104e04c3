//! The sentences by which an activity says why. Joined by two spaces, as AWS does.

use kernel::Timestamp;
use std::fmt::Display;

fn at(when: Timestamp, what: impl Display) -> String {
    format!("At {} {what}", when.iso_seconds())
}

/// Joins sentences.
pub(crate) fn join(sentences: &[String]) -> String {
    sentences.join("  ")
}

pub(crate) fn group_created(now: Timestamp, desired: i64) -> String {
    at(
        now,
        format_args!(
            "a user request created an AutoScalingGroup changing the desired capacity from 0 to \
             {desired}."
        ),
    )
}

pub(crate) fn group_updated(
    now: Timestamp,
    (min, max, desired): (i64, i64, i64),
    old: i64,
) -> String {
    at(
        now,
        format_args!(
            "a user request update of AutoScalingGroup constraints to min: {min}, max: {max}, \
             desired: {desired} changing the desired capacity from {old} to {desired}."
        ),
    )
}

pub(crate) fn desired_set(now: Timestamp, old: i64, desired: i64) -> String {
    at(
        now,
        format_args!(
            "a user request explicitly set group desired capacity changing the desired capacity \
             from {old} to {desired}."
        ),
    )
}

pub(crate) fn group_deleted(now: Timestamp, old: i64) -> String {
    at(
        now,
        format_args!(
            "a user request deleted AutoScalingGroup changing the desired capacity from {old} to \
             0."
        ),
    )
}

pub(crate) fn growing(now: Timestamp, from: usize, to: usize) -> String {
    at(
        now,
        format_args!(
            "an instance was started in response to a difference between desired and actual \
             capacity, increasing the capacity from {from} to {to}."
        ),
    )
}

pub(crate) fn shrinking(now: Timestamp, from: usize, to: usize, id: &str) -> Vec<String> {
    vec![
        at(
            now,
            format_args!(
                "an instance was taken out of service in response to a difference between desired \
                 and actual capacity, shrinking the capacity from {from} to {to}."
            ),
        ),
        at(now, format_args!("instance {id} was selected for termination.")),
    ]
}

pub(crate) fn ec2_health(now: Timestamp) -> String {
    at(
        now,
        "an instance was taken out of service in response to an EC2 health check indicating it \
         has been terminated or stopped.",
    )
}

pub(crate) fn user_health(now: Timestamp) -> String {
    at(now, "an instance was taken out of service in response to a user health-check.")
}

pub(crate) fn system_health(now: Timestamp) -> String {
    at(now, "an instance was taken out of service in response to a system health-check.")
}

pub(crate) fn elb_health(now: Timestamp) -> String {
    at(
        now,
        "an instance was taken out of service in response to an ELB system health check failure.",
    )
}

pub(crate) fn spot_rebalance(now: Timestamp) -> String {
    at(
        now,
        "an instance was taken out of service in response to an EC2 instance rebalance \
         recommendation.",
    )
}

pub(crate) fn lifetime(now: Timestamp) -> String {
    at(now, "an instance was taken out of service in response to a max instance lifetime action.")
}

pub(crate) fn refreshing(now: Timestamp, id: &str) -> Vec<String> {
    vec![
        at(now, "an instance was taken out of service in response to an instance refresh."),
        at(now, format_args!("instance {id} was selected for termination.")),
    ]
}

pub(crate) fn refreshed(now: Timestamp) -> String {
    at(now, "an instance was launched in response to an instance refresh.")
}

pub(crate) fn abandoned(now: Timestamp, id: &str) -> String {
    at(
        now,
        format_args!(
            "instance {id} was taken out of service in response to a lifecycle action that was \
             abandoned."
        ),
    )
}

/// LaunchInstances.
pub(crate) fn launched_by_user(now: Timestamp, count: i64) -> String {
    at(now, format_args!("a user request launched instances with a requested capacity of {count}."))
}

/// For the warm pool.
pub(crate) fn preparing(now: Timestamp) -> String {
    at(
        now,
        "an instance was started in response to a difference between desired and actual capacity \
         of the warm pool.",
    )
}

/// For an instance that leaves the warm pool for good.
pub(crate) fn relieving(now: Timestamp) -> String {
    at(
        now,
        "an instance was taken out of service in response to a difference between desired and \
         actual capacity of the warm pool.",
    )
}

/// The desired capacity fell and nothing could go.
pub(crate) fn wants_to_shrink(now: Timestamp, from: usize, to: usize) -> String {
    at(
        now,
        format_args!(
            "the capacity was to shrink from {from} to {to} in response to a difference between \
             desired and actual capacity."
        ),
    )
}

pub(crate) fn by_alarm(now: Timestamp, alarm: &str, policy: &str, old: i64, new: i64) -> String {
    at(
        now,
        format_args!(
            "a monitor alarm {alarm} in state ALARM triggered policy {policy} changing the desired \
             capacity from {old} to {new}."
        ),
    )
}

pub(crate) fn by_execution(now: Timestamp, policy: &str, old: i64, new: i64) -> String {
    at(
        now,
        format_args!(
            "a user request executed policy {policy} changing the desired capacity from {old} to \
             {new}."
        ),
    )
}

pub(crate) fn by_forecast(now: Timestamp, policy: &str, old: i64, new: i64) -> String {
    at(
        now,
        format_args!(
            "predictive scaling policy {policy} changed the desired capacity from {old} to {new}."
        ),
    )
}

pub(crate) fn scheduled(now: Timestamp, (min, max, desired): (i64, i64, i64), old: i64) -> String {
    at(
        now,
        format_args!(
            "a scheduled action update of AutoScalingGroup constraints to min: {min}, max: {max}, \
             desired: {desired} changing the desired capacity from {old} to {desired}."
        ),
    )
}

pub(crate) fn replacing(now: Timestamp) -> String {
    at(now, "an instance was launched in response to an unhealthy instance needing to be replaced.")
}

/// `, shrinking the capacity from 2 to 1.`, or only the full stop.
fn tail(sizes: Option<(i64, i64)>) -> String {
    match sizes {
        Some((from, to)) => format!(", shrinking the capacity from {from} to {to}."),
        None => ".".to_owned(),
    }
}

pub(crate) fn terminated_by_user(now: Timestamp, id: &str, sizes: Option<(i64, i64)>) -> String {
    let tail = tail(sizes);
    at(
        now,
        format_args!("instance {id} was taken out of service in response to a user request{tail}"),
    )
}

pub(crate) fn to_standby(now: Timestamp, id: &str, sizes: Option<(i64, i64)>) -> String {
    let tail = tail(sizes);
    at(now, format_args!("instance {id} was moved to standby in response to a user request{tail}"))
}

pub(crate) fn from_standby(now: Timestamp, id: &str, from: i64, to: i64) -> String {
    at(
        now,
        format_args!(
            "instance {id} was moved out of standby in response to a user request, increasing the \
             capacity from {from} to {to}."
        ),
    )
}

pub(crate) fn detached(now: Timestamp, id: &str, sizes: Option<(i64, i64)>) -> String {
    let tail = tail(sizes);
    at(now, format_args!("instance {id} was detached in response to a user request{tail}"))
}

pub(crate) fn attached(now: Timestamp, desired: i64) -> String {
    at(
        now,
        format_args!(
            "an instance was added in response to user request. Keeping the capacity at the new \
             {desired}."
        ),
    )
}

/// `counts` are the zones with their sizes, the smaller one last.
pub(crate) fn rebalancing(now: Timestamp, small: &str, counts: &[(&str, usize)]) -> Vec<String> {
    let zones: Vec<&str> = counts.iter().map(|(zone, _)| *zone).collect();
    let sizes: Vec<String> = counts.iter().map(|(_, n)| n.to_string()).collect();
    vec![
        at(
            now,
            format_args!(
                "instances were launched to balance instances in zones {small} with other zones \
                 resulting in more than desired number of instances in the group."
            ),
        ),
        at(
            now,
            format_args!(
                "availability zones {} had {} instances respectively. An instance was launched to \
                 aid in balancing the group's zones.",
                zones.join(" "),
                sizes.join(" ")
            ),
        ),
    ]
}
