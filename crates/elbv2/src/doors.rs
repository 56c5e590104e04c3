//! Listeners as the outside sees them: which there are, and where a request goes.
//!
//! The shell can open a real port for each listener of an application load balancer
//! (`--serve-load-balancers`). It asks here which doors there are, and for each request which
//! rule matches and which targets may serve it.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html>

mod matching;

use crate::actions::{Action, What};
use crate::listeners::Listener;
use crate::load_balancers::LoadBalancer;
use crate::names::Kind;
use crate::rules::Rule;
use crate::target_groups::{TargetGroup, TargetType};
use crate::targets::Target;
use crate::targets::health::State;
use crate::targets::overrides;
use kernel::{ApiError, Caller, Row, Scope, Snapshot, Tx, resource};
use matching::Visit;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::SmolStr;
use std::sync::Arc;

resource! { elbv2:
    tables { Door }
    tasks { "elbv2.door" => look }
    controls {
        internal "elbv2.doors" => doors,
        read "load-balancers/route" => route,
    }
}

/// A listener that speaks HTTP, of any account and region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Door {
    listener: SmolStr,
    account: SmolStr,
    region: SmolStr,
    name: SmolStr,
    dns_name: SmolStr,
    port: i64,
}

impl Row for Door {
    const TABLE: &'static str = "elbv2.doors";
    const SCOPE: Scope = Scope::World;

    fn key(&self) -> SmolStr {
        self.listener.clone()
    }
}

/// The task: a listener came, changed or went.
fn look(tx: &mut Tx, caller: &Caller, arn: &str) {
    let found = tx.get::<Listener>(arn).filter(|listener| {
        listener.kind == Kind::Application && listener.protocol.as_deref() == Some("HTTP")
    });
    let door = found.and_then(|listener| {
        let balancer = tx.get::<LoadBalancer>(&listener.load_balancer)?;
        Some(Door {
            listener: arn.into(),
            account: caller.account.clone(),
            region: caller.region.clone(),
            name: balancer.name.clone(),
            dns_name: balancer.dns_name.clone(),
            port: listener.port?,
        })
    });
    match door {
        Some(door) => drop(tx.put(door)),
        None => drop(tx.remove::<Door>(arn)),
    }
}

/// All doors, for the shell.
fn doors(tx: &mut Tx, _: &Caller, _: &Value) -> Result<Value, ApiError> {
    let door = |door: &Arc<Door>| {
        json!({
            "listener": door.listener,
            "account": door.account,
            "region": door.region,
            "name": door.name,
            "dnsName": door.dns_name,
            "port": door.port,
        })
    };
    Ok(tx.rows::<Door>().map(door).collect())
}

/// `{"listener", "host", "path", "query", "method", "source", "headers": JSON text, "ticket"}` →
/// what is done with such a request: `forward` to one of `targets`, `redirect`, `fixed`, or
/// `unavailable`. The ticket is a number that differs from request to request; it decides between
/// weighted groups.
fn route(snapshot: &Snapshot, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let arn = request["listener"].as_str().unwrap_or_default();
    let listener = Listener::find(snapshot, arn)?;
    let visit = Visit::of(request);
    let mut rules: Vec<&Arc<Rule>> =
        snapshot.rows_by::<Rule>("listener", arn).filter(|rule| rule.priority.is_some()).collect();
    rules.sort_by_key(|rule| rule.priority);
    let rule = rules.into_iter().find(|rule| rule.conditions.iter().all(|c| visit.fits(c)));
    let actions = rule.map_or(&listener.actions, |rule| &rule.actions);
    let ticket = request["ticket"].as_str().and_then(|t| t.parse().ok()).unwrap_or(0_u64);
    let port = listener.port.unwrap_or(80);
    Ok(actions.last().map_or_else(unavailable, |last| done(snapshot, last, &visit, port, ticket)))
}

fn unavailable() -> Value {
    json!({ "action": "unavailable" })
}

/// What the last action does; those before it authenticate, which is not done here.
fn done(snapshot: &Snapshot, action: &Action, visit: &Visit, port: i64, ticket: u64) -> Value {
    match &action.what {
        What::Forward(forward) => {
            let weights: i64 = forward.targets.iter().map(|(_, weight)| weight).sum();
            let mut left = (ticket % weights.max(1) as u64) as i64;
            let chosen = forward.targets.iter().find(|(_, weight)| {
                left -= weight;
                left < 0
            });
            chosen.map_or_else(unavailable, |(group, _)| targets(snapshot, group))
        }
        What::Redirect(redirect) => json!({
            "action": "redirect",
            "status": if redirect.status == "HTTP_301" { 301 } else { 302 },
            "location": visit.redirected(redirect, port),
        }),
        What::FixedResponse(fixed) => json!({
            "action": "fixed",
            "status": fixed.status.parse::<u16>().unwrap_or(503),
            "contentType": fixed.content_type,
            "body": fixed.body,
        }),
        _ => json!({ "action": "unbuilt" }),
    }
}

/// The addresses that may serve: the healthy ones, or all if none is; none of a zone that is
/// shifted away from.
fn targets(snapshot: &Snapshot, group: &str) -> Value {
    let Ok(row) = TargetGroup::find(snapshot, group) else { return unavailable() };
    if row.kind != TargetType::Ip {
        // Instances are simulated: nothing listens on them.
        return json!({ "action": "forward", "targetGroup": group, "targets": [], "simulated": true });
    }
    let open = |target: &&Arc<Target>| !overrides::is_shifted(snapshot, &row, target);
    let all: Vec<&Arc<Target>> =
        snapshot.rows_by::<Target>("group", group).filter(open).collect();
    let good = |target: &&&Arc<Target>| matches!(target.state, State::Healthy | State::Unavailable);
    let healthy: Vec<&Arc<Target>> = all.iter().filter(good).copied().collect();
    let chosen = if healthy.is_empty() { all } else { healthy };
    let address = |target: &&Arc<Target>| {
        json!({ "host": target.id, "port": target.port.or(row.port) })
    };
    json!({
        "action": "forward",
        "targetGroup": group,
        "targets": chosen.iter().map(address).collect::<Vec<_>>(),
    })
}
