//! A service of nothing but named values, to see the kernel at work.

use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, IndexSink, Journal, JournalError, Operation, Read,
    Record, Resource, Row, Service, Settings, Snapshot, TableDef, TaskDef, Tx, Value, Wake, Wall,
    Wiring, Write,
};
use model::{Input, Output, Writer};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Item {
    name: SmolStr,
    value: SmolStr,
}

impl Row for Item {
    const TABLE: &'static str = "toy.items";
    const INDEXES: &'static [&'static str] = &["value"];

    fn key(&self) -> SmolStr {
        self.name.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("value", self.value.clone());
    }
}

/// Every toy operation takes a text and answers one.
#[derive(Clone, Debug, Default)]
pub struct Text(pub SmolStr);

impl Input for Text {
    fn from_value(value: Value) -> Self {
        match value {
            Value::Text(text) => Self(text),
            _ => Self::default(),
        }
    }
}

impl Output for Text {
    fn write(&self, _: &mut dyn Writer) {}
}

macro_rules! operation {
    ($($name:ident)*) => {$(
        pub struct $name;

        impl Operation for $name {
            const SERVICE: &'static str = "toy";
            const NAME: &'static str = stringify!($name);
            type Input = Text;
            type Output = Text;
        }
    )*};
}

operation! { Add Get Start Boom }

/// `k=v,…` sets values (`v` = `id` makes a new id), `-k` removes one, `fail=1` fails at the end,
/// `try:k=v;…` does the same in a nested call whose failure is ignored.
fn add(tx: &mut Tx, caller: &Caller, Text(spec): Text) -> Result<Text, ApiError> {
    let mut last = SmolStr::default();
    for part in spec.split(',') {
        if let Some(nested) = part.strip_prefix("try:") {
            let _ = tx.call::<Add>(caller, Text(nested.replace(';', ",").into()));
        } else if let Some(name) = part.strip_prefix('-') {
            tx.remove::<Item>(name);
        } else {
            let (name, value) = part.split_once('=').expect("a test's own text");
            if name == "fail" {
                return Err(ApiError::new("Refused", "as asked"));
            }
            last = if value == "id" { tx.new_id("toy-") } else { value.into() };
            tx.put(Item { name: name.into(), value: last.clone() });
        }
    }
    Ok(Text(last))
}

fn get(snapshot: &Snapshot, _: &Caller, Text(name): Text) -> Result<Text, ApiError> {
    let item = snapshot.get::<Item>(&name).ok_or_else(|| ApiError::new("NotFound", ""))?;
    Ok(Text(item.value.clone()))
}

/// `name=millis,…` schedules a look at each name; the name `chore` is housekeeping.
fn start(tx: &mut Tx, _: &Caller, Text(spec): Text) -> Result<Text, ApiError> {
    for part in spec.split(',') {
        let (name, millis) = part.split_once('=').expect("a test's own text");
        let at = tx.now().plus_millis(millis.parse().expect("a number"));
        tx.schedule(at, if name == "chore" { "toy.chore" } else { "toy.look" }, name);
    }
    Ok(Text::default())
}

fn boom(tx: &mut Tx, _: &Caller, _: Text) -> Result<Text, ApiError> {
    tx.put(Item { name: "boom".into(), value: "1".into() });
    panic!("a bug, for the test");
}

fn look(tx: &mut Tx, _: &Caller, subject: &str) {
    assert_ne!(subject, "boom", "a bug, for the test");
    let value = smol_str::format_smolstr!("at {}", tx.now().0);
    tx.put(Item { name: subject.into(), value });
}

fn chore(tx: &mut Tx, _: &Caller, subject: &str) {
    tx.remove::<Item>(subject);
}

fn count_members(tx: &mut Tx, _: &Caller, group: &str) {
    let members = tx.rows_by::<Item>("value", &format!("group:{group}")).count();
    tx.put(Item { name: group.into(), value: format!("{members} members").into() });
}

fn genesis(tx: &mut Tx, _: &Caller) {
    let value = tx.new_id("toy-");
    tx.put(Item { name: "genesis".into(), value });
}

static RESOURCE: Resource = Resource {
    controls: &[],
    metrics: &[],
    operations: &[
        &Write::<Add>(add),
        &Read::<Get>(get),
        &Write::<Start>(start),
        &Write::<Boom>(boom),
    ],
    tables: &[TableDef::of::<Item>()],
    tasks: &[
        TaskDef::of("toy.look", look),
        TaskDef::of("toy.chore", chore).housekeeping(),
        TaskDef::of("toy.count", count_members),
    ],
};

static RESOURCES: &[&Resource] = &[&RESOURCE];

fn wiring() -> Wiring {
    let wake = Wake::on("toy.items", "value", "toy.count").with_prefix("group:");
    let service = Service { name: "toy", resources: RESOURCES, genesis: Some(genesis) };
    Wiring { services: vec![service], wakes: vec![wake] }
}

/// Keeps records as JSON texts, as a store would.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<String>>>);

impl Journal for Tape {
    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        let text = serde_json::to_string(record).expect("records are JSON");
        self.0.lock().expect("no test panics here").push(text);
        Ok(())
    }

    fn checkpoint(&mut self, record: &Record) -> Result<(), JournalError> {
        self.0.lock().expect("no test panics here").clear();
        self.append(record)
    }
}

pub struct Toy {
    pub cloud: Cloud,
    tape: Tape,
}

impl Toy {
    pub fn new(seed: u64, mode: ClockMode) -> Self {
        let tape = Tape::default();
        let settings = Settings { seed, ..Settings::default() };
        let clock = Clock::new(mode, Wall(0));
        let cloud = Cloud::new(&wiring(), settings, clock, Box::new(tape.clone()));
        Self { cloud: cloud.expect("a tape never fails"), tape }
    }

    /// A cloud made from what the journal holds; its own journal is a copy.
    pub fn reopened(&self) -> Self {
        let texts = self.tape.0.lock().expect("no test panics here").clone();
        let records: Vec<Record> =
            texts.iter().map(|t| serde_json::from_str(t).expect("a record")).collect();
        let tape = Tape(Arc::new(Mutex::new(texts)));
        let clock = Clock::new(ClockMode::Paused, Wall(0));
        let settings = Settings::default();
        let cloud = Cloud::restore(&wiring(), settings, clock, records, Box::new(tape.clone()));
        Self { cloud: cloud.expect("the tape is good"), tape }
    }

    pub fn fork(&self) -> Self {
        self.reopened()
    }

    /// All items, as text.
    pub fn dump(&self) -> Vec<String> {
        let caller = Caller::new("123456789012", "us-west-1");
        let snapshot = self.cloud.snapshot(Wall(0), &caller).expect("a snapshot");
        snapshot.rows::<Item>().map(|item| format!("{}={}", item.name, item.value)).collect()
    }

    pub fn call<O>(&self, caller: &Caller, spec: &str) -> Result<SmolStr, ApiError>
    where
        O: Operation<Input = Text, Output = Text>,
    {
        self.call_at::<O>(Wall(0), caller, spec)
    }

    pub fn call_at<O>(&self, wall: Wall, caller: &Caller, spec: &str) -> Result<SmolStr, ApiError>
    where
        O: Operation<Input = Text, Output = Text>,
    {
        let row = self.cloud.operation("toy", O::NAME).expect("registered");
        let output = self.cloud.invoke(wall, row, caller, row.decode(Value::Text(spec.into())))?;
        let output: Box<Text> = output.into_any().downcast().expect("a text");
        Ok(output.0)
    }
}
