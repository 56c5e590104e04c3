//! The life of instances, and how they are found.

use crate::harness::{Ec2, described, filter, launch, running, stop, tagged};
use api::ec2::ops::{
    DescribeInstanceStatus, DescribeInstances, GetConsoleOutput, GetPasswordData, RebootInstances,
    RunInstances, StartInstances, StopInstances, TerminateInstances,
};
use api::ec2::{
    DescribeInstanceStatusRequest, DescribeInstancesRequest, Filter, GetConsoleOutputRequest,
    GetPasswordDataRequest, InstanceStatus, RebootInstancesRequest, RunInstancesRequest,
    StartInstancesRequest, StopInstancesRequest, TerminateInstancesRequest,
};
use kernel::Settings;
use smol_str::SmolStr;

fn state(ec2: &Ec2, id: &SmolStr) -> String {
    described(ec2, id).state.and_then(|s| s.name).expect("a state").to_string()
}

fn terminate(ids: &[SmolStr]) -> TerminateInstancesRequest {
    TerminateInstancesRequest { instance_ids: ids.to_vec(), ..Default::default() }
}

fn found(ec2: &Ec2, filters: Vec<Filter>) -> Vec<SmolStr> {
    let request = DescribeInstancesRequest { filters: Some(filters), ..Default::default() };
    let reservations = ec2.ok::<DescribeInstances>(request).reservations.expect("a list");
    let instances = reservations.into_iter().flat_map(|r| r.instances.expect("a list"));
    instances.map(|i| i.instance_id.expect("an id")).collect()
}

fn minimal() -> RunInstancesRequest {
    RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t2.micro".into()),
        min_count: 1,
        max_count: 1,
        ..Default::default()
    }
}

#[test]
fn three_instances_make_one_reservation() {
    let ec2 = Ec2::new();
    let reservation = launch(&ec2, 3, |_| ());
    let instances = reservation.instances.expect("instances");
    let indexes: Vec<_> = instances.iter().map(|i| i.ami_launch_index).collect();
    assert_eq!(indexes, [Some(0), Some(1), Some(2)]);
    for instance in &instances {
        assert_eq!(instance.launch_time, instances[0].launch_time);
        assert_eq!(instance.state.as_ref().and_then(|s| s.code), Some(0));
        let reason = instance.state_reason.as_ref().and_then(|r| r.code.clone());
        assert_eq!(reason.as_deref(), Some("pending"));
    }
    ec2.step(60_000);
    let now = described(&ec2, instances[0].instance_id.as_ref().expect("an id"));
    assert_eq!(now.state.and_then(|s| s.code), Some(16));
    assert!(now.state_reason.is_none());
}

#[test]
fn launches_are_checked_before_anything_is_made() {
    let ec2 = Ec2::new();
    for (change, code, text) in [
        (
            RunInstancesRequest { dry_run: Some(true), ..minimal() },
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
        ),
        (
            RunInstancesRequest { image_id: None, dry_run: Some(true), ..minimal() },
            "MissingParameter",
            "The request must contain the parameter ImageId",
        ),
        (
            RunInstancesRequest { key_name: Some("nope".into()), ..minimal() },
            "InvalidKeyPair.NotFound",
            "The key pair 'nope' does not exist",
        ),
        (
            RunInstancesRequest { instance_type: Some("t9.nano".into()), ..minimal() },
            "InvalidParameterValue",
            "Invalid value 't9.nano' for InstanceType.",
        ),
        (
            RunInstancesRequest { user_data: Some("###".into()), ..minimal() },
            "InvalidUserData.Malformed",
            "Invalid BASE64 encoding of user data.",
        ),
    ] {
        assert_eq!(ec2.err::<RunInstances>(change), (code.into(), text.into()));
    }
    assert!(found(&ec2, vec![]).is_empty());
    let settings = Settings { strict_images: true, ..Settings::default() };
    let strict = Ec2::with("us-west-1", settings);
    assert_eq!(
        strict.err::<RunInstances>(minimal()).1,
        "The image id '[ami-0123456789abcdef0]' does not exist"
    );
}

#[test]
fn a_client_token_makes_a_launch_repeatable() {
    let ec2 = Ec2::new();
    let request = RunInstancesRequest { client_token: Some("once".into()), ..minimal() };
    let first = ec2.ok::<RunInstances>(request.clone());
    let again = ec2.ok::<RunInstances>(request.clone());
    assert_eq!(first.reservation_id, again.reservation_id);
    assert_eq!(found(&ec2, vec![]).len(), 1);
    let other = RunInstancesRequest { instance_type: Some("t2.small".into()), ..request };
    assert_eq!(ec2.err::<RunInstances>(other).0, "IdempotentParameterMismatch");
}

