//! Faults as data: rules with a kind, what they match, how often they strike and when they are in
//! force. They are evaluated at fixed points with the seeded generator; there is no `if testing`
//! anywhere else.
//!
//! Some kinds strike a call or a launch as it happens ([`Tx::fault`], the gateway's latency); others
//! are states that things are in while the rule is in force ([`Snapshot::fault`]). A rule's counts
//! are part of the universe: a strike is spent even if the call that it struck fails, and survives
//! a restart. When a rule begins or ends, every task that is registered under `faults` looks.

mod cloud;

use crate::filters::glob_matches;
use crate::{Rng, Snapshot, Timestamp, Tx};
use model::ApiError;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Launches find no capacity.
    InsufficientCapacity,
    /// A zone fails: no launches, and what runs there fails every check.
    ZoneOutage,
    /// A zone is shifted away from: groups and load balancers that take part in zonal shifts use
    /// the others. What runs there is as well as before.
    ZonalShift,
    /// Instances fail a status check.
    StatusCheck,
    /// Instances terminate while they start.
    BootFailure,
    /// Spot Instances are interrupted.
    SpotInterruption,
    /// Calls are throttled.
    Throttle,
    /// Answers take longer.
    Latency,
    /// Calls fail inside AWS.
    ServerError,
    /// Launches exceed a vCPU quota.
    Quota,
    /// Targets fail their load balancer's health checks.
    HealthCheck,
    /// Resources of stacks fail to be made, changed or removed.
    ResourceFailure,
    /// Resources of stacks are never done.
    ResourceStall,
}

/// Which status check fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailedCheck {
    /// The instance status check: the user's to repair.
    #[default]
    Instance,
    /// The system status check: AWS's to repair.
    System,
}

/// One rule. Matchers are patterns with `*` and `?`; those that are absent match everything, and
/// one that is given does not match what has no such trait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// `f-1`, …; given by the cloud.
    #[serde(default)]
    pub id: SmolStr,
    /// What happens.
    pub kind: FaultKind,
    /// A zone's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<SmolStr>,
    /// An instance type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<SmolStr>,
    /// `spot` or `on-demand`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<SmolStr>,
    /// `<service>:<Operation>`; of a stack's resource `create`, `update` or `delete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<SmolStr>,
    /// An instance's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<SmolStr>,
    /// An Auto Scaling group's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<SmolStr>,
    /// A stack's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<SmolStr>,
    /// The logical id of a stack's resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<SmolStr>,
    /// How likely it strikes what it matches, 0 to 1; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How often it will yet strike; for ever, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Since when it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How much longer answers take, for [`FaultKind::Latency`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// The number of vCPUs, for [`FaultKind::Quota`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The HTTP status that a check sees, for [`FaultKind::HealthCheck`]; none at all, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Which check fails, for [`FaultKind::StatusCheck`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<FailedCheck>,
    /// How often it was tried, which its chance depends on.
    #[serde(default)]
    pub tries: u64,
    /// How often it struck.
    #[serde(default)]
    pub strikes: u64,
}

/// What a rule is tried on: the traits that it has.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultSubject<'a> {
    /// `<service>:<Operation>`
    pub operation: Option<&'a str>,
    /// A zone's name.
    pub zone: Option<&'a str>,
    /// An instance type.
    pub instance_type: Option<&'a str>,
    /// `spot` or `on-demand`
    pub market: Option<&'a str>,
    /// An instance's id.
    pub instance: Option<&'a str>,
    /// An Auto Scaling group's name.
    pub group: Option<&'a str>,
    /// A stack's name.
    pub stack: Option<&'a str>,
    /// The logical id of a stack's resource.
    pub resource: Option<&'a str>,
}

impl FaultRule {
    /// A rule that strikes everything, always.
    pub fn of(kind: FaultKind) -> Self {
        Self {
            id: SmolStr::default(),
            kind,
            zone: None,
            instance_type: None,
            market: None,
            operation: None,
            instance: None,
            group: None,
            stack: None,
            resource: None,
            rate: None,
            count: None,
            from: None,
            until: None,
            millis: None,
            limit: None,
            code: None,
            check: None,
            tries: 0,
            strikes: 0,
        }
    }

