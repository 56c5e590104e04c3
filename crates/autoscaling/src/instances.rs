//! Operations on the instances of groups.

mod attach;
mod describe;
mod health;
mod standby;
mod terminate;

use kernel::resource;

resource! { autoscaling:
    operations {
        read DescribeAutoScalingInstances => describe::describe_auto_scaling_instances,
        write TerminateInstanceInAutoScalingGroup => terminate::terminate_instance,
        write SetInstanceHealth => health::set_instance_health,
        write SetInstanceProtection => health::set_instance_protection,
        write AttachInstances => attach::attach_instances,
        write DetachInstances => attach::detach_instances,
        write EnterStandby => standby::enter_standby,
        write ExitStandby => standby::exit_standby,
    }
}
