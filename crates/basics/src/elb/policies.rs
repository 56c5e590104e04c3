//! Policies of Classic Load Balancers: stickiness and the rest.
//!
//! The types are those that DescribeLoadBalancerPolicyTypes lists. AWS's sample policies
//! (`ELBSecurityPolicy-…`) are left out.

use super::errors;
use super::load_balancers::LoadBalancer;
use api::elb::{
    CreateAppCookieStickinessPolicyInput, CreateAppCookieStickinessPolicyOutput,
    CreateLBCookieStickinessPolicyInput, CreateLBCookieStickinessPolicyOutput,
    CreateLoadBalancerPolicyInput, CreateLoadBalancerPolicyOutput, DeleteLoadBalancerPolicyInput,
    DeleteLoadBalancerPolicyOutput, DescribeLoadBalancerPoliciesInput,
    DescribeLoadBalancerPoliciesOutput, DescribeLoadBalancerPolicyTypesInput,
    DescribeLoadBalancerPolicyTypesOutput, PolicyAttributeDescription,
    PolicyAttributeTypeDescription, PolicyDescription, PolicyTypeDescription,
    SetLoadBalancerPoliciesForBackendServerInput, SetLoadBalancerPoliciesForBackendServerOutput,
    SetLoadBalancerPoliciesOfListenerInput, SetLoadBalancerPoliciesOfListenerOutput,
};
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// AWS's default quota.
const MAX_POLICIES: usize = 100;

resource! { elb:
    operations {
        write CreateAppCookieStickinessPolicy => create_app_cookie_stickiness_policy,
        write CreateLBCookieStickinessPolicy => create_lb_cookie_stickiness_policy,
        write CreateLoadBalancerPolicy => create_load_balancer_policy,
        write DeleteLoadBalancerPolicy => delete_load_balancer_policy,
        write SetLoadBalancerPoliciesOfListener => set_load_balancer_policies_of_listener,
        write SetLoadBalancerPoliciesForBackendServer => set_policies_for_backend_server,
        read DescribeLoadBalancerPolicies => describe_load_balancer_policies,
        read DescribeLoadBalancerPolicyTypes => describe_load_balancer_policy_types,
    }
}

/// A policy of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Policy {
    /// The name of its type.
    pub(super) kind: SmolStr,
    pub(super) attributes: Vec<(SmolStr, SmolStr)>,
}

impl Policy {
    pub(super) fn value(&self, name: &str) -> Option<&SmolStr> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    fn render(&self, name: &SmolStr) -> PolicyDescription {
        let attribute = |(name, value): &(SmolStr, SmolStr)| PolicyAttributeDescription {
            attribute_name: Some(name.clone()),
            attribute_value: Some(value.clone()),
        };
        PolicyDescription {
            policy_name: Some(name.clone()),
            policy_type_name: Some(self.kind.clone()),
            policy_attribute_descriptions: Some(self.attributes.iter().map(attribute).collect()),
        }
    }
}

/// A type of policies: its name, what it is for, and its attributes with their types and
/// cardinalities.
struct Kind {
    name: &'static str,
    description: &'static str,
    attributes: &'static [(&'static str, &'static str, &'static str)],
}

const KINDS: &[Kind] = &[
    Kind {
        name: "AppCookieStickinessPolicyType",
        description: "Stickiness policy with session lifetimes controlled by the lifetime of the \
                      application-generated cookie. This policy can be associated only with \
                      HTTP/HTTPS listeners.",
        attributes: &[("CookieName", "String", "ONE")],
    },
    Kind {
        name: "BackendServerAuthenticationPolicyType",
        description: "Policy that controls authentication to back-end server(s) and contains one \
                      or more policies, such as an instance of a PublicKeyPolicyType. This policy \
                      can be associated only with back-end servers that are using HTTPS/SSL.",
        attributes: &[("PublicKeyPolicyName", "PolicyName", "ONE_OR_MORE")],
    },
    Kind {
        name: "LBCookieStickinessPolicyType",
        description: "Stickiness policy with session lifetimes controlled by the browser \
                      (user-agent) or a specified expiration period. This policy can be \
                      associated only with HTTP/HTTPS listeners.",
        attributes: &[("CookieExpirationPeriod", "Long", "ZERO_OR_ONE")],
    },
    Kind {
        name: "ProxyProtocolPolicyType",
        description: "Policy that controls whether to include the IP address and port of the \
                      originating request for TCP messages. This policy operates on TCP/SSL \
                      listeners only",
        attributes: &[("ProxyProtocol", "Boolean", "ONE")],
    },
    Kind {
        name: "PublicKeyPolicyType",
        description: "Policy containing a list of public keys to accept when authenticating the \
                      back-end server(s). This policy cannot be applied directly to back-end \
                      servers or listeners but must be part of a \
                      BackendServerAuthenticationPolicyType.",
        attributes: &[("PublicKey", "String", "ONE")],
    },
    Kind {
        name: "SSLNegotiationPolicyType",
        description: "Listener policy that defines the ciphers and protocols that will be \
                      accepted by the load balancer. This policy can be associated only with \
                      HTTPS/SSL listeners.",
        attributes: &[
            ("Reference-Security-Policy", "String", "ZERO_OR_ONE"),
            ("Server-Defined-Cipher-Order", "Boolean", "ZERO_OR_ONE"),
            ("Protocol-TLSv1", "Boolean", "ZERO_OR_ONE"),
            ("Protocol-TLSv1.1", "Boolean", "ZERO_OR_ONE"),
            ("Protocol-TLSv1.2", "Boolean", "ZERO_OR_ONE"),
        ],
    },
];

