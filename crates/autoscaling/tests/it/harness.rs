//! A whole cloud, and typed calls on it: groups launch through EC2 as any client does.

use api::{autoscaling, ec2};
use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, FaultKind, FaultPlan, FaultRule, MemoryJournal,
    Operation, Pace, Settings, Wall,
};
use smol_str::SmolStr;

/// When the tests happen: 2017-09-28T05:35:06.123Z.
const WALL: Wall = Wall(1_506_576_906_123);

/// The image of every launch configuration here.
pub const IMAGE: &str = "ami-09d2fb69";

/// A new account in us-west-1 with a launch configuration `lc`. Time stands still until stepped.
pub struct Auto {
    cloud: Cloud,
    caller: Caller,
}

impl Auto {
    pub fn new() -> Self {
        Self::at(Pace::default())
    }

    /// The same at another pace.
    pub fn at(pace: Pace) -> Self {
        let settings = Settings { pace, ..Settings::default() };
        let caller = Caller::new(settings.account.clone(), "us-west-1");
        let clock = Clock::new(ClockMode::Paused, WALL);
        let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(MemoryJournal));
        let auto = Self { cloud: cloud.expect("a journal in memory never fails"), caller };
        auto.configuration("lc", |_| ());
        auto
    }

    pub fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, ApiError> {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let output = self.cloud.invoke(WALL, row, &self.caller, Box::new(input))?;
        Ok(*output.into_any().downcast().expect("an operation answers its own output type"))
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

    /// Lets so many milliseconds pass.
    pub fn step(&self, millis: i64) {
        self.cloud.step(WALL, millis).expect("a journal in memory never fails");
    }

    /// Lets everything come to rest, within a day.
    #[track_caller]
    pub fn rest(&self) {
        let settled = self.cloud.run_until_idle(WALL, 86_400_000);
        assert!(!settled.expect("a journal in memory never fails").truncated, "it never rests");
    }

    /// Launches into these zones (a pattern) fail from now on; none fail if there is no pattern.
    pub fn no_capacity(&self, zones: Option<&str>) {
        let rule = |zones: &str| FaultRule {
            zone: Some(zones.into()),
            ..FaultRule::of(FaultKind::InsufficientCapacity)
        };
        self.faults(zones.map(rule).into_iter().collect());
    }

    /// These faults, and no others, from now on.
    pub fn faults(&self, rules: Vec<FaultRule>) {
        self.cloud
            .set_faults(FaultPlan { rules, ..FaultPlan::default() })
            .expect("a journal in memory never fails");
    }

    /// The texts that were sent to the world, as JSON.
    pub fn outbox(&self) -> Vec<String> {
        let outbox = self.cloud.internal_control("outbox").expect("the control is registered");
        let answer = self.cloud.control(WALL, outbox, &self.caller, &serde_json::json!({}));
        let answer = answer.expect("an outbox");
        let sent = answer["outbox"].as_array().cloned().unwrap_or_default();
        sent.iter().map(ToString::to_string).collect()
    }

    /// A question to the control API.
    pub fn asked(
        &self,
        name: &str,
        request: serde_json::Value,
    ) -> Result<serde_json::Value, ApiError> {
        let control = self.cloud.controls().find(|it| it.name() == name && it.is_read());
        self.cloud.control(WALL, control.expect("there is such a control"), &self.caller, &request)
    }

    /// A launch configuration; `change` says what else is asked for.
    pub fn configuration(
        &self,
        name: &str,
        change: impl FnOnce(&mut autoscaling::CreateLaunchConfigurationType),
    ) {
        let mut input = autoscaling::CreateLaunchConfigurationType {
            launch_configuration_name: name.into(),
            image_id: Some(IMAGE.into()),
            instance_type: Some("t2.micro".into()),
            ..Default::default()
        };
        change(&mut input);
        self.ok::<autoscaling::ops::CreateLaunchConfiguration>(input);
    }

    /// A group `g` in two zones, come to rest.
    pub fn group(&self, min: i64, max: i64, desired: i64) {
        self.group_with(min, max, desired, |_| ());
        self.rest();
    }

    /// The same, changed, and only just made.
    pub fn group_with(
        &self,
        min: i64,
        max: i64,
        desired: i64,
        change: impl FnOnce(&mut autoscaling::CreateAutoScalingGroupType),
    ) {
        let mut input = new_group(min, max, desired);
        change(&mut input);
        self.ok::<autoscaling::ops::CreateAutoScalingGroup>(input);
    }

    pub fn groups(&self) -> Vec<autoscaling::AutoScalingGroup> {
        let names = autoscaling::AutoScalingGroupNamesType {
            auto_scaling_group_names: Some(vec!["g".into()]),
            ..Default::default()
        };
        let found = self.ok::<autoscaling::ops::DescribeAutoScalingGroups>(names);
        found.auto_scaling_groups.expect("a list of groups")
    }

    /// The group `g`.
    #[track_caller]
    pub fn shown(&self) -> autoscaling::AutoScalingGroup {
        self.groups().pop().expect("the group is there")
    }

    /// Minimum, maximum and desired capacity of `g`.
    #[track_caller]
    pub fn sizes(&self) -> (i64, i64, i64) {
        let group = self.shown();
        let size = |size: Option<i64>| size.expect("a group has sizes");
        (size(group.min_size), size(group.max_size), size(group.desired_capacity))
    }

    #[track_caller]
    pub fn members(&self) -> Vec<autoscaling::Instance> {
        self.shown().instances.expect("a list of instances")
    }

    /// Ids of the instances of `g`.
    #[track_caller]
    pub fn ids(&self) -> Vec<SmolStr> {
        let id = |i: autoscaling::Instance| i.instance_id.expect("an instance has an id");
        self.members().into_iter().map(id).collect()
    }

    /// The id of the only instance of `g`.
    #[track_caller]
    pub fn only(&self) -> SmolStr {
        let ids = self.ids();
        assert_eq!(ids.len(), 1, "one instance was expected: {ids:?}");
        ids[0].clone()
    }

    /// How many instances `g` has in each zone, in the order of the zones.
    #[track_caller]
    pub fn spread(&self) -> Vec<usize> {
        let zones = ["us-west-1a", "us-west-1c"];
        let members = self.members();
        let here = |zone: &str| {
            members.iter().filter(|m| m.availability_zone.as_deref() == Some(zone)).count()
        };
        zones.map(here).to_vec()
    }

    /// Lifecycle state and health of an instance of `g`.
    #[track_caller]
    pub fn standing(&self, id: &SmolStr) -> (SmolStr, SmolStr) {
        let mut members = self.members().into_iter();
        let member = members.find(|m| m.instance_id.as_ref() == Some(id)).expect("it is a member");
        (member.lifecycle_state.expect("a state"), member.health_status.expect("a health"))
    }

    /// The activities of `g`, the newest first.
    pub fn activities(&self) -> Vec<autoscaling::Activity> {
        let input = autoscaling::DescribeScalingActivitiesType {
            auto_scaling_group_name: Some("g".into()),
            include_deleted_groups: Some(true),
            ..Default::default()
        };
        let found = self.ok::<autoscaling::ops::DescribeScalingActivities>(input);
        found.activities.expect("a list of activities")
    }

    /// Status, description and cause of each activity, the newest first.
    pub fn history(&self) -> Vec<[String; 3]> {
        self.activities().iter().map(told).collect()
    }

    /// The state of an instance, as EC2 has it.
    #[track_caller]
    pub fn machine(&self, id: &SmolStr) -> ec2::Instance {
        let input = ec2::DescribeInstancesRequest {
            instance_ids: Some(vec![id.clone()]),
            ..Default::default()
        };
        let found = self.ok::<ec2::ops::DescribeInstances>(input).reservations;
        let reservation = found.and_then(|mut r| r.pop()).expect("a reservation");
        reservation.instances.and_then(|mut i| i.pop()).expect("an instance")
    }

    /// The state's name.
    #[track_caller]
    pub fn machine_state(&self, id: &SmolStr) -> SmolStr {
        self.machine(id).state.and_then(|s| s.name).expect("an instance has a state")
    }

    /// The tags of an instance, by key.
    #[track_caller]
    pub fn machine_tags(&self, id: &SmolStr) -> Vec<(SmolStr, SmolStr)> {
        let tags = self.machine(id).tags.unwrap_or_default();
        let mut tags: Vec<_> = tags
            .into_iter()
            .map(|t| (t.key.unwrap_or_default(), t.value.unwrap_or_default()))
            .collect();
        tags.sort();
        tags
    }

    pub fn set_desired(&self, desired: i64) {
        self.ok::<autoscaling::ops::SetDesiredCapacity>(desired_capacity(desired));
    }

    /// Changes `g`.
    pub fn update(&self, change: impl FnOnce(&mut autoscaling::UpdateAutoScalingGroupType)) {
        let mut input = autoscaling::UpdateAutoScalingGroupType {
            auto_scaling_group_name: "g".into(),
            ..Default::default()
        };
        change(&mut input);
        self.ok::<autoscaling::ops::UpdateAutoScalingGroup>(input);
    }

    pub fn delete(&self, force: bool) -> Result<(), ApiError> {
        self.call::<autoscaling::ops::DeleteAutoScalingGroup>(deletion(force))
    }

    pub fn terminate_in_ec2(&self, id: &SmolStr) {
        self.ok::<ec2::ops::TerminateInstances>(ec2::TerminateInstancesRequest {
            instance_ids: vec![id.clone()],
            ..Default::default()
        });
    }
}