#[test]
fn a_terminated_instance_stays_visible_for_an_hour_without_its_network() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 1);
    ec2.ok::<TerminateInstances>(terminate(&ids));
    assert_eq!(state(&ec2, &ids[0]), "shutting-down");
    ec2.step(60_000);
    let gone = described(&ec2, &ids[0]);
    assert_eq!((gone.subnet_id, gone.vpc_id, gone.private_ip_address), (None, None, None));
    assert_eq!(gone.security_groups, Some(vec![]));
    assert_eq!(gone.block_device_mappings, Some(vec![]));
    assert_eq!(gone.private_dns_name.as_deref(), Some(""));
    let reason = gone.state_reason.and_then(|r| r.code);
    assert_eq!(reason.as_deref(), Some("Client.UserInitiatedShutdown"));
    let changes = ec2.ok::<TerminateInstances>(terminate(&ids)).terminating_instances;
    let change = changes.expect("a list").remove(0);
    assert_eq!(change.previous_state, change.current_state);
    ec2.step(3_600_000);
    let request =
        DescribeInstancesRequest { instance_ids: Some(ids.clone()), ..Default::default() };
    assert_eq!(
        ec2.err::<DescribeInstances>(request).1,
        format!("The instance ID '{}' does not exist", ids[0])
    );
}

#[test]
fn instances_stop_start_and_refuse_what_their_state_does_not_allow() {
    let ec2 = Ec2::new();
    let id = launch(&ec2, 1, |_| ()).instances.expect("one").remove(0).instance_id.expect("an id");
    let ids = vec![id.clone()];
    let stopping = StopInstancesRequest { instance_ids: ids.clone(), ..Default::default() };
    let starting = StartInstancesRequest { instance_ids: ids.clone(), ..Default::default() };
    let text = format!("This instance '{id}' is not in a state from which it can be stopped.");
    assert_eq!(ec2.err::<StopInstances>(stopping.clone()).1, text);
    ec2.step(60_000);
    let before = described(&ec2, &id).launch_time;
    ec2.ok::<StartInstances>(starting.clone());
    assert_eq!(state(&ec2, &id), "running", "starting what runs changes nothing");
    ec2.ok::<StopInstances>(stopping.clone());
    assert_eq!(ec2.err::<StartInstances>(starting.clone()).0, "IncorrectInstanceState");
    ec2.step(60_000);
    let stopped = described(&ec2, &id);
    assert_eq!(stopped.state.and_then(|s| s.name).as_deref(), Some("stopped"));
    let why = stopped.state_transition_reason.expect("a reason");
    assert!(why.starts_with("User initiated (1970-01-01 00:01:00 GMT)"), "{why}");
    ec2.ok::<StopInstances>(stopping);
    ec2.ok::<StartInstances>(starting);
    ec2.step(60_000);
    let started = described(&ec2, &id);
    assert_eq!(started.state_transition_reason.as_deref(), Some(""));
    assert!(started.launch_time > before, "a start is a launch");
    ec2.ok::<RebootInstances>(RebootInstancesRequest { dry_run: None, instance_ids: ids });
    assert_eq!(state(&ec2, &id), "running");
}

#[test]
fn protection_holds_those_of_the_same_zone() {
    let ec2 = Ec2::new();
    let protected = launch(&ec2, 1, |r| r.disable_api_termination = Some(true));
    let protected = protected.instances.expect("one").remove(0);
    let zone = protected.placement.and_then(|p| p.availability_zone).expect("a zone");
    let other = if zone == "us-west-1a" { "us-west-1c" } else { "us-west-1a" };
    let place = |zone: &str| {
        let placement =
            api::ec2::Placement { availability_zone: Some(zone.into()), ..Default::default() };
        let reservation = launch(&ec2, 1, |r| r.placement = Some(placement));
        reservation.instances.expect("one").remove(0).instance_id.expect("an id")
    };
    let ids = vec![protected.instance_id.expect("an id"), place(&zone), place(other)];
    let (code, text) = ec2.err::<TerminateInstances>(terminate(&ids));
    assert_eq!(code, "OperationNotPermitted");
    assert!(text.starts_with(&format!("The instance '{}' may not be terminated.", ids[0])));
    ec2.step(60_000);
    let states: Vec<String> = ids.iter().map(|id| state(&ec2, id)).collect();
    assert_eq!(states, ["running", "running", "terminated"]);
}

#[test]
fn one_unknown_id_keeps_all_from_terminating() {
    let ec2 = Ec2::new();
    let mut ids = running(&ec2, 1);
    ids.extend(["i-0123456789abcdef0".into(), "i-0123456789abcdef1".into()]);
    let text = "The instance IDs 'i-0123456789abcdef0, i-0123456789abcdef1' do not exist";
    assert_eq!(ec2.err::<TerminateInstances>(terminate(&ids)).1, text);
    assert_eq!(state(&ec2, &ids[0]), "running");
    let malformed = terminate(&["i-xyz".into()]);
    assert_eq!(ec2.err::<TerminateInstances>(malformed).1, "The instance ID 'i-xyz' is malformed");
}

