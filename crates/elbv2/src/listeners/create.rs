//! CreateListener and ModifyListener.

use super::Listener;
use super::certificates::check_arn;
use crate::load_balancers::LoadBalancer;
use crate::names::{self, Kind};
use crate::rules::Rule;
use crate::{actions, errors, ssl_policies, tags, targets};
use api::elbv2::{
    Certificate, CreateListenerInput, CreateListenerOutput, ModifyListenerInput,
    ModifyListenerOutput, MutualAuthenticationAttributes,
};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// AWS's default quota.
const MAX_LISTENERS: usize = 50;

const DEFAULT_SSL_POLICY: &str = "ELBSecurityPolicy-2016-08";

pub(super) fn create_listener(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateListenerInput,
) -> Result<CreateListenerOutput, ApiError> {
    let balancer = LoadBalancer::find(tx, &input.load_balancer_arn)?;
    let draft = Listener {
        arn: SmolStr::default(),
        load_balancer: balancer.arn.clone(),
        kind: balancer.kind,
        protocol: None,
        port: None,
        ssl_policy: None,
        certificates: Vec::new(),
        alpn: None,
        mutual: None,
        actions: Vec::new(),
        attributes: Default::default(),
        tags: tags::checked(&Tags::default(), input.tags.as_deref().unwrap_or_default())?,
    };
    if balancer.kind != Kind::Gateway {
        for (missing, what) in [(input.protocol.is_none(), "protocol"), (input.port.is_none(), "port")] {
            if missing {
                return Err(errors::validation(format_args!(
                    "A listener {what} must be specified"
                )));
            }
        }
    }
    let mut row = changed(tx, draft, ModifyListenerInput {
        listener_arn: SmolStr::default(),
        port: input.port,
        protocol: input.protocol,
        ssl_policy: input.ssl_policy,
        certificates: input.certificates,
        default_actions: Some(input.default_actions),
        alpn_policy: input.alpn_policy,
        mutual_authentication: input.mutual_authentication,
    })?;
    if tx.rows_by::<Listener>("load-balancer", &balancer.arn).count() >= MAX_LISTENERS {
        return Err(errors::too_many(
            "Listeners",
            "The maximum number of listeners for this load balancer has been reached",
        ));
    }
    let suffix = names::suffix(tx);
    let path = balancer.path();
    row.arn = names::arn(caller, format_args!("listener/{path}/{suffix}"));
    tx.put(row.clone());
    let default = Rule::default_of(&row, names::suffix(tx));
    tx.put(default);
    wake(tx, row.target_groups().cloned().collect());
    Ok(CreateListenerOutput { listeners: Some(vec![row.render()]) })
}

pub(super) fn modify_listener(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyListenerInput,
) -> Result<ModifyListenerOutput, ApiError> {
    let old = Listener::find(tx, &input.listener_arn)?;
    let row = changed(tx, Listener::clone(&old), input)?;
    tx.put(row.clone());
    wake(tx, old.target_groups().chain(row.target_groups()).cloned().collect());
    Ok(ModifyListenerOutput { listeners: Some(vec![row.render()]) })
}

fn wake(tx: &mut Tx, groups: BTreeSet<SmolStr>) {
    groups.iter().for_each(|group| targets::wake_group(tx, group));
}

/// A listener as a request wants it.
fn changed(
    snapshot: &Snapshot,
    mut row: Listener,
    input: ModifyListenerInput,
) -> Result<Listener, ApiError> {
    if let Some(protocol) = input.protocol {
        check_protocol(row.kind, &protocol)?;
        row.protocol = Some(protocol);
    }
    if let Some(port) = input.port {
        if row.kind == Kind::Gateway || !(1..=65_535).contains(&port) {
            return Err(errors::validation(format_args!("Port '{port}' is not valid")));
        }
        row.port = Some(port);
        let others = snapshot.rows_by::<Listener>("load-balancer", &row.load_balancer);
        if others.into_iter().any(|other| other.arn != row.arn && clashes(other, &row)) {
            return Err(errors::duplicate_listener(&row.load_balancer));
        }
    }
    secure(&mut row, input.ssl_policy, input.certificates)?;
    if let Some(policy) = input.alpn_policy {
        row.alpn = alpn(&row, policy)?;
    }
    if let Some(mutual) = input.mutual_authentication {
        row.mutual = mode(&row, mutual)?;
    }
    if let Some(given) = input.default_actions {
        row.actions = actions::checked(snapshot, row.place(), given)?;
    }
    Ok(row)
}

