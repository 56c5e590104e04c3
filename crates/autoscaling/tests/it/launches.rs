//! LaunchInstances.

use crate::harness::{Auto, IMAGE};
use api::autoscaling::{self, ops};
use api::ec2;
use smol_str::SmolStr;

/// A group of none, of at most four, in two zones, from a launch template.
fn templated() -> Auto {
    let auto = Auto::new();
    auto.ok::<ec2::ops::CreateLaunchTemplate>(ec2::CreateLaunchTemplateRequest {
        launch_template_name: "web-template".into(),
        launch_template_data: ec2::RequestLaunchTemplateData {
            image_id: Some(IMAGE.into()),
            instance_type: Some("t2.micro".into()),
            ..Default::default()
        },
        ..Default::default()
    });
    auto.group_with(0, 4, 0, |g| {
        g.launch_configuration_name = None;
        g.launch_template = Some(autoscaling::LaunchTemplateSpecification {
            launch_template_name: Some("web-template".into()),
            ..Default::default()
        });
    });
    // One zone gets all: what would balance them is not at work.
    auto.ok::<ops::SuspendProcesses>(autoscaling::ScalingProcessQuery {
        auto_scaling_group_name: "g".into(),
        scaling_processes: Some(vec!["AZRebalance".into()]),
    });
    auto.rest();
    auto
}

fn request(capacity: i64, zone: Option<&str>) -> autoscaling::LaunchInstancesRequest {
    autoscaling::LaunchInstancesRequest {
        auto_scaling_group_name: "g".into(),
        requested_capacity: capacity,
        client_token: "token".into(),
        availability_zones: zone.map(|zone| vec![zone.into()]),
        ..Default::default()
    }
}

#[test]
fn instances_are_launched_at_once_and_the_group_grows_by_them() {
    let auto = templated();
    let told = auto.ok::<ops::LaunchInstances>(request(2, Some("us-west-1c")));
    assert_eq!(told.errors, Some(Vec::new()));
    let made = told.instances.clone().expect("a list");
    let [all] = &made[..] else { panic!("all are alike: {made:?}") };
    assert_eq!(all.instance_type.as_deref(), Some("t2.micro"));
    assert_eq!(all.market_type.as_deref(), Some("OnDemand"));
    assert_eq!(all.availability_zone.as_deref(), Some("us-west-1c"));
    let ids = all.instance_ids.clone().expect("ids");
    assert_eq!((auto.ids().len(), auto.sizes()), (2, (0, 4, 2)));
    assert!(ids.iter().all(|id| auto.standing(id).0 == "Pending"));
    // The same call again launches nothing.
    assert_eq!(auto.ok::<ops::LaunchInstances>(request(2, Some("us-west-1c"))), told);
    let error = auto.call::<ops::LaunchInstances>(request(1, Some("us-west-1c")));
    assert_eq!(error.expect_err("it is another call").code, "IdempotentParameterMismatch");
    auto.step(2_000);
    assert!(ids.iter().all(|id| auto.standing(id).0 == "InService"));
    assert_eq!(auto.sizes(), (0, 4, 2));
}

#[test]
fn what_cannot_be_launched_is_told_and_tried_again_only_if_asked() {
    for (strategy, desired) in [("none", 0), ("retry-with-group-configuration", 2)] {
        let auto = templated();
        auto.no_capacity(Some("us-west-1a"));
        let mut input = request(2, Some("us-west-1a"));
        input.retry_strategy = Some(strategy.into());
        let told = auto.ok::<ops::LaunchInstances>(input);
        assert_eq!(told.instances, Some(Vec::new()));
        let error = told.errors.expect("a list").remove(0);
        assert_eq!(error.error_code.as_deref(), Some("InsufficientInstanceCapacity"));
        assert_eq!(error.availability_zone.as_deref(), Some("us-west-1a"));
        assert_eq!(auto.sizes().2, desired, "{strategy}");
        auto.rest();
        assert_eq!(auto.ids().len(), desired as usize, "{strategy}");
    }
}

#[test]
fn a_launch_needs_a_template_a_zone_and_room() {
    let auto = templated();
    let refused = |input: autoscaling::LaunchInstancesRequest| {
        let error = auto.call::<ops::LaunchInstances>(input).expect_err("it is refused");
        assert_eq!(error.code, "ValidationError");
    };
    refused(request(1, None));
    refused(request(1, Some("us-west-1b")));
    refused(request(5, Some("us-west-1a")));
    let mut twice = request(1, Some("us-west-1a"));
    twice.availability_zone_ids = Some(vec![SmolStr::new("usw1-az1")]);
    refused(twice);
    assert_eq!((auto.ids().len(), auto.sizes().2), (0, 0));
    let auto = Auto::new();
    auto.group(0, 4, 0);
    let error = auto.call::<ops::LaunchInstances>(request(1, Some("us-west-1a")));
    assert_eq!(error.expect_err("it has a configuration").code, "ValidationError");
}
