//! What faults do to launches, instances and calls.

use crate::harness::{Ec2, described, filter, launch, running, tagged};
use api::ec2::ops::{
    DescribeInstanceStatus, DescribeRegions, DescribeSpotInstanceRequests, RunInstances,
    StartInstances,
};
use api::ec2::{
    DescribeInstanceStatusRequest, DescribeRegionsRequest, DescribeSpotInstanceRequestsRequest,
    InstanceMarketOptionsRequest, InstanceStatus, Placement, RunInstancesRequest,
    StartInstancesRequest,
};
use kernel::{Caller, FailedCheck, FaultKind, FaultRule, Timestamp, Wall};
use serde_json::json;
use smol_str::SmolStr;

fn add(ec2: &Ec2, rule: FaultRule) -> SmolStr {
    ec2.cloud().add_fault(Wall(0), rule).expect("the fault is taken").id
}

fn clear(ec2: &Ec2) {
    ec2.cloud().clear_faults(Wall(0), None).expect("the faults are cleared");
}

fn later(ec2: &Ec2, millis: i64) -> Option<Timestamp> {
    Some(ec2.cloud().status(Wall(0)).now.plus_millis(millis))
}

fn one(zone: Option<&str>) -> RunInstancesRequest {
    RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t2.micro".into()),
        min_count: 1,
        max_count: 1,
        placement: zone
            .map(|zone| Placement { availability_zone: Some(zone.into()), ..Default::default() }),
        ..Default::default()
    }
}

fn spot() -> Option<InstanceMarketOptionsRequest> {
    Some(InstanceMarketOptionsRequest { market_type: Some("spot".into()), ..Default::default() })
}

fn statuses(ec2: &Ec2) -> Vec<InstanceStatus> {
    let request = DescribeInstanceStatusRequest::default();
    ec2.ok::<DescribeInstanceStatus>(request).instance_statuses.expect("a list")
}

/// Instance and system status of each running instance.
fn checks(ec2: &Ec2) -> Vec<(String, String)> {
    let word = |summary: Option<api::ec2::InstanceStatusSummary>| {
        summary.and_then(|s| s.status).expect("a status").to_string()
    };
    statuses(ec2).into_iter().map(|s| (word(s.instance_status), word(s.system_status))).collect()
}

fn both(word: &str) -> (String, String) {
    (word.to_owned(), word.to_owned())
}

#[test]
fn capacity_fails_as_often_as_the_fault_counts_though_the_calls_fail() {
    let ec2 = Ec2::new();
    let rule = FaultRule {
        zone: Some("us-west-1a".into()),
        count: Some(2),
        ..FaultRule::of(FaultKind::InsufficientCapacity)
    };
    assert_eq!(add(&ec2, rule), "f-1");
    for _ in 0..2 {
        let (code, text) = ec2.err::<RunInstances>(one(Some("us-west-1a")));
        assert_eq!(code, "InsufficientInstanceCapacity");
        assert_eq!(
            text,
            "We currently do not have sufficient t2.micro capacity in the Availability Zone you \
             requested (us-west-1a). Our system will be working on provisioning additional \
             capacity. You can currently get t2.micro capacity by not specifying an Availability \
             Zone in your request or choosing us-west-1c."
        );
    }
    ec2.ok::<RunInstances>(one(Some("us-west-1a")));
    let faults = ec2.cloud().faults();
    assert_eq!((faults.rules[0].count, faults.rules[0].strikes), (Some(0), 2));
}

#[test]
fn a_launch_without_a_zone_goes_where_there_is_room() {
    let ec2 = Ec2::new();
    for zone in ["us-west-1a", "us-west-1c"] {
        clear(&ec2);
        let rule =
            FaultRule { zone: Some(zone.into()), ..FaultRule::of(FaultKind::InsufficientCapacity) };
        add(&ec2, rule);
        let made = ec2.ok::<RunInstances>(one(None)).instances.expect("instances").remove(0);
        assert_ne!(made.placement.and_then(|p| p.availability_zone).as_deref(), Some(zone));
    }
}

#[test]
fn the_spot_market_can_be_empty_while_on_demand_is_not() {
    let ec2 = Ec2::new();
    let market = Some("spot".into());
    add(&ec2, FaultRule { market, ..FaultRule::of(FaultKind::InsufficientCapacity) });
    let request =
        RunInstancesRequest { instance_market_options: spot(), ..one(Some("us-west-1a")) };
    let (code, text) = ec2.err::<RunInstances>(request);
    assert_eq!(code, "InsufficientInstanceCapacity");
    assert_eq!(text, "There is no Spot capacity available that matches your request.");
    ec2.ok::<RunInstances>(one(Some("us-west-1a")));
}

