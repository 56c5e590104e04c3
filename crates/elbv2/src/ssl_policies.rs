//! DescribeSSLPolicies: AWS's predefined security policies.
//!
//! "Security policies for your Application Load Balancer" in the user guide: the protocols and
//! ciphers of each. Policies of hybrid post-quantum key exchange differ in that exchange only.

use crate::errors;
use crate::load_balancers::page_size;
use api::elbv2::{Cipher, DescribeSSLPoliciesInput, DescribeSSLPoliciesOutput, SslPolicy};
use kernel::{ApiError, Caller, Snapshot, paginate, resource};
use smol_str::{SmolStr, format_smolstr};

resource! { elbv2:
    operations { read DescribeSSLPolicies => describe_ssl_policies }
}

struct Policy {
    name: &'static str,
    protocols: &'static [&'static str],
    ciphers: &'static [&'static [&'static str]],
}

const TLS13: &[&str] =
    &["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
/// Forward secrecy with authenticated encryption.
const ECDHE_GCM: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];
const ECDHE_CBC: &[&str] = &[
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
];
const ECDHE_SHA: &[&str] = &[
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-ECDSA-AES256-SHA",
];
const RSA: &[&str] =
    &["AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"];
const RSA_SHA: &[&str] = &["AES128-SHA", "AES256-SHA"];
const TRIPLE_DES: &[&str] = &["DES-CBC3-SHA"];

const TLS10: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2"];
const TLS11: &[&str] = &["TLSv1.1", "TLSv1.2"];
const TLS12: &[&str] = &["TLSv1.2"];

const ALL: &[&[&str]] = &[ECDHE_GCM, ECDHE_CBC, ECDHE_SHA, RSA, RSA_SHA];
const ALL_13: &[&[&str]] = &[TLS13, ECDHE_GCM, ECDHE_CBC, ECDHE_SHA, RSA, RSA_SHA];
const FORWARD: &[&[&str]] = &[ECDHE_GCM, ECDHE_CBC, ECDHE_SHA];

const fn policy(
    name: &'static str,
    protocols: &'static [&'static str],
    ciphers: &'static [&'static [&'static str]],
) -> Policy {
    Policy { name, protocols, ciphers }
}

/// In AWS's order.
const POLICIES: &[Policy] = &[
    policy("ELBSecurityPolicy-2016-08", TLS10, ALL),
    policy(
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
        &["TLSv1.2", "TLSv1.3"],
        &[TLS13, ECDHE_GCM, ECDHE_CBC],
    ),
    policy(
        "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        &["TLSv1.2", "TLSv1.3"],
        &[TLS13, ECDHE_GCM],
    ),
    policy(
        "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
        &["TLSv1.2", "TLSv1.3"],
        &[TLS13, ECDHE_GCM, ECDHE_CBC, RSA],
    ),
    policy("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", &["TLSv1.2", "TLSv1.3"], ALL_13),
    policy("ELBSecurityPolicy-TLS13-1-1-2021-06", &["TLSv1.1", "TLSv1.2", "TLSv1.3"], ALL_13),
    policy(
        "ELBSecurityPolicy-TLS13-1-0-2021-06",
        &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
        ALL_13,
    ),
    policy("ELBSecurityPolicy-TLS13-1-3-2021-06", &["TLSv1.3"], &[TLS13]),
    policy("ELBSecurityPolicy-TLS-1-2-2017-01", TLS12, &[ECDHE_GCM, ECDHE_CBC, RSA]),
    policy("ELBSecurityPolicy-TLS-1-1-2017-01", TLS11, ALL),
    policy("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", TLS12, ALL),
    policy("ELBSecurityPolicy-FS-2018-06", TLS10, FORWARD),
    policy("ELBSecurityPolicy-2015-05", TLS10, ALL),
    policy(
        "ELBSecurityPolicy-TLS-1-0-2015-04",
        TLS10,
        &[ECDHE_GCM, ECDHE_CBC, ECDHE_SHA, RSA, RSA_SHA, TRIPLE_DES],
    ),
    policy("ELBSecurityPolicy-FS-1-2-Res-2019-08", TLS12, &[ECDHE_GCM, ECDHE_CBC]),
    policy("ELBSecurityPolicy-FS-1-1-2019-08", TLS11, FORWARD),
    policy("ELBSecurityPolicy-FS-1-2-2019-08", TLS12, FORWARD),
    policy("ELBSecurityPolicy-FS-1-2-Res-2020-10", TLS12, &[ECDHE_GCM]),
];

/// Fails unless there is a policy of this name.
pub(crate) fn check(name: &str) -> Result<(), ApiError> {
    match POLICIES.iter().any(|policy| policy.name == name) {
        true => Ok(()),
        false => Err(errors::ssl_policy_not_found(name)),
    }
}

fn render(policy: &Policy) -> SslPolicy {
    let ciphers = policy.ciphers.iter().copied().flatten().zip(1..);
    let cipher = |(name, priority): (&&'static str, i64)| Cipher {
        name: Some(SmolStr::new_static(name)),
        priority: Some(priority),
    };
    let text = |text: &&'static str| SmolStr::new_static(text);
    SslPolicy {
        ssl_protocols: Some(policy.protocols.iter().map(text).collect()),
        ciphers: Some(ciphers.map(cipher).collect()),
        name: Some(SmolStr::new_static(policy.name)),
        supported_load_balancer_types: Some(["application", "network"].iter().map(text).collect()),
    }
}

fn describe_ssl_policies(
    _: &Snapshot,
    _: &Caller,
    input: DescribeSSLPoliciesInput,
) -> Result<DescribeSSLPoliciesOutput, ApiError> {
    let names = input.names.unwrap_or_default();
    names.iter().try_for_each(|name| check(name))?;
    let gateway = input.load_balancer_type.as_deref() == Some("gateway");
    let size = page_size(input.page_size)?;
    let place = |at: usize| format_smolstr!("{at:03}");
    let rows = |after: &str| {
        let after = after.to_owned();
        let all = POLICIES.iter().enumerate();
        all.filter(move |(at, _)| !gateway && *place(*at) > *after)
            .filter(|(_, policy)| names.is_empty() || names.iter().any(|n| n == policy.name))
    };
    let page =
        paginate("DescribeSSLPolicies", input.marker.as_deref(), size, rows, |(at, _)| place(*at))
            .map_err(|_| errors::invalid_marker())?;
    Ok(DescribeSSLPoliciesOutput {
        ssl_policies: Some(page.items.iter().map(|(_, policy)| render(policy)).collect()),
        next_marker: page.next,
    })
}
