//! Auto Scaling groups.

mod capacity;
mod create;
pub(crate) mod delete;
mod describe;
mod row;
mod update;

pub(crate) use create::TERMINATION_POLICIES;
pub(crate) use describe::member;
pub(crate) use row::{Group, GroupTag, Place, Suspended};

use crate::driver;
use crate::members::Member;
use kernel::resource;

resource! { autoscaling:
    operations {
        write CreateAutoScalingGroup => create::create_auto_scaling_group,
        write UpdateAutoScalingGroup => update::update_auto_scaling_group,
        read DescribeAutoScalingGroups => describe::describe_auto_scaling_groups,
        write DeleteAutoScalingGroup => delete::delete_auto_scaling_group,
        write SetDesiredCapacity => capacity::set_desired_capacity,
    }
    tables { Group, Member }
    tasks {
        "autoscaling.reconcile" => driver::reconcile,
        "autoscaling.member" => driver::look_at_member,
    }
    faults { "autoscaling.faults" => driver::look_again }
}
