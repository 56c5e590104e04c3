//! The health of a target as a state machine.
//!
//! "Target health status" in the user guide: unused → initial → healthy ⇄ unhealthy, and draining.
//! [`advance`] is the machine, a pure function; [`look`] feeds it with how things stand. A new
//! target is healthy after its first good check; after that it takes as many checks in a row as
//! the group's thresholds say, an interval apart. Nothing ticks for a target whose state agrees
//! with its checks: what could change that wakes it (see the wiring table).

use super::standing::{self, Seen, Standing};
use super::{Target, forget};
use crate::target_groups::{HealthCheck, TargetGroup};
use kernel::{Caller, Timestamp, Tx, Wait};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// The state of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Unused(Unused),
    /// Until then, if it is known.
    Registering(Option<Timestamp>),
    /// The first checks, done by then.
    Checking(Timestamp),
    Healthy,
    Unhealthy(Failure),
    Draining(Timestamp),
    /// Nobody checks it.
    Unavailable,
}

/// Why a target gets no traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unused {
    /// No listener or rule forwards to the group.
    NotInUse,
    /// Its zone is not enabled.
    Zone,
    Stopped,
    Terminated,
}

/// What a failed check saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Failure {
    Timeout,
    Checks,
    Code(u16),
}

impl State {
    /// State, reason and description as DescribeTargetHealth has them.
    pub(crate) fn shown(&self) -> (&'static str, Option<&'static str>, Option<SmolStr>) {
        let told = |text: &'static str| Some(SmolStr::new_static(text));
        match self {
            Self::Unused(Unused::NotInUse) => (
                "unused",
                Some("Target.NotInUse"),
                told("Target group is not configured to receive traffic from the load balancer"),
            ),
            Self::Unused(Unused::Zone) => (
                "unused",
                Some("Target.NotInUse"),
                told(
                    "Target is in an Availability Zone that is not enabled for the load balancer",
                ),
            ),
            Self::Unused(Unused::Stopped) => {
                ("unused", Some("Target.InvalidState"), told("Target is in the stopped state"))
            }
            Self::Unused(Unused::Terminated) => {
                ("unused", Some("Target.InvalidState"), told("Target is in the terminated state"))
            }
            Self::Registering(_) => (
                "initial",
                Some("Elb.RegistrationInProgress"),
                told("Target registration is in progress"),
            ),
            Self::Checking(_) => (
                "initial",
                Some("Elb.InitialHealthChecking"),
                told("Initial health checks in progress"),
            ),
            Self::Healthy => ("healthy", None, None),
            Self::Unhealthy(Failure::Timeout) => {
                ("unhealthy", Some("Target.Timeout"), told("Request timed out"))
            }
            Self::Unhealthy(Failure::Checks) => {
                ("unhealthy", Some("Target.FailedHealthChecks"), told("Health checks failed"))
            }
            Self::Unhealthy(Failure::Code(code)) => (
                "unhealthy",
                Some("Target.ResponseCodeMismatch"),
                Some(format_smolstr!("Health checks failed with these codes: [{code}]")),
            ),
            Self::Draining(_) => (
                "draining",
                Some("Target.DeregistrationInProgress"),
                told("Target deregistration is in progress"),
            ),
            Self::Unavailable => (
                "unavailable",
                Some("Target.HealthCheckDisabled"),
                told("Health checks are not enabled for this target"),
            ),
        }
    }
}

/// How long things take, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    register: i64,
    first_checks: i64,
    interval: i64,
    /// Good checks in a row that make a target healthy again, in time.
    to_healthy: i64,
    /// Bad checks in a row that make it unhealthy.
    to_unhealthy: i64,
}

impl Times {
    fn of(tx: &Tx, check: &HealthCheck) -> Self {
        let interval = check.interval_secs * 1_000;
        Self {
            register: tx.pace().millis(Wait::TargetRegister),
            first_checks: tx.pace().millis(Wait::TargetInitialChecks),
            interval,
            to_healthy: interval * check.healthy,
            to_unhealthy: interval * check.unhealthy,
        }
    }
}

/// Where a target stands, and when to look again at the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    state: State,
    turning: Option<Timestamp>,
    wake_at: Option<Timestamp>,
}

impl Place {
    fn at(state: State) -> Self {
        Self { state, turning: None, wake_at: None }
    }
}

