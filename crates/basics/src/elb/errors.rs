//! The errors of Classic Load Balancers: code, text and status together.
//! Codes from the API model, texts as recorded from AWS.

use kernel::ApiError;
use std::fmt::Display;

pub(super) fn validation(text: impl Display) -> ApiError {
    ApiError::new("ValidationError", text.to_string())
}

pub(super) fn not_found(name: &str) -> ApiError {
    ApiError::new(
        "LoadBalancerNotFound",
        format!("There is no ACTIVE Load Balancer named '{name}'"),
    )
}

pub(super) fn duplicate(name: &str) -> ApiError {
    ApiError::new(
        "DuplicateLoadBalancerName",
        format!("The specified load balancer name '{name}' cannot be used more than once"),
    )
}

pub(super) fn invalid_configuration(text: impl Display) -> ApiError {
    ApiError::new("InvalidConfigurationRequest", text.to_string())
}

pub(super) fn invalid_instance(id: &str) -> ApiError {
    ApiError::new("InvalidInstance", format!("Could not find EC2 instance {id}."))
}

pub(super) fn invalid_scheme() -> ApiError {
    ApiError::new("InvalidScheme", "The specified scheme is not valid")
}

pub(super) fn subnet_not_found(id: &str) -> ApiError {
    ApiError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"))
}

pub(super) fn invalid_groups() -> ApiError {
    ApiError::new(
        "InvalidSecurityGroup",
        "One or more of the specified security groups do not exist",
    )
}

pub(super) fn duplicate_listener(port: i64) -> ApiError {
    ApiError::new(
        "DuplicateListener",
        format!("A listener already exists for port {port} with different settings"),
    )
}

pub(super) fn listener_not_found(port: i64) -> ApiError {
    ApiError::new(
        "ListenerNotFound",
        format!("The load balancer does not have a listener configured at port {port}"),
    )
}

pub(super) fn certificate_not_found(arn: &str) -> ApiError {
    ApiError::new("CertificateNotFound", format!("Server Certificate not found for the key: {arn}"))
}

pub(super) fn policy_not_found(name: &str) -> ApiError {
    ApiError::new("PolicyNotFound", format!("There is no policy with name {name}"))
}

pub(super) fn policy_type_not_found(name: &str) -> ApiError {
    ApiError::new("PolicyTypeNotFound", format!("Policy Type {name} not found"))
}

pub(super) fn duplicate_policy(name: &str) -> ApiError {
    ApiError::new("DuplicatePolicyName", format!("Policy {name} already exists"))
}

pub(super) fn duplicate_tag_keys() -> ApiError {
    ApiError::new("DuplicateTagKeys", "A tag key was specified more than once")
}

pub(super) fn too_many(what: &str, text: impl Display) -> ApiError {
    ApiError::new(format!("TooMany{what}"), text.to_string())
}

pub(super) fn invalid_marker() -> ApiError {
    validation("Invalid marker")
}
