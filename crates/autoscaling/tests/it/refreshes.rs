//! Instance refreshes.

use crate::harness::{Auto, IMAGE};
use api::autoscaling::{self, ops};
use api::{cloudwatch, ec2};
use smol_str::SmolStr;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A template `web-template` with two versions; the second launches `t2.small`.
fn template(auto: &Auto) {
    let data = |kind: &str| ec2::RequestLaunchTemplateData {
        image_id: Some(IMAGE.into()),
        instance_type: Some(kind.into()),
        ..Default::default()
    };
    auto.ok::<ec2::ops::CreateLaunchTemplate>(ec2::CreateLaunchTemplateRequest {
        launch_template_name: "web-template".into(),
        launch_template_data: data("t2.micro"),
        ..Default::default()
    });
    auto.ok::<ec2::ops::CreateLaunchTemplateVersion>(ec2::CreateLaunchTemplateVersionRequest {
        launch_template_name: Some("web-template".into()),
        launch_template_data: data("t2.small"),
        ..Default::default()
    });
}

fn version(number: &str) -> autoscaling::LaunchTemplateSpecification {
    autoscaling::LaunchTemplateSpecification {
        launch_template_name: Some("web-template".into()),
        version: Some(number.into()),
        ..Default::default()
    }
}

/// A group of four from the first version of the template.
fn templated() -> Auto {
    let auto = Auto::new();
    template(&auto);
    auto.group_with(0, 9, 4, |g| {
        g.launch_configuration_name = None;
        g.launch_template = Some(version("1"));
    });
    auto.rest();
    // What has been in service for a while is warm.
    auto.step(HOUR);
    auto
}

fn request(
    change: impl FnOnce(&mut autoscaling::RefreshPreferences),
) -> autoscaling::StartInstanceRefreshType {
    let mut preferences = autoscaling::RefreshPreferences::default();
    change(&mut preferences);
    autoscaling::StartInstanceRefreshType {
        auto_scaling_group_name: "g".into(),
        preferences: Some(preferences),
        ..Default::default()
    }
}

fn start(auto: &Auto, change: impl FnOnce(&mut autoscaling::RefreshPreferences)) -> SmolStr {
    let made = auto.ok::<ops::StartInstanceRefresh>(request(change));
    made.instance_refresh_id.expect("an id")
}

/// To the second version.
fn upgrade(auto: &Auto, change: impl FnOnce(&mut autoscaling::RefreshPreferences)) {
    let mut input = request(change);
    input.desired_configuration = Some(autoscaling::DesiredConfiguration {
        launch_template: Some(version("2")),
        mixed_instances_policy: None,
    });
    auto.ok::<ops::StartInstanceRefresh>(input);
}

fn refreshes(auto: &Auto) -> Vec<autoscaling::InstanceRefresh> {
    let input = autoscaling::DescribeInstanceRefreshesType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    };
    auto.ok::<ops::DescribeInstanceRefreshes>(input).instance_refreshes.expect("a list")
}

/// Status, percentage and instances left of the newest refresh.
#[track_caller]
fn stands(auto: &Auto) -> (String, i64, i64) {
    let newest = refreshes(auto).remove(0);
    let status = newest.status.expect("a status").to_string();
    let percent = newest.percentage_complete.expect("a percentage");
    (status, percent, newest.instances_to_update.expect("a number"))
}

/// The types of the group's instances, sorted.
fn types(auto: &Auto) -> Vec<SmolStr> {
    let mut types: Vec<_> = auto.members().into_iter().filter_map(|m| m.instance_type).collect();
    types.sort();
    types
}

fn kept(auto: &Auto, before: &[SmolStr]) -> usize {
    auto.ids().iter().filter(|id| before.contains(id)).count()
}

