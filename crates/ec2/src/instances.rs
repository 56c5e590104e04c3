//! Instances.
//!
//! `row` is what is kept, `run` what a request asks for, `launch` how it comes to be, `lifecycle`
//! how it moves from state to state, `change` what users do to it, `render` how it looks on the
//! wire. "Instance lifecycle" in the EC2 user guide.

mod change;
mod describe;
mod filters;
mod launch;
mod lifecycle;
mod render;
mod row;
mod run;

pub(crate) use render::{private_domain, private_host_name, public_host_name};
pub(crate) use row::{Instance, State};

use kernel::resource;

resource! { ec2:
    operations {
        write RunInstances => run::run_instances,
        read DescribeInstances => describe::describe_instances,
        write StartInstances => change::start_instances,
        write StopInstances => change::stop_instances,
        write RebootInstances => change::reboot_instances,
        write TerminateInstances => change::terminate_instances,
    }
    tables { Instance }
    tasks { "ec2.instance" => lifecycle::look }
    housekeeping { "ec2.instance-purge" => lifecycle::purge }
}
