//! AWS Identity and Access Management: roles, managed policies and instance profiles.
//!
//! Names are unique whatever their case. Policy documents are checked for their form and shown
//! percent-encoded, as AWS does; nothing evaluates them. Users and groups are left out.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html>

mod aws_managed;
mod document;
mod entity;
mod errors;

kernel::resources! {
    account,
    attachments,
    inline_policies,
    instance_profiles,
    policies,
    policy_versions,
    roles,
}

pub(crate) fn service() -> kernel::Service {
    kernel::Service { name: "iam", resources: RESOURCES, genesis: None }
}
