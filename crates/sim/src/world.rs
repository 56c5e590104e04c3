//! The cloud under simulation: the whole wiring, a paused clock, a journal on tape.

use crate::scaling;
use crate::script::Action;
use api::{autoscaling, cloudformation, ec2};
use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, FaultKind, FaultPlan, FaultRule, Journal,
    JournalError, Operation, Record, Settings, Timestamp, Wall,
};
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

const REGION: &str = "us-west-1";
const ACCOUNT: &str = "123456789012";
/// How long the cloud may take to come to rest: a day.
const PATIENCE_MILLIS: i64 = 86_400_000;

/// Keeps records as texts, as a store would.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<String>>>);

impl Tape {
    fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Journal for Tape {
    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        let text =
            serde_json::to_string(record).map_err(|error| JournalError(error.to_string()))?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        Ok(())
    }

    fn checkpoint(&mut self, record: &Record) -> Result<(), JournalError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.append(record)
    }
}

/// A cloud and what was done to it.
pub struct World {
    cloud: Cloud,
    tape: Tape,
    transcript: String,
    /// Faults have been in force, so that what rests on instances may have failed.
    struck: bool,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cloud.fmt(f)
    }
}

impl World {
    /// A new cloud.
    pub fn new(seed: u64) -> Self {
        let tape = Tape::default();
        let settings = Settings { seed, ..Settings::default() };
        let clock = Clock::new(ClockMode::Paused, Wall(1_506_576_906_123));
        let wiring = lowcloud::wiring();
        let cloud = Cloud::new(&wiring, settings, clock, Box::new(tape.clone()))
            .expect("a tape never fails");
        Self { cloud, tape, transcript: String::new(), struck: false }
    }

    /// Everything that was done and answered, and the journal.
    pub fn transcript(self) -> String {
        format!("{}{}", self.transcript, self.tape.texts().join("\n"))
    }

    fn wall() -> Wall {
        Wall(1_506_576_906_123)
    }

    /// Calls an operation as a client.
    pub(crate) fn call<O: Operation>(&mut self, input: O::Input) -> Result<O::Output, ApiError> {
        let row = self
            .cloud
            .operation(O::SERVICE, O::NAME)
            .ok_or_else(|| ApiError::not_implemented(O::NAME))?;
        let caller = Caller::new(ACCOUNT, REGION);
        let answer = self.cloud.invoke(Self::wall(), row, &caller, Box::new(input));
        match answer {
            Ok(output) => {
                let output: Box<O::Output> =
                    output.into_any().downcast().expect("an operation answers its own type");
                let _ = writeln!(self.transcript, "{} -> {output:?}", O::NAME);
                Ok(*output)
            }
            Err(error) => {
                let _ = writeln!(self.transcript, "{} -> {error}", O::NAME);
                Err(error)
            }
        }
    }

    /// The same, where the answer does not matter but a server's fault does.
    pub(crate) fn attempt<O: Operation>(&mut self, input: O::Input) -> Result<(), String> {
        match self.call::<O>(input) {
            Err(error) if error.code == "InternalFailure" => Err(format!("{} panicked", O::NAME)),
            _ => Ok(()),
        }
    }

