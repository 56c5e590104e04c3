//! Lifecycle hooks, played on a whole cloud.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use api::sqs;
use smol_str::SmolStr;

fn put(
    auto: &Auto,
    name: &str,
    transition: &str,
    change: impl FnOnce(&mut autoscaling::PutLifecycleHookType),
) {
    let mut input = autoscaling::PutLifecycleHookType {
        lifecycle_hook_name: name.into(),
        auto_scaling_group_name: "g".into(),
        lifecycle_transition: Some(format!("autoscaling:EC2_INSTANCE_{transition}").into()),
        ..Default::default()
    };
    change(&mut input);
    auto.ok::<ops::PutLifecycleHook>(input);
}

fn completion(name: &str, id: &SmolStr, result: &str) -> autoscaling::CompleteLifecycleActionType {
    autoscaling::CompleteLifecycleActionType {
        lifecycle_hook_name: name.into(),
        auto_scaling_group_name: "g".into(),
        lifecycle_action_result: result.into(),
        instance_id: Some(id.clone()),
        lifecycle_action_token: None,
    }
}

/// A group of none with a hook, whose first instance waits for it.
fn waiting(transition: &str) -> (Auto, SmolStr) {
    let auto = Auto::new();
    auto.group(0, 3, 0);
    if transition == "TERMINATING" {
        auto.set_desired(1);
        auto.rest();
    }
    put(&auto, "hook", transition, |_| ());
    let id = match transition {
        "TERMINATING" => {
            let id = auto.only();
            auto.set_desired(0);
            id
        }
        _ => {
            auto.set_desired(1);
            auto.step(2_000);
            auto.only()
        }
    };
    auto.step(3_000);
    (auto, id)
}

#[test]
fn a_launching_instance_waits_until_its_hook_is_complete() {
    let (auto, id) = waiting("LAUNCHING");
    assert_eq!(auto.standing(&id).0, "Pending:Wait");
    assert_eq!(auto.activities()[0].status_code.as_deref(), Some("MidLifecycleAction"));
    auto.ok::<ops::CompleteLifecycleAction>(completion("hook", &id, "CONTINUE"));
    auto.step(1_000);
    assert_eq!(auto.standing(&id).0, "InService");
    assert_eq!(auto.activities()[0].status_code.as_deref(), Some("Successful"));
    auto.fails::<ops::CompleteLifecycleAction>(
        completion("hook", &id, "CONTINUE"),
        "ValidationError",
        &format!("No active Lifecycle Action found with instance ID {id}"),
    );
}

#[test]
fn an_abandoned_launch_is_cancelled_and_its_instance_terminated() {
    let (auto, id) = waiting("LAUNCHING");
    auto.ok::<ops::CompleteLifecycleAction>(completion("hook", &id, "ABANDON"));
    auto.step(500);
    let launch = auto.activities().into_iter().find(|a| {
        a.description.as_deref().is_some_and(|d| d.contains(&format!("instance: {id}")))
            && a.description.as_deref().is_some_and(|d| d.starts_with("Launching"))
    });
    let launch = launch.expect("the launch's activity");
    assert_eq!(launch.status_code.as_deref(), Some("Cancelled"));
    let message = launch.status_message.expect("a message");
    assert!(
        message.starts_with(
            "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "
        ),
        "{message}"
    );
    assert!(
        message.ends_with(" was abandoned: Lifecycle Action Completed with ABANDON Result"),
        "{message}"
    );
    assert_ne!(auto.machine_state(&id), "running");
}

