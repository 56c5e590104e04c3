//! RegisterTargets and DeregisterTargets.

use super::health::{State, Unused};
use super::{Target, key, load_balancer_target};
use crate::names::Kind;
use crate::network;
use crate::target_groups::{TargetGroup, TargetType};
use crate::errors;
use api::elbv2::{
    DeregisterTargetsInput, DeregisterTargetsOutput, RegisterTargetsInput, RegisterTargetsOutput,
    TargetDescription,
};
use kernel::{ApiError, Arn, Caller, Snapshot, Tx, is_resource_id};
use smol_str::{SmolStr, format_smolstr};
use std::net::Ipv4Addr;

/// Registering a target that is there already changes nothing; one that drains comes back.
pub(super) fn register_targets(
    tx: &mut Tx,
    caller: &Caller,
    input: RegisterTargetsInput,
) -> Result<RegisterTargetsOutput, ApiError> {
    let group = TargetGroup::find(tx, &input.target_group_arn)?;
    let targets = checked(tx, caller, &group, input.targets)?;
    let now = tx.now();
    for (wanted, zone) in targets {
        let key = key(&group.arn, &wanted.id, wanted.port);
        let row = tx.get::<Target>(&key);
        if row.is_none_or(|row| matches!(row.state, State::Draining(_))) {
            tx.cancel("elbv2.target", &key);
            tx.put(Target {
                group: group.arn.clone(),
                id: wanted.id,
                port: wanted.port,
                place: zone.clone(),
                zone,
                state: State::Unused(Unused::NotInUse),
                since: now,
                turning: None,
                groups: Vec::new(),
            });
            super::health::look(tx, caller, &key);
        }
    }
    Ok(RegisterTargetsOutput {})
}

/// A target in use drains for as long as its group says; any other goes at once.
pub(super) fn deregister_targets(
    tx: &mut Tx,
    caller: &Caller,
    input: DeregisterTargetsInput,
) -> Result<DeregisterTargetsOutput, ApiError> {
    let group = TargetGroup::find(tx, &input.target_group_arn)?;
    let keys: Vec<(SmolStr, SmolStr)> = input
        .targets
        .into_iter()
        .map(|one| (key(&group.arn, &one.id, port_of(&group, one.port)), one.id))
        .collect();
    for (key, id) in &keys {
        if !tx.contains::<Target>(key) {
            known(tx, caller, &group, id)?;
        }
    }
    let now = tx.now();
    let until = now.plus_millis(group.drain_secs() * 1_000);
    for (key, _) in keys {
        let Some(row) = tx.get::<Target>(&key) else { continue };
        match row.state {
            State::Draining(_) => {}
            State::Unused(_) => super::forget(tx, &key),
            _ if until <= now => super::forget(tx, &key),
            _ => {
                tx.cancel("elbv2.target", &key);
                tx.schedule(until, "elbv2.target", &key);
                tx.update::<Target>(&key, |row| {
                    row.state = State::Draining(until);
                    row.since = now;
                    row.turning = None;
                });
            }
        }
    }
    Ok(DeregisterTargetsOutput {})
}

fn port_of(group: &TargetGroup, asked: Option<i64>) -> Option<i64> {
    match group.kind {
        TargetType::Lambda => None,
        _ => asked.or(group.port),
    }
}

type Placed = (TargetDescription, Option<SmolStr>);

/// The targets of a request with their ports and zones, if all can be registered.
fn checked(
    snapshot: &Snapshot,
    caller: &Caller,
    group: &TargetGroup,
    targets: Vec<TargetDescription>,
) -> Result<Vec<Placed>, ApiError> {
    let mut placed = Vec::with_capacity(targets.len());
    for mut one in targets {
        if group.kind == TargetType::Lambda && one.port.is_some() {
            return Err(errors::validation(
                "A port cannot be specified for targets of target type 'lambda'",
            ));
        }
        if one.port.is_some_and(|port| !(1..=65_535).contains(&port)) {
            return Err(errors::validation(format_args!(
                "Port '{}' must be between '1' and '65535'",
                one.port.unwrap_or_default()
            )));
        }
        one.port = port_of(group, one.port);
        let zone = match group.kind {
            TargetType::Ip => zone_of_address(snapshot, caller, group, &one)?,
            _ => None,
        };
        placed.push((one, zone));
    }
    match group.kind {
        TargetType::Instance => check_instances(snapshot, caller, group, &placed)?,
        TargetType::Ip => {}
        TargetType::Lambda | TargetType::Alb => {
            if placed.len() > 1 {
                return Err(errors::validation(format_args!(
                    "Only one target can be registered with a target group of target type '{}'",
                    group.kind.name()
                )));
            }
            for (one, _) in &placed {
                known(snapshot, caller, group, &one.id)?;
            }
        }
    }
    Ok(placed)
}

