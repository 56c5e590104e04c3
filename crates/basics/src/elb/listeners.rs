//! Listeners of Classic Load Balancers.

use super::errors;
use super::load_balancers::LoadBalancer;
use api::elb::{
    CreateLoadBalancerListenerInput, CreateLoadBalancerListenerOutput,
    DeleteLoadBalancerListenerInput, DeleteLoadBalancerListenerOutput, Listener as Wire,
    ListenerDescription, SetLoadBalancerListenerSSLCertificateInput,
    SetLoadBalancerListenerSSLCertificateOutput,
};
use kernel::{ApiError, Arn, Caller, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// AWS's default quota.
const MAX_LISTENERS: usize = 100;

resource! { elb:
    operations {
        write CreateLoadBalancerListeners => create_load_balancer_listeners,
        write DeleteLoadBalancerListeners => delete_load_balancer_listeners,
        write SetLoadBalancerListenerSSLCertificate => set_load_balancer_listener_ssl_certificate,
    }
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listener {
    pub(super) protocol: SmolStr,
    pub(super) port: i64,
    pub(super) instance_protocol: SmolStr,
    pub(super) instance_port: i64,
    pub(super) certificate: Option<SmolStr>,
    pub(super) policies: Vec<SmolStr>,
}

impl Listener {
    pub(super) fn render(&self) -> ListenerDescription {
        ListenerDescription {
            listener: Some(Wire {
                protocol: self.protocol.clone(),
                load_balancer_port: self.port,
                instance_protocol: Some(self.instance_protocol.clone()),
                instance_port: self.instance_port,
                ssl_certificate_id: self.certificate.clone(),
            }),
            policy_names: Some(self.policies.clone()),
        }
    }

    fn is_secure(&self) -> bool {
        matches!(&*self.protocol, "HTTPS" | "SSL")
    }
}

fn layer(protocol: &str) -> Option<u8> {
    match protocol {
        "HTTP" | "HTTPS" => Some(7),
        "TCP" | "SSL" => Some(4),
        _ => None,
    }
}

fn checked(wire: &Wire) -> Result<Listener, ApiError> {
    let upper = |text: &str| format_smolstr!("{}", text.to_ascii_uppercase());
    let protocol = upper(&wire.protocol);
    let front = layer(&protocol).ok_or_else(|| {
        errors::validation(format_args!("Invalid protocol '{}'", wire.protocol))
    })?;
    let instance_protocol = match &wire.instance_protocol {
        Some(own) => upper(own),
        None if front == 7 => SmolStr::new_static("HTTP"),
        None => SmolStr::new_static("TCP"),
    };
    if layer(&instance_protocol) != Some(front) {
        return Err(errors::invalid_configuration(format_args!(
            "Protocol {protocol} and InstanceProtocol {instance_protocol} must be at the same \
             layer"
        )));
    }
    for (what, port) in
        [("LoadBalancerPort", wire.load_balancer_port), ("InstancePort", wire.instance_port)]
    {
        if !(1..=65_535).contains(&port) {
            return Err(errors::validation(format_args!(
                "{what} must be between 1 and 65535 inclusive"
            )));
        }
    }
    let certificate = wire.ssl_certificate_id.clone().filter(|arn| !arn.is_empty());
    let listener = Listener {
        protocol,
        port: wire.load_balancer_port,
        instance_protocol,
        instance_port: wire.instance_port,
        certificate,
        policies: Vec::new(),
    };
    match &listener.certificate {
        None if listener.is_secure() => {
            Err(errors::validation("SSL Certificate must be specified for HTTPS and SSL listeners"))
        }
        Some(arn) => check_certificate(arn).map(|()| listener),
        None => Ok(listener),
    }
}

fn check_certificate(arn: &str) -> Result<(), ApiError> {
    let sound = Arn::parse(arn).is_some_and(|arn| matches!(arn.service, "acm" | "iam"));
    if sound { Ok(()) } else { Err(errors::certificate_not_found(arn)) }
}

/// The listeners with those of a request; the same one may be asked for again.
pub(super) fn checked_listeners(
    old: &[Listener],
    more: &[Wire],
) -> Result<Vec<Listener>, ApiError> {
    let mut all = old.to_vec();
    for wire in more {
        let new = checked(wire)?;
        match all.iter().find(|other| other.port == new.port) {
            None => all.push(new),
            Some(other) if Listener { policies: Vec::new(), ..other.clone() } == new => {}
            Some(_) => return Err(errors::duplicate_listener(new.port)),
        }
    }
    match all.len() > MAX_LISTENERS {
        true => Err(errors::too_many("Listeners", "Exceeded quota of listeners")),
        false => Ok(all),
    }
}

fn create_load_balancer_listeners(
    tx: &mut Tx,
    _: &Caller,
    input: CreateLoadBalancerListenerInput,
) -> Result<CreateLoadBalancerListenerOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let listeners = checked_listeners(&row.listeners, &input.listeners)?;
    tx.update::<LoadBalancer>(&row.name, |row| row.listeners = listeners);
    Ok(CreateLoadBalancerListenerOutput {})
}

/// Deleting one that is not there succeeds.
fn delete_load_balancer_listeners(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteLoadBalancerListenerInput,
) -> Result<DeleteLoadBalancerListenerOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    tx.update::<LoadBalancer>(&row.name, |row| {
        row.listeners.retain(|listener| !input.load_balancer_ports.contains(&listener.port));
    });
    Ok(DeleteLoadBalancerListenerOutput {})
}

fn set_load_balancer_listener_ssl_certificate(
    tx: &mut Tx,
    _: &Caller,
    input: SetLoadBalancerListenerSSLCertificateInput,
) -> Result<SetLoadBalancerListenerSSLCertificateOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let port = input.load_balancer_port;
    let at = row.listeners.iter().position(|listener| listener.port == port);
    let at = at.ok_or_else(|| errors::listener_not_found(port))?;
    if !row.listeners[at].is_secure() {
        return Err(errors::invalid_configuration(
            "Certificates can be set for HTTPS and SSL listeners only",
        ));
    }
    check_certificate(&input.ssl_certificate_id)?;
    tx.update::<LoadBalancer>(&row.name, |row| {
        row.listeners[at].certificate = Some(input.ssl_certificate_id);
    });
    Ok(SetLoadBalancerListenerSSLCertificateOutput {})
}
