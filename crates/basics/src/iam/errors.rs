//! IAM's errors: code, text and status together.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html> and the operations'
//! own lists; texts as recorded from AWS.

use kernel::ApiError;

fn no_such_entity(message: String) -> ApiError {
    ApiError::new("NoSuchEntity", message).with_status(404)
}

fn conflict(code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(code, message).with_status(409)
}

pub(crate) fn role_not_found(name: &str) -> ApiError {
    no_such_entity(format!("The role with name {name} cannot be found."))
}

pub(crate) fn user_not_found(name: &str) -> ApiError {
    no_such_entity(format!("The user with name {name} cannot be found."))
}

pub(crate) fn profile_not_found(name: &str) -> ApiError {
    no_such_entity(format!("Instance Profile {name} cannot be found."))
}

pub(crate) fn role_not_in_profile(role: &str, profile: &str) -> ApiError {
    no_such_entity(format!("Role {role} cannot be found in Instance Profile {profile}."))
}

pub(crate) fn inline_policy_not_found(name: &str) -> ApiError {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

pub(crate) fn policy_not_found(arn: &str) -> ApiError {
    no_such_entity(format!("Policy {arn} was not found."))
}

pub(crate) fn policy_not_attachable(arn: &str) -> ApiError {
    no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}

pub(crate) fn version_not_found(arn: &str, version: &str) -> ApiError {
    no_such_entity(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

pub(crate) fn role_exists(name: &str) -> ApiError {
    conflict("EntityAlreadyExists", format!("Role with name {name} already exists."))
}

pub(crate) fn profile_exists(name: &str) -> ApiError {
    conflict("EntityAlreadyExists", format!("Instance Profile {name} already exists."))
}

pub(crate) fn policy_exists(name: &str) -> ApiError {
    conflict(
        "EntityAlreadyExists",
        format!("A policy called {name} already exists. Duplicate names are not allowed."),
    )
}

pub(crate) fn delete_conflict(message: &'static str) -> ApiError {
    conflict("DeleteConflict", message)
}

pub(crate) fn quota(name: &str, limit: usize) -> ApiError {
    conflict("LimitExceeded", format!("Cannot exceed quota for {name}: {limit}"))
}

pub(crate) fn inline_size(role: &str, limit: usize) -> ApiError {
    let text = format!("Maximum policy size of {limit} bytes exceeded for role {role}");
    conflict("LimitExceeded", text)
}

pub(crate) fn too_many_versions(limit: usize) -> ApiError {
    conflict(
        "LimitExceeded",
        format!(
            "A managed policy can have up to {limit} versions. Before you create a new version, \
             you must delete an existing version."
        ),
    )
}

pub(crate) fn malformed_policy(message: &str) -> ApiError {
    ApiError::new("MalformedPolicyDocument", message)
}

pub(crate) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// Two spaces, as AWS has it.
pub(crate) fn invalid_arn() -> ApiError {
    validation("Invalid ARN:  Could not be parsed!")
}

pub(crate) fn invalid_marker() -> ApiError {
    validation("Invalid Marker.")
}

pub(crate) fn invalid_input(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInput", message)
}

pub(crate) fn aws_managed_is_read_only(arn: &str) -> ApiError {
    ApiError::new("AccessDenied", format!("Policies managed by AWS cannot be changed: {arn}"))
        .with_status(403)
}

pub(crate) fn protected_role(name: &str) -> ApiError {
    let text = format!(
        "Cannot perform the operation on the protected role '{name}' - this role is only \
         modifiable by AWS"
    );
    ApiError::new("UnmodifiableEntity", text)
}
