//! Prints what the catalogue costs: time of the first look-up of each table and the memory that
//! stays afterwards. `cargo run --release -p catalogue --example measure`.
#![allow(clippy::disallowed_methods, reason = "a measurement reads the wall clock")]

use std::{fs, time::Instant};

fn main() {
    let start = resident_kib();
    let mut before = start;
    let mut row = |what: &str, look: &dyn Fn() -> usize| {
        let began = Instant::now();
        let found = look();
        let took = began.elapsed();
        let now = resident_kib();
        let grown = now.saturating_sub(before);
        println!("{what:<42} {found:>6}  {:>8.3} ms  +{grown} KiB", took.as_secs_f64() * 1e3);
        before = now;
    };
    row("regions, first", &|| catalogue::regions().len());
    row("instance_type, first", &|| catalogue::instance_type("t2.micro").iter().len());
    row("instance_type, again", &|| catalogue::instance_type("m5.large").iter().len());
    row("offered", &|| usize::from(catalogue::offered("us-east-1", "us-east-1a", "t2.micro")));
    row("offerings of a zone", &|| catalogue::offerings("us-east-1", "us-east-1a").count());
    row("record of one type, first", &|| record("t2.micro"));
    row("record of one type, again", &|| record("m5.large"));
    row("image, first", &|| catalogue::image("us-west-1", "ami-00c8bfae6cbc202c2").iter().len());
    row("images of a region", &|| catalogue::images("us-east-1").count());
    let linux = "/aws/service/ami-amazon-linux-latest";
    row("parameters by path", &|| {
        catalogue::public_parameters_by_path("us-east-1", linux, true).len()
    });
    row("records of all types", &|| {
        catalogue::instance_types().iter().filter(|type_| type_.record().is_object()).count()
    });
    println!("resident: {start} KiB before, {} KiB after", resident_kib());
}

fn record(name: &str) -> usize {
    let type_ = catalogue::instance_type(name).expect("a known type");
    type_.record().as_object().map_or(0, serde_json::Map::len)
}

/// VmRSS in KiB; 0 where there is no /proc.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