/// TCP and UDP on the same port go together.
fn clashes(one: &Listener, other: &Listener) -> bool {
    let datagrams = |row: &Listener| row.protocol.as_deref() == Some("UDP");
    one.port == other.port && datagrams(one) == datagrams(other)
}

fn check_protocol(kind: Kind, protocol: &str) -> Result<(), ApiError> {
    let known: &[&str] = match kind {
        Kind::Application => &["HTTP", "HTTPS"],
        Kind::Network => &["TCP", "TLS", "UDP", "TCP_UDP"],
        Kind::Gateway => &[],
    };
    if known.contains(&protocol) {
        return Ok(());
    }
    if kind == Kind::Network && matches!(protocol, "QUIC" | "TCP_QUIC") {
        return Err(ApiError::not_implemented(format_args!("listeners with protocol {protocol}")));
    }
    Err(errors::validation(match kind {
        Kind::Gateway => "Protocol cannot be specified for gateway listeners".to_owned(),
        _ => format!("Listener protocol '{protocol}' must be one of '{}'", known.join(", ")),
    }))
}

/// Certificates and the security policy: secure listeners need them, others have none.
fn secure(
    row: &mut Listener,
    policy: Option<SmolStr>,
    certificates: Option<Vec<Certificate>>,
) -> Result<(), ApiError> {
    if !row.is_secure() {
        if policy.is_some() || certificates.as_ref().is_some_and(|list| !list.is_empty()) {
            return Err(errors::validation(format_args!(
                "Certificates and a security policy cannot be specified for {} listeners",
                row.protocol.as_deref().unwrap_or_default()
            )));
        }
        (row.ssl_policy, row.certificates) = (None, Vec::new());
        return Ok(());
    }
    if let Some(list) = certificates {
        let [certificate] = &*list else {
            return Err(errors::validation("Exactly one default certificate must be specified"));
        };
        let arn = certificate.certificate_arn.clone().unwrap_or_default();
        check_arn(&arn)?;
        row.certificates.retain(|other| *other != arn);
        match row.certificates.first_mut() {
            Some(default) => *default = arn,
            None => row.certificates.push(arn),
        }
    }
    if row.certificates.is_empty() {
        return Err(errors::certificate_required());
    }
    if let Some(policy) = policy {
        ssl_policies::check(&policy)?;
        row.ssl_policy = Some(policy);
    }
    row.ssl_policy.get_or_insert_with(|| SmolStr::new_static(DEFAULT_SSL_POLICY));
    Ok(())
}

fn alpn(row: &Listener, policies: Vec<SmolStr>) -> Result<Option<SmolStr>, ApiError> {
    const KNOWN: [&str; 5] =
        ["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"];
    match &*policies {
        [] => Ok(None),
        [policy] if row.protocol.as_deref() == Some("TLS") && KNOWN.contains(&&**policy) => {
            Ok(Some(policy.clone()))
        }
        _ => Err(ApiError::new("ALPNPolicyNotSupported", "The specified ALPN policy is not supported")),
    }
}

fn mode(
    row: &Listener,
    asked: MutualAuthenticationAttributes,
) -> Result<Option<SmolStr>, ApiError> {
    match asked.mode.as_deref() {
        None | Some("off") => Ok(None),
        Some("passthrough") if row.protocol.as_deref() == Some("HTTPS") => Ok(asked.mode),
        Some("verify") => Err(ApiError::not_implemented("trust stores of listeners")),
        _ => Err(errors::validation(
            "Mutual authentication is supported on HTTPS listeners only",
        )),
    }
}
