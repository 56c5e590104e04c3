//! Errors of network interfaces.

use super::{invalid_combination, invalid_value};
use kernel::ApiError;

pub(crate) fn interface_in_use(id: &str) -> ApiError {
    invalid_value(format!("Network interface '{id}' is currently in use."))
}

pub(crate) fn interface_attached(id: &str) -> ApiError {
    ApiError::new("InvalidNetworkInterface.InUse", format!("Interface: [{id}] in use."))
}

pub(crate) fn interface_elsewhere() -> ApiError {
    invalid_combination(
        "You may not attach a network interface to an instance if they are not in the same \
         availability zone",
    )
}

pub(crate) fn device_index_taken(instance: &str, index: i64) -> ApiError {
    invalid_value(format!(
        "Instance '{instance}' already has an interface attached at device index '{index}'."
    ))
}

pub(crate) fn interface_count(count: usize, instance_type: &str) -> ApiError {
    ApiError::new(
        "AttachmentLimitExceeded",
        format!("Interface count {count} exceeds the limit for {instance_type}"),
    )
}

pub(crate) fn attachment_not_found(id: &str) -> ApiError {
    super::not_found("InvalidAttachmentID.NotFound", "networkInterface attachment", &[id])
}

pub(crate) fn primary_interface() -> ApiError {
    super::operation_not_permitted(
        "The network interface at device index 0 and networkCard index 0 cannot be detached.",
    )
}

pub(crate) fn private_address_limit() -> ApiError {
    ApiError::new("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.")
}
