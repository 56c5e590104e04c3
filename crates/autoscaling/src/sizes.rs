//! How big a group is, for the metrics that are computed from it.

use crate::groups::Group;
use crate::members::{LifecycleState, Member};
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
                *counts.by_type.entry(member.instance_type.clone()).or_default() += 1;
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

/// `{"group": NAME}` → its sizes in the order of the group metrics (those of
/// DescribeMetricCollectionTypes), its instances in service by type, what is collected, and the
/// target groups before it.
fn sizes(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let group = Group::find(tx, request["group"].as_str().unwrap_or_default())?;
    let counts = count(group.members(tx).map(|member| &**member));
    let Counts { in_service, pending, standby, terminating, .. } = counts;
    let live = [in_service, pending, standby, terminating];
    let total = |of: fn(&Count) -> i64| live.iter().map(of).sum::<i64>();
    let (instances, units) = (total(|c| c.instances), total(|c| c.units));
    let warm = [counts.warmed, counts.warm_pending, counts.warm_terminating];
    let warm_total: i64 = warm.iter().map(|c| c.units).sum();
    let (warm_desired, warm_min) = crate::warm_pools::wanted(tx, &group);
    let sizes = [
        group.min,
        group.max,
        group.desired,
        in_service.instances,
        pending.instances,
        standby.instances,
        terminating.instances,
        instances,
        in_service.units,
        pending.units,
        standby.units,
        terminating.units,
        units,
        warm_desired,
        counts.warmed.units,
        counts.warm_pending.units,
        counts.warm_terminating.units,
        warm_total,
        warm_min,
        group.desired + warm_desired,
        units + warm_total,
    ];
    Ok(json!({
        "sizes": sizes,
        "inService": counts.by_type,
        "detailed": counts.detailed,
        "collected": group.metrics,
        "targetGroups": crate::attachments::target_groups(&group),
    }))
}