#[test]
fn a_refresh_replaces_every_instance() {
    let auto = Auto::new();
    auto.group(0, 9, 4);
    let before = auto.ids();
    let id = start(&auto, |_| ());
    assert_eq!(stands(&auto), ("Pending".to_owned(), 0, 4));
    auto.step(1_000);
    assert_eq!(stands(&auto).0, "InProgress");
    auto.rest();
    assert_eq!((auto.ids().len(), kept(&auto, &before)), (4, 0));
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
    let shown = refreshes(&auto).remove(0);
    assert_eq!(shown.instance_refresh_id, Some(id));
    assert!(shown.end_time.is_some() && shown.strategy.as_deref() == Some("Rolling"));
    let preferences = shown.preferences.expect("preferences");
    assert_eq!(preferences.min_healthy_percentage, Some(90));
    assert_eq!(preferences.scale_in_protected_instances.as_deref(), Some("Wait"));
    let causes: Vec<String> = auto.history().into_iter().map(|[_, _, cause]| cause).collect();
    let launched = "At T an instance was launched in response to an instance refresh.";
    assert_eq!(causes.iter().filter(|cause| *cause == launched).count(), 4);
    let gone = "At T an instance was taken out of service in response to an instance refresh.  At \
                T instance";
    assert_eq!(causes.iter().filter(|cause| cause.starts_with(gone)).count(), 4);
}

#[test]
fn only_one_refresh_runs_at_a_time() {
    let auto = Auto::new();
    auto.group(0, 9, 1);
    start(&auto, |_| ());
    auto.fails::<ops::StartInstanceRefresh>(
        request(|_| ()),
        "InstanceRefreshInProgress",
        "An Instance Refresh is already in progress and blocks the execution of this Instance \
         Refresh.",
    );
    auto.rest();
    let cancel = autoscaling::CancelInstanceRefreshType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    };
    let error = auto.call::<ops::CancelInstanceRefresh>(cancel).expect_err("none is active");
    assert_eq!(error.code, "ActiveInstanceRefreshNotFound");
    let back = autoscaling::RollbackInstanceRefreshType { auto_scaling_group_name: "g".into() };
    let error = auto.call::<ops::RollbackInstanceRefresh>(back).expect_err("none is active");
    assert_eq!(error.code, "ActiveInstanceRefreshNotFound");
    auto.step(1_000);
    let second = start(&auto, |_| ());
    let shown = refreshes(&auto);
    assert_eq!((shown.len(), shown[0].instance_refresh_id.as_ref()), (2, Some(&second)));
}

#[test]
fn an_empty_group_is_refreshed_at_once() {
    let auto = Auto::new();
    auto.group(0, 9, 0);
    start(&auto, |_| ());
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
}

#[test]
fn new_instances_warm_up_before_the_next_go() {
    let auto = Auto::new();
    auto.group(0, 9, 2);
    auto.step(HOUR);
    let before = auto.ids();
    start(&auto, |p| p.instance_warmup = Some(600));
    auto.step(5 * MINUTE);
    assert_eq!(stands(&auto), ("InProgress".to_owned(), 0, 2));
    assert_eq!(kept(&auto, &before), 1);
    let reason = refreshes(&auto).remove(0).status_reason.expect("a reason");
    let head = "Waiting for instances to warm up before continuing. For example: i-";
    assert!(reason.starts_with(head) && reason.ends_with(" is warming up."), "{reason}");
    auto.step(6 * MINUTE);
    assert_eq!(stands(&auto), ("InProgress".to_owned(), 50, 1));
    assert_eq!(kept(&auto, &before), 0);
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
}

#[test]
fn a_desired_configuration_becomes_the_groups_when_the_refresh_succeeds() {
    let auto = templated();
    upgrade(&auto, |p| p.instance_warmup = Some(60));
    auto.step(MINUTE);
    let of_group = |auto: &Auto| auto.shown().launch_template.and_then(|t| t.version);
    assert_eq!(of_group(&auto).as_deref(), Some("1"));
    let shown = refreshes(&auto).remove(0).desired_configuration.expect("it has one");
    assert_eq!(shown.launch_template.and_then(|t| t.version).as_deref(), Some("2"));
    let change = autoscaling::UpdateAutoScalingGroupType {
        auto_scaling_group_name: "g".into(),
        launch_template: Some(version("1")),
        ..Default::default()
    };
    let error = auto.call::<ops::UpdateAutoScalingGroup>(change).expect_err("a refresh is active");
    assert!(error.message.starts_with("An active instance refresh with a desired configuration"));
    // Who comes meanwhile comes from the new one.
    auto.set_desired(5);
    auto.step(10_000);
    assert!(types(&auto).contains(&"t2.small".into()));
    auto.rest();
    assert_eq!(types(&auto), ["t2.small"; 5]);
    assert_eq!((of_group(&auto).as_deref(), stands(&auto).0.as_str()), (Some("2"), "Successful"));
}

