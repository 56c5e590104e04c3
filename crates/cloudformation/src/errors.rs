//! CloudFormation's errors. The same missing stack is worded in three ways, by operation.

use cfn_template::{Code, Problem};
use kernel::ApiError;

pub(crate) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// A template's problem as AWS answers it.
pub(crate) fn of_problem(problem: Problem) -> ApiError {
    match problem.code {
        Code::Validation => validation(problem.message),
        Code::NotImplemented { what } => ApiError::not_implemented(what),
    }
}

pub(crate) fn no_stack_with_id(name: &str) -> ApiError {
    validation(format!("Stack with id {name} does not exist"))
}

pub(crate) fn no_stack_in_brackets(name: &str) -> ApiError {
    validation(format!("Stack [{name}] does not exist"))
}

pub(crate) fn no_stack_in_quotes(name: &str) -> ApiError {
    validation(format!("Stack '{name}' does not exist"))
}

pub(crate) fn already_exists(name: &str) -> ApiError {
    ApiError::new("AlreadyExistsException", format!("Stack [{name}] already exists"))
}

pub(crate) fn cannot_be_updated(id: &str, status: &str) -> ApiError {
    validation(format!("Stack:{id} is in {status} state and can not be updated."))
}

pub(crate) fn cannot_be_deleted(id: &str, status: &str) -> ApiError {
    validation(format!("Stack [{id}] cannot be deleted while in status {status}"))
}

pub(crate) fn protected(name: &str) -> ApiError {
    validation(format!("Stack [{name}] cannot be deleted while TerminationProtection is enabled"))
}

pub(crate) fn no_updates() -> ApiError {
    validation("No updates are to be performed.")
}

pub(crate) fn no_template() -> ApiError {
    validation("Either Template URL or Template Body must be specified.")
}

pub(crate) fn missing_capabilities(capabilities: &[&str]) -> ApiError {
    ApiError::new(
        "InsufficientCapabilitiesException",
        format!("Requires capabilities : [{}]", capabilities.join(", ")),
    )
}

pub(crate) fn invalid_next_token() -> ApiError {
    validation("The NextToken is invalid.")
}

/// Known from many users' reports.
pub(crate) fn type_changed(ids: &[&str]) -> ApiError {
    validation(format!(
        "Update of resource type is not permitted. The new template modifies resource type of \
         the following resources: [{}]",
        ids.join(", ")
    ))
}

pub(crate) fn no_change_set(name: &str) -> ApiError {
    ApiError::new("ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"))
        .with_status(404)
}

/// Text from memory.
pub(crate) fn change_set_exists(name: &str) -> ApiError {
    ApiError::new("AlreadyExistsException", format!("ChangeSet {name} already exists"))
}

pub(crate) fn stack_of_change_set_exists(stack: &str, change_set: &str) -> ApiError {
    validation(format!(
        "Stack [{stack}] already exists and cannot be created again with the changeSet \
         [{change_set}]."
    ))
}

pub(crate) fn change_set_status(id: &str, doing: &str, status: &str) -> ApiError {
    ApiError::new(
        "InvalidChangeSetStatus",
        format!("ChangeSet [{id}] cannot be {doing} in its current status of [{status}]"),
    )
}

/// Text from memory.
pub(crate) fn too_many_change_sets(limit: usize) -> ApiError {
    ApiError::new("LimitExceededException", format!("ChangeSet limit exceeded: {limit}"))
}

pub(crate) fn no_resource(id: &str, stack: &str) -> ApiError {
    validation(format!("Resource {id} does not exist for stack {stack}"))
}

/// Text from memory.
pub(crate) fn not_signaled(id: &str, status: &str) -> ApiError {
    validation(format!("Resource {id} is in {status} state and cannot be signaled"))
}

/// Text from memory.
pub(crate) fn stack_not_signaled(id: &str, status: &str) -> ApiError {
    validation(format!("Stack:{id} is in {status} state and can not be signaled"))
}

/// Text from memory.
pub(crate) fn cannot_cancel() -> ApiError {
    validation("CancelUpdateStack cannot be called from current stack status")
}

/// Text from memory.
pub(crate) fn cannot_continue_rollback(id: &str, status: &str) -> ApiError {
    validation(format!("Stack:{id} is in {status} state and can not continue update rollback."))
}

/// Text from memory.
pub(crate) fn cannot_roll_back(id: &str, status: &str) -> ApiError {
    validation(format!("Stack:{id} is in {status} state and can not be rolled back."))
}

/// Text from memory.
pub(crate) fn cannot_skip(ids: &[&str]) -> ApiError {
    validation(format!(
        "The following resources to skip are not in UPDATE_FAILED state: [{}]",
        ids.join(", ")
    ))
}

pub(crate) fn invalid_stack_policy() -> ApiError {
    validation("Error validating stack policy: Invalid stack policy")
}

pub(crate) fn two_stack_policies() -> ApiError {
    validation("You cannot specify both StackPolicyURL and StackPolicyBody")
}

/// The code is recorded, the text from memory.
pub(crate) fn no_type(name: &str) -> ApiError {
    ApiError::new("TypeNotFoundException", format!("The type '{name}' cannot be found."))
        .with_status(404)
}
