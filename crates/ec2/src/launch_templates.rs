//! Launch templates and their versions.
//!
//! "Launch an instance from a launch template" in the EC2 user guide. A version's data is kept as
//! the request gave it (a document of `RequestLaunchTemplateData`); whether an image, key or group
//! that it names exists is found out when it is used, as on AWS. Versions are never changed and
//! their numbers never used again.
//!
//! `row` is what is kept, `create`, `change` and `describe` the calls, `data` what a version may
//! hold, `apply` how RunInstances uses it, `from_instance` GetLaunchTemplateData.

mod apply;
mod change;
mod create;
mod data;
mod describe;
mod from_instance;
mod row;

pub(crate) use apply::apply;
pub(crate) use row::LaunchTemplate;

use kernel::resource;
use row::LaunchTemplateVersion;

resource! { ec2:
    operations {
        write CreateLaunchTemplate => create::create_launch_template,
        write CreateLaunchTemplateVersion => create::create_launch_template_version,
        read DescribeLaunchTemplates => describe::describe_launch_templates,
        read DescribeLaunchTemplateVersions => describe::describe_launch_template_versions,
        write ModifyLaunchTemplate => change::modify_launch_template,
        write DeleteLaunchTemplate => change::delete_launch_template,
        write DeleteLaunchTemplateVersions => change::delete_launch_template_versions,
        read GetLaunchTemplateData => from_instance::get_launch_template_data,
    }
    tables { LaunchTemplate, LaunchTemplateVersion }
}
