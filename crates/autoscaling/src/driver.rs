//! Carries out what the reconciler decides, by calling EC2 as any client would. Results come back
//! as the next observation only.

use crate::activities::{self, Activity, Begin, Status};
use crate::causes;
use crate::groups::{self, Group, Place};
use crate::launch_configurations::LaunchConfiguration;
use crate::members::{LifecycleState, Member};
use crate::reconcile::{Action, Decision, Desired, Machine, Observed, Purpose, Reason, plan};
use api::ec2;
use kernel::{ApiError, Caller, Timestamp, Tx, Wait};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// More instances than this are launched by calls for several at a time.
const SINGLE_LAUNCHES: usize = 20;
/// So many at a time.
const LAUNCH_BATCH: usize = 100;

/// Lets a group react to a change of what it should be, after the time that this takes on AWS.
pub(crate) fn react(tx: &mut Tx, group: &mut Group) {
    group.reacts_at = tx.now().plus_millis(tx.pace().millis(Wait::GroupReaction));
    group.retries_at = None;
    group.failures = 0;
    tx.schedule(group.reacts_at, "autoscaling.reconcile", &group.name);
}

/// The task: one look at a group.
pub(crate) fn reconcile(tx: &mut Tx, caller: &Caller, name: &str) {
    let Some(group) = tx.get::<Group>(name) else { return };
    let caller = caller.via("autoscaling");
    let machines = machines(tx, &caller, name);
    let observed = observe(tx, &group, &machines);
    let decision = plan(&desire(tx, &group), &observed, tx.now());
    if let Some(at) = decision.wake_at {
        tx.schedule(at, "autoscaling.reconcile", name);
    }
    if decision.actions.is_empty() {
        settle(tx, name);
        return;
    }
    Driver { group: Group::clone(&group), caller }.carry_out(tx, decision);
}

/// Notes how many are in service, so that whoever waits for the group is woken.
fn settle(tx: &mut Tx, name: &str) {
    let Some(group) = tx.get::<Group>(name) else { return };
    let in_service =
        group.members(tx).filter(|m| m.state == LifecycleState::InService && m.healthy).count();
    if in_service != group.in_service {
        tx.update::<Group>(name, |group| group.in_service = in_service);
    }
}

fn desire(tx: &Tx, group: &Group) -> Desired {
    Desired {
        capacity: usize::try_from(group.desired).unwrap_or(0),
        zones: group.zones(),
        policies: group.termination_policies.clone(),
        suspended: crate::reconcile::Suspension {
            launch: group.is_suspended("Launch"),
            terminate: group.is_suspended("Terminate"),
            health_check: group.is_suspended("HealthCheck"),
            replace_unhealthy: group.is_suspended("ReplaceUnhealthy"),
            az_rebalance: group.is_suspended("AZRebalance"),
        },
        deleting: group.deleting,
        reacts_at: group.reacts_at,
        retries_at: group.retries_at,
        register_millis: tx.pace().millis(Wait::GroupRegister),
        notice_millis: tx.pace().millis(Wait::GroupHealthCheck),
    }
}