#[test]
fn a_rollback_restores_what_was() {
    let auto = templated();
    upgrade(&auto, |p| {
        p.instance_warmup = Some(60);
        p.checkpoint_percentages = Some(vec![50, 100]);
    });
    auto.step(20 * MINUTE);
    assert_eq!(types(&auto), ["t2.micro", "t2.micro", "t2.small", "t2.small"]);
    assert_eq!(stands(&auto), ("InProgress".to_owned(), 50, 2));
    let input = autoscaling::RollbackInstanceRefreshType { auto_scaling_group_name: "g".into() };
    auto.ok::<ops::RollbackInstanceRefresh>(input);
    assert_eq!(stands(&auto).0, "RollbackInProgress");
    auto.rest();
    assert_eq!(types(&auto), ["t2.micro"; 4]);
    assert_eq!(stands(&auto), ("RollbackSuccessful".to_owned(), 0, 4));
    let details = refreshes(&auto).remove(0).rollback_details.expect("details");
    assert_eq!(details.percentage_complete_on_rollback, Some(50));
    assert_eq!(details.instances_to_update_on_rollback, Some(2));
    assert_eq!(auto.shown().launch_template.and_then(|t| t.version).as_deref(), Some("1"));
}

#[test]
fn without_a_desired_configuration_there_is_no_way_back() {
    let auto = templated();
    start(&auto, |_| ());
    let input = autoscaling::RollbackInstanceRefreshType { auto_scaling_group_name: "g".into() };
    let error = auto.call::<ops::RollbackInstanceRefresh>(input).expect_err("no way back");
    assert_eq!(error.code, "IrreversibleInstanceRefresh");
    auto.rest();
    let error = auto.call::<ops::StartInstanceRefresh>(request(|p| p.auto_rollback = Some(true)));
    assert_eq!(error.expect_err("no way back").code, "ValidationError");
}

#[test]
fn a_checkpoint_pauses_the_refresh_for_its_delay() {
    let auto = Auto::new();
    auto.group(0, 9, 4);
    let before = auto.ids();
    start(&auto, |p| {
        p.checkpoint_percentages = Some(vec![25, 100]);
        p.checkpoint_delay = Some(3_600);
    });
    auto.step(50 * MINUTE);
    assert_eq!(stands(&auto), ("InProgress".to_owned(), 25, 3));
    assert_eq!(kept(&auto, &before), 3);
    auto.step(15 * MINUTE);
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
    assert_eq!(kept(&auto, &before), 0);
}

#[test]
fn the_last_checkpoint_may_leave_a_part_of_the_group_as_it_is() {
    let auto = Auto::new();
    auto.group(0, 9, 4);
    let before = auto.ids();
    start(&auto, |p| p.checkpoint_percentages = Some(vec![50]));
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 50, 2));
    assert_eq!(kept(&auto, &before), 2);
}

#[test]
fn instances_that_match_are_skipped() {
    let auto = templated();
    auto.update(|g| g.launch_template = Some(version("2")));
    auto.set_desired(6);
    auto.rest();
    let matching: Vec<SmolStr> = auto
        .members()
        .into_iter()
        .filter(|m| m.instance_type.as_deref() == Some("t2.small"))
        .filter_map(|m| m.instance_id)
        .collect();
    assert_eq!(matching.len(), 2);
    start(&auto, |p| p.skip_matching = Some(true));
    assert_eq!(stands(&auto).2, 4);
    auto.rest();
    assert_eq!((types(&auto), kept(&auto, &matching)), (vec!["t2.small".into(); 6], 2));
    // Nothing is left to do the next time.
    auto.step(1_000);
    let before = auto.ids();
    start(&auto, |p| p.skip_matching = Some(true));
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
    assert_eq!(kept(&auto, &before), 6);
}

#[test]
fn launch_configurations_cannot_be_matched() {
    let auto = Auto::new();
    auto.group(0, 9, 1);
    let error = auto.call::<ops::StartInstanceRefresh>(request(|p| p.skip_matching = Some(true)));
    assert_eq!(error.expect_err("it has no template").code, "ValidationError");
    assert!(refreshes(&auto).is_empty());
}

