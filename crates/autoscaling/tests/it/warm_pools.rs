//! Warm pools.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use api::ec2;
use smol_str::SmolStr;

/// A group of two of at most five, with a pool.
fn pooled(change: impl FnOnce(&mut autoscaling::PutWarmPoolType)) -> Auto {
    let auto = Auto::new();
    auto.group(0, 5, 2);
    put(&auto, change);
    auto.rest();
    auto
}

fn request() -> autoscaling::PutWarmPoolType {
    autoscaling::PutWarmPoolType { auto_scaling_group_name: "g".into(), ..Default::default() }
}

fn put(auto: &Auto, change: impl FnOnce(&mut autoscaling::PutWarmPoolType)) {
    let mut input = request();
    change(&mut input);
    auto.ok::<ops::PutWarmPool>(input);
}

fn described(auto: &Auto) -> autoscaling::DescribeWarmPoolAnswer {
    auto.ok::<ops::DescribeWarmPool>(autoscaling::DescribeWarmPoolType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    })
}

/// Ids and states of the pool's instances.
fn pool(auto: &Auto) -> Vec<(SmolStr, SmolStr)> {
    let instances = described(auto).instances.expect("a list").into_iter();
    let told = |i: autoscaling::Instance| {
        (i.instance_id.expect("an id"), i.lifecycle_state.expect("a state"))
    };
    instances.map(told).collect()
}

#[track_caller]
fn holds(auto: &Auto, count: usize, state: &str) {
    let pool = pool(auto);
    assert_eq!(pool.len(), count, "{pool:?}");
    assert!(pool.iter().all(|(_, of)| of == state), "{pool:?}");
}

fn deletion(force: bool) -> autoscaling::DeleteWarmPoolType {
    autoscaling::DeleteWarmPoolType {
        auto_scaling_group_name: "g".into(),
        force_delete: Some(force),
    }
}

fn put_hook(auto: &Auto, transition: &str) {
    auto.ok::<ops::PutLifecycleHook>(autoscaling::PutLifecycleHookType {
        lifecycle_hook_name: "hook".into(),
        auto_scaling_group_name: "g".into(),
        lifecycle_transition: Some(format!("autoscaling:EC2_INSTANCE_{transition}").into()),
        ..Default::default()
    });
}

fn complete(auto: &Auto, id: &SmolStr) {
    auto.ok::<ops::CompleteLifecycleAction>(autoscaling::CompleteLifecycleActionType {
        lifecycle_hook_name: "hook".into(),
        auto_scaling_group_name: "g".into(),
        lifecycle_action_result: "CONTINUE".into(),
        instance_id: Some(id.clone()),
        lifecycle_action_token: None,
    });
}

#[test]
fn a_pool_holds_what_the_group_may_still_grow_by() {
    let auto = pooled(|_| ());
    holds(&auto, 3, "Warmed:Stopped");
    let pool = pool(&auto);
    assert!(pool.iter().all(|(id, _)| auto.machine_state(id) == "stopped"));
    assert!(pool.iter().all(|(id, _)| !auto.ids().contains(id)));
    let shown = auto.shown();
    assert_eq!((shown.instances.map(|i| i.len()), shown.warm_pool_size), (Some(2), Some(3)));
    let configuration = shown.warm_pool_configuration.expect("it has a pool");
    assert_eq!(configuration.pool_state.as_deref(), Some("Stopped"));
    assert_eq!((configuration.min_size, configuration.status), (Some(0), None));
    assert_eq!(configuration.max_group_prepared_capacity, None);
    let told: Vec<_> = auto.history().into_iter().take(3).map(|[_, told, _]| told).collect();
    for (id, _) in pool {
        assert!(told.contains(&format!("Launching a new EC2 instance into warm pool: {id}")));
    }
}

#[test]
fn minimum_and_prepared_capacity_decide_about_the_size() {
    for (prepared, min, size) in [(4, 0, 2), (1, 0, 0), (1, 2, 2), (-1, 4, 4)] {
        let auto = pooled(|p| {
            p.max_group_prepared_capacity = Some(prepared);
            p.min_size = Some(min);
        });
        holds(&auto, size, "Warmed:Stopped");
    }
}

#[test]
fn a_pool_shrinks_when_it_is_too_large() {
    let auto = pooled(|_| ());
    put(&auto, |p| p.max_group_prepared_capacity = Some(3));
    auto.rest();
    holds(&auto, 1, "Warmed:Stopped");
    assert_eq!(auto.ids().len(), 2);
}

