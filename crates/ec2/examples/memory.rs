//! What a resting instance costs: how much the process grows from 1,000 instances to 10,000, and
//! how long one launch takes then. `cargo run --release -p ec2 --example memory`
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use api::ec2::RunInstancesRequest;
use api::ec2::ops::RunInstances;
use kernel::{Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Settings, Wall, Wiring};
use std::time::Instant;

const THOUSANDS: u32 = 10;
const SINGLES: u32 = 1_000;

fn main() {
    let wiring = Wiring { services: vec![ec2::service()], wakes: Vec::new() };
    let clock = Clock::new(ClockMode::Paused, Wall(0));
    let cloud = Cloud::new(&wiring, Settings::default(), clock, Box::new(MemoryJournal));
    let cloud = cloud.expect("a journal in memory never fails");
    run(&cloud, 1_000);
    let first = resident_bytes();
    for _ in 1..THOUSANDS {
        run(&cloud, 1_000);
    }
    let growth = (resident_bytes() - first) as f64;
    let each = growth / f64::from((THOUSANDS - 1) * 1_000) / 1_024.0;
    println!("{each:.2} KiB an instance");
    let start = Instant::now();
    for _ in 0..SINGLES {
        launch(&cloud, 1);
    }
    let millis = start.elapsed().as_secs_f64() * 1_000.0 / f64::from(SINGLES);
    println!("{millis:.3} ms for RunInstances of one, of 10,000");
}

/// Launches instances and waits until they run.
fn run(cloud: &Cloud, count: i64) {
    launch(cloud, count);
    cloud.step(Wall(0), 60_000).expect("a journal in memory never fails");
}

fn launch(cloud: &Cloud, count: i64) {
    let row = cloud.operation(RunInstances::SERVICE, RunInstances::NAME);
    let input = RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t2.micro".into()),
        min_count: count,
        max_count: count,
        ..Default::default()
    };
    let caller = Caller::new("123456789012", "us-west-1");
    let row = row.expect("the operation is registered");
    cloud.invoke(Wall(0), row, &caller, Box::new(input)).expect("the launch works");
}

/// The second number of `statm`: resident pages, of 4 KiB here.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux tells it");
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("statm is numbers") * 4_096
}
