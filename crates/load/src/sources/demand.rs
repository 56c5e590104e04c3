//! The CPU of the instances of a group at an instant, from all loads that reach them.

use crate::history::{History, Point};
use crate::model::{IDLE_PERCENT, requests_per_second, utilization};
use crate::settings::{Bearer, Load, Measure, Setting, of};
use kernel::{Snapshot, Timestamp};
use smol_str::{SmolStr, format_smolstr};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a group's instances of one type do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Work {
    /// Instances.
    pub(super) count: f64,
    /// CPU in percent.
    pub(super) cpu: f64,
    /// Requests per second that each serves.
    pub(super) served: f64,
}

/// A group with its history and loads, read once for a whole query.
#[derive(Debug)]
pub(super) struct Group {
    history: History,
    setting: Option<Arc<Setting>>,
    /// Loads of single instances of the group.
    singles: Vec<Arc<Setting>>,
    target_groups: BTreeMap<SmolStr, (Arc<Setting>, History)>,
    /// Requests per second by type, as far as they have been asked for.
    capacities: RefCell<Vec<(SmolStr, f64)>>,
}

impl Group {
    pub(super) fn read(snapshot: &Snapshot, name: &str, from: Timestamp) -> Self {
        let history = History::since(snapshot, &format_smolstr!("group/{name}"), from);
        let mut target_groups = BTreeMap::new();
        let linked = history.at(snapshot.now()).map(|point| point.linked.clone());
        for arn in linked.unwrap_or_default() {
            if let Some(setting) = of(snapshot, &Bearer::TargetGroup(arn.clone())) {
                let subject = format_smolstr!("target-group/{arn}");
                target_groups.insert(arn, (setting, History::since(snapshot, &subject, from)));
            }
        }
        Self {
            history,
            setting: of(snapshot, &Bearer::Group(name.into())),
            singles: snapshot.rows_by::<Setting>("group", name).cloned().collect(),
            target_groups,
            capacities: RefCell::default(),
        }
    }

    /// What an instance of this type serves, unless the load says otherwise.
    fn capacity(&self, kind: &str) -> f64 {
        let mut known = self.capacities.borrow_mut();
        if let Some((_, capacity)) = known.iter().find(|(name, _)| name == kind) {
            return *capacity;
        }
        let capacity = requests_per_second(kind, None);
        known.push((kind.into(), capacity));
        capacity
    }

    pub(super) fn point(&self, at: Timestamp) -> Option<&Point> {
        self.history.at(at)
    }

    /// What the instances in service do, by type; those with a load of their own are told apart.
    pub(super) fn work(&self, at: Timestamp, tell: &mut dyn FnMut(Work)) {
        let Some(point) = self.point(at) else { return };
        let mut single = 0.0;
        for setting in &self.singles {
            if let Some((load, value)) = setting.value(at) {
                single += 1.0;
                tell(alone(load, value, point.serving.first().map_or("", |(kind, _)| kind)));
            }
        }
        let total = f64::from(point.serving_count());
        for (kind, count) in &point.serving {
            // Which type an instance with a load of its own has is not known here: the first.
            let apart = f64::from(*count).min(std::mem::take(&mut single));
            let count = f64::from(*count) - apart;
            if count > 0.0 {
                tell(Work { count, ..self.each(at, kind, total) });
            }
        }
    }

    /// What each of `total` instances does that has no load of its own.
    pub(super) fn each(&self, at: Timestamp, kind: &str, total: f64) -> Work {
        let mut rate = 0.0;
        let mut given = None;
        let mut floor = IDLE_PERCENT;
        if let Some((load, value)) = self.setting.as_ref().and_then(|s| s.value(at)) {
            match load.measure {
                Measure::Cpu => floor = value.clamp(IDLE_PERCENT, 100.0),
                Measure::Demand => {
                    given = load.capacity;
                    rate += value / total.max(1.0);
                }
            }
        }
        for (setting, history) in self.target_groups.values() {
            let Some((load, value)) = setting.value(at) else { continue };
            let healthy = history.at(at).map_or(0, Point::serving_count);
            if healthy > 0 {
                given = load.capacity.or(given);
                rate += value / f64::from(healthy);
            }
        }
        let capacity = given.unwrap_or_else(|| self.capacity(kind));
        Work {
            count: 1.0,
            cpu: utilization(rate, capacity).max(floor),
            served: rate.min(capacity),
        }
    }
}

/// What an instance with a load of its own does.
pub(super) fn alone(load: &Load, value: f64, kind: &str) -> Work {
    match load.measure {
        Measure::Cpu => {
            let cpu = value.clamp(IDLE_PERCENT, 100.0);
            let capacity = requests_per_second(kind, load.capacity);
            Work { count: 1.0, cpu, served: capacity * cpu / 100.0 }
        }
        Measure::Demand => {
            let capacity = requests_per_second(kind, load.capacity);
            Work { count: 1.0, cpu: utilization(value, capacity), served: value.min(capacity) }
        }
    }
}