#[test]
fn filters_take_wildcards_and_keep_case() {
    let ec2 = Ec2::new();
    let tags = tagged("instance", "Name", "scaling-demo");
    let reservation = launch(&ec2, 1, |r| r.tag_specifications = tags);
    let id = reservation.instances.expect("one").remove(0).instance_id.expect("an id");
    launch(&ec2, 1, |_| ());
    for (name, value, hits) in [
        ("tag:Name", "scaling*", 1),
        ("tag:Name", "SCALING*", 0),
        ("tag:Name", "scaling-dem?", 1),
        ("tag-key", "Name", 1),
        ("instance-id", &id, 1),
        ("instance-state-name", "pending", 2),
        ("instance-state-code", "16", 0),
        ("availability-zone-id", "usw1-az*", 2),
        ("block-device-mapping.status", "attaching", 2),
        ("network-interface.attachment.device-index", "0", 2),
        ("metadata-options.http-tokens", "optional", 2),
        ("launch-index", "0", 2),
        ("outpost-arn", "*", 0),
    ] {
        assert_eq!(found(&ec2, vec![filter(name, &[value])]).len(), hits, "{name}={value}");
    }
    let request =
        DescribeInstancesRequest { filters: Some(vec![filter("x", &["y"])]), ..Default::default() };
    let error = ec2.err::<DescribeInstances>(request);
    assert_eq!(error, ("InvalidParameterValue".into(), "The filter 'x' is invalid".into()));
}

#[test]
fn pages_hold_every_instance_once() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 12);
    let (mut token, mut seen) = (None, Vec::new());
    loop {
        let request = DescribeInstancesRequest {
            max_results: Some(5),
            next_token: token.take(),
            ..Default::default()
        };
        let page = ec2.ok::<DescribeInstances>(request);
        let instances = page.reservations.expect("a list").into_iter();
        seen.extend(instances.flat_map(|r| r.instances.expect("a list")).map(|i| i.instance_id));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(seen.into_iter().flatten().collect::<Vec<_>>(), sorted);
    let both = DescribeInstancesRequest {
        instance_ids: Some(ids),
        max_results: Some(5),
        ..Default::default()
    };
    assert_eq!(
        ec2.err::<DescribeInstances>(both),
        (
            "InvalidParameterCombination".into(),
            "The parameter instancesSet cannot be used with the parameter maxResults".into()
        )
    );
}

fn statuses(ec2: &Ec2, all: bool, filters: Vec<Filter>) -> Vec<InstanceStatus> {
    let request = DescribeInstanceStatusRequest {
        include_all_instances: Some(all),
        filters: Some(filters),
        ..Default::default()
    };
    ec2.ok::<DescribeInstanceStatus>(request).instance_statuses.expect("a list")
}

#[test]
fn checks_initialise_then_pass_and_show_for_running_instances_only() {
    let ec2 = Ec2::new();
    launch(&ec2, 1, |_| ());
    assert!(statuses(&ec2, false, vec![]).is_empty(), "it is pending");
    ec2.step(700);
    let status = |s: &InstanceStatus| s.instance_status.as_ref().and_then(|s| s.status.clone());
    assert_eq!(status(&statuses(&ec2, false, vec![])[0]).as_deref(), Some("initializing"));
    assert!(statuses(&ec2, false, vec![filter("instance-status.status", &["ok"])]).is_empty());
    ec2.step(1_500);
    let passed = &statuses(&ec2, false, vec![filter("system-status.reachability", &["passed"])])[0];
    assert_eq!(status(passed).as_deref(), Some("ok"));
    let id = passed.instance_id.clone().expect("an id");
    stop(&ec2, &id);
    assert!(statuses(&ec2, false, vec![]).is_empty());
    let stopped = &statuses(&ec2, true, vec![])[0];
    assert_eq!(status(stopped).as_deref(), Some("not-applicable"));
}

#[test]
fn the_console_speaks_after_the_boot_and_linux_has_no_password() {
    let ec2 = Ec2::new();
    let id = launch(&ec2, 1, |_| ()).instances.expect("one").remove(0).instance_id.expect("an id");
    let request = |latest| GetConsoleOutputRequest {
        instance_id: id.clone(),
        latest: Some(latest),
        dry_run: None,
    };
    assert_eq!(ec2.ok::<GetConsoleOutput>(request(false)).output.as_deref(), Some(""));
    ec2.step(60_000);
    let output = ec2.ok::<GetConsoleOutput>(request(false)).output.expect("an output");
    assert!(!output.is_empty() && output.len().is_multiple_of(4), "base64");
    assert_eq!(ec2.err::<GetConsoleOutput>(request(true)).0, "UnsupportedOperation", "on Xen");
    let request = GetPasswordDataRequest { instance_id: id, dry_run: None };
    assert_eq!(ec2.ok::<GetPasswordData>(request).password_data.as_deref(), Some(""));
}