    /// Does one thing.
    ///
    /// # Errors
    ///
    /// When the cloud broke a promise at once.
    pub fn act(&mut self, action: &Action) -> Result<(), String> {
        let _ = writeln!(self.transcript, "{action:?}");
        match *action {
            Action::CreateStack { stack, template, size } => {
                let input = cloudformation::CreateStackInput {
                    stack_name: stack_name(stack),
                    template_body: Some(body(template, size)),
                    ..Default::default()
                };
                self.attempt::<cloudformation::ops::CreateStack>(input)
            }
            Action::UpdateStack { stack, template, size } => {
                let input = cloudformation::UpdateStackInput {
                    stack_name: stack_name(stack),
                    template_body: Some(body(template, size)),
                    ..Default::default()
                };
                self.attempt::<cloudformation::ops::UpdateStack>(input)
            }
            Action::DeleteStack { stack } => {
                let input = cloudformation::DeleteStackInput {
                    stack_name: stack_name(stack),
                    ..Default::default()
                };
                self.attempt::<cloudformation::ops::DeleteStack>(input)
            }
            Action::CreateGroup { group, size } => self.create_group(group, size),
            Action::SetDesired { group, size } => {
                let Some(name) = self.pick_group(group) else { return Ok(()) };
                let input = autoscaling::SetDesiredCapacityType {
                    auto_scaling_group_name: name,
                    desired_capacity: i64::from(size),
                    honor_cooldown: None,
                };
                self.attempt::<autoscaling::ops::SetDesiredCapacity>(input)
            }
            Action::DeleteGroup { group } => {
                let name = format_smolstr!("own-{}", group % 3);
                let input = autoscaling::DeleteAutoScalingGroupType {
                    auto_scaling_group_name: name,
                    force_delete: Some(true),
                };
                self.attempt::<autoscaling::ops::DeleteAutoScalingGroup>(input)
            }
            Action::Terminate { instance } => {
                let Some(id) = self.pick_instance(instance) else { return Ok(()) };
                let input =
                    ec2::TerminateInstancesRequest { instance_ids: vec![id], ..Default::default() };
                self.attempt::<ec2::ops::TerminateInstances>(input)
            }
            Action::Stop { instance } => {
                let Some(id) = self.pick_instance(instance) else { return Ok(()) };
                let input =
                    ec2::StopInstancesRequest { instance_ids: vec![id], ..Default::default() };
                self.attempt::<ec2::ops::StopInstances>(input)
            }
            Action::TerminateInGroup { instance } => {
                let Some(id) = self.pick_instance(instance) else { return Ok(()) };
                let input = autoscaling::TerminateInstanceInAutoScalingGroupType {
                    instance_id: Some(id),
                    should_decrement_desired_capacity: true,
                    ..Default::default()
                };
                self.attempt::<autoscaling::ops::TerminateInstanceInAutoScalingGroup>(input)
            }
            Action::Standby { instance } => self.standby(instance),
            Action::Faults { launch, boot } => self.set_faults(launch, boot),
            Action::Step { millis } => {
                self.cloud.step(Self::wall(), millis).map_err(|e| e.to_string()).map(|_| ())
            }
            Action::Crash => self.reopen(),
            Action::Scale(ref what) => self.scale(what),
        }
    }

    /// Says something by the control API; what it refuses is refused.
    pub(crate) fn control(&mut self, name: &str, request: &serde_json::Value) {
        let control = self.cloud.controls().find(|c| c.name() == name && !c.is_read());
        let Some(control) = control else { return };
        let caller = Caller::new(ACCOUNT, REGION);
        let answer = self.cloud.control(Self::wall(), control, &caller, request);
        let _ = writeln!(self.transcript, "{name} -> {answer:?}");
    }

    pub(crate) fn add_fault(&mut self, rule: FaultRule) {
        self.struck = true;
        let answer = self.cloud.add_fault(Self::wall(), rule);
        let _ = writeln!(self.transcript, "fault -> {answer:?}");
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.cloud.now(Self::wall())
    }

    /// Number of rows of each table.
    pub(crate) fn rows(&self) -> Vec<(&'static str, usize)> {
        self.cloud.status(Self::wall()).rows
    }