/// A refresh of a group of two, one of which is protected from scale-in.
fn with_protected(how: &str) -> (Auto, SmolStr) {
    let auto = Auto::new();
    auto.group(0, 9, 2);
    let id = auto.ids().remove(0);
    auto.ok::<ops::SetInstanceProtection>(autoscaling::SetInstanceProtectionQuery {
        instance_ids: vec![id.clone()],
        auto_scaling_group_name: "g".into(),
        protected_from_scale_in: true,
    });
    start(&auto, |p| p.scale_in_protected_instances = Some(how.into()));
    (auto, id)
}

#[test]
fn a_refresh_waits_an_hour_for_a_protected_instance_and_fails() {
    let (auto, id) = with_protected("Wait");
    auto.step(50 * MINUTE);
    assert_eq!(stands(&auto), ("InProgress".to_owned(), 50, 1));
    auto.step(15 * MINUTE);
    assert_eq!(stands(&auto), ("Failed".to_owned(), 50, 1));
    assert!(auto.ids().contains(&id));
}

#[test]
fn a_refresh_goes_on_when_a_protected_instance_is_released() {
    let (auto, id) = with_protected("Wait");
    auto.step(30 * MINUTE);
    auto.ok::<ops::SetInstanceProtection>(autoscaling::SetInstanceProtectionQuery {
        instance_ids: vec![id.clone()],
        auto_scaling_group_name: "g".into(),
        protected_from_scale_in: false,
    });
    auto.step(2 * MINUTE);
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
    assert!(!auto.ids().contains(&id));
}

#[test]
fn protected_instances_are_ignored_or_replaced_if_the_preferences_say_so() {
    for (how, stays) in [("Ignore", true), ("Refresh", false)] {
        let (auto, id) = with_protected(how);
        auto.step(MINUTE);
        assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0), "{how}");
        assert_eq!(auto.ids().contains(&id), stays, "{how}");
    }
}

#[test]
fn instances_in_standby_are_awaited_ignored_or_terminated() {
    for (how, status, stays) in [
        ("Wait", "Failed", true),
        ("Ignore", "Successful", true),
        ("Terminate", "Successful", false),
    ] {
        let auto = Auto::new();
        auto.group(0, 9, 2);
        let id = auto.ids().remove(0);
        auto.ok::<ops::EnterStandby>(autoscaling::EnterStandbyQuery {
            instance_ids: Some(vec![id.clone()]),
            auto_scaling_group_name: "g".into(),
            should_decrement_desired_capacity: true,
        });
        auto.rest();
        start(&auto, |p| p.standby_instances = Some(how.into()));
        auto.step(2 * HOUR);
        assert_eq!(stands(&auto).0, status, "{how}");
        assert_eq!(auto.ids().contains(&id), stays, "{how}");
    }
}

#[test]
fn a_refresh_bakes_before_it_is_successful() {
    let auto = templated();
    upgrade(&auto, |p| p.bake_time = Some(600));
    auto.step(5 * MINUTE);
    assert_eq!(stands(&auto), ("Baking".to_owned(), 100, 0));
    assert_eq!(auto.shown().launch_template.and_then(|t| t.version).as_deref(), Some("1"));
    auto.step(6 * MINUTE);
    assert_eq!(stands(&auto).0, "Successful");
    assert_eq!(auto.shown().launch_template.and_then(|t| t.version).as_deref(), Some("2"));
}

#[test]
fn a_group_that_may_grow_launches_before_it_terminates() {
    for (min, max) in [(100, 150), (100, 100)] {
        let auto = Auto::new();
        auto.group(0, 9, 2);
        let before = auto.ids();
        start(&auto, |p| {
            p.min_healthy_percentage = Some(min);
            p.max_healthy_percentage = Some(max);
        });
        let mut most = 0;
        for _ in 0..100 {
            auto.step(200);
            let states: Vec<_> = auto.members().into_iter().map(|m| m.lifecycle_state).collect();
            let ready = states.iter().filter(|s| s.as_deref() == Some("InService")).count();
            assert!(ready >= 2, "{states:?}");
            most = most.max(states.len());
        }
        assert!(most > 2);
        assert_eq!((stands(&auto).0.as_str(), kept(&auto, &before)), ("Successful", 0));
        assert_eq!(auto.ids().len(), 2);
    }
}

