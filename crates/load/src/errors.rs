//! What the control API says of a load that cannot be.

use kernel::ApiError;

pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidLoad", message)
}

pub(crate) fn not_found(what: &str, name: &str) -> ApiError {
    ApiError::new("NotFound", format!("there is no {what} '{name}' in this region"))
        .with_status(404)
}
