//! Errors of Elastic IP addresses and NAT gateways.

use kernel::ApiError;

/// A text of AWS's own about what a request lacks.
pub(crate) fn missing(message: &'static str) -> ApiError {
    ApiError::new("MissingParameter", message)
}

/// An Elastic IP address that is not there.
pub(crate) fn address_not_found(ip: &str) -> ApiError {
    ApiError::new("InvalidAddress.NotFound", format!("Address '{ip}' not found."))
}

pub(crate) fn address_malformed(ip: &str) -> ApiError {
    super::invalid_parameter(ip, "publicIp", "Invalid IPv4 address.")
}

pub(crate) fn address_limit_exceeded() -> ApiError {
    ApiError::new("AddressLimitExceeded", "The maximum number of addresses has been reached.")
}

pub(crate) fn address_pool_not_found(pool: &str) -> ApiError {
    super::not_found("InvalidPublicIpv4PoolID.NotFound", "publicIpv4Pool", &[pool])
}

/// The address is advertised from elsewhere.
pub(crate) fn address_border_group(allocation: &str) -> ApiError {
    super::invalid_value(format!(
        "The network border group does not match that of the allocation {allocation}"
    ))
}

/// `what` is the allocation, or the interface whose private address has one already.
pub(crate) fn address_associated(what: &str, association: &str) -> ApiError {
    super::already_associated(format!(
        "resource {what} is already associated with associate-id {association}"
    ))
}

/// An instance that cannot have an address in its state.
pub(crate) fn not_associable(state: &str, instance: &str) -> ApiError {
    ApiError::new(
        "InvalidInstanceID",
        format!("The {state} instance '{instance}' is not in a valid state for this operation."),
    )
}

pub(crate) fn several_interfaces(instance: &str) -> ApiError {
    ApiError::new(
        "InvalidInstanceID",
        format!(
            "There are multiple interfaces attached to instance '{instance}'. Please specify an \
             interface ID for the operation instead."
        ),
    )
}

pub(crate) fn network_without_gateway(vpc: &str) -> ApiError {
    ApiError::new(
        "Gateway.NotAttached",
        format!("Network {vpc} is not attached to any internet gateway"),
    )
}

/// What belongs to a service is not the user's to change.
pub(crate) fn no_permission() -> ApiError {
    ApiError::new("AuthFailure", "You do not have permission to access the specified resource.")
}

pub(crate) fn nat_gateway_not_found(ids: &[&str]) -> ApiError {
    let text = match ids {
        [id] => format!("NatGateway {id} was not found"),
        _ => format!("NatGateways {} were not found", ids.join(", ")),
    };
    ApiError::new("NatGatewayNotFound", text)
}

pub(crate) fn nat_gateway_malformed(id: &str) -> ApiError {
    ApiError::new("NatGatewayMalformed", format!("The NAT gateway ID '{id}' is malformed"))
}

pub(crate) fn nat_allocation_missing() -> ApiError {
    missing(
        "The request must include the AllocationId parameter. Add the required parameter and \
         retry the request.",
    )
}

pub(crate) fn private_nat_allocation() -> ApiError {
    ApiError::new(
        "InvalidParameter",
        "You cannot specify an allocation ID for a private NAT gateway.",
    )
}