fn keep(tx: &mut Tx, balancer: &str, name: SmolStr, policy: Policy) -> Result<(), ApiError> {
    let row = LoadBalancer::find(tx, balancer)?;
    let usual = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if name.is_empty() || !name.bytes().all(usual) {
        return Err(errors::validation(
            "Policy names can only contain alphanumeric characters and dashes (-)",
        ));
    }
    if row.policies.contains_key(&name) {
        return Err(errors::duplicate_policy(&name));
    }
    if row.policies.len() >= MAX_POLICIES {
        return Err(errors::too_many("Policies", "Exceeded quota of policies"));
    }
    tx.update::<LoadBalancer>(balancer, |row| {
        row.policies.insert(name, policy);
    });
    Ok(())
}

fn create_app_cookie_stickiness_policy(
    tx: &mut Tx,
    _: &Caller,
    input: CreateAppCookieStickinessPolicyInput,
) -> Result<CreateAppCookieStickinessPolicyOutput, ApiError> {
    let policy = Policy {
        kind: "AppCookieStickinessPolicyType".into(),
        attributes: vec![("CookieName".into(), input.cookie_name)],
    };
    keep(tx, &input.load_balancer_name, input.policy_name, policy)?;
    Ok(CreateAppCookieStickinessPolicyOutput {})
}

fn create_lb_cookie_stickiness_policy(
    tx: &mut Tx,
    _: &Caller,
    input: CreateLBCookieStickinessPolicyInput,
) -> Result<CreateLBCookieStickinessPolicyOutput, ApiError> {
    let period = input.cookie_expiration_period;
    if period.is_some_and(|secs| secs < 1) {
        return Err(errors::validation("CookieExpirationPeriod must be at least 1"));
    }
    let attribute = |secs| ("CookieExpirationPeriod".into(), format_smolstr!("{secs}"));
    let policy = Policy {
        kind: "LBCookieStickinessPolicyType".into(),
        attributes: period.map(attribute).into_iter().collect(),
    };
    keep(tx, &input.load_balancer_name, input.policy_name, policy)?;
    Ok(CreateLBCookieStickinessPolicyOutput {})
}

fn create_load_balancer_policy(
    tx: &mut Tx,
    _: &Caller,
    input: CreateLoadBalancerPolicyInput,
) -> Result<CreateLoadBalancerPolicyOutput, ApiError> {
    let name = &input.policy_type_name;
    let kind = KINDS.iter().find(|kind| kind.name == name);
    let kind = kind.ok_or_else(|| errors::policy_type_not_found(name))?;
    let attributes: Vec<(SmolStr, SmolStr)> = input
        .policy_attributes
        .unwrap_or_default()
        .into_iter()
        .map(|one| (one.attribute_name.unwrap_or_default(), one.attribute_value.unwrap_or_default()))
        .collect();
    // Ciphers are attributes by their own names.
    let open = kind.name == "SSLNegotiationPolicyType";
    for (name, _) in &attributes {
        if !open && !kind.attributes.iter().any(|(known, ..)| known == name) {
            return Err(errors::invalid_configuration(format_args!(
                "Policy attribute {name} is not defined for policy type {}",
                kind.name
            )));
        }
    }
    for (name, _, cardinality) in kind.attributes {
        let given = attributes.iter().any(|(own, _)| own == name);
        if cardinality.starts_with("ONE") && !given {
            return Err(errors::invalid_configuration(format_args!(
                "Policy attribute {name} is required for policy type {}",
                kind.name
            )));
        }
    }
    let policy = Policy { kind: SmolStr::new_static(kind.name), attributes };
    keep(tx, &input.load_balancer_name, input.policy_name, policy)?;
    Ok(CreateLoadBalancerPolicyOutput {})
}

