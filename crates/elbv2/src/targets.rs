//! Targets: registering, deregistering, and how they fare.
//!
//! "Register targets" and "Target health status" in the user guide. The same instance with several
//! ports is several targets. [`health`] says how a target fares and when it is looked at again.

pub(crate) mod health;
pub(crate) mod overrides;
mod register;
mod standing;

use crate::load_balancers::LoadBalancer;
use crate::listeners::Listener;
use crate::rules::Rule;
use crate::target_groups::TargetGroup;
use api::elbv2::{
    DescribeTargetHealthInput, DescribeTargetHealthOutput, TargetDescription, TargetHealth,
    TargetHealthDescription,
};
use health::State;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeSet;
use std::sync::Arc;

resource! { elbv2:
    operations {
        write RegisterTargets => register::register_targets,
        write DeregisterTargets => register::deregister_targets,
        read DescribeTargetHealth => describe_target_health,
    }
    tables { Target }
    tasks { "elbv2.target" => health::look }
    faults { "elbv2.faults" => look_at_all }
}

/// A registered target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// ARN of the target group.
    pub(crate) group: SmolStr,
    /// An instance, an address, a function or a load balancer.
    pub(crate) id: SmolStr,
    /// None for functions.
    pub(crate) port: Option<i64>,
    /// The zone of an address: of its subnet, or as the request says.
    pub(crate) zone: Option<SmolStr>,
    /// The zone it is in, as last seen.
    pub(crate) place: Option<SmolStr>,
    pub(crate) state: State,
    /// Since when it is in this state.
    pub(crate) since: Timestamp,
    /// Since when the checks say otherwise than the state.
    pub(crate) turning: Option<Timestamp>,
    /// Security groups of the instance, as last seen: their rules decide about its health.
    pub(crate) groups: Vec<SmolStr>,
}

impl Row for Target {
    const TABLE: &'static str = "elbv2.targets";
    const INDEXES: &'static [&'static str] = &["group", "target", "security-group"];

    fn key(&self) -> SmolStr {
        key(&self.group, &self.id, self.port)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
        sink.put("target", self.id.clone());
        self.groups.iter().for_each(|group| sink.put("security-group", group.clone()));
    }
}

/// The key of a target.
pub(crate) fn key(group: &str, id: &str, port: Option<i64>) -> SmolStr {
    format_smolstr!("{group}|{id}|{}", port.unwrap_or(0))
}

/// Has the targets of a group looked at: something about the group has changed.
pub(crate) fn wake_group(tx: &mut Tx, group: &str) {
    let keys: Vec<SmolStr> = tx.rows_by::<Target>("group", group).map(|row| row.key()).collect();
    let now = tx.now();
    for key in keys {
        tx.schedule(now, "elbv2.target", &key);
    }
}

/// Has everything looked at that is behind a load balancer.
pub(crate) fn wake_load_balancer(tx: &mut Tx, arn: &str) {
    let mut groups: BTreeSet<SmolStr> = BTreeSet::new();
    for listener in tx.rows_by::<Listener>("load-balancer", arn) {
        groups.extend(listener.target_groups().cloned());
        for rule in tx.rows_by::<Rule>("listener", &listener.arn) {
            groups.extend(rule.target_groups().cloned());
        }
    }
    groups.iter().for_each(|group| wake_group(tx, group));
    // A load balancer can itself be a target.
    let now = tx.now();
    let keys: Vec<SmolStr> = tx.rows_by::<Target>("target", arn).map(|row| row.key()).collect();
    keys.iter().for_each(|key| tx.schedule(now, "elbv2.target", key));
}

/// Ends a target at once.
pub(crate) fn forget(tx: &mut Tx, key: &str) {
    tx.remove::<Target>(key);
    tx.cancel("elbv2.target", key);
}

/// A fault begins or ends: whoever is healthy may not be.
fn look_at_all(tx: &mut Tx, _: &Caller, _: &str) {
    let keys: Vec<SmolStr> = tx.rows::<Target>().map(|row| row.key()).collect();
    let now = tx.now();
    for key in keys {
        tx.schedule(now, "elbv2.target", &key);
    }
}

fn describe_target_health(
    snapshot: &Snapshot,
    caller: &Caller,
    input: DescribeTargetHealthInput,
) -> Result<DescribeTargetHealthOutput, ApiError> {
    let group = TargetGroup::find(snapshot, &input.target_group_arn)?;
    let asked = input.targets.unwrap_or_default();
    let all = snapshot.rows_by::<Target>("group", &group.arn);
    if asked.is_empty() {
        let shown = all.map(|row| render(snapshot, &group, row)).collect();
        return Ok(DescribeTargetHealthOutput { target_health_descriptions: Some(shown) });
    }
    let mut shown = Vec::new();
    for wanted in asked {
        let rows: Vec<&Arc<Target>> = snapshot
            .rows_by::<Target>("target", &wanted.id)
            .filter(|row| row.group == group.arn)
            .filter(|row| wanted.port.is_none() || row.port == wanted.port)
            .collect();
        if rows.is_empty() {
            register::known(snapshot, caller, &group, &wanted.id)?;
            shown.push(not_registered(&group, wanted));
        }
        shown.extend(rows.into_iter().map(|row| render(snapshot, &group, row)));
    }
    Ok(DescribeTargetHealthOutput { target_health_descriptions: Some(shown) })
}

fn render(snapshot: &Snapshot, group: &TargetGroup, row: &Target) -> TargetHealthDescription {
    let port = group.check.port_of(row.port);
    let (state, reason, description) = row.state.shown();
    TargetHealthDescription {
        target: Some(TargetDescription {
            id: row.id.clone(),
            port: row.port,
            availability_zone: row.zone.clone(),
            ..Default::default()
        }),
        health_check_port: port.map(|port| format_smolstr!("{port}")),
        target_health: Some(TargetHealth {
            state: Some(state.into()),
            reason: reason.map(SmolStr::new_static),
            description,
        }),
        administrative_override: overrides::shown(snapshot, group, row),
        ..Default::default()
    }
}

fn not_registered(group: &TargetGroup, wanted: TargetDescription) -> TargetHealthDescription {
    let port = wanted.port.or(group.port);
    TargetHealthDescription {
        health_check_port: group.check.port_of(port).map(|port| format_smolstr!("{port}")),
        target: Some(TargetDescription { port, ..wanted }),
        target_health: Some(TargetHealth {
            state: Some("unused".into()),
            reason: Some("Target.NotRegistered".into()),
            description: Some("Target is not registered to the target group".into()),
        }),
        ..Default::default()
    }
}

/// The load balancer that is a target of this id, for groups of that type.
fn load_balancer_target(snapshot: &Snapshot, id: &str) -> Option<Arc<LoadBalancer>> {
    snapshot.get::<LoadBalancer>(id)
}