    fn create_group(&mut self, group: u8, size: u8) -> Result<(), String> {
        let lc = autoscaling::CreateLaunchConfigurationType {
            launch_configuration_name: "own".into(),
            image_id: Some("ami-09d2fb69".into()),
            instance_type: Some("t2.micro".into()),
            ..Default::default()
        };
        self.attempt::<autoscaling::ops::CreateLaunchConfiguration>(lc)?;
        let template = ec2::CreateLaunchTemplateRequest {
            launch_template_name: "own".into(),
            launch_template_data: scaling::launch_data("t2.micro"),
            ..Default::default()
        };
        self.attempt::<ec2::ops::CreateLaunchTemplate>(template)?;
        // One of each kind of source.
        let mixed = || autoscaling::MixedInstancesPolicy {
            launch_template: Some(autoscaling::LaunchTemplate {
                launch_template_specification: Some(scaling::template("1")),
                overrides: None,
            }),
            instances_distribution: Some(autoscaling::InstancesDistribution {
                on_demand_percentage_above_base_capacity: Some(50),
                ..Default::default()
            }),
        };
        let input = autoscaling::CreateAutoScalingGroupType {
            auto_scaling_group_name: scaling::own(group),
            launch_configuration_name: (group % 3 == 0).then(|| "own".into()),
            launch_template: (group % 3 == 1).then(|| scaling::template("1")),
            mixed_instances_policy: (group % 3 == 2).then(mixed),
            capacity_rebalance: (group % 3 == 2).then_some(true),
            min_size: 0,
            max_size: 8,
            desired_capacity: Some(i64::from(size)),
            availability_zones: Some(vec!["us-west-1a".into(), "us-west-1c".into()]),
            ..Default::default()
        };
        self.attempt::<autoscaling::ops::CreateAutoScalingGroup>(input)
    }

    /// Moves an instance to standby, or back if it is there already.
    fn standby(&mut self, instance: u8) -> Result<(), String> {
        let Some(id) = self.pick_instance(instance) else { return Ok(()) };
        let input = autoscaling::DescribeAutoScalingInstancesType {
            instance_ids: Some(vec![id.clone()]),
            ..Default::default()
        };
        let found = self.call::<autoscaling::ops::DescribeAutoScalingInstances>(input);
        let found = found.unwrap_or_default().auto_scaling_instances.unwrap_or_default();
        let Some(member) = found.into_iter().next() else { return Ok(()) };
        let auto_scaling_group_name = member.auto_scaling_group_name.unwrap_or_default();
        if member.lifecycle_state.as_deref() == Some("Standby") {
            let input = autoscaling::ExitStandbyQuery {
                instance_ids: Some(vec![id]),
                auto_scaling_group_name,
            };
            return self.attempt::<autoscaling::ops::ExitStandby>(input);
        }
        self.attempt::<autoscaling::ops::EnterStandby>(autoscaling::EnterStandbyQuery {
            instance_ids: Some(vec![id]),
            auto_scaling_group_name,
            should_decrement_desired_capacity: false,
        })
    }

    pub(crate) fn was_struck(&self) -> bool {
        self.struck
    }

    fn set_faults(&mut self, launch: u8, boot: u8) -> Result<(), String> {
        self.struck = true;
        let rule = |kind, percent: u8| FaultRule {
            rate: Some(f64::from(percent) / 100.0),
            ..FaultRule::of(kind)
        };
        let capacity = rule(FaultKind::InsufficientCapacity, launch);
        let rules = vec![capacity, rule(FaultKind::BootFailure, boot)];
        self.cloud
            .set_faults(FaultPlan { rules, ..FaultPlan::default() })
            .map_err(|e| e.to_string())
    }

    /// Kills the cloud and starts it again from its journal, which must give it back as it was.
    fn reopen(&mut self) -> Result<(), String> {
        let before = self.cloud.status(Self::wall());
        let records = self.tape.texts().iter().map(|t| serde_json::from_str(t)).collect();
        let records: Vec<Record> = Result::map_err(records, |e| format!("a record is lost: {e}"))?;
        let clock = Clock::new(ClockMode::Paused, Self::wall());
        let journal = Box::new(self.tape.clone());
        let wiring = lowcloud::wiring();
        self.cloud = Cloud::restore(&wiring, Settings::default(), clock, records, journal)
            .map_err(|error| format!("the journal cannot be read: {error}"))?;
        let after = self.cloud.status(Self::wall());
        if before == after {
            return Ok(());
        }
        Err(format!("the reopened cloud differs: {before:?} became {after:?}"))
    }

