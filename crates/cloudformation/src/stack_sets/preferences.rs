//! How an operation goes about its targets: the order of regions, how many accounts at a time,
//! how many failures are too many.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationPreferences.html>

use crate::errors::validation;
use api::cloudformation::StackSetOperationPreferences;
use kernel::ApiError;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Checked preferences.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Preferences {
    pub(super) parallel: Option<bool>,
    pub(super) region_order: Vec<SmolStr>,
    tolerance_count: Option<i64>,
    tolerance_percentage: Option<i64>,
    concurrent_count: Option<i64>,
    concurrent_percentage: Option<i64>,
    /// Failures do not slow the operation down.
    soft: Option<bool>,
}

impl Preferences {
    pub(super) fn given(given: Option<StackSetOperationPreferences>) -> Result<Self, ApiError> {
        let Some(given) = given else { return Ok(Self::default()) };
        let both = |a: Option<i64>, b: Option<i64>, what: &str| match a.is_some() && b.is_some() {
            true => Err(validation(format!(
                "Only one of {what}Count and {what}Percentage can be specified"
            ))),
            false => Ok(()),
        };
        both(given.failure_tolerance_count, given.failure_tolerance_percentage, "FailureTolerance")?;
        both(given.max_concurrent_count, given.max_concurrent_percentage, "MaxConcurrent")?;
        Ok(Self {
            parallel: given.region_concurrency_type.map(|kind| kind == "PARALLEL"),
            region_order: given.region_order.unwrap_or_default(),
            tolerance_count: given.failure_tolerance_count,
            tolerance_percentage: given.failure_tolerance_percentage,
            concurrent_count: given.max_concurrent_count,
            concurrent_percentage: given.max_concurrent_percentage,
            soft: given.concurrency_mode.map(|mode| mode == "SOFT_FAILURE_TOLERANCE"),
        })
    }

    /// Whether all regions are worked on at once.
    pub(super) fn is_parallel(&self) -> bool {
        self.parallel == Some(true)
    }

    /// How many accounts of a region may fail.
    pub(super) fn tolerance(&self, accounts: usize) -> usize {
        let share = self.tolerance_percentage.map(|percent| part(accounts, percent));
        let count = self.tolerance_count.and_then(|count| usize::try_from(count).ok());
        count.or(share).unwrap_or(0)
    }

    /// How many accounts of a region are worked on at a time; in strict mode never so many that
    /// more than one too many could fail.
    pub(super) fn concurrency(&self, accounts: usize, failed: usize) -> usize {
        let share = self.concurrent_percentage.map(|percent| part(accounts, percent));
        let count = self.concurrent_count.and_then(|count| usize::try_from(count).ok());
        let wanted = count.or(share).unwrap_or(1).max(1);
        match self.soft {
            Some(true) => wanted,
            _ => wanted.min((self.tolerance(accounts) + 1).saturating_sub(failed)).max(1),
        }
    }

    pub(super) fn render(&self) -> Option<StackSetOperationPreferences> {
        if *self == Self::default() {
            return None;
        }
        let named = |yes: bool, a: &'static str, b: &'static str| {
            SmolStr::new_static(if yes { a } else { b })
        };
        Some(StackSetOperationPreferences {
            region_concurrency_type: self.parallel.map(|p| named(p, "PARALLEL", "SEQUENTIAL")),
            region_order: Some(self.region_order.clone()).filter(|order| !order.is_empty()),
            failure_tolerance_count: self.tolerance_count,
            failure_tolerance_percentage: self.tolerance_percentage,
            max_concurrent_count: self.concurrent_count,
            max_concurrent_percentage: self.concurrent_percentage,
            concurrency_mode: self
                .soft
                .map(|s| named(s, "SOFT_FAILURE_TOLERANCE", "STRICT_FAILURE_TOLERANCE")),
        })
    }
}

/// A percentage of accounts, rounded down.
fn part(accounts: usize, percent: i64) -> usize {
    accounts * usize::try_from(percent).unwrap_or(0) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tolerance: i64, concurrent: i64, mode: Option<&'static str>) -> Preferences {
        Preferences::given(Some(StackSetOperationPreferences {
            failure_tolerance_count: Some(tolerance),
            max_concurrent_count: Some(concurrent),
            concurrency_mode: mode.map(SmolStr::new_static),
            ..Default::default()
        }))
        .expect("sound")
    }

    #[test]
    fn by_default_accounts_take_turns_and_none_may_fail() {
        let preferences = Preferences::default();
        assert_eq!((preferences.tolerance(10), preferences.concurrency(10, 0)), (0, 1));
    }

    #[test]
    fn strict_concurrency_follows_what_may_still_fail() {
        let strict = of(2, 10, None);
        assert_eq!(strict.concurrency(10, 0), 3);
        assert_eq!(strict.concurrency(10, 1), 2);
        assert_eq!(of(2, 10, Some("SOFT_FAILURE_TOLERANCE")).concurrency(10, 2), 10);
    }

    #[test]
    fn percentages_are_rounded_down() {
        let given = StackSetOperationPreferences {
            failure_tolerance_percentage: Some(50),
            max_concurrent_percentage: Some(10),
            ..Default::default()
        };
        let preferences = Preferences::given(Some(given)).expect("sound");
        assert_eq!((preferences.tolerance(5), preferences.concurrency(5, 0)), (2, 1));
    }

    #[test]
    fn a_count_and_a_percentage_exclude_each_other() {
        let given = StackSetOperationPreferences {
            max_concurrent_count: Some(1),
            max_concurrent_percentage: Some(1),
            ..Default::default()
        };
        assert!(Preferences::given(Some(given)).is_err());
    }
}