fn quoted(ids: &[&SmolStr]) -> String {
    ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ")
}

/// Instances must run and be in the group's VPC; the error names all that do not.
fn check_instances(
    snapshot: &Snapshot,
    caller: &Caller,
    group: &TargetGroup,
    targets: &[Placed],
) -> Result<(), ApiError> {
    let (mut idle, mut elsewhere) = (Vec::new(), Vec::new());
    for (one, _) in targets {
        let Some(machine) = network::machine(snapshot, caller, &one.id) else {
            return Err(invalid_instance(&one.id));
        };
        if machine.state != "running" {
            idle.push(&one.id);
        } else if Some(&machine.vpc) != group.vpc.as_ref() {
            elsewhere.push(&one.id);
        }
    }
    if !idle.is_empty() {
        return Err(errors::invalid_target(format_args!(
            "The following targets are not in a running state and cannot be registered: {}",
            quoted(&idle)
        )));
    }
    if !elsewhere.is_empty() {
        return Err(errors::invalid_target(format_args!(
            "The following targets are not in the target group VPC '{}': {}",
            group.vpc.as_deref().unwrap_or_default(),
            quoted(&elsewhere)
        )));
    }
    Ok(())
}

fn invalid_instance(id: &str) -> ApiError {
    errors::invalid_target(format_args!("Instance ID '{id}' is not valid"))
}

/// Fails unless there is or could be such a target.
pub(super) fn known(
    snapshot: &Snapshot,
    caller: &Caller,
    group: &TargetGroup,
    id: &SmolStr,
) -> Result<(), ApiError> {
    match group.kind {
        TargetType::Instance => {
            let there = is_resource_id(id, "i-") && network::machine(snapshot, caller, id).is_some();
            if there { Ok(()) } else { Err(invalid_instance(id)) }
        }
        TargetType::Ip => address(id).map(|_| ()),
        TargetType::Lambda => match Arn::parse(id).is_some_and(|arn| arn.service == "lambda") {
            true => Ok(()),
            false => Err(errors::validation(format_args!("'{id}' is not a valid Lambda function ARN"))),
        },
        TargetType::Alb => match load_balancer_target(snapshot, id) {
            Some(row) if row.kind == Kind::Application && Some(&row.vpc) == group.vpc.as_ref() => {
                Ok(())
            }
            _ => Err(errors::invalid_target(format_args!(
                "'{id}' is not an Application Load Balancer in the VPC of the target group"
            ))),
        },
    }
}

fn address(id: &str) -> Result<Ipv4Addr, ApiError> {
    id.parse().map_err(|_| {
        errors::validation(format_args!("The IP address '{id}' is not a valid IPv4 address"))
    })
}

/// The zone of an address: that of its subnet, or `all` for one outside of the VPC, which must be
/// in a private block.
fn zone_of_address(
    snapshot: &Snapshot,
    caller: &Caller,
    group: &TargetGroup,
    one: &TargetDescription,
) -> Result<Option<SmolStr>, ApiError> {
    let ip = address(&one.id)?;
    let vpc = group.vpc.clone().unwrap_or_default();
    if let Some(subnet) = network::subnet_of(snapshot, caller, &vpc, ip) {
        return Ok(Some(one.availability_zone.clone().unwrap_or(subnet.zone)));
    }
    // RFC 1918 and RFC 6598.
    let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
    let own = ip.is_loopback() && snapshot.settings().serve_load_balancers;
    if !ip.is_private() && !shared && !own {
        return Err(errors::invalid_target(format_args!(
            "The IP address '{ip}' is neither in the VPC '{vpc}' nor in a private address range"
        )));
    }
    match one.availability_zone.as_deref() {
        // On AWS there is no such address, and so no such rule about it.
        _ if own => Ok(Some(format_smolstr!("all"))),
        Some("all") => Ok(Some(format_smolstr!("all"))),
        _ => Err(errors::validation(format_args!(
            "The Availability Zone 'all' must be specified for the IP address '{ip}', which is \
             outside of the VPC '{vpc}'"
        ))),
    }
}
