//! Launch configurations, and launches that EC2 refuses.

use crate::harness::{Auto, IMAGE};
use api::autoscaling::{self, ops};
use api::ec2;

fn name(name: &str) -> autoscaling::LaunchConfigurationNameType {
    autoscaling::LaunchConfigurationNameType { launch_configuration_name: name.into() }
}

#[test]
fn a_configuration_shows_its_defaults() {
    let auto = Auto::new();
    let found = auto.ok::<ops::DescribeLaunchConfigurations>(
        autoscaling::LaunchConfigurationNamesType::default(),
    );
    let shown = found.launch_configurations.expect("a list").remove(0);
    assert_eq!(shown.launch_configuration_name.as_deref(), Some("lc"));
    assert_eq!(shown.image_id.as_deref(), Some(IMAGE));
    assert_eq!(shown.instance_monitoring.and_then(|m| m.enabled), Some(true));
    assert_eq!(shown.ebs_optimized, Some(false));
    assert_eq!(shown.key_name.as_deref(), Some(""));
    assert_eq!(shown.user_data.as_deref(), Some(""));
    assert_eq!(shown.kernel_id.as_deref(), Some(""));
    assert_eq!(shown.ramdisk_id.as_deref(), Some(""));
    assert_eq!(shown.classic_link_vpc_security_groups, Some(vec![]));
}

#[test]
fn a_configuration_in_use_stays() {
    let auto = Auto::new();
    auto.group(0, 1, 0);
    auto.fails::<ops::DeleteLaunchConfiguration>(
        name("lc"),
        "ResourceInUse",
        "Cannot delete launch configuration lc because it is attached to AutoScalingGroup g",
    );
    auto.delete(false).expect("an empty group goes at once");
    auto.ok::<ops::DeleteLaunchConfiguration>(name("lc"));
    auto.fails::<ops::DeleteLaunchConfiguration>(
        name("lc"),
        "ValidationError",
        "Launch configuration name not found - Launch configuration lc not found",
    );
}

#[test]
fn a_configuration_name_is_used_once() {
    let auto = Auto::new();
    auto.fails::<ops::CreateLaunchConfiguration>(
        autoscaling::CreateLaunchConfigurationType {
            launch_configuration_name: "lc".into(),
            image_id: Some(IMAGE.into()),
            instance_type: Some("t2.micro".into()),
            ..Default::default()
        },
        "AlreadyExists",
        "Launch Configuration by this name already exists - A launch configuration already exists \
         with the name lc",
    );
}

#[test]
fn a_new_configuration_is_for_new_instances_only() {
    let auto = Auto::new();
    auto.group(0, 3, 1);
    let old = auto.only();
    auto.configuration("bigger", |c| c.instance_type = Some("t2.small".into()));
    auto.update(|u| {
        u.launch_configuration_name = Some("bigger".into());
        u.desired_capacity = Some(2);
    });
    auto.rest();
    let kinds: Vec<_> = auto
        .members()
        .into_iter()
        .map(|m| (m.instance_id == Some(old.clone()), m.instance_type.unwrap_or_default()))
        .collect();
    assert!(kinds.contains(&(true, "t2.micro".into())), "{kinds:?}");
    assert!(kinds.contains(&(false, "t2.small".into())), "{kinds:?}");
}

/// A group of one whose configuration asks for what is not there: the text of the failure.
#[track_caller]
fn check(change: impl FnOnce(&mut autoscaling::CreateLaunchConfigurationType), expected: &str) {
    let auto = Auto::new();
    auto.configuration("wrong", change);
    auto.group_with(1, 1, 1, |g| g.launch_configuration_name = Some("wrong".into()));
    auto.step(500);
    assert_eq!(auto.members(), []);
    assert_eq!(auto.sizes(), (1, 1, 1), "it still wants its instance");
    let activity = auto.activities().remove(0);
    assert_eq!(activity.status_code.as_deref(), Some("Failed"));
    assert_eq!(activity.progress, Some(100));
    assert_eq!(activity.status_message.as_deref(), Some(expected));
    assert_eq!(
        activity.description.as_deref(),
        Some(format!("Launching a new EC2 instance.  Status Reason: {expected}").as_str())
    );
    assert!(activity.end_time.is_some());
}

#[test]
fn what_ec2_does_not_know_fails_the_launch_and_not_the_configuration() {
    check(
        |c| c.key_name = Some("gone".into()),
        "The key pair 'gone' does not exist. Launching EC2 instance failed.",
    );
    check(
        |c| c.security_groups = Some(vec!["sg-0123456789abcdef0".into()]),
        "The security group 'sg-0123456789abcdef0' does not exist. Launching EC2 instance failed.",
    );
}

#[test]
fn a_failed_launch_is_tried_again_until_it_works() {
    let auto = Auto::new();
    auto.configuration("keyed", |c| c.key_name = Some("late".into()));
    auto.group_with(1, 1, 1, |g| g.launch_configuration_name = Some("keyed".into()));
    auto.step(3_500);
    let failed = auto.activities().len();
    assert_eq!(failed, 3, "after 0.2 s, a second later, and two seconds after that");
    auto.ok::<ec2::ops::CreateKeyPair>(ec2::CreateKeyPairRequest {
        key_name: "late".into(),
        ..Default::default()
    });
    auto.rest();
    assert_eq!(auto.standing(&auto.only()).0, "InService");
    assert_eq!(auto.activities().len(), failed + 1);
}

#[test]
fn a_lack_of_capacity_is_told_as_aws_tells_it() {
    let auto = Auto::new();
    auto.no_capacity(Some("*"));
    auto.group_with(1, 1, 1, |_| ());
    auto.step(500);
    let mut history = auto.history();
    assert_eq!(history.len(), 2, "the other zone was tried too");
    let [status, description, _] = history.remove(1);
    assert_eq!(status, "Failed");
    let beginning = "Launching a new EC2 instance.  Status Reason: We currently do not have \
                     sufficient t2.micro capacity in the Availability Zone you requested \
                     (us-west-1a). Our system will be working on provisioning additional capacity.";
    assert!(description.starts_with(beginning), "{description}");
    assert!(description.ends_with(" Launching EC2 instance failed."), "{description}");
    auto.no_capacity(None);
    auto.rest();
    assert_eq!(auto.ids().len(), 1);
}