#[test]
fn instances_of_a_running_pool_run() {
    let auto = pooled(|p| p.pool_state = Some("Running".into()));
    holds(&auto, 3, "Warmed:Running");
    assert!(pool(&auto).iter().all(|(id, _)| auto.machine_state(id) == "running"));
}

#[test]
fn what_cannot_hibernate_is_of_no_use_to_a_hibernated_pool() {
    let auto = Auto::new();
    auto.group(0, 2, 1);
    put(&auto, |p| p.pool_state = Some("Hibernated".into()));
    auto.step(3_000);
    assert!(pool(&auto).iter().all(|(_, state)| state != "Warmed:Hibernated"));
    let failed = auto.history().into_iter().find(|[status, _, _]| status == "Failed");
    let [_, told, _] = failed.expect("a failed activity");
    assert!(told.starts_with("Launching a new EC2 instance into warm pool: i-"), "{told}");
    assert_eq!(auto.ids().len(), 1);
}

#[test]
fn scaling_out_draws_from_the_pool() {
    for state in ["Stopped", "Running"] {
        let auto = pooled(|p| {
            p.pool_state = Some(state.into());
            p.max_group_prepared_capacity = Some(4);
        });
        let before: Vec<SmolStr> = pool(&auto).into_iter().map(|(id, _)| id).collect();
        auto.set_desired(4);
        auto.rest();
        assert_eq!((auto.ids().len(), pool(&auto).len()), (4, 0));
        assert!(before.iter().all(|id| auto.standing(id).0 == "InService"));
        assert!(before.iter().all(|id| auto.machine_state(id) == "running"));
        let told: Vec<_> = auto.history().into_iter().map(|[_, told, _]| told).collect();
        for id in before {
            assert!(told.contains(&format!("Launching a new EC2 instance from warm pool: {id}")));
        }
        assert_eq!(auto.spread(), [2, 2]);
    }
}

#[test]
fn an_empty_pool_does_not_keep_a_group_from_growing() {
    let auto = pooled(|p| p.max_group_prepared_capacity = Some(3));
    auto.set_desired(5);
    auto.rest();
    assert_eq!((auto.ids().len(), pool(&auto).len()), (5, 0));
}

#[test]
fn instances_come_back_on_scale_in_if_they_are_to_be_reused() {
    for (reuse, kept) in [(true, true), (false, false)] {
        let auto = pooled(|p| {
            p.instance_reuse_policy =
                Some(autoscaling::InstanceReusePolicy { reuse_on_scale_in: Some(reuse) });
            p.max_group_prepared_capacity = Some(2);
        });
        holds(&auto, 0, "");
        let before = auto.ids();
        auto.set_desired(1);
        auto.rest();
        holds(&auto, 1, "Warmed:Stopped");
        let (id, _) = pool(&auto).remove(0);
        assert_eq!((before.contains(&id), auto.ids().len()), (kept, 1), "{reuse}");
        // And forth again.
        auto.set_desired(2);
        auto.rest();
        assert_eq!(auto.standing(&id).0, "InService");
    }
}

#[test]
fn hooks_are_told_on_the_way_into_the_pool_and_out_of_it() {
    let auto = Auto::new();
    auto.group(0, 1, 0);
    put_hook(&auto, "LAUNCHING");
    put(&auto, |_| ());
    auto.step(3_000);
    holds(&auto, 1, "Warmed:Pending:Wait");
    let (id, _) = pool(&auto).remove(0);
    complete(&auto, &id);
    auto.step(1_000);
    holds(&auto, 1, "Warmed:Stopped");
    auto.set_desired(1);
    auto.step(3_000);
    assert_eq!(auto.standing(&id).0, "Pending:Wait");
    complete(&auto, &id);
    auto.rest();
    assert_eq!(auto.standing(&id).0, "InService");
}

#[test]
fn a_prepared_instance_that_vanishes_is_replaced() {
    for state in ["Stopped", "Running"] {
        let auto = pooled(|p| p.pool_state = Some(state.into()));
        let (id, _) = pool(&auto).remove(0);
        auto.terminate_in_ec2(&id);
        auto.rest();
        holds(&auto, 3, &format!("Warmed:{state}"));
        assert!(!pool(&auto).iter().any(|(other, _)| *other == id));
    }
}

#[test]
fn an_instance_that_vanishes_on_its_way_back_to_the_pool_is_forgotten() {
    let auto = pooled(|p| {
        p.instance_reuse_policy =
            Some(autoscaling::InstanceReusePolicy { reuse_on_scale_in: Some(true) });
    });
    auto.set_desired(1);
    auto.rest();
    let id = auto.only();
    auto.set_desired(0);
    let returns = |(other, state): &(SmolStr, SmolStr)| *other == id && state == "Warmed:Pending";
    let looks = (0..100).take_while(|_| {
        auto.step(20);
        !pool(&auto).iter().any(returns)
    });
    assert!(looks.count() < 100, "it is on its way");
    auto.terminate_in_ec2(&id);
    auto.rest();
    assert!(auto.ids().is_empty() && !pool(&auto).iter().any(|(other, _)| *other == id));
}