/// One step of the machine: the state that a look at a checked target leads to.
fn advance(
    state: &State,
    turning: Option<Timestamp>,
    failure: Option<Failure>,
    now: Timestamp,
    times: Times,
) -> Place {
    let until = |state: State, at: Timestamp| Place { state, turning: None, wake_at: Some(at) };
    // The checks say otherwise than the state: how long until they are believed.
    let turn = |to: State, takes: i64| {
        let since = turning.unwrap_or(now);
        let due = since.plus_millis(takes);
        if due <= now {
            return Place::at(to);
        }
        let next = now.plus_millis(times.interval).min(due);
        Place { state: state.clone(), turning: Some(since), wake_at: Some(next) }
    };
    match (state, failure) {
        (State::Registering(Some(at)), _) if *at > now => until(state.clone(), *at),
        (State::Registering(Some(_)), _) => {
            let at = now.plus_millis(times.first_checks);
            until(State::Checking(at), at)
        }
        (State::Checking(at), _) if *at > now => until(state.clone(), *at),
        (State::Checking(_), None) => Place::at(State::Healthy),
        (State::Checking(_) | State::Healthy, Some(failure)) => {
            turn(State::Unhealthy(failure), times.to_unhealthy)
        }
        (State::Healthy, None) => Place::at(State::Healthy),
        (State::Unhealthy(_), Some(failure)) => Place::at(State::Unhealthy(failure)),
        (State::Unhealthy(_), None) => turn(State::Healthy, times.to_healthy),
        _ => {
            let at = now.plus_millis(times.register);
            until(State::Registering(Some(at)), at)
        }
    }
}

/// Looks at a target: the task of its key.
pub(crate) fn look(tx: &mut Tx, caller: &Caller, key: &str) {
    let Some(row) = tx.get::<Target>(key) else { return };
    let now = tx.now();
    if let State::Draining(until) = row.state {
        return match until <= now {
            true => forget(tx, key),
            false => tx.schedule(until, "elbv2.target", key),
        };
    }
    let Some(group) = tx.get::<TargetGroup>(&row.group) else { return forget(tx, key) };
    let seen = standing::of(tx, caller, &row, &group);
    let place = match seen.standing {
        Standing::Gone => return forget(tx, key),
        Standing::Unused(Unused::Terminated) => {
            let known = row.state == State::Unused(Unused::Terminated);
            let since = if known { row.since } else { now };
            let until = since.plus_millis(tx.pace().millis(Wait::TargetForget));
            if until <= now {
                return forget(tx, key);
            }
            Place { wake_at: Some(until), ..Place::at(State::Unused(Unused::Terminated)) }
        }
        Standing::Unused(why) => Place::at(State::Unused(why)),
        Standing::NotYet => Place::at(State::Registering(None)),
        Standing::Unchecked => Place::at(State::Unavailable),
        Standing::Checked(failure) => settle(tx, &row, failure, &group.check),
    };
    keep(tx, key, &row, place, seen);
}

/// Advances as far as this instant allows: on the pace `instant`, all the way.
fn settle(tx: &Tx, row: &Target, failure: Option<Failure>, check: &HealthCheck) -> Place {
    let (now, times) = (tx.now(), Times::of(tx, check));
    let mut place = advance(&row.state, row.turning, failure, now, times);
    while place.wake_at.is_some_and(|at| at <= now) {
        place = advance(&place.state, place.turning, failure, now, times);
    }
    place
}

fn keep(tx: &mut Tx, key: &str, row: &Target, place: Place, seen: Seen) {
    let now = tx.now();
    let since = if row.state == place.state { row.since } else { now };
    if let Some(at) = place.wake_at {
        tx.schedule(at, "elbv2.target", key);
    }
    let new = Target {
        state: place.state,
        since,
        turning: place.turning,
        groups: seen.groups,
        place: seen.zone,
        ..row.clone()
    };
    if new != *row {
        tx.put(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        register: 1_000,
        first_checks: 2_000,
        interval: 30_000,
        to_healthy: 150_000,
        to_unhealthy: 60_000,
    };

    /// Looks whenever the machine wants to, and tells each state with its instant.
    fn play(from: State, failure: Option<Failure>) -> Vec<(i64, State)> {
        let mut seen = vec![(0, from)];
        let (mut now, mut turning) = (Timestamp(0), None);
        for _ in 0..20 {
            let state = seen.last().expect("it begins somewhere").1.clone();
            let place = advance(&state, turning, failure, now, TIMES);
            if place.state != state {
                seen.push((now.0, place.state));
            }
            turning = place.turning;
            match place.wake_at {
                Some(at) => now = at,
                None => break,
            }
        }
        seen
    }

    #[test]
    fn a_new_target_is_healthy_after_its_first_checks() {
        let seen = play(State::Unused(Unused::NotInUse), None);
        let want = [
            (0, State::Unused(Unused::NotInUse)),
            (0, State::Registering(Some(Timestamp(1_000)))),
            (1_000, State::Checking(Timestamp(3_000))),
            (3_000, State::Healthy),
        ];
        assert_eq!(seen, want);
    }

    #[test]
    fn turning_takes_the_threshold_times_the_interval() {
        let bad = State::Unhealthy(Failure::Timeout);
        assert_eq!(
            play(State::Healthy, Some(Failure::Timeout)),
            [(0, State::Healthy), (60_000, bad.clone())]
        );
        assert_eq!(play(bad.clone(), None), [(0, bad), (150_000, State::Healthy)]);
    }

    #[test]
    fn one_contrary_check_turns_nothing() {
        let first = advance(&State::Healthy, None, Some(Failure::Checks), Timestamp(5), TIMES);
        assert_eq!(first.turning, Some(Timestamp(5)));
        let then = advance(&first.state, first.turning, None, Timestamp(30_005), TIMES);
        assert_eq!(then, Place::at(State::Healthy));
    }
}
