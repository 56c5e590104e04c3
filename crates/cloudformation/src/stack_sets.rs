//! Stack sets: one template as stacks in several accounts and regions.
//!
//! Self-managed ones: the roles that AWS wants in each account are not asked for, as nothing here
//! is refused for want of a permission. Every operation is a row with its targets, advanced by a
//! task as stack operations are. Sets that AWS Organizations manages answer as on an account that
//! is in none.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/what-is-cfnstacksets.html>

mod define;
mod describe;
mod errors;
mod instances;
mod operations;
mod preferences;
mod row;
mod run;
mod target;

pub(crate) use run::tell;

use kernel::resource;
use row::{Instance, SetOperation, StackSet};

resource! { cloudformation:
    operations {
        write CreateStackSet => define::create_stack_set,
        write UpdateStackSet => define::update_stack_set,
        write DeleteStackSet => define::delete_stack_set,
        read DescribeStackSet => describe::describe_stack_set,
        read ListStackSets => describe::list_stack_sets,
        write CreateStackInstances => instances::create_stack_instances,
        write UpdateStackInstances => instances::update_stack_instances,
        write DeleteStackInstances => instances::delete_stack_instances,
        write DetectStackSetDrift => instances::detect_stack_set_drift,
        read DescribeStackInstance => describe::describe_stack_instance,
        read ListStackInstances => describe::list_stack_instances,
        read ListStackInstanceResourceDrifts => describe::list_stack_instance_resource_drifts,
        read DescribeStackSetOperation => operations::describe_stack_set_operation,
        read ListStackSetOperations => operations::list_stack_set_operations,
        read ListStackSetOperationResults => operations::list_stack_set_operation_results,
        write StopStackSetOperation => operations::stop_stack_set_operation,
    }
    tables { StackSet, Instance, SetOperation }
    tasks { "cloudformation.stack-set" => run::advance }
    controls {
        internal "cloudformation.stack-set-enlist" => target::enlist,
        internal "cloudformation.stack-set-news" => run::news,
    }
}
