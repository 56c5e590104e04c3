//! Whether a request fits a rule's conditions, and where it is redirected.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>

use crate::actions::Redirect;
use crate::conditions::Condition;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A request as rules see it.
#[derive(Debug, Default)]
pub(super) struct Visit {
    /// Without the port, in lower case.
    host: String,
    path: String,
    query: String,
    method: String,
    source: Option<IpAddr>,
    /// By name in lower case.
    headers: BTreeMap<String, String>,
}

impl Visit {
    pub(super) fn of(request: &Value) -> Self {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let host = text("host").to_ascii_lowercase();
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name.to_owned(),
            _ => host,
        };
        Self {
            host,
            path: text("path"),
            query: text("query"),
            method: text("method"),
            source: text("source").parse().ok(),
            headers: serde_json::from_str(&text("headers")).unwrap_or_default(),
        }
    }

    pub(super) fn fits(&self, condition: &Condition) -> bool {
        match condition {
            Condition::PathPattern(patterns) => patterns.iter().any(|p| like(p, &self.path)),
            Condition::HostHeader(patterns) => {
                patterns.iter().any(|p| like(&p.to_ascii_lowercase(), &self.host))
            }
            Condition::HttpHeader { name, values } => {
                let value = self.headers.get(&name.to_ascii_lowercase());
                value.is_some_and(|value| {
                    let value = value.to_ascii_lowercase();
                    values.iter().any(|p| like(&p.to_ascii_lowercase(), &value))
                })
            }
            Condition::HttpRequestMethod(methods) => methods.iter().any(|m| *m == self.method),
            Condition::QueryString(wanted) => wanted.iter().any(|(key, value)| {
                self.query.split('&').any(|pair| {
                    let (name, has) = pair.split_once('=').unwrap_or((pair, ""));
                    key.as_ref().is_none_or(|key| like_folded(key, name))
                        && like_folded(value, has)
                })
            }),
            Condition::SourceIp(blocks) => {
                self.source.is_some_and(|ip| blocks.iter().any(|block| holds(block, ip)))
            }
        }
    }

    /// The `Location` of a redirect: `#{host}` and the others stand for the request's parts.
    pub(super) fn redirected(&self, redirect: &Redirect, port: i64) -> String {
        let own_port = port.to_string();
        let filled = |text: &str| {
            text.replace("#{protocol}", "HTTP")
                .replace("#{host}", &self.host)
                .replace("#{port}", &own_port)
                .replace("#{path}", self.path.trim_start_matches('/'))
                .replace("#{query}", &self.query)
        };
        let protocol = filled(&redirect.protocol).to_ascii_lowercase();
        let query = filled(&redirect.query);
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        let (host, port, path) =
            (filled(&redirect.host), filled(&redirect.port), filled(&redirect.path));
        format!("{protocol}://{host}:{port}{path}{query}")
    }
}

fn like_folded(pattern: &str, text: &str) -> bool {
    like(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

/// Whether a text fits a pattern with `*` and `?`.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Whether a block such as `10.0.0.0/8` holds an address.
fn holds(block: &str, ip: IpAddr) -> bool {
    let Some((base, bits)) = block.split_once('/') else { return false };
    let (Ok(base), Ok(bits)) = (base.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (base, ip) {
        (IpAddr::V4(base), IpAddr::V4(ip)) if bits <= 32 => {
            (u32::from(base) ^ u32::from(ip)).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(base), IpAddr::V6(ip)) if bits <= 128 => {
            (u128::from(base) ^ u128::from(ip)).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn visit() -> Visit {
        Visit::of(&json!({
            "host": "Shop.Example.com:8400", "path": "/img/a.png", "query": "v=1&Size=big",
            "method": "GET", "source": "10.1.2.3", "headers": "{\"x-kind\":\"Test run\"}",
        }))
    }

    #[test]
    fn conditions_fit_as_the_guide_says() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).into()).collect();
        for (condition, fits) in [
            (Condition::PathPattern(words(&["/css/*", "/img/*"])), true),
            (Condition::PathPattern(words(&["/IMG/*"])), false),
            (Condition::HostHeader(words(&["*.EXAMPLE.com"])), true),
            (Condition::HostHeader(words(&["example.com"])), false),
            (Condition::HttpHeader { name: "X-Kind".into(), values: words(&["test*"]) }, true),
            (Condition::HttpRequestMethod(words(&["POST"])), false),
            (Condition::QueryString(vec![(Some("size".into()), "b?g".into())]), true),
            (Condition::QueryString(vec![(None, "2".into())]), false),
            (Condition::SourceIp(words(&["10.0.0.0/8"])), true),
            (Condition::SourceIp(words(&["0.0.0.0/0"])), true),
            (Condition::SourceIp(words(&["10.1.2.0/25", "fe80::/10"])), true),
            (Condition::SourceIp(words(&["10.1.3.0/24"])), false),
        ] {
            assert_eq!(visit().fits(&condition), fits, "{condition:?}");
        }
    }

    #[test]
    fn a_redirect_is_made_of_the_requests_parts() {
        let redirect = Redirect {
            protocol: "HTTPS".into(),
            port: "443".into(),
            host: "#{host}".into(),
            path: "/new/#{path}".into(),
            query: "#{query}".into(),
            status: "HTTP_301".into(),
        };
        assert_eq!(
            visit().redirected(&redirect, 80),
            "https://shop.example.com:443/new/img/a.png?v=1&Size=big"
        );
    }
}
