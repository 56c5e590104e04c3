//! CloudWatch's errors. In the query protocol's spelling; `wire` renames them for JSON and CBOR.

use kernel::ApiError;
use std::fmt::Display;

pub(crate) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

pub(crate) fn invalid_value(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

pub(crate) fn invalid_combination(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterCombination", message)
}

pub(crate) fn missing_parameter(message: impl Into<String>) -> ApiError {
    ApiError::new("MissingParameter", message)
}

pub(crate) fn invalid_format(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidFormat", message)
}

pub(crate) fn limit_exceeded(message: impl Into<String>) -> ApiError {
    ApiError::new("LimitExceeded", message)
}

pub(crate) fn invalid_next_token() -> ApiError {
    ApiError::new("InvalidNextToken", "Request token is invalid")
}

/// SetAlarmState on an unknown alarm, recorded from AWS: 404, and no text.
pub(crate) fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFound", message).with_status(404)
}

pub(crate) fn dashboard_not_found(name: &str) -> ApiError {
    not_found(format!("Dashboard {name} does not exist"))
}

/// PutDashboard's refusal of a body.
pub(crate) fn invalid_dashboard(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterInput", message)
}

/// A value that no metric can have, or an unknown word.
pub(crate) fn bad_parameter(value: impl Display, parameter: impl Display) -> ApiError {
    invalid_value(format!("The value {value} for parameter {parameter} is invalid."))
}

/// Two members of which a datum may have one.
pub(crate) fn exclusive(one: impl Display, other: impl Display) -> ApiError {
    invalid_combination(format!(
        "The parameters {one} and {other} are mutually exclusive and you have specified both."
    ))
}

pub(crate) fn required(parameter: impl Display) -> ApiError {
    missing_parameter(format!("The parameter {parameter} is required."))
}

/// A constraint of the model that only the service can check.
pub(crate) fn constraint(value: impl Display, member: &str, rule: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         {rule}"
    ))
}

pub(crate) fn too_many_datapoints(requested: i64) -> ApiError {
    invalid_combination(format!(
        "You have requested up to {requested} datapoints, which exceeds the limit of 1440. You \
         may reduce the datapoints requested by increasing Period, or decreasing the time range."
    ))
}

/// The error of the newer operations, beside the older `ResourceNotFound`.
pub(crate) fn unknown_resource(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message).with_status(404)
}
