//! Leads each instance through its lifecycle: carries out the steps that `reconcile::walk` decides.

use crate::activities::{self, Activity, Begin, Kind, Status};
use crate::groups::Group;
use crate::hooks::{self, Transition};
use crate::members::{ActionResult, LifecycleState, Member};
use crate::observe::World;
use crate::reconcile::{Hooks, Machine, Step, Walker, step};
use crate::{attachments, causes, notifications, warm_pools};
use api::ec2;
use kernel::{Caller, Timestamp, Tx, Wait};
use smol_str::SmolStr;

/// Steps that one look takes an instance through at most; a walk has fewer.
const MAX_STEPS: usize = 12;

/// Takes every member that is on its way as far as it can go. Answers when to look again.
pub(crate) fn advance_all(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    world: &World,
) -> Option<Timestamp> {
    let moving: Vec<SmolStr> = group
        .members(tx)
        .filter(|m| m.state != LifecycleState::InService && !m.state.is_prepared())
        .map(|m| m.instance_id.clone())
        .collect();
    let mut next: Option<Timestamp> = None;
    for id in &moving {
        let at = advance(tx, caller, group, id, world);
        next = next.into_iter().chain(at).min();
    }
    // Those that have come into service are registered together.
    let is_in_service = |m: std::sync::Arc<Member>| m.state == LifecycleState::InService;
    let ready: Vec<SmolStr> =
        moving.into_iter().filter(|id| tx.get::<Member>(id).is_some_and(is_in_service)).collect();
    attachments::register(tx, caller, group, &ready);
    next
}

/// Takes one member as far as it can go without asking EC2 how it is.
pub(crate) fn advance_now(tx: &mut Tx, caller: &Caller, group: &Group, id: &SmolStr) {
    for _ in 0..MAX_STEPS {
        let Some(member) = tx.get::<Member>(id) else { return };
        match step(&walker(tx, group, &member, Machine::Running), tx.now()) {
            Step::Rest | Step::Wait(_) => return,
            what => carry_out(tx, caller, group, &member, what),
        }
    }
}

/// Takes one member as far as it can go; answers when it goes on if nothing happens before.
fn advance(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    id: &SmolStr,
    world: &World,
) -> Option<Timestamp> {
    for _ in 0..MAX_STEPS {
        let member = tx.get::<Member>(id)?;
        let machine = world.machine(&member);
        if member.state.is_pending() && machine == Machine::Gone {
            launch_failed(tx, group, &member, world.reason(id));
            return None;
        }
        if member.draining {
            let left = world.traffic.draining.contains(id);
            tx.update::<Member>(id, |m| m.draining = left);
        }
        let member = tx.get::<Member>(id)?;
        match step(&walker(tx, group, &member, machine), tx.now()) {
            Step::Rest => return None,
            Step::Wait(at) => return Some(at),
            what => carry_out(tx, caller, group, &member, what),
        }
    }
    None
}

fn walker(tx: &Tx, group: &Group, member: &Member, machine: Machine) -> Walker {
    Walker {
        state: member.state,
        machine,
        running_since: member.running_since,
        register_millis: tx.pace().millis(Wait::GroupRegister),
        // Nothing waits for the hooks of a group that is deleted by force.
        hooks: if group.deleting || (member.state.is_warmed() && warm_pools::is_leaving(tx, group))
        {
            Hooks::Done
        } else {
            hooks::standing(tx, group, member)
        },
        draining: member.draining && !group.deleting,
        ended: member.ended,
    }
}

