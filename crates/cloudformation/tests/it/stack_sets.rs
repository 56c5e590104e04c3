//! Stack sets: one template in several accounts and regions.

use crate::harness::{Stacks, given, named, template, value};
use api::cloudformation::{self as wire, ops};
use serde_json::{Value, json};
use smol_str::SmolStr;

const ONE: &str = "111111111111";
const TWO: &str = "222222222222";

/// A parameter `/p` with the value of the template's parameter.
fn content() -> Value {
    let mut template = template(&[("P", named("/p", ""))]);
    template["Parameters"] = json!({"Word": {"Type": "String", "Default": "hello"}});
    template["Resources"]["P"]["Properties"]["Value"] = json!({"Ref": "Word"});
    template
}

fn create(stacks: &Stacks, template: &Value, change: impl FnOnce(&mut wire::CreateStackSetInput)) {
    let mut input = wire::CreateStackSetInput {
        stack_set_name: "set".into(),
        template_body: Some(template.to_string().into()),
        ..Default::default()
    };
    change(&mut input);
    stacks.ok::<ops::CreateStackSet>(input);
}

fn names(list: &[&str]) -> Vec<SmolStr> {
    list.iter().map(|name| SmolStr::new(*name)).collect()
}

fn in_places(accounts: &[&str], regions: &[&str]) -> wire::CreateStackInstancesInput {
    wire::CreateStackInstancesInput {
        stack_set_name: "set".into(),
        accounts: Some(names(accounts)),
        regions: names(regions),
        ..Default::default()
    }
}

/// Makes instances and lets them come to rest; the operation.
fn instances(stacks: &Stacks, accounts: &[&str], regions: &[&str]) -> wire::StackSetOperation {
    let begun = stacks.ok::<ops::CreateStackInstances>(in_places(accounts, regions));
    stacks.rest();
    operation(stacks, &begun.operation_id.expect("an operation"))
}

fn operation(stacks: &Stacks, id: &SmolStr) -> wire::StackSetOperation {
    let input = wire::DescribeStackSetOperationInput {
        stack_set_name: "set".into(),
        operation_id: id.clone(),
        ..Default::default()
    };
    let found = stacks.ok::<ops::DescribeStackSetOperation>(input);
    found.stack_set_operation.expect("an operation")
}

/// Account, region, status and detailed status of each instance.
fn listed(stacks: &Stacks) -> Vec<String> {
    let input =
        wire::ListStackInstancesInput { stack_set_name: "set".into(), ..Default::default() };
    let found = stacks.ok::<ops::ListStackInstances>(input).summaries.unwrap_or_default();
    let line = |i: wire::StackInstanceSummary| {
        let detail = i.stack_instance_status.and_then(|s| s.detailed_status);
        format!(
            "{} {} {} {}",
            i.account.unwrap_or_default(),
            i.region.unwrap_or_default(),
            i.status.unwrap_or_default(),
            detail.unwrap_or_default()
        )
    };
    found.into_iter().map(line).collect()
}

/// Account, region, status and reason of each target of an operation.
fn results(stacks: &Stacks, id: &Option<SmolStr>) -> Vec<String> {
    let input = wire::ListStackSetOperationResultsInput {
        stack_set_name: "set".into(),
        operation_id: id.clone().expect("an operation"),
        ..Default::default()
    };
    let found = stacks.ok::<ops::ListStackSetOperationResults>(input).summaries;
    let line = |r: wire::StackSetOperationResultSummary| {
        format!(
            "{} {} {}",
            r.account.unwrap_or_default(),
            r.region.unwrap_or_default(),
            r.status.unwrap_or_default()
        )
    };
    found.unwrap_or_default().into_iter().map(line).collect()
}

fn parameter(stacks: &Stacks, account: &str, region: &str) -> SmolStr {
    let input = api::ssm::GetParameterRequest { name: "/p".into(), with_decryption: None };
    let found = stacks.ok_at::<api::ssm::ops::GetParameter>(account, region, input);
    found.parameter.and_then(|parameter| parameter.value).unwrap_or_default()
}

fn stacks_of(stacks: &Stacks, account: &str, region: &str) -> Vec<wire::Stack> {
    let all = wire::DescribeStacksInput::default();
    stacks.ok_at::<ops::DescribeStacks>(account, region, all).stacks.unwrap_or_default()
}