#[test]
fn a_zone_outage_impairs_what_runs_there_until_it_ends() {
    let ec2 = Ec2::new();
    launch(&ec2, 1, |r| r.placement = one(Some("us-west-1a")).placement);
    ec2.step(300_000);
    assert_eq!(checks(&ec2), [both("ok")]);
    let rule = FaultRule {
        zone: Some("us-west-1a".into()),
        from: later(&ec2, 10_000),
        until: later(&ec2, 70_000),
        ..FaultRule::of(FaultKind::ZoneOutage)
    };
    add(&ec2, rule);
    ec2.step(9_999);
    assert_eq!(checks(&ec2), [both("ok")]);
    ec2.step(1);
    assert_eq!(checks(&ec2), [both("impaired")]);
    let detail = statuses(&ec2).remove(0).system_status.and_then(|s| s.details);
    let detail = detail.expect("details").remove(0);
    assert_eq!(detail.status.as_deref(), Some("failed"));
    assert!(detail.impaired_since.is_some());
    let filtered = DescribeInstanceStatusRequest {
        filters: Some(vec![filter("instance-status.status", &["impaired"])]),
        ..Default::default()
    };
    let found = ec2.ok::<DescribeInstanceStatus>(filtered).instance_statuses;
    assert_eq!(found.map(|list| list.len()), Some(1));
    let (code, _) = ec2.err::<RunInstances>(one(Some("us-west-1a")));
    assert_eq!(code, "InsufficientInstanceCapacity");
    ec2.step(60_000);
    assert_eq!(checks(&ec2), [both("ok")]);
    ec2.ok::<RunInstances>(one(Some("us-west-1a")));
}

#[test]
fn a_failed_check_follows_the_instance_until_the_fault_is_cleared() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 2);
    ec2.step(300_000);
    let rule = FaultRule {
        instance: Some(ids[0].clone()),
        check: Some(FailedCheck::Instance),
        ..FaultRule::of(FaultKind::StatusCheck)
    };
    add(&ec2, rule);
    let mut found = checks(&ec2);
    found.sort();
    assert_eq!(found, [("impaired".to_owned(), "ok".to_owned()), both("ok")]);
    clear(&ec2);
    assert_eq!(checks(&ec2), [both("ok"), both("ok")]);
}

#[test]
fn a_counted_check_fault_strikes_so_many_instances() {
    let ec2 = Ec2::new();
    running(&ec2, 5);
    ec2.step(300_000);
    add(&ec2, FaultRule { count: Some(2), ..FaultRule::of(FaultKind::StatusCheck) });
    let impaired = |ec2: &Ec2| checks(ec2).iter().filter(|c| c.0 == "impaired").count();
    assert_eq!(impaired(&ec2), 2);
    running(&ec2, 1);
    assert_eq!(impaired(&ec2), 2);
}

#[test]
fn an_instance_that_fails_to_boot_terminates_and_says_why() {
    let ec2 = Ec2::new();
    add(&ec2, FaultRule { count: Some(1), ..FaultRule::of(FaultKind::BootFailure) });
    let ids = running(&ec2, 1);
    let instance = described(&ec2, &ids[0]);
    assert_eq!(instance.state.and_then(|s| s.name).as_deref(), Some("terminated"));
    let reason = instance.state_reason.and_then(|r| r.code);
    assert_eq!(reason.as_deref(), Some("Client.InternalError"));
}

#[test]
fn spot_instances_have_two_minutes_of_notice() {
    let ec2 = Ec2::new();
    let reservation = launch(&ec2, 1, |r| r.instance_market_options = spot());
    let id = reservation.instances.expect("instances").remove(0).instance_id.expect("an id");
    running(&ec2, 1);
    add(&ec2, FaultRule::of(FaultKind::SpotInterruption));
    ec2.step(5_000);
    let request = |ec2: &Ec2| {
        let all = DescribeSpotInstanceRequestsRequest::default();
        let found = ec2.ok::<DescribeSpotInstanceRequests>(all).spot_instance_requests;
        found.expect("a list").remove(0)
    };
    let code = |ec2: &Ec2| request(ec2).status.and_then(|s| s.code).expect("a code").to_string();
    assert_eq!(code(&ec2), "marked-for-termination");
    let state = |ec2: &Ec2| described(ec2, &id).state.and_then(|s| s.name).expect("a state");
    ec2.step(119_999);
    assert_eq!(state(&ec2), "running");
    ec2.step(60_000);
    assert_eq!(state(&ec2), "terminated");
    let reason = described(&ec2, &id).state_reason.and_then(|r| r.code);
    assert_eq!(reason.as_deref(), Some("Server.SpotInstanceTermination"));
    assert_eq!(code(&ec2), "instance-terminated-no-capacity");
    assert_eq!(request(&ec2).state.as_deref(), Some("closed"));
    assert_eq!(statuses(&ec2).len(), 1, "On-Demand instances run on");
}

