//! Spot Instances and their requests.

use crate::harness::{Ec2, described, launch};
use api::ec2::ops::{
    CancelSpotInstanceRequests, DescribeSpotInstanceRequests, RequestSpotInstances, RunInstances,
    TerminateInstances,
};
use api::ec2::{
    CancelSpotInstanceRequestsRequest, DescribeSpotInstanceRequestsRequest,
    InstanceMarketOptionsRequest, RequestSpotInstancesRequest, RequestSpotLaunchSpecification,
    RunInstancesRequest, SpotInstanceRequest, SpotMarketOptions, TerminateInstancesRequest,
};
use smol_str::SmolStr;

fn requests(ec2: &Ec2) -> Vec<SpotInstanceRequest> {
    let request = DescribeSpotInstanceRequestsRequest::default();
    ec2.ok::<DescribeSpotInstanceRequests>(request).spot_instance_requests.expect("a list")
}

fn stands(request: &SpotInstanceRequest) -> (String, String) {
    let code = request.status.as_ref().and_then(|s| s.code.clone());
    let state = request.state.clone().unwrap_or_default();
    (state.to_string(), code.unwrap_or_default().to_string())
}

fn spot(options: SpotMarketOptions) -> Option<InstanceMarketOptionsRequest> {
    Some(InstanceMarketOptionsRequest {
        market_type: Some("spot".into()),
        spot_options: Some(options),
    })
}

fn ask(kind: &str) -> RequestSpotInstancesRequest {
    RequestSpotInstancesRequest {
        r#type: Some(kind.into()),
        spot_price: Some("0.03".into()),
        launch_specification: Some(RequestSpotLaunchSpecification {
            image_id: Some("ami-0123456789abcdef0".into()),
            instance_type: Some("t2.micro".into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn terminate(ec2: &Ec2, id: &SmolStr) {
    let request =
        TerminateInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    ec2.ok::<TerminateInstances>(request);
}

#[test]
fn each_spot_instance_of_a_launch_has_a_fulfilled_request_of_its_own() {
    let ec2 = Ec2::new();
    let reservation =
        launch(&ec2, 2, |r| r.instance_market_options = spot(SpotMarketOptions::default()));
    let found = requests(&ec2);
    assert_eq!(found.len(), 2);
    for instance in reservation.instances.expect("instances") {
        assert_eq!(instance.instance_lifecycle.as_deref(), Some("spot"));
        let own = found
            .iter()
            .find(|r| r.spot_instance_request_id == instance.spot_instance_request_id)
            .expect("the instance's request");
        assert_eq!(own.instance_id, instance.instance_id);
        assert_eq!(own.r#type.as_deref(), Some("one-time"));
        assert_eq!(stands(own), ("active".into(), "fulfilled".into()));
    }
}

#[test]
fn a_one_time_request_closes_when_its_instance_ends() {
    let ec2 = Ec2::new();
    ec2.ok::<RequestSpotInstances>(ask("one-time"));
    assert_eq!(stands(&requests(&ec2)[0]), ("open".into(), "pending-evaluation".into()));
    ec2.step(60_000);
    let request = requests(&ec2).remove(0);
    assert_eq!(stands(&request), ("active".into(), "fulfilled".into()));
    let id = request.instance_id.expect("an instance");
    assert_eq!(described(&ec2, &id).instance_lifecycle.as_deref(), Some("spot"));
    terminate(&ec2, &id);
    ec2.step(60_000);
    let expected = ("closed".into(), "instance-terminated-by-user".into());
    assert_eq!(stands(&requests(&ec2)[0]), expected);
    ec2.step(49 * 3_600_000);
    assert!(requests(&ec2).is_empty());
}

#[test]
fn a_persistent_request_launches_again() {
    let ec2 = Ec2::new();
    ec2.ok::<RequestSpotInstances>(ask("persistent"));
    ec2.step(60_000);
    let first = requests(&ec2)[0].instance_id.clone().expect("an instance");
    terminate(&ec2, &first);
    ec2.step(60_000);
    let request = requests(&ec2).remove(0);
    assert_eq!(stands(&request), ("active".into(), "fulfilled".into()));
    assert_ne!(request.instance_id, Some(first));
}

#[test]
fn cancelling_a_request_leaves_its_instance() {
    let ec2 = Ec2::new();
    ec2.ok::<RequestSpotInstances>(ask("persistent"));
    let ids = |ec2: &Ec2| CancelSpotInstanceRequestsRequest {
        spot_instance_request_ids: requests(ec2)
            .into_iter()
            .filter_map(|r| r.spot_instance_request_id)
            .collect(),
        dry_run: None,
    };
    ec2.step(60_000);
    ec2.ok::<CancelSpotInstanceRequests>(ids(&ec2));
    let request = requests(&ec2).remove(0);
    let expected = ("cancelled".into(), "request-canceled-and-instance-running".into());
    assert_eq!(stands(&request), expected);
    let id = request.instance_id.expect("an instance");
    let state = described(&ec2, &id).state.and_then(|s| s.name);
    assert_eq!(state.as_deref(), Some("running"));
    terminate(&ec2, &id);
    ec2.step(60_000);
    let running = requests(&ec2).iter().filter(|r| stands(r).0 == "active").count();
    assert_eq!(running, 0);
}

#[test]
fn a_request_that_cannot_be_launched_fails_and_says_why() {
    let ec2 = Ec2::new();
    let mut request = ask("one-time");
    let launch = request.launch_specification.as_mut().expect("a specification");
    launch.key_name = Some("nope".into());
    ec2.ok::<RequestSpotInstances>(request);
    ec2.step(60_000);
    let request = requests(&ec2).remove(0);
    assert_eq!(stands(&request), ("failed".into(), "bad-parameters".into()));
    let code = request.fault.and_then(|fault| fault.code);
    assert_eq!(code.as_deref(), Some("InvalidKeyPair.NotFound"));
}

#[test]
fn terms_are_checked() {
    let ec2 = Ec2::new();
    let run = |options| RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t2.micro".into()),
        min_count: 1,
        max_count: 1,
        instance_market_options: spot(options),
        ..Default::default()
    };
    let stop = SpotMarketOptions {
        instance_interruption_behavior: Some("stop".into()),
        ..Default::default()
    };
    assert_eq!(ec2.err::<RunInstances>(run(stop)).0, "InvalidParameterCombination");
    let price = SpotMarketOptions { max_price: Some("cheap".into()), ..Default::default() };
    assert_eq!(ec2.err::<RunInstances>(run(price)).0, "InvalidParameterValue");
    assert!(requests(&ec2).is_empty());
    let unknown = DescribeSpotInstanceRequestsRequest {
        spot_instance_request_ids: Some(vec!["sir-00000000".into()]),
        ..Default::default()
    };
    assert_eq!(
        ec2.err::<DescribeSpotInstanceRequests>(unknown),
        (
            "InvalidSpotInstanceRequestID.NotFound".into(),
            "The spot instance request ID 'sir-00000000' does not exist".into(),
        )
    );
}
