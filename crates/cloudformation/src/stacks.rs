//! Stacks.

mod create;
mod delete;
mod describe;
mod recover;
mod request;
mod row;
mod triggers;
mod update;

pub(crate) use describe::parameters as render_parameters;
pub(crate) use request::{
    Proposal, check_capabilities, declared as declared_template, parameters as parameter_values,
    tags as checked_tags,
};
pub(crate) use row::{
    Revision, SetLink, Stack, StackOutput, StackParameter, Status, as_parameters,
};
pub(crate) use triggers::Triggers;

use crate::engine::{self, Operation};
use kernel::resource;

resource! { cloudformation:
    operations {
        write CreateStack => create::create_stack,
        write UpdateStack => update::update_stack,
        write DeleteStack => delete::delete_stack,
        write CancelUpdateStack => recover::cancel_update_stack,
        write ContinueUpdateRollback => recover::continue_update_rollback,
        write RollbackStack => recover::rollback_stack,
        read DescribeStacks => describe::describe_stacks,
        read ListStacks => describe::list_stacks,
        write UpdateTerminationProtection => update::update_termination_protection,
    }
    tables { Stack, Operation }
    tasks {
        "cloudformation.advance" => engine::advance,
        "cloudformation.import" => engine::take_in,
    }
    controls { internal "cloudformation.adopt" => engine::adopt }
}
