//! What faults do to instances: failed status checks, failed zones, interrupted Spot Instances.
//!
//! An instance that a fault strikes says so in its row, so that whoever watches instances (Auto
//! Scaling, load balancers, stacks) wakes by the ordinary wake-ups. It recovers when the fault
//! ends, when it is moved to other hardware (stopped and started, or recovered), or with its zone.
//! "Spot Instance interruptions" and "Status checks for your instances" in the user guide.

use super::lifecycle::begin;
use super::row::{Impairment, Instance, Reason, SpotNotice, State};
use crate::entity::Entity;
use crate::spot;
use kernel::{
    ApiError, Caller, FailedCheck, FaultKind, FaultRule, FaultSubject, Tags, Tx, Wait,
};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The name of the Auto Scaling group that an instance's tags tell.
pub(super) fn group_of(tags: &Tags) -> Option<&str> {
    tags.get("aws:autoscaling:groupName").map(SmolStr::as_str)
}

/// Spot or On-Demand, as faults call it.
pub(super) const fn market_name(spot: bool) -> &'static str {
    if spot { "spot" } else { "on-demand" }
}

/// What faults can tell an instance by.
pub(super) fn subject(instance: &Instance) -> FaultSubject<'_> {
    FaultSubject {
        zone: Some(&instance.launch.zone),
        instance_type: Some(&instance.launch.instance_type),
        market: Some(market_name(instance.spot_request.is_some())),
        instance: Some(&instance.id),
        group: group_of(&instance.tags),
        ..FaultSubject::default()
    }
}

/// Lets every fault in force strike an instance that has just begun to run.
pub(super) fn on_start(tx: &mut Tx, instance: &mut Instance) {
    let subject_of = instance.clone();
    let subject = subject(&subject_of);
    let rule = tx.fault(FaultKind::ZoneOutage, &subject);
    if let Some(rule) = rule.or_else(|| tx.strike(FaultKind::StatusCheck, &subject)) {
        impair(tx, instance, &rule);
    }
    if instance.spot_request.is_some()
        && tx.strike(FaultKind::SpotInterruption, &subject).is_some()
    {
        notify(tx, instance);
    }
}

/// The task: a fault (its id begins the subject) has begun or ended, and its instances notice.
pub(super) fn look(tx: &mut Tx, _: &Caller, moment: &str) {
    let id = moment.split(' ').next().unwrap_or_default();
    let rows: Vec<_> = tx.rows::<Instance>().cloned().collect();
    for row in rows {
        let mut instance = Instance::clone(&row);
        let over = |i: &Impairment| !tx.fault_in_force(&i.fault);
        if instance.impaired.as_deref().is_some_and(over) {
            instance.impaired = None;
        }
        if row.state == State::Running && tx.fault_in_force(id) {
            strike(tx, &mut instance, id);
        }
        if instance.impaired != row.impaired || instance.notice != row.notice {
            tx.put(instance);
        }
    }
}

fn strike(tx: &mut Tx, instance: &mut Instance, id: &str) {
    let subject_of = instance.clone();
    let subject = subject(&subject_of);
    let Some(rule) = tx.fault_rule(id).filter(|rule| rule.matches(&subject)) else { return };
    let open = match rule.kind {
        FaultKind::ZoneOutage => true,
        FaultKind::StatusCheck => instance.impaired.is_none(),
        FaultKind::SpotInterruption => {
            instance.spot_request.is_some() && instance.notice.is_none()
        }
        _ => false,
    };
    // An outage is a state of the zone, which nothing counts.
    let strikes = rule.kind != FaultKind::ZoneOutage;
    if !open || strikes && tx.strike_with(id, &subject).is_none() {
        return;
    }
    match rule.kind {
        FaultKind::SpotInterruption => notify(tx, instance),
        _ => impair(tx, instance, &rule),
    }
}

fn impair(tx: &mut Tx, instance: &mut Instance, rule: &FaultRule) {
    let zone = rule.kind == FaultKind::ZoneOutage;
    let check = rule.check.unwrap_or_default();
    instance.impaired = Some(Box::new(Impairment {
        fault: rule.id.clone(),
        since: tx.now(),
        instance: zone || check == FailedCheck::Instance,
        system: zone || check == FailedCheck::System,
    }));
    // A region that is younger than the fault has not been told of its end.
    if let Some(until) = rule.until {
        tx.schedule(until, "ec2.faults", &format!("{} ends", rule.id));
    }
}

/// Recommends a rebalance now and gives notice of the interruption a little later.
fn notify(tx: &mut Tx, instance: &mut Instance) {
    let now = tx.now();
    let noticed_at = now.plus_millis(tx.pace().millis(Wait::SpotRebalance));
    let ends_at = noticed_at.plus_millis(tx.pace().millis(Wait::SpotNotice));
    instance.notice = Some(Box::new(SpotNotice { recommended_at: now, noticed_at, ends_at }));
    tx.schedule(noticed_at, "ec2.spot-interruption", &instance.id);
}

/// The task: an interruption's notice is due, or its end.
pub(super) fn interrupt(tx: &mut Tx, _: &Caller, id: &str) {
    let Some(row) = tx.get::<Instance>(id) else { return };
    let Some(notice) = row.notice.as_deref().cloned() else { return };
    if row.state.is_ending() {
        return;
    }
    if tx.now() < notice.ends_at {
        let request = row.spot_request.clone().unwrap_or_default();
        spot::marked(tx, &request);
        // A write of its own, so that whoever watches the instance notices the notice.
        tx.put(Instance::clone(&row));
        tx.schedule(notice.ends_at, "ec2.spot-interruption", id);
        return;
    }
    let mut instance = Instance::clone(&row);
    instance.reason = Some(Box::new(Reason {
        code: "Server.SpotInstanceTermination".into(),
        message: "Server.SpotInstanceTermination: Spot instance termination".into(),
        transition: SmolStr::default(),
    }));
    begin(tx, &mut instance, State::ShuttingDown, Wait::InstanceTerminate);
    tx.put(instance);
}

/// `ec2.recover`, for CloudWatch's recover action: an instance moves off its failed hardware, so
/// that its system status check passes again.
pub(super) fn recover(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let id = request["instance_id"].as_str().unwrap_or_default();
    let row = Instance::find(tx, id)?;
    let mut instance = Instance::clone(&row);
    let was_impaired = instance.impaired.as_ref().is_some_and(|i| i.system);
    if was_impaired {
        let left = instance.impaired.clone().filter(|impaired| impaired.instance);
        // A failed instance status check is the user's to repair.
        instance.impaired =
            left.map(|impaired| Box::new(Impairment { system: false, ..*impaired }));
        tx.put(instance);
    }
    Ok(json!({ "recovered": was_impaired }))
}

/// `ec2.unsettled`, for Auto Scaling: `{"group": NAME}` → the group's instances that do not simply
/// run, by their ids: where they are, why, whether a status check fails, and whether a Spot
/// Instance should be rebalanced. What AWS tells by events, instance metadata and Describe calls.
pub(super) fn unsettled(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let group = request["group"].as_str().unwrap_or_default();
    let told = tx.rows_by::<Instance>("unsettled", group).map(|row| {
        let fails = |impaired: &Impairment| impaired.instance || impaired.system;
        let standing = json!({
            "state": row.state.name(),
            "reason": row.reason.as_ref().map(|reason| &reason.message),
            "impaired": row.state == State::Running && row.impaired.as_deref().is_some_and(fails),
            "rebalance": row.notice.is_some(),
        });
        (row.id.to_string(), standing)
    });
    Ok(Value::Object(told.collect()))
}
