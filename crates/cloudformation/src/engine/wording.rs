//! How CloudFormation words what services say.

use kernel::{ApiError, Tx};

/// The reason of a failed resource: the service's message, as the registry's handlers wrap it.
pub(super) fn of_error(tx: &mut Tx, resource_type: &str, error: &ApiError) -> String {
    if error.code == "NotImplemented" || resource_type.starts_with("AWS::CloudFormation::") {
        return error.message.clone();
    }
    let service = match resource_type.split("::").nth(1).unwrap_or_default() {
        "EC2" => "Ec2",
        "IAM" => "Iam",
        "SSM" => "Ssm",
        "SNS" => "Sns",
        other => other,
    };
    let (request, token) = (tx.new_uuid(), tx.new_uuid());
    format!(
        "Resource handler returned message: \"{} (Service: {service}, Status Code: {}, Request \
         ID: {request})\" (RequestToken: {token}, HandlerErrorCode: {})",
        error.message,
        error.status,
        handler_code(error)
    )
}

fn handler_code(error: &ApiError) -> &'static str {
    let has = |parts: &[&str]| parts.iter().any(|part| error.code.contains(part));
    if has(&["AlreadyExists", "Duplicate", "AlreadyOwnedByYou"]) {
        "AlreadyExists"
    } else if is_gone(error) {
        "NotFound"
    } else if has(&["LimitExceeded", "QuotaExceeded"]) {
        "ServiceLimitExceeded"
    } else if error.status >= 500 {
        "ServiceInternalError"
    } else {
        "InvalidRequest"
    }
}

/// Whether an error says that the thing is not there (any more).
pub(super) fn is_gone(error: &ApiError) -> bool {
    let codes = ["NotFound", "NoSuch"];
    codes.iter().any(|part| error.code.contains(part))
        || error.code == "Gateway.NotAttached"
        || (error.code == "ValidationError" && error.message.contains("not found"))
}

/// Whether an error says that something else is in the way, which may go in a while.
pub(super) fn may_pass(error: &ApiError) -> bool {
    let codes = ["DependencyViolation", "InUse", "DeleteConflict", "ResourceContention"];
    codes.iter().any(|part| error.code.contains(part))
}

/// Of a replacement that would have the name of what it replaces.
pub(super) fn custom_named(name: &str) -> String {
    format!(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. \
         Rename {name} and update the stack again."
    )
}

/// `The following resource(s) failed to create: [A, B].`
pub(super) fn failed_to(what: &str, names: &[&str]) -> String {
    format!("The following resource(s) failed to {what}: [{}].", names.join(", "))
}
