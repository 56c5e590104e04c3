//! The action `forward`: to one target group or, weighted, to several.

use super::Place;
use crate::errors;
use crate::names::Kind;
use crate::target_groups::{TargetGroup, load_balancer_of};
use api::elbv2::{Action, ForwardActionConfig, TargetGroupStickinessConfig, TargetGroupTuple};
use kernel::{ApiError, Snapshot};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The most groups that one action takes.
const MAX_GROUPS: usize = 5;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forward {
    /// ARNs and weights.
    pub(crate) targets: Vec<(SmolStr, i64)>,
    pub(crate) sticky: bool,
    pub(crate) sticky_secs: Option<i64>,
}

impl Forward {
    pub(super) fn checked(
        snapshot: &Snapshot,
        place: Place<'_>,
        action: Action,
    ) -> Result<Self, ApiError> {
        let forward = Self::asked(action)?;
        if forward.targets.is_empty() {
            return Err(errors::validation("A target group ARN must be specified"));
        }
        let many = forward.targets.len();
        if many > MAX_GROUPS {
            return Err(errors::too_many(
                "UniqueTargetGroupsPerLoadBalancer",
                format_args!("An action can forward to at most {MAX_GROUPS} target groups"),
            ));
        }
        for (at, (arn, weight)) in forward.targets.iter().enumerate() {
            if !(0..=999).contains(weight) {
                return Err(errors::validation(format_args!(
                    "The weight '{weight}' must be between '0' and '999'"
                )));
            }
            if forward.targets[..at].iter().any(|(other, _)| other == arn) {
                return Err(errors::validation(format_args!(
                    "Target group '{arn}' is specified more than once"
                )));
            }
            check_group(snapshot, place, arn)?;
        }
        Ok(forward)
    }

    /// Both ways of asking; if both are used they must agree.
    fn asked(action: Action) -> Result<Self, ApiError> {
        let Some(config) = action.forward_config else {
            let targets = action.target_group_arn.into_iter().map(|arn| (arn, 1)).collect();
            return Ok(Self { targets, sticky: false, sticky_secs: None });
        };
        let targets: Vec<(SmolStr, i64)> = config
            .target_groups
            .unwrap_or_default()
            .into_iter()
            .map(|one| (one.target_group_arn.unwrap_or_default(), one.weight.unwrap_or(1)))
            .collect();
        if let Some(arn) = action.target_group_arn
            && (targets.len() != 1 || targets[0].0 != arn)
        {
            return Err(errors::validation(
                "TargetGroupArn and ForwardConfig must name the same target group",
            ));
        }
        let stickiness = config.target_group_stickiness_config.unwrap_or_default();
        let sticky = stickiness.enabled.unwrap_or(false);
        if sticky && stickiness.duration_seconds.is_none() {
            return Err(errors::validation(
                "A target group stickiness duration must be specified when target group \
                 stickiness is enabled",
            ));
        }
        if stickiness.duration_seconds.is_some_and(|secs| !(1..=604_800).contains(&secs)) {
            return Err(errors::validation(
                "The target group stickiness duration must be between 1 and 604800 seconds",
            ));
        }
        Ok(Self { targets, sticky, sticky_secs: stickiness.duration_seconds })
    }

    /// The group, if there is just one.
    pub(super) fn only(&self) -> Option<&SmolStr> {
        match &*self.targets {
            [(arn, _)] => Some(arn),
            _ => None,
        }
    }

    pub(super) fn render(&self, kind: Kind) -> ForwardActionConfig {
        let tuple = |(arn, weight): &(SmolStr, i64)| TargetGroupTuple {
            target_group_arn: Some(arn.clone()),
            // Other kinds know no weights.
            weight: (kind == Kind::Application).then_some(*weight),
        };
        let stickiness = TargetGroupStickinessConfig {
            enabled: Some(self.sticky),
            duration_seconds: self.sticky_secs,
        };
        ForwardActionConfig {
            target_groups: Some(self.targets.iter().map(tuple).collect()),
            target_group_stickiness_config: (kind == Kind::Application).then_some(stickiness),
        }
    }
}

/// A group must fit the listener, and belong to no other load balancer.
fn check_group(snapshot: &Snapshot, place: Place<'_>, arn: &SmolStr) -> Result<(), ApiError> {
    let group = TargetGroup::find(snapshot, arn)?;
    let protocol = group.protocol.as_deref();
    let fits = match (place.kind, place.protocol, protocol) {
        (Kind::Application, _, None) => true,
        (Kind::Application, _, Some(own)) => matches!(own, "HTTP" | "HTTPS"),
        (Kind::Gateway, _, own) => own == Some("GENEVE"),
        (Kind::Network, Some("TCP"), Some(own)) => matches!(own, "TCP" | "TCP_UDP"),
        (Kind::Network, Some("TLS"), Some(own)) => matches!(own, "TCP" | "TLS"),
        (Kind::Network, Some("UDP"), Some(own)) => matches!(own, "UDP" | "TCP_UDP"),
        (Kind::Network, listener, own) => listener == own,
    };
    if !fits {
        return Err(errors::incompatible_protocols(format_args!(
            "Target group '{arn}' with protocol '{}' is not compatible with the listener protocol \
             '{}'",
            protocol.unwrap_or_default(),
            place.protocol.unwrap_or_default()
        )));
    }
    match load_balancer_of(snapshot, arn) {
        Some(other) if other != place.load_balancer => {
            Err(errors::target_group_association_limit(arn))
        }
        _ => Ok(()),
    }
}
