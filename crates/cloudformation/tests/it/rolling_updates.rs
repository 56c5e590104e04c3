//! Rolling updates of groups: sizes, batches and events as in the series measured on AWS.

use crate::harness::{Stacks, group, update};
use api::autoscaling as asg;
use api::cloudformation::ops;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// A group of `desired` with an update policy; `version` is in its configuration.
fn rolled(version: u32, desired: u32, max: u32, policy: &Value) -> Value {
    let policy = policy.clone();
    let mut template = group(desired, |g| {
        g["Properties"]["MaxSize"] = json!(max.to_string());
        g["Properties"]["DesiredCapacity"] = json!(desired.to_string());
        g["UpdatePolicy"] = json!({"AutoScalingRollingUpdate": policy});
    });
    configure(&mut template, version);
    template
}

fn configure(template: &mut Value, version: u32) {
    let script = format!("echo version {version}");
    template["Resources"]["LC"]["Properties"]["UserData"] = json!({"Fn::Base64": script});
}

fn with_signals(batch: u32, keep: u32) -> Value {
    json!({
        "MaxBatchSize": batch,
        "MinInstancesInService": keep,
        "WaitOnResourceSignals": true,
        "PauseTime": "PT5M",
    })
}

impl Stacks {
    fn live(&self) -> asg::AutoScalingGroup {
        let found = self.ok::<asg::ops::DescribeAutoScalingGroups>(Default::default());
        found.auto_scaling_groups.and_then(|mut g| g.pop()).expect("a group")
    }

    fn ids(&self) -> Vec<SmolStr> {
        let instances = self.live().instances.unwrap_or_default();
        instances.into_iter().filter_map(|i| i.instance_id).collect()
    }

    fn sizes(&self) -> (i64, i64, i64) {
        let group = self.live();
        (
            group.min_size.unwrap_or(-1),
            group.max_size.unwrap_or(-1),
            group.desired_capacity.unwrap_or(-1),
        )
    }

    /// Reasons of the group's events after `skip` events of the stack; ids read `#`.
    fn told_of_group(&self, skip: usize) -> Vec<String> {
        let events = self.lines_of("s", "G", skip).into_iter();
        events.map(|(status, reason)| anonymous(&format!("{status} {reason}"))).collect()
    }

    /// Lets an update go on; all instances that are not `old` signal when their batch waits.
    fn roll_with_signals(&self, old: &[SmolStr]) {
        for _ in 0..400 {
            self.step(500);
            if self.status("s").ends_with("_COMPLETE") {
                return;
            }
            let last = self.lines_of("s", "G", 0).pop().unwrap_or_default().1;
            if !last.starts_with("New instance(s) added") {
                continue;
            }
            for id in self.ids().iter().filter(|id| !old.contains(id)) {
                let input = api::cloudformation::SignalResourceInput {
                    stack_name: "s".into(),
                    logical_resource_id: "G".into(),
                    unique_id: id.clone(),
                    status: "SUCCESS".into(),
                };
                // Before the group waits for signals it takes none.
                let _ = self.call::<ops::SignalResource>(input);
            }
        }
        panic!("the update does not end: {:?}", self.told_of_group(0));
    }
}

/// Instance ids as `#`.
fn anonymous(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("i-") {
        let id: String = rest[at + 2..].chars().take_while(char::is_ascii_hexdigit).collect();
        out.push_str(&rest[..at]);
        out.push_str(if id.len() == 17 { "#" } else { "i-" });
        rest = &rest[at + 2 + if id.len() == 17 { 17 } else { 0 }..];
    }
    out.push_str(rest);
    out
}

const INITIATED: &str = "UPDATE_IN_PROGRESS Rolling update initiated. Terminating";
const WAITING: &str = "Waiting on resource signals with a timeout of PT5M when new instances are \
                       added to the autoscaling group.";

fn heard(times: usize) -> Vec<String> {
    vec!["UPDATE_IN_PROGRESS Received SUCCESS signal with UniqueId #".to_owned(); times]
}

fn added(count: usize) -> String {
    format!(
        "UPDATE_IN_PROGRESS New instance(s) added to autoscaling group - Waiting on {count} \
         resource signal(s) with a timeout of PT5M."
    )
}

fn swapped(count: usize, new: usize, progress: u32) -> Vec<String> {
    let ids = vec!["#"; count].join(",");
    vec![
        format!(
            "UPDATE_IN_PROGRESS Terminating instance(s) [{ids}]; replacing with {new} new \
             instance(s)."
        ),
        format!(
            "UPDATE_IN_PROGRESS Successfully terminated instance(s) [{ids}] (Progress {progress}%)."
        ),
    ]
}

