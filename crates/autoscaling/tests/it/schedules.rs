//! Scheduled actions, played on a paused clock that begins at 2017-09-28T05:35:06Z.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use kernel::Timestamp;

const NOW: i64 = 1_506_576_906_123;

fn action(
    change: impl FnOnce(&mut autoscaling::PutScheduledUpdateGroupActionType),
) -> autoscaling::PutScheduledUpdateGroupActionType {
    let mut input = autoscaling::PutScheduledUpdateGroupActionType {
        auto_scaling_group_name: "g".into(),
        scheduled_action_name: "action".into(),
        desired_capacity: Some(3),
        ..Default::default()
    };
    change(&mut input);
    input
}

fn after(secs: i64) -> Option<Timestamp> {
    Some(Timestamp(NOW).plus_secs(secs))
}

fn scheduled(auto: &Auto) -> Vec<autoscaling::ScheduledUpdateGroupAction> {
    let input = autoscaling::DescribeScheduledActionsType {
        auto_scaling_group_name: Some("g".into()),
        ..Default::default()
    };
    auto.ok::<ops::DescribeScheduledActions>(input)
        .scheduled_update_group_actions
        .expect("a list of actions")
}

#[test]
fn a_one_off_action_happens_at_its_time_and_is_gone() {
    let auto = Auto::new();
    auto.group(0, 5, 1);
    auto.ok::<ops::PutScheduledUpdateGroupAction>(action(|a| a.start_time = after(3_600)));
    let shown = scheduled(&auto);
    assert_eq!((shown[0].start_time, shown[0].time), (after(3_600), after(3_600)));
    auto.step(3_500_000);
    assert_eq!(auto.sizes(), (0, 5, 1));
    auto.step(200_000);
    assert_eq!(auto.sizes(), (0, 5, 3));
    assert!(scheduled(&auto).is_empty());
    let cause = &auto.history()[0][2];
    assert!(cause.starts_with("At T a scheduled action update of AutoScalingGroup constraints to min: 0, max: 5, desired: 3 changing the desired capacity from 1 to 3."), "{cause}");
}

#[test]
fn a_recurring_action_happens_again_in_its_time_zone() {
    let auto = Auto::new();
    auto.group(0, 5, 1);
    auto.ok::<ops::PutScheduledUpdateGroupAction>(action(|a| {
        a.recurrence = Some("0 9 * * *".into());
        a.time_zone = Some("Australia/Melbourne".into());
    }));
    let next = scheduled(&auto)[0].start_time.expect("a next time").iso_seconds();
    assert_eq!(next, "2017-09-28T23:00:00Z");
    auto.step(86_400_000);
    assert_eq!(auto.sizes().2, 3);
    auto.set_desired(1);
    auto.step(86_400_000);
    assert_eq!(auto.sizes().2, 3);
    assert_eq!(scheduled(&auto).len(), 1);
}

#[test]
fn what_is_missed_while_suspended_stays_missed() {
    let auto = Auto::new();
    auto.group(0, 5, 1);
    auto.ok::<ops::PutScheduledUpdateGroupAction>(action(|a| a.start_time = after(600)));
    let processes = || autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: Some(vec!["ScheduledActions".into()]),
    };
    auto.ok::<ops::SuspendProcesses>(processes());
    auto.step(900_000);
    auto.ok::<ops::ResumeProcesses>(processes());
    auto.step(900_000);
    assert_eq!(auto.sizes().2, 1);
}

#[test]
fn an_action_ends_with_its_end_time_and_keeps_sizes_consistent() {
    let auto = Auto::new();
    auto.group(0, 5, 4);
    auto.ok::<ops::PutScheduledUpdateGroupAction>(action(|a| {
        a.desired_capacity = None;
        a.max_size = Some(2);
        a.recurrence = Some("*/10 * * * *".into());
        a.end_time = after(1_500);
    }));
    auto.step(3_600_000);
    assert_eq!(auto.sizes(), (0, 2, 2));
    assert!(scheduled(&auto).is_empty());
}

#[test]
fn bad_schedules_are_refused_and_batches_tell_what_failed() {
    let auto = Auto::new();
    auto.group(0, 5, 1);
    let bad: [fn(&mut autoscaling::PutScheduledUpdateGroupActionType); 8] = [
        |a| a.start_time = after(-60),
        |a| a.recurrence = Some("every day".into()),
        |_| (),
        |a| {
            a.start_time = after(60);
            a.desired_capacity = None;
        },
        |a| {
            a.start_time = after(60);
            a.min_size = Some(4);
        },
        |a| {
            a.start_time = after(600);
            a.end_time = after(60);
        },
        |a| {
            a.recurrence = Some("0 9 * * *".into());
            a.time_zone = Some("Mars/Olympus".into());
        },
        |a| {
            a.start_time = after(60);
            a.desired_capacity = Some(-1);
        },
    ];
    for (number, change) in bad.into_iter().enumerate() {
        let error = auto.call::<ops::PutScheduledUpdateGroupAction>(action(change));
        assert_eq!(error.expect_err("it is refused").code, "ValidationError", "case {number}");
    }
    auto.ok::<ops::PutScheduledUpdateGroupAction>(action(|a| a.start_time = after(600)));
    let twin = autoscaling::ScheduledUpdateGroupActionRequest {
        scheduled_action_name: "twin".into(),
        start_time: after(600),
        desired_capacity: Some(2),
        ..Default::default()
    };
    let later = autoscaling::ScheduledUpdateGroupActionRequest {
        scheduled_action_name: "later".into(),
        start_time: after(1_200),
        ..twin.clone()
    };
    let answer = auto.ok::<ops::BatchPutScheduledUpdateGroupAction>(
        autoscaling::BatchPutScheduledUpdateGroupActionType {
            auto_scaling_group_name: "g".into(),
            scheduled_update_group_actions: vec![twin, later],
        },
    );
    let failed = answer.failed_scheduled_update_group_actions.expect("a list");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].error_code.as_deref(), Some("AlreadyExists"));
    assert_eq!(scheduled(&auto).len(), 2);
    let answer =
        auto.ok::<ops::BatchDeleteScheduledAction>(autoscaling::BatchDeleteScheduledActionType {
            auto_scaling_group_name: "g".into(),
            scheduled_action_names: vec!["later".into(), "nobody".into()],
        });
    assert_eq!(answer.failed_scheduled_actions.expect("a list").len(), 1);
    assert_eq!(scheduled(&auto).len(), 1);
}