#[test]
fn a_set_becomes_a_stack_in_every_account_and_region() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |input| input.description = Some("words".into()));
    let done = instances(&stacks, &[ONE, TWO], &["eu-west-1", "us-west-1"]);
    assert_eq!(
        (done.action.as_deref(), done.status.as_deref()),
        (Some("CREATE"), Some("SUCCEEDED"))
    );
    assert!(done.end_timestamp > done.creation_timestamp);
    assert_eq!(
        listed(&stacks),
        [
            "111111111111 eu-west-1 CURRENT SUCCEEDED",
            "111111111111 us-west-1 CURRENT SUCCEEDED",
            "222222222222 eu-west-1 CURRENT SUCCEEDED",
            "222222222222 us-west-1 CURRENT SUCCEEDED",
        ]
    );
    assert_eq!(parameter(&stacks, TWO, "eu-west-1"), "hello");
    let made = stacks_of(&stacks, ONE, "us-west-1");
    let name = made[0].stack_name.clone().unwrap_or_default();
    assert!(name.starts_with("StackSet-set-"), "{name}");
    let input = wire::DescribeStackSetInput { stack_set_name: "set".into(), ..Default::default() };
    let set = stacks.ok::<ops::DescribeStackSet>(input).stack_set.expect("the set");
    assert_eq!(set.regions, Some(names(&["eu-west-1", "us-west-1"])));
    assert_eq!(set.permission_model.as_deref(), Some("SELF_MANAGED"));
    assert_eq!(set.execution_role_name.as_deref(), Some("AWSCloudFormationStackSetExecutionRole"));
}

#[test]
fn on_the_pace_instant_all_is_done_when_the_call_answers() {
    let stacks = Stacks::at(kernel::Pace::Instant);
    create(&stacks, &content(), |_| ());
    let input = in_places(&[ONE, TWO], &["eu-west-1", "us-west-1"]);
    let begun = stacks.ok::<ops::CreateStackInstances>(input);
    let done = operation(&stacks, &begun.operation_id.expect("an operation"));
    assert_eq!(done.status.as_deref(), Some("SUCCEEDED"));
}

#[test]
fn instances_may_have_values_of_their_own() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |input| input.parameters = Some(vec![given("Word", "set's")]));
    let mut input = in_places(&[ONE], &["us-west-1"]);
    input.parameter_overrides = Some(vec![given("Word", "own")]);
    stacks.ok::<ops::CreateStackInstances>(input);
    stacks.rest();
    instances(&stacks, &[TWO], &["us-west-1"]);
    assert_eq!(parameter(&stacks, ONE, "us-west-1"), "own");
    assert_eq!(parameter(&stacks, TWO, "us-west-1"), "set's");
    // Without overrides an update goes back to the set's value.
    stacks.ok::<ops::UpdateStackInstances>(wire::UpdateStackInstancesInput {
        stack_set_name: "set".into(),
        accounts: Some(names(&[ONE])),
        regions: names(&["us-west-1"]),
        ..Default::default()
    });
    stacks.rest();
    assert_eq!(parameter(&stacks, ONE, "us-west-1"), "set's");
}

#[test]
fn an_update_reaches_all_or_those_that_are_named() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |_| ());
    instances(&stacks, &[ONE, TWO], &["us-west-1"]);
    let update = |accounts: Option<&[&str]>, word: &str| wire::UpdateStackSetInput {
        stack_set_name: "set".into(),
        use_previous_template: Some(true),
        parameters: Some(vec![given("Word", word)]),
        regions: accounts.map(|_| names(&["us-west-1"])),
        accounts: accounts.map(names),
        ..Default::default()
    };
    stacks.ok::<ops::UpdateStackSet>(update(Some(&[ONE]), "some"));
    stacks.rest();
    assert_eq!(
        (parameter(&stacks, ONE, "us-west-1"), parameter(&stacks, TWO, "us-west-1")),
        ("some".into(), "hello".into())
    );
    assert_eq!(
        listed(&stacks),
        ["111111111111 us-west-1 CURRENT SUCCEEDED", "222222222222 us-west-1 OUTDATED SUCCEEDED",]
    );
    stacks.ok::<ops::UpdateStackSet>(update(None, "all"));
    stacks.rest();
    assert_eq!(
        (parameter(&stacks, ONE, "us-west-1"), parameter(&stacks, TWO, "us-west-1")),
        ("all".into(), "all".into())
    );
}

