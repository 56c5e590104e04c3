//! What a read sees: the universe at one instant, from the place of one account and region.

use crate::row::Row;
use crate::universe::{Partitions, Settings, Universe};
use crate::{Caller, Pace, Timestamp};
use model::{ApiError, Operation};
use smol_str::SmolStr;
use std::sync::Arc;

/// An immutable view of the universe. Reads never wait for a writer, and a read-only operation
/// takes `&Snapshot`, so the compiler proves that it changes nothing.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) universe: Universe,
    pub(crate) partitions: Partitions,
    pub(crate) now: Timestamp,
}

impl Snapshot {
    /// The virtual present.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The account that this view belongs to.
    pub fn account(&self) -> &SmolStr {
        &self.place().0
    }

    /// The region that this view belongs to.
    pub fn region(&self) -> &SmolStr {
        &self.place().1
    }

    fn place(&self) -> &(SmolStr, SmolStr) {
        let partition = self.universe.partitions.get(&self.partitions.region);
        &partition.expect("a view's partition exists").place
    }

    /// How long AWS's waits take here.
    pub fn pace(&self) -> Pace {
        self.universe.settings.pace
    }

    /// What the user chose at the start.
    pub fn settings(&self) -> &Settings {
        &self.universe.settings
    }

    /// Asks a read-only operation, of this service or another, as a client would; in the caller's
    /// region, or this view's if the caller's has never been looked at.
    pub fn ask<O: Operation>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, ApiError> {
        let row = self.universe.registry.operations.get(&(O::SERVICE, O::NAME)).copied();
        let Some(row) = row.filter(|row| row.is_read()) else {
            return Err(ApiError::not_implemented(format_args!("{}:{}", O::SERVICE, O::NAME)));
        };
        let mut view = self.clone();
        if let Some(place) = self.universe.find(&caller.account, &caller.region) {
            view.partitions = place;
        }
        let output = row.read(&view, caller, Box::new(input))?.into_any().downcast();
        Ok(*output.expect("an operation answers its own output type"))
    }

    /// Whether any fault is in force.
    pub fn has_faults(&self) -> bool {
        !self.universe.faults.rules.is_empty()
    }

    /// The row with this key.
    pub fn get<R: Row>(&self, key: &str) -> Option<Arc<R>> {
        self.universe.table::<R>(&self.partitions)?.get(key).cloned()
    }

    /// Whether there is a row with this key.
    pub fn contains<R: Row>(&self, key: &str) -> bool {
        self.universe.table::<R>(&self.partitions).is_some_and(|t| t.get(key).is_some())
    }

    /// Number of rows in the table.
    pub fn count<R: Row>(&self) -> usize {
        self.universe.table::<R>(&self.partitions).map_or(0, |t| t.len())
    }

    /// All rows, in the order of their keys.
    pub fn rows<R: Row>(&self) -> impl DoubleEndedIterator<Item = &Arc<R>> {
        self.universe.table::<R>(&self.partitions).into_iter().flat_map(|t| t.iter())
    }

    /// The rows whose key comes after `key`, in order: where a page goes on.
    pub fn rows_after<'a, R: Row>(
        &'a self,
        key: &str,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<R>> + use<'a, R> {
        let table = self.universe.table::<R>(&self.partitions);
        table.map(|t| t.after(key)).into_iter().flatten()
    }

    /// The rows that have `value` in `index`, in the order of their keys.
    pub fn rows_by<'a, R: Row>(
        &'a self,
        index: &str,
        value: &str,
    ) -> impl Iterator<Item = &'a Arc<R>> + use<'a, R> {
        let table = self.universe.table::<R>(&self.partitions);
        table.map(|t| t.rows_by(index, value)).into_iter().flatten().map(|(_, row)| row)
    }

    /// Distinct values of `index` that begin with `prefix`, in order.
    pub fn index_values<R: Row>(&self, index: &str, prefix: &str) -> Vec<SmolStr> {
        self.universe
            .table::<R>(&self.partitions)
            .map_or(Vec::new(), |t| t.values_of(index, prefix))
    }
}
