//! Errors of launch templates and Spot requests.

use super::{invalid_combination, invalid_value};
use kernel::ApiError;
use std::fmt::Display;

pub(crate) fn launch_template_name_malformed() -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateName.MalformedException",
        "A launch template name must be between 3 and 128 characters, and may contain letters, \
         numbers, and the following characters: - ( ) . / _.",
    )
}

pub(crate) fn launch_template_name_taken() -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateName.AlreadyExistsException",
        "Launch template name already in use.",
    )
}

pub(crate) fn launch_template_names_not_found() -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateName.NotFoundException",
        "At least one of the launch templates specified in the request does not exist.",
    )
}

pub(crate) fn launch_template_version_not_found(id: &str, version: &str) -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateId.VersionNotFound",
        format!(
            "Could not find the specified version {version} for the launch template with ID {id}."
        ),
    )
}

/// What ModifyLaunchTemplate says of a version that is not there.
pub(crate) fn no_such_default_version(version: &str) -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateId.VersionNotFound",
        format!(
            "The launch template version {version} is not found for the specified launch template."
        ),
    )
}

/// Both an id and a name: `Either provide launch template ID or launch template name to …`
pub(crate) fn launch_template_named_twice(purpose: &str) -> ApiError {
    invalid_combination(format!(
        "Either provide launch template ID or launch template name to {purpose}."
    ))
}

pub(crate) fn invalid_template_version(version: &str) -> ApiError {
    invalid_value(format!(
        "Invalid launch template version: either '$Default', '$Latest', or a numeric version are \
         allowed, and '{version}' is none of them."
    ))
}

pub(crate) fn default_version_stays(number: u64) -> String {
    format!("Could not delete version {number}: it is the default version of the launch template.")
}

pub(crate) fn requirements_need_a_fleet() -> ApiError {
    ApiError::new(
        "UnsupportedOperation",
        "The launch template specifies InstanceRequirements, which RunInstances does not support. \
         Specify an instance type.",
    )
}

pub(crate) fn too_many(what: &str, limit: usize) -> ApiError {
    ApiError::new("ResourceCountExceeded", format!("You may have at most {limit} {what}."))
}

pub(crate) fn spot_request_malformed(id: &str) -> ApiError {
    ApiError::new(
        "InvalidSpotInstanceRequestID.Malformed",
        format!("Invalid id: \"{id}\" (expecting \"sir-...\")"),
    )
}

pub(crate) fn invalid_spot_price(price: impl Display) -> ApiError {
    super::invalid_parameter(price, "spotPrice", "Invalid Spot price.")
}

pub(crate) fn no_spot_capacity() -> ApiError {
    ApiError::new(
        "InsufficientInstanceCapacity",
        "There is no Spot capacity available that matches your request.",
    )
    .with_status(500)
}