fn resized(size: u32) -> String {
    format!(
        "UPDATE_IN_PROGRESS Temporarily setting autoscaling group MinSize and DesiredCapacity to \
         {size}."
    )
}

/// An update with signals from the first version to the second; the group's events.
fn measured(desired: u32, max: u32, keep: u32, batch: u32) -> (Stacks, Vec<String>) {
    let stacks = Stacks::new();
    let policy = with_signals(batch, keep);
    stacks.create("s", &rolled(1, desired, max, &policy));
    let (old, seen) = (stacks.ids(), stacks.events("s").len());
    assert_eq!(old.len(), desired as usize);
    stacks.ok::<ops::UpdateStack>(update("s", &rolled(2, desired, max, &policy)));
    stacks.roll_with_signals(&old);
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    let now = stacks.ids();
    assert!(old.iter().all(|id| !now.contains(id)), "all were replaced");
    assert_eq!(now.len(), desired as usize);
    let (desired, max) = (i64::from(desired), i64::from(max));
    assert_eq!(stacks.sizes(), (desired, max, desired));
    let told = stacks.told_of_group(seen);
    (stacks, told)
}

#[test]
fn a_batch_that_fits_beside_the_old_ones_comes_first() {
    let (_, told) = measured(5, 10, 5, 5);
    let mut expected = vec![
        "UPDATE_IN_PROGRESS ".to_owned(),
        format!(
            "{INITIATED} 5 obsolete instance(s) in batches of 5, while keeping at least 5 \
             instance(s) in service. {WAITING}"
        ),
        resized(10),
        added(5),
    ];
    expected.extend(heard(5));
    expected.extend(swapped(5, 0, 100));
    expected.push("UPDATE_COMPLETE ".to_owned());
    assert_eq!(told, expected);
}

#[test]
fn a_batch_that_fits_in_part_is_replaced_in_part() {
    let (_, told) = measured(6, 9, 3, 6);
    let mut expected = vec![
        "UPDATE_IN_PROGRESS ".to_owned(),
        format!(
            "{INITIATED} 6 obsolete instance(s) in batches of 6, while keeping at least 3 \
             instance(s) in service. {WAITING}"
        ),
        resized(9),
        added(3),
    ];
    expected.extend(heard(3));
    expected.extend(swapped(6, 3, 100));
    expected.push(added(3));
    expected.extend(heard(3));
    expected.push("UPDATE_COMPLETE ".to_owned());
    assert_eq!(told, expected);
}

#[test]
fn sizes_are_not_touched_where_there_is_no_room() {
    let (_, told) = measured(9, 9, 3, 6);
    let mut expected = vec![
        "UPDATE_IN_PROGRESS ".to_owned(),
        format!(
            "{INITIATED} 9 obsolete instance(s) in batches of 6, while keeping at least 3 \
             instance(s) in service. {WAITING}"
        ),
    ];
    expected.extend(swapped(6, 6, 67));
    expected.push(added(6));
    expected.extend(heard(6));
    expected.extend(swapped(3, 3, 100));
    expected.push(added(3));
    expected.extend(heard(3));
    expected.push("UPDATE_COMPLETE ".to_owned());
    assert_eq!(told, expected);
}

#[test]
fn one_after_the_other() {
    let (_, told) = measured(2, 2, 1, 1);
    let mut expected = vec![
        "UPDATE_IN_PROGRESS ".to_owned(),
        format!(
            "{INITIATED} 2 obsolete instance(s) in batches of 1, while keeping at least 1 \
             instance(s) in service. {WAITING}"
        ),
    ];
    for progress in [50, 100] {
        expected.extend(swapped(1, 1, progress));
        expected.push(added(1));
        expected.extend(heard(1));
    }
    expected.push("UPDATE_COMPLETE ".to_owned());
    assert_eq!(told, expected);
}

#[test]
fn without_signals_it_pauses() {
    let stacks = Stacks::new();
    let policy = json!({"PauseTime": "PT2M"});
    stacks.create("s", &rolled(1, 1, 2, &policy));
    let seen = stacks.events("s").len();
    stacks.update("s", &rolled(2, 1, 2, &policy));
    let mut expected = vec![
        "UPDATE_IN_PROGRESS ".to_owned(),
        format!(
            "{INITIATED} 1 obsolete instance(s) in batches of 1, while keeping at least 0 \
             instance(s) in service. Pausing for PT2M when new instances are added to the \
             autoscaling group."
        ),
    ];
    expected.extend(swapped(1, 1, 100));
    expected.push(
        "UPDATE_IN_PROGRESS New instance(s) added to autoscaling group - Pausing for PT2M."
            .to_owned(),
    );
    expected.push("UPDATE_COMPLETE ".to_owned());
    assert_eq!(stacks.told_of_group(seen), expected);
}

