//! What a group is: its members as EC2 and the load balancers see them.

use crate::attachments::Traffic;
use crate::groups::Group;
use crate::launch_configurations::LaunchConfiguration;
use crate::members::{LifecycleState, Member};
use crate::reconcile::{Desired, Machine, Observed, Suspension};
use crate::{refresh, sources};
use api::ec2;
use kernel::{Caller, Timestamp, Tx, Wait};
use serde_json::json;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What EC2 and the load balancers say of a group's instances.
#[derive(Debug, Default)]
pub(crate) struct World {
    machines: BTreeMap<SmolStr, Machine>,
    /// Why an instance went, as EC2 tells it.
    reasons: BTreeMap<SmolStr, SmolStr>,
    impaired: BTreeSet<SmolStr>,
    /// Spot Instances that EC2 recommends to rebalance, in a group that does.
    endangered: BTreeSet<SmolStr>,
    pub(crate) traffic: Traffic,
}

impl World {
    /// Asks EC2 for every instance that carries the group's tag, and the load balancers if their
    /// word counts.
    pub(crate) fn ask(tx: &mut Tx, caller: &Caller, group: &Group) -> Self {
        let mut world = Self::default();
        let request = ec2::DescribeInstancesRequest {
            filters: Some(vec![ec2::Filter {
                name: Some("tag:aws:autoscaling:groupName".into()),
                values: Some(vec![escape(&group.name)]),
            }]),
            ..Default::default()
        };
        let found = tx.call::<ec2::ops::DescribeInstances>(caller, request).unwrap_or_default();
        let reservations = found.reservations.unwrap_or_default();
        for instance in reservations.into_iter().filter_map(|r| r.instances).flatten() {
            let id = instance.instance_id.unwrap_or_default();
            let state = instance.state.and_then(|s| s.name).unwrap_or_default();
            let machine = match state.as_str() {
                "pending" => Machine::Pending,
                "running" => Machine::Running,
                "terminated" => Machine::Gone,
                _ => Machine::Down,
            };
            if machine == Machine::Gone
                && let Some(reason) = instance.state_reason.and_then(|r| r.message)
            {
                world.reasons.insert(id.clone(), reason);
            }
            world.machines.insert(id, machine);
        }
        world.impaired = impaired(tx, caller, &world.machines);
        world.endangered = endangered(tx, caller, group);
        world.traffic = Traffic::ask(tx, caller, group);
        world
    }

    /// The first end of a grace period that keeps an instance from being found unhealthy.
    pub(crate) fn grace_ends(&self, tx: &Tx, group: &Group) -> Option<Timestamp> {
        let doubted = |m: &&Arc<Member>| {
            let id = &m.instance_id;
            self.traffic.rejected.contains(id) || self.impaired.contains(id)
        };
        let since = group.members(tx).filter(doubted).filter_map(|m| m.in_service_since);
        since.map(|at| at.plus_secs(group.grace_secs)).filter(|at| *at > tx.now()).min()
    }

    pub(crate) fn machine(&self, id: &str) -> Machine {
        self.machines.get(id).copied().unwrap_or(Machine::Gone)
    }

    /// Why an instance that has gone did.
    pub(crate) fn reason(&self, id: &str) -> Option<&SmolStr> {
        self.reasons.get(id)
    }
}

/// Running instances whose status checks fail. Without faults none does, and nobody is asked.
fn impaired(
    tx: &mut Tx,
    caller: &Caller,
    machines: &BTreeMap<SmolStr, Machine>,
) -> BTreeSet<SmolStr> {
    let mut impaired = BTreeSet::new();
    if !tx.has_faults() {
        return impaired;
    }
    let running: Vec<SmolStr> = machines
        .iter()
        .filter(|(_, machine)| **machine == Machine::Running)
        .map(|(id, _)| id.clone())
        .collect();
    for ids in running.chunks(100) {
        let request = ec2::DescribeInstanceStatusRequest {
            instance_ids: Some(ids.to_vec()),
            ..Default::default()
        };
        let found = tx.call::<ec2::ops::DescribeInstanceStatus>(caller, request);
        for status in found.ok().and_then(|f| f.instance_statuses).unwrap_or_default() {
            let fails = |summary: &Option<ec2::InstanceStatusSummary>| {
                summary.as_ref().and_then(|s| s.status.as_deref()) == Some("impaired")
            };
            if fails(&status.instance_status) || fails(&status.system_status) {
                impaired.extend(status.instance_id);
            }
        }
    }
    impaired
}