fn carry_out(tx: &mut Tx, caller: &Caller, group: &Group, member: &Member, what: Step) {
    use LifecycleState as S;
    let id = &member.instance_id;
    let now = tx.now();
    match what {
        Step::Rest | Step::Wait(_) => {}
        Step::NoteRunning => note(tx, id, |m| m.running_since = Some(now)),
        Step::BeginHooks => hooks::begin(tx, caller, group, member),
        Step::ExpireHooks => hooks::expire(tx, id),
        Step::Proceed => {
            let next = match member.state {
                S::PendingWait => S::PendingProceed,
                S::WarmedPendingWait => S::WarmedPendingProceed,
                S::WarmedTerminatingWait => S::WarmedTerminatingProceed,
                _ => S::TerminatingProceed,
            };
            note(tx, id, |m| m.state = next);
        }
        Step::AbandonLaunch(result) => abandon(tx, caller, group, member, result),
        Step::PutInService => {
            let activity = member.activity.clone();
            note(tx, id, |m| {
                m.state = S::InService;
                m.in_service_since = Some(now);
                m.activity = None;
                m.actions = None;
            });
            succeed(tx, caller, group, activity.as_ref());
        }
        Step::Store => warm_pools::store(tx, caller, group, member),
        Step::StandBy => {
            note(tx, id, |m| {
                m.state = S::Standby;
                m.activity = None;
            });
            succeed(tx, caller, group, member.activity.as_ref());
        }
        Step::Detach => {
            release(tx, caller, id);
            tx.remove::<Member>(id);
            succeed(tx, caller, group, member.activity.as_ref());
        }
        Step::EndMachine if warm_pools::return_to_pool(tx, group, member) => {}
        Step::EndMachine => {
            note(tx, id, |m| m.ended = true);
            let request = ec2::TerminateInstancesRequest {
                instance_ids: vec![id.clone()],
                ..Default::default()
            };
            // An instance that EC2 has forgotten is as good as terminated.
            let _ = tx.call::<ec2::ops::TerminateInstances>(caller, request);
            tx.schedule(now, "autoscaling.reconcile", &group.name);
        }
        Step::Forget => {
            tx.remove::<Member>(id);
            succeed(tx, caller, group, member.activity.as_ref());
        }
    }
}

fn note(tx: &mut Tx, id: &str, change: impl FnOnce(&mut Member)) {
    tx.update::<Member>(id, change);
}

/// Ends a member's activity well, and tells whoever wants to know.
pub(crate) fn succeed(tx: &mut Tx, caller: &Caller, group: &Group, activity: Option<&SmolStr>) {
    if let Some(id) = activity
        && let Some(ended) = activities::end(tx, id, Status::Successful, "")
    {
        notifications::activity_ended(tx, caller, group, &ended);
    }
}

/// An instance that vanished before it was in service.
fn launch_failed(tx: &mut Tx, group: &Group, member: &Member, reason: Option<&SmolStr>) {
    let reason = reason.map_or("Client.InternalError: Client error on launch", SmolStr::as_str);
    let message = format!(
        "Instance became unhealthy while waiting for instance to be in InService state. \
         Termination Reason: {reason}"
    );
    let caller = Caller::new(tx.account().clone(), tx.region().clone()).via("autoscaling");
    tx.remove::<Member>(&member.instance_id);
    if let Some(activity) = &member.activity
        && let Some(ended) = activities::end(tx, activity, Status::Failed, &message)
    {
        notifications::activity_ended(tx, &caller, group, &ended);
    }
    let now = tx.now();
    let pace = tx.pace();
    tx.update::<Group>(&group.name, |group| {
        group.failures = group.failures.saturating_add(1);
        group.retries_at = Some(now.plus_millis(pace.retry_millis(group.failures)));
    });
    tx.schedule(now, "autoscaling.reconcile", &group.name);
}

/// A launch hook said no: the activity is cancelled and the instance goes.
fn abandon(tx: &mut Tx, caller: &Caller, group: &Group, member: &Member, result: ActionResult) {
    let token = member
        .actions
        .iter()
        .flatten()
        .find(|action| action.result == Some(result))
        .map(|action| action.token.clone())
        .unwrap_or_default();
    let how = match result {
        ActionResult::TimedOut => "Heartbeat Timeout",
        _ => "Lifecycle Action Completed with ABANDON Result",
    };
    let message = format!(
        "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token {token} \
         was abandoned: {how}"
    );
    if let Some(activity) = &member.activity {
        if let Some(ended) = activities::end(tx, activity, Status::Cancelled, &message) {
            notifications::activity_ended(tx, caller, group, &ended);
        }
        note(tx, &member.instance_id, |m| m.activity = None);
    }
    let cause = vec![causes::abandoned(tx.now(), &member.instance_id)];
    begin_termination(tx, caller, group, &member.instance_id, &cause);
}

