//! How services are put together: what each registers, and what wakes what.

use crate::control::Control;
use crate::metrics::MetricSource;
use crate::operation::OperationRow;
use crate::row::Row;
use crate::table::TableDef;
use crate::timeline::TaskDef;
use crate::{Caller, Tx};
use std::any::TypeId;
use std::collections::BTreeMap;

/// One resource of a service: its operations, tables and tasks. Made by [`crate::resource!`].
#[derive(Debug)]
pub struct Resource {
    /// Rows of the operations table.
    pub operations: &'static [&'static dyn OperationRow],
    /// Kinds of rows it keeps.
    pub tables: &'static [TableDef],
    /// Kinds of tasks it schedules.
    pub tasks: &'static [TaskDef],
    /// What it answers beside AWS's operations.
    pub controls: &'static [Control],
    /// Metrics that it computes from its state.
    pub metrics: &'static [MetricSource],
}

/// A service as the binary wires it.
#[derive(Debug)]
pub struct Service {
    /// The name of its model: `ec2`, `autoscaling`, …
    pub name: &'static str,
    /// Its resources.
    pub resources: &'static [&'static Resource],
    /// Makes what a new account has in each region (EC2: the default VPC). Runs when an account
    /// and region are first looked at.
    pub genesis: Option<fn(&mut Tx, &Caller)>,
}

/// A wake-up: when a row of `table` changes, the `task` is scheduled for now, once for each value
/// (before or after the change) that the row has in `index` and that begins with `prefix`. The
/// subject is the rest of the value, or what `through` makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Wake {
    /// Whose change.
    pub table: &'static str,
    /// The index that leads to the subject; empty for the row's key itself.
    pub index: &'static str,
    /// What the value must begin with; it is cut off.
    pub prefix: &'static str,
    /// Leads on: the subjects are the keys of those rows of this table (in the same partition)
    /// that have the value in this index. So "an instance changed" wakes the targets that it is.
    pub through: Option<(&'static str, &'static str)>,
    /// Who looks.
    pub task: &'static str,
}

impl Wake {
    /// When a row of `table` changes, `task` looks at what its `index` says.
    pub const fn on(table: &'static str, index: &'static str, task: &'static str) -> Self {
        Self { table, index, prefix: "", through: None, task }
    }

    /// Only for values that begin with this, which is cut off.
    #[must_use]
    pub const fn with_prefix(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    /// At the rows of another table that have the value in an index.
    #[must_use]
    pub const fn through(self, table: &'static str, index: &'static str) -> Self {
        Self { through: Some((table, index)), ..self }
    }
}

/// All services, and what wakes what: the one place where one can see it.
#[derive(Debug, Default)]
pub struct Wiring {
    /// The services.
    pub services: Vec<Service>,
    /// The wake-ups.
    pub wakes: Vec<Wake>,
}

pub(crate) struct WakeRow {
    pub(crate) index: &'static str,
    pub(crate) prefix: &'static str,
    /// (table, index)
    pub(crate) through: Option<(usize, &'static str)>,
    pub(crate) task: u16,
}

/// The wiring, numbered for quick look-ups.
pub(crate) struct Registry {
    pub(crate) tables: Vec<TableDef>,
    by_type: BTreeMap<TypeId, usize>,
    pub(crate) tasks: Vec<TaskDef>,
    pub(crate) operations: BTreeMap<(&'static str, &'static str), &'static dyn OperationRow>,
    /// By name, and whether it is a question.
    pub(crate) controls: BTreeMap<(&'static str, bool), &'static Control>,
    pub(crate) metrics: Vec<&'static MetricSource>,
    pub(crate) wakes: Vec<Vec<WakeRow>>,
    pub(crate) genesis: Vec<fn(&mut Tx, &Caller)>,
}

impl Registry {
    /// Numbers the wiring. A table, task or operation that is there twice, or a wake-up that
    /// names none, is a mistake in the wiring and panics at the start.
    pub(crate) fn new(wiring: &Wiring) -> Self {
        let resources = || wiring.services.iter().flat_map(|s| s.resources.iter());
        let mut tables: Vec<TableDef> = resources().flat_map(|r| r.tables).copied().collect();
        tables.sort_by_key(|t| t.name);
        let mut tasks: Vec<TaskDef> = resources().flat_map(|r| r.tasks).copied().collect();
        tasks.sort_by_key(|t| t.name);
        assert!(tables.windows(2).all(|w| w[0].name != w[1].name), "table names are unique");
        assert!(tasks.windows(2).all(|w| w[0].name != w[1].name), "task names are unique");
        let mut operations = BTreeMap::new();
        for row in resources().flat_map(|r| r.operations) {
            let twice = operations.insert((row.service(), row.name()), *row).is_some();
            assert!(!twice, "{row:?} is registered once");
        }
        let mut controls = BTreeMap::new();
        for control in resources().flat_map(|r| r.controls) {
            let twice = controls.insert((control.name, control.is_read()), control).is_some();
            assert!(!twice, "the control {} is registered once", control.name);
        }
        let mut registry = Self {
            controls,
            metrics: resources().flat_map(|r| r.metrics).collect(),
            by_type: tables.iter().enumerate().map(|(n, t)| ((t.type_id)(), n)).collect(),
            wakes: tables.iter().map(|_| Vec::new()).collect(),
            tables,
            tasks,
            operations,
            genesis: wiring.services.iter().filter_map(|s| s.genesis).collect(),
        };
        for wake in &wiring.wakes {
            let table = registry.table_named(wake.table).expect("a wake-up names a table");
            let task = registry.task_number(wake.task);
            let through = wake.through.map(|(name, index)| {
                (registry.table_named(name).expect("a wake-up leads through a table"), index)
            });
            let Wake { index, prefix, .. } = *wake;
            registry.wakes[table].push(WakeRow { index, prefix, through, task });
        }
        registry
    }