/// Spot Instances that EC2 recommends to rebalance. Without faults there is none.
fn endangered(tx: &mut Tx, caller: &Caller, group: &Group) -> BTreeSet<SmolStr> {
    if group.capacity_rebalance != Some(true) || !tx.has_faults() {
        return BTreeSet::new();
    }
    let spot = group.members(tx).filter(|m| m.spot && m.state == LifecycleState::InService);
    let mut ids: BTreeSet<SmolStr> = spot.map(|m| m.instance_id.clone()).collect();
    ids.retain(|id| {
        let notice = tx.control(caller, "ec2.spot-notice", &json!({ "instance_id": id }));
        notice.is_ok_and(|notice| !notice["rebalance_recommended_at"].is_null())
    });
    ids
}

/// A name as a filter value that matches itself only.
fn escape(name: &str) -> SmolStr {
    if !name.contains(['*', '?', '\\']) {
        return name.into();
    }
    let escaped = name.chars().flat_map(|c| {
        let special = matches!(c, '*' | '?' | '\\');
        special.then_some('\\').into_iter().chain([c])
    });
    escaped.collect()
}

/// What the group should be.
pub(crate) fn desire(tx: &Tx, group: &Group) -> Desired {
    let size = |percent: i64| usize::try_from(percent).unwrap_or(0);
    Desired {
        capacity: usize::try_from(group.desired).unwrap_or(0),
        zones: group.zones(),
        policies: group.termination_policies.clone(),
        suspended: Suspension {
            launch: group.is_suspended("Launch"),
            terminate: group.is_suspended("Terminate"),
            health_check: group.is_suspended("HealthCheck"),
            replace_unhealthy: group.is_suspended("ReplaceUnhealthy"),
            az_rebalance: group.is_suspended("AZRebalance"),
            instance_refresh: group.is_suspended("InstanceRefresh"),
        },
        deleting: group.deleting,
        reacts_at: group.reacts_at,
        retries_at: group.retries_at,
        notice_millis: tx.pace().millis(Wait::GroupHealthCheck),
        patience_millis: tx.pace().millis(Wait::GroupStatusPatience),
        warmup_millis: refresh::warmup_secs(tx, group).saturating_mul(1_000),
        maintenance: group.maintenance.map(|(min, max)| (size(min), size(max))),
        max_lifetime_millis: group.max_lifetime_secs.map(|secs| secs.saturating_mul(1_000)),
        refresh: refresh::percentages(tx, group),
    }
}

/// What its members are.
pub(crate) fn observe(tx: &Tx, group: &Group, world: &World) -> Vec<Observed> {
    let mut ages: BTreeMap<SmolStr, Timestamp> = BTreeMap::new();
    let refresh = refresh::Matcher::new(tx, group);
    let ranks = sources::allocation_ranks(tx, group);
    let now = tx.now();
    let mut observed = Vec::new();
    for member in group.members(tx) {
        let id = &member.instance_id;
        let grace_ends = member.in_service_since.map(|at| at.plus_secs(group.grace_secs));
        observed.push(Observed {
            id: id.clone(),
            zone: member.zone.clone(),
            state: member.state,
            machine: world.machine(id),
            healthy: member.healthy,
            ailment: member.ailment,
            impaired: world.impaired.contains(id) && grace_ends.is_none_or(|at| now >= at),
            rejected: world.traffic.rejected.contains(id) && grace_ends.is_some_and(|at| now >= at),
            protected: member.protected,
            joined_at: member.joined_at,
            down_since: member.down_since,
            in_service_since: member.in_service_since,
            source_age: source_age(tx, member, &mut ages),
            current_source: sources::is_current(group, member),
            endangered: world.endangered.contains(id),
            outdated: refresh.is_outdated(member),
            units: member.units(),
            allocation_rank: ranks.get(id).copied().unwrap_or(0),
        });
    }
    observed
}

/// Instances of launch configurations are older than those of templates; among them the age of
/// the configuration counts, resp. the version of the template.
fn source_age(tx: &Tx, member: &Member, ages: &mut BTreeMap<SmolStr, Timestamp>) -> (u8, i64) {
    if let Some(template) = &member.template {
        return (1, template.version.parse().unwrap_or(0));
    }
    let configuration = &member.launch_configuration;
    let made = *ages.entry(configuration.clone()).or_insert_with(|| {
        tx.get::<LaunchConfiguration>(configuration).map_or(Timestamp(0), |c| c.created_at)
    });
    (0, made.0)
}