/// The request for a group `g` in two zones.
pub fn new_group(min: i64, max: i64, desired: i64) -> autoscaling::CreateAutoScalingGroupType {
    autoscaling::CreateAutoScalingGroupType {
        auto_scaling_group_name: "g".into(),
        launch_configuration_name: Some("lc".into()),
        min_size: min,
        max_size: max,
        desired_capacity: Some(desired),
        availability_zones: Some(vec!["us-west-1a".into(), "us-west-1c".into()]),
        ..Default::default()
    }
}

pub fn desired_capacity(desired: i64) -> autoscaling::SetDesiredCapacityType {
    autoscaling::SetDesiredCapacityType {
        auto_scaling_group_name: "g".into(),
        desired_capacity: desired,
        honor_cooldown: None,
    }
}

pub fn deletion(force: bool) -> autoscaling::DeleteAutoScalingGroupType {
    autoscaling::DeleteAutoScalingGroupType {
        auto_scaling_group_name: "g".into(),
        force_delete: Some(force),
    }
}

/// Status, description and cause of an activity; the times in the cause become `T`.
pub fn told(activity: &autoscaling::Activity) -> [String; 3] {
    let text = |text: &Option<SmolStr>| text.as_deref().unwrap_or_default().to_owned();
    let mut cause = String::new();
    for (number, part) in text(&activity.cause).split("At 20").enumerate() {
        match (number, part.split_once('Z')) {
            (0, _) | (_, None) => cause.push_str(part),
            (_, Some((_, rest))) => cause.push_str(&format!("At T{rest}")),
        }
    }
    [text(&activity.status_code), text(&activity.description), cause]
}
