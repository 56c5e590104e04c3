//! Names, ARNs and DNS names of load balancers and target groups.
//!
//! The forms of ARNs: "Resource types defined by AWS Elastic Load Balancing V2" in the service
//! authorization reference.

use crate::errors;
use kernel::{ApiError, Arn, Caller, Tx, dns_suffix};
use smol_str::{SmolStr, format_smolstr};

/// The kinds of load balancers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Kind {
    Application,
    Network,
    Gateway,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Network => "network",
            Self::Gateway => "gateway",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Application, Self::Network, Self::Gateway].into_iter().find(|k| k.name() == name)
    }

    /// As ARNs and descriptions of network interfaces have it.
    pub(crate) const fn short(self) -> &'static str {
        match self {
            Self::Application => "app",
            Self::Network => "net",
            Self::Gateway => "gwy",
        }
    }

    /// The kind whose target groups have this protocol.
    pub(crate) fn of_protocol(protocol: &str) -> Self {
        match protocol {
            "HTTP" | "HTTPS" => Self::Application,
            "GENEVE" => Self::Gateway,
            _ => Self::Network,
        }
    }
}

/// Checks the form of a name; `noun` begins the sentence: `The load balancer name`.
pub(crate) fn check(noun: &str, name: &str) -> Result<(), ApiError> {
    let usual = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let wrong = if name.chars().count() > 32 {
        "cannot be longer than '32' characters"
    } else if name.is_empty() || !name.bytes().all(usual) {
        "can only contain characters that are alphanumeric characters or hyphens(-)"
    } else if name.starts_with('-') || name.ends_with('-') {
        "cannot begin or end with a hyphen(-)"
    } else {
        return Ok(());
    };
    Err(errors::validation(format_args!("{noun} '{name}' {wrong}")))
}

/// 16 hex digits, as ARNs end with.
pub(crate) fn suffix(tx: &mut Tx) -> SmolStr {
    format_smolstr!("{:016x}", tx.random().bits())
}

/// An ARN of this service.
pub(crate) fn arn(caller: &Caller, resource: impl std::fmt::Display) -> SmolStr {
    caller.arn("elasticloadbalancing", resource)
}

/// The resource part of an ARN of this service below `head` (`loadbalancer/`), or AWS's error
/// about a malformed ARN.
pub(crate) fn resource_of<'a>(arn: &'a str, head: &str, noun: &str) -> Result<&'a str, ApiError> {
    Arn::parse(arn)
        .filter(|arn| arn.service == "elasticloadbalancing")
        .and_then(|arn| arn.resource.strip_prefix(head))
        .ok_or_else(|| errors::malformed_arn(arn, noun))
}

/// The DNS name of a new load balancer.
pub(crate) fn dns_name(
    tx: &mut Tx,
    kind: Kind,
    internal: bool,
    name: &str,
    suffix: &str,
) -> SmolStr {
    let region = tx.region().clone();
    let domain = dns_suffix(&region);
    if kind != Kind::Application {
        return format_smolstr!("{name}-{suffix}.elb.{region}.{domain}");
    }
    let prefix = if internal { "internal-" } else { "" };
    // Eight to ten digits, as seen.
    let number = 10_000_000 + tx.random().below(2_140_000_000);
    format_smolstr!("{prefix}{name}-{number}.{region}.elb.{domain}")
}

/// `CanonicalHostedZoneId`; none where it is not known.
pub(crate) fn hosted_zone(region: &str, kind: Kind) -> Option<SmolStr> {
    let zones = catalogue::hosted_zones(region)?;
    match kind {
        Kind::Application => Some(SmolStr::new_static(zones.application)),
        Kind::Network => Some(SmolStr::new_static(zones.network)),
        Kind::Gateway => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_form() {
        let check = |name: &str| check("The load balancer name", name).map_err(|e| e.message);
        assert_eq!(check("web-1"), Ok(()));
        for (name, wrong) in [
            ("a_b", "can only contain characters that are alphanumeric characters or hyphens(-)"),
            ("-a", "cannot begin or end with a hyphen(-)"),
            (&*"a".repeat(33), "cannot be longer than '32' characters"),
        ] {
            assert_eq!(check(name), Err(format!("The load balancer name '{name}' {wrong}")));
        }
    }

    #[test]
    fn arns_of_other_kinds_are_malformed() {
        let arn =
            "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/t/0123456789abcdef";
        assert_eq!(resource_of(arn, "targetgroup/", "target group"), Ok("t/0123456789abcdef"));
        let wrong = resource_of(arn, "loadbalancer/", "load balancer").expect_err("another kind");
        assert_eq!(wrong.message, format!("'{arn}' is not a valid load balancer ARN"));
    }
}
