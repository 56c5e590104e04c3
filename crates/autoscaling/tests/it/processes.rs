//! Suspended processes.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use smol_str::SmolStr;

fn processes(names: &[&str]) -> autoscaling::ScalingProcessQuery {
    autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: (!names.is_empty()).then(|| names.iter().map(SmolStr::new).collect()),
    }
}

fn suspend(auto: &Auto, names: &[&str]) {
    auto.ok::<ops::SuspendProcesses>(processes(names));
}

fn resume(auto: &Auto, names: &[&str]) {
    auto.ok::<ops::ResumeProcesses>(processes(names));
    auto.rest();
}

/// Names of the suspended processes, and why.
fn suspended(auto: &Auto) -> Vec<(SmolStr, SmolStr)> {
    let list = auto.shown().suspended_processes.expect("a list of processes");
    list.into_iter()
        .map(|p| (p.process_name.unwrap_or_default(), p.suspension_reason.unwrap_or_default()))
        .collect()
}

#[test]
fn a_suspended_launch_is_made_up_for() {
    let auto = Auto::new();
    auto.group(0, 3, 1);
    suspend(&auto, &["Launch"]);
    auto.set_desired(3);
    auto.rest();
    assert_eq!((auto.ids().len(), auto.activities().len()), (1, 1), "nothing happens");
    resume(&auto, &["Launch"]);
    assert_eq!((auto.ids().len(), auto.activities().len()), (3, 3));
}

#[test]
fn a_suspended_termination_is_made_up_for() {
    let auto = Auto::new();
    auto.group(0, 3, 3);
    suspend(&auto, &["Terminate"]);
    auto.set_desired(1);
    auto.rest();
    assert_eq!(auto.ids().len(), 3);
    resume(&auto, &["Terminate"]);
    assert_eq!(auto.ids().len(), 1);
}

#[test]
fn without_launches_unhealthy_instances_still_go() {
    let auto = Auto::new();
    auto.group(0, 2, 2);
    suspend(&auto, &["Launch"]);
    auto.terminate_in_ec2(&auto.ids()[0]);
    auto.rest();
    assert_eq!(auto.ids().len(), 1);
    resume(&auto, &["Launch"]);
    assert_eq!(auto.ids().len(), 2);
}

#[test]
fn without_replacement_an_unhealthy_instance_is_only_marked() {
    let auto = Auto::new();
    auto.group(0, 1, 1);
    let id = auto.only();
    suspend(&auto, &["ReplaceUnhealthy"]);
    let input = autoscaling::SetInstanceHealthQuery {
        instance_id: id.clone(),
        health_status: "Unhealthy".into(),
        should_respect_grace_period: None,
    };
    auto.ok::<ops::SetInstanceHealth>(input.clone());
    auto.rest();
    assert_eq!(auto.standing(&id), ("InService".into(), "Unhealthy".into()));
    resume(&auto, &[]);
    assert_ne!(auto.only(), id);
}

#[test]
fn without_health_checks_only_what_is_said_counts() {
    let auto = Auto::new();
    auto.group(0, 2, 2);
    let ids = auto.ids();
    suspend(&auto, &["HealthCheck"]);
    auto.terminate_in_ec2(&ids[0]);
    auto.ok::<ops::SetInstanceHealth>(autoscaling::SetInstanceHealthQuery {
        instance_id: ids[1].clone(),
        health_status: "Unhealthy".into(),
        should_respect_grace_period: None,
    });
    auto.rest();
    assert_eq!(auto.standing(&ids[0]), ("InService".into(), "Healthy".into()));
    assert!(!auto.ids().contains(&ids[1]), "it was called unhealthy");
}

#[test]
fn suspending_twice_keeps_the_first_reason() {
    let auto = Auto::new();
    auto.group_with(0, 1, 0, |_| ());
    suspend(&auto, &["Launch"]);
    auto.step(60_000);
    suspend(&auto, &["Launch", "AZRebalance"]);
    assert_eq!(
        suspended(&auto),
        [
            ("AZRebalance".into(), "User suspended at 2017-09-28T05:36:06Z".into()),
            ("Launch".into(), "User suspended at 2017-09-28T05:35:06Z".into()),
        ]
    );
}

#[test]
fn no_name_means_every_process() {
    let auto = Auto::new();
    auto.group_with(0, 1, 0, |_| ());
    suspend(&auto, &[]);
    let names: Vec<SmolStr> = suspended(&auto).into_iter().map(|(name, _)| name).collect();
    for name in ["Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AZRebalance"] {
        assert!(names.contains(&name.into()), "{name} is missing in {names:?}");
    }
    resume(&auto, &[]);
    assert_eq!(suspended(&auto), []);
}

#[test]
fn an_unknown_process_is_refused() {
    let auto = Auto::new();
    auto.group_with(0, 1, 0, |_| ());
    let error = auto.call::<ops::SuspendProcesses>(processes(&["Sleep"]));
    assert_eq!(error.expect_err("there is no such process").code, "ValidationError");
    assert_eq!(suspended(&auto), []);
}

#[test]
fn an_instance_that_ec2_has_forgotten_meanwhile_is_replaced_on_resume() {
    let auto = Auto::new();
    auto.group(1, 1, 1);
    suspend(&auto, &["HealthCheck"]);
    let old = auto.only();
    auto.terminate_in_ec2(&old);
    auto.step(2 * 3_600_000);
    assert_eq!(auto.only(), old, "nobody looks");
    resume(&auto, &["HealthCheck"]);
    assert_ne!(auto.only(), old);
    let new = auto.only();
    assert_eq!(auto.standing(&new), ("InService".into(), "Healthy".into()));
}
