//! Instances of Classic Load Balancers, and how they fare.
//!
//! "Configure health checks" in the user guide. As with target groups, nothing ticks for an
//! instance whose state agrees with its checks: what could change that wakes it.

use super::load_balancers::LoadBalancer;
use super::{errors, network};
use api::elb::{
    DeregisterEndPointsInput, DeregisterEndPointsOutput, DescribeEndPointStateInput,
    DescribeEndPointStateOutput, Instance, InstanceState, RegisterEndPointsInput,
    RegisterEndPointsOutput,
};
use kernel::{
    ApiError, Caller, FaultKind, FaultSubject, IndexSink, Row, Snapshot, Timestamp, Tx, Wait, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { elb:
    operations {
        write RegisterInstancesWithLoadBalancer => register_instances_with_load_balancer,
        write DeregisterInstancesFromLoadBalancer => deregister_instances_from_load_balancer,
        read DescribeInstanceHealth => describe_instance_health,
    }
    tables { Registration }
    tasks { "elb.registration" => look }
    faults { "elb.faults" => look_at_all }
}

/// An instance behind a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registration {
    balancer: SmolStr,
    pub(super) instance: SmolStr,
    pub(super) registered_at: Timestamp,
    state: State,
    /// Since when it is in this state.
    since: Timestamp,
    /// Since when the checks say otherwise than the state.
    turning: Option<Timestamp>,
    /// The instance's security groups, as last seen.
    groups: Vec<SmolStr>,
}

/// How an instance fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Until its first checks are done.
    Registering(Timestamp),
    InService,
    Failing,
    /// Its zone is not enabled.
    Zone,
    Pending,
    Stopped,
    Terminated,
    /// In-flight requests are let finish.
    Draining(Timestamp),
}

impl Row for Registration {
    const TABLE: &'static str = "elb.registrations";
    const INDEXES: &'static [&'static str] = &["balancer", "instance", "security-group"];

    fn key(&self) -> SmolStr {
        key(&self.balancer, &self.instance)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("balancer", self.balancer.clone());
        sink.put("instance", self.instance.clone());
        self.groups.iter().for_each(|group| sink.put("security-group", group.clone()));
    }
}

fn key(balancer: &str, instance: &str) -> SmolStr {
    format_smolstr!("{balancer}|{instance}")
}

impl State {
    /// State, reason code and description as DescribeInstanceHealth has them.
    const fn shown(self) -> [&'static str; 3] {
        match self {
            Self::InService => ["InService", "N/A", "N/A"],
            Self::Draining(_) => {
                ["InService", "N/A", "Instance deregistration currently in progress."]
            }
            Self::Registering(_) => {
                ["OutOfService", "ELB", "Instance registration is still in progress."]
            }
            Self::Failing => [
                "OutOfService",
                "Instance",
                "Instance has failed at least the UnhealthyThreshold number of health checks \
                 consecutively.",
            ],
            Self::Zone => [
                "OutOfService",
                "ELB",
                "Instance is in the EC2 Availability Zone for which LoadBalancer is not \
                 configured to route traffic to.",
            ],
            Self::Pending => ["OutOfService", "Instance", "Instance is in pending state."],
            Self::Stopped => ["OutOfService", "Instance", "Instance is in stopped state."],
            Self::Terminated => ["OutOfService", "Instance", "Instance is in terminated state."],
        }
    }
}

/// Has the instances of a load balancer looked at.
pub(super) fn wake(tx: &mut Tx, balancer: &str) {
    let rows = tx.rows_by::<Registration>("balancer", balancer);
    let keys: Vec<SmolStr> = rows.map(|row| row.key()).collect();
    let now = tx.now();
    keys.iter().for_each(|key| tx.schedule(now, "elb.registration", key));
}

/// A fault begins or ends: whoever is in service may not stay so.
fn look_at_all(tx: &mut Tx, _: &Caller, _: &str) {
    let keys: Vec<SmolStr> = tx.rows::<Registration>().map(|row| row.key()).collect();
    let now = tx.now();
    keys.iter().for_each(|key| tx.schedule(now, "elb.registration", key));
}

/// Ends a registration at once.
pub(super) fn forget(tx: &mut Tx, key: &str) {
    tx.remove::<Registration>(key);
    tx.cancel("elb.registration", key);
}

/// What a look at an instance saw.
enum Seen {
    /// It is none of the load balancer's business any more.
    Gone,
    /// It is in a state that no check decides.
    Fixed(State),
    /// Whether a check would pass.
    Checked(bool),
}