    /// Whether it is in force at an instant.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// Whether it concerns this, whatever the time.
    pub fn matches(&self, subject: &FaultSubject<'_>) -> bool {
        let fits = |pattern: &Option<SmolStr>, value: Option<&str>| match pattern {
            None => true,
            Some(pattern) => value.is_some_and(|value| glob_matches(pattern, value)),
        };
        fits(&self.zone, subject.zone)
            && fits(&self.instance_type, subject.instance_type)
            && fits(&self.market, subject.market)
            && fits(&self.operation, subject.operation)
            && fits(&self.instance, subject.instance)
            && fits(&self.group, subject.group)
            && fits(&self.stack, subject.stack)
            && fits(&self.resource, subject.resource)
    }

    /// Tries it once: counts the try, and the strike if there is one.
    fn strikes(&mut self, seed: u64) -> bool {
        if self.count == Some(0) {
            return false;
        }
        self.tries += 1;
        let rate = self.rate.unwrap_or(1.0);
        let struck = rate >= 1.0 || Rng::named(seed ^ self.tries, &self.id).chance(rate);
        if struck {
            self.strikes += 1;
            self.count = self.count.map(|left| left.saturating_sub(1));
        }
        struck
    }

    /// The error of a call that it strikes at the door, as that service words it.
    pub fn to_error(&self, service: &str) -> ApiError {
        let error =
            |code: &'static str, text: &str, status| ApiError::new(code, text).with_status(status);
        match (self.kind, service) {
            (FaultKind::Throttle, "ec2") => {
                error("RequestLimitExceeded", "Request limit exceeded.", 503)
            }
            (FaultKind::Throttle, "s3") => {
                error("SlowDown", "Please reduce your request rate.", 503)
            }
            (FaultKind::Throttle, _) => error("Throttling", "Rate exceeded", 400),
            (_, "ec2") => error("InternalError", "An internal error has occurred", 500),
            (_, "s3") => {
                error("InternalError", "We encountered an internal error. Please try again.", 500)
            }
            _ => ApiError::internal(),
        }
    }
}

/// All rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultPlan {
    /// In the order in which they are tried; the first that matches and strikes wins.
    pub rules: Vec<FaultRule>,
    /// The number of the latest rule.
    #[serde(default)]
    pub numbered: u64,
}

impl FaultPlan {
    /// The rules of a kind that concern this now, by their places.
    fn candidates(
        &self,
        kind: FaultKind,
        subject: &FaultSubject<'_>,
        now: Timestamp,
    ) -> Vec<usize> {
        let concerns = |rule: &FaultRule| {
            rule.kind == kind
                && rule.count != Some(0)
                && rule.in_force(now)
                && rule.matches(subject)
        };
        (0..self.rules.len()).filter(|at| concerns(&self.rules[*at])).collect()
    }

    /// Whether any rule of the kind might strike this now.
    fn concerns(&self, kind: FaultKind, subject: &FaultSubject<'_>, now: Timestamp) -> bool {
        !self.rules.is_empty() && !self.candidates(kind, subject, now).is_empty()
    }

    /// Tries the rules of a kind on something; the one that struck.
    fn strike(
        &mut self,
        kind: FaultKind,
        subject: &FaultSubject<'_>,
        now: Timestamp,
        seed: u64,
    ) -> Option<FaultRule> {
        let candidates = self.candidates(kind, subject, now);
        let at = candidates.into_iter().find(|at| self.rules[*at].strikes(seed))?;
        Some(self.rules[at].clone())
    }
}

impl Snapshot {
    /// The rule of this kind that is in force for something, for states rather than strikes: its
    /// chance does not matter, and nothing is counted.
    pub fn fault(&self, kind: FaultKind, subject: &FaultSubject<'_>) -> Option<FaultRule> {
        let now = self.now();
        let mut rules = self.universe.faults.rules.iter();
        let holds = |r: &&FaultRule| {
            r.kind == kind && r.count != Some(0) && r.in_force(now) && r.matches(subject)
        };
        rules.find(holds).cloned()
    }

    /// The rule of this id.
    pub fn fault_rule(&self, id: &str) -> Option<FaultRule> {
        self.universe.faults.rules.iter().find(|rule| rule.id == id).cloned()
    }