#[test]
fn a_hook_without_an_answer_ends_with_its_default() {
    for (default, in_service) in [("ABANDON", false), ("CONTINUE", true)] {
        let auto = Auto::new();
        auto.group(0, 3, 0);
        put(&auto, "hook", "LAUNCHING", |hook| {
            hook.heartbeat_timeout = Some(30);
            hook.default_result = Some(default.into());
        });
        auto.set_desired(1);
        auto.step(5_000);
        let id = auto.only();
        assert_eq!(auto.standing(&id).0, "Pending:Wait");
        auto.step(31_000);
        let gone = auto.members().iter().all(|m| m.instance_id.as_ref() != Some(&id))
            || auto.standing(&id).0 != "InService";
        assert_eq!(!gone, in_service, "{default}");
    }
}

#[test]
fn a_heartbeat_lets_an_instance_wait_longer() {
    let auto = Auto::new();
    auto.group(0, 3, 0);
    put(&auto, "hook", "LAUNCHING", |hook| hook.heartbeat_timeout = Some(30));
    auto.set_desired(1);
    auto.step(5_000);
    let id = auto.only();
    for _ in 0..5 {
        auto.step(20_000);
        auto.ok::<ops::RecordLifecycleActionHeartbeat>(
            autoscaling::RecordLifecycleActionHeartbeatType {
                lifecycle_hook_name: "hook".into(),
                auto_scaling_group_name: "g".into(),
                instance_id: Some(id.clone()),
                lifecycle_action_token: None,
            },
        );
    }
    assert_eq!(auto.standing(&id).0, "Pending:Wait");
}

#[test]
fn all_hooks_of_a_transition_run_at_once_and_each_must_complete() {
    let auto = Auto::new();
    auto.group(0, 3, 0);
    put(&auto, "one", "LAUNCHING", |_| ());
    put(&auto, "two", "LAUNCHING", |_| ());
    auto.set_desired(1);
    auto.step(5_000);
    let id = auto.only();
    auto.ok::<ops::CompleteLifecycleAction>(completion("one", &id, "CONTINUE"));
    auto.step(2_000);
    assert_eq!(auto.standing(&id).0, "Pending:Wait");
    auto.ok::<ops::CompleteLifecycleAction>(completion("two", &id, "CONTINUE"));
    auto.step(2_000);
    assert_eq!(auto.standing(&id).0, "InService");
}

#[test]
fn a_terminating_instance_runs_until_its_hook_is_complete_whatever_the_result() {
    for result in ["CONTINUE", "ABANDON"] {
        let (auto, id) = waiting("TERMINATING");
        assert_eq!(auto.standing(&id).0, "Terminating:Wait");
        assert_eq!(auto.machine_state(&id), "running");
        auto.ok::<ops::CompleteLifecycleAction>(completion("hook", &id, result));
        auto.rest();
        assert!(auto.members().is_empty());
        assert_eq!(auto.machine_state(&id), "terminated");
        assert_eq!(auto.activities()[0].status_code.as_deref(), Some("Successful"));
    }
}

#[test]
fn a_group_deleted_by_force_does_not_wait_for_hooks() {
    let auto = Auto::new();
    auto.group(1, 1, 1);
    put(&auto, "hook", "TERMINATING", |_| ());
    auto.delete(true).expect("it goes");
    auto.rest();
    assert!(auto.groups().is_empty());
}

#[test]
fn deleting_a_hook_abandons_launches_and_lets_terminations_go_on() {
    let (auto, id) = waiting("TERMINATING");
    auto.ok::<ops::DeleteLifecycleHook>(autoscaling::DeleteLifecycleHookType {
        lifecycle_hook_name: "hook".into(),
        auto_scaling_group_name: "g".into(),
    });
    auto.rest();
    assert_eq!(auto.machine_state(&id), "terminated");
}