fn see(tx: &Tx, caller: &Caller, row: &Registration) -> (Seen, Vec<SmolStr>) {
    let machine = network::machine(tx, caller, &row.instance);
    let (Some(machine), Some(balancer)) = (machine, tx.get::<LoadBalancer>(&row.balancer)) else {
        return (Seen::Gone, Vec::new());
    };
    let seen = match &*machine.state {
        "shutting-down" | "terminated" => Seen::Fixed(State::Terminated),
        "stopping" | "stopped" => Seen::Fixed(State::Stopped),
        "pending" => Seen::Fixed(State::Pending),
        _ if !balancer.zones().contains(&machine.zone) => Seen::Fixed(State::Zone),
        _ => {
            let sources: Vec<SmolStr> =
                balancer.subnets.iter().map(|subnet| subnet.cidr.clone()).collect();
            let open = balancer.check.port().is_none_or(|port| {
                let from = &balancer.groups;
                network::admits(tx, caller, &machine.groups, port, from, &sources)
            });
            let subject = FaultSubject {
                instance: Some(&row.instance),
                zone: Some(&machine.zone),
                ..Default::default()
            };
            let broken = [FaultKind::HealthCheck, FaultKind::ZoneOutage];
            Seen::Checked(open && broken.iter().all(|kind| tx.fault(*kind, &subject).is_none()))
        }
    };
    (seen, machine.groups)
}

/// Looks at an instance: the task of its key.
fn look(tx: &mut Tx, caller: &Caller, key: &str) {
    let Some(row) = tx.get::<Registration>(key) else { return };
    let now = tx.now();
    if let State::Draining(until) = row.state {
        return match until <= now {
            true => forget(tx, key),
            false => tx.schedule(until, "elb.registration", key),
        };
    }
    let (seen, groups) = see(tx, caller, &row);
    let (state, turning, wake_at) = match seen {
        Seen::Gone => return forget(tx, key),
        Seen::Fixed(State::Terminated) => {
            let since = if row.state == State::Terminated { row.since } else { now };
            let until = since.plus_millis(tx.pace().millis(Wait::TargetForget));
            if until <= now {
                return forget(tx, key);
            }
            (State::Terminated, None, Some(until))
        }
        Seen::Fixed(state) => (state, None, None),
        Seen::Checked(passes) => checked(tx, &row, passes),
    };
    let since = if state == row.state { row.since } else { now };
    let new = Registration { state, since, turning, groups, ..Registration::clone(&row) };
    if new != *row {
        tx.put(new);
    }
    if let Some(at) = wake_at {
        tx.schedule(at, "elb.registration", key);
    }
}

type Place = (State, Option<Timestamp>, Option<Timestamp>);

/// The state that a check leads to, since when the checks say otherwise, and the next look.
fn checked(tx: &Tx, row: &Registration, passes: bool) -> Place {
    let now = tx.now();
    let Some(balancer) = tx.get::<LoadBalancer>(&row.balancer) else {
        return (row.state, row.turning, None);
    };
    let interval = balancer.check.interval_secs * 1_000;
    let turn = |to: State, checks: i64| {
        let since = row.turning.unwrap_or(now);
        let due = since.plus_millis(interval * checks);
        match due <= now {
            true => (to, None, None),
            false => (row.state, Some(since), Some(now.plus_millis(interval).min(due))),
        }
    };
    match (row.state, passes) {
        (State::Registering(until), _) if until > now => (row.state, None, Some(until)),
        (State::Registering(_) | State::InService, true) => (State::InService, None, None),
        (State::Registering(_) | State::InService, false) => {
            turn(State::Failing, balancer.check.unhealthy)
        }
        (State::Failing, false) => (State::Failing, None, None),
        (State::Failing, true) => turn(State::InService, balancer.check.healthy),
        _ => {
            let until = first_checks(tx);
            match until <= now {
                true if passes => (State::InService, None, None),
                _ => (State::Registering(until), None, Some(until.max(now.plus_millis(1)))),
            }
        }
    }
}

/// When the first checks of an instance that is registered now are done.
fn first_checks(tx: &Tx) -> Timestamp {
    let pace = tx.pace();
    let takes = pace.millis(Wait::TargetRegister) + pace.millis(Wait::TargetInitialChecks);
    tx.now().plus_millis(takes)
}

fn ids(instances: Vec<Instance>) -> Vec<SmolStr> {
    instances.into_iter().filter_map(|one| one.instance_id).collect()
}

