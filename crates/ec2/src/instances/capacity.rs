//! Whether there is room for a launch: what zones offer, and what faults take away.

use super::faults::{group_of, market_name};
use super::row::{Instance, State};
use crate::errors;
use catalogue::InstanceType;
use kernel::{ApiError, FaultKind, FaultSubject, Snapshot, Tags, Tx};

/// What is to be launched where.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) operation: &'a str,
    pub(super) instance_type: &'static InstanceType,
    pub(super) zone: &'a str,
    pub(super) spot: bool,
    pub(super) tags: &'a Tags,
    /// At least and at most so many instances.
    pub(super) min: u32,
    pub(super) max: u32,
}

impl Request<'_> {
    fn subject(&self) -> FaultSubject<'_> {
        FaultSubject {
            operation: Some(self.operation),
            zone: Some(self.zone),
            instance_type: Some(&self.instance_type.name),
            market: Some(market_name(self.spot)),
            group: group_of(self.tags),
            ..FaultSubject::default()
        }
    }

    /// The region's other zones that have the type, and room for it.
    fn others<'s>(&self, snapshot: &'s Snapshot) -> Vec<&'s str> {
        let zones = catalogue::region(snapshot.region()).map_or(&[][..], |r| &r.zones);
        let offers = |zone: &&str| {
            *zone != self.zone
                && catalogue::offered(snapshot.region(), zone, &self.instance_type.name)
                && !is_full(snapshot, &FaultSubject { zone: Some(zone), ..self.subject() })
        };
        zones.iter().map(|z| z.name.as_str()).filter(offers).collect()
    }
}

/// Whether launches like this cannot succeed now, for certain.
pub(super) fn is_full(snapshot: &Snapshot, subject: &FaultSubject<'_>) -> bool {
    let lacks = snapshot.fault(FaultKind::InsufficientCapacity, subject);
    snapshot.fault(FaultKind::ZoneOutage, subject).is_some()
        || lacks.is_some_and(|rule| rule.rate.is_none_or(|rate| rate >= 1.0))
}

/// How many instances may be launched, or AWS's error: the zone lacks the type, has no room for
/// it, or the account's quota is used up.
pub(super) fn room(tx: &mut Tx, request: &Request<'_>) -> Result<u32, ApiError> {
    let (name, zone) = (&request.instance_type.name, request.zone);
    if !catalogue::offered(tx.region(), zone, name) {
        let others = request.others(tx);
        return Err(errors::unsupported_in_zone(name, zone, &others));
    }
    let subject = request.subject();
    let max = quota(tx, request, &subject)?;
    let full = tx.fault(FaultKind::ZoneOutage, &subject).is_some()
        || tx.strike(FaultKind::InsufficientCapacity, &subject).is_some();
    match (full, request.spot) {
        (false, _) => Ok(max),
        (true, true) => Err(errors::no_spot_capacity()),
        (true, false) => Err(errors::insufficient_capacity(name, zone, &request.others(tx))),
    }
}

/// How many instances a quota leaves, if there is one.
fn quota(
    tx: &mut Tx,
    request: &Request<'_>,
    subject: &FaultSubject<'_>,
) -> Result<u32, ApiError> {
    if tx.fault(FaultKind::Quota, subject).is_none() {
        return Ok(request.max);
    }
    let used: u64 = tx
        .rows::<Instance>()
        .filter(|row| matches!(row.state, State::Pending | State::Running))
        .filter_map(|row| catalogue::instance_type(&row.launch.instance_type))
        .map(|type_| u64::from(type_.vcpus))
        .sum();
    let Some(rule) = tx.strike(FaultKind::Quota, subject) else { return Ok(request.max) };
    // Without a number, what runs now is all that may.
    let limit = rule.limit.unwrap_or(used);
    let left = limit.saturating_sub(used) / u64::from(request.instance_type.vcpus.max(1));
    match u32::try_from(left).unwrap_or(u32::MAX) {
        left if left < request.min => Err(errors::vcpu_limit_exceeded(limit)),
        left => Ok(left.min(request.max)),
    }
}
