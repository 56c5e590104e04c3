//! Talking to Elastic Load Balancing: who gets traffic, who does well, and who still drains.

use super::{Attachment, Kind, State};
use crate::errors;
use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use api::{elb, elbv2};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// How an instance fares behind a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fares {
    Well,
    Badly,
    Draining,
    /// Not (yet) checked.
    Unknown,
}

/// What the load balancers say of a group's instances.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// They fail the health checks of one whose word counts.
    pub(crate) rejected: BTreeSet<SmolStr>,
    /// Their connections are let end.
    pub(crate) draining: BTreeSet<SmolStr>,
    /// Attachments that some instance does well behind.
    serving: BTreeSet<(Kind, SmolStr)>,
    /// Attachments that still drain.
    busy: BTreeSet<(Kind, SmolStr)>,
}

impl Traffic {
    /// Asks, if the answer matters.
    pub(crate) fn ask(tx: &mut Tx, caller: &Caller, group: &Group) -> Self {
        let mut traffic = Self::default();
        if group.attachments.is_empty() {
            return traffic;
        }
        let checks = group.checks_traffic();
        let drains = group.members(tx).any(|m| m.draining);
        for attachment in &group.attachments {
            let leaving = attachment.state == State::Removing;
            if !checks && !drains && !leaving {
                continue;
            }
            let name = (attachment.kind, attachment.id.clone());
            for (id, fares) in health(tx, caller, attachment, None) {
                match fares {
                    Fares::Well => drop(traffic.serving.insert(name.clone())),
                    Fares::Badly if checks && attachment.state == State::InService => {
                        traffic.rejected.insert(id);
                    }
                    Fares::Draining => {
                        traffic.draining.insert(id);
                        traffic.busy.insert(name.clone());
                    }
                    Fares::Badly | Fares::Unknown => {}
                }
            }
        }
        traffic
    }
}

impl Group {
    /// Whether the load balancers' word on the health of instances counts.
    pub(crate) fn checks_traffic(&self) -> bool {
        self.health_check_type.split(',').any(|kind| kind.trim() == "ELB")
    }
}

/// Takes what is being attached or detached as far as it has come.
pub(crate) fn advance(tx: &mut Tx, caller: &Caller, group: &Group, traffic: &Traffic) {
    let checks = group.checks_traffic();
    let waits = group.is_suspended("AddToLoadBalancer");
    let mut attachments = group.attachments.clone();
    for attachment in &mut attachments {
        let name = (attachment.kind, attachment.id.clone());
        if attachment.state == State::Adding && !waits && tx.now() >= group.reacts_at {
            let ids = in_service(tx, group);
            add(tx, caller, attachment, &ids);
            attachment.state = State::Added;
        }
        if attachment.state == State::Added && checks && traffic.serving.contains(&name) {
            attachment.state = State::InService;
        }
    }
    attachments.retain(|a| {
        a.state != State::Removing || traffic.busy.contains(&(a.kind, a.id.clone()))
    });
    if attachments != group.attachments {
        tx.update::<Group>(&group.name, |group| group.attachments = attachments);
    }
}

fn in_service(tx: &Tx, group: &Group) -> Vec<SmolStr> {
    let members = group.members(tx).filter(|m| m.state == LifecycleState::InService);
    members.map(|m| m.instance_id.clone()).collect()
}

/// Registers instances that come into service. Those that come while AddToLoadBalancer is
/// suspended are never added.
pub(crate) fn register(tx: &mut Tx, caller: &Caller, group: &Group, ids: &[SmolStr]) {
    if ids.is_empty() || group.is_suspended("AddToLoadBalancer") {
        return;
    }
    for attachment in &group.attachments {
        if attachment.state != State::Removing {
            add(tx, caller, attachment, ids);
        }
    }
}

