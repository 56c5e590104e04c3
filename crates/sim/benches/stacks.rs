//! What CloudFormation costs: templates of AWS's greatest size, and many small stacks.

#![allow(missing_docs, reason = "benchmarks are named, not documented")]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use api::cloudformation::{self as wire, ops};
use kernel::{Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Pace, Settings, Wall};
use smol_str::format_smolstr;
use std::fmt::Write;
use std::time::Instant;

const WALL: Wall = Wall(1_506_556_800_000);

struct World {
    cloud: Cloud,
    caller: Caller,
}

impl World {
    fn new() -> Self {
        let settings = Settings { pace: Pace::Instant, ..Settings::default() };
        let caller = Caller::new(settings.account.clone(), "us-west-1");
        let clock = Clock::new(ClockMode::Paused, WALL);
        let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(MemoryJournal));
        Self { cloud: cloud.expect("a journal in memory never fails"), caller }
    }

    fn call<O: Operation>(&self, input: O::Input) -> O::Output {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        match self.cloud.invoke(WALL, row, &self.caller, Box::new(input)) {
            Ok(output) => *output.into_any().downcast().expect("an operation answers its type"),
            Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
        }
    }

    fn create(&self, name: &str, template: &str) {
        self.call::<ops::CreateStack>(wire::CreateStackInput {
            stack_name: name.into(),
            template_body: Some(template.into()),
            ..Default::default()
        });
    }

    fn status(&self, name: &str) -> String {
        let input =
            wire::DescribeStacksInput { stack_name: Some(name.into()), ..Default::default() };
        let found = self.call::<ops::DescribeStacks>(input);
        let stack = found.stacks.and_then(|mut stacks| stacks.pop()).expect("a stack");
        stack.stack_status.unwrap_or_default().into()
    }
}

/// Parameters of the store and topics, each tenth after the one before it.
fn template(resources: usize) -> String {
    let mut text = String::from("Parameters: {Name: {Type: String, Default: x}}\nResources:\n");
    for number in 0..resources {
        let body = match number % 10 {
            0 if number > 0 => format!("Value: !Sub '${{P{}}}-${{Name}}'", number - 10),
            _ => format!("Value: !Sub '${{Name}}-{number}'"),
        };
        let _ = write!(
            text,
            "  P{number}:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Type: String\n      {body}\n"
        );
    }
    text
}

fn report(what: &str, began: Instant, goal: &str) {
    let millis = began.elapsed().as_secs_f64() * 1_000.0;
    println!("{what:<62} {millis:>10.1} ms   goal {goal}");
}

fn main() {
    let text = template(500);
    let began = Instant::now();
    let parsed = cfn_template::parse(&text).expect("a template");
    assert!(parsed.check().is_empty());
    report("a template of 500 resources: parse and check", began, "15 ms");

    let world = World::new();
    let began = Instant::now();
    world.create("large", &text);
    report("create", began, "150 ms");
    assert_eq!(world.status("large"), "CREATE_COMPLETE");

    let began = Instant::now();
    world.call::<ops::CreateChangeSet>(wire::CreateChangeSetInput {
        stack_name: "large".into(),
        change_set_name: "none".into(),
        template_body: Some(text.as_str().into()),
        ..Default::default()
    });
    report("a change set that changes nothing", began, "40 ms");

    let began = Instant::now();
    world.call::<ops::DeleteStack>(wire::DeleteStackInput {
        stack_name: "large".into(),
        ..Default::default()
    });
    report("delete", began, "100 ms");

    let mut big = text + "Metadata:\n  Notes:\n";
    while big.len() < 990_000 {
        big.push_str("  - {name: a name, values: [one, two, three], text: \"some text\"}\n");
    }
    let began = Instant::now();
    cfn_template::parse(&big).expect("a template");
    report("a template of 1 MB: parse", began, "60 ms");

    let small = template(10);
    for (count, goal) in [(1_000, "3000 ms"), (10_000, "30000 ms")] {
        let world = World::new();
        let began = Instant::now();
        for number in 0..count {
            world.create(&format_smolstr!("s{number}"), &small);
        }
        report(&format!("{count} stacks of 10 resources"), began, goal);
    }
}
