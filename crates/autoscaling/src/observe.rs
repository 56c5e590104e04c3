//! What a group is: its members as EC2 and the load balancers see them.

use crate::attachments::Traffic;
use crate::groups::Group;
use crate::launch_configurations::LaunchConfiguration;
use crate::members::{LifecycleState, Member};
use crate::reconcile::{Desired, Machine, Observed, Suspension};
use crate::{refresh, sources, zonal_shift};
use kernel::{Caller, Timestamp, Tx, Wait};
use serde_json::json;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// What EC2 and the load balancers say of a group's instances. EC2 tells of those that do not
/// simply run.
#[derive(Debug, Default)]
pub(crate) struct World {
    machines: BTreeMap<SmolStr, Machine>,
    /// Why an instance went, as EC2 tells it.
    reasons: BTreeMap<SmolStr, SmolStr>,
    impaired: BTreeSet<SmolStr>,
    /// Spot Instances that EC2 recommends to rebalance.
    endangered: BTreeSet<SmolStr>,
    pub(crate) traffic: Traffic,
}

impl World {
    /// Asks EC2 how the group's instances are, and the load balancers if their word counts.
    pub(crate) fn ask(tx: &mut Tx, caller: &Caller, group: &Group) -> Self {
        let mut world = Self { traffic: Traffic::ask(tx, caller, group), ..Self::default() };
        let request = json!({ "group": group.name });
        let told = tx.control(caller, "ec2.unsettled", &request).unwrap_or_default();
        for (id, standing) in told.as_object().into_iter().flatten() {
            let id = SmolStr::new(id);
            if standing["impaired"] == true {
                world.impaired.insert(id.clone());
            }
            if standing["rebalance"] == true {
                world.endangered.insert(id.clone());
            }
            let machine = match standing["state"].as_str().unwrap_or_default() {
                "pending" => Machine::Pending,
                "running" => Machine::Running,
                "terminated" => Machine::Gone,
                _ => Machine::Down,
            };
            if machine == Machine::Gone
                && let Some(reason) = standing["reason"].as_str()
            {
                world.reasons.insert(id.clone(), reason.into());
            }
            world.machines.insert(id, machine);
        }
        world
    }

    /// The first end of a grace period that keeps an instance from being found unhealthy.
    pub(crate) fn grace_ends(&self, tx: &Tx, group: &Group) -> Option<Timestamp> {
        let doubted = self.traffic.rejected.iter().chain(&self.impaired);
        let members = doubted.filter_map(|id| tx.get::<Member>(id));
        let since = members.filter(|m| m.group == group.name).filter_map(|m| m.in_service_since);
        since.map(|at| at.plus_secs(group.grace_secs)).filter(|at| *at > tx.now()).min()
    }

    pub(crate) fn machine(&self, member: &Member) -> Machine {
        let told = self.machines.get(&member.instance_id).copied();
        told.unwrap_or(if member.gone { Machine::Gone } else { Machine::Running })
    }

    /// Notes which members are gone for good: EC2 tells of them for an hour only.
    pub(crate) fn remember(&self, tx: &mut Tx) {
        let gone = self.machines.iter().filter(|(_, machine)| **machine == Machine::Gone);
        for (id, _) in gone {
            if tx.get::<Member>(id).is_some_and(|member| !member.gone) {
                tx.update::<Member>(id, |member| member.gone = true);
            }
        }
    }

    /// Why an instance that has gone did.
    pub(crate) fn reason(&self, id: &str) -> Option<&SmolStr> {
        self.reasons.get(id)
    }

    /// EC2 recommends to rebalance this instance in service, and its group does.
    fn is_endangered(&self, group: &Group, member: &Member) -> bool {
        group.capacity_rebalance == Some(true)
            && member.spot
            && member.state == LifecycleState::InService
            && self.endangered.contains(&member.instance_id)
    }
}

/// What the group should be.
pub(crate) fn desire(tx: &Tx, group: &Group) -> Desired {
    let size = |percent: i64| usize::try_from(percent).unwrap_or(0);
    Desired {
        capacity: usize::try_from(group.desired).unwrap_or(0),
        zones: group.zones(),
        shifted: zonal_shift::zones(tx, group),
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
        failures: group.failures,
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
    let ignored = zonal_shift::ignored(tx, group);
    let now = tx.now();
    let mut observed = Vec::new();
    for member in group.members(tx) {
        let id = &member.instance_id;
        let grace_ends = member.in_service_since.map(|at| at.plus_secs(group.grace_secs));
        observed.push(Observed {
            id: id.clone(),
            zone: member.zone.clone(),
            state: member.state,
            machine: world.machine(member),
            healthy: member.healthy,
            ailment: member.ailment,
            impaired: world.impaired.contains(id) && grace_ends.is_none_or(|at| now >= at),
            rejected: world.traffic.rejected.contains(id) && grace_ends.is_some_and(|at| now >= at),
            shielded: ignored.contains(&member.zone),
            protected: member.protected,
            joined_at: member.joined_at,
            down_since: member.down_since,
            in_service_since: member.in_service_since,
            source_age: source_age(tx, member, &mut ages),
            current_source: sources::is_current(group, member),
            endangered: world.is_endangered(group, member),
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