#[test]
fn a_failure_ends_an_operation_that_tolerates_none() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |_| ());
    // The name is taken in one place.
    stacks.ok_at::<api::ssm::ops::PutParameter>(
        ONE,
        "eu-west-1",
        api::ssm::PutParameterRequest {
            name: "/p".into(),
            value: "taken".into(),
            r#type: Some("String".into()),
            ..Default::default()
        },
    );
    let done = instances(&stacks, &[ONE, TWO], &["eu-west-1", "us-west-1"]);
    assert_eq!(done.status.as_deref(), Some("FAILED"));
    assert_eq!(done.status_details.and_then(|d| d.failed_stack_instances_count), Some(1));
    assert_eq!(
        results(&stacks, &done.operation_id),
        [
            "111111111111 eu-west-1 FAILED",
            "222222222222 eu-west-1 CANCELLED",
            "111111111111 us-west-1 CANCELLED",
            "222222222222 us-west-1 CANCELLED",
        ]
    );
    let shown = stacks.ok::<ops::DescribeStackInstance>(wire::DescribeStackInstanceInput {
        stack_set_name: "set".into(),
        stack_instance_account: ONE.into(),
        stack_instance_region: "eu-west-1".into(),
        ..Default::default()
    });
    let shown = shown.stack_instance.expect("an instance");
    assert_eq!(shown.status.as_deref(), Some("OUTDATED"));
    let reason = shown.status_reason.unwrap_or_default();
    let start = "ResourceLogicalId:P, ResourceType:AWS::SSM::Parameter, ResourceStatusReason:";
    assert!(reason.starts_with(start), "{reason}");
    // Once nothing is in the way, another try clears what the first one left.
    stacks.ok_at::<api::ssm::ops::DeleteParameter>(
        ONE,
        "eu-west-1",
        api::ssm::DeleteParameterRequest { name: "/p".into() },
    );
    let done = instances(&stacks, &[ONE, TWO], &["eu-west-1", "us-west-1"]);
    assert_eq!(done.status.as_deref(), Some("SUCCEEDED"));
    assert_eq!(parameter(&stacks, ONE, "eu-west-1"), "hello");
}

#[test]
fn tolerated_failures_do_not_end_it() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |_| ());
    stacks.ok_at::<api::ssm::ops::PutParameter>(
        ONE,
        "eu-west-1",
        api::ssm::PutParameterRequest {
            name: "/p".into(),
            value: "taken".into(),
            r#type: Some("String".into()),
            ..Default::default()
        },
    );
    let mut input = in_places(&[ONE, TWO], &["eu-west-1", "us-west-1"]);
    input.operation_preferences = Some(wire::StackSetOperationPreferences {
        failure_tolerance_count: Some(1),
        region_order: Some(names(&["us-west-1", "eu-west-1"])),
        ..Default::default()
    });
    let id = stacks.ok::<ops::CreateStackInstances>(input).operation_id;
    stacks.rest();
    let done = operation(&stacks, id.as_ref().expect("an operation"));
    assert_eq!(done.status.as_deref(), Some("SUCCEEDED"));
    assert_eq!(
        results(&stacks, &id),
        [
            "111111111111 us-west-1 SUCCEEDED",
            "222222222222 us-west-1 SUCCEEDED",
            "111111111111 eu-west-1 FAILED",
            "222222222222 eu-west-1 SUCCEEDED",
        ]
    );
}

#[test]
fn regions_take_turns_unless_they_are_parallel() {
    let begin = |kind: &'static str| {
        let stacks = Stacks::new();
        create(&stacks, &content(), |_| ());
        let mut input = in_places(&[ONE, TWO], &["eu-west-1", "us-west-1"]);
        input.operation_preferences = Some(wire::StackSetOperationPreferences {
            region_concurrency_type: Some(kind.into()),
            max_concurrent_count: Some(2),
            concurrency_mode: Some("SOFT_FAILURE_TOLERANCE".into()),
            ..Default::default()
        });
        stacks.ok::<ops::CreateStackInstances>(input);
        stacks.step(1);
        listed(&stacks).into_iter().filter(|line| line.ends_with("RUNNING")).collect::<Vec<_>>()
    };
    let sequential =
        ["111111111111 eu-west-1 OUTDATED RUNNING", "222222222222 eu-west-1 OUTDATED RUNNING"];
    assert_eq!(begin("SEQUENTIAL"), sequential);
    assert_eq!(begin("PARALLEL").len(), 4);
}

