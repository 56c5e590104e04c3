//! Listeners: protocols and ports of a load balancer, and what happens by default.
//!
//! "Listeners for your Application Load Balancers" in the user guide. A listener's default rule is
//! a rule of its own in answers; its actions are the listener's. Certificates are ACM's or IAM's,
//! which are taken by the form of their ARN.

mod certificates;
mod create;
mod settings;

use crate::actions::{self, Action};
use crate::attributes::Attributes;
use crate::load_balancers::{LoadBalancer, page_size};
use crate::names::{self, Kind};
use crate::rules::Rule;
use crate::{errors, targets};
use api::elbv2::{
    Certificate, DeleteListenerInput, DeleteListenerOutput, DescribeListenersInput,
    DescribeListenersOutput, Listener as Wire, MutualAuthenticationAttributes,
};
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Tags, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::sync::Arc;

resource! { elbv2:
    operations {
        write CreateListener => create::create_listener,
        read DescribeListeners => describe_listeners,
        write ModifyListener => create::modify_listener,
        write DeleteListener => delete_listener,
        write AddListenerCertificates => certificates::add_listener_certificates,
        write RemoveListenerCertificates => certificates::remove_listener_certificates,
        read DescribeListenerCertificates => certificates::describe_listener_certificates,
        write ModifyListenerAttributes => settings::modify_listener_attributes,
        read DescribeListenerAttributes => settings::describe_listener_attributes,
    }
    tables { Listener }
}

/// A listener.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listener {
    pub(crate) arn: SmolStr,
    /// ARN of its load balancer.
    pub(crate) load_balancer: SmolStr,
    pub(crate) kind: Kind,
    /// None for gateways, like the port.
    pub(crate) protocol: Option<SmolStr>,
    pub(crate) port: Option<i64>,
    pub(crate) ssl_policy: Option<SmolStr>,
    /// The default certificate, then those of its list.
    pub(crate) certificates: Vec<SmolStr>,
    pub(crate) alpn: Option<SmolStr>,
    /// Whether clients show certificates: `off`, `passthrough`.
    pub(crate) mutual: Option<SmolStr>,
    pub(crate) actions: Vec<Action>,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
}

impl Row for Listener {
    const TABLE: &'static str = "elbv2.listeners";
    const INDEXES: &'static [&'static str] = &["load-balancer", "target-group", "tag"];

    fn key(&self) -> SmolStr {
        self.arn.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("load-balancer", self.load_balancer.clone());
        self.target_groups().for_each(|group| sink.put("target-group", group.clone()));
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Listener {
    /// The listener of this ARN, or AWS's error.
    pub(crate) fn find(snapshot: &Snapshot, arn: &str) -> Result<Arc<Self>, ApiError> {
        names::resource_of(arn, "listener/", "listener")?;
        snapshot.get::<Self>(arn).ok_or_else(|| errors::listener_not_found(arn))
    }

    /// ARNs of the groups that its default actions forward to.
    pub(crate) fn target_groups(&self) -> impl Iterator<Item = &SmolStr> {
        actions::target_groups(&self.actions)
    }

    pub(crate) fn place(&self) -> actions::Place<'_> {
        actions::Place {
            load_balancer: &self.load_balancer,
            kind: self.kind,
            protocol: self.protocol.as_deref(),
        }
    }

    fn is_secure(&self) -> bool {
        matches!(self.protocol.as_deref(), Some("HTTPS" | "TLS"))
    }

    fn render(&self) -> Wire {
        let certificate =
            |arn: &SmolStr| Certificate { certificate_arn: Some(arn.clone()), is_default: None };
        let mutual = self.mutual.clone().unwrap_or_else(|| SmolStr::new_static("off"));
        let mutual =
            || MutualAuthenticationAttributes { mode: Some(mutual), ..Default::default() };
        Wire {
            listener_arn: Some(self.arn.clone()),
            load_balancer_arn: Some(self.load_balancer.clone()),
            port: self.port,
            protocol: self.protocol.clone(),
            // The list of further certificates has a call of its own.
            certificates: self.certificates.first().map(|arn| vec![certificate(arn)]),
            ssl_policy: self.ssl_policy.clone(),
            default_actions: Some(actions::render(&self.actions, self.kind)),
            alpn_policy: self.alpn.clone().map(|policy| vec![policy]),
            mutual_authentication: (self.protocol.as_deref() == Some("HTTPS")).then(mutual),
        }
    }
}

/// Removes a listener with its rules. What it forwarded to is no longer in use.
pub(crate) fn remove(tx: &mut Tx, arn: &str) {
    let Some(row) = tx.get::<Listener>(arn) else { return };
    let mut groups: BTreeSet<SmolStr> = row.target_groups().cloned().collect();
    let rules: Vec<Arc<Rule>> = tx.rows_by::<Rule>("listener", arn).cloned().collect();
    for rule in rules {
        groups.extend(rule.target_groups().cloned());
        tx.remove::<Rule>(&rule.arn);
    }
    tx.remove::<Listener>(arn);
    groups.iter().for_each(|group| targets::wake_group(tx, group));
}

fn describe_listeners(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeListenersInput,
) -> Result<DescribeListenersOutput, ApiError> {
    let arns = input.listener_arns.unwrap_or_default();
    let of = input.load_balancer_arn.unwrap_or_default();
    if of.is_empty() == arns.is_empty() {
        return Err(errors::validation(
            "You must specify either listener ARNs or a load balancer ARN",
        ));
    }
    if !of.is_empty() {
        LoadBalancer::find(snapshot, &of)?;
    }
    for arn in &arns {
        names::resource_of(arn, "listener/", "listener")?;
        if !snapshot.contains::<Listener>(arn) {
            return Err(errors::listeners_not_found());
        }
    }
    let size = page_size(input.page_size)?;
    let rows = |after: &str| {
        let after = after.to_owned();
        let mut rows: Vec<Arc<Listener>> = match of.is_empty() {
            false => snapshot.rows_by::<Listener>("load-balancer", &of).cloned().collect(),
            true => arns.iter().filter_map(|arn| snapshot.get(arn)).collect(),
        };
        rows.sort_by_key(|row| row.key());
        rows.dedup_by_key(|row| row.key());
        rows.into_iter().filter(move |row| *row.arn > *after)
    };
    let page = paginate("DescribeListeners", input.marker.as_deref(), size, rows, |row| row.key())
        .map_err(|_| errors::invalid_marker())?;
    Ok(DescribeListenersOutput {
        listeners: Some(page.items.iter().map(|row| row.render()).collect()),
        next_marker: page.next,
    })
}

fn delete_listener(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteListenerInput,
) -> Result<DeleteListenerOutput, ApiError> {
    let row = Listener::find(tx, &input.listener_arn)?;
    remove(tx, &row.arn);
    Ok(DeleteListenerOutput {})
}
