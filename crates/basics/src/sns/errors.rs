//! SNS's errors: code, text and status together.
//! <https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html>; texts as recorded from AWS.

use kernel::ApiError;
use std::fmt::Display;

/// `Invalid parameter: <what>`
pub(super) fn invalid(what: impl Display) -> ApiError {
    ApiError::new("InvalidParameter", format!("Invalid parameter: {what}"))
}

/// `Invalid parameter: <name> Reason: <why>`
pub(super) fn invalid_because(name: &str, why: impl Display) -> ApiError {
    invalid(format_args!("{name} Reason: {why}"))
}

pub(super) fn topic_not_found() -> ApiError {
    ApiError::new("NotFound", "Topic does not exist").with_status(404)
}

pub(super) fn subscription_not_found() -> ApiError {
    ApiError::new("NotFound", "Subscription does not exist").with_status(404)
}

pub(super) fn resource_not_found() -> ApiError {
    ApiError::new("ResourceNotFound", "Resource does not exist").with_status(404)
}

pub(super) fn too_many_tags() -> ApiError {
    ApiError::new(
        "TagLimitExceeded",
        "Could not complete request: tag quota of per resource exceeded",
    )
}

pub(super) fn invalid_next_token() -> ApiError {
    invalid_because("NextToken", "Unable to parse NextToken")
}

pub(super) fn fifo_name() -> ApiError {
    invalid(
        "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase \
         ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 \
         characters long.",
    )
}
