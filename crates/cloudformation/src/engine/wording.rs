//! How CloudFormation words what services say.

use kernel::{ApiError, Tx};

/// The reason of a failed resource: the service's message, as the registry's handlers wrap it.
pub(super) fn of_error(tx: &mut Tx, resource_type: &str, error: &ApiError) -> String {
    let own = ["AWS::CloudFormation::", "Custom::"].iter().any(|p| resource_type.starts_with(p));
    if error.code == "NotImplemented" || own {
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
pub(crate) fn is_gone(error: &ApiError) -> bool {
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

/// Of a resource whose type is not built.
pub(super) fn placeholder(resource_type: &str) -> String {
    format!("lowcloud does not implement {resource_type}: a placeholder stands for it.")
}

/// Of a replacement that would have the name of what it replaces.
pub(super) fn custom_named(name: &str) -> String {
    format!(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. \
         Rename {name} and update the stack again."
    )
}

/// Of a custom resource whose answer is longer than AWS takes. From memory, as the next three.
pub(crate) const TOO_LONG: &str = "Response object is too long.";

/// Of a custom resource whose answer is no JSON object.
pub(crate) const NO_JSON: &str = "Failed to parse the response of the custom resource.";

/// Of a custom resource whose provider says that it failed.
pub(crate) fn custom_failed(reason: &str, request: &str) -> String {
    format!(
        "Received response status [FAILED] from custom resource. Message returned: {reason} \
         (RequestId: {request})"
    )
}

/// Of a custom resource whose provider says nothing.
pub(crate) fn custom_silent(request: &str) -> String {
    format!(
        "CloudFormation did not receive a response from your Custom Resource. Please check your \
         logs for requestId [{request}]. If you are using the Python cfn-response module, you may \
         need to update your Lambda function code so that CloudFormation can attach the updated \
         version."
    )
}

/// `The following resource(s) failed to create: [A, B].`
pub(super) fn failed_to(what: &str, names: &[&str]) -> String {
    format!("The following resource(s) failed to {what}: [{}].", names.join(", "))
}