/// Registers instances; if one of them cannot be, the others still are.
fn add(tx: &mut Tx, caller: &Caller, attachment: &Attachment, ids: &[SmolStr]) {
    if ids.is_empty() || try_add(tx, caller, attachment, ids).is_ok() || ids.len() == 1 {
        return;
    }
    for id in ids {
        // What cannot be registered gets no traffic.
        let _ = try_add(tx, caller, attachment, std::slice::from_ref(id));
    }
}

fn try_add(
    tx: &mut Tx,
    caller: &Caller,
    attachment: &Attachment,
    ids: &[SmolStr],
) -> Result<(), ApiError> {
    match attachment.kind {
        Kind::Classic => {
            let request = elb::RegisterEndPointsInput {
                load_balancer_name: attachment.id.clone(),
                instances: instances(ids),
            };
            tx.call::<elb::ops::RegisterInstancesWithLoadBalancer>(caller, request).map(drop)
        }
        Kind::TargetGroup => {
            let request = elbv2::RegisterTargetsInput {
                target_group_arn: attachment.id.clone(),
                targets: targets(ids),
            };
            tx.call::<elbv2::ops::RegisterTargets>(caller, request).map(drop)
        }
    }
}

/// Deregisters an instance; tells whether its connections are being drained.
pub(crate) fn deregister(tx: &mut Tx, caller: &Caller, group: &Group, id: &SmolStr) -> bool {
    let ids = std::slice::from_ref(id);
    let mut drains = false;
    for attachment in &group.attachments {
        remove(tx, caller, attachment, ids);
        let health = health(tx, caller, attachment, Some(ids));
        drains |= health.values().any(|fares| *fares == Fares::Draining);
    }
    drains
}

/// Deregisters all of a group's instances from one attachment.
pub(super) fn clear(tx: &mut Tx, caller: &Caller, group: &Group, attachment: &Attachment) {
    let registered = health(tx, caller, attachment, None);
    let members = group.members(tx).map(|m: &std::sync::Arc<Member>| m.instance_id.clone());
    let ids: Vec<SmolStr> = members.filter(|id| registered.contains_key(id)).collect();
    if !ids.is_empty() {
        remove(tx, caller, attachment, &ids);
    }
}

fn remove(tx: &mut Tx, caller: &Caller, attachment: &Attachment, ids: &[SmolStr]) {
    // A load balancer that is gone holds nobody.
    match attachment.kind {
        Kind::Classic => {
            let request = elb::DeregisterEndPointsInput {
                load_balancer_name: attachment.id.clone(),
                instances: instances(ids),
            };
            let _ = tx.call::<elb::ops::DeregisterInstancesFromLoadBalancer>(caller, request);
        }
        Kind::TargetGroup => {
            let request = elbv2::DeregisterTargetsInput {
                target_group_arn: attachment.id.clone(),
                targets: targets(ids),
            };
            let _ = tx.call::<elbv2::ops::DeregisterTargets>(caller, request);
        }
    }
}

/// How instances fare behind one attachment: these, or all that are registered.
fn health(
    tx: &mut Tx,
    caller: &Caller,
    attachment: &Attachment,
    ids: Option<&[SmolStr]>,
) -> BTreeMap<SmolStr, Fares> {
    match attachment.kind {
        Kind::Classic => classic_health(tx, caller, attachment, ids),
        Kind::TargetGroup => target_health(tx, caller, attachment, ids),
    }
}

fn classic_health(
    tx: &mut Tx,
    caller: &Caller,
    attachment: &Attachment,
    ids: Option<&[SmolStr]>,
) -> BTreeMap<SmolStr, Fares> {
    let request = elb::DescribeEndPointStateInput {
        load_balancer_name: attachment.id.clone(),
        instances: ids.map(instances),
    };
    let found = tx.call::<elb::ops::DescribeInstanceHealth>(caller, request);
    let states = found.ok().and_then(|f| f.instance_states).unwrap_or_default();
    let told = states.into_iter().map(|state| {
        let description = state.description.as_deref().unwrap_or_default();
        let fares = match state.state.as_deref() {
            // Classic Load Balancers tell of draining in the description only.
            _ if description.starts_with("Instance deregistration") => Fares::Draining,
            Some("InService") => Fares::Well,
            _ if description.starts_with("Instance has failed") => Fares::Badly,
            _ => Fares::Unknown,
        };
        (state.instance_id.unwrap_or_default(), fares)
    });
    told.collect()
}

