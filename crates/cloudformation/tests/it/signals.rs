//! Creation policies and wait conditions: what counts, what fails, and the events, as measured.

use crate::harness::{Stacks, group, lines, template, told, value, with};
use api::cloudformation::{self as wire, ops};
use kernel::Settings;
use serde_json::{Value, json};

impl Stacks {
    pub fn signal(&self, stack: &str, resource: &str, id: &str, status: &str) {
        self.ok::<ops::SignalResource>(signal(stack, resource, id, status));
    }
}

fn signal(stack: &str, resource: &str, id: &str, status: &str) -> wire::SignalResourceInput {
    wire::SignalResourceInput {
        stack_name: stack.into(),
        logical_resource_id: resource.into(),
        unique_id: id.into(),
        status: status.into(),
    }
}

/// A group of `size` that waits for as many signals.
fn waiting(size: u32, percent: u32) -> Value {
    let policy = json!({
        "ResourceSignal": {"Count": size, "Timeout": "PT10M"},
        "AutoScalingCreationPolicy": {"MinSuccessfulInstancesPercent": percent},
    });
    group(size, |g| g["CreationPolicy"] = policy.clone())
}

#[test]
fn a_group_is_complete_when_its_signals_have_come() {
    let stacks = Stacks::new();
    stacks.begin("s", &waiting(2, 100), |_| ());
    stacks.step(5_000);
    stacks.signal("s", "G", "i-1", "SUCCESS");
    stacks.signal("s", "G", "i-1", "SUCCESS");
    stacks.step(5_000);
    assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS", "the same id counts once");
    stacks.signal("s", "G", "i-2", "SUCCESS");
    stacks.rest();
    assert_eq!(
        stacks.lines_of("s", "G", 0),
        lines(
            "CREATE_IN_PROGRESS |
             CREATE_IN_PROGRESS | Resource creation Initiated
             CREATE_IN_PROGRESS | Received SUCCESS signal with UniqueId i-1
             CREATE_IN_PROGRESS | Received SUCCESS signal with UniqueId i-2
             CREATE_COMPLETE |"
        )
    );
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    stacks.fails::<ops::SignalResource>(
        signal("s", "G", "i-3", "SUCCESS"),
        "ValidationError",
        &format!(
            "Stack:{} is in CREATE_COMPLETE state and can not be signaled",
            stacks.shown("s").stack_id.unwrap_or_default()
        ),
    );
}

#[test]
fn one_failure_of_two_is_too_many_for_all_and_not_for_half() {
    let stacks = Stacks::new();
    for (name, percent) in [("all", 100), ("half", 50)] {
        stacks.begin(name, &waiting(2, percent), |_| ());
        stacks.step(5_000);
        stacks.signal(name, "G", "i-1", "SUCCESS");
        stacks.signal(name, "G", "i-2", "FAILURE");
        stacks.rest();
    }
    assert_eq!(stacks.status("half"), "CREATE_COMPLETE");
    assert_eq!(stacks.status("all"), "ROLLBACK_COMPLETE");
    let events = stacks.lines("all", 0);
    assert!(events.contains(
        &told(
            "G | CREATE_FAILED | Received 1 SUCCESS signal(s) out of 2.  Unable to satisfy 100% \
         MinSuccessfulInstancesPercent requirement"
        )[0]
    ));
    assert!(events.contains(&told(
        "all | ROLLBACK_IN_PROGRESS | The following resource(s) failed to create: [G]. Rollback \
         requested by user."
    )[0]));
}

#[test]
fn signals_that_do_not_come_count_as_failures() {
    let stacks = Stacks::new();
    stacks.begin("s", &waiting(1, 100), |_| ());
    stacks.step(599_000);
    assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS");
    stacks.rest();
    let of_group = stacks.lines_of("s", "G", 0);
    assert_eq!(
        of_group[2..4],
        lines(
            "CREATE_IN_PROGRESS | Failed to receive 1 resource signal(s) for the current batch.  \
             Each resource signal timeout is counted as a FAILURE.
             CREATE_FAILED | Received 0 SUCCESS signal(s) out of 1.  Unable to satisfy 100% \
             MinSuccessfulInstancesPercent requirement"
        )
    );
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
}

fn instance(user_data: Option<&str>) -> Value {
    let mut properties = json!({"ImageId": "ami-09d2fb69", "InstanceType": "t2.micro"});
    if let Some(text) = user_data {
        properties["UserData"] = json!({"Fn::Base64": {"Fn::Sub": text}});
    }
    let instance = json!({"Type": "AWS::EC2::Instance", "Properties": properties});
    with(instance, "CreationPolicy", json!({"ResourceSignal": {"Timeout": "PT2M"}}))
}

#[test]
fn an_instance_fails_by_one_failure_or_by_silence() {
    let stacks = Stacks::new();
    for name in ["told", "silent"] {
        stacks.begin(name, &template(&[("I", instance(None))]), |_| ());
    }
    stacks.step(5_000);
    stacks.signal("told", "I", "x", "FAILURE");
    stacks.rest();
    let failed = |name| {
        let lines = stacks.lines_of(name, "I", 0).into_iter();
        lines.filter(|(status, _)| status == "CREATE_FAILED").map(|l| l.1).collect::<Vec<_>>()
    };
    assert_eq!(failed("told"), ["Received FAILURE signal with UniqueId x"]);
    assert_eq!(
        failed("silent"),
        ["Failed to receive 1 resource signal(s) within the specified duration"]
    );
}

