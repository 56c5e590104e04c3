//! Change sets: what an update would do, kept to be looked at and carried out.
//!
//! A change set is planned in the background, as on AWS: CreateChangeSet answers at once, and a
//! task fills in the changes. Facts: "Change sets" as recorded from AWS.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html>

mod create;
mod describe;
mod execute;
mod import;
mod render;
mod row;

pub(crate) use execute::{before_import, executed, imports_of};
pub(crate) use row::{ChangeSet, outdate};

use kernel::resource;

resource! { cloudformation:
    operations {
        write CreateChangeSet => create::create_change_set,
        read DescribeChangeSet => describe::describe_change_set,
        read ListChangeSets => describe::list_change_sets,
        write ExecuteChangeSet => execute::execute_change_set,
        write DeleteChangeSet => execute::delete_change_set,
    }
    tables { ChangeSet }
    tasks { "cloudformation.change-set" => create::fill_in }
}
