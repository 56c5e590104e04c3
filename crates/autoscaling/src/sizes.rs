//! How big a group is, for the metrics that are computed from it.

use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use crate::metrics::METRICS;
use kernel::{ApiError, Caller, Tx, resource};
use serde_json::{Value, json};
use smol_str::SmolStr;
use std::collections::BTreeMap;

resource! { autoscaling:
    controls { internal "autoscaling.sizes" => sizes }
}

/// Instances and units of capacity.
#[derive(Clone, Copy, Default)]
struct Count {
    instances: i64,
    units: i64,
}

impl Count {
    fn add(&mut self, member: &Member) {
        self.instances += 1;
        self.units += member.units() as i64;
    }

    fn and(self, other: Self) -> Self {
        Self {
            instances: self.instances + other.instances,
            units: self.units + other.units,
        }
    }
}

#[derive(Default)]
struct Counts {
    in_service: Count,
    pending: Count,
    standby: Count,
    terminating: Count,
    warmed: Count,
    warm_pending: Count,
    warm_terminating: Count,
    by_type: BTreeMap<SmolStr, u32>,
    detailed: bool,
}

fn count<'a>(members: impl Iterator<Item = &'a Member>) -> Counts {
    let mut counts = Counts::default();
    for member in members {
        let slot = match member.state {
            LifecycleState::InService => {
                match counts.by_type.get_mut(&member.instance_type) {
                    Some(count) => *count += 1,
                    None => drop(counts.by_type.insert(member.instance_type.clone(), 1)),
                }
                counts.detailed |= member.detailed;
                &mut counts.in_service
            }
            state if state.is_prepared() => &mut counts.warmed,
            state if state.is_warmed() && state.is_terminating() => &mut counts.warm_terminating,
            state if state.is_warmed() => &mut counts.warm_pending,
            state if state.is_pending() => &mut counts.pending,
            state if state.is_terminating() => &mut counts.terminating,
            _ => &mut counts.standby,
        };
        slot.add(member);
    }
    counts
}

/// `{"group": NAME}` → the sizes that are collected, by the names of their metrics, its instances
/// in service by type, and the target groups before it.
fn sizes(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let group = Group::find(tx, request["group"].as_str().unwrap_or_default())?;
    let counts = count(group.members(tx).map(|member| &**member));
    let collected: serde_json::Map<String, Value> = match group.metrics.is_empty() {
        true => serde_json::Map::new(),
        false => METRICS
            .into_iter()
            .zip(measure(tx, &group, &counts))
            .filter(|(name, _)| group.metrics.iter().any(|metric| metric == name))
            .map(|(name, size)| (name.to_owned(), json!(size)))
            .collect(),
    };
    Ok(json!({
        "sizes": collected,
        "inService": counts.by_type,
        "detailed": counts.detailed,
        "targetGroups": crate::attachments::target_groups(&group),
    }))
}

/// Every group metric, in the order of [`METRICS`].
fn measure(tx: &Tx, group: &Group, counts: &Counts) -> [i64; METRICS.len()] {
    let Counts { in_service, pending, standby, terminating, .. } = *counts;
    let live = [in_service, pending, standby, terminating];
    let total = live.into_iter().reduce(Count::and).unwrap_or_default();
    let Counts { warmed, warm_pending, warm_terminating, .. } = counts;
    let warm_total = warmed.units + warm_pending.units + warm_terminating.units;
    let (warm_desired, warm_min) = crate::warm_pools::wanted(tx, group);
    [
        group.min,
        group.max,
        group.desired,
        in_service.instances,
        pending.instances,
        standby.instances,
        terminating.instances,
        total.instances,
        in_service.units,
        pending.units,
        standby.units,
        terminating.units,
        total.units,
        warm_desired,
        warmed.units,
        warm_pending.units,
        warm_terminating.units,
        warm_total,
        warm_min,
        group.desired + warm_desired,
        total.units + warm_total,
    ]
}
