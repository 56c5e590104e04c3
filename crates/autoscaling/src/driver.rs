//! Carries out what the reconciler decides, by calling EC2 as any client would. Results come back
//! as the next observation only.

use crate::activities::{self, Kind, Status};
use crate::causes;
use crate::decisions::{self, What};
use crate::groups::{self, Group};
use crate::lifecycle::{self, Begun};
use crate::members::{Ailment, LifecycleState, Member};
use crate::observe::{World, desire, observe};
use crate::reconcile::{Action, Decision, Purpose, Reason, plan};
use crate::{attachments, launch, policies, refresh, warm_pools};
use kernel::{Caller, Tx, Wait};
use smol_str::SmolStr;

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
    if tx.now() < group.reacts_at {
        // This look came for another reason; that of the reaction must not be lost with it.
        tx.schedule(group.reacts_at, "autoscaling.reconcile", name);
    }
    let world = World::ask(tx, &caller, &group);
    if let Some(at) = lifecycle::advance_all(tx, &caller, &group, &world) {
        tx.schedule(at, "autoscaling.reconcile", name);
    }
    if let Some(at) = world.grace_ends(tx, &group) {
        tx.schedule(at, "autoscaling.reconcile", name);
    }
    attachments::advance(tx, &caller, &group, &world.traffic);
    refresh::advance(tx, &caller, name);
    let Some(group) = tx.get::<Group>(name) else { return };
    let observed = observe(tx, &group, &world);
    let mut decision = plan(&desire(tx, &group), &observed, tx.now());
    if group.pending_causes.is_empty() {
        // It has been said.
        decision.actions.retain(|action| *action != Action::AllProtected);
    }
    if let Some(at) = decision.wake_at {
        tx.schedule(at, "autoscaling.reconcile", name);
    }
    if !decision.actions.is_empty() {
        carry_out(tx, &caller, Group::clone(&group), decision);
    }
    warm_pools::fill(tx, &caller, name, &world);
    policies::settle(tx, &name.into());
    world.remember(tx);
    settle(tx, name);
}

/// The task: a member's target or machine changed; its group looks.
pub(crate) fn look_at_member(tx: &mut Tx, _: &Caller, id: &str) {
    if let Some(member) = tx.get::<Member>(id) {
        tx.schedule(tx.now(), "autoscaling.reconcile", &member.group);
    }
}

/// The task: a fault has begun or ended. Groups that have given up launching try again.
pub(crate) fn look_again(tx: &mut Tx, _: &Caller, _: &str) {
    let failing = tx.rows::<Group>().filter(|group| group.failures > 0);
    let names: Vec<SmolStr> = failing.map(|group| group.name.clone()).collect();
    for name in names {
        tx.update::<Group>(&name, |group| {
            group.failures = 0;
            group.retries_at = None;
        });
        tx.schedule(tx.now(), "autoscaling.reconcile", &name);
    }
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

fn carry_out(tx: &mut Tx, caller: &Caller, group: Group, decision: Decision) {
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
    for choice in decision.choices {
        decisions::note(tx, &group.name, What::Choice(choice));
    }
    let mut launcher = launch::Launcher::new(refresh::target(tx, &group), caller.clone());
    let mut consumed = false;
    for action in decision.actions {
        match action {
            Action::NoteDown(id) => note(tx, &id, |m| m.down_since = Some(now)),
            Action::NoteUp(id) => note(tx, &id, |m| m.down_since = None),
            Action::MarkUnhealthy(id, ailment) => note(tx, &id, |m| {
                m.healthy = false;
                m.ailment = ailment;
            }),
            Action::Terminate { id, reason } => {
                consumed |= matches!(reason, Reason::Surplus | Reason::Deletion);
                terminate(tx, caller, &group, &id, reason, before);
            }
            Action::Launch { zone, count, purpose } => {
                consumed |= purpose == Purpose::Fill;
                let sizes = match &purpose {
                    Purpose::Balance(sizes) => sizes.clone(),
                    _ => decision.sizes.clone(),
                };
                decisions::note(tx, &group.name, What::Zone { zone: zone.clone(), count, sizes });
                launcher.launch(tx, &zone, count, &purpose, (before, before + grows));
            }
            Action::AllProtected => {
                consumed = true;
                all_protected(tx, &group, before);
            }
            Action::Finish => {
                groups::delete::remove(tx, caller, &group);
                return;
            }
        }
    }
    let outcome = launcher.outcome;
    tx.update::<Group>(&group.name, |group| {
        if consumed {
            group.pending_causes.clear();
            group.pending_alarms.clear();
        }
        if let Some(failed) = outcome {
            (group.failures, group.retries_at) = failed;
        }
    });
    // What was done may ask for more at once; what EC2 does will wake the group by itself.
    tx.schedule(now, "autoscaling.reconcile", &group.name);
}

fn note(tx: &mut Tx, id: &str, change: impl FnOnce(&mut Member)) {
    tx.update::<Member>(id, change);
}

fn terminate(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    id: &SmolStr,
    reason: Reason,
    before: usize,
) {
    let now = tx.now();
    let to = usize::try_from(group.desired).unwrap_or(0);
    let mut cause = Vec::new();
    match reason {
        Reason::Surplus | Reason::Deletion => {
            cause.extend(group.pending_causes.iter().cloned());
            cause.extend(causes::shrinking(now, before, to, id));
        }
        Reason::Unhealthy(Ailment::Ec2State) => cause.push(causes::ec2_health(now)),
        Reason::Unhealthy(Ailment::Ec2Status) => cause.push(causes::system_health(now)),
        Reason::Unhealthy(Ailment::Elb) => cause.push(causes::elb_health(now)),
        Reason::Unhealthy(Ailment::User) => cause.push(causes::user_health(now)),
        Reason::Unhealthy(Ailment::Spot) => cause.push(causes::spot_rebalance(now)),
        Reason::Refresh => cause.extend(causes::refreshing(now, id)),
        Reason::Lifetime => cause.push(causes::lifetime(now)),
    }
    if reason == Reason::Surplus && warm_pools::take_back(tx, caller, group, id, &cause) {
        return;
    }
    lifecycle::terminate_now(tx, caller, group, id, &cause);
}

/// The desired capacity fell, but nobody may go: an activity says so.
fn all_protected(tx: &mut Tx, group: &Group, before: usize) {
    if group.pending_causes.is_empty() {
        return;
    }
    let now = tx.now();
    let to = usize::try_from(group.desired).unwrap_or(0);
    let mut cause = group.pending_causes.clone();
    cause.push(causes::wants_to_shrink(now, before, to));
    let begun = Begun {
        zone: "",
        instance: "",
        kind: Kind::Other,
        description: "Terminating EC2 instances".to_owned(),
        status: Status::InProgress,
        progress: 0,
    };
    let activity = lifecycle::begin(tx, group, begun, &cause);
    let message = "Could not scale to desired capacity because all remaining instances are \
                   protected from scale-in.";
    activities::end(tx, &activity.id, Status::Failed, message);
}
