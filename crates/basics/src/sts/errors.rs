//! STS's errors: code, text and status together.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>

use kernel::ApiError;
use std::fmt::Display;

pub(crate) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

pub(crate) fn invalid_arn(value: &str) -> ApiError {
    validation(format!("{value} is invalid"))
}

pub(crate) fn assume_role_denied(caller: impl Display, role: &str) -> ApiError {
    ApiError::new(
        "AccessDenied",
        format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}"),
    )
    .with_status(403)
}

pub(crate) fn too_long_for_role() -> ApiError {
    validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

pub(crate) fn too_long_for_chaining() -> ApiError {
    validation(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
         role chaining",
    )
}

pub(crate) fn transitive_tag_missing() -> ApiError {
    invalid_value("The specified transitive tag key must be included in the requested tags.")
}

pub(crate) fn duplicate_tags() -> ApiError {
    invalid_value("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
}

fn invalid_value(message: &str) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

pub(crate) fn session_cannot_get_session_token() -> ApiError {
    ApiError::new("AccessDenied", "Cannot call GetSessionToken with session credentials")
        .with_status(403)
}

pub(crate) fn expired_token() -> ApiError {
    ApiError::new("ExpiredToken", "The security token included in the request is expired")
        .with_status(403)
}

pub(crate) fn unknown_access_key() -> ApiError {
    validation("Access key id is not valid.")
}