/// The instances that a load balancer has after a call.
fn remaining(tx: &Tx, balancer: &str) -> Option<Vec<Instance>> {
    let rows = tx.rows_by::<Registration>("balancer", balancer);
    let rows = rows.filter(|row| !matches!(row.state, State::Draining(_)));
    Some(rows.map(|row| Instance { instance_id: Some(row.instance.clone()) }).collect())
}

fn register_instances_with_load_balancer(
    tx: &mut Tx,
    caller: &Caller,
    input: RegisterEndPointsInput,
) -> Result<RegisterEndPointsOutput, ApiError> {
    let balancer = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let ids = ids(input.instances);
    for id in &ids {
        let machine = network::machine(tx, caller, id);
        let machine = machine.ok_or_else(|| errors::invalid_instance(id))?;
        if machine.vpc != balancer.vpc {
            return Err(ApiError::new(
                "InvalidInstance",
                format!("EC2 instance {id} is not in the same VPC as ELB."),
            ));
        }
        if matches!(&*machine.state, "shutting-down" | "terminated") {
            return Err(errors::invalid_instance(id));
        }
    }
    let now = tx.now();
    for instance in ids {
        let key = key(&balancer.name, &instance);
        let old = tx.get::<Registration>(&key);
        if old.is_none_or(|row| matches!(row.state, State::Draining(_))) {
            tx.cancel("elb.registration", &key);
            tx.put(Registration {
                balancer: balancer.name.clone(),
                instance,
                registered_at: now,
                state: State::Registering(first_checks(tx)),
                since: now,
                turning: None,
                groups: Vec::new(),
            });
            look(tx, caller, &key);
        }
    }
    Ok(RegisterEndPointsOutput { instances: remaining(tx, &balancer.name) })
}

/// With connection draining an instance in service stays for its time.
fn deregister_instances_from_load_balancer(
    tx: &mut Tx,
    caller: &Caller,
    input: DeregisterEndPointsInput,
) -> Result<DeregisterEndPointsOutput, ApiError> {
    let balancer = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let ids = ids(input.instances);
    for id in &ids {
        let known = tx.contains::<Registration>(&key(&balancer.name, id))
            || network::machine(tx, caller, id).is_some();
        if !known {
            return Err(errors::invalid_instance(id));
        }
    }
    let now = tx.now();
    let until = now.plus_millis(balancer.attributes.draining_secs * 1_000);
    for id in ids {
        let key = key(&balancer.name, &id);
        let Some(row) = tx.get::<Registration>(&key) else { continue };
        match row.state {
            State::Draining(_) => {}
            State::InService if balancer.attributes.draining => {
                tx.schedule(until, "elb.registration", &key);
                tx.update::<Registration>(&key, |row| {
                    (row.state, row.since) = (State::Draining(until), now);
                });
            }
            _ => forget(tx, &key),
        }
    }
    Ok(DeregisterEndPointsOutput { instances: remaining(tx, &balancer.name) })
}

fn describe_instance_health(
    snapshot: &Snapshot,
    caller: &Caller,
    input: DescribeEndPointStateInput,
) -> Result<DescribeEndPointStateOutput, ApiError> {
    let balancer = LoadBalancer::find(snapshot, &input.load_balancer_name)?;
    let asked = ids(input.instances.unwrap_or_default());
    let told = |id: &SmolStr, [state, reason, description]: [&'static str; 3]| InstanceState {
        instance_id: Some(id.clone()),
        state: Some(state.into()),
        reason_code: Some(reason.into()),
        description: Some(SmolStr::new_static(description)),
    };
    let mut shown = Vec::new();
    if asked.is_empty() {
        let mut rows: Vec<&Arc<Registration>> =
            snapshot.rows_by::<Registration>("balancer", &balancer.name).collect();
        rows.sort_by_key(|row| (row.registered_at, row.instance.clone()));
        shown.extend(rows.into_iter().map(|row| told(&row.instance, row.state.shown())));
    }
    for id in &asked {
        shown.push(match snapshot.get::<Registration>(&key(&balancer.name, id)) {
            Some(row) => told(id, row.state.shown()),
            None if network::machine(snapshot, caller, id).is_none() => {
                return Err(errors::invalid_instance(id));
            }
            None => {
                let text = "Instance is not currently registered with the LoadBalancer.";
                told(id, ["OutOfService", "Instance", text])
            }
        });
    }
    Ok(DescribeEndPointStateOutput { instance_states: Some(shown) })
}
