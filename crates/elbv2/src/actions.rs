//! What listeners and rules do with a request: forward, redirect, a fixed response, and the
//! authentications before them.
//!
//! "Listener rules" in the user guide. A forward to one group is shown both as `TargetGroupArn`
//! and as `ForwardConfig`, whichever way it was given.

mod forward;
mod web;

pub(crate) use forward::Forward;
pub(crate) use web::Redirect;

use crate::errors;
use crate::names::Kind;
use api::elbv2::{self as wire};
use kernel::{ApiError, Snapshot};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use web::{Cognito, FixedResponse, Jwt, Oidc};

/// An action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Action {
    pub(crate) order: Option<i64>,
    pub(crate) what: What,
}

/// What it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    Forward(Forward),
    Redirect(Redirect),
    FixedResponse(FixedResponse),
    AuthenticateCognito(Box<Cognito>),
    AuthenticateOidc(Box<Oidc>),
    JwtValidation(Jwt),
}

/// Who will have the actions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// ARN of the load balancer.
    pub(crate) load_balancer: &'a str,
    pub(crate) kind: Kind,
    /// The listener's; none for gateways.
    pub(crate) protocol: Option<&'a str>,
}

/// The actions of a request, in their order, if they may stand there.
pub(crate) fn checked(
    snapshot: &Snapshot,
    place: Place<'_>,
    given: Vec<wire::Action>,
) -> Result<Vec<Action>, ApiError> {
    if given.is_empty() {
        return Err(errors::validation("At least one action must be specified"));
    }
    let many = given.len() > 1;
    let mut actions = Vec::with_capacity(given.len());
    for action in given {
        if many && action.order.is_none() {
            return Err(errors::validation(
                "An action order must be specified when there is more than one action",
            ));
        }
        let order = action.order;
        actions.push(Action { order, what: what(snapshot, place, action)? });
    }
    actions.sort_by_key(|action| action.order);
    if actions.windows(2).any(|pair| pair[0].order == pair[1].order) {
        return Err(errors::validation("Action orders must be unique"));
    }
    let ends = |action: &Action| {
        matches!(action.what, What::Forward(_) | What::Redirect(_) | What::FixedResponse(_))
    };
    let last = actions.last().is_some_and(ends);
    if !last || actions.iter().filter(|action| ends(action)).count() != 1 {
        return Err(errors::validation(
            "The last action must be of type 'forward', 'redirect' or 'fixed-response', and there \
             must be no other of these types",
        ));
    }
    Ok(actions)
}

fn what(snapshot: &Snapshot, place: Place<'_>, action: wire::Action) -> Result<What, ApiError> {
    if action.r#type != "forward" && place.kind != Kind::Application {
        return Err(errors::invalid_loadbalancer_action(format_args!(
            "Actions of type '{}' are not supported for load balancers of type '{}'",
            action.r#type,
            place.kind.name()
        )));
    }
    let missing = |config: &str| {
        errors::validation(format_args!(
            "{config} must be specified for actions of type '{}'",
            action.r#type
        ))
    };
    if matches!(&*action.r#type, "authenticate-cognito" | "authenticate-oidc" | "jwt-validation")
        && place.protocol != Some("HTTPS")
    {
        return Err(errors::invalid_loadbalancer_action(format_args!(
            "Actions of type '{}' are supported on HTTPS listeners only",
            action.r#type
        )));
    }
    Ok(match &*action.r#type {
        "forward" => What::Forward(Forward::checked(snapshot, place, action)?),
        "redirect" => {
            let config = action.redirect_config.clone().ok_or_else(|| missing("RedirectConfig"))?;
            What::Redirect(Redirect::checked(config, place.protocol)?)
        }
        "fixed-response" => {
            let config = action
                .fixed_response_config
                .clone()
                .ok_or_else(|| missing("FixedResponseConfig"))?;
            What::FixedResponse(FixedResponse::checked(config)?)
        }
        "authenticate-cognito" => {
            let config = action.authenticate_cognito_config.clone();
            let config = config.ok_or_else(|| missing("AuthenticateCognitoConfig"))?;
            What::AuthenticateCognito(Box::new(config.into()))
        }
        "authenticate-oidc" => {
            let config = action.authenticate_oidc_config.clone();
            let config = config.ok_or_else(|| missing("AuthenticateOidcConfig"))?;
            What::AuthenticateOidc(Box::new(config.into()))
        }
        "jwt-validation" => {
            let config = action.jwt_validation_config.clone();
            What::JwtValidation(config.ok_or_else(|| missing("JwtValidationConfig"))?.into())
        }
        other => {
            return Err(errors::validation(format_args!("Action type '{other}' is not valid")));
        }
    })
}

/// ARNs of the groups that actions forward to.
pub(crate) fn target_groups(actions: &[Action]) -> impl Iterator<Item = &SmolStr> {
    actions
        .iter()
        .flat_map(|action| match &action.what {
            What::Forward(forward) => forward.targets.as_slice(),
            _ => &[],
        })
        .map(|(arn, _)| arn)
}

/// As the service shows them.
pub(crate) fn render(actions: &[Action], kind: Kind) -> Vec<wire::Action> {
    actions.iter().map(|action| action.render(kind)).collect()
}

impl Action {
    fn render(&self, kind: Kind) -> wire::Action {
        let mut shown = wire::Action { order: self.order, ..Default::default() };
        let kind_name = match &self.what {
            What::Forward(forward) => {
                shown.target_group_arn = forward.only().cloned();
                shown.forward_config = Some(forward.render(kind));
                "forward"
            }
            What::Redirect(redirect) => {
                shown.redirect_config = Some(redirect.clone().into());
                "redirect"
            }
            What::FixedResponse(response) => {
                shown.fixed_response_config = Some(response.clone().into());
                "fixed-response"
            }
            What::AuthenticateCognito(config) => {
                shown.authenticate_cognito_config = Some((**config).clone().into());
                "authenticate-cognito"
            }
            What::AuthenticateOidc(config) => {
                shown.authenticate_oidc_config = Some((**config).clone().into());
                "authenticate-oidc"
            }
            What::JwtValidation(config) => {
                shown.jwt_validation_config = Some(config.clone().into());
                "jwt-validation"
            }
        };
        shown.r#type = SmolStr::new_static(kind_name);
        shown
    }
}
