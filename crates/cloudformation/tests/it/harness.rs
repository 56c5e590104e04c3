//! A whole cloud whose journal is a tape, and typed calls on it.

use api::cloudformation::{self as wire, ops};
use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, FaultKind, FaultPlan, FaultRule, Journal,
    JournalError, Operation, Pace, Record, Settings, Wall,
};
use serde_json::{Value, json};
use smol_str::SmolStr;
use std::sync::{Arc, Mutex, PoisonError};

/// When the tests happen.
const WALL: Wall = Wall(1_506_576_906_123);

/// Keeps records as texts, as a store would.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<String>>>);

impl Tape {
    fn records(&self) -> Vec<Record> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts.iter().map(|t| serde_json::from_str(t).expect("a record is read back")).collect()
    }
}

impl Journal for Tape {
    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        let text = serde_json::to_string(record).expect("a record is text");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        Ok(())
    }

    fn checkpoint(&mut self, record: &Record) -> Result<(), JournalError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.append(record)
    }
}

/// A new account in us-west-1. Time stands still until it is stepped.
pub struct Stacks {
    cloud: Cloud,
    caller: Caller,
    tape: Tape,
}

/// Logical id, status and reason of an event.
pub type Line = (String, String, String);

impl Stacks {
    pub fn new() -> Self {
        Self::at(Pace::Brisk)
    }

    /// The same, at another pace.
    pub fn at(pace: Pace) -> Self {
        Self::with(Settings { pace, ..Settings::default() })
    }

