//! Errors of network ACLs.

use super::invalid_value;
use kernel::ApiError;

pub(crate) fn acl_limit_exceeded() -> ApiError {
    ApiError::new("NetworkAclLimitExceeded", "The maximum number of network ACLs has been reached.")
}

pub(crate) fn acl_entry_limit_exceeded() -> ApiError {
    ApiError::new(
        "NetworkAclEntryLimitExceeded",
        "The maximum number of network acl entries has been reached.",
    )
}

pub(crate) fn default_acl(id: &str) -> ApiError {
    invalid_value(format!("cannot delete default network ACL {id}"))
}

pub(crate) fn acl_entry_exists(number: u16) -> ApiError {
    ApiError::new(
        "NetworkAclEntryAlreadyExists",
        format!("The network acl entry identified by {number} already exists."),
    )
}

pub(crate) fn acl_entry_not_found(number: i64) -> ApiError {
    ApiError::new(
        "InvalidNetworkAclEntry.NotFound",
        format!("The network acl entry identified by {number} does not exist."),
    )
}

pub(crate) fn acl_elsewhere(acl: &str, subnet: &str) -> ApiError {
    invalid_value(format!("network acl {acl} and subnet {subnet} belong to different networks"))
}
