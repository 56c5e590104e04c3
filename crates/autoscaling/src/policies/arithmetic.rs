//! The arithmetic of scaling policies, from numbers to numbers. "Step and simple scaling policies"
//! and "Target tracking scaling policies" in the user guide.

use serde::{Deserialize, Serialize};

/// How an adjustment's number is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::enum_variant_names, reason = "the names are AWS's")]
pub(crate) enum AdjustmentType {
    ChangeInCapacity,
    ExactCapacity,
    PercentChangeInCapacity,
}

impl AdjustmentType {
    pub(crate) const ALL: [Self; 3] =
        [Self::ChangeInCapacity, Self::ExactCapacity, Self::PercentChangeInCapacity];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ChangeInCapacity => "ChangeInCapacity",
            Self::ExactCapacity => "ExactCapacity",
            Self::PercentChangeInCapacity => "PercentChangeInCapacity",
        }
    }
}

/// One step of a step policy. Bounds are relative to the alarm's threshold; an open one is
/// infinite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
    pub(crate) amount: i64,
}

/// The capacity that an adjustment makes of `current`, before any bounds.
pub(crate) fn adjust(kind: AdjustmentType, current: i64, amount: i64, min_magnitude: i64) -> i64 {
    match kind {
        AdjustmentType::ChangeInCapacity => current.saturating_add(amount),
        AdjustmentType::ExactCapacity => amount,
        AdjustmentType::PercentChangeInCapacity => {
            let exact = current as f64 * amount as f64 / 100.0;
            // Below one it is one; beyond, what is behind the point is dropped.
            let whole = match exact {
                x if x > 0.0 && x < 1.0 => 1,
                x if x < 0.0 && x > -1.0 => -1,
                x => x.trunc() as i64,
            };
            let least = whole.abs().max(min_magnitude);
            current.saturating_add(if amount < 0 { -least } else { least })
        }
    }
}

/// The step that a metric's distance from the threshold falls into: above it, lower bounds belong
/// to the step and upper ones do not; below it, the other way round.
pub(crate) fn step_for(steps: &[Step], distance: f64) -> Option<&Step> {
    steps.iter().find(|step| {
        let lower = step.lower.unwrap_or(f64::NEG_INFINITY);
        let upper = step.upper.unwrap_or(f64::INFINITY);
        match distance >= 0.0 && upper > 0.0 {
            true => lower <= distance && distance < upper,
            false => lower < distance && distance <= upper,
        }
    })
}

/// The capacity that would bring a metric which goes down as capacity grows to its target.
pub(crate) fn track_out(capacity: i64, metric: f64, target: f64) -> i64 {
    let exact = capacity as f64 * metric / target;
    // A hair above a whole number is that number: 3 × 50.000000001 / 50 needs no fourth.
    (exact - 1e-6).ceil() as i64
}

/// The capacity after a step down that keeps the metric below its target: never more than a tenth
/// of the group (one at least) at a time.
pub(crate) fn track_in(capacity: i64, metric: f64, target: f64) -> i64 {
    let needed = track_out(capacity, metric, target).max(0);
    let gentle = capacity - (capacity / 10).max(1);
    needed.max(gentle).min(capacity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentages_round_as_documented() {
        let percent = |current, amount| {
            adjust(AdjustmentType::PercentChangeInCapacity, current, amount, 0) - current
        };
        // (current, percent, change)
        for (current, amount, change) in [
            (10, -7, -1),
            (10, 66, 6),
            (10, 5, 1),
            (1, 10, 1),
            (10, -67, -6),
            (3, 100, 3),
            (0, 50, 0),
            (9, 25, 2),
        ] {
            assert_eq!(percent(current, amount), change, "{amount} % of {current}");
        }
        assert_eq!(adjust(AdjustmentType::PercentChangeInCapacity, 10, 10, 3), 13);
        assert_eq!(adjust(AdjustmentType::PercentChangeInCapacity, 10, -10, 3), 7);
        assert_eq!(adjust(AdjustmentType::ExactCapacity, 10, 4, 0), 4);
        assert_eq!(adjust(AdjustmentType::ChangeInCapacity, 10, -3, 0), 7);
    }

    #[test]
    fn steps_contain_their_lower_bound_above_and_their_upper_bound_below_the_threshold() {
        let step = |lower, upper, amount| Step { lower, upper, amount };
        let out = [step(Some(0.0), Some(10.0), 1), step(Some(10.0), Some(20.0), 2), step(Some(20.0), None, 3)];
        let chosen = |steps: &[Step], distance| step_for(steps, distance).map(|s| s.amount);
        for (distance, amount) in
            [(0.0, Some(1)), (9.9, Some(1)), (10.0, Some(2)), (20.0, Some(3)), (900.0, Some(3)), (-1.0, None)]
        {
            assert_eq!(chosen(&out, distance), amount, "{distance}");
        }
        let down = [step(Some(-10.0), Some(0.0), -1), step(None, Some(-10.0), -2)];
        for (distance, amount) in
            [(0.0, Some(-1)), (-9.9, Some(-1)), (-10.0, Some(-2)), (-50.0, Some(-2)), (1.0, None)]
        {
            assert_eq!(chosen(&down, distance), amount, "{distance}");
        }
    }

    proptest! {
        #[test]
        fn tracking_brings_the_metric_to_its_target_and_never_below_capacity_in_need(
            capacity in 1..500_i64,
            metric in 0.1..1000.0_f64,
            target in 1.0..100.0_f64,
        ) {
            let out = track_out(capacity, metric, target);
            prop_assert!(metric * capacity as f64 / (out.max(1) as f64) <= target * 1.001);
            let inward = track_in(capacity, metric.min(target), target);
            prop_assert!(inward <= capacity);
            prop_assert!(capacity - inward <= (capacity / 10).max(1));
            let after = metric.min(target) * capacity as f64 / (inward.max(1) as f64);
            prop_assert!(inward == 0 || after <= target * 1.001);
        }

        #[test]
        fn adjustments_follow_their_sign(
            current in 0..1000_i64,
            amount in -500..500_i64,
            magnitude in 0..10_i64,
        ) {
            for kind in [AdjustmentType::ChangeInCapacity, AdjustmentType::PercentChangeInCapacity] {
                let change = adjust(kind, current, amount, magnitude) - current;
                prop_assert!(change.signum() * amount.signum() >= 0 || amount == 0);
            }
        }
    }
}
