//! Auto Scaling's errors. Nearly everything is `ValidationError`; there is no NotFound code.

use kernel::ApiError;
use std::fmt::Display;

pub(crate) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

pub(crate) fn already_exists(message: impl Into<String>) -> ApiError {
    ApiError::new("AlreadyExists", message)
}

pub(crate) fn resource_in_use(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceInUse", message)
}

pub(crate) fn scaling_activity_in_progress(message: impl Into<String>) -> ApiError {
    ApiError::new("ScalingActivityInProgress", message)
}

pub(crate) fn limit_exceeded(message: impl Into<String>) -> ApiError {
    ApiError::new("LimitExceeded", message)
}

pub(crate) fn hook_not_found(hook: &str, group: &str) -> ApiError {
    validation(format!("No Lifecycle Hook found with name {hook} for AutoScalingGroup {group}"))
}

pub(crate) fn no_action_with_instance(id: &str) -> ApiError {
    validation(format!("No active Lifecycle Action found with instance ID {id}"))
}

pub(crate) fn no_action_with_token(token: &str) -> ApiError {
    validation(format!("No active Lifecycle Action found with token {token}"))
}

pub(crate) fn policy_not_found(name: &str) -> ApiError {
    validation(format!("Policy name not found - Policy {name} not found"))
}

pub(crate) fn invalid_next_token() -> ApiError {
    ApiError::new("InvalidNextToken", "The token is invalid.")
}

/// A constraint of the model that only the service can check.
pub(crate) fn constraint(value: impl Display, member: &str, rule: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         {rule}"
    ))
}

pub(crate) fn group_not_found(name: &str) -> ApiError {
    validation(format!("AutoScalingGroup name not found - AutoScalingGroup: {name} not found"))
}

/// UpdateAutoScalingGroup has a text of its own, recorded from AWS.
pub(crate) fn group_not_found_in_update() -> ApiError {
    validation("AutoScalingGroup name not found - null")
}

pub(crate) fn group_exists(name: &str) -> ApiError {
    already_exists(format!(
        "AutoScalingGroup by this name already exists - A group with the name {name} already \
         exists"
    ))
}

pub(crate) fn group_is_leaving(name: &str) -> ApiError {
    already_exists(format!(
        "AutoScalingGroup by this name already exists - A group with the name {name} already \
         exists and is pending delete"
    ))
}

pub(crate) fn desired_outside_bounds(desired: i64, min: i64, max: i64) -> ApiError {
    validation(format!(
        "Desired capacity:{desired} must be between the specified min size:{min} and max \
         size:{max}"
    ))
}

pub(crate) fn max_below_min(max: i64, min: i64) -> ApiError {
    validation(format!("Max bound, {max}, must be greater than or equal to min bound, {min}"))
}

pub(crate) fn above_max(desired: i64, max: i64) -> ApiError {
    validation(format!(
        "New SetDesiredCapacity value {desired} is above max value {max} for the AutoScalingGroup."
    ))
}

pub(crate) fn below_min(desired: i64, min: i64) -> ApiError {
    validation(format!(
        "New SetDesiredCapacity value {desired} is below min value {min} for the AutoScalingGroup."
    ))
}

pub(crate) fn no_launch_source() -> ApiError {
    validation(
        "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId \
         or MixedInstancesPolicy parameter.",
    )
}

pub(crate) fn no_zone() -> ApiError {
    validation("At least one Availability Zone or VPC Subnet is required.")
}

pub(crate) fn zones_disagree() -> ApiError {
    validation(
        "The availability zones of the specified subnets and the Auto Scaling group do not match",
    )
}

pub(crate) fn subnet_not_found(id: &str) -> ApiError {
    validation(format!("The subnet ID '{id}' does not exist"))
}

pub(crate) fn launch_configuration_not_found(name: &str) -> ApiError {
    validation(format!(
        "Launch configuration name not found - Launch configuration {name} not found"
    ))
}

pub(crate) fn instance_not_found(id: &str) -> ApiError {
    validation(format!("Instance Id not found - No managed instance found for instance ID: {id}"))
}

pub(crate) fn not_in_group(id: &str, group: &str) -> ApiError {
    validation(format!("The instance {id} is not part of Auto Scaling group {group}."))
}

/// `what` is `Load Balancers` or `Target Groups`.
pub(crate) fn invalid_sources(what: &str) -> ApiError {
    validation(format!("Provided {what} may not be valid. Please ensure they exist and try again."))
}

/// `what` is `Load Balancers`, `Target Groups` or `Traffic Sources`.
pub(crate) fn not_attached(what: &str) -> ApiError {
    validation(format!("Trying to remove {what} that are not part of the group"))
}

pub(crate) fn refresh_in_progress() -> ApiError {
    ApiError::new(
        "InstanceRefreshInProgress",
        "An Instance Refresh is already in progress and blocks the execution of this Instance \
         Refresh.",
    )
}

pub(crate) fn no_active_refresh(group: &str) -> ApiError {
    ApiError::new(
        "ActiveInstanceRefreshNotFound",
        format!("No in progress or pending Instance Refresh found for Auto Scaling group {group}"),
    )
}

pub(crate) fn irreversible_refresh(why: &str) -> ApiError {
    ApiError::new("IrreversibleInstanceRefresh", why)
}

/// The launch source cannot be changed under a refresh that leads to another one.
pub(crate) fn source_is_being_refreshed() -> ApiError {
    validation(
        "An active instance refresh with a desired configuration exists. All configuration \
         options derived from the desired configuration are not available for update while the \
         instance refresh is active.",
    )
}

pub(crate) fn no_warm_pool(group: &str) -> ApiError {
    validation(format!("No warm pool found for this Auto Scaling group: {group}"))
}

pub(crate) fn warm_pool_in_use(group: &str) -> ApiError {
    resource_in_use(format!(
        "You cannot delete the warm pool of AutoScalingGroup {group} while there are instances \
         still in it."
    ))
}

pub(crate) fn other_parameters(token: &str) -> ApiError {
    ApiError::new(
        "IdempotentParameterMismatch",
        format!("The client token {token} was used before with other parameters."),
    )
}

pub(crate) fn unreachable_target(target: &str) -> ApiError {
    validation(format!(
        "Unable to publish test message to notification target {target}. Please check your target \
         and role configuration and try to put lifecycle hook again."
    ))
}

pub(crate) fn invalid_traffic_source(id: &str) -> ApiError {
    validation(format!("The traffic source {id} is not valid."))
}

pub(crate) fn instances_left() -> ApiError {
    resource_in_use(
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance \
         request(s) still in the group.",
    )
}

pub(crate) fn activities_left() -> ApiError {
    scaling_activity_in_progress(
        "You cannot delete an AutoScalingGroup while there are scaling activities in progress for \
         that group.",
    )
}

pub(crate) fn cannot_decrement(min: i64) -> ApiError {
    validation(format!(
        "Currently, desiredSize equals minSize ({min}). Terminating instance without replacement \
         will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag \
         to false or lower group's min size."
    ))
}

/// `verb` is `place into standby 2 instance`, `detach 1 instance`, `attach 1 more instance`.
pub(crate) fn sizes_in_the_way(
    group: &str,
    (min, max, desired): (i64, i64, i64),
    verb: &str,
) -> ApiError {
    validation(format!(
        "AutoScalingGroup {group} has min-size={min}, max-size={max}, and desired-size={desired}. \
         To {verb}, please update the AutoScalingGroup sizes appropriately."
    ))
}
