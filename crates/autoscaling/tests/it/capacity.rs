//! Desired capacity: bounds, and what pulls it along.

use crate::harness::{Auto, desired_capacity};
use api::autoscaling::{self, ops};

#[test]
fn a_desired_capacity_outside_the_bounds_is_refused() {
    let auto = Auto::new();
    auto.group(1, 3, 1);
    auto.fails::<ops::SetDesiredCapacity>(
        desired_capacity(4),
        "ValidationError",
        "New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup.",
    );
    auto.update(|u| u.min_size = Some(2));
    auto.fails::<ops::SetDesiredCapacity>(
        desired_capacity(1),
        "ValidationError",
        "New SetDesiredCapacity value 1 is below min value 2 for the AutoScalingGroup.",
    );
}

#[test]
fn a_desired_capacity_of_an_unknown_group_is_refused() {
    let error = Auto::new().call::<ops::SetDesiredCapacity>(desired_capacity(1));
    let error = error.expect_err("there is no group");
    assert_eq!(error.code, "ValidationError");
    assert!(error.message.contains("AutoScalingGroup name not found"), "{}", error.message);
}

/// A group of these sizes after an update.
#[track_caller]
fn check(
    from: (i64, i64, i64),
    change: impl FnOnce(&mut autoscaling::UpdateAutoScalingGroupType),
    expected: (i64, i64, i64),
) {
    let auto = Auto::new();
    auto.group(from.0, from.1, from.2);
    auto.update(change);
    auto.rest();
    assert_eq!(auto.sizes(), expected);
    assert_eq!(auto.ids().len() as i64, expected.2);
}

#[test]
fn the_bounds_pull_the_desired_capacity_along() {
    check((0, 4, 1), |u| u.min_size = Some(3), (3, 4, 3));
    check((0, 4, 3), |u| u.max_size = Some(2), (0, 2, 2));
    check((1, 4, 2), |u| (u.min_size, u.max_size) = (Some(0), Some(9)), (0, 9, 2));
}

#[test]
fn an_update_is_checked_against_its_own_bounds() {
    let auto = Auto::new();
    auto.group(0, 2, 1);
    auto.fails::<ops::UpdateAutoScalingGroup>(
        autoscaling::UpdateAutoScalingGroupType {
            auto_scaling_group_name: "g".into(),
            max_size: Some(4),
            desired_capacity: Some(5),
            ..Default::default()
        },
        "ValidationError",
        "Desired capacity:5 must be between the specified min size:0 and max size:4",
    );
    assert_eq!(auto.sizes(), (0, 2, 1), "nothing of a refused update is kept");
    auto.update(|u| (u.max_size, u.desired_capacity) = (Some(5), Some(5)));
    auto.rest();
    assert_eq!((auto.sizes(), auto.ids().len()), ((0, 5, 5), 5));
}

#[test]
fn asking_for_what_is_there_does_nothing() {
    let auto = Auto::new();
    auto.group(0, 3, 2);
    let before = auto.activities();
    auto.set_desired(2);
    auto.rest();
    assert_eq!(auto.activities(), before);
}

#[test]
fn capacity_changed_twice_at_once_ends_at_the_last() {
    let auto = Auto::new();
    auto.group(0, 5, 1);
    auto.set_desired(5);
    auto.set_desired(2);
    auto.rest();
    assert_eq!(auto.ids().len(), 2);
}
