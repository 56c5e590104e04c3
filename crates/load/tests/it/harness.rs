//! A whole cloud with a group, and typed calls on it.

use api::{autoscaling, cloudwatch};
use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Settings, Timestamp, Wall,
};
use serde_json::Value;
use smol_str::SmolStr;

/// When the tests begin: 2017-09-28T00:00:00Z.
pub const WALL: Wall = Wall(1_506_556_800_000);

/// A new account in us-west-1 with a launch configuration `lc` of t2.micro with detailed
/// monitoring. Time stands still until stepped.
pub struct World {
    pub cloud: Cloud,
    caller: Caller,
}

impl World {
    pub fn new() -> Self {
        let settings = Settings::default();
        let caller = Caller::new(settings.account.clone(), "us-west-1");
        let clock = Clock::new(ClockMode::Paused, WALL);
        let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(MemoryJournal));
        let world = Self { cloud: cloud.expect("a journal in memory never fails"), caller };
        world.configuration("lc", true);
        world
    }

    pub fn configuration(&self, name: &str, detailed: bool) {
        self.ok::<autoscaling::ops::CreateLaunchConfiguration>(
            autoscaling::CreateLaunchConfigurationType {
                launch_configuration_name: name.into(),
                image_id: Some("ami-09d2fb69".into()),
                instance_type: Some("t2.micro".into()),
                instance_monitoring: Some(autoscaling::InstanceMonitoring {
                    enabled: Some(detailed),
                }),
                ..Default::default()
            },
        );
    }

    pub fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, ApiError> {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let output = self.cloud.invoke(WALL, row, &self.caller, Box::new(input))?;
        Ok(*output.into_any().downcast().expect("an operation answers its own output type"))
    }

    #[track_caller]
    pub fn ok<O: Operation>(&self, input: O::Input) -> O::Output {
        match self.call::<O>(input) {
            Ok(output) => output,
            Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
        }
    }

    pub fn control(&self, name: &str, request: Value) -> Result<Value, ApiError> {
        let is_read = request.is_null();
        let control = self
            .cloud
            .controls()
            .find(|control| control.name() == name && control.is_read() == is_read);
        self.cloud.control(WALL, control.expect("there is such a control"), &self.caller, &request)
    }

    #[track_caller]
    /// A fault, from when it says.
    pub fn fault(&self, rule: kernel::FaultRule) {
        self.cloud.add_fault(WALL, rule).expect("the fault is taken");
    }

    pub fn load(&self, request: Value) -> Value {
        self.control("load", request).expect("a load")
    }

    pub fn step(&self, secs: i64) {
        self.cloud.step(WALL, secs * 1_000).expect("a journal in memory never fails");
    }

    pub fn now(&self) -> Timestamp {
        self.cloud.status(WALL).now
    }

    /// A group `g` in two zones.
    pub fn group(&self, min: i64, max: i64, desired: i64) {
        self.ok::<autoscaling::ops::CreateAutoScalingGroup>(
            autoscaling::CreateAutoScalingGroupType {
                auto_scaling_group_name: "g".into(),
                launch_configuration_name: Some("lc".into()),
                min_size: min,
                max_size: max,
                desired_capacity: Some(desired),
                availability_zones: Some(vec!["us-west-1a".into(), "us-west-1c".into()]),
                default_instance_warmup: Some(60),
                ..Default::default()
            },
        );
    }

    pub fn set_desired(&self, desired: i64) {
        self.ok::<autoscaling::ops::SetDesiredCapacity>(autoscaling::SetDesiredCapacityType {
            auto_scaling_group_name: "g".into(),
            desired_capacity: desired,
            honor_cooldown: None,
        });
    }

    /// Target tracking of the CPU of `g`.
    pub fn track_cpu(&self, target: f64) -> autoscaling::PolicyARNType {
        self.ok::<autoscaling::ops::PutScalingPolicy>(autoscaling::PutScalingPolicyType {
            auto_scaling_group_name: "g".into(),
            policy_name: "cpu".into(),
            policy_type: Some("TargetTrackingScaling".into()),
            target_tracking_configuration: Some(autoscaling::TargetTrackingConfiguration {
                predefined_metric_specification: Some(autoscaling::PredefinedMetricSpecification {
                    predefined_metric_type: "ASGAverageCPUUtilization".into(),
                    resource_label: None,
                }),
                target_value: target,
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    #[track_caller]
    pub fn shown(&self) -> autoscaling::AutoScalingGroup {
        let names = autoscaling::AutoScalingGroupNamesType {
            auto_scaling_group_names: Some(vec!["g".into()]),
            ..Default::default()
        };
        let found = self.ok::<autoscaling::ops::DescribeAutoScalingGroups>(names);
        found.auto_scaling_groups.and_then(|mut g| g.pop()).expect("the group is there")
    }

    #[track_caller]
    pub fn desired(&self) -> i64 {
        self.shown().desired_capacity.expect("a group has a size")
    }

    pub fn causes(&self) -> Vec<String> {
        let input = autoscaling::DescribeScalingActivitiesType {
            auto_scaling_group_name: Some("g".into()),
            ..Default::default()
        };
        let found = self.ok::<autoscaling::ops::DescribeScalingActivities>(input);
        let activities = found.activities.unwrap_or_default();
        activities.into_iter().filter_map(|a| a.cause).map(|cause| cause.to_string()).collect()
    }

    pub fn alarms(&self) -> Vec<cloudwatch::MetricAlarm> {
        let found =
            self.ok::<cloudwatch::ops::DescribeAlarms>(cloudwatch::DescribeAlarmsInput::default());
        found.metric_alarms.unwrap_or_default()
    }

    /// A statistic of a metric over the last `minutes` whole minutes, the oldest first.
    pub fn values(
        &self,
        namespace: &str,
        metric: &str,
        dimensions: &[(&str, &str)],
        stat: &str,
        minutes: i64,
    ) -> Vec<f64> {
        let now = self.now();
        let end = Timestamp(now.0.div_euclid(60_000) * 60_000);
        let dimension = |(name, value): &(&str, &str)| cloudwatch::Dimension {
            name: SmolStr::new(name),
            value: SmolStr::new(value),
        };
        let found = self.ok::<cloudwatch::ops::GetMetricData>(cloudwatch::GetMetricDataInput {
            metric_data_queries: vec![cloudwatch::MetricDataQuery {
                id: "m".into(),
                metric_stat: Some(cloudwatch::MetricStat {
                    metric: cloudwatch::Metric {
                        namespace: Some(namespace.into()),
                        metric_name: Some(metric.into()),
                        dimensions: Some(dimensions.iter().map(dimension).collect()),
                    },
                    period: 60,
                    stat: stat.into(),
                    unit: None,
                }),
                ..Default::default()
            }],
            start_time: end.plus_secs(-60 * minutes),
            end_time: end,
            scan_by: Some("TimestampAscending".into()),
            ..Default::default()
        });
        let results = found.metric_data_results.unwrap_or_default();
        results.into_iter().next().and_then(|r| r.values).unwrap_or_default()
    }

    /// The CPU of `g`, a value a minute.
    pub fn cpu(&self, minutes: i64) -> Vec<f64> {
        self.values(
            "AWS/EC2",
            "CPUUtilization",
            &[("AutoScalingGroupName", "g")],
            "Average",
            minutes,
        )
    }
}
