//! How many DescribeInstances of a thousand instances one core answers in a second: the handler
//! alone, and with its XML. `cargo run --release -p ec2 --example describe`
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use api::ec2::ops::{DescribeInstances, RunInstances};
use api::ec2::{DescribeInstancesRequest, RunInstancesRequest, Tag, TagSpecification};
use kernel::{
    AnyOutput, Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Settings, Wall, Wiring,
};
use std::time::Instant;

const ROUNDS: u32 = 300;

fn main() {
    let wiring = Wiring { services: vec![ec2::service()], wakes: Vec::new() };
    let clock = Clock::new(ClockMode::Paused, Wall(0));
    let cloud = Cloud::new(&wiring, Settings::default(), clock, Box::new(MemoryJournal));
    let cloud = cloud.expect("a journal in memory never fails");
    let tag = |key: &str| Tag { key: Some(key.into()), value: Some("a group of many".into()) };
    call::<RunInstances>(
        &cloud,
        RunInstancesRequest {
            image_id: Some("ami-0123456789abcdef0".into()),
            instance_type: Some("t2.micro".into()),
            min_count: 1_000,
            max_count: 1_000,
            tag_specifications: Some(vec![TagSpecification {
                resource_type: Some("instance".into()),
                tags: Some(["Name", "aws-autoscaling-group", "stack"].map(tag).to_vec()),
            }]),
            ..Default::default()
        },
    );
    cloud.step(Wall(0), 60_000).expect("a journal in memory never fails");
    let describe = || call::<DescribeInstances>(&cloud, DescribeInstancesRequest::default());
    measure("handler", || drop(describe()));
    let service = model::service("ec2").expect("the model of EC2");
    let operation = service.operation("DescribeInstances").expect("an operation of EC2");
    let encode = || {
        let output = describe();
        wire::encode(service, operation, model::Protocol::Ec2, "id", &*output)
    };
    measure("handler and XML", || drop(encode()));
}

fn call<O: Operation>(cloud: &Cloud, input: O::Input) -> Box<dyn AnyOutput> {
    let row = cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
    let caller = Caller::new("123456789012", "us-west-1");
    cloud.invoke(Wall(0), row, &caller, Box::new(input)).expect("the call works")
}

fn measure(what: &str, mut round: impl FnMut()) {
    round();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        round();
    }
    let rate = f64::from(ROUNDS) / start.elapsed().as_secs_f64();
    println!("{what}: {rate:.0} answers of 1,000 instances a second");
}
