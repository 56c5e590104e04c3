//! Who may talk to the cloud from a browser: nobody but pages that it served itself.
//!
//! A page of another origin sends `Origin` (or `Sec-Fetch-Site`) along and is refused. A page that
//! rebinds its own name to the loopback address sends that name as `Host`: only names that
//! cannot be an attacker's are accepted.

use http::HeaderMap;
use std::net::IpAddr;

/// The names under which the cloud may be called.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Further host names that the user allows, in lower case; `*` allows all.
    pub allowed_hosts: Vec<String>,
}

impl Guard {
    /// Why a request is refused, if it is.
    pub fn refusal(&self, headers: &HeaderMap) -> Option<String> {
        let host = text(headers, "host").unwrap_or_default();
        if !self.knows(name_of(host)) {
            return Some(format!(
                "The host name '{}' is not allowed. Start lowcloud with --allow-host to allow it.",
                name_of(host)
            ));
        }
        if let Some(origin) = text(headers, "origin") {
            let own = origin.split_once("://").is_some_and(|(_, rest)| rest == host);
            return (!own).then(|| format!("Requests from pages of '{origin}' are refused."));
        }
        let site = text(headers, "sec-fetch-site").unwrap_or("none");
        let foreign = !matches!(site, "none" | "same-origin");
        foreign.then(|| "Requests from pages of other origins are refused.".to_owned())
    }

    fn knows(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let name = name.trim_end_matches('.');
        let listed = || self.allowed_hosts.iter().any(|h| h == "*" || h == name);
        // Addresses need no DNS; names of one label (a neighbour's in a container network) and
        // reserved ones cannot be registered; AWS's own names are what SDKs sign for.
        let literal = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let reserved = name == "localhost" || name.ends_with(".localhost");
        let aws = [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws"];
        literal
            || reserved
            || !name.contains('.')
            || aws.iter().any(|suffix| name.ends_with(suffix))
            || name == "host.docker.internal"
            || listed()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"))
}

/// The host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        Guard { allowed_hosts: vec!["cloud.example".into()] }.refusal(&map).is_none()
    }

    #[test]
    fn only_names_that_cannot_be_an_attackers_are_known() {
        for (host, ok) in [
            ("127.0.0.1:4566", true),
            ("[::1]:4566", true),
            ("localhost:4566", true),
            ("bucket.s3.localhost:4566", true),
            ("bucket.s3.us-west-1.amazonaws.com", true),
            ("lowcloud:4566", true),
            ("cloud.example", true),
            ("evil.example:4566", false),
            ("amazonaws.com.evil.example", false),
            ("127.0.0.1.nip.io", false),
        ] {
            assert_eq!(allowed(&[("host", host)]), ok, "{host}");
        }
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let host = ("host", "127.0.0.1:4566");
        assert!(allowed(&[host, ("origin", "http://127.0.0.1:4566")]));
        assert!(!allowed(&[host, ("origin", "http://127.0.0.1:8080")]));
        assert!(!allowed(&[host, ("origin", "https://evil.example")]));
        assert!(!allowed(&[host, ("origin", "null")]));
        assert!(!allowed(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(allowed(&[host, ("sec-fetch-site", "same-origin")]));
    }
}