/// What EC2 says of every instance that carries the group's tag.
fn machines(tx: &mut Tx, caller: &Caller, group: &str) -> BTreeMap<SmolStr, Machine> {
    let request = ec2::DescribeInstancesRequest {
        filters: Some(vec![ec2::Filter {
            name: Some("tag:aws:autoscaling:groupName".into()),
            values: Some(vec![escape(group)]),
        }]),
        ..Default::default()
    };
    let found = tx.call::<ec2::ops::DescribeInstances>(caller, request).unwrap_or_default();
    let reservations = found.reservations.unwrap_or_default();
    let instances = reservations.into_iter().filter_map(|r| r.instances).flatten();
    let machine = |instance: ec2::Instance| {
        let state = instance.state.and_then(|s| s.name).unwrap_or_default();
        let machine = match state.as_str() {
            "pending" => Machine::Pending,
            "running" => Machine::Running,
            "terminated" => Machine::Gone,
            _ => Machine::Down,
        };
        (instance.instance_id.unwrap_or_default(), machine)
    };
    instances.map(machine).collect()
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

fn observe(tx: &Tx, group: &Group, machines: &BTreeMap<SmolStr, Machine>) -> Vec<Observed> {
    let mut made_at: BTreeMap<SmolStr, Timestamp> = BTreeMap::new();
    let mut observed = Vec::new();
    for member in group.members(tx) {
        let configuration = &member.launch_configuration;
        let made = *made_at.entry(configuration.clone()).or_insert_with(|| {
            tx.get::<LaunchConfiguration>(configuration).map_or(Timestamp(0), |c| c.created_at)
        });
        observed.push(Observed {
            id: member.instance_id.clone(),
            zone: member.zone.clone(),
            state: member.state,
            machine: machines.get(&member.instance_id).copied().unwrap_or(Machine::Gone),
            healthy: member.healthy,
            user_unhealthy: member.user_unhealthy,
            protected: member.protected,
            joined_at: member.joined_at,
            running_since: member.running_since,
            down_since: member.down_since,
            configuration_made_at: made,
            current_configuration: *configuration == group.launch_configuration,
        });
    }
    observed
}

/// One group, while its decision is carried out.
struct Driver {
    group: Group,
    caller: Caller,
}

impl Driver {
    fn carry_out(mut self, tx: &mut Tx, decision: Decision) {
        let now = tx.now();
        let before = decision.capacity;
        let grows: usize = decision
            .actions
            .iter()
            .map(|a| match a {
                Action::Launch { count, purpose: Purpose::Fill, .. } => *count,
                _ => 0,
            })
            .sum();
        let mut finished = false;
        let mut consumed = false;
        for action in decision.actions {
            match action {
                Action::NoteRunning(id) => note(tx, &id, |m| m.running_since = Some(now)),
                Action::NoteDown(id) => note(tx, &id, |m| m.down_since = Some(now)),
                Action::NoteUp(id) => note(tx, &id, |m| m.down_since = None),
                Action::MarkUnhealthy(id) => note(tx, &id, |m| m.healthy = false),
                Action::PutInService(id) => put_in_service(tx, &id),
                Action::Forget(id) => forget(tx, &id),
                Action::Terminate { id, reason } => {
                    consumed |= matches!(reason, Reason::Surplus | Reason::Deletion);
                    self.terminate(tx, &id, reason, before);
                }
                Action::Launch { zone, count, purpose } => {
                    consumed |= purpose == Purpose::Fill;
                    self.launch(tx, &zone, count, &purpose, (before, before + grows));
                }
                Action::Finish => finished = true,
            }
        }
        if finished {
            groups::delete::remove(tx, &self.group);
            return;
        }
        if consumed {
            self.group.pending_causes.clear();
        }
        self.group.in_service = self
            .group
            .members(tx)
            .filter(|m| m.state == LifecycleState::InService && m.healthy)
            .count();
        // What was done may ask for more at once; what EC2 does will wake the group by itself.
        tx.schedule(tx.now(), "autoscaling.reconcile", &self.group.name);
        tx.put(self.group);
    }

    fn begin(
        &self,
        tx: &mut Tx,
        description: String,
        cause: &[String],
        place: (&str, &str),
        (status, progress): (Status, u8),
    ) -> Activity {
        let new = Begin {
            group: &self.group.name,
            group_arn: &self.group.arn,
            description,
            cause: causes::join(cause),
            details: activities::details(place.0, place.1),
            status,
            progress,
        };
        activities::begin(tx, new)
    }

    fn terminate(&mut self, tx: &mut Tx, id: &SmolStr, reason: Reason, before: usize) {
        let Some(member) = tx.get::<Member>(id) else { return };
        let now = tx.now();
        let to = usize::try_from(self.group.desired).unwrap_or(0);
        let mut cause = Vec::new();
        match reason {
            Reason::Surplus | Reason::Deletion => {
                cause.extend(self.group.pending_causes.iter().cloned());
                cause.extend(causes::shrinking(now, before, to, id));
            }
            Reason::Ec2Health => cause.push(causes::ec2_health(now)),
            Reason::UserHealth => cause.push(causes::user_health(now)),
        }
        terminate(tx, &self.caller, &self.group, &member, &cause);
    }

    fn launch(
        &mut self,
        tx: &mut Tx,
        zone: &SmolStr,
        count: usize,
        purpose: &Purpose,
        sizes: (usize, usize),
    ) {
        let configuration = tx.get::<LaunchConfiguration>(&self.group.launch_configuration);
        let Some(configuration) = configuration else { return };
        let cause = self.launch_cause(tx.now(), zone, purpose, sizes);
        let mut left = count;
        for place in self.places_to_try(zone, purpose) {
            let Some(error) = self.launch_into(tx, &configuration, &place, &mut left, &cause)
            else {
                self.group.failures = 0;
                self.group.retries_at = None;
                return;
            };
            if error.code != "InsufficientInstanceCapacity" {
                break;
            }
        }
        self.group.failures = self.group.failures.saturating_add(1);
        let again = tx.now().plus_millis(tx.pace().retry_millis(self.group.failures));
        self.group.retries_at = Some(again);
    }

    /// The zone that was chosen, and those that may stand in for it if it has no capacity.
    fn places_to_try(&self, zone: &SmolStr, purpose: &Purpose) -> Vec<Place> {
        let (mut places, others): (Vec<Place>, Vec<Place>) =
            self.group.places.iter().cloned().partition(|place| place.zone == *zone);
        let strict = self.group.distribution == "balanced-only";
        if !strict && !matches!(purpose, Purpose::Balance(_)) {
            places.extend(others);
        }
        places
    }

    /// Launches what is left into one zone. The error is that of the launch that failed, which
    /// has its activity.
    fn launch_into(
        &self,
        tx: &mut Tx,
        configuration: &LaunchConfiguration,
        place: &Place,
        left: &mut usize,
        cause: &[String],
    ) -> Option<ApiError> {
        let batch = if *left > SINGLE_LAUNCHES { LAUNCH_BATCH } else { 1 };
        while *left > 0 {
            let number = (*left).min(batch);
            let subnet = subnet_of(place, *left);
            let mut request = configuration.request(subnet, &place.zone);
            request.min_count = number as i64;
            request.max_count = number as i64;
            request.tag_specifications = Some(vec![self.instance_tags()]);
            match tx.call::<ec2::ops::RunInstances>(&self.caller, request) {
                Ok(made) => self.join(tx, made, subnet, cause),
                Err(error) => {
                    self.failed(tx, &error, subnet, &place.zone, cause);
                    return Some(error);
                }
            }
            *left -= number;
        }
        None
    }

    fn launch_cause(
        &self,
        now: Timestamp,
        zone: &SmolStr,
        purpose: &Purpose,
        (from, to): (usize, usize),
    ) -> Vec<String> {
        match purpose {
            Purpose::Fill => {
                let mut cause = self.group.pending_causes.clone();
                cause.push(causes::growing(now, from, to));
                cause
            }
            Purpose::Replace => vec![causes::replacing(now)],
            Purpose::Balance(counts) => {
                let counts: Vec<(&str, usize)> =
                    counts.iter().map(|(zone, n)| (zone.as_str(), *n)).collect();
                causes::rebalancing(now, zone, &counts)
            }
        }
    }

    /// The group's name and its propagated tags.
    fn instance_tags(&self) -> ec2::TagSpecification {
        let tag = |key: &str, value: &SmolStr| ec2::Tag {
            key: Some(key.into()),
            value: Some(value.clone()),
        };
        let own = tag("aws:autoscaling:groupName", &self.group.name);
        let propagated = self.group.tags.iter().filter(|t| t.propagate);
        ec2::TagSpecification {
            resource_type: Some("instance".into()),
            tags: Some(
                std::iter::once(own).chain(propagated.map(|t| tag(&t.key, &t.value))).collect(),
            ),
        }
    }

    /// New instances become members, each with its activity.
    fn join(&self, tx: &mut Tx, made: ec2::Reservation, subnet: &str, cause: &[String]) {
        for instance in made.instances.unwrap_or_default() {
            let id = instance.instance_id.unwrap_or_default();
            let zone = instance.placement.and_then(|p| p.availability_zone).unwrap_or_default();
            // A zone of the default VPC was asked for: EC2 chose the subnet.
            let chosen = instance.subnet_id.unwrap_or_else(|| subnet.into());
            let activity = self.begin(
                tx,
                format!("Launching a new EC2 instance: {id}"),
                cause,
                (&chosen, &zone),
                (Status::PreInService, 30),
            );
            tx.put(Member {
                instance_id: id,
                group: self.group.name.clone(),
                instance_type: instance.instance_type.unwrap_or_default(),
                image_id: instance.image_id.unwrap_or_default(),
                zone,
                launch_configuration: self.group.launch_configuration.clone(),
                state: LifecycleState::Pending,
                healthy: true,
                protected: self.group.protect_new,
                joined_at: tx.now(),
                running_since: None,
                down_since: None,
                in_service_since: None,
                user_unhealthy: false,
                activity: Some(activity.id),
            });
        }
    }

    /// A launch that EC2 refused is a failed activity.
    fn failed(&self, tx: &mut Tx, error: &ApiError, subnet: &str, zone: &str, cause: &[String]) {
        let activity = self.begin(
            tx,
            "Launching a new EC2 instance".to_owned(),
            cause,
            (subnet, zone),
            (Status::InProgress, 0),
        );
        // EC2 wraps unknown image ids into a list; Auto Scaling does not.
        let text = error.message.replace("'[", "'").replace("]'", "'");
        let full_stop = if text.ends_with('.') { "" } else { "." };
        let message = format!("{text}{full_stop} Launching EC2 instance failed.");
        activities::end(tx, &activity.id, Status::Failed, &message);
    }
}

/// Subnets of a zone take turns.
fn subnet_of(place: &Place, turn: usize) -> &str {
    match place.subnets.len() {
        0 => "",
        count => &place.subnets[turn % count],
    }
}

fn note(tx: &mut Tx, id: &str, change: impl FnOnce(&mut Member)) {
    tx.update::<Member>(id, change);
}

fn put_in_service(tx: &mut Tx, id: &str) {
    let now = tx.now();
    let activity = tx.get::<Member>(id).and_then(|m| m.activity.clone());
    note(tx, id, |m| {
        m.state = LifecycleState::InService;
        m.in_service_since = Some(now);
        m.activity = None;
    });
    if let Some(activity) = activity {
        activities::end(tx, &activity, Status::Successful, "");
    }
}

fn forget(tx: &mut Tx, id: &str) {
    let activity = tx.remove::<Member>(id).and_then(|m| m.activity.clone());
    if let Some(activity) = activity {
        activities::end(tx, &activity, Status::Successful, "");
    }
}

/// Terminates a member: its activity begins, EC2 is told, and the rest comes by itself.
pub(crate) fn terminate(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    member: &Member,
    cause: &[String],
) -> Activity {
    let id = &member.instance_id;
    if let Some(open) = &member.activity {
        activities::end(tx, open, Status::Cancelled, "");
    }
    let subnet = group
        .places
        .iter()
        .find(|p| p.zone == member.zone)
        .and_then(|p| p.subnets.first())
        .cloned()
        .unwrap_or_default();
    let new = Begin {
        group: &group.name,
        group_arn: &group.arn,
        description: format!("Terminating EC2 instance: {id}"),
        cause: causes::join(cause),
        details: activities::details(&subnet, &member.zone),
        status: Status::InProgress,
        progress: 0,
    };
    let activity = activities::begin(tx, new);
    let begun = activity.id.clone();
    note(tx, id, |m| {
        m.state = LifecycleState::Terminating;
        m.activity = Some(begun);
    });
    let request =
        ec2::TerminateInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    // An instance that EC2 has forgotten is as good as terminated.
    let _ = tx.call::<ec2::ops::TerminateInstances>(&caller.via("autoscaling"), request);
    tx.schedule(tx.now(), "autoscaling.reconcile", &group.name);
    activity
}
