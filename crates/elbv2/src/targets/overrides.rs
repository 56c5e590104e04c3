//! Administrative overrides: targets that a zonal shift leads their load balancer away from.
//!
//! "Zonal shift for your Application Load Balancer" and "… Network Load Balancer" in the user
//! guides: a load balancer that has zonal shifts enabled sends no new traffic to targets in the
//! zone, whose health does not change by that. A load balancer without cross-zone load balancing
//! leaves the matter to DNS, and so does not tell. Shifts are faults of the kind `zonal-shift`.

use super::Target;
use crate::load_balancers::LoadBalancer;
use crate::names::Kind;
use crate::target_groups::{TargetGroup, serving};
use api::elbv2::AdministrativeOverride;
use kernel::{FaultKind, FaultSubject, Snapshot};
use smol_str::SmolStr;

fn is_on(balancer: &LoadBalancer, key: &str) -> Option<bool> {
    balancer.attributes.get(key).map(|value| value == "true")
}

fn takes_part(balancer: &LoadBalancer) -> bool {
    is_on(balancer, "zonal_shift.config.enabled") == Some(true)
}

/// Whether a load balancer reaches targets in all zones: as the target group says, else as the
/// load balancer does.
fn crosses_zones(balancer: &LoadBalancer, group: &TargetGroup) -> bool {
    let key = "load_balancing.cross_zone.enabled";
    match group.attributes.get(key).map(SmolStr::as_str) {
        Some("true") => true,
        Some("false") => false,
        _ => is_on(balancer, key).unwrap_or(balancer.kind == Kind::Application),
    }
}

/// Whether no traffic goes to a target since its zone is shifted away from.
pub(crate) fn is_shifted(snapshot: &Snapshot, group: &TargetGroup, target: &Target) -> bool {
    let Some(zone) = target.zone.as_ref().or(target.place.as_ref()) else { return false };
    let subject = FaultSubject { zone: Some(zone), ..Default::default() };
    serving(snapshot, &group.arn).is_some_and(|balancer| takes_part(&balancer))
        && snapshot.fault(FaultKind::ZonalShift, &subject).is_some()
}

/// What DescribeTargetHealth tells of it, behind load balancers that have zonal shifts.
pub(super) fn shown(
    snapshot: &Snapshot,
    group: &TargetGroup,
    target: &Target,
) -> Option<AdministrativeOverride> {
    let balancer = serving(snapshot, &group.arn).filter(|b| b.kind != Kind::Gateway)?;
    let told = |state: &'static str, reason: &'static str, description: &'static str| {
        AdministrativeOverride {
            state: Some(SmolStr::new_static(state)),
            reason: Some(SmolStr::new_static(reason)),
            description: Some(SmolStr::new_static(description)),
        }
    };
    Some(if !takes_part(&balancer) || crosses_zones(&balancer, group) {
        match is_shifted(snapshot, group, target) {
            true => told(
                "zonal_shift_active",
                "AdministrativeOverride.ZonalShiftActive",
                "Zonal shift is active in target Availability Zone",
            ),
            false => told(
                "no_override",
                "AdministrativeOverride.NoOverride",
                "No override is currently active on target",
            ),
        }
    } else {
        told(
            "zonal_shift_delegated_to_dns",
            "AdministrativeOverride.ZonalShiftDelegatedToDns",
            "This target's zonal shift state is not available through DescribeTargetHealth but \
             can be viewed directly through the AWS ARC - Zonal Shift API or console.",
        )
    })
}