#[test]
fn a_guest_signals_when_it_has_booted() {
    let script = "#!/bin/bash\n/opt/aws/bin/cfn-signal -e $? --stack ${AWS::StackName} \
                  --resource I --region ${AWS::Region}\n";
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("I", instance(Some(script)))]));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let id = stacks.physical("s", "I");
    let heard = format!("Received SUCCESS signal with UniqueId {id}");
    assert!(stacks.lines_of("s", "I", 0).iter().any(|(_, reason)| *reason == heard));

    let stacks = Stacks::with(Settings { guest_signals: false, ..Settings::default() });
    stacks.create("s", &template(&[("I", instance(Some(script)))]));
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE", "only real calls count");
}

#[test]
fn a_group_of_guests_signals_by_itself() {
    let stacks = Stacks::new();
    let mut of = waiting(3, 100);
    of["Resources"]["LC"]["Properties"]["UserData"] = json!({"Fn::Base64": {"Fn::Sub":
        "cfn-signal -e 0 --stack ${AWS::StackId} --resource G"}});
    stacks.create("s", &of);
    let reasons = stacks.lines_of("s", "G", 0);
    let heard = reasons.iter().filter(|(_, r)| r.starts_with("Received SUCCESS signal")).count();
    assert_eq!((stacks.status("s").as_str(), heard), ("CREATE_COMPLETE", 3));
}

fn condition(count: u32, timeout: u32) -> Value {
    let handle = json!({"Type": "AWS::CloudFormation::WaitConditionHandle"});
    let condition = json!({
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "H"}, "Timeout": timeout.to_string(), "Count": count},
    });
    let mut template = template(&[("H", handle), ("W", condition), ("P", value("x"))]);
    template["Outputs"] = json!({"Data": {"Value": {"Fn::GetAtt": ["W", "Data"]}}});
    template
}

impl Stacks {
    fn put(&self, url: &str, body: &Value) -> Result<(), kernel::ApiError> {
        let request = json!({"url": url, "body": body.to_string()});
        self.control("cloudformation.wait-signal", &request).map(drop)
    }
}

fn told_by(id: &str, data: &str) -> Value {
    json!({"Status": "SUCCESS", "UniqueId": id, "Data": data, "Reason": "done"})
}

#[test]
fn a_wait_condition_waits_for_what_is_put_to_its_handle() {
    let stacks = Stacks::new();
    let id = stacks.begin("s", &condition(2, 600), |_| ());
    stacks.step(5_000);
    let url = stacks.physical("s", "H");
    let arn = id.replace(':', "%3A").replace('/', "%2F");
    let start =
        format!("http://localhost:4566/_lowcloud/cloudformation-waitcondition-us-west-1/{arn}/H?");
    assert!(url.starts_with(&start), "{url}");
    stacks.put(&url, &told_by("b", "2")).expect("a handle");
    stacks.put(&url, &told_by("b", "again")).expect("a handle");
    stacks.step(5_000);
    assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS");
    stacks.put(&url, &told_by("a", "1")).expect("a handle");
    stacks.rest();
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    assert_eq!(stacks.outputs("s"), [("Data".to_owned(), r#"{"b":"2","a":"1"}"#.to_owned())]);
    assert_eq!(stacks.physical("s", "W"), format!("{id}/H"));
    let error =
        stacks.put("http://localhost:4566/other", &told_by("c", "")).expect_err("no handle");
    assert_eq!(error.status, 403);
}

#[test]
fn a_wait_condition_fails_by_message_by_nonsense_and_by_time() {
    let stacks = Stacks::new();
    let failure = json!({"Status": "FAILURE", "UniqueId": "me", "Reason": "no disk"});
    for (name, body, reason) in [
        ("f", Some(failure), "WaitCondition received failed message: 'no disk' for uniqueId: me"),
        ("n", Some(json!({"status": "SUCCESS"})), "Unparsable WaitCondition data"),
        ("t", None, "WaitCondition timed out. Received 0 conditions when expecting 1"),
    ] {
        stacks.begin(name, &condition(1, 10), |_| ());
        stacks.step(3_000);
        if let Some(body) = body {
            stacks.put(&stacks.physical(name, "H"), &body).expect("a handle");
        }
        stacks.rest();
        let failed = stacks.lines_of(name, "W", 0).into_iter().find(|l| l.0 == "CREATE_FAILED");
        assert_eq!(failed.map(|l| l.1).as_deref(), Some(reason));
        assert_eq!(stacks.status(name), "ROLLBACK_COMPLETE");
    }
}

#[test]
fn only_what_waits_can_be_signaled() {
    let stacks = Stacks::new();
    let mut of = waiting(1, 100);
    of["Resources"]["P"] = value("x");
    stacks.begin("s", &of, |_| ());
    stacks.step(5_000);
    stacks.fails::<ops::SignalResource>(
        signal("s", "P", "x", "SUCCESS"),
        "ValidationError",
        "Resource P is in CREATE_COMPLETE state and cannot be signaled",
    );
    stacks.fails::<ops::SignalResource>(
        signal("s", "Q", "x", "SUCCESS"),
        "ValidationError",
        "Resource Q does not exist for stack s",
    );
    stacks.fails::<ops::SignalResource>(
        signal("t", "P", "x", "SUCCESS"),
        "ValidationError",
        "Stack 't' does not exist",
    );
}

#[test]
fn a_restart_while_signals_are_awaited_changes_nothing() {
    let mut stacks = Stacks::new();
    stacks.begin("s", &waiting(2, 100), |_| ());
    stacks.step(5_000);
    stacks.signal("s", "G", "i-1", "SUCCESS");
    stacks.restart();
    stacks.signal("s", "G", "i-2", "SUCCESS");
    stacks.rest();
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
}