#[test]
fn a_pool_with_instances_is_deleted_by_force_only() {
    let auto = pooled(|_| ());
    let error = auto.call::<ops::DeleteWarmPool>(deletion(false)).expect_err("it is not empty");
    assert_eq!(error.code, "ResourceInUse");
    let before = pool(&auto);
    put_hook(&auto, "TERMINATING");
    auto.ok::<ops::DeleteWarmPool>(deletion(true));
    let configuration = described(&auto).warm_pool_configuration.expect("it is still there");
    assert_eq!(configuration.status.as_deref(), Some("PendingDelete"));
    auto.rest();
    assert_eq!(described(&auto).warm_pool_configuration, None);
    assert!(before.iter().all(|(id, _)| auto.machine_state(id) == "terminated"));
    assert_eq!(auto.ids().len(), 2);
    let error = auto.call::<ops::DeleteWarmPool>(deletion(false)).expect_err("it is gone");
    assert!(error.message.starts_with("No warm pool found for this Auto Scaling group"));
}

#[test]
fn a_deleted_group_takes_its_pool_along() {
    let auto = pooled(|_| ());
    let before = pool(&auto);
    assert_eq!(auto.delete(false).expect_err("there are instances").code, "ResourceInUse");
    auto.delete(true).expect("it is deleted");
    auto.rest();
    assert!(auto.groups().is_empty());
    assert!(before.iter().all(|(id, _)| auto.machine_state(id) == "terminated"));
    // A new group of that name has none.
    auto.group(0, 5, 1);
    assert_eq!(described(&auto).warm_pool_configuration, None);
}

#[test]
fn spot_instances_have_no_warm_pool() {
    let auto = Auto::new();
    auto.configuration("spot", |lc| lc.spot_price = Some("0.01".into()));
    auto.group_with(0, 2, 0, |g| g.launch_configuration_name = Some("spot".into()));
    let error = auto.call::<ops::PutWarmPool>(request()).expect_err("it launches Spot Instances");
    assert_eq!(error.code, "ValidationError");
    assert_eq!(described(&auto).warm_pool_configuration, None);
}

#[test]
fn a_pool_without_capacity_keeps_trying_and_lets_time_pass() {
    let auto = Auto::new();
    auto.group(0, 3, 1);
    auto.no_capacity(Some("*"));
    put(&auto, |_| ());
    auto.step(20_000);
    holds(&auto, 0, "");
    assert!(auto.activities().len() < 30);
    auto.no_capacity(None);
    auto.rest();
    holds(&auto, 2, "Warmed:Stopped");
}

#[test]
fn while_launching_is_suspended_no_pool_is_filled() {
    let auto = Auto::new();
    auto.group(0, 3, 1);
    auto.ok::<ops::SuspendProcesses>(autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: Some(vec!["Launch".into()]),
    });
    put(&auto, |_| ());
    auto.rest();
    holds(&auto, 0, "");
    let machines = auto.ok::<ec2::ops::DescribeInstances>(Default::default()).reservations;
    assert_eq!(machines.map(|r| r.len()), Some(1));
}

#[test]
fn a_pool_is_kept_when_nothing_takes_time() {
    let auto = Auto::at(kernel::Pace::Instant);
    auto.group(0, 5, 2);
    put(&auto, |p| {
        p.instance_reuse_policy =
            Some(autoscaling::InstanceReusePolicy { reuse_on_scale_in: Some(true) });
    });
    auto.rest();
    holds(&auto, 3, "Warmed:Stopped");
    for desired in [4, 1, 5, 0] {
        auto.set_desired(desired);
        auto.rest();
        let desired = desired as usize;
        assert_eq!((auto.ids().len(), pool(&auto).len()), (desired, 5 - desired));
    }
}

#[test]
fn a_pool_waits_in_the_zones_that_come_next() {
    let auto = Auto::new();
    auto.group(0, 3, 1);
    put(&auto, |p| p.max_group_prepared_capacity = Some(2));
    auto.rest();
    assert_eq!(auto.spread(), [1, 0]);
    let (id, _) = pool(&auto).remove(0);
    auto.set_desired(2);
    auto.rest();
    assert_eq!((auto.standing(&id).0.as_str(), auto.spread()), ("InService", vec![1, 1]));
}
