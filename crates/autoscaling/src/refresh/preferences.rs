//! The preferences of an instance refresh, with AWS's defaults. "Understand the default values for
//! an instance refresh".

use crate::errors;
use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use api::autoscaling as wire;
use kernel::ApiError;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What becomes of instances that are protected from scale-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Protected {
    Wait,
    Ignore,
    Refresh,
}

/// What becomes of instances in standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standby {
    Wait,
    Ignore,
    Terminate,
}

/// Preferences, checked and complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Preferences {
    pub(super) min_healthy: usize,
    /// None if neither the request nor the maintenance policy says anything.
    pub(super) max_healthy: Option<usize>,
    pub(super) warmup_secs: i64,
    /// Percentages, ascending.
    pub(super) checkpoints: Vec<usize>,
    pub(super) checkpoint_delay_secs: i64,
    pub(super) skip_matching: bool,
    pub(super) auto_rollback: bool,
    pub(super) protected: Protected,
    pub(super) standby: Standby,
    pub(super) alarms: Vec<SmolStr>,
    pub(super) bake_secs: i64,
}

impl Preferences {
    /// Of a request to a group.
    pub(super) fn of(group: &Group, given: wire::RefreshPreferences) -> Result<Self, ApiError> {
        let (min, max) = healthy_percentages(group, &given)?;
        let checkpoints = checkpoints(&given)?;
        Ok(Self {
            min_healthy: min,
            max_healthy: max,
            warmup_secs: given.instance_warmup.or(group.warmup_secs).unwrap_or(group.grace_secs),
            checkpoints,
            checkpoint_delay_secs: given.checkpoint_delay.unwrap_or(3_600),
            skip_matching: given.skip_matching.unwrap_or(false),
            auto_rollback: given.auto_rollback.unwrap_or(false),
            protected: match given.scale_in_protected_instances.as_deref() {
                Some("Ignore") => Protected::Ignore,
                Some("Refresh") => Protected::Refresh,
                _ => Protected::Wait,
            },
            standby: match given.standby_instances.as_deref() {
                Some("Ignore") => Standby::Ignore,
                Some("Terminate") => Standby::Terminate,
                _ => Standby::Wait,
            },
            alarms: given.alarm_specification.and_then(|a| a.alarms).unwrap_or_default(),
            bake_secs: given.bake_time.unwrap_or(0),
        })
    }

    /// Minimum and maximum, for the reconciler. A maximum of 100 that was asked for means that an
    /// instance is launched first when neither bound leaves room to replace any.
    pub(super) fn percentages(&self, desired: usize) -> (usize, usize) {
        let stuck = (desired * self.min_healthy).div_ceil(100) >= desired;
        match self.max_healthy {
            Some(100) if stuck => (self.min_healthy, 101),
            max => (self.min_healthy, max.unwrap_or(100)),
        }
    }

    /// The percentage that stays healthy.
    pub(super) fn min_healthy(&self) -> usize {
        self.min_healthy
    }

    /// Whether a member is no part of the refresh.
    pub(super) fn ignores(&self, member: &Member) -> bool {
        match member.state {
            LifecycleState::Standby | LifecycleState::EnteringStandby => {
                self.standby == Standby::Ignore
            }
            _ => member.protected && self.protected == Protected::Ignore,
        }
    }

    /// Whether a member cannot be replaced as long as it is protected.
    pub(super) fn holds(&self, member: &Member) -> bool {
        member.protected && self.protected != Protected::Refresh
    }

    pub(super) fn render(&self) -> wire::RefreshPreferences {
        let has_checkpoints = !self.checkpoints.is_empty();
        let percents = self.checkpoints.iter().map(|percent| *percent as i64).collect();
        wire::RefreshPreferences {
            min_healthy_percentage: Some(self.min_healthy as i64),
            max_healthy_percentage: self.max_healthy.map(|max| max as i64),
            instance_warmup: Some(self.warmup_secs),
            checkpoint_percentages: has_checkpoints.then_some(percents),
            checkpoint_delay: has_checkpoints.then_some(self.checkpoint_delay_secs),
            skip_matching: Some(self.skip_matching),
            auto_rollback: Some(self.auto_rollback),
            scale_in_protected_instances: Some(SmolStr::new_static(match self.protected {
                Protected::Wait => "Wait",
                Protected::Ignore => "Ignore",
                Protected::Refresh => "Refresh",
            })),
            standby_instances: Some(SmolStr::new_static(match self.standby {
                Standby::Wait => "Wait",
                Standby::Ignore => "Ignore",
                Standby::Terminate => "Terminate",
            })),
            alarm_specification: (!self.alarms.is_empty())
                .then(|| wire::AlarmSpecification { alarms: Some(self.alarms.clone()) }),
            bake_time: (self.bake_secs > 0).then_some(self.bake_secs),
        }
    }
}

fn healthy_percentages(
    group: &Group,
    given: &wire::RefreshPreferences,
) -> Result<(usize, Option<usize>), ApiError> {
    let (min, max) = (given.min_healthy_percentage, given.max_healthy_percentage);
    match (min, max) {
        (None, Some(_)) => {
            return Err(errors::validation(
                "You must specify MinHealthyPercentage when you specify MaxHealthyPercentage.",
            ));
        }
        (Some(min), Some(max)) if max - min > 100 => {
            return Err(errors::validation(
                "The difference between MinHealthyPercentage and MaxHealthyPercentage cannot be \
                 greater than 100.",
            ));
        }
        _ => {}
    }
    let percent = |value: i64| usize::try_from(value).unwrap_or(0);
    Ok(match (min, group.maintenance) {
        (None, Some((min, max))) => (percent(min), Some(percent(max))),
        (None, None) => (90, None),
        (Some(min), policy) => {
            (percent(min), max.or(policy.map(|(_, max)| max)).map(percent))
        }
    })
}

fn checkpoints(given: &wire::RefreshPreferences) -> Result<Vec<usize>, ApiError> {
    let percents = given.checkpoint_percentages.as_deref().unwrap_or_default();
    if percents.is_empty() && given.checkpoint_delay.is_some() {
        return Err(errors::validation(
            "You must specify CheckpointPercentages when you specify CheckpointDelay.",
        ));
    }
    let ascending = percents.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || percents.iter().any(|percent| !(1..=100).contains(percent)) {
        return Err(errors::validation(
            "CheckpointPercentages must be unique values from 1 to 100 in ascending order.",
        ));
    }
    Ok(percents.iter().map(|percent| usize::try_from(*percent).unwrap_or(0)).collect())
}