    /// Ends the faults and lets everything come to rest.
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        self.cloud.set_faults(FaultPlan::default()).map_err(|e| e.to_string())?;
        self.let_groups_rest()?;
        let settled = self
            .cloud
            .run_until_idle(Self::wall(), PATIENCE_MILLIS)
            .map_err(|error| error.to_string())?;
        if settled.truncated {
            return Err("the cloud does not come to rest within a day".to_owned());
        }
        self.reopen()
    }

    pub(crate) fn groups(&mut self) -> Vec<autoscaling::AutoScalingGroup> {
        let input = autoscaling::AutoScalingGroupNamesType::default();
        let found = self.call::<autoscaling::ops::DescribeAutoScalingGroups>(input);
        found.unwrap_or_default().auto_scaling_groups.unwrap_or_default()
    }

    pub(crate) fn instances(&mut self) -> Vec<ec2::Instance> {
        let input = ec2::DescribeInstancesRequest::default();
        let found = self.call::<ec2::ops::DescribeInstances>(input);
        let reservations = found.unwrap_or_default().reservations.unwrap_or_default();
        reservations.into_iter().filter_map(|r| r.instances).flatten().collect()
    }

    fn pick_group(&mut self, number: u8) -> Option<SmolStr> {
        let groups = self.groups();
        let count = groups.len().max(1);
        groups.into_iter().nth(usize::from(number) % count)?.auto_scaling_group_name
    }

    fn pick_instance(&mut self, number: u8) -> Option<SmolStr> {
        let alive = |i: &ec2::Instance| state(i) == "running" || state(i) == "stopped";
        let instances: Vec<_> = self.instances().into_iter().filter(alive).collect();
        let count = instances.len().max(1);
        instances.into_iter().nth(usize::from(number) % count)?.instance_id
    }
}

/// An instance's state.
pub(crate) fn state(instance: &ec2::Instance) -> &str {
    instance.state.as_ref().and_then(|s| s.name.as_deref()).unwrap_or_default()
}

fn stack_name(number: u8) -> SmolStr {
    format_smolstr!("stack-{number}")
}

/// The templates: a network with a group, a bundle of small things, and one that fails in the end.
fn body(template: u8, size: u8) -> SmolStr {
    let group = json!({
        "Type": "AWS::AutoScaling::AutoScalingGroup",
        "Properties": {
            "LaunchConfigurationName": {"Ref": "LC"},
            "MinSize": size.min(1), "MaxSize": 6, "DesiredCapacity": size,
            "VPCZoneIdentifier": [{"Ref": "A"}, {"Ref": "B"}],
        },
    });
    let lc = json!({
        "Type": "AWS::AutoScaling::LaunchConfiguration",
        "Properties": {
            "ImageId": "ami-09d2fb69", "InstanceType": if size > 3 { "t2.small" } else { "t2.micro" },
            "SecurityGroups": [{"Ref": "SG"}],
        },
    });
    let subnet = |zone: u8, cidr: &str| {
        json!({
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "VPC"}, "CidrBlock": cidr, "MapPublicIpOnLaunch": true,
                "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
            },
        })
    };
    let mut resources = json!({
        "VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "IGW": {"Type": "AWS::EC2::InternetGateway"},
        "Attach": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": {"Ref": "VPC"}, "InternetGatewayId": {"Ref": "IGW"}},
        },
        "RT": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "VPC"}}},
        "Route": {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": "RT"}, "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": {"Ref": "IGW"},
            },
        },
        "A": subnet(0, "10.0.0.0/24"),
        "B": subnet(1, "10.0.1.0/24"),
        "SG": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "sim", "VpcId": {"Ref": "VPC"}},
        },
    });
    let members = resources.as_object_mut().expect("it is an object");
    match template {
        0 => {
            members.insert("LC".into(), lc);
            members.insert("Group".into(), group);
        }
        1 => {
            for number in 0..size {
                members.insert(
                    format!("Extra{number}"),
                    json!({
                        "Type": "AWS::EC2::SecurityGroup",
                        "Properties": {"GroupDescription": "extra", "VpcId": {"Ref": "VPC"}},
                    }),
                );
            }
        }
        _ => {
            members.insert(
                "Bad".into(),
                json!({
                    "Type": "AWS::EC2::Subnet",
                    "DependsOn": "B",
                    "Properties": {"VpcId": {"Ref": "VPC"}, "CidrBlock": "10.0.1.0/24"},
                }),
            );
        }
    }
    json!({ "Resources": resources }).to_string().into()
}
