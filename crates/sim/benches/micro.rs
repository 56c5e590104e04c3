//! Micro-benchmarks of what is on the hot path: `make bench`, or `cargo bench -p sim`.
#![allow(missing_docs, reason = "benchmarks are named, not documented")]

use api::{cloudformation, cloudwatch, ec2};
use kernel::{Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Pace, Settings, Wall};

fn main() {
    divan::main();
}

fn cloud() -> Cloud {
    let settings = Settings { pace: Pace::Instant, ..Settings::default() };
    let clock = Clock::new(ClockMode::Paused, Wall(0));
    let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(MemoryJournal));
    cloud.expect("memory never fails")
}

fn call<O: Operation>(cloud: &Cloud, input: O::Input) -> O::Output {
    let row = cloud.operation(O::SERVICE, O::NAME).expect("it is registered");
    let caller = Caller::new("123456789012", "us-east-1");
    let output = cloud.invoke(Wall(0), row, &caller, Box::new(input)).expect("it succeeds");
    *output.into_any().downcast::<O::Output>().expect("an operation answers its own type")
}

fn run(cloud: &Cloud, count: i64) -> ec2::Reservation {
    let input = ec2::RunInstancesRequest {
        image_id: Some("ami-12345678".into()),
        instance_type: Some("t2.micro".into()),
        min_count: count,
        max_count: count,
        ..Default::default()
    };
    call::<ec2::ops::RunInstances>(cloud, input)
}

#[divan::bench(args = [0, 1_000, 10_000])]
fn run_one_instance_beside(bencher: divan::Bencher<'_, '_>, others: i64) {
    let cloud = cloud();
    if others > 0 {
        run(&cloud, others);
    }
    bencher.bench_local(|| run(&cloud, 1));
}

#[divan::bench(args = [1_000, 10_000])]
fn describe_one_instance_of(bencher: divan::Bencher<'_, '_>, count: i64) {
    let cloud = cloud();
    let made = run(&cloud, count).instances.unwrap_or_default();
    let id = made.first().and_then(|i| i.instance_id.clone()).unwrap_or_default();
    bencher.bench_local(|| {
        let input = ec2::DescribeInstancesRequest {
            instance_ids: Some(vec![id.clone()]),
            ..Default::default()
        };
        call::<ec2::ops::DescribeInstances>(&cloud, input)
    });
}

#[divan::bench]
fn describe_a_thousand_instances(bencher: divan::Bencher<'_, '_>) {
    let cloud = cloud();
    run(&cloud, 1_000);
    bencher.bench_local(|| {
        call::<ec2::ops::DescribeInstances>(&cloud, ec2::DescribeInstancesRequest::default())
    });
}

fn groups(count: usize) -> String {
    let groups: Vec<String> = (0..count)
        .map(|n| {
            format!(
                "\"G{n}\":{{\"Type\":\"AWS::EC2::SecurityGroup\",\"Properties\":\
                 {{\"GroupDescription\":\"bench\"}}}}"
            )
        })
        .collect();
    format!("{{\"Resources\":{{{}}}}}", groups.join(","))
}

#[divan::bench(args = [1, 200])]
fn create_and_delete_a_stack_of_groups(bencher: divan::Bencher<'_, '_>, count: usize) {
    let cloud = cloud();
    let body = groups(count);
    bencher.bench_local(|| {
        let input = cloudformation::CreateStackInput {
            stack_name: "bench".into(),
            template_body: Some(body.as_str().into()),
            ..Default::default()
        };
        call::<cloudformation::ops::CreateStack>(&cloud, input);
        let input =
            cloudformation::DeleteStackInput { stack_name: "bench".into(), ..Default::default() };
        call::<cloudformation::ops::DeleteStack>(&cloud, input);
    });
}

#[divan::bench]
fn validate_a_template_of_two_hundred(bencher: divan::Bencher<'_, '_>) {
    let cloud = cloud();
    let body = groups(200);
    bencher.bench_local(|| {
        let input = cloudformation::ValidateTemplateInput {
            template_body: Some(body.as_str().into()),
            ..Default::default()
        };
        call::<cloudformation::ops::ValidateTemplate>(&cloud, input)
    });
}

/// When metrics are put and read: two days after the epoch.
const LATER: i64 = 2 * 86_400_000;

