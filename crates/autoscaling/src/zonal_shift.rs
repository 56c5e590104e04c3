//! Zonal shifts: groups that are led away from an impaired Availability Zone.
//!
//! "Auto Scaling group zonal shift" in the user guide, and "Amazon EC2 Auto Scaling groups" in the
//! guide of ARC, whose shifts are the faults of the kind `zonal-shift` here. While one lasts, a
//! group that has `ZonalShiftEnabled` launches in its other zones only, scaling policies do not
//! decrease its desired capacity, a delayed instance refresh is given more time, and unhealthy
//! instances of the zone are replaced or not as `ImpairedZoneHealthCheckBehavior` says. Zones are
//! balanced again when it is over. What LaunchInstances asks for is launched where it says.

use crate::groups::Group;
use kernel::{FaultKind, FaultSubject, Snapshot};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// The zones of a group that it is led away from now.
pub(crate) fn zones(snapshot: &Snapshot, group: &Group) -> BTreeSet<SmolStr> {
    let (is_enabled, _) = group.impairment;
    if !is_enabled {
        return BTreeSet::new();
    }
    let shifted = |zone: &SmolStr| {
        let subject =
            FaultSubject { zone: Some(zone), group: Some(&group.name), ..Default::default() };
        snapshot.fault(FaultKind::ZonalShift, &subject).is_some()
    };
    group.zones().into_iter().filter(shifted).collect()
}

/// Whether a group is led away from any of its zones.
pub(crate) fn is_active(snapshot: &Snapshot, group: &Group) -> bool {
    !zones(snapshot, group).is_empty()
}

/// The zones in which unhealthy instances are left alone.
pub(crate) fn ignored(snapshot: &Snapshot, group: &Group) -> BTreeSet<SmolStr> {
    match group.impairment.1.as_str() {
        "ReplaceUnhealthy" => BTreeSet::new(),
        _ => zones(snapshot, group),
    }
}

/// The group as it launches: without the places that it is led away from.
pub(crate) fn away(snapshot: &Snapshot, mut group: Group) -> Group {
    let shifted = zones(snapshot, &group);
    group.places.retain(|place| !shifted.contains(&place.zone));
    group
}