/// Begins to terminate a member: its activity begins, load balancers let go of it, and its next
/// steps are taken as they come.
pub(crate) fn begin_termination(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    id: &SmolStr,
    cause: &[String],
) -> Option<Activity> {
    let member = tx.get::<Member>(id)?;
    if let Some(open) = &member.activity {
        activities::end(tx, open, Status::Cancelled, "");
    }
    let warmed = member.state.is_warmed();
    let was_in_service = member.state == LifecycleState::InService;
    let draining =
        was_in_service && !group.deleting && attachments::deregister(tx, caller, group, id);
    let (description, status, progress) = match (warmed, draining) {
        (true, _) => {
            (format!("Terminating EC2 instance from warm pool: {id}"), Status::InProgress, 0)
        }
        (_, true) => (
            format!("Terminating EC2 instance: {id} - Waiting For ELB Connection Draining."),
            Status::WaitingForELBConnectionDraining,
            50,
        ),
        _ => (format!("Terminating EC2 instance: {id}"), Status::InProgress, 0),
    };
    let begun = Begun {
        zone: &member.zone,
        instance: id,
        kind: Kind::Terminate,
        description,
        status,
        progress,
    };
    let activity = begin(tx, group, begun, cause);
    let begun = activity.id.clone();
    note(tx, id, |m| {
        m.state = match warmed {
            true => LifecycleState::WarmedTerminating,
            false => LifecycleState::Terminating,
        };
        m.activity = Some(begun);
        m.actions = None;
        m.draining = draining;
    });
    tx.schedule(tx.now(), "autoscaling.reconcile", &group.name);
    Some(activity)
}

/// Terminates a member as far as that goes without waiting: what a user's call does before it
/// answers.
pub(crate) fn terminate_now(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    id: &SmolStr,
    cause: &[String],
) -> Option<Activity> {
    let activity = begin_termination(tx, caller, group, id, cause)?;
    let member = tx.get::<Member>(id)?;
    let hooked = hooks::standing(tx, group, &member) == Hooks::NotBegun;
    if !member.draining && !hooked {
        carry_out(tx, &caller.via("autoscaling"), group, &member, Step::EndMachine);
    }
    Some(activity)
}

/// An activity as it begins.
pub(crate) struct Begun<'a> {
    pub(crate) zone: &'a str,
    pub(crate) instance: &'a str,
    pub(crate) kind: Kind,
    pub(crate) description: String,
    pub(crate) status: Status,
    pub(crate) progress: u8,
}

/// A new activity of a group, in the first of its subnets in that zone.
pub(crate) fn begin(tx: &mut Tx, group: &Group, begun: Begun<'_>, cause: &[String]) -> Activity {
    let subnet = group
        .places
        .iter()
        .find(|place| place.zone == begun.zone)
        .and_then(|place| place.subnets.first())
        .cloned()
        .unwrap_or_default();
    begin_in(tx, group, begun, &subnet, cause)
}

/// A new activity of a group in a subnet.
pub(crate) fn begin_in(
    tx: &mut Tx,
    group: &Group,
    begun: Begun<'_>,
    subnet: &str,
    cause: &[String],
) -> Activity {
    // What gives the group's causes as its own was asked for by the group's alarms.
    let asked = !group.pending_causes.is_empty() && cause.starts_with(&group.pending_causes);
    let alarms = if asked { group.pending_alarms.clone() } else { Vec::new() };
    let new = Begin {
        group,
        description: begun.description,
        cause: causes::join(cause),
        place: activities::place(subnet, begun.zone),
        alarms,
        status: begun.status,
        progress: begun.progress,
        kind: begun.kind,
        instance: begun.instance,
    };
    activities::begin(tx, new)
}

/// Takes the group's tag off an instance that leaves it alive.
pub(crate) fn release(tx: &mut Tx, caller: &Caller, id: &SmolStr) {
    let request = ec2::DeleteTagsRequest {
        resources: vec![id.clone()],
        tags: Some(vec![ec2::Tag { key: Some("aws:autoscaling:groupName".into()), value: None }]),
        ..Default::default()
    };
    let _ = tx.call::<ec2::ops::DeleteTags>(caller, request);
}

/// What a hook's transition is, by the member's state.
pub(crate) fn transition(member: &Member) -> Transition {
    if member.state.is_terminating() { Transition::Terminating } else { Transition::Launching }
}