#[test]
fn an_update_without_signals_fails_and_rolls_its_instances_back() {
    for (explicit, desired_after) in [(true, 3), (false, 6)] {
        let stacks = Stacks::new();
        let policy = with_signals(3, 3);
        let of = |version| {
            let mut template = rolled(version, 3, 6, &policy);
            if !explicit {
                let properties = &mut template["Resources"]["G"]["Properties"];
                properties.as_object_mut().expect("properties").remove("DesiredCapacity");
            }
            template
        };
        stacks.create("s", &of(1));
        let (old, seen) = (stacks.ids(), stacks.events("s").len());
        stacks.ok::<ops::UpdateStack>(update("s", &of(2)));
        stacks.step(310_000);
        stacks.roll_with_signals(&old);
        assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
        let told = stacks.told_of_group(seen);
        let failed =
            told.iter().position(|line| line.starts_with("UPDATE_FAILED")).expect("failed");
        assert_eq!(
            told[failed - 1..=failed],
            [
                "UPDATE_IN_PROGRESS Failed to receive 3 resource signal(s) for the current batch.  \
                 Each resource signal timeout is counted as a FAILURE.",
                "UPDATE_FAILED Received 0 SUCCESS signal(s) out of 3.  Unable to satisfy 100% \
                 MinSuccessfulInstancesPercent requirement",
            ]
        );
        assert!(
            told[failed + 1..].iter().any(|line| line.starts_with(INITIATED)),
            "the rollback rolls too: {told:?}"
        );
        assert!(old.iter().all(|id| stacks.ids().contains(id)), "the old ones were kept");
        assert_eq!(stacks.sizes().2, desired_after, "desired, explicit: {explicit}");
    }
}

#[test]
fn a_failure_in_the_second_batch_counts_against_all() {
    let stacks = Stacks::new();
    let policy = with_signals(1, 0);
    stacks.create("s", &rolled(1, 2, 2, &policy));
    let (old, seen) = (stacks.ids(), stacks.events("s").len());
    stacks.ok::<ops::UpdateStack>(update("s", &rolled(2, 2, 2, &policy)));
    let mut signaled = false;
    for _ in 0..20 {
        stacks.step(500);
        let new: Vec<SmolStr> = stacks.ids().into_iter().filter(|id| !old.contains(id)).collect();
        if let [first] = new.as_slice()
            && !signaled
        {
            let input = api::cloudformation::SignalResourceInput {
                stack_name: "s".into(),
                logical_resource_id: "G".into(),
                unique_id: first.clone(),
                status: "SUCCESS".into(),
            };
            signaled = stacks.call::<ops::SignalResource>(input).is_ok();
        }
    }
    assert!(signaled);
    stacks.rest();
    let told = stacks.told_of_group(seen);
    assert!(
        told.contains(
            &"UPDATE_FAILED Received 1 SUCCESS signal(s) out of 2.  Unable to satisfy 100% \
          MinSuccessfulInstancesPercent requirement"
                .to_owned()
        )
    );
}

#[test]
fn sizes_alone_roll_nothing() {
    let stacks = Stacks::new();
    let policy = with_signals(1, 0);
    stacks.create("s", &rolled(1, 1, 2, &policy));
    let (old, seen) = (stacks.ids(), stacks.events("s").len());
    stacks.update("s", &rolled(1, 1, 3, &policy));
    assert_eq!(stacks.told_of_group(seen), ["UPDATE_IN_PROGRESS ", "UPDATE_COMPLETE "]);
    assert_eq!((stacks.ids(), stacks.sizes()), (old, (1, 3, 1)));
}

#[test]
fn without_a_policy_instances_stay() {
    let stacks = Stacks::new();
    let of = |version| {
        let mut template = group(2, |_| ());
        configure(&mut template, version);
        template
    };
    stacks.create("s", &of(1));
    let old = stacks.ids();
    stacks.update("s", &of(2));
    assert_eq!(stacks.ids(), old);
    let configurations: Vec<_> = stacks.live().instances.unwrap_or_default();
    let group = stacks.live().launch_configuration_name;
    assert!(configurations.iter().all(|i| i.launch_configuration_name != group));
}

