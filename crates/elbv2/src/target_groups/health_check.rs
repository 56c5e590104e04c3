//! How a target group checks its targets: defaults and limits.
//!
//! "Health checks for your target groups" in the guides of each kind of load balancer.

use super::TargetType;
use crate::errors;
use crate::names::Kind;
use api::elbv2::{CreateTargetGroupInput, Matcher, ModifyTargetGroupInput};
use kernel::ApiError;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The settings of a health check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HealthCheck {
    pub(crate) enabled: bool,
    /// None for functions.
    pub(crate) protocol: Option<SmolStr>,
    /// A number or `traffic-port`; none for functions.
    pub(crate) port: Option<SmolStr>,
    /// For HTTP and HTTPS.
    pub(crate) path: Option<SmolStr>,
    pub(crate) interval_secs: i64,
    pub(crate) timeout_secs: i64,
    pub(crate) healthy: i64,
    pub(crate) unhealthy: i64,
    /// Which codes are a success.
    pub(crate) matcher: Option<SmolStr>,
    /// Whether they are gRPC's.
    pub(crate) grpc: bool,
}

/// What a request says about it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    protocol: Option<SmolStr>,
    port: Option<SmolStr>,
    path: Option<SmolStr>,
    enabled: Option<bool>,
    interval: Option<i64>,
    timeout: Option<i64>,
    healthy: Option<i64>,
    unhealthy: Option<i64>,
    matcher: Option<Matcher>,
}

/// Both requests have the same members for it.
macro_rules! asked {
    ($($request:ty),*) => {$(
        impl From<&$request> for Asked {
            fn from(input: &$request) -> Self {
                Self {
                    protocol: input.health_check_protocol.clone(),
                    port: input.health_check_port.clone(),
                    path: input.health_check_path.clone(),
                    enabled: input.health_check_enabled,
                    interval: input.health_check_interval_seconds,
                    timeout: input.health_check_timeout_seconds,
                    healthy: input.healthy_threshold_count,
                    unhealthy: input.unhealthy_threshold_count,
                    matcher: input.matcher.clone(),
                }
            }
        }
    )*};
}

asked!(CreateTargetGroupInput, ModifyTargetGroupInput);

impl HealthCheck {
    /// What a new group has where the request says nothing.
    pub(super) fn default_of(
        kind: TargetType,
        protocol: Option<&str>,
        version: Option<&str>,
        asked: &Asked,
    ) -> Self {
        let network = protocol.is_some_and(|p| Kind::of_protocol(p) != Kind::Application);
        let geneve = protocol == Some("GENEVE");
        let function = kind == TargetType::Lambda;
        let by_kind = match (kind, network) {
            (TargetType::Lambda, _) => None,
            (TargetType::Alb, _) | (_, false) => Some("HTTP"),
            (_, true) => Some("TCP"),
        };
        let check = asked.protocol.clone().or_else(|| by_kind.map(SmolStr::new_static));
        let web = function || check.as_deref().is_some_and(|p| matches!(p, "HTTP" | "HTTPS"));
        let grpc = version == Some("GRPC");
        let path = if grpc { "/AWS.ALB/healthcheck" } else { "/" };
        let codes = match (grpc, network) {
            (true, _) => "12",
            (false, true) => "200-399",
            (false, false) => "200",
        };
        let timeout_secs = match (function, geneve, network, web) {
            (true, ..) => 30,
            (_, true, ..) => 5,
            (_, _, true, true) => 6,
            (_, _, true, false) => 10,
            _ => 5,
        };
        let interval_secs = match (function, geneve) {
            (true, _) => 35,
            (_, true) => 10,
            _ => 30,
        };
        Self {
            enabled: !function,
            protocol: check,
            port: (!function).then(|| SmolStr::new_static(if geneve { "80" } else { "traffic-port" })),
            path: web.then(|| SmolStr::new_static(path)),
            interval_secs,
            timeout_secs,
            healthy: 5,
            unhealthy: 2,
            matcher: web.then(|| SmolStr::new_static(codes)),
            grpc,
        }
    }

