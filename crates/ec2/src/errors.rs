//! EC2's errors: code, text and status together, one constructor each.
//!
//! EC2's model declares none; codes are from "Error codes for the Amazon EC2 API", texts as
//! recorded from AWS or as its documentation words them.

mod acls;
mod addresses;
mod compute;
mod interfaces;
mod network;
mod templates;
mod volumes;

pub(crate) use acls::*;
pub(crate) use addresses::*;
pub(crate) use compute::*;
pub(crate) use interfaces::*;
pub(crate) use network::*;
pub(crate) use templates::*;
pub(crate) use volumes::*;

use kernel::ApiError;
use std::fmt::Display;

/// The answer to a dry run that would have worked.
pub(crate) fn dry_run_operation() -> ApiError {
    ApiError::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
        .with_status(412)
}

/// Ends a request that asked for a dry run. Callers put it where AWS checks permissions: after
/// the request's syntax, before anything it names is looked up.
pub(crate) fn dry_run(flag: Option<bool>) -> Result<(), ApiError> {
    if flag == Some(true) { Err(dry_run_operation()) } else { Ok(()) }
}

pub(crate) fn missing_parameter(name: impl Display) -> ApiError {
    ApiError::new("MissingParameter", format!("The request must contain the parameter {name}"))
}

pub(crate) fn invalid_value(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

/// `Value (<value>) for parameter <name> is invalid. <why>`
pub(crate) fn invalid_parameter(value: impl Display, name: impl Display, why: &str) -> ApiError {
    let text = format!("Value ({value}) for parameter {name} is invalid. {why}");
    invalid_value(text.trim_end().to_owned())
}

pub(crate) fn invalid_combination(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterCombination", message)
}

pub(crate) fn cannot_be_used_with(a: &str, b: &str) -> ApiError {
    invalid_combination(format!("The parameter {a} cannot be used with the parameter {b}"))
}

pub(crate) fn unknown_filter(name: impl Display) -> ApiError {
    invalid_value(format!("The filter '{name}' is invalid"))
}

pub(crate) fn invalid_next_token() -> ApiError {
    ApiError::new("InvalidNextToken", "Unable to parse pagination token")
}

pub(crate) fn dependency_violation(message: impl Into<String>) -> ApiError {
    ApiError::new("DependencyViolation", message)
}

pub(crate) fn operation_not_permitted(message: impl Into<String>) -> ApiError {
    ApiError::new("OperationNotPermitted", message)
}

/// `<code>`: `<text with the id or ids>`, in the singular or plural form.
pub(crate) fn not_found(code: &'static str, noun: &str, ids: &[&str]) -> ApiError {
    match ids {
        [id] => ApiError::new(code, format!("The {noun} ID '{id}' does not exist")),
        _ => ApiError::new(code, format!("The {noun} IDs '{}' do not exist", ids.join(", "))),
    }
}

/// An id that does not have the form of its kind.
pub(crate) fn malformed(code: &'static str, id: &str, prefix: &str) -> ApiError {
    ApiError::new(code, format!("Invalid id: \"{id}\" (expecting \"{prefix}...\")"))
}

pub(crate) fn instance_malformed(id: &str) -> ApiError {
    ApiError::new("InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\""))
}

pub(crate) fn incorrect_instance_state(message: impl Into<String>) -> ApiError {
    ApiError::new("IncorrectInstanceState", message)
}

pub(crate) fn cannot_be_started(id: &str) -> ApiError {
    let text = format!("The instance '{id}' is not in a state from which it can be started.");
    incorrect_instance_state(text)
}

pub(crate) fn cannot_be_stopped(id: &str) -> ApiError {
    incorrect_instance_state(format!(
        "This instance '{id}' is not in a state from which it can be stopped."
    ))
}

pub(crate) fn may_not_be_terminated(id: &str) -> ApiError {
    operation_not_permitted(format!(
        "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance \
         attribute and try again."
    ))
}

pub(crate) fn may_not_be_stopped(id: &str) -> ApiError {
    operation_not_permitted(format!(
        "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute \
         and try again."
    ))
}

pub(crate) fn image_not_found(id: &str) -> ApiError {
    ApiError::new("InvalidAMIID.NotFound", format!("The image id '[{id}]' does not exist"))
}