#[test]
fn processes_are_suspended_meanwhile() {
    let stacks = Stacks::new();
    let mut policy = with_signals(1, 0);
    policy["SuspendProcesses"] = json!(["AlarmNotification", "ScheduledActions"]);
    stacks.create("s", &rolled(1, 1, 2, &policy));
    stacks.ok::<asg::ops::SuspendProcesses>(asg::ScalingProcessQuery {
        auto_scaling_group_name: stacks.live().auto_scaling_group_name.unwrap_or_default(),
        scaling_processes: Some(vec!["ScheduledActions".into()]),
    });
    let suspended = || {
        let all = stacks.live().suspended_processes.unwrap_or_default();
        all.into_iter().filter_map(|p| p.process_name).collect::<Vec<_>>()
    };
    stacks.ok::<ops::UpdateStack>(update("s", &rolled(2, 1, 2, &policy)));
    stacks.step(3_000);
    assert_eq!(suspended(), ["AlarmNotification", "ScheduledActions"]);
    stacks.rest();
    assert_eq!(suspended(), ["ScheduledActions"], "as it was, also after a failure");
}

#[test]
fn too_many_in_service_is_refused() {
    let stacks = Stacks::new();
    let policy = with_signals(1, 2);
    stacks.create("s", &rolled(1, 1, 2, &policy));
    stacks.update("s", &rolled(2, 1, 2, &policy));
    let failed = stacks.lines_of("s", "G", 0).into_iter().find(|l| l.0 == "UPDATE_FAILED");
    assert_eq!(
        failed.map(|l| l.1).as_deref(),
        Some("MinInstancesInService must be less than the autoscaling group's MaxSize")
    );
}

#[test]
fn a_replacing_update_makes_another_group() {
    let of = |version, signals: bool| {
        let mut template = group(1, |g| {
            g["UpdatePolicy"] = json!({"AutoScalingReplacingUpdate": {"WillReplace": true}});
            if signals {
                g["CreationPolicy"] = json!({"ResourceSignal": {"Count": 1, "Timeout": "PT1M"}});
            }
        });
        configure(&mut template, version);
        template
    };
    let stacks = Stacks::new();
    stacks.create("s", &of(1, false));
    let old = stacks.physical("s", "G");
    stacks.update("s", &of(2, false));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_ne!(stacks.physical("s", "G"), old);
    let (new, instances) = (stacks.physical("s", "G"), stacks.ids());
    stacks.update("s", &of(3, true));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!((stacks.physical("s", "G"), stacks.ids()), (new, instances), "untouched");
}

#[test]
fn sizes_of_a_schedule_are_left_alone_where_the_template_says_so() {
    for (ignores, expected) in [(true, (1, 4, 3)), (false, (1, 4, 1))] {
        let of = |max: u32| {
            group(1, |g| {
                g["Properties"]["MaxSize"] = json!(max.to_string());
                g["Properties"]["DesiredCapacity"] = json!("1");
                g["UpdatePolicy"] = json!({"AutoScalingScheduledAction":
                    {"IgnoreUnmodifiedGroupSizeProperties": ignores}});
            })
        };
        let stacks = Stacks::new();
        stacks.create("s", &of(5));
        stacks.ok::<asg::ops::SetDesiredCapacity>(asg::SetDesiredCapacityType {
            auto_scaling_group_name: stacks.live().auto_scaling_group_name.unwrap_or_default(),
            desired_capacity: 3,
            honor_cooldown: None,
        });
        stacks.rest();
        stacks.update("s", &of(4));
        assert_eq!(stacks.sizes(), expected, "ignores: {ignores}");
    }
}

#[test]
fn a_restart_during_a_rolling_update_changes_nothing() {
    let mut stacks = Stacks::new();
    let policy = json!({"PauseTime": "PT1M", "MaxBatchSize": 2});
    stacks.create("s", &rolled(1, 3, 4, &policy));
    let (old, seen) = (stacks.ids(), stacks.events("s").len());
    stacks.ok::<ops::UpdateStack>(update("s", &rolled(2, 3, 4, &policy)));
    for _ in 0..80 {
        stacks.step(2_000);
        stacks.restart();
    }
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert!(old.iter().all(|id| !stacks.ids().contains(id)));
    let told = stacks.told_of_group(seen);
    assert_eq!(told.iter().filter(|line| line.contains("Terminating instance(s) [")).count(), 2);
}