#[test]
fn hooks_are_described_with_their_defaults_and_bad_ones_refused() {
    let auto = Auto::new();
    auto.group(0, 1, 0);
    put(&auto, "hook", "LAUNCHING", |_| ());
    let described =
        auto.ok::<ops::DescribeLifecycleHooks>(autoscaling::DescribeLifecycleHooksType {
            auto_scaling_group_name: "g".into(),
            lifecycle_hook_names: None,
        });
    let hook = described.lifecycle_hooks.and_then(|mut h| h.pop()).expect("a hook");
    assert_eq!(
        (hook.heartbeat_timeout, hook.global_timeout, hook.default_result.as_deref()),
        (Some(3_600), Some(172_800), Some("ABANDON"))
    );
    for (heartbeat, result, transition) in [
        (Some(29), None, "autoscaling:EC2_INSTANCE_LAUNCHING"),
        (Some(7_201), None, "autoscaling:EC2_INSTANCE_LAUNCHING"),
        (None, Some("MAYBE"), "autoscaling:EC2_INSTANCE_LAUNCHING"),
        (None, None, "autoscaling:SOMETHING"),
    ] {
        let input = autoscaling::PutLifecycleHookType {
            lifecycle_hook_name: "bad".into(),
            auto_scaling_group_name: "g".into(),
            lifecycle_transition: Some(transition.into()),
            heartbeat_timeout: heartbeat,
            default_result: result.map(SmolStr::from),
            ..Default::default()
        };
        let error = auto.call::<ops::PutLifecycleHook>(input).expect_err("it is refused");
        assert_eq!(error.code, "ValidationError");
    }
}

#[test]
fn hooks_may_come_with_the_group() {
    let auto = Auto::new();
    auto.group_with(1, 1, 1, |group| {
        group.lifecycle_hook_specification_list =
            Some(vec![autoscaling::LifecycleHookSpecification {
                lifecycle_hook_name: "first".into(),
                lifecycle_transition: "autoscaling:EC2_INSTANCE_LAUNCHING".into(),
                ..Default::default()
            }]);
    });
    auto.step(5_000);
    assert_eq!(auto.standing(&auto.only()).0, "Pending:Wait");
}

#[test]
fn a_queue_hears_of_the_hook_itself_and_of_each_instance_that_waits() {
    let auto = Auto::new();
    auto.group(0, 3, 0);
    for name in ["q", "q.fifo"] {
        let fifo = name.ends_with(".fifo").then(|| vec![("FifoQueue".into(), "true".into())]);
        auto.ok::<sqs::ops::CreateQueue>(sqs::CreateQueueRequest {
            queue_name: name.into(),
            attributes: fifo,
            ..Default::default()
        });
    }
    let hook = |queue: &str| autoscaling::PutLifecycleHookType {
        lifecycle_hook_name: "hook".into(),
        auto_scaling_group_name: "g".into(),
        lifecycle_transition: Some("autoscaling:EC2_INSTANCE_LAUNCHING".into()),
        notification_target_arn: Some(format!("arn:aws:sqs:us-west-1:123456789012:{queue}").into()),
        notification_metadata: Some("how".into()),
        ..Default::default()
    };
    for unreachable in ["q.fifo", "other"] {
        let error = auto.call::<ops::PutLifecycleHook>(hook(unreachable)).expect_err("no target");
        assert!(error.message.starts_with("Unable to publish test message"), "{error:?}");
    }
    auto.ok::<ops::PutLifecycleHook>(hook("q"));
    auto.set_desired(1);
    auto.step(5_000);
    let received = auto.ok::<sqs::ops::ReceiveMessage>(sqs::ReceiveMessageRequest {
        queue_url: "q".into(),
        max_number_of_messages: Some(10),
        ..Default::default()
    });
    let mut told: Vec<serde_json::Value> = received
        .messages
        .expect("messages")
        .into_iter()
        .map(|m| serde_json::from_str(&m.body.expect("a body")).expect("JSON"))
        .collect();
    told.sort_by_key(|message| message["Time"].to_string());
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0]["Event"], "autoscaling:TEST_NOTIFICATION");
    assert_eq!(told[1]["LifecycleHookName"], "hook");
    assert_eq!(told[1]["EC2InstanceId"], *auto.only());
    assert_eq!(told[1]["NotificationMetadata"], "how");
}