fn target_health(
    tx: &mut Tx,
    caller: &Caller,
    attachment: &Attachment,
    ids: Option<&[SmolStr]>,
) -> BTreeMap<SmolStr, Fares> {
    let request = elbv2::DescribeTargetHealthInput {
        target_group_arn: attachment.id.clone(),
        targets: ids.map(targets),
        ..Default::default()
    };
    let found = tx.call::<elbv2::ops::DescribeTargetHealth>(caller, request);
    let states = found.ok().and_then(|f| f.target_health_descriptions).unwrap_or_default();
    let told = states.into_iter().map(|one| {
        let state = one.target_health.and_then(|h| h.state);
        let fares = match state.as_deref() {
            Some("healthy") => Fares::Well,
            Some("unhealthy") => Fares::Badly,
            Some("draining") => Fares::Draining,
            _ => Fares::Unknown,
        };
        (one.target.map(|t| t.id).unwrap_or_default(), fares)
    });
    told.collect()
}

/// Fails unless there is such a load balancer, or such a target group, which must be one for
/// instances.
pub(super) fn exists(tx: &mut Tx, caller: &Caller, kind: Kind, id: &SmolStr) -> Result<(), ApiError> {
    let caller = &caller.via("autoscaling");
    let there = match kind {
        Kind::Classic => {
            let request = elb::DescribeAccessPointsInput {
                load_balancer_names: Some(vec![id.clone()]),
                ..Default::default()
            };
            tx.call::<elb::ops::DescribeLoadBalancers>(caller, request).is_ok()
        }
        Kind::TargetGroup => {
            let request = elbv2::DescribeTargetGroupsInput {
                target_group_arns: Some(vec![id.clone()]),
                ..Default::default()
            };
            let found = tx.call::<elbv2::ops::DescribeTargetGroups>(caller, request);
            let groups = found.ok().and_then(|f| f.target_groups).unwrap_or_default();
            groups.first().is_some_and(|g| g.target_type.as_deref() == Some("instance"))
        }
    };
    match (there, kind) {
        (true, _) => Ok(()),
        (false, Kind::Classic) => Err(errors::invalid_sources("Load Balancers")),
        (false, Kind::TargetGroup) => Err(errors::invalid_sources("Target Groups")),
    }
}

/// Fails if something that stands before the group is gone: then nothing can be launched.
/// "Troubleshoot Amazon EC2 Auto Scaling: Load balancer issues".
pub(crate) fn check(tx: &mut Tx, caller: &Caller, group: &Group) -> Result<(), ApiError> {
    for attachment in group.attachments.iter().filter(|a| a.state != State::Removing) {
        if exists(tx, caller, attachment.kind, &attachment.id).is_err() {
            let what = match attachment.kind {
                Kind::Classic => format!("Cannot find Load Balancer {}.", attachment.id),
                Kind::TargetGroup => "One or more target groups not found.".to_owned(),
            };
            return Err(errors::validation(format!(
                "{what} Validating load balancer configuration failed."
            )));
        }
    }
    Ok(())
}

fn instances(ids: &[SmolStr]) -> Vec<elb::Instance> {
    ids.iter().map(|id| elb::Instance { instance_id: Some(id.clone()) }).collect()
}

fn targets(ids: &[SmolStr]) -> Vec<elbv2::TargetDescription> {
    let target = |id: &SmolStr| elbv2::TargetDescription { id: id.clone(), ..Default::default() };
    ids.iter().map(target).collect()
}