/// An alarm that is in OK, until it is told otherwise.
fn alarm(auto: &Auto, state: &str) {
    auto.ok::<cloudwatch::ops::PutMetricAlarm>(cloudwatch::PutMetricAlarmInput {
        alarm_name: "watch".into(),
        metric_name: Some("Errors".into()),
        namespace: Some("Mine".into()),
        statistic: Some("Sum".into()),
        period: Some(3_600),
        evaluation_periods: Some(1),
        threshold: Some(1.0),
        comparison_operator: Some("GreaterThanThreshold".into()),
        treat_missing_data: Some("ignore".into()),
        ..Default::default()
    });
    auto.ok::<cloudwatch::ops::SetAlarmState>(cloudwatch::SetAlarmStateInput {
        alarm_name: "watch".into(),
        state_value: state.into(),
        state_reason: "said so".into(),
        ..Default::default()
    });
}

#[test]
fn an_alarm_turns_a_refresh_back() {
    let auto = templated();
    let watched = |p: &mut autoscaling::RefreshPreferences| {
        p.alarm_specification =
            Some(autoscaling::AlarmSpecification { alarms: Some(vec!["watch".into()]) });
        p.auto_rollback = Some(true);
        p.checkpoint_percentages = Some(vec![50, 100]);
    };
    let error = auto.call::<ops::StartInstanceRefresh>({
        let mut input = request(watched);
        input.desired_configuration = Some(autoscaling::DesiredConfiguration {
            launch_template: Some(version("2")),
            mixed_instances_policy: None,
        });
        input
    });
    assert_eq!(error.expect_err("there is no such alarm").code, "ValidationError");
    alarm(&auto, "OK");
    upgrade(&auto, watched);
    auto.step(MINUTE);
    assert_eq!(stands(&auto), ("InProgress".to_owned(), 50, 2));
    alarm(&auto, "ALARM");
    auto.step(MINUTE);
    assert_eq!(stands(&auto), ("RollbackSuccessful".to_owned(), 0, 4));
    assert_eq!(types(&auto), ["t2.micro"; 4]);
}

#[test]
fn a_cancelled_refresh_leaves_what_it_has_done() {
    let auto = Auto::new();
    auto.group(0, 9, 3);
    auto.step(HOUR);
    let before = auto.ids();
    start(&auto, |p| p.instance_warmup = Some(300));
    auto.step(500);
    let input = autoscaling::CancelInstanceRefreshType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    };
    auto.ok::<ops::CancelInstanceRefresh>(input);
    assert_eq!(stands(&auto).0, "Cancelling");
    auto.rest();
    assert_eq!(stands(&auto).0, "Cancelled");
    let reason = refreshes(&auto).remove(0).status_reason;
    assert_eq!(reason.as_deref(), Some("Cancelled due to user request."));
    assert_eq!((auto.ids().len(), kept(&auto, &before)), (3, 2));
}

#[test]
fn a_refresh_whose_launches_fail_gives_up_after_an_hour() {
    let auto = Auto::new();
    auto.group(0, 9, 2);
    auto.no_capacity(Some("*"));
    start(&auto, |p| {
        p.min_healthy_percentage = Some(100);
        p.max_healthy_percentage = Some(150);
    });
    auto.step(65 * MINUTE);
    assert_eq!(stands(&auto), ("Failed".to_owned(), 0, 2));
    assert_eq!(auto.ids().len(), 2);
    auto.no_capacity(None);
    auto.rest();
    assert_eq!(auto.ids().len(), 2);
}

#[test]
fn preferences_that_contradict_themselves_are_refused() {
    let auto = Auto::new();
    auto.group(0, 9, 1);
    let cases: [fn(&mut autoscaling::RefreshPreferences); 5] = [
        |p| p.max_healthy_percentage = Some(120),
        |p| (p.min_healthy_percentage, p.max_healthy_percentage) = (Some(50), Some(200)),
        |p| p.checkpoint_percentages = Some(vec![50, 20]),
        |p| p.checkpoint_percentages = Some(vec![0]),
        |p| p.checkpoint_delay = Some(60),
    ];
    for change in cases {
        let error = auto.call::<ops::StartInstanceRefresh>(request(change));
        assert_eq!(error.expect_err("it is refused").code, "ValidationError");
    }
    let mut root = request(|_| ());
    root.strategy = Some("ReplaceRootVolume".into());
    let error = auto.call::<ops::StartInstanceRefresh>(root).expect_err("it is not modelled");
    assert!(error.message.contains("root volumes"), "{}", error.message);
    assert!(refreshes(&auto).is_empty());
}

