//! What metrics cost to keep: ten thousand of them, a value each minute, for the fifteen days that
//! CloudWatch keeps values by the minute.
//!
//! `cargo bench -p sim --bench kept_metrics` keeps a tenth of them; `-- --long` keeps all.

#![allow(missing_docs, reason = "benchmarks are named, not documented")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use api::cloudwatch::{self, ops::PutMetricData};
use kernel::{Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Settings, Wall};
use smol_str::{SmolStr, format_smolstr};
use std::time::Instant;

const WALL: Wall = Wall(1_506_556_800_000);
const MINUTE: i64 = 60_000;
const DAYS: i64 = 15;
/// Values in one call.
const BATCH: usize = 1_000;

/// Hosts that each tell ten things about themselves, as an agent does: values go up and down a
/// little, with two decimals.
struct Host {
    dimensions: Vec<cloudwatch::Dimension>,
    levels: [f64; NAMES.len()],
}

const NAMES: [&str; 10] = [
    "cpu_usage_user",
    "cpu_usage_system",
    "mem_used_percent",
    "swap_used_percent",
    "disk_used_percent",
    "diskio_reads",
    "diskio_writes",
    "net_bytes_recv",
    "net_bytes_sent",
    "processes_running",
];

/// A small generator of its own: the same values in every run.
struct Chance(u64);

impl Chance {
    /// From -1 to 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

fn hosts(count: usize) -> Vec<Host> {
    let host = |number| Host {
        dimensions: vec![cloudwatch::Dimension {
            name: "InstanceId".into(),
            value: format_smolstr!("i-{number:017x}"),
        }],
        levels: [40.0; NAMES.len()],
    };
    (0..count).map(host).collect()
}

fn minute(hosts: &mut [Host], chance: &mut Chance) -> Vec<cloudwatch::MetricDatum> {
    let mut data = Vec::with_capacity(hosts.len() * NAMES.len());
    for host in hosts {
        for (name, level) in NAMES.into_iter().zip(&mut host.levels) {
            *level = (*level + chance.next() * 5.0).clamp(0.0, 100.0);
            data.push(cloudwatch::MetricDatum {
                metric_name: SmolStr::new_static(name),
                dimensions: Some(host.dimensions.clone()),
                value: Some((*level * 100.0).round() / 100.0),
                ..Default::default()
            });
        }
    }
    data
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1_024
}

fn main() {
    let long = std::env::args().any(|argument| argument == "--long");
    let metrics = if long { 10_000 } else { 1_000 };
    let settings = Settings::default();
    let caller = Caller::new(settings.account.clone(), "us-west-1");
    let clock = Clock::new(ClockMode::Paused, WALL);
    let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(MemoryJournal))
        .expect("a journal in memory never fails");
    let put = cloud.operation(PutMetricData::SERVICE, PutMetricData::NAME).expect("it is there");
    let mut hosts = hosts(metrics / NAMES.len());
    let mut chance = Chance(0x5eed);
    let (before, began) = (resident_mib(), Instant::now());
    for day in 1..=DAYS {
        for _ in 0..1_440 {
            let mut data = minute(&mut hosts, &mut chance).into_iter().peekable();
            while data.peek().is_some() {
                let input = cloudwatch::PutMetricDataInput {
                    namespace: "CWAgent".into(),
                    metric_data: Some(data.by_ref().take(BATCH).collect()),
                    ..Default::default()
                };
                cloud.invoke(WALL, put, &caller, Box::new(input)).expect("values are put");
            }
            cloud.step(WALL, MINUTE).expect("a journal in memory never fails");
        }
        if long || day == DAYS {
            let kept = resident_mib() - before;
            println!(
                "{metrics} metrics by the minute, {day:>2} days {kept:>36} MiB   goal {} MiB after \
                 15   {:.1} s",
                metrics * 1_024 / 10_000,
                began.elapsed().as_secs_f64()
            );
        }
    }
}
