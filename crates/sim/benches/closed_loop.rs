//! The closed loop in virtual against real time: what a day of scaling costs.
//!
//! `cargo bench -p sim --bench closed_loop` runs the short ones; `-- --long` adds a week of a
//! hundred groups.

#![allow(missing_docs, reason = "benchmarks are named, not documented")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use api::{autoscaling, cloudwatch};
use kernel::{Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Settings, Wall};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};
use std::time::Instant;

const WALL: Wall = Wall(1_506_556_800_000);
const HOUR: i64 = 3_600_000;

struct World {
    cloud: Cloud,
    caller: Caller,
}

impl World {
    fn new() -> Self {
        let settings = Settings::default();
        let caller = Caller::new(settings.account.clone(), "us-west-1");
        let clock = Clock::new(ClockMode::Paused, WALL);
        let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(MemoryJournal));
        let world = Self { cloud: cloud.expect("a journal in memory never fails"), caller };
        world.call::<autoscaling::ops::CreateLaunchConfiguration>(
            autoscaling::CreateLaunchConfigurationType {
                launch_configuration_name: "lc".into(),
                image_id: Some("ami-09d2fb69".into()),
                instance_type: Some("t2.micro".into()),
                ..Default::default()
            },
        );
        world
    }

    fn call<O: Operation>(&self, input: O::Input) -> O::Output {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        match self.cloud.invoke(WALL, row, &self.caller, Box::new(input)) {
            Ok(output) => *output.into_any().downcast().expect("an operation answers its type"),
            Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
        }
    }

    fn load(&self, request: &Value) {
        let mut controls = self.cloud.controls();
        let set = controls.find(|c| c.name() == "load" && !c.is_read()).expect("the control");
        self.cloud.control(WALL, set, &self.caller, request).expect("a load");
    }

    fn step(&self, millis: i64) {
        self.cloud.step(WALL, millis).expect("a journal in memory never fails");
    }

    /// A group under target tracking of its CPU, with a demand that needs about `size` instances
    /// at noon and a third of that at night.
    fn group(&self, number: usize, size: i64) {
        let name = format_smolstr!("group-{number:04}");
        self.call::<autoscaling::ops::CreateAutoScalingGroup>(
            autoscaling::CreateAutoScalingGroupType {
                auto_scaling_group_name: name.clone(),
                launch_configuration_name: Some("lc".into()),
                min_size: 1,
                max_size: size * 2,
                desired_capacity: Some(size),
                availability_zones: Some(vec!["us-west-1a".into(), "us-west-1c".into()]),
                ..Default::default()
            },
        );
        self.call::<autoscaling::ops::PutScalingPolicy>(autoscaling::PutScalingPolicyType {
            auto_scaling_group_name: name.clone(),
            policy_name: "cpu".into(),
            policy_type: Some("TargetTrackingScaling".into()),
            target_tracking_configuration: Some(autoscaling::TargetTrackingConfiguration {
                predefined_metric_specification: Some(autoscaling::PredefinedMetricSpecification {
                    predefined_metric_type: "ASGAverageCPUUtilization".into(),
                    resource_label: None,
                }),
                target_value: 50.0,
                ..Default::default()
            }),
            ..Default::default()
        });
        let (low, high) = (size as f64 * 50.0 / 3.0, size as f64 * 50.0);
        let sine = json!({ "sine": { "low": low, "high": high, "period": 86_400 } });
        self.load(&json!({ "group": name, "demand": sine }));
    }
}

fn report(what: &str, began: Instant, goal: &str) {
    let millis = began.elapsed().as_secs_f64() * 1_000.0;
    println!("{what:<62} {millis:>10.1} ms   goal {goal}");
}

fn day() {
    let world = World::new();
    world.group(0, 100);
    world.step(HOUR);
    let began = Instant::now();
    world.step(24 * HOUR);
    report("24 virtual hours of a group of 100 under target tracking", began, "1000 ms");
}

fn alarms() {
    let world = World::new();
    for number in 0..1_000 {
        world.call::<cloudwatch::ops::PutMetricAlarm>(cloudwatch::PutMetricAlarmInput {
            alarm_name: format_smolstr!("alarm-{number:04}"),
            namespace: Some("App".into()),
            metric_name: Some(format_smolstr!("Metric{number}")),
            statistic: Some("Average".into()),
            period: Some(60),
            evaluation_periods: Some(3),
            threshold: Some(50.0),
            comparison_operator: Some("GreaterThanThreshold".into()),
            ..Default::default()
        });
    }
    for _ in 0..10 {
        for first in (0..1_000).step_by(100) {
            let datum = |number: i32| cloudwatch::MetricDatum {
                metric_name: format_smolstr!("Metric{number}"),
                value: Some(20.0),
                ..Default::default()
            };
            world.call::<cloudwatch::ops::PutMetricData>(cloudwatch::PutMetricDataInput {
                namespace: "App".into(),
                metric_data: Some((first..first + 100).map(datum).collect()),
                ..Default::default()
            });
        }
        world.step(60_000);
    }
    let began = Instant::now();
    world.step(60_000);
    report("1,000 alarms evaluated in a virtual minute", began, "20 ms");
}

fn metric_data() {
    let world = World::new();
    let put = |name: &SmolStr| {
        world.call::<cloudwatch::ops::PutMetricData>(cloudwatch::PutMetricDataInput {
            namespace: "App".into(),
            metric_data: Some(vec![cloudwatch::MetricDatum {
                metric_name: name.clone(),
                value: Some(1.0),
                ..Default::default()
            }]),
            ..Default::default()
        });
    };
    let name = SmolStr::new("Memory");
    for _ in 0..1_440 {
        put(&name);
        world.step(60_000);
    }
    let began = Instant::now();
    for _ in 0..1_000 {
        put(&name);
    }
    report("PutMetricData of one value, 1,000 times", began, "40 ms");
    let request = || cloudwatch::GetMetricDataInput {
        metric_data_queries: vec![cloudwatch::MetricDataQuery {
            id: "m".into(),
            metric_stat: Some(cloudwatch::MetricStat {
                metric: cloudwatch::Metric {
                    namespace: Some("App".into()),
                    metric_name: Some(name.clone()),
                    dimensions: None,
                },
                period: 60,
                stat: "Average".into(),
                unit: None,
            }),
            ..Default::default()
        }],
        start_time: kernel::Timestamp(WALL.0),
        end_time: kernel::Timestamp(WALL.0 + 24 * HOUR),
        ..Default::default()
    };
    let began = Instant::now();
    for _ in 0..100 {
        let found = world.call::<cloudwatch::ops::GetMetricData>(request());
        assert!(found.metric_data_results.is_some());
    }
    report("GetMetricData of 24 h by the minute, 100 times", began, "200 ms");
}

fn week() {
    let world = World::new();
    for number in 0..100 {
        world.group(number, 100);
    }
    world.step(HOUR);
    let began = Instant::now();
    for day in 1..=7 {
        world.step(24 * HOUR);
        report(&format!("{day} days of 100 groups of 100"), began, "60000 ms for 7");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    println!("{resident}");
}

fn main() {
    day();
    alarms();
    metric_data();
    if std::env::args().any(|argument| argument == "--long") {
        week();
    }
}