#[test]
fn a_refresh_comes_to_its_end_when_nothing_takes_time() {
    let auto = Auto::at(kernel::Pace::Instant);
    auto.group(0, 9, 4);
    let before = auto.ids();
    start(&auto, |_| ());
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
    auto.step(1_000);
    start(&auto, |p| {
        p.min_healthy_percentage = Some(100);
        p.max_healthy_percentage = Some(200);
    });
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
    assert_eq!((auto.ids().len(), kept(&auto, &before)), (4, 0));
}

/// A group of two of at most five from the first version of the template, with a warm pool.
fn pooled() -> Auto {
    let auto = Auto::new();
    template(&auto);
    auto.group_with(0, 5, 2, |g| {
        g.launch_configuration_name = None;
        g.launch_template = Some(version("1"));
    });
    auto.ok::<ops::PutWarmPool>(autoscaling::PutWarmPoolType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    });
    auto.rest();
    auto.step(HOUR);
    auto
}

fn pool(auto: &Auto) -> Vec<autoscaling::Instance> {
    let found = auto.ok::<ops::DescribeWarmPool>(autoscaling::DescribeWarmPoolType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    });
    found.instances.expect("a list")
}

/// The types of the pool's instances, sorted.
fn pool_types(auto: &Auto) -> Vec<SmolStr> {
    let mut types: Vec<_> = pool(auto).into_iter().filter_map(|i| i.instance_type).collect();
    types.sort();
    types
}

/// Percentage and instances left, of the instances in service and of those in the pool.
#[track_caller]
fn shares(details: Option<autoscaling::InstanceRefreshProgressDetails>) -> [(i64, i64); 2] {
    let details = details.expect("details");
    let live = details.live_pool_progress.expect("a live pool");
    let warm = details.warm_pool_progress.expect("a warm pool");
    let number = |value: Option<i64>| value.expect("a number");
    [
        (number(live.percentage_complete), number(live.instances_to_update)),
        (number(warm.percentage_complete), number(warm.instances_to_update)),
    ]
}

fn progress(auto: &Auto) -> [(i64, i64); 2] {
    shares(refreshes(auto).remove(0).progress_details)
}

/// Steps until as many of the pool's instances are of the new version.
#[track_caller]
fn step_until_prepared(auto: &Auto, count: usize) {
    for _ in 0..10_000 {
        let ready = |i: &autoscaling::Instance| {
            i.instance_type.as_deref() == Some("t2.small")
                && i.lifecycle_state.as_deref() == Some("Warmed:Stopped")
        };
        if pool(auto).iter().filter(|i| ready(i)).count() >= count {
            return;
        }
        auto.step(100);
    }
    panic!("{:?}", pool_types(auto));
}

#[test]
fn a_refresh_replaces_what_is_in_service_and_then_the_warm_pool() {
    let auto = pooled();
    upgrade(&auto, |_| ());
    assert_eq!(progress(&auto), [(0, 2), (0, 3)]);
    step_until_prepared(&auto, 1);
    // Those in service had their turn before; the pool's go one by one.
    assert_eq!(types(&auto), ["t2.small"; 2]);
    auto.step(1_000);
    assert_eq!(stands(&auto), ("InProgress".to_owned(), 60, 2));
    assert_eq!(progress(&auto), [(100, 0), (33, 2)]);
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
    assert_eq!(progress(&auto), [(100, 0), (100, 0)]);
    assert_eq!(
        (types(&auto), pool_types(&auto)),
        (vec!["t2.small".into(); 2], vec!["t2.small".into(); 3])
    );
    let told = auto.history();
    let gone = |[what, _, why]: &&[String; 3]| {
        what.starts_with("Successful") && why.contains("in response to an instance refresh.  At T")
    };
    assert_eq!(told.iter().filter(gone).count(), 5, "{told:?}");
}

#[test]
fn outdated_instances_of_the_pool_do_not_replace_others() {
    let auto = pooled();
    let before: Vec<_> = pool(&auto).into_iter().filter_map(|i| i.instance_id).collect();
    upgrade(&auto, |_| ());
    auto.set_desired(4);
    auto.rest();
    assert_eq!(stands(&auto).0, "Successful");
    assert_eq!((types(&auto), kept(&auto, &before)), (vec!["t2.small".into(); 4], 0));
    assert_eq!(pool_types(&auto), ["t2.small"]);
}