#[test]
fn one_operation_at_a_time_unless_they_are_managed() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |_| ());
    stacks.ok::<ops::CreateStackInstances>(in_places(&[ONE], &["us-west-1"]));
    let error = stacks
        .call::<ops::CreateStackInstances>(in_places(&[TWO], &["us-west-1"]))
        .expect_err("one is running");
    assert_eq!((error.code.as_str(), error.status), ("OperationInProgressException", 409));
    assert_eq!(listed(&stacks).len(), 1);
    stacks.rest();
    let stacks = Stacks::new();
    create(&stacks, &content(), |input| {
        input.managed_execution = Some(wire::ManagedExecution { active: Some(true) });
    });
    stacks.ok::<ops::CreateStackInstances>(in_places(&[ONE], &["us-west-1"]));
    let second = stacks.ok::<ops::CreateStackInstances>(in_places(&[TWO], &["us-west-1"]));
    let id = second.operation_id.expect("an operation");
    assert_eq!(operation(&stacks, &id).status.as_deref(), Some("QUEUED"));
    stacks.rest();
    assert_eq!(operation(&stacks, &id).status.as_deref(), Some("SUCCEEDED"));
}

#[test]
fn what_waits_is_cancelled_when_an_operation_is_stopped() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |_| ());
    let begun = stacks.ok::<ops::CreateStackInstances>(in_places(&[ONE, TWO], &["us-west-1"]));
    let id = begun.operation_id.expect("an operation");
    let stop = wire::StopStackSetOperationInput {
        stack_set_name: "set".into(),
        operation_id: id.clone(),
        ..Default::default()
    };
    stacks.ok::<ops::StopStackSetOperation>(stop.clone());
    stacks.rest();
    assert_eq!(operation(&stacks, &id).status.as_deref(), Some("STOPPED"));
    let expected = ["111111111111 us-west-1 SUCCEEDED", "222222222222 us-west-1 CANCELLED"];
    assert_eq!(results(&stacks, &Some(id)), expected);
    let error = stacks.call::<ops::StopStackSetOperation>(stop).expect_err("it is over");
    assert_eq!(error.code, "InvalidOperationException");
}

#[test]
fn instances_go_with_their_stacks_or_leave_them() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |_| ());
    instances(&stacks, &[ONE, TWO], &["us-west-1"]);
    let delete = |account: &str, retain: bool| wire::DeleteStackInstancesInput {
        stack_set_name: "set".into(),
        accounts: Some(names(&[account])),
        regions: names(&["us-west-1"]),
        retain_stacks: retain,
        ..Default::default()
    };
    let set = || wire::DeleteStackSetInput { stack_set_name: "set".into(), ..Default::default() };
    stacks.fails::<ops::DeleteStackSet>(
        set(),
        "StackSetNotEmptyException",
        "StackSet is not empty",
    );
    stacks.ok::<ops::DeleteStackInstances>(delete(ONE, true));
    stacks.rest();
    stacks.ok::<ops::DeleteStackInstances>(delete(TWO, false));
    stacks.rest();
    assert_eq!(listed(&stacks).len(), 0);
    assert_eq!(stacks_of(&stacks, ONE, "us-west-1").len(), 1);
    assert_eq!(stacks_of(&stacks, TWO, "us-west-1").len(), 0);
    stacks.ok::<ops::DeleteStackSet>(set());
    stacks.ok::<ops::DeleteStackSet>(set());
    stacks.fails::<ops::DescribeStackSet>(
        wire::DescribeStackSetInput { stack_set_name: "set".into(), ..Default::default() },
        "StackSetNotFoundException",
        "StackSet set not found",
    );
    let all = stacks.ok::<ops::ListStackSets>(Default::default()).summaries.unwrap_or_default();
    assert_eq!(all[0].status.as_deref(), Some("DELETED"));
}

