//! `AWS::AutoScaling::…`

crate::resource_types! {
    auto_scaling_group::AutoScalingGroup,
    launch_configuration::LaunchConfiguration,
    lifecycle_hook::LifecycleHook,
    scaling_policy::ScalingPolicy,
    scheduled_action::ScheduledAction,
    warm_pool::WarmPool,
}