/// A policy that a listener or back end has cannot be deleted.
fn delete_load_balancer_policy(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteLoadBalancerPolicyInput,
) -> Result<DeleteLoadBalancerPolicyOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let name = &input.policy_name;
    let lists = row.listeners.iter().map(|l| &l.policies).chain(row.backends.values());
    if lists.into_iter().any(|list| list.contains(name)) {
        return Err(errors::invalid_configuration(format_args!(
            "Policy {name} is in use and cannot be deleted"
        )));
    }
    tx.update::<LoadBalancer>(&row.name, |row| {
        row.policies.remove(name);
    });
    Ok(DeleteLoadBalancerPolicyOutput {})
}

fn all_there(row: &LoadBalancer, names: &[SmolStr]) -> Result<(), ApiError> {
    match names.iter().find(|name| !row.policies.contains_key(*name)) {
        Some(name) => Err(errors::policy_not_found(name)),
        None => Ok(()),
    }
}

/// The list takes the place of the old one.
fn set_load_balancer_policies_of_listener(
    tx: &mut Tx,
    _: &Caller,
    input: SetLoadBalancerPoliciesOfListenerInput,
) -> Result<SetLoadBalancerPoliciesOfListenerOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let port = input.load_balancer_port;
    let at = row.listeners.iter().position(|listener| listener.port == port);
    let at = at.ok_or_else(|| errors::listener_not_found(port))?;
    all_there(&row, &input.policy_names)?;
    let web = matches!(&*row.listeners[at].protocol, "HTTP" | "HTTPS");
    let sticky = |name: &SmolStr| row.policies[name].kind.contains("Stickiness");
    if !web && input.policy_names.iter().any(sticky) {
        return Err(errors::invalid_configuration(
            "Stickiness policies can be associated only with HTTP/HTTPS listeners",
        ));
    }
    tx.update::<LoadBalancer>(&row.name, |row| row.listeners[at].policies = input.policy_names);
    Ok(SetLoadBalancerPoliciesOfListenerOutput {})
}

fn set_policies_for_backend_server(
    tx: &mut Tx,
    _: &Caller,
    input: SetLoadBalancerPoliciesForBackendServerInput,
) -> Result<SetLoadBalancerPoliciesForBackendServerOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let port = input.instance_port;
    if !row.listeners.iter().any(|listener| listener.instance_port == port) {
        return Err(errors::invalid_configuration(format_args!(
            "There is no listener with instance port {port}"
        )));
    }
    all_there(&row, &input.policy_names)?;
    tx.update::<LoadBalancer>(&row.name, |row| {
        match input.policy_names.is_empty() {
            true => row.backends.remove(&port),
            false => row.backends.insert(port, input.policy_names),
        };
    });
    Ok(SetLoadBalancerPoliciesForBackendServerOutput {})
}

fn describe_load_balancer_policies(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeLoadBalancerPoliciesInput,
) -> Result<DescribeLoadBalancerPoliciesOutput, ApiError> {
    let Some(name) = input.load_balancer_name else {
        return Err(ApiError::not_implemented("sample policies of Classic Load Balancers"));
    };
    let row = LoadBalancer::find(snapshot, &name)?;
    let names = input.policy_names.unwrap_or_default();
    all_there(&row, &names)?;
    let wanted = |name: &SmolStr| names.is_empty() || names.contains(name);
    let policies = row.policies.iter().filter(|(name, _)| wanted(name));
    let shown = policies.map(|(name, policy)| policy.render(name)).collect();
    Ok(DescribeLoadBalancerPoliciesOutput { policy_descriptions: Some(shown) })
}

fn describe_load_balancer_policy_types(
    _: &Snapshot,
    _: &Caller,
    input: DescribeLoadBalancerPolicyTypesInput,
) -> Result<DescribeLoadBalancerPolicyTypesOutput, ApiError> {
    let names = input.policy_type_names.unwrap_or_default();
    for name in &names {
        if !KINDS.iter().any(|kind| kind.name == name) {
            return Err(errors::policy_type_not_found(name));
        }
    }
    let attribute = |(name, kind, cardinality): &(&'static str, &'static str, &'static str)| {
        PolicyAttributeTypeDescription {
            attribute_name: Some(SmolStr::new_static(name)),
            attribute_type: Some(SmolStr::new_static(kind)),
            cardinality: Some(SmolStr::new_static(cardinality)),
            ..Default::default()
        }
    };
    let shown = KINDS
        .iter()
        .filter(|kind| names.is_empty() || names.iter().any(|name| name == kind.name))
        .map(|kind| PolicyTypeDescription {
            policy_type_name: Some(SmolStr::new_static(kind.name)),
            description: Some(SmolStr::new_static(kind.description)),
            policy_attribute_type_descriptions: Some(
                kind.attributes.iter().map(attribute).collect(),
            ),
        });
    Ok(DescribeLoadBalancerPolicyTypesOutput { policy_type_descriptions: Some(shown.collect()) })
}
