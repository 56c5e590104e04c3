//! How long AWS's waits take here: the one table of durations. No duration of AWS's own making is
//! written anywhere else; durations that a user sets (cooldowns, timeouts) are the user's.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How quickly things happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// Nothing waits: tests and benchmarks. What follows from a request has happened before the
    /// request is answered.
    Instant,
    /// Each intermediate state can be observed; the tutorial's stack is up in a few seconds.
    #[default]
    Brisk,
    /// AWS-like; best with a scaled clock.
    Realistic,
}

/// Something that takes a while on AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// RunInstances to running.
    InstanceBoot,
    /// Running to both status checks passed.
    InstanceChecks,
    /// StopInstances to stopped.
    InstanceStop,
    /// TerminateInstances to terminated.
    InstanceTerminate,
    /// CreateVpc to available.
    VpcCreate,
    /// CreateNatGateway to available.
    NatGatewayCreate,
    /// DeleteNatGateway to deleted.
    NatGatewayDelete,
    /// CreateVolume to available.
    VolumeCreate,
    /// DeleteVolume to its end.
    VolumeDelete,
    /// ModifyVolume to its effect.
    VolumeModify,
    /// A modification's effect to its completion.
    VolumeOptimize,
    /// CreateSnapshot to completed.
    SnapshotCreate,
    /// Attaching or detaching a volume.
    VolumeAttach,
    /// A Spot request to its evaluation.
    SpotFulfillment,
    /// A rebalance recommendation to the notice of the interruption.
    SpotRebalance,
    /// The notice of an interruption to the interruption: two minutes, which guests count on.
    SpotNotice,
    /// A failed call of a web endpoint to the next try.
    DeliveryRetry,
    /// A deleted queue to the free use of its name; a purge to the next.
    QueueDeletion,
    /// A changed desired capacity to the first activity.
    GroupReaction,
    /// A running instance to InService.
    GroupRegister,
    /// A group's look at its instances' health.
    GroupHealthCheck,
    /// CreateLoadBalancer to active.
    LoadBalancerProvision,
    /// A deleted load balancer's network interfaces to their end.
    LoadBalancerRelease,
    /// A target's registration to its first health check.
    TargetRegister,
    /// A target's first health checks.
    TargetInitialChecks,
    /// A terminated target to its deregistration.
    TargetForget,
    /// How long a group puts up with failed status checks.
    GroupStatusPatience,
    /// CreateStack (or update, delete) to the first resource.
    StackStart,
    /// A resource whose calls have been made to its completion.
    StackResource,
    /// The last resource to the completion of the stack.
    StackFinish,
    /// CloudFormation's next look at a resource that is not ready.
    StackPoll,
    /// How long CloudFormation waits for what is in the way of a deletion.
    StackDependency,
    /// An instance's launch to the end of what its user data do.
    GuestBoot,
    /// DetectStackDrift to its end.
    DriftDetection,
    /// CreateChangeSet to the change set's completion.
    ChangeSet,
    /// PutMetricAlarm to CloudWatch's first look at the alarm.
    AlarmFirstLook,
}

impl Pace {
    /// How long `wait` takes, in milliseconds.
    pub const fn millis(self, wait: Wait) -> i64 {
        let (brisk, realistic) = match wait {
            Wait::InstanceBoot => (700, 18_000),
            Wait::InstanceChecks => (1_500, 150_000),
            Wait::InstanceStop => (600, 30_000),
            Wait::InstanceTerminate => (600, 35_000),
            Wait::VpcCreate => (150, 1_500),
            Wait::NatGatewayCreate => (500, 90_000),
            Wait::NatGatewayDelete => (400, 50_000),
            Wait::VolumeCreate => (100, 1_500),
            Wait::VolumeDelete => (150, 3_000),
            Wait::VolumeModify => (150, 4_000),
            Wait::VolumeOptimize => (500, 60_000),
            Wait::SnapshotCreate => (300, 30_000),
            Wait::VolumeAttach => (100, 2_000),
            Wait::SpotFulfillment => (300, 5_000),
            Wait::SpotRebalance => (5_000, 60_000),
            Wait::SpotNotice => (120_000, 120_000),
            Wait::DeliveryRetry => (2_000, 20_000),
            Wait::QueueDeletion => (0, 60_000),
            Wait::GroupReaction => (200, 9_000),
            Wait::GroupRegister => (150, 10_000),
            Wait::GroupHealthCheck => (400, 45_000),
            Wait::LoadBalancerProvision => (500, 120_000),
            Wait::LoadBalancerRelease => (300, 60_000),
            Wait::TargetRegister => (100, 4_000),
            Wait::TargetInitialChecks => (150, 10_000),
            Wait::TargetForget => (200, 60_000),
            Wait::GroupStatusPatience => (1_000, 120_000),
            Wait::StackStart => (120, 4_000),
            Wait::StackResource => (100, 9_000),
            Wait::StackFinish => (80, 2_500),
            Wait::StackPoll => (250, 5_000),
            Wait::StackDependency => (10_000, 600_000),
            Wait::GuestBoot => (1_200, 60_000),
            Wait::DriftDetection => (200, 8_000),
            Wait::ChangeSet => (150, 4_000),
            Wait::AlarmFirstLook => (500, 5_000),
        };
        match self {
            Self::Instant => 0,
            Self::Brisk => brisk,
            Self::Realistic => realistic,
        }
    }

    /// Seconds until the n-th try (from 1) of something that failed: 10 s doubling to 10 minutes
    /// in the realistic setting, shorter otherwise, but never nothing: retries must let time pass.
    pub const fn retry_millis(self, attempt: u32) -> i64 {
        let doublings = if attempt > 6 { 6 } else { attempt.saturating_sub(1) };
        let base = match self {
            Self::Instant | Self::Brisk => 1_000,
            Self::Realistic => 10_000,
        };
        base << doublings
    }
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "instant" => Ok(Self::Instant),
            "brisk" => Ok(Self::Brisk),
            "realistic" => Ok(Self::Realistic),
            _ => Err(format!("'{text}' is no pace: say instant, brisk or realistic")),
        }
    }
}

impl std::fmt::Display for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Instant => "instant",
            Self::Brisk => "brisk",
            Self::Realistic => "realistic",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instant_waits_for_nothing_but_retries() {
        assert_eq!(Pace::Instant.millis(Wait::InstanceBoot), 0);
        assert!(Pace::Instant.retry_millis(1) > 0);
        assert_eq!(Pace::Realistic.retry_millis(40), 640_000);
    }
}
