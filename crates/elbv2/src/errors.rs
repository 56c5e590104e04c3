//! The service's errors: code, text and status together.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html>; codes
//! from the API model, texts as recorded from AWS.

use kernel::ApiError;
use std::fmt::Display;

pub(crate) fn validation(text: impl Display) -> ApiError {
    ApiError::new("ValidationError", text.to_string())
}

pub(crate) fn invalid_configuration(text: impl Display) -> ApiError {
    ApiError::new("InvalidConfigurationRequest", text.to_string())
}

pub(crate) fn not_permitted(text: impl Display) -> ApiError {
    ApiError::new("OperationNotPermitted", text.to_string())
}

/// `noun` is `load balancer`, `target group`, `listener` or `listener rule`.
pub(crate) fn malformed_arn(arn: &str, noun: &str) -> ApiError {
    validation(format_args!("'{arn}' is not a valid {noun} ARN"))
}

pub(crate) fn invalid_marker() -> ApiError {
    validation("Invalid marker")
}

pub(crate) fn load_balancer_not_found(arn: &str) -> ApiError {
    ApiError::new("LoadBalancerNotFound", format!("Load balancers '[{arn}]' not found"))
}

pub(crate) fn load_balancer_names_not_found() -> ApiError {
    ApiError::new("LoadBalancerNotFound", "One or more load balancers not found")
}

pub(crate) fn target_group_not_found(arn: &str) -> ApiError {
    ApiError::new("TargetGroupNotFound", format!("Target groups '{arn}' not found"))
}

pub(crate) fn target_group_names_not_found() -> ApiError {
    ApiError::new("TargetGroupNotFound", "One or more target groups not found")
}

pub(crate) fn listener_not_found(arn: &str) -> ApiError {
    ApiError::new("ListenerNotFound", format!("Listeners '{arn}' not found"))
}

pub(crate) fn listeners_not_found() -> ApiError {
    ApiError::new("ListenerNotFound", "One or more listeners not found")
}

pub(crate) fn rules_not_found() -> ApiError {
    ApiError::new("RuleNotFound", "One or more rules not found")
}

pub(crate) fn duplicate_load_balancer(name: &str) -> ApiError {
    ApiError::new(
        "DuplicateLoadBalancerName",
        format!("A load balancer with the same name '{name}' exists, but with different settings"),
    )
}

pub(crate) fn duplicate_target_group(name: &str) -> ApiError {
    ApiError::new(
        "DuplicateTargetGroupName",
        format!("A target group with the same name '{name}' exists, but with different settings"),
    )
}

pub(crate) fn duplicate_listener(load_balancer: &str) -> ApiError {
    ApiError::new(
        "DuplicateListener",
        format!("A listener already exists on this port for this load balancer '{load_balancer}'"),
    )
}

pub(crate) fn priority_in_use(priority: i64) -> ApiError {
    ApiError::new("PriorityInUse", format!("Priority '{priority}' is currently in use"))
}

pub(crate) fn resource_in_use(text: impl Display) -> ApiError {
    ApiError::new("ResourceInUse", text.to_string())
}

pub(crate) fn target_group_association_limit(arn: &str) -> ApiError {
    ApiError::new(
        "TargetGroupAssociationLimit",
        format!(
            "The following target groups cannot be associated with more than one load balancer: \
             {arn}"
        ),
    )
}

pub(crate) fn incompatible_protocols(text: impl Display) -> ApiError {
    ApiError::new("IncompatibleProtocols", text.to_string())
}

pub(crate) fn invalid_loadbalancer_action(text: impl Display) -> ApiError {
    ApiError::new("InvalidLoadBalancerAction", text.to_string())
}

pub(crate) fn invalid_target(text: impl Display) -> ApiError {
    ApiError::new("InvalidTarget", text.to_string())
}

pub(crate) fn invalid_subnet(text: impl Display) -> ApiError {
    ApiError::new("InvalidSubnet", text.to_string())
}

pub(crate) fn subnet_not_found(id: &str) -> ApiError {
    ApiError::new("SubnetNotFound", format!("The subnet ID '{id}' is not valid"))
}

pub(crate) fn invalid_groups() -> ApiError {
    invalid_configuration("One or more security groups are invalid")
}

pub(crate) fn certificate_required() -> ApiError {
    validation("A certificate must be specified for HTTPS listeners")
}

pub(crate) fn certificate_not_found(arn: &str) -> ApiError {
    ApiError::new("CertificateNotFound", format!("Certificate '{arn}' not found"))
}

pub(crate) fn ssl_policy_not_found(name: &str) -> ApiError {
    ApiError::new("SSLPolicyNotFound", format!("SSL policy '{name}' not found"))
}

pub(crate) fn too_many(what: &str, text: impl Display) -> ApiError {
    ApiError::new(format!("TooMany{what}"), text.to_string())
}

pub(crate) fn duplicate_tag_keys() -> ApiError {
    ApiError::new("DuplicateTagKeys", "A tag key was specified more than once")
}
