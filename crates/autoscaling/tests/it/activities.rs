//! What activities tell.

use crate::harness::Auto;
use api::autoscaling;

#[test]
fn a_new_group_tells_why_each_instance_was_launched() {
    let auto = Auto::new();
    auto.group(0, 3, 2);
    let mut ids = auto.ids();
    ids.sort();
    let history = auto.history();
    assert_eq!(history.len(), 2);
    let mut described = Vec::new();
    for [status, description, cause] in history {
        assert_eq!(status, "Successful");
        assert_eq!(
            cause,
            "At T a user request created an AutoScalingGroup changing the desired capacity from \
             0 to 2.  At T an instance was started in response to a difference between desired \
             and actual capacity, increasing the capacity from 0 to 2."
        );
        described.push(description);
    }
    described.sort();
    let expected: Vec<String> =
        ids.iter().map(|id| format!("Launching a new EC2 instance: {id}")).collect();
    assert_eq!(described, expected);
}

#[test]
fn a_finished_activity_has_its_times_and_its_place() {
    let auto = Auto::new();
    auto.group(0, 1, 1);
    let activity = auto.activities().remove(0);
    assert_eq!(activity.progress, Some(100));
    let start = activity.start_time.expect("it began");
    let end = activity.end_time.expect("it ended");
    assert_eq!(start.0 % 1_000, 323, "milliseconds are kept: .123 and 200 to react");
    assert_eq!(end.0 % 1_000, 0, "whole seconds");
    let machine = auto.machine(&auto.only());
    let subnet = machine.subnet_id.expect("it is in a subnet");
    let zone = machine.placement.and_then(|p| p.availability_zone).expect("it is in a zone");
    let details = format!(r#"{{"Subnet ID":"{subnet}","Availability Zone":"{zone}"}}"#);
    assert_eq!(activity.details.as_deref(), Some(details.as_str()));
    assert_eq!(activity.auto_scaling_group_arn, auto.shown().auto_scaling_group_arn);
    assert_eq!(activity.auto_scaling_group_state, None);
}

/// The newest activity after a change of a group of two (of at most four).
#[track_caller]
fn check(change: impl FnOnce(&Auto), status: &str, description: &str, cause: &str) {
    let auto = Auto::new();
    auto.group(0, 4, 2);
    let before = auto.ids();
    change(&auto);
    auto.rest();
    let after = auto.ids();
    let gone = before.iter().find(|id| !after.contains(id));
    let new = after.iter().find(|id| !before.contains(id));
    let id = gone.or(new).expect("an instance came or went");
    let expected = [status.to_owned(), description.replace("<i>", id), cause.replace("<i>", id)];
    assert_eq!(auto.history()[0], expected);
}

#[test]
fn a_set_capacity_is_told_on_the_way_up_and_down() {
    check(
        |auto| auto.set_desired(3),
        "Successful",
        "Launching a new EC2 instance: <i>",
        "At T a user request explicitly set group desired capacity changing the desired capacity \
         from 2 to 3.  At T an instance was started in response to a difference between desired \
         and actual capacity, increasing the capacity from 2 to 3.",
    );
    check(
        |auto| auto.set_desired(1),
        "Successful",
        "Terminating EC2 instance: <i>",
        "At T a user request explicitly set group desired capacity changing the desired capacity \
         from 2 to 1.  At T an instance was taken out of service in response to a difference \
         between desired and actual capacity, shrinking the capacity from 2 to 1.  At T instance \
         <i> was selected for termination.",
    );
}

#[test]
fn an_update_is_told_with_its_constraints() {
    check(
        |auto| auto.update(|u| (u.min_size, u.max_size) = (Some(3), Some(5))),
        "Successful",
        "Launching a new EC2 instance: <i>",
        "At T a user request update of AutoScalingGroup constraints to min: 3, max: 5, desired: 3 \
         changing the desired capacity from 2 to 3.  At T an instance was started in response to \
         a difference between desired and actual capacity, increasing the capacity from 2 to 3.",
    );
    check(
        |auto| auto.update(|u| u.max_size = Some(1)),
        "Successful",
        "Terminating EC2 instance: <i>",
        "At T a user request update of AutoScalingGroup constraints to min: 0, max: 1, desired: 1 \
         changing the desired capacity from 2 to 1.  At T an instance was taken out of service in \
         response to a difference between desired and actual capacity, shrinking the capacity \
         from 2 to 1.  At T instance <i> was selected for termination.",
    );
}

#[test]
fn activities_in_progress_come_first_and_then_the_newest() {
    let auto = Auto::new();
    auto.group(0, 4, 1);
    auto.step(5_000);
    auto.set_desired(2);
    auto.rest();
    auto.step(5_000);
    auto.set_desired(1);
    auto.step(300);
    let kinds: Vec<String> = auto
        .history()
        .into_iter()
        .map(|[status, description, _]| format!("{status} {}", &description[..9]))
        .collect();
    assert_eq!(kinds, ["InProgress Terminati", "Successful Launching", "Successful Launching"],);
    let starts: Vec<_> = auto.activities().iter().map(|a| a.start_time).collect();
    assert!(starts.is_sorted_by(|a, b| a > b), "{starts:?}");
}

#[test]
fn activities_come_in_pages_and_by_id() {
    let auto = Auto::new();
    auto.group(0, 4, 3);
    let all = auto.activities();
    let ask = |token, ids| autoscaling::DescribeScalingActivitiesType {
        auto_scaling_group_name: Some("g".into()),
        max_records: Some(2),
        next_token: token,
        activity_ids: ids,
        ..Default::default()
    };
    let first = auto.ok::<autoscaling::ops::DescribeScalingActivities>(ask(None, None));
    assert_eq!(first.activities.as_deref(), Some(&all[..2]));
    let rest = auto.ok::<autoscaling::ops::DescribeScalingActivities>(ask(first.next_token, None));
    assert_eq!((rest.activities.as_deref(), rest.next_token), (Some(&all[2..]), None));
    let ids = Some(vec![all[1].activity_id.clone().expect("an activity has an id")]);
    let one = auto.ok::<autoscaling::ops::DescribeScalingActivities>(ask(None, ids));
    assert_eq!(one.activities.as_deref(), Some(&all[1..2]));
    let error = auto
        .call::<autoscaling::ops::DescribeScalingActivities>(ask(Some("nonsense".into()), None))
        .expect_err("the token means nothing");
    assert_eq!(error.code, "InvalidNextToken");
}