    /// The same, with other settings.
    pub fn with(settings: Settings) -> Self {
        let caller = Caller::new(settings.account.clone(), "us-west-1");
        let clock = Clock::new(ClockMode::Paused, WALL);
        let tape = Tape::default();
        let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(tape.clone()));
        Self { cloud: cloud.expect("a tape never fails"), caller, tape }
    }

    /// Kills the cloud and starts it again from its journal.
    pub fn restart(&mut self) {
        let clock = Clock::new(ClockMode::Paused, WALL);
        let records = self.tape.records();
        let journal = Box::new(self.tape.clone());
        let wiring = lowcloud::wiring();
        self.cloud = Cloud::restore(&wiring, Settings::default(), clock, records, journal)
            .expect("the journal is whole");
    }

    pub fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, ApiError> {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let output = self.cloud.invoke(WALL, row, &self.caller, Box::new(input))?;
        Ok(*output.into_any().downcast().expect("an operation answers its own output type"))
    }

    /// A call that works, of another account or region.
    #[track_caller]
    pub fn ok_at<O: Operation>(&self, account: &str, region: &str, input: O::Input) -> O::Output {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let caller = Caller::new(account, region);
        match self.cloud.invoke(WALL, row, &caller, Box::new(input)) {
            Ok(output) => *output.into_any().downcast().expect("its own output type"),
            Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
        }
    }

    /// A call that works.
    #[track_caller]
    pub fn ok<O: Operation>(&self, input: O::Input) -> O::Output {
        match self.call::<O>(input) {
            Ok(output) => output,
            Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
        }
    }

    /// A call that fails with exactly this.
    #[track_caller]
    pub fn fails<O: Operation>(&self, input: O::Input, code: &str, message: &str) {
        match self.call::<O>(input) {
            Ok(_) => panic!("{} was expected to fail", O::NAME),
            Err(error) => assert_eq!((&*error.code, &*error.message), (code, message)),
        }
    }

    /// Launches find no capacity from now on, or do again.
    pub fn no_capacity(&self, none: bool) {
        let rule = FaultRule::of(FaultKind::InsufficientCapacity);
        let rules = none.then_some(rule).into_iter().collect();
        let plan = FaultPlan { rules, ..FaultPlan::default() };
        self.cloud.set_faults(plan).expect("a tape never fails");
    }

    /// A control, also one that only services use.
    pub fn control(&self, name: &str, request: &Value) -> Result<Value, ApiError> {
        let control = self.cloud.internal_control(name).expect("the control is registered");
        self.cloud.control(WALL, control, &self.caller, request)
    }

    /// Lets so many milliseconds pass.
    pub fn step(&self, millis: i64) {
        self.cloud.step(WALL, millis).expect("a tape never fails");
    }

    /// Lets everything come to rest, within a day.
    #[track_caller]
    pub fn rest(&self) {
        let settled = self.cloud.run_until_idle(WALL, 86_400_000).expect("a tape never fails");
        assert!(!settled.truncated, "it never rests");
    }

    /// A stack's status, by name or ARN.
    #[track_caller]
    pub fn status(&self, name: &str) -> String {
        self.shown(name).stack_status.unwrap_or_default().into()
    }

    /// Creates a stack and lets it come to rest; its ARN.
    #[track_caller]
    pub fn create(&self, name: &str, template: &Value) -> SmolStr {
        let id = self.begin(name, template, |_| ());
        self.rest();
        id
    }

    /// Begins to create a stack; `change` says what else is asked for.
    #[track_caller]
    pub fn begin(
        &self,
        name: &str,
        template: &Value,
        change: impl FnOnce(&mut wire::CreateStackInput),
    ) -> SmolStr {
        let mut input = creation(name, template);
        change(&mut input);
        self.ok::<ops::CreateStack>(input).stack_id.expect("a stack has an id")
    }

    /// Updates a stack and lets it come to rest.
    #[track_caller]
    pub fn update(&self, name: &str, template: &Value) {
        self.ok::<ops::UpdateStack>(update(name, template));
        self.rest();
    }

    /// Deletes a stack and lets it come to rest.
    #[track_caller]
    pub fn delete(&self, name: &str) {
        self.ok::<ops::DeleteStack>(deletion(name));
        self.rest();
    }

    /// A stack, by name or ARN.
    #[track_caller]
    pub fn shown(&self, name: &str) -> wire::Stack {
        let found = self.ok::<ops::DescribeStacks>(describe(name));
        found.stacks.and_then(|mut stacks| stacks.pop()).expect("a stack")
    }

    /// All events, the oldest first.
    #[track_caller]
    pub fn events(&self, name: &str) -> Vec<wire::StackEvent> {
        let mut events = Vec::new();
        let mut token = None;
        loop {
            let page = self.ok::<ops::DescribeStackEvents>(wire::DescribeStackEventsInput {
                stack_name: name.into(),
                next_token: token,
            });
            events.extend(page.stack_events.unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                events.reverse();
                return events;
            }
        }
    }

    /// The lines of all events after the first `skip`, the oldest first.
    #[track_caller]
    pub fn lines(&self, name: &str, skip: usize) -> Vec<Line> {
        let text = |text: Option<SmolStr>| text.unwrap_or_default().to_string();
        self.events(name)
            .into_iter()
            .skip(skip)
            .map(|e| {
                (
                    text(e.logical_resource_id),
                    text(e.resource_status),
                    text(e.resource_status_reason),
                )
            })
            .collect()
    }

    /// Those of one logical id.
    #[track_caller]
    pub fn lines_of(&self, name: &str, id: &str, skip: usize) -> Vec<(String, String)> {
        let lines = self.lines(name, skip).into_iter().filter(|line| line.0 == id);
        lines.map(|(_, status, reason)| (status, reason)).collect()
    }

    /// Logical id, physical id and status of each resource that is there.
    #[track_caller]
    pub fn resources(&self, name: &str) -> Vec<(String, String, String)> {
        let found = self.ok::<ops::DescribeStackResources>(wire::DescribeStackResourcesInput {
            stack_name: Some(name.into()),
            ..Default::default()
        });
        let text = |text: Option<SmolStr>| text.unwrap_or_default().to_string();
        found
            .stack_resources
            .unwrap_or_default()
            .into_iter()
            .map(|r| {
                (text(r.logical_resource_id), text(r.physical_resource_id), text(r.resource_status))
            })
            .collect()
    }

    /// The physical id of a resource.
    #[track_caller]
    pub fn physical(&self, name: &str, logical_id: &str) -> String {
        let mut resources = self.resources(name).into_iter();
        resources.find(|r| r.0 == logical_id).expect("the resource is there").1
    }

    /// The value of an SSM parameter, if it is there.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let input = api::ssm::GetParameterRequest { name: name.into(), with_decryption: None };
        let found = self.call::<api::ssm::ops::GetParameter>(input).ok()?;
        Some(found.parameter?.value?.to_string())
    }

    /// How many VPCs there are beside the default one.
    pub fn vpcs(&self) -> usize {
        let found = self.ok::<api::ec2::ops::DescribeVpcs>(Default::default());
        found.vpcs.unwrap_or_default().len() - 1
    }

    /// The outputs, in order.
    #[track_caller]
    pub fn outputs(&self, name: &str) -> Vec<(String, String)> {
        let text = |text: Option<SmolStr>| text.unwrap_or_default().to_string();
        let outputs = self.shown(name).outputs.unwrap_or_default();
        outputs.into_iter().map(|o| (text(o.output_key), text(o.output_value))).collect()
    }
}

