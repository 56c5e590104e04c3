//! `AWS::AutoScaling::…`

crate::resource_types! {
    auto_scaling_group::AutoScalingGroup,
    launch_configuration::LaunchConfiguration,
}