    /// These settings with what a request says.
    pub(super) fn with(&self, kind: TargetType, asked: Asked) -> Result<Self, ApiError> {
        let mut new = self.clone();
        if let Some(enabled) = asked.enabled {
            new.enabled = enabled;
        }
        if let Some(protocol) = asked.protocol {
            let web = matches!(&*protocol, "HTTP" | "HTTPS");
            if !web {
                (new.path, new.matcher) = (None, None);
            } else if new.path.is_none() {
                new.path = Some(SmolStr::new_static("/"));
                new.matcher = Some(SmolStr::new_static("200-399"));
            }
            new.protocol = Some(protocol);
        }
        let web = kind == TargetType::Lambda
            || new.protocol.as_deref().is_some_and(|p| matches!(p, "HTTP" | "HTTPS"));
        if (asked.path.is_some() || asked.matcher.is_some()) && !web {
            return Err(errors::validation(format_args!(
                "Health check path and matcher are not supported for health check protocol '{}'",
                new.protocol.unwrap_or_default()
            )));
        }
        new.port = asked.port.or(new.port);
        new.path = asked.path.or(new.path);
        new.interval_secs = asked.interval.unwrap_or(new.interval_secs);
        new.timeout_secs = asked.timeout.unwrap_or(new.timeout_secs);
        new.healthy = asked.healthy.unwrap_or(new.healthy);
        new.unhealthy = asked.unhealthy.unwrap_or(new.unhealthy);
        if let Some(matcher) = asked.matcher {
            new.matcher = Some(codes(&matcher, new.grpc)?);
        }
        new.checked(kind)
    }

    fn checked(self, kind: TargetType) -> Result<Self, ApiError> {
        if !self.enabled && kind != TargetType::Lambda {
            return Err(errors::validation(format_args!(
                "Health check enabled must be true for target groups with target type '{}'",
                kind.name()
            )));
        }
        let port = self.port.as_deref().unwrap_or("traffic-port");
        let sound = port.parse().is_ok_and(|n: i64| (1..=65_535).contains(&n));
        if port != "traffic-port" && !sound {
            return Err(errors::validation(format_args!(
                "Health check port '{port}' must be 'traffic-port' or in the range 1-65535"
            )));
        }
        if let Some(path) = self.path.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(errors::validation(format_args!(
                "Health check path '{path}' must begin with a '/' character"
            )));
        }
        for (what, value, min, max) in [
            ("interval", self.interval_secs, 5, 300),
            ("timeout", self.timeout_secs, 2, 120),
            ("healthy threshold count", self.healthy, 2, 10),
            ("unhealthy threshold count", self.unhealthy, 2, 10),
        ] {
            if !(min..=max).contains(&value) {
                return Err(errors::validation(format_args!(
                    "Health check {what} '{value}' must be between '{min}' and '{max}'"
                )));
            }
        }
        if self.interval_secs <= self.timeout_secs
            && self.protocol.as_deref().is_none_or(|p| p != "TCP")
        {
            return Err(errors::validation(
                "Health check interval must be greater than the timeout.",
            ));
        }
        Ok(self)
    }

    pub(super) fn render_matcher(&self) -> Option<Matcher> {
        let codes = self.matcher.clone()?;
        Some(match self.grpc {
            true => Matcher { grpc_code: Some(codes), http_code: None },
            false => Matcher { http_code: Some(codes), grpc_code: None },
        })
    }

    /// The port that is checked, as DescribeTargetHealth has it.
    pub(crate) fn port_of(&self, traffic: Option<i64>) -> Option<i64> {
        match self.port.as_deref() {
            None | Some("traffic-port") => traffic,
            Some(port) => port.parse().ok(),
        }
    }

    /// Whether an HTTP status is a success.
    pub(crate) fn takes(&self, code: u16) -> bool {
        let ranges = self.matcher.as_deref().unwrap_or("200").split(',');
        ranges.filter_map(range).any(|(from, to)| (from..=to).contains(&i64::from(code)))
    }
}

fn range(text: &str) -> Option<(i64, i64)> {
    let text = text.trim();
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let range = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (range.0 <= range.1).then_some(range)
}

/// The codes of a matcher: `200`, `200,202` or `200-299`.
fn codes(matcher: &Matcher, grpc: bool) -> Result<SmolStr, ApiError> {
    let (noun, given, other, min, max) = match grpc {
        false => ("HTTP", &matcher.http_code, &matcher.grpc_code, 200, 499),
        true => ("GRPC", &matcher.grpc_code, &matcher.http_code, 0, 99),
    };
    let Some(text) = given.as_ref().filter(|_| other.is_none()) else {
        return Err(errors::validation(format_args!(
            "The matcher must specify {noun} codes for this target group"
        )));
    };
    for part in text.split(',') {
        let inside = range(part).is_some_and(|(from, to)| min <= from && to <= max);
        if !inside {
            return Err(errors::validation(format_args!(
                "Health check matcher {noun} code '{}' must be within '{min}-{max}' inclusive",
                part.trim()
            )));
        }
    }
    Ok(text.clone())
}
