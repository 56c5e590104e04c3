//! How things stand for a target: whether it is in use, and what a check of it would see.
//!
//! A guest answers its health checks if it runs, if its security groups let the load balancer in
//! ("Target security groups" in the user guide), and if no fault breaks it. Network ACLs and the
//! outbound rules of the load balancer's own groups are not looked at.

use super::health::{Failure, Unused};
use super::{Target, load_balancer_target};
use crate::listeners::Listener;
use crate::load_balancers::LoadBalancer;
use crate::names::Kind;
use crate::network::{self, Cidr};
use crate::target_groups::{HealthCheck, TargetGroup, TargetType, serving};
use kernel::{Caller, FaultKind, FaultSubject, Snapshot};
use smol_str::SmolStr;

/// How things stand for a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// What it was is no more.
    Gone,
    Unused(Unused),
    /// The load balancer or the target is not there yet.
    NotYet,
    /// Nobody checks it.
    Unchecked,
    /// What a check sees.
    Checked(Option<Failure>),
}

/// What a look at a target saw.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) standing: Standing,
    /// The zone it is in.
    pub(super) zone: Option<SmolStr>,
    /// The security groups that the answer rests on.
    pub(super) groups: Vec<SmolStr>,
}

/// How things stand.
pub(super) fn of(tx: &Snapshot, caller: &Caller, row: &Target, group: &TargetGroup) -> Seen {
    match group.kind {
        TargetType::Instance => instance(tx, caller, row, group),
        _ => Seen { standing: other(tx, row, group), zone: row.zone.clone(), groups: Vec::new() },
    }
}

fn instance(tx: &Snapshot, caller: &Caller, row: &Target, group: &TargetGroup) -> Seen {
    let Some(machine) = network::machine(tx, caller, &row.id) else {
        return Seen { standing: Standing::Gone, zone: None, groups: Vec::new() };
    };
    let groups = machine.groups;
    let standing = match &*machine.state {
        "shutting-down" | "terminated" => Standing::Unused(Unused::Terminated),
        "stopping" | "stopped" => Standing::Unused(Unused::Stopped),
        state => match serving(tx, &group.arn) {
            None => Standing::Unused(Unused::NotInUse),
            Some(balancer) if !covers(&balancer, &machine.zone) => Standing::Unused(Unused::Zone),
            Some(balancer) if !balancer.active || state != "running" => Standing::NotYet,
            Some(balancer) => {
                let open = reaches(tx, caller, &balancer, &groups, group.check.port_of(row.port));
                let zone = Some(&*machine.zone);
                let seen = || struck(tx, &row.id, zone, &group.check);
                Standing::Checked(if open { seen() } else { Some(Failure::Timeout) })
            }
        },
    };
    Seen { standing, zone: Some(machine.zone), groups }
}

/// Addresses, functions and load balancers as targets.
fn other(tx: &Snapshot, row: &Target, group: &TargetGroup) -> Standing {
    let Some(balancer) = serving(tx, &group.arn) else {
        return Standing::Unused(Unused::NotInUse);
    };
    let zone = row.zone.as_ref().filter(|zone| *zone != "all");
    if zone.is_some_and(|zone| !covers(&balancer, zone)) {
        return Standing::Unused(Unused::Zone);
    }
    if !balancer.active {
        return Standing::NotYet;
    }
    if !group.check.enabled {
        return Standing::Unchecked;
    }
    if group.kind == TargetType::Alb {
        let Some(target) = load_balancer_target(tx, &row.id) else { return Standing::Gone };
        if !target.active {
            return Standing::NotYet;
        }
        let listens = tx
            .rows_by::<Listener>("load-balancer", &target.arn)
            .any(|listener| listener.port == row.port);
        if !listens {
            return Standing::Checked(Some(Failure::Timeout));
        }
    }
    Standing::Checked(struck(tx, &row.id, zone.map(|zone| &**zone), &group.check))
}

fn covers(balancer: &LoadBalancer, zone: &str) -> bool {
    balancer.zones.iter().any(|own| own.subnet.zone == zone)
}

/// Whether the groups of an instance let the load balancer's checks in.
fn reaches(
    tx: &Snapshot,
    caller: &Caller,
    balancer: &LoadBalancer,
    groups: &[SmolStr],
    port: Option<i64>,
) -> bool {
    let Some(port) = port else { return true };
    let sources: Vec<Cidr> = balancer.zones.iter().map(|zone| zone.subnet.cidr).collect();
    let from: &[SmolStr] = match balancer.kind {
        Kind::Application | Kind::Network => &balancer.groups,
        Kind::Gateway => &[],
    };
    network::admits(tx, caller, groups, port, from, &sources)
}

/// Whether a fault breaks a check.
fn struck(
    snapshot: &Snapshot,
    id: &str,
    zone: Option<&str>,
    check: &HealthCheck,
) -> Option<Failure> {
    let subject = FaultSubject { instance: Some(id), zone, ..Default::default() };
    if snapshot.fault(FaultKind::ZoneOutage, &subject).is_some() {
        return Some(Failure::Timeout);
    }
    let rule = snapshot.fault(FaultKind::HealthCheck, &subject)?;
    match rule.code {
        None => Some(Failure::Checks),
        // A check of a TCP connection sees no code; one that the group accepts is no failure.
        Some(_) if check.matcher.is_none() => None,
        Some(code) => (!check.takes(code)).then_some(Failure::Code(code)),
    }
}
