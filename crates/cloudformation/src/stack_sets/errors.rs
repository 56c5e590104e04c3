//! Stack sets' errors. Codes and statuses are the model's; `StackSet {name} not found` is
//! recorded, the other texts are from memory.

use kernel::ApiError;

pub(super) fn no_set(name: &str) -> ApiError {
    let text = format!("StackSet {name} not found");
    ApiError::new("StackSetNotFoundException", text).with_status(404)
}

pub(super) fn name_taken(name: &str) -> ApiError {
    let text = format!("StackSet {name} already exists");
    ApiError::new("NameAlreadyExistsException", text).with_status(409)
}

pub(super) fn created_but_modified(name: &str) -> ApiError {
    let text = format!("StackSet {name} was created with this token and modified since");
    ApiError::new("CreatedButModifiedException", text).with_status(409)
}

pub(super) fn not_empty() -> ApiError {
    ApiError::new("StackSetNotEmptyException", "StackSet is not empty").with_status(409)
}

pub(super) fn in_progress(arn: &str, operation: &str) -> ApiError {
    let text = format!("Another Operation on StackSet {arn} is in progress: {operation}");
    ApiError::new("OperationInProgressException", text).with_status(409)
}

pub(super) fn operation_exists(id: &str) -> ApiError {
    let text = format!("Operation {id} already exists");
    ApiError::new("OperationIdAlreadyExistsException", text).with_status(409)
}

pub(super) fn no_operation(id: &str) -> ApiError {
    let text = format!("StackSet Operation {id} not found");
    ApiError::new("OperationNotFoundException", text).with_status(404)
}

pub(super) fn no_instance(set: &str, account: &str, region: &str) -> ApiError {
    let text =
        format!("StackInstance not found: StackSet {set}, Account {account}, Region {region}");
    ApiError::new("StackInstanceNotFoundException", text).with_status(404)
}

pub(super) fn invalid_operation(text: impl Into<String>) -> ApiError {
    ApiError::new("InvalidOperationException", text)
}

pub(super) fn unknown_region(region: &str) -> ApiError {
    crate::errors::validation(format!("Region {region} is not supported"))
}

/// What an account that belongs to no organization is told.
pub(super) fn no_organization() -> ApiError {
    crate::errors::validation(
        "You must enable organizations access to operate a service managed stack set",
    )
}
