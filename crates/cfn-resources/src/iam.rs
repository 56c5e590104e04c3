//! `AWS::IAM::…`

crate::resource_types! {
    instance_profile::InstanceProfile,
    policy::Policy,
    role::Role,
}
