//! Errors of instances, key pairs, images and tags.

use super::invalid_value;
use kernel::ApiError;

pub(crate) fn key_pair_duplicate() -> ApiError {
    ApiError::new("InvalidKeyPair.Duplicate", "The keypair already exists")
}

pub(crate) fn invalid_key_format() -> ApiError {
    ApiError::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
}

/// `The image id '[a]' does not exist`, or the plural.
pub(crate) fn images_not_found(ids: &[&str]) -> ApiError {
    match ids {
        [id] => super::image_not_found(id),
        _ => {
            let ids = ids.join(", ");
            ApiError::new("InvalidAMIID.NotFound", format!("The image ids '[{ids}]' do not exist"))
        }
    }
}

pub(crate) fn not_authorized_for_image(id: &str) -> ApiError {
    ApiError::new("AuthFailure", format!("Not authorized for image:{id}")).with_status(403)
}

pub(crate) fn instance_types_not_found(names: &[&str]) -> ApiError {
    let names = names.join(", ");
    let text = format!("The following supplied instance types do not exist: [{names}]");
    ApiError::new("InvalidInstanceType", text)
}

pub(crate) fn invalid_region(name: &str) -> ApiError {
    invalid_value(format!("Invalid region provided: {name}"))
}

pub(crate) fn invalid_zone(name: &str) -> ApiError {
    invalid_value(format!("Invalid availability zone: [{name}]"))
}

pub(crate) fn invalid_zone_id(id: &str) -> ApiError {
    invalid_value(format!("Invalid availability zone-id: [{id}]"))
}

/// The value of a MaxResults that is beyond what the call takes.
pub(crate) fn max_results_above(value: i64, limit: i64) -> ApiError {
    invalid_value(format!(
        "Value ( {value} ) for parameter maxResults is invalid. Expecting a value less than or \
         equal to {limit}."
    ))
}

pub(crate) fn vcpu_limit_exceeded(limit: u64) -> ApiError {
    ApiError::new(
        "VcpuLimitExceeded",
        format!(
            "You have requested more vCPU capacity than your current vCPU limit of {limit} allows \
             for the instance bucket that the specified instance type belongs to. Please visit \
             http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
        ),
    )
}

pub(crate) fn unknown_attribute(name: &str) -> ApiError {
    super::invalid_parameter(name, "attribute", "Unknown attribute.")
}

pub(crate) fn latest_console_unsupported() -> ApiError {
    ApiError::new(
        "UnsupportedOperation",
        "This instance type does not support retrieving the latest console logs. Use an instance \
         type that is built on the Nitro System, or retrieve the console logs without 'latest'.",
    )
}

pub(crate) fn not_stopped(id: &str) -> ApiError {
    super::incorrect_instance_state(format!("The instance '{id}' is not in the 'stopped' state."))
}

pub(crate) fn instance_is_gone(id: &str) -> ApiError {
    super::incorrect_instance_state(format!(
        "The instance '{id}' is not in a state that allows this operation."
    ))
}

pub(crate) fn invalid_instance_attribute(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInstanceAttributeValue", message)
}

pub(crate) fn not_burstable(id: &str) -> ApiError {
    invalid_value(format!("The instance '{id}' is not a burstable performance instance."))
}

pub(crate) fn no_paravirtual(id: &str, what: &str) -> ApiError {
    ApiError::new(
        "UnsupportedOperation",
        format!("The instance '{id}' does not support changing its {what}: it is not paravirtual."),
    )
}

pub(crate) fn no_such_device(id: &str, device: &str) -> ApiError {
    invalid_instance_attribute(format!(
        "No device is currently mapped at {device} for instance '{id}'"
    ))
}
