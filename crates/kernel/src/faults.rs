//! Faults as data: rules matched at fixed choke points and decided with the seeded generator.
//! There is no `if testing` anywhere else.

use crate::Rng;
use crate::filters::glob_matches;
use model::ApiError;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Where a fault can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultPoint {
    /// A client's call, before it is carried out; the subject is `<service>:<Operation>`.
    Dispatch,
    /// A launch; the subject is `<instance type>:<zone>`.
    Launch,
    /// A guest's start; the subject is the instance id.
    Boot,
    /// A load balancer's health check; the subject is the target's id (an instance or address).
    HealthCheck,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultEffect {
    /// The call fails with this error.
    Error {
        /// Code on the wire.
        code: SmolStr,
        /// Text.
        message: String,
        /// HTTP status.
        status: u16,
    },
    /// The thing does not work, in the way AWS shows it at that point.
    Fail,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRule {
    /// Where it applies.
    pub point: FaultPoint,
    /// Which subjects: a pattern with `*` and `?`.
    pub subject: SmolStr,
    /// How likely it strikes, 0 to 1.
    pub probability: f64,
    /// What happens.
    pub effect: FaultEffect,
}

/// All rules in force; the first that matches and strikes wins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultPlan {
    /// In the order in which they are tried.
    pub rules: Vec<FaultRule>,
}

impl FaultPlan {
    /// Whether something may happen to this subject at this point.
    pub fn concerns(&self, point: FaultPoint, subject: &str) -> bool {
        self.rules.iter().any(|r| r.point == point && glob_matches(&r.subject, subject))
    }

    /// Decides whether something happens to this subject at this point.
    pub fn strike(&self, point: FaultPoint, subject: &str, rng: &mut Rng) -> Option<&FaultEffect> {
        self.rules
            .iter()
            .filter(|rule| rule.point == point && glob_matches(&rule.subject, subject))
            .find(|rule| rng.chance(rule.probability))
            .map(|rule| &rule.effect)
    }
}

impl FaultEffect {
    /// The effect as the error of a call.
    pub fn to_error(&self) -> ApiError {
        match self {
            Self::Error { code, message, status } => {
                ApiError::new(code.clone(), message.clone()).with_status(*status)
            }
            Self::Fail => ApiError::internal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_strike_where_they_match() {
        let rule = |subject: &str, probability| FaultRule {
            point: FaultPoint::Launch,
            subject: subject.into(),
            probability,
            effect: FaultEffect::Fail,
        };
        let plan = FaultPlan { rules: vec![rule("t2.*:us-west-1a", 1.0), rule("m5.*", 0.0)] };
        let mut rng = Rng::of(1, 1);
        let mut hit = |subject| plan.strike(FaultPoint::Launch, subject, &mut rng).is_some();
        assert!(hit("t2.micro:us-west-1a"));
        assert!(!hit("t2.micro:us-west-1c"));
        assert!(!hit("m5.large"));
        assert!(plan.concerns(FaultPoint::Launch, "m5.large"));
        assert!(!plan.concerns(FaultPoint::Boot, "m5.large"));
    }
}