    pub(crate) fn table_number<R: Row>(&self) -> usize {
        match self.by_type.get(&TypeId::of::<R>()) {
            Some(number) => *number,
            None => panic!("the table {} is registered by its service", R::TABLE),
        }
    }

    pub(crate) fn table_named(&self, name: &str) -> Option<usize> {
        self.tables.binary_search_by_key(&name, |t| t.name).ok()
    }

    pub(crate) fn task_number(&self, name: &str) -> u16 {
        match self.tasks.binary_search_by_key(&name, |t| t.name) {
            Ok(number) => number as u16,
            Err(_) => panic!("the task {name} is registered by its service"),
        }
    }

    pub(crate) fn find_task(&self, name: &str) -> Option<u16> {
        self.tasks.binary_search_by_key(&name, |t| t.name).ok().map(|n| n as u16)
    }
}

/// Declares what one file of a service registers, as `RESOURCE`:
///
/// ```ignore
/// resource! { ec2:
///     operations { read DescribeKeyPairs => describe_key_pairs, write CreateKeyPair => create_key_pair }
///     tables { KeyPair }
///     tasks { "ec2.key-pair" => look }
///     housekeeping { "ec2.key-pair-purge" => purge }
///     faults { "ec2.key-pair-faults" => look_when_a_fault_begins_or_ends }
///     controls { read "key-pairs" => show, write "key-pairs/clear" => clear }
///     metrics { SOURCE }
/// }
/// ```
/// Each part may be left out. `cargo xtask codegen` finds the operations here.
#[macro_export]
macro_rules! resource {
    ($service:ident:
        $(operations { $($access:ident $operation:ident => $handler:path),* $(,)? })?
        $(tables { $($row:ty),* $(,)? })?
        $(tasks { $($task:literal => $look:path),* $(,)? })?
        $(housekeeping { $($chore:literal => $tidy:path),* $(,)? })?
        $(faults { $($watcher:literal => $watch:path),* $(,)? })?
        $(controls { $($reach:ident $control:literal => $answer:path),* $(,)? })?
        $(metrics { $($source:path),* $(,)? })?
    ) => {
        pub(crate) static RESOURCE: $crate::Resource = $crate::Resource {
            operations: &[$($($crate::operation_row!($service $access $operation $handler)),*)?],
            tables: &[$($($crate::TableDef::of::<$row>()),*)?],
            tasks: &[
                $($($crate::TaskDef::of($task, $look),)*)?
                $($($crate::TaskDef::of($chore, $tidy).housekeeping(),)*)?
                $($($crate::TaskDef::of($watcher, $watch).watching_faults(),)*)?
            ],
            controls: &[$($($crate::Control::$reach($control, $answer)),*)?],
            metrics: &[$($($source),*)?],
        };
    };
}

/// One row of [`resource!`]'s operations.
#[doc(hidden)]
#[macro_export]
macro_rules! operation_row {
    ($service:ident read $operation:ident $handler:path) => {
        &$crate::Read::<::api::$service::ops::$operation>($handler)
    };
    ($service:ident write $operation:ident $handler:path) => {
        &$crate::Write::<::api::$service::ops::$operation>($handler)
    };
}

/// Declares a service's resource modules and gathers what they register as `RESOURCES`: a new
/// resource is one more name in this list.
#[macro_export]
macro_rules! resources {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        pub(crate) static RESOURCES: &[&$crate::Resource] = &[$(&$module::RESOURCE),*];
    };
}
