//! Instances.
//!
//! `row` is what is kept, `run` what a request asks for, `launch` how it comes to be, `lifecycle`
//! how it moves from state to state, `change`, `attributes` and `options` what users do to it,
//! `status` and `console` what is seen from outside, `filters` how it is found, `render` how it
//! looks on the wire. "Instance lifecycle" in the EC2 user guide.

mod attributes;
mod capacity;
mod change;
mod console;
mod describe;
mod faults;
mod filters;
mod launch;
mod lifecycle;
mod options;
mod render;
mod row;
mod run;
mod status;

pub(crate) use row::{Instance, State};
pub(crate) use run::check_user_data;

use kernel::{Snapshot, resource};
use smol_str::SmolStr;

/// An instance as DescribeInstances shows it.
pub(crate) fn rendered(snapshot: &Snapshot, row: &Instance) -> api::ec2::Instance {
    render::Renderer::new(snapshot).instance(row)
}

/// The user data that an instance was launched with.
pub(crate) fn user_data_of(row: &Instance) -> Option<SmolStr> {
    (!row.launch.user_data.is_empty()).then(|| row.launch.user_data.as_str().into())
}

resource! { ec2:
    operations {
        write RunInstances => run::run_instances,
        read DescribeInstances => describe::describe_instances,
        write StartInstances => change::start_instances,
        write StopInstances => change::stop_instances,
        write RebootInstances => change::reboot_instances,
        write TerminateInstances => change::terminate_instances,
        read DescribeInstanceStatus => status::describe_instance_status,
        read GetConsoleOutput => console::get_console_output,
        read GetPasswordData => console::get_password_data,
        read DescribeInstanceAttribute => attributes::describe_instance_attribute,
        write ModifyInstanceAttribute => attributes::modify_instance_attribute,
        write ResetInstanceAttribute => attributes::reset_instance_attribute,
        write MonitorInstances => options::monitor_instances,
        write UnmonitorInstances => options::unmonitor_instances,
        write ModifyInstanceMetadataOptions => options::modify_instance_metadata_options,
        read DescribeInstanceCreditSpecifications
            => options::describe_instance_credit_specifications,
    }
    tables { Instance }
    tasks {
        "ec2.instance" => lifecycle::look,
        "ec2.spot-interruption" => faults::interrupt,
    }
    housekeeping { "ec2.instance-purge" => lifecycle::purge }
    faults { "ec2.faults" => faults::look }
    controls {
        internal "ec2.recover" => faults::recover,
        internal "ec2.unsettled" => faults::unsettled,
    }
}
