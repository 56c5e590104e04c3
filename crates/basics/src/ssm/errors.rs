//! The parameter store's errors: code, text and status together. All are HTTP 400.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>

use kernel::ApiError;

pub(super) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// The text is empty, as recorded from AWS.
pub(super) fn parameter_not_found() -> ApiError {
    ApiError::new("ParameterNotFound", "")
}

pub(super) fn version_not_found(name: &str, version: impl std::fmt::Display) -> ApiError {
    ApiError::new(
        "ParameterVersionNotFound",
        format!(
            "Systems Manager could not find version {version} of {name}. Verify the version and \
             try again."
        ),
    )
}

pub(super) fn label_not_found(name: &str, label: &str) -> ApiError {
    ApiError::new(
        "ParameterVersionNotFound",
        format!(
            "Systems Manager could not find label {label} of {name}. Verify the label and try \
             again."
        ),
    )
}

pub(super) fn already_exists() -> ApiError {
    ApiError::new(
        "ParameterAlreadyExists",
        "The parameter already exists. To overwrite this value, set the overwrite option in the \
         request to true.",
    )
}

pub(super) fn type_mismatch() -> ApiError {
    ApiError::new(
        "HierarchyTypeMismatchException",
        "Parameter Store does not support changing a parameter type in a hierarchy. For example, \
         you can't change a parameter from a String type to a SecureString type. You must create \
         a new, unique parameter.",
    )
}

pub(super) fn too_deep() -> ApiError {
    ApiError::new(
        "HierarchyLevelLimitExceededException",
        "A hierarchy can have a maximum of 15 levels. For more information, see \"Requirements \
         and constraints for parameter names\" in the AWS Systems Manager User Guide.",
    )
}

pub(super) fn bad_name() -> ApiError {
    validation(
        "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed \
         as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be \
         formed as a mix of letters, numbers and the following 3 symbols .-_",
    )
}

pub(super) fn not_absolute() -> ApiError {
    validation("Parameter name must be a fully qualified name.")
}

pub(super) fn reserved_name(name: &str) -> ApiError {
    ApiError::new("AccessDeniedException", format!("No access to reserved parameter name: {name}."))
}

pub(super) fn pattern_mismatch(pattern: &str) -> ApiError {
    ApiError::new(
        "ParameterPatternMismatchException",
        format!("Parameter value, cannot be validated against allowedPattern: {pattern}"),
    )
}

pub(super) fn invalid_pattern() -> ApiError {
    ApiError::new(
        "InvalidAllowedPatternException",
        "The request does not meet the regular expression requirement.",
    )
}

pub(super) fn too_large_for_standard() -> ApiError {
    validation(
        "Standard tier parameters support a maximum parameter value of 4096 characters. To create \
         a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For \
         more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/\
         parameter-store-advanced-parameters.html",
    )
}

pub(super) fn too_large_for_advanced() -> ApiError {
    validation("Advanced tier parameters support a maximum parameter value of 8192 characters.")
}

pub(super) fn tier_cannot_fall() -> ApiError {
    validation(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from \
         the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete \
         the advanced parameter and recreate it as a standard parameter.",
    )
}

pub(super) fn max_versions(name: &str) -> ApiError {
    ApiError::new(
        "ParameterMaxVersionLimitExceeded",
        format!(
            "You attempted to create a new version of {name} by calling the PutParameter API with \
             the overwrite flag. Version 1, the oldest version, can't be deleted because it has a \
             label associated with it. Move the label to another version of the parameter, and \
             try again."
        ),
    )
}

pub(super) fn too_many_labels() -> ApiError {
    ApiError::new(
        "ParameterVersionLabelLimitExceeded",
        "A parameter version can have a maximum of ten labels.",
    )
}

pub(super) fn unsupported_data_type() -> ApiError {
    validation("The following data type is not supported: aws:ssm:integration")
}

pub(super) fn invalid_image(value: &str) -> ApiError {
    validation(format!(
        "Parameter value {value} is not a valid Amazon Machine Image (AMI) ID for data type \
         aws:ec2:image."
    ))
}

pub(super) fn invalid_resource_id() -> ApiError {
    ApiError::new("InvalidResourceId", "")
}

pub(super) fn invalid_resource_type() -> ApiError {
    ApiError::new("InvalidResourceType", "")
}

pub(super) fn too_many_tags() -> ApiError {
    ApiError::new("TooManyTagsError", "The resource can't have more than 50 tags.")
}

pub(super) fn invalid_filter_key(key: &str, valid: &[&str]) -> ApiError {
    ApiError::new(
        "InvalidFilterKey",
        format!(
            "The following filter key is not valid: {key}. Valid filter keys include: [{}]",
            valid.join(", ")
        ),
    )
}

pub(super) fn invalid_filter_option(option: &str, valid: &[&str]) -> ApiError {
    ApiError::new(
        "InvalidFilterOption",
        format!(
            "The following filter option is not valid: {option}. Valid options include: [{}]",
            valid.join(", ")
        ),
    )
}

pub(super) fn invalid_filter_value() -> ApiError {
    ApiError::new("InvalidFilterValue", "The filter value is not valid.")
}

pub(super) fn invalid_next_token() -> ApiError {
    ApiError::new("InvalidNextToken", "The specified token is not valid.")
}