#[test]
fn drift_is_found_in_each_instance_and_counted() {
    let stacks = Stacks::new();
    create(&stacks, &content(), |_| ());
    instances(&stacks, &[ONE, TWO], &["us-west-1"]);
    stacks.ok_at::<api::ssm::ops::PutParameter>(
        ONE,
        "us-west-1",
        api::ssm::PutParameterRequest {
            name: "/p".into(),
            value: "changed".into(),
            overwrite: Some(true),
            ..Default::default()
        },
    );
    let begun = stacks.ok::<ops::DetectStackSetDrift>(wire::DetectStackSetDriftInput {
        stack_set_name: "set".into(),
        ..Default::default()
    });
    stacks.rest();
    let done = operation(&stacks, begun.operation_id.as_ref().expect("an operation"));
    let found = done.stack_set_drift_detection_details.expect("details");
    assert_eq!(found.drift_status.as_deref(), Some("DRIFTED"));
    assert_eq!(
        (
            found.total_stack_instances_count,
            found.drifted_stack_instances_count,
            found.in_sync_stack_instances_count
        ),
        (Some(2), Some(1), Some(1))
    );
    let drifts = stacks.ok::<ops::ListStackInstanceResourceDrifts>(
        wire::ListStackInstanceResourceDriftsInput {
            stack_set_name: "set".into(),
            stack_instance_account: ONE.into(),
            stack_instance_region: "us-west-1".into(),
            operation_id: done.operation_id.expect("an operation"),
            ..Default::default()
        },
    );
    let drifts = drifts.summaries.unwrap_or_default();
    assert_eq!(drifts[0].stack_resource_drift_status.as_deref(), Some("MODIFIED"));
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let stacks = Stacks::new();
    let unknown = |region: &str| wire::CreateStackInstancesInput {
        stack_set_name: "none".into(),
        accounts: Some(names(&[ONE])),
        regions: names(&[region]),
        ..Default::default()
    };
    stacks.fails::<ops::CreateStackInstances>(
        unknown("us-west-1"),
        "StackSetNotFoundException",
        "StackSet none not found",
    );
    create(&stacks, &content(), |_| ());
    let mut elsewhere = in_places(&[ONE], &["moon-1"]);
    let error = stacks.call::<ops::CreateStackInstances>(elsewhere.clone()).expect_err("no moon");
    assert_eq!(error.code, "ValidationError");
    elsewhere.regions = names(&["us-west-1"]);
    elsewhere.parameter_overrides = Some(vec![given("Nope", "x")]);
    assert!(stacks.call::<ops::CreateStackInstances>(elsewhere).is_err());
    assert_eq!(listed(&stacks).len(), 0);
    let again = wire::CreateStackSetInput {
        stack_set_name: "set".into(),
        template_body: Some(content().to_string().into()),
        ..Default::default()
    };
    let error = stacks.call::<ops::CreateStackSet>(again.clone()).expect_err("it is there");
    assert_eq!((error.code.as_str(), error.status), ("NameAlreadyExistsException", 409));
    let mut managed = again.clone();
    managed.permission_model = Some("SERVICE_MANAGED".into());
    stacks.fails::<ops::CreateStackSet>(
        managed,
        "ValidationError",
        "You must enable organizations access to operate a service managed stack set",
    );
    let mut role = again;
    role.stack_set_name = "roles".into();
    let template = template(&[
        ("R", json!({"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}})),
        ("P", value("x")),
    ]);
    role.template_body = Some(template.to_string().into());
    let error = stacks.call::<ops::CreateStackSet>(role).expect_err("capabilities are missing");
    assert_eq!(error.code, "InsufficientCapabilitiesException");
}

#[test]
fn an_operation_goes_on_after_a_restart() {
    let mut stacks = Stacks::new();
    create(&stacks, &content(), |_| ());
    let begun = stacks.ok::<ops::CreateStackInstances>(in_places(&[ONE, TWO], &["us-west-1"]));
    stacks.step(100);
    stacks.restart();
    stacks.rest();
    let done = operation(&stacks, &begun.operation_id.expect("an operation"));
    assert_eq!(done.status.as_deref(), Some("SUCCEEDED"));
}
