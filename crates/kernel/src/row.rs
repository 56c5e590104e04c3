//! What a service says about each kind of entity it keeps.

use serde::{Serialize, de::DeserializeOwned};
use smol_str::SmolStr;

/// Which partition a table's rows live in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One partition per account and region: nearly everything.
    Region,
    /// One partition per account, whatever the region: IAM.
    Account,
    /// One partition for all accounts: names that are unique in the world, such as S3 buckets.
    World,
}

/// A kind of entity: a compact record with a key and the secondary indexes it needs, so that no
/// hot path scans. Rows are stored as self-describing JSON: give new fields `#[serde(default)]`.
pub trait Row: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The table's name in the journal and in the wiring table: `<service>.<resources>`.
    const TABLE: &'static str;
    /// Where the rows live.
    const SCOPE: Scope = Scope::Region;
    /// Names of the secondary indexes.
    const INDEXES: &'static [&'static str] = &[];

    /// The primary key. Rows are iterated in the lexical order of their keys.
    fn key(&self) -> SmolStr;

    /// Puts the row's values of each index into `sink`.
    fn index(&self, sink: &mut IndexSink) {
        let _ = sink;
    }
}

/// Collects the index values of one row.
#[derive(Debug)]
pub struct IndexSink {
    names: &'static [&'static str],
    pub(crate) values: Vec<(u8, SmolStr)>,
}

impl IndexSink {
    pub(crate) fn new(names: &'static [&'static str]) -> Self {
        Self { names, values: Vec::new() }
    }

    /// Says that the row has `value` in the index `name`, which must be one of the row's
    /// [`Row::INDEXES`]. A row may have any number of values in one index.
    pub fn put(&mut self, name: &str, value: impl Into<SmolStr>) {
        self.values.push((position(self.names, name), value.into()));
    }
}

/// The number of an index by its name; asking for an undeclared one is a bug.
pub(crate) fn position(names: &[&str], name: &str) -> u8 {
    names.iter().position(|n| *n == name).expect("the index is declared in Row::INDEXES") as u8
}
