//! What a commit leaves behind for a restart.

use crate::{Clock, FaultPlan, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use smol_str::SmolStr;
use std::sync::Arc;

/// One commit: the rows and tasks it wrote and removed. A record may also hold a whole universe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The commit's number.
    pub sequence: u64,
    /// Its instant.
    pub now: Timestamp,
    /// The clock after it.
    pub clock: Clock,
    /// The seed of the universe: chance goes on as it would have.
    pub seed: u64,
    /// Partitions in the order in which they were made; only in whole-universe records and in
    /// those that made new ones (then all of them).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<(SmolStr, SmolStr)>,
    /// Changed rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowChange>,
    /// Changed tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskChange>,
    /// All faults, if they changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<Arc<FaultPlan>>,
}

/// A row's new state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RowChange {
    /// Number of the partition.
    pub partition: u32,
    /// The table's name.
    pub table: SmolStr,
    /// The row's key.
    pub key: SmolStr,
    /// The row, or nothing if it is gone.
    pub row: Option<Box<RawValue>>,
}

/// A task's new state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskChange {
    /// The handler's name.
    pub kind: SmolStr,
    /// Number of the partition.
    pub partition: u32,
    /// What it looks at.
    pub subject: SmolStr,
    /// When, or nothing if it has run.
    pub at: Option<Timestamp>,
}

/// The store failed; nothing of the commit was acknowledged.
#[derive(Debug, thiserror::Error)]
#[error("the journal could not be written: {0}")]
pub struct JournalError(pub String);

/// Where commits go before they are answered.
pub trait Journal: Send {
    /// Whether records are wanted at all; making them costs time.
    fn enabled(&self) -> bool {
        true
    }

    /// Keeps a record. When this returns, the record outlives the process.
    fn append(&mut self, record: &Record) -> Result<(), JournalError>;

    /// Whether the journal has grown so much that it wants a whole-universe record.
    fn wants_checkpoint(&self) -> bool {
        false
    }

    /// Replaces everything so far by a whole-universe record.
    fn checkpoint(&mut self, record: &Record) -> Result<(), JournalError>;
}

/// The journal of a cloud that lives in memory only.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryJournal;

impl Journal for MemoryJournal {
    fn enabled(&self) -> bool {
        false
    }

    fn append(&mut self, _: &Record) -> Result<(), JournalError> {
        Ok(())
    }

    fn checkpoint(&mut self, _: &Record) -> Result<(), JournalError> {
        Ok(())
    }
}
