//! Loads as the user sets them, with what they were before: `lowcloud load`, `/_lowcloud/load`.

mod controls;

use crate::shape::Shape;
use kernel::{IndexSink, Row, Snapshot, Timestamp, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

resource! { load:
    tables { Setting }
    controls {
        read "load" => controls::show,
        write "load" => controls::set,
        write "load/clear" => controls::clear,
    }
}

/// Changes of one load that are remembered.
const MAX_ENTRIES: usize = 1_000;

/// What a load is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Measure {
    /// CPU utilization of each instance, in percent.
    Cpu,
    /// Requests per second, shared by the instances.
    Demand,
}

/// A load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Load {
    pub(crate) measure: Measure,
    pub(crate) shape: Shape,
    /// Requests per second that an instance serves at 100 % CPU; by its type, if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) capacity: Option<f64>,
}

/// Who has a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bearer {
    Instance(SmolStr),
    Group(SmolStr),
    TargetGroup(SmolStr),
}

impl Bearer {
    pub(crate) fn key(&self) -> SmolStr {
        match self {
            Self::Instance(id) => format_smolstr!("instance/{id}"),
            Self::Group(name) => format_smolstr!("group/{name}"),
            Self::TargetGroup(arn) => format_smolstr!("target-group/{arn}"),
        }
    }
}

/// From when on a load was in force; nothing, after it was cleared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) since: Timestamp,
    pub(crate) load: Option<Load>,
}

/// The loads of one bearer, the oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Setting {
    pub(crate) bearer: Bearer,
    /// The group of an instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<SmolStr>,
    pub(crate) entries: Vec<Entry>,
}

impl Row for Setting {
    const TABLE: &'static str = "load.settings";
    const INDEXES: &'static [&'static str] = &["group"];

    fn key(&self) -> SmolStr {
        self.bearer.key()
    }

    fn index(&self, sink: &mut IndexSink) {
        if let Some(group) = &self.group {
            sink.put("group", group.clone());
        }
    }
}

impl Setting {
    /// The load in force at an instant, and since when.
    pub(crate) fn at(&self, now: Timestamp) -> Option<(&Load, Timestamp)> {
        let passed = self.entries.partition_point(|entry| entry.since <= now);
        let entry = self.entries.get(passed.checked_sub(1)?)?;
        Some((entry.load.as_ref()?, entry.since))
    }

    /// The value of the load at an instant.
    pub(crate) fn value(&self, now: Timestamp) -> Option<(&Load, f64)> {
        let (load, since) = self.at(now)?;
        Some((load, load.shape.at(since, now)))
    }

    fn push(&mut self, since: Timestamp, load: Option<Load>) {
        if self.entries.last().is_some_and(|last| last.since == since) {
            self.entries.pop();
        }
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.remove(0);
        }
        self.entries.push(Entry { since, load });
    }
}

/// The setting of a bearer.
pub(crate) fn of(snapshot: &Snapshot, bearer: &Bearer) -> Option<std::sync::Arc<Setting>> {
    snapshot.get::<Setting>(&bearer.key())
}