#[test]
fn calls_are_throttled_and_fail_inside_as_the_fault_says() {
    let ec2 = Ec2::new();
    let throttle = FaultRule {
        operation: Some("ec2:Describe*".into()),
        count: Some(1),
        ..FaultRule::of(FaultKind::Throttle)
    };
    add(&ec2, throttle.clone());
    let regions = DescribeRegionsRequest::default;
    assert_eq!(
        ec2.err::<DescribeRegions>(regions()),
        ("RequestLimitExceeded".into(), "Request limit exceeded.".into(),)
    );
    ec2.ok::<DescribeRegions>(regions());
    add(&ec2, FaultRule { kind: FaultKind::ServerError, ..throttle });
    let error = ec2.call::<DescribeRegions>(regions()).expect_err("it fails");
    assert_eq!((error.code.as_str(), error.status), ("InternalError", 500));
}

#[test]
fn a_quota_lets_no_more_vcpus_run_than_it_says() {
    let ec2 = Ec2::new();
    add(&ec2, FaultRule { limit: Some(3), ..FaultRule::of(FaultKind::Quota) });
    let request = |min, max| RunInstancesRequest { min_count: min, max_count: max, ..one(None) };
    let made = ec2.ok::<RunInstances>(request(1, 5)).instances.expect("instances");
    assert_eq!(made.len(), 3);
    let (code, text) = ec2.err::<RunInstances>(request(1, 1));
    assert_eq!(code, "VcpuLimitExceeded");
    let expected = "You have requested more vCPU capacity than your current vCPU limit of 3 allows";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn starting_needs_capacity_too() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 1);
    crate::harness::stop(&ec2, &ids[0]);
    add(&ec2, FaultRule::of(FaultKind::ZoneOutage));
    let start = StartInstancesRequest { instance_ids: ids, ..Default::default() };
    assert_eq!(ec2.err::<StartInstances>(start.clone()).0, "InsufficientInstanceCapacity");
    clear(&ec2);
    ec2.ok::<StartInstances>(start);
}

#[test]
fn recovering_moves_an_instance_off_failed_hardware() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 1);
    ec2.step(300_000);
    let check = Some(FailedCheck::System);
    add(&ec2, FaultRule { check, ..FaultRule::of(FaultKind::StatusCheck) });
    assert_eq!(checks(&ec2), [("ok".to_owned(), "impaired".to_owned())]);
    let request = json!({ "instance_id": ids[0] });
    assert_eq!(ec2.control("ec2.recover", &request)["recovered"], true);
    assert_eq!(checks(&ec2), [both("ok")]);
    assert_eq!(ec2.control("ec2.recover", &request)["recovered"], false);
}

#[test]
fn a_stop_and_a_start_leave_a_failed_check_behind() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 1);
    add(&ec2, FaultRule { count: Some(1), ..FaultRule::of(FaultKind::StatusCheck) });
    ec2.step(300_000);
    assert_eq!(checks(&ec2)[0].0, "impaired");
    crate::harness::stop(&ec2, &ids[0]);
    let start = StartInstancesRequest { instance_ids: ids, ..Default::default() };
    ec2.ok::<StartInstances>(start);
    ec2.step(300_000);
    assert_eq!(checks(&ec2), [both("ok")]);
}

#[test]
fn a_group_is_told_of_its_instances_that_do_not_simply_run() {
    let ec2 = Ec2::new();
    let caller = Caller::new("123456789012", "us-west-1").via("autoscaling");
    let mut request = one(None);
    request.instance_market_options = spot();
    request.tag_specifications = tagged("instance", "aws:autoscaling:groupName", "g");
    let row = ec2.cloud().operation("ec2", "RunInstances").expect("the operation is registered");
    ec2.cloud().invoke(Wall(0), row, &caller, Box::new(request)).expect("it is launched");
    let told = || {
        let told = ec2.control("ec2.unsettled", &json!({ "group": "g" }));
        told.as_object().and_then(|told| told.values().next().cloned())
    };
    assert_eq!(told().expect("it is told")["state"], "pending");
    ec2.step(60_000);
    assert_eq!(told(), None);
    add(&ec2, FaultRule::of(FaultKind::SpotInterruption));
    assert_eq!(told().expect("it is told")["rebalance"], true);
    assert_eq!(told().expect("it is told")["impaired"], false);
    add(&ec2, FaultRule::of(FaultKind::ZoneOutage));
    assert_eq!(told().expect("it is told")["impaired"], true);
}