    /// Whether a rule is still there and in force.
    pub fn fault_in_force(&self, id: &str) -> bool {
        self.universe.faults.rules.iter().any(|rule| rule.id == id && rule.in_force(self.now()))
    }
}

impl Tx {
    /// Whether a fault of this kind strikes something, and which. It counts even if this
    /// transaction fails.
    pub fn strike(&mut self, kind: FaultKind, subject: &FaultSubject<'_>) -> Option<FaultRule> {
        let now = self.now();
        let seed = self.settings().seed;
        let plan = self.faults.as_ref().unwrap_or(&self.snapshot.universe.faults);
        if !plan.concerns(kind, subject, now) {
            return None;
        }
        let mut plan = FaultPlan::clone(plan);
        let struck = plan.strike(kind, subject, now, seed);
        self.faults = Some(Arc::new(plan));
        struck
    }

    /// The same of one rule.
    pub fn strike_with(&mut self, id: &str, subject: &FaultSubject<'_>) -> Option<FaultRule> {
        let (now, seed) = (self.now(), self.settings().seed);
        let plan = self.faults.as_ref().unwrap_or(&self.snapshot.universe.faults);
        let mut plan = FaultPlan::clone(plan);
        let rule = plan.rules.iter_mut().find(|rule| rule.id == id)?;
        if !rule.in_force(now) || !rule.matches(subject) {
            return None;
        }
        let struck = rule.strikes(seed).then(|| rule.clone());
        self.faults = Some(Arc::new(plan));
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch<'a>(kind: &'a str, zone: &'a str) -> FaultSubject<'a> {
        FaultSubject { instance_type: Some(kind), zone: Some(zone), ..Default::default() }
    }

    fn struck(plan: &mut FaultPlan, subject: &FaultSubject<'_>, now: i64) -> bool {
        plan.strike(FaultKind::InsufficientCapacity, subject, Timestamp(now), 1).is_some()
    }

    #[test]
    fn rules_strike_where_they_match() {
        let rule = FaultRule {
            instance_type: Some("t2.*".into()),
            zone: Some("us-west-1a".into()),
            ..FaultRule::of(FaultKind::InsufficientCapacity)
        };
        let never = FaultRule { rate: Some(0.0), zone: None, ..rule.clone() };
        let mut plan = FaultPlan { rules: vec![rule, never], numbered: 0 };
        assert!(struck(&mut plan, &launch("t2.micro", "us-west-1a"), 0));
        assert!(!struck(&mut plan, &launch("t2.micro", "us-west-1c"), 0));
        assert!(!struck(&mut plan, &launch("m5.large", "us-west-1a"), 0));
        assert!(!struck(&mut plan, &FaultSubject::default(), 0));
    }

    #[test]
    fn counts_run_out_and_windows_end() {
        let rule = FaultRule {
            count: Some(2),
            from: Some(Timestamp(10)),
            until: Some(Timestamp(20)),
            ..FaultRule::of(FaultKind::InsufficientCapacity)
        };
        let mut plan = FaultPlan { rules: vec![rule], numbered: 0 };
        let any = FaultSubject::default();
        let hits: Vec<bool> = [9, 10, 20, 15, 15].map(|at| struck(&mut plan, &any, at)).into();
        assert_eq!(hits, [false, true, false, true, false]);
        assert_eq!((plan.rules[0].strikes, plan.rules[0].count), (2, Some(0)));
    }

    #[test]
    fn rates_are_kept_and_repeatable() {
        let rule = FaultRule {
            id: "f-1".into(),
            rate: Some(0.25),
            ..FaultRule::of(FaultKind::InsufficientCapacity)
        };
        let mut plan = FaultPlan { rules: vec![rule], numbered: 1 };
        let mut again = plan.clone();
        let any = FaultSubject::default();
        let hits: Vec<bool> = (0..1_000).map(|at| struck(&mut plan, &any, at)).collect();
        let same: Vec<bool> = (0..1_000).map(|at| struck(&mut again, &any, at)).collect();
        assert_eq!(hits, same);
        let count = hits.iter().filter(|hit| **hit).count();
        assert!((200..300).contains(&count), "{count}");
    }
}