#[test]
fn a_pool_that_matches_is_left_alone() {
    let auto = pooled();
    let before = pool(&auto);
    auto.ok::<ops::StartInstanceRefresh>(request(|p| p.skip_matching = Some(true)));
    assert_eq!(progress(&auto), [(0, 0), (0, 0)]);
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
    let ids = |pool: Vec<autoscaling::Instance>| -> Vec<_> {
        pool.into_iter().map(|i| i.instance_id).collect()
    };
    assert_eq!(ids(pool(&auto)), ids(before));
}

#[test]
fn half_a_pool_goes_at_a_time_if_half_of_it_may() {
    let auto = pooled();
    let settle = |p: &mut autoscaling::RefreshPreferences| p.min_healthy_percentage = Some(0);
    upgrade(&auto, settle);
    let prepared = |auto: &Auto| {
        pool(auto).iter().filter(|i| i.lifecycle_state.as_deref() == Some("Warmed:Stopped")).count()
    };
    let mut fewest = 3;
    for _ in 0..2_000 {
        auto.step(100);
        fewest = fewest.min(prepared(&auto));
    }
    assert_eq!(fewest, 0);
    assert_eq!(stands(&auto).0, "Successful");
}

#[test]
fn a_cancelled_refresh_leaves_the_rest_of_the_pool() {
    let auto = pooled();
    upgrade(&auto, |_| ());
    step_until_prepared(&auto, 1);
    auto.ok::<ops::CancelInstanceRefresh>(autoscaling::CancelInstanceRefreshType {
        auto_scaling_group_name: "g".into(),
        ..Default::default()
    });
    auto.rest();
    assert_eq!(stands(&auto).0, "Cancelled");
    assert_eq!(types(&auto), ["t2.small"; 2]);
    let types = pool_types(&auto);
    assert_eq!(types.len(), 3);
    assert!(types.iter().any(|kind| kind == "t2.micro"), "{types:?}");
    assert!(types.iter().any(|kind| kind == "t2.small"), "{types:?}");
}

#[test]
fn a_rollback_takes_back_what_came_into_the_pool() {
    let auto = pooled();
    let before: Vec<_> = pool(&auto).into_iter().filter_map(|i| i.instance_id).collect();
    upgrade(&auto, |_| ());
    step_until_prepared(&auto, 1);
    auto.step(1_000);
    auto.ok::<ops::RollbackInstanceRefresh>(autoscaling::RollbackInstanceRefreshType {
        auto_scaling_group_name: "g".into(),
    });
    let shown = refreshes(&auto).remove(0).rollback_details.expect("a rollback");
    assert_eq!(shares(shown.progress_details_on_rollback), [(100, 0), (33, 2)]);
    assert_eq!(shown.percentage_complete_on_rollback, Some(60));
    auto.rest();
    assert_eq!(stands(&auto).0, "RollbackSuccessful");
    assert_eq!(progress(&auto), [(0, 2), (0, 3)]);
    assert_eq!(
        (types(&auto), pool_types(&auto)),
        (vec!["t2.micro".into(); 2], vec!["t2.micro".into(); 3])
    );
    // What had not been replaced stayed: as it should be, it was drawn into the group.
    assert_eq!(kept(&auto, &before), 1);
}

#[test]
fn a_refresh_that_stops_at_a_checkpoint_leaves_the_pool_alone() {
    let auto = pooled();
    upgrade(&auto, |p| {
        p.checkpoint_percentages = Some(vec![50]);
        p.checkpoint_delay = Some(60);
    });
    auto.rest();
    assert_eq!(stands(&auto).0, "Successful");
    assert_eq!(pool_types(&auto), ["t2.micro"; 3]);
}

#[test]
fn a_pool_that_is_deleted_is_not_waited_for() {
    let auto = pooled();
    upgrade(&auto, |_| ());
    auto.ok::<ops::DeleteWarmPool>(autoscaling::DeleteWarmPoolType {
        auto_scaling_group_name: "g".into(),
        force_delete: Some(true),
    });
    auto.rest();
    assert_eq!(stands(&auto), ("Successful".to_owned(), 100, 0));
}

#[test]
fn only_a_refresh_with_a_warm_pool_tells_of_shares() {
    let auto = Auto::new();
    auto.group(0, 9, 1);
    start(&auto, |_| ());
    assert_eq!(refreshes(&auto).remove(0).progress_details, None);
}
