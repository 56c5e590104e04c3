//! SQS's errors: code, text and status together. Codes are the names of the model's shapes; `wire`
//! gives clients of the query protocol the older ones.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>

use kernel::ApiError;
use std::fmt::Display;

pub(super) fn no_such_queue() -> ApiError {
    ApiError::new("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn queue_exists(attribute: &str) -> ApiError {
    ApiError::new(
        "QueueNameExists",
        format!(
            "A queue already exists with the same name and a different value for attribute \
             {attribute}"
        ),
    )
}

pub(super) fn deleted_recently() -> ApiError {
    ApiError::new(
        "QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the \
         same name.",
    )
}

pub(super) fn purge_in_progress(name: &str) -> ApiError {
    ApiError::new(
        "PurgeQueueInProgress",
        format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds."),
    )
}

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

/// `Value <value> for parameter <name> is invalid. Reason: <why>`
pub(super) fn invalid_because(value: impl Display, name: &str, why: &str) -> ApiError {
    invalid(format!("Value {value} for parameter {name} is invalid. Reason: {why}"))
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::new("MissingParameter", format!("The request must contain the parameter {name}."))
}

pub(super) fn unknown_attribute(name: &str) -> ApiError {
    ApiError::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(super) fn invalid_attribute(name: &str) -> ApiError {
    ApiError::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

pub(super) fn invalid_receipt(handle: &str) -> ApiError {
    ApiError::new(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
    )
}

pub(super) fn not_in_flight(handle: &str) -> ApiError {
    let why = "Message does not exist or is not available for visibility timeout change.";
    invalid_because(handle, "ReceiptHandle", why)
}

pub(super) fn invalid_character(found: char) -> ApiError {
    ApiError::new(
        "InvalidMessageContents",
        format!(
            "Invalid binary character '#x{:X}' was found in the message body, the set of allowed \
             characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to \
             #x10FFFF",
            u32::from(found)
        ),
    )
}

pub(super) fn over_limit() -> ApiError {
    ApiError::new("OverLimit", "Too many messages are in flight for this queue.").with_status(403)
}

pub(super) fn empty_batch(entry: &str) -> ApiError {
    ApiError::new(
        "EmptyBatchRequest",
        format!("There should be at least one {entry} in the request."),
    )
}

pub(super) fn too_many_entries(count: usize) -> ApiError {
    ApiError::new(
        "TooManyEntriesInBatchRequest",
        format!("Maximum number of entries per request are 10. You have sent {count}."),
    )
}

pub(super) fn ids_not_distinct(id: &str) -> ApiError {
    ApiError::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated."))
}

pub(super) fn invalid_entry_id() -> ApiError {
    ApiError::new(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It \
         can be at most 80 letters long.",
    )
}

pub(super) fn batch_too_long(limit: usize, bytes: usize) -> ApiError {
    ApiError::new(
        "BatchRequestTooLong",
        format!("Batch requests cannot be longer than {limit} bytes. You have sent {bytes} bytes."),
    )
}

pub(super) fn invalid_next_token() -> ApiError {
    invalid("Invalid or expired next token.")
}