pub fn creation(name: &str, template: &Value) -> wire::CreateStackInput {
    wire::CreateStackInput {
        stack_name: name.into(),
        template_body: Some(template.to_string().into()),
        ..Default::default()
    }
}

pub fn update(name: &str, template: &Value) -> wire::UpdateStackInput {
    wire::UpdateStackInput {
        stack_name: name.into(),
        template_body: Some(template.to_string().into()),
        ..Default::default()
    }
}

pub fn deletion(name: &str) -> wire::DeleteStackInput {
    wire::DeleteStackInput { stack_name: name.into(), ..Default::default() }
}

pub fn describe(name: &str) -> wire::DescribeStacksInput {
    wire::DescribeStacksInput { stack_name: Some(name.into()), ..Default::default() }
}

/// A stack's parameter.
pub fn given(key: &str, value: &str) -> wire::Parameter {
    wire::Parameter {
        parameter_key: Some(key.into()),
        parameter_value: Some(value.into()),
        ..Default::default()
    }
}

/// A resource with nothing but a value: an SSM parameter.
pub fn value(value: impl Into<Value>) -> Value {
    json!({"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value.into()}})
}

/// A named one: a new name means a new parameter.
pub fn named(name: &str, text: &str) -> Value {
    let mut resource = value(text);
    resource["Properties"]["Name"] = name.into();
    resource
}

/// A resource with more members.
pub fn with(mut resource: Value, member: &str, content: impl Into<Value>) -> Value {
    resource[member] = content.into();
    resource
}

/// A VPC `V`, and in it a subnet `Bad` that EC2 refuses.
pub fn refused() -> (Value, Value) {
    let vpc = json!({"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}});
    let subnet = json!({
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "V"}, "CidrBlock": "192.168.0.0/24"},
    });
    (vpc, subnet)
}

/// A template of these resources.
pub fn template(resources: &[(&str, Value)]) -> Value {
    let resources: serde_json::Map<String, Value> =
        resources.iter().map(|(id, resource)| ((*id).to_owned(), resource.clone())).collect();
    json!({ "Resources": resources })
}

/// A group `G` of this size, in two zones, with the launch configuration `LC`; `change` says what
/// else the group has.
pub fn group(size: u32, change: impl Fn(&mut Value)) -> Value {
    let configuration = json!({
        "Type": "AWS::AutoScaling::LaunchConfiguration",
        "Properties": {"ImageId": "ami-09d2fb69", "InstanceType": "t2.micro"},
    });
    let mut group = json!({
        "Type": "AWS::AutoScaling::AutoScalingGroup",
        "Properties": {
            "LaunchConfigurationName": {"Ref": "LC"},
            "MinSize": size.to_string(),
            "MaxSize": size.to_string(),
            "AvailabilityZones": {"Fn::GetAZs": ""},
        },
    });
    change(&mut group);
    template(&[("LC", configuration), ("G", group)])
}

/// Expected statuses and reasons of one resource, from `status | reason`.
pub fn lines(text: &str) -> Vec<(String, String)> {
    let line = |line: &str| {
        let (status, reason) = line.split_once('|').unwrap_or((line, ""));
        (status.trim().to_owned(), reason.trim().to_owned())
    };
    text.lines().filter(|l| !l.trim().is_empty()).map(line).collect()
}

/// Expected lines, from `logical id | status | reason`.
pub fn told(text: &str) -> Vec<Line> {
    let line = |line: &str| {
        let mut parts = line.splitn(3, '|').map(|part| part.trim().to_owned());
        let mut next = || parts.next().unwrap_or_default();
        (next(), next(), next())
    };
    text.lines().filter(|l| !l.trim().is_empty()).map(line).collect()
}
