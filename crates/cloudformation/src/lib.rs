//! AWS CloudFormation.
//!
//! A stack operation is a saga: a plan that is a row, advanced by tasks, so that a crash or a
//! snapshot in the middle of it resumes where it was. `stacks` are the operations that users call,
//! `engine` is what goes on behind them.

mod engine;
mod errors;
mod secrets;
mod source;

kernel::resources! {
    account,
    change_sets,
    custom_resources,
    drift,
    events,
    exports,
    preview,
    registry,
    resources,
    signals,
    stack_policies,
    stack_sets,
    stacks,
    templates,
}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "cloudformation", resources: RESOURCES, genesis: None }
}
