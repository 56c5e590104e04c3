//! One table of one partition: rows by key and by secondary index, on persistent maps, so that a
//! clone costs nothing and a change copies only the path to it.

use crate::row::{IndexSink, Row, position};
use imbl::OrdMap;
use serde_json::value::{RawValue, to_raw_value};
use smol_str::SmolStr;
use std::any::{Any, TypeId};
use std::ops::Bound;
use std::sync::Arc;

/// (index number, value, row key)
type IndexKey = (u8, SmolStr, SmolStr);

/// The rows of one kind in one partition.
#[derive(Clone)]
pub(crate) struct Table<R: Row> {
    rows: OrdMap<SmolStr, Arc<R>>,
    /// Holds the rows too: whoever asks an index wants them, and reads are many to a write.
    index: OrdMap<IndexKey, Arc<R>>,
}

impl<R: Row> Table<R> {
    pub(crate) fn new() -> Self {
        Self { rows: OrdMap::new(), index: OrdMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Arc<R>> {
        self.rows.get(key)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<R>> {
        self.rows.values()
    }

    /// Rows whose key comes after `key`, in order.
    pub(crate) fn after<'a>(
        &'a self,
        key: &str,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<R>> + use<'a, R> {
        let from = (Bound::Excluded(SmolStr::new(key)), Bound::<SmolStr>::Unbounded);
        self.rows.range(from).map(|(_, row)| row)
    }

    /// The rows with `value` in an index, in the order of their keys.
    pub(crate) fn rows_by<'a>(
        &'a self,
        index: &str,
        value: &str,
    ) -> impl Iterator<Item = (&'a SmolStr, &'a Arc<R>)> + use<'a, R> {
        let number = position(R::INDEXES, index);
        let from = (number, SmolStr::new(value), SmolStr::default());
        let value = from.1.clone();
        self.index
            .range(from..)
            .take_while(move |((n, v, _), _)| *n == number && *v == value)
            .map(|((_, _, key), row)| (key, row))
    }

    /// Distinct values of an index that begin with `prefix`, in order.
    pub(crate) fn values_of(&self, index: &str, prefix: &str) -> Vec<SmolStr> {
        let number = position(R::INDEXES, index);
        let from = (number, SmolStr::new(prefix), SmolStr::default());
        let mut values: Vec<SmolStr> = Vec::new();
        let entries = self.index.range(from..).map(|(entry, _)| entry);
        for (_, value, _) in entries.take_while(|(n, v, _)| *n == number && v.starts_with(prefix)) {
            if values.last() != Some(value) {
                values.push(value.clone());
            }
        }
        values
    }

    pub(crate) fn put(&mut self, row: R) -> Option<Arc<R>> {
        let key = row.key();
        let mut sink = IndexSink::new(R::INDEXES);
        row.index(&mut sink);
        let row = Arc::new(row);
        let old = self.rows.insert(key.clone(), row.clone());
        if let Some(old) = &old {
            let mut before = IndexSink::new(R::INDEXES);
            old.index(&mut before);
            for (number, value) in before.values {
                if !sink.values.iter().any(|(n, v)| *n == number && *v == value) {
                    self.index.remove(&(number, value, key.clone()));
                }
            }
        }
        for (number, value) in sink.values {
            self.index.insert((number, value, key.clone()), row.clone());
        }
        old
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Arc<R>> {
        let old = self.rows.remove(key)?;
        let mut sink = IndexSink::new(R::INDEXES);
        old.index(&mut sink);
        for (number, value) in sink.values {
            self.index.remove(&(number, value, SmolStr::new(key)));
        }
        Some(old)
    }
}

/// A table whose row type is forgotten: what the commit, the journal and wake-ups need.
pub(crate) trait AnyTable: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn copy(&self) -> Arc<dyn AnyTable>;
    /// The row as JSON, if it exists.
    fn encode(&self, key: &str) -> Option<serde_json::Result<Box<RawValue>>>;
    /// Puts a row that the journal gave back.
    fn restore(&mut self, json: &str) -> serde_json::Result<()>;
    fn forget(&mut self, key: &str);
    fn keys(&self) -> Vec<SmolStr>;
    fn rows(&self) -> usize;
    /// The values of one index of one row.
    fn index_values(&self, key: &str, index: &str) -> Vec<SmolStr>;
    /// Keys of the rows that have `value` in an index; of the row with that key, if it is empty.
    fn keys_with(&self, index: &str, value: &str) -> Vec<SmolStr>;
}

impl<R: Row> AnyTable for Table<R> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn copy(&self) -> Arc<dyn AnyTable> {
        Arc::new(self.clone())
    }

    fn encode(&self, key: &str) -> Option<serde_json::Result<Box<RawValue>>> {
        self.get(key).map(|row| to_raw_value(&**row))
    }

    fn restore(&mut self, json: &str) -> serde_json::Result<()> {
        self.put(serde_json::from_str(json)?);
        Ok(())
    }

    fn forget(&mut self, key: &str) {
        self.remove(key);
    }

    fn keys(&self) -> Vec<SmolStr> {
        self.rows.keys().cloned().collect()
    }

    fn rows(&self) -> usize {
        self.len()
    }

    fn index_values(&self, key: &str, index: &str) -> Vec<SmolStr> {
        let Some(row) = self.get(key) else { return Vec::new() };
        let number = position(R::INDEXES, index);
        let mut sink = IndexSink::new(R::INDEXES);
        row.index(&mut sink);
        sink.values.into_iter().filter(|(n, _)| *n == number).map(|(_, v)| v).collect()
    }

    fn keys_with(&self, index: &str, value: &str) -> Vec<SmolStr> {
        if index.is_empty() {
            return self.get(value).map(|row| row.key()).into_iter().collect();
        }
        self.rows_by(index, value).map(|(key, _)| key.clone()).collect()
    }
}

/// A table as its service registers it.
#[derive(Clone, Copy)]
pub struct TableDef {
    pub(crate) name: &'static str,
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) make: fn() -> Arc<dyn AnyTable>,
}

impl TableDef {
    /// The table of rows `R`.
    pub const fn of<R: Row>() -> Self {
        Self { name: R::TABLE, type_id: TypeId::of::<R>, make: || Arc::new(Table::<R>::new()) }
    }
}

impl std::fmt::Debug for TableDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
