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

pub(super) fn empty_attribute(name: &str, kind: &str) -> ApiError {
    ApiError::new(
        "ParameterValueInvalid",
        format!(
            "The message attribute '{name}' must contain non-empty message attribute value for \
             message attribute type '{kind}'."
        ),
    )
}

pub(super) fn attribute_no_number(name: &str) -> ApiError {
    ApiError::new(
        "ParameterValueInvalid",
        format!("Could not cast message attribute '{name}' value to number."),
    )
}

pub(super) fn attribute_type(name: &str) -> ApiError {
    ApiError::new(
        "ParameterValueInvalid",
        format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of \
             supported type prefixes is Binary, Number, and String."
        ),
    )
}

pub(super) fn empty_batch() -> ApiError {
    ApiError::new("EmptyBatchRequest", "The batch request doesn't contain any entries.")
}

pub(super) fn too_many_entries(count: usize) -> ApiError {
    ApiError::new(
        "TooManyEntriesInBatchRequest",
        format!("The batch request contains more entries than permissible: {count}"),
    )
}

pub(super) fn invalid_entry_id() -> ApiError {
    ApiError::new(
        "InvalidBatchEntryId",
        "The Id of a batch entry in a batch request doesn't abide by the specification.",
    )
}

pub(super) fn entry_ids_not_distinct() -> ApiError {
    ApiError::new(
        "BatchEntryIdsNotDistinct",
        "Two or more batch entries in the request have the same Id.",
    )
}

pub(super) fn batch_too_long() -> ApiError {
    ApiError::new(
        "BatchRequestTooLong",
        "The length of all the batch messages put together is more than the limit.",
    )
}
