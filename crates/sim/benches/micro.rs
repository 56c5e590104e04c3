//! Micro-benchmarks of what is on the hot path: `make bench`, or `cargo bench -p sim`.
#![allow(missing_docs, reason = "benchmarks are named, not documented")]

use api::{cloudformation, ec2};
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
