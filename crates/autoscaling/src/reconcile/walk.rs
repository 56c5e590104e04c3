//! One instance's way through its lifecycle: the next step, decided purely.
//!
//! "Amazon EC2 Auto Scaling instance lifecycle". How many instances there should be is `plan`'s
//! business; here is only what happens to one that has been told to come or to go.

use super::plan::Machine;
use crate::members::{ActionResult, LifecycleState};
use kernel::Timestamp;

/// How the lifecycle actions of a transition stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hooks {
    /// There are hooks, and they have not been told.
    NotBegun,
    /// Some are not complete; the first of them expires then.
    Waiting { until: Timestamp },
    /// There is none, or all are complete.
    Done,
    /// One was abandoned, in this way.
    Abandoned(ActionResult),
}

/// What the next step depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walker {
    pub(crate) state: LifecycleState,
    pub(crate) machine: Machine,
    /// Since when EC2 says it runs.
    pub(crate) running_since: Option<Timestamp>,
    /// How long a running instance takes to be put into service, in milliseconds.
    pub(crate) register_millis: i64,
    pub(crate) hooks: Hooks,
    /// Load balancers still let its connections end.
    pub(crate) draining: bool,
    /// EC2 has been told to terminate it.
    pub(crate) ended: bool,
}

/// What happens next to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing, until something outside changes.
    Rest,
    /// Nothing, before this instant.
    Wait(Timestamp),
    /// EC2 began to run it: registering begins.
    NoteRunning,
    /// The hooks are told, and it waits for them.
    BeginHooks,
    /// Lifecycle actions whose time is up end with their default.
    ExpireHooks,
    /// The hooks are done with it.
    Proceed,
    /// A hook abandoned it on its way in: it goes.
    AbandonLaunch(ActionResult),
    /// It is registered with load balancers and in service.
    PutInService,
    /// It is prepared: the warm pool keeps it in its state.
    Store,
    /// It is in standby.
    StandBy,
    /// It has left the group and runs on.
    Detach,
    /// EC2 is told to terminate it.
    EndMachine,
    /// It has gone.
    Forget,
}

/// Decides.
pub(crate) fn step(walker: &Walker, now: Timestamp) -> Step {
    use LifecycleState as S;
    match walker.state {
        S::Pending | S::WarmedPending => coming(walker, now),
        S::PendingWait | S::WarmedPendingWait => match waiting(walker.hooks, now) {
            Ok(step) => step,
            Err(None) => Step::Proceed,
            Err(Some(result)) => Step::AbandonLaunch(result),
        },
        S::PendingProceed => Step::PutInService,
        S::WarmedPendingProceed => Step::Store,
        _ if walker.state.is_terminating() && walker.machine == Machine::Gone && walker.ended => {
            Step::Forget
        }
        S::Terminating | S::WarmedTerminating if walker.draining => Step::Rest,
        S::Terminating | S::WarmedTerminating => match walker.hooks {
            Hooks::NotBegun => Step::BeginHooks,
            _ => going(walker),
        },
        S::TerminatingWait | S::WarmedTerminatingWait => match waiting(walker.hooks, now) {
            Ok(step) => step,
            Err(_) => Step::Proceed,
        },
        S::TerminatingProceed | S::WarmedTerminatingProceed => going(walker),
        S::EnteringStandby if !walker.draining => Step::StandBy,
        S::Detaching if !walker.draining => Step::Detach,
        S::EnteringStandby | S::Detaching => Step::Rest,
        S::Standby if walker.machine == Machine::Gone => Step::Forget,
        S::InService | S::Standby | S::WarmedStopped | S::WarmedRunning | S::WarmedHibernated => {
            Step::Rest
        }
    }
}

/// A new instance: EC2 starts it, it settles, hooks have their turn.
fn coming(walker: &Walker, now: Timestamp) -> Step {
    if walker.machine != Machine::Running {
        return Step::Rest;
    }
    let Some(since) = walker.running_since else { return Step::NoteRunning };
    let ready = since.plus_millis(walker.register_millis);
    match walker.hooks {
        _ if now < ready => Step::Wait(ready),
        Hooks::NotBegun => Step::BeginHooks,
        _ if walker.state.is_warmed() => Step::Store,
        _ => Step::PutInService,
    }
}

fn going(walker: &Walker) -> Step {
    match (walker.ended, walker.machine) {
        (false, _) => Step::EndMachine,
        (true, Machine::Gone) => Step::Forget,
        (true, _) => Step::Rest,
    }
}

/// A wait for hooks: goes on, or is over (abandoned in some way, if at all).
fn waiting(hooks: Hooks, now: Timestamp) -> Result<Step, Option<ActionResult>> {
    match hooks {
        Hooks::Waiting { until } if now >= until => Ok(Step::ExpireHooks),
        Hooks::Waiting { until } => Ok(Step::Wait(until)),
        Hooks::Abandoned(result) => Err(Some(result)),
        Hooks::NotBegun | Hooks::Done => Err(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walker(state: LifecycleState) -> Walker {
        Walker {
            state,
            machine: Machine::Running,
            running_since: Some(Timestamp(0)),
            register_millis: 100,
            hooks: Hooks::Done,
            draining: false,
            ended: false,
        }
    }

    #[test]
    fn an_instance_comes_into_service_step_by_step() {
        use LifecycleState::{Pending, PendingProceed, PendingWait};
        let base = walker(Pending);
        let until = Timestamp(500);
        let cases = [
            (Walker { machine: Machine::Pending, ..base }, Step::Rest),
            (Walker { running_since: None, ..base }, Step::NoteRunning),
            (Walker { running_since: Some(Timestamp(150)), ..base }, Step::Wait(Timestamp(250))),
            (Walker { hooks: Hooks::NotBegun, ..base }, Step::BeginHooks),
            (base, Step::PutInService),
            (Walker { hooks: Hooks::Waiting { until }, ..walker(PendingWait) }, Step::Wait(until)),
            (
                Walker { hooks: Hooks::Waiting { until: Timestamp(200) }, ..walker(PendingWait) },
                Step::ExpireHooks,
            ),
            (walker(PendingWait), Step::Proceed),
            (
                Walker { hooks: Hooks::Abandoned(ActionResult::TimedOut), ..walker(PendingWait) },
                Step::AbandonLaunch(ActionResult::TimedOut),
            ),
            (walker(PendingProceed), Step::PutInService),
        ];
        for (walker, expected) in cases {
            assert_eq!(step(&walker, Timestamp(200)), expected, "{walker:?}");
        }
    }

    #[test]
    fn an_instance_drains_before_its_hooks_are_told_and_goes_after_them() {
        use LifecycleState::{Terminating, TerminatingProceed, TerminatingWait};
        let base = walker(Terminating);
        let abandoned = Hooks::Abandoned(ActionResult::Abandoned);
        let cases = [
            (Walker { draining: true, hooks: Hooks::NotBegun, ..base }, Step::Rest),
            (Walker { hooks: Hooks::NotBegun, ..base }, Step::BeginHooks),
            (base, Step::EndMachine),
            (Walker { hooks: abandoned, ..walker(TerminatingWait) }, Step::Proceed),
            (walker(TerminatingProceed), Step::EndMachine),
            (Walker { ended: true, ..walker(TerminatingProceed) }, Step::Rest),
            (Walker { ended: true, machine: Machine::Gone, ..base }, Step::Forget),
        ];
        for (walker, expected) in cases {
            assert_eq!(step(&walker, Timestamp(200)), expected, "{walker:?}");
        }
    }
}