pub(crate) fn image_malformed(id: &str) -> ApiError {
    malformed("InvalidAMIID.Malformed", id, "ami-")
}

pub(crate) fn invalid_instance_type(name: &str) -> ApiError {
    invalid_value(format!("Invalid value '{name}' for InstanceType."))
}

pub(crate) fn unsupported_in_zone(instance_type: &str, zone: &str, others: &[&str]) -> ApiError {
    let hint = match others {
        [] => "Please retry your request by not specifying an Availability Zone.".to_owned(),
        _ => format!(
            "Please retry your request by not specifying an Availability Zone or choosing {}.",
            others.join(", ")
        ),
    };
    let text = format!(
        "Your requested instance type ({instance_type}) is not supported in your requested \
         Availability Zone ({zone}). {hint}"
    );
    ApiError::new("Unsupported", text)
}

pub(crate) fn insufficient_capacity(instance_type: &str, zone: &str, others: &[&str]) -> ApiError {
    let hint = match others {
        [] => String::new(),
        _ => format!(
            " You can currently get {instance_type} capacity by not specifying an Availability \
             Zone in your request or choosing {}.",
            others.join(", ")
        ),
    };
    let text = format!(
        "We currently do not have sufficient {instance_type} capacity in the Availability Zone \
         you requested ({zone}). Our system will be working on provisioning additional \
         capacity.{hint}"
    );
    ApiError::new("InsufficientInstanceCapacity", text).with_status(500)
}

pub(crate) fn key_pair_not_found(name: &str) -> ApiError {
    ApiError::new("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist"))
}

pub(crate) fn group_not_found(id: &str) -> ApiError {
    ApiError::new("InvalidGroup.NotFound", format!("The security group '{id}' does not exist"))
}

pub(crate) fn group_name_not_found(name: &str, vpc: &str) -> ApiError {
    ApiError::new(
        "InvalidGroup.NotFound",
        format!("The security group '{name}' does not exist in VPC '{vpc}'"),
    )
}

pub(crate) fn group_elsewhere(group: &str, subnet: &str) -> ApiError {
    ApiError::new(
        "InvalidParameter",
        format!("Security group {group} and subnet {subnet} belong to different networks."),
    )
}

pub(crate) fn no_default_vpc() -> ApiError {
    ApiError::new(
        "VPCIdNotSpecified",
        "No default VPC for this user. GroupName is only supported for EC2-Classic and default \
         VPC.",
    )
}

pub(crate) fn no_default_subnet() -> ApiError {
    ApiError::new("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")
}

pub(crate) fn addresses_exhausted(subnet: &str) -> ApiError {
    ApiError::new(
        "InsufficientFreeAddressesInSubnet",
        format!(
            "There are not enough free addresses in subnet '{subnet}' to satisfy the requested \
             number of instances."
        ),
    )
}

pub(crate) fn address_in_use(address: impl Display) -> ApiError {
    ApiError::new("InvalidIPAddress.InUse", format!("Address {address} is in use."))
}

pub(crate) fn idempotent_mismatch() -> ApiError {
    ApiError::new(
        "IdempotentParameterMismatch",
        "Arguments on this idempotent request are inconsistent with arguments used in previous \
         request(s).",
    )
}

pub(crate) fn tag_limit_exceeded() -> ApiError {
    ApiError::new("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
}

pub(crate) fn reserved_tag_key(key: &str) -> ApiError {
    invalid_value(format!(
        "Value ( {key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved \
         for internal use"
    ))
}

pub(crate) fn invalid_id(id: &str) -> ApiError {
    ApiError::new("InvalidID", format!("The ID '{id}' is not valid"))
}

pub(crate) fn launch_template_not_found(id: Option<&str>, name: Option<&str>) -> ApiError {
    match (id, name) {
        (Some(id), _) => ApiError::new(
            "InvalidLaunchTemplateId.NotFound",
            format!("The specified launch template, with template ID {id}, does not exist."),
        ),
        (None, name) => ApiError::new(
            "InvalidLaunchTemplateName.NotFoundException",
            format!(
                "The specified launch template, with template name {}, does not exist.",
                name.unwrap_or_default()
            ),
        ),
    }
}
