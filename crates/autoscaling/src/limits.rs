//! Limits of the account, and the lists of words that Auto Scaling knows.

use crate::groups::Group;
use crate::hooks::Transition;
use crate::launch_configurations::LaunchConfiguration;
use crate::notifications;
use crate::policies::AdjustmentType;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Snapshot, resource};
use smol_str::SmolStr;

resource! { autoscaling:
    operations {
        read DescribeAccountLimits => describe_account_limits,
        read DescribeAdjustmentTypes => describe_adjustment_types,
        read DescribeAutoScalingNotificationTypes => describe_notification_types,
        read DescribeLifecycleHookTypes => describe_lifecycle_hook_types,
        read DescribeTerminationPolicyTypes => describe_termination_policy_types,
    }
}

/// "Quotas for Amazon EC2 Auto Scaling".
const MAX_GROUPS: i64 = 500;
const MAX_LAUNCH_CONFIGURATIONS: i64 = 200;

fn describe_account_limits(
    snapshot: &Snapshot,
    _: &Caller,
    (): (),
) -> Result<wire::DescribeAccountLimitsAnswer, ApiError> {
    Ok(wire::DescribeAccountLimitsAnswer {
        max_number_of_auto_scaling_groups: Some(MAX_GROUPS),
        max_number_of_launch_configurations: Some(MAX_LAUNCH_CONFIGURATIONS),
        number_of_auto_scaling_groups: Some(snapshot.count::<Group>() as i64),
        number_of_launch_configurations: Some(snapshot.count::<LaunchConfiguration>() as i64),
    })
}

fn words(words: &[&'static str]) -> Option<Vec<SmolStr>> {
    Some(words.iter().map(|word| SmolStr::new_static(word)).collect())
}

fn describe_adjustment_types(
    _: &Snapshot,
    _: &Caller,
    (): (),
) -> Result<wire::DescribeAdjustmentTypesAnswer, ApiError> {
    let render = |adjustment: AdjustmentType| wire::AdjustmentType {
        adjustment_type: Some(SmolStr::new_static(adjustment.name())),
    };
    Ok(wire::DescribeAdjustmentTypesAnswer {
        adjustment_types: Some(AdjustmentType::ALL.into_iter().map(render).collect()),
    })
}

fn describe_notification_types(
    _: &Snapshot,
    _: &Caller,
    (): (),
) -> Result<wire::DescribeAutoScalingNotificationTypesAnswer, ApiError> {
    Ok(wire::DescribeAutoScalingNotificationTypesAnswer {
        auto_scaling_notification_types: words(&notifications::TYPES),
    })
}

fn describe_lifecycle_hook_types(
    _: &Snapshot,
    _: &Caller,
    (): (),
) -> Result<wire::DescribeLifecycleHookTypesAnswer, ApiError> {
    Ok(wire::DescribeLifecycleHookTypesAnswer {
        lifecycle_hook_types: words(&Transition::ALL.map(Transition::name)),
    })
}

fn describe_termination_policy_types(
    _: &Snapshot,
    _: &Caller,
    (): (),
) -> Result<wire::DescribeTerminationPolicyTypesAnswer, ApiError> {
    Ok(wire::DescribeTerminationPolicyTypesAnswer {
        termination_policy_types: words(&crate::groups::TERMINATION_POLICIES),
    })
}
