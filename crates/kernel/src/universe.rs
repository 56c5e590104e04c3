//! The whole state as one value. Cloning it is O(1): snapshots, forks and undoing a failed
//! transaction are all a clone.

use crate::clock::Clock;
use crate::faults::FaultPlan;
use crate::row::{Row, Scope};
use crate::table::{AnyTable, Table};
use crate::timeline::Timeline;
use crate::wiring::Registry;
use crate::{Pace, Timestamp};
use imbl::OrdMap;
use smol_str::SmolStr;
use std::sync::Arc;

/// What the user chose when the cloud was started; constant while it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// From it come all ids, passwords and choices.
    pub seed: u64,
    /// How long AWS's waits take.
    pub pace: Pace,
    /// The account of callers whose access key names none: twelve digits.
    pub account: SmolStr,
    /// Refuse AMI ids and public parameters that the catalogue lacks.
    pub strict_images: bool,
    /// Whether simulated guests do what `cfn-signal` in their user data says.
    pub guest_signals: bool,
    /// Whether load balancers have real ports: then targets on this machine are welcome.
    pub serve_load_balancers: bool,
    /// Where clients reach this cloud, for the links and URLs that it gives away.
    pub endpoint: SmolStr,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            pace: Pace::Brisk,
            account: "123456789012".into(),
            strict_images: false,
            guest_signals: true,
            serve_load_balancers: false,
            endpoint: "http://localhost:4566".into(),
        }
    }
}

/// Names a partition: (account, region). The region is empty for an account's global partition,
/// and both are for the world's.
pub(crate) type PartitionKey = (SmolStr, SmolStr);

/// The tables of one partition, by the registry's numbers. A table is made at its first write.
#[derive(Clone, Default)]
pub(crate) struct Partition {
    pub(crate) place: PartitionKey,
    pub(crate) tables: Vec<Option<Arc<dyn AnyTable>>>,
}

/// The state of the whole cloud.
#[derive(Clone)]
pub struct Universe {
    pub(crate) registry: Arc<Registry>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) names: OrdMap<PartitionKey, u32>,
    pub(crate) partitions: OrdMap<u32, Arc<Partition>>,
    pub(crate) timeline: Timeline,
    pub(crate) faults: Arc<FaultPlan>,
    pub(crate) clock: Clock,
    /// Number of commits so far; with the seed it determines all chance of the next one.
    pub(crate) sequence: u64,
    /// The latest instant at which anything happened; time never runs backwards.
    pub(crate) now: Timestamp,
}

/// The partitions that one (account, region) sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Partitions {
    pub(crate) region: u32,
    pub(crate) account: u32,
    pub(crate) world: u32,
}

impl Partitions {
    pub(crate) fn of(&self, scope: Scope) -> u32 {
        match scope {
            Scope::Region => self.region,
            Scope::Account => self.account,
            Scope::World => self.world,
        }
    }
}

impl Universe {
    pub(crate) fn new(registry: Arc<Registry>, settings: Settings, clock: Clock) -> Self {
        Self {
            registry,
            settings: Arc::new(settings),
            names: OrdMap::new(),
            partitions: OrdMap::new(),
            timeline: Timeline::default(),
            faults: Arc::default(),
            clock,
            sequence: 0,
            now: Timestamp::default(),
        }
    }

    /// Number of commits so far.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The partitions of an account and region, if they have been made.
    pub(crate) fn find(&self, account: &SmolStr, region: &SmolStr) -> Option<Partitions> {
        let id = |a: &SmolStr, r: &SmolStr| self.names.get(&(a.clone(), r.clone())).copied();
        let none = SmolStr::default();
        Some(Partitions {
            region: id(account, region)?,
            account: id(account, &none)?,
            world: id(&none, &none)?,
        })
    }

    /// The number of a partition, made if needed.
    pub(crate) fn partition(&mut self, account: &SmolStr, region: &SmolStr) -> u32 {
        let key = (account.clone(), region.clone());
        if let Some(id) = self.names.get(&key) {
            return *id;
        }
        let id = self.names.len() as u32;
        self.partitions.insert(id, Arc::new(Partition { place: key.clone(), tables: Vec::new() }));
        self.names.insert(key, id);
        id
    }

    /// The partitions of an account and region, made if needed.
    pub(crate) fn open(&mut self, account: &SmolStr, region: &SmolStr) -> Partitions {
        let none = SmolStr::default();
        Partitions {
            region: self.partition(account, region),
            account: self.partition(account, &none),
            world: self.partition(&none, &none),
        }
    }

    pub(crate) fn slot(&self, partition: u32, table: usize) -> Option<&Arc<dyn AnyTable>> {
        self.partitions.get(&partition)?.tables.get(table)?.as_ref()
    }

    /// The table in this slot, made and unshared so that it can be written.
    pub(crate) fn slot_mut(&mut self, partition: u32, table: usize) -> &mut dyn AnyTable {
        let registry = &self.registry;
        let partition = self.partitions.get_mut(&partition).expect("the partition was opened");
        let tables = &mut Arc::make_mut(partition).tables;
        if tables.len() <= table {
            tables.resize(table + 1, None);
        }
        let slot = tables[table].get_or_insert_with(|| (registry.tables[table].make)());
        if Arc::get_mut(slot).is_none() {
            *slot = slot.copy();
        }
        Arc::get_mut(slot).expect("a fresh copy is not shared")
    }

    pub(crate) fn table<R: Row>(&self, partitions: &Partitions) -> Option<&Table<R>> {
        let slot = self.slot(partitions.of(R::SCOPE), self.registry.table_number::<R>())?;
        Some(slot.as_any().downcast_ref().expect("the registry numbers tables by their type"))
    }

    pub(crate) fn table_mut<R: Row>(&mut self, partitions: &Partitions) -> &mut Table<R> {
        let number = self.registry.table_number::<R>();
        self.slot_mut(partitions.of(R::SCOPE), number)
            .as_any_mut()
            .downcast_mut()
            .expect("the registry numbers tables by their type")
    }
}

impl std::fmt::Debug for Universe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Universe")
            .field("sequence", &self.sequence)
            .field("now", &self.now)
            .field("partitions", &self.names.len())
            .finish_non_exhaustive()
    }
}