/// A cloud in which there are two days to put metrics into.
fn later() -> Cloud {
    let cloud = cloud();
    cloud.step(Wall(0), LATER).expect("memory never fails");
    cloud
}

/// A value of the metric `m` with a dimension, some minutes ago.
fn datum(host: i64, minutes_ago: i64) -> cloudwatch::MetricDatum {
    cloudwatch::MetricDatum {
        metric_name: "m".into(),
        dimensions: Some(vec![cloudwatch::Dimension {
            name: "Host".into(),
            value: format!("web-{host}").into(),
        }]),
        value: Some((minutes_ago * 37 % 1_000) as f64 / 10.0),
        timestamp: Some(kernel::Timestamp(LATER - minutes_ago * 60_000)),
        ..Default::default()
    }
}

fn put(cloud: &Cloud, data: Vec<cloudwatch::MetricDatum>) {
    let input = cloudwatch::PutMetricDataInput {
        namespace: "Bench".into(),
        metric_data: Some(data),
        ..Default::default()
    };
    call::<cloudwatch::ops::PutMetricData>(cloud, input);
}

/// A day of a value each minute, of one metric.
fn put_a_day(cloud: &Cloud) {
    for hour in 0..24 {
        put(cloud, (hour * 60..hour * 60 + 60).map(|minute| datum(0, minute)).collect());
    }
}

#[divan::bench(args = [1, 10_000])]
fn put_one_value_beside(bencher: divan::Bencher<'_, '_>, metrics: i64) {
    let cloud = later();
    put_a_day(&cloud);
    for hundred in 0..metrics / 100 {
        put(&cloud, (0..100).map(|n| datum(hundred * 100 + n, 0)).collect());
    }
    bencher.bench_local(|| put(&cloud, vec![datum(0, 1)]));
}

#[divan::bench]
fn get_a_day_of_minutes(bencher: divan::Bencher<'_, '_>) {
    let cloud = later();
    put_a_day(&cloud);
    bencher.bench_local(|| {
        let input = cloudwatch::GetMetricDataInput {
            metric_data_queries: vec![cloudwatch::MetricDataQuery {
                id: "q".into(),
                metric_stat: Some(cloudwatch::MetricStat {
                    metric: cloudwatch::Metric {
                        namespace: Some("Bench".into()),
                        metric_name: Some("m".into()),
                        dimensions: datum(0, 0).dimensions,
                    },
                    period: 60,
                    stat: "Average".into(),
                    unit: None,
                }),
                ..Default::default()
            }],
            start_time: kernel::Timestamp(LATER - 86_400_000),
            end_time: kernel::Timestamp(LATER),
            ..Default::default()
        };
        call::<cloudwatch::ops::GetMetricData>(&cloud, input)
    });
}

fn put_alarms(cloud: &Cloud, count: i64) {
    for number in 0..count {
        let input = cloudwatch::PutMetricAlarmInput {
            alarm_name: format!("alarm-{number}").into(),
            namespace: Some("Bench".into()),
            metric_name: Some("m".into()),
            dimensions: datum(number, 0).dimensions,
            statistic: Some("Average".into()),
            period: Some(60),
            evaluation_periods: Some(3),
            threshold: Some(1_000.0),
            comparison_operator: Some("GreaterThanThreshold".into()),
            treat_missing_data: Some("ignore".into()),
            ..Default::default()
        };
        call::<cloudwatch::ops::PutMetricAlarm>(cloud, input);
    }
}

#[divan::bench]
fn look_at_a_thousand_alarms(bencher: divan::Bencher<'_, '_>) {
    let cloud = later();
    for minutes in 0..60 {
        put(&cloud, (0..1_000).map(|host| datum(host, minutes)).collect());
    }
    put_alarms(&cloud, 1_000);
    bencher.bench_local(|| cloud.step(Wall(0), 60_000).expect("memory never fails"));
}

#[divan::bench(sample_count = 10)]
fn step_a_day_with_two_alarms(bencher: divan::Bencher<'_, '_>) {
    let cloud = later();
    put_alarms(&cloud, 2);
    bencher.bench_local(|| cloud.step(Wall(0), 86_400_000).expect("memory never fails"));
}
