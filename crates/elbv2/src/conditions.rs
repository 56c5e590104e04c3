//! Conditions of rules.
//!
//! "Rule conditions" in the user guide. `path-pattern` and `host-header` may be given as plain
//! values or in their own structure, and are shown as both; the others have only the latter.

use crate::errors;
use api::elbv2::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig,
    PathPatternConditionConfig, QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition,
    SourceIpConditionConfig,
};
use kernel::ApiError;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The most values that all conditions of a rule have together, and wildcards in them.
const MAX_VALUES: usize = 5;
const MAX_WILDCARDS: usize = 5;

/// What a request must be like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Condition {
    PathPattern(Vec<SmolStr>),
    HostHeader(Vec<SmolStr>),
    HttpHeader {
        name: SmolStr,
        values: Vec<SmolStr>,
    },
    HttpRequestMethod(Vec<SmolStr>),
    /// Keys, where given, and values.
    QueryString(Vec<(Option<SmolStr>, SmolStr)>),
    SourceIp(Vec<SmolStr>),
}

const FIELDS: [&str; 6] = [
    "http-header",
    "http-request-method",
    "host-header",
    "query-string",
    "source-ip",
    "path-pattern",
];

/// The conditions of a request, if a rule may have them.
pub(crate) fn checked(given: Vec<RuleCondition>) -> Result<Vec<Condition>, ApiError> {
    if given.is_empty() {
        return Err(errors::validation("At least one condition must be specified"));
    }
    let conditions: Vec<Condition> = given.into_iter().map(condition).collect::<Result<_, _>>()?;
    let single = |field: &str| conditions.iter().filter(|c| c.field() == field).count() > 1;
    for field in ["path-pattern", "host-header", "http-request-method", "source-ip"] {
        if single(field) {
            return Err(errors::validation(format_args!(
                "A rule can have only one condition with field '{field}'"
            )));
        }
    }
    let values: usize = conditions.iter().map(Condition::count).sum();
    if values > MAX_VALUES {
        return Err(errors::too_many(
            "Rules",
            format_args!("A rule can have at most {MAX_VALUES} condition values"),
        ));
    }
    let wildcards: usize = conditions.iter().map(Condition::wildcards).sum();
    if wildcards > MAX_WILDCARDS {
        return Err(errors::validation(format_args!(
            "A rule can have at most {MAX_WILDCARDS} condition wildcards"
        )));
    }
    Ok(conditions)
}

fn condition(wire: RuleCondition) -> Result<Condition, ApiError> {
    let field = wire.field.clone().unwrap_or_default();
    if !FIELDS.contains(&&*field) {
        return Err(errors::validation(format_args!(
            "Condition field '{field}' must be one of '[path-pattern, host-header, http-header, \
             http-request-method, query-string, source-ip]'"
        )));
    }
    let regex = wire.regex_values.is_some()
        || wire.path_pattern_config.as_ref().is_some_and(|c| c.regex_values.is_some())
        || wire.host_header_config.as_ref().is_some_and(|c| c.regex_values.is_some())
        || wire.http_header_config.as_ref().is_some_and(|c| c.regex_values.is_some());
    if regex {
        return Err(ApiError::not_implemented("rule conditions with regular expressions"));
    }
    let plain = wire.values;
    let condition = match &*field {
        "path-pattern" => Condition::PathPattern(
            wire.path_pattern_config.and_then(|c| c.values).or(plain).unwrap_or_default(),
        ),
        "host-header" => Condition::HostHeader(
            wire.host_header_config.and_then(|c| c.values).or(plain).unwrap_or_default(),
        ),
        "http-header" => {
            let config = wire.http_header_config.unwrap_or_default();
            Condition::HttpHeader {
                name: config.http_header_name.unwrap_or_default(),
                values: config.values.unwrap_or_default(),
            }
        }
        "http-request-method" => Condition::HttpRequestMethod(
            wire.http_request_method_config.and_then(|c| c.values).unwrap_or_default(),
        ),
        "query-string" => {
            let pairs = wire.query_string_config.and_then(|c| c.values).unwrap_or_default();
            let pair = |p: QueryStringKeyValuePair| (p.key, p.value.unwrap_or_default());
            Condition::QueryString(pairs.into_iter().map(pair).collect())
        }
        _ => Condition::SourceIp(wire.source_ip_config.and_then(|c| c.values).unwrap_or_default()),
    };
    condition.checked()
}

impl Condition {
    pub(crate) const fn field(&self) -> &'static str {
        match self {
            Self::PathPattern(_) => "path-pattern",
            Self::HostHeader(_) => "host-header",
            Self::HttpHeader { .. } => "http-header",
            Self::HttpRequestMethod(_) => "http-request-method",
            Self::QueryString(_) => "query-string",
            Self::SourceIp(_) => "source-ip",
        }
    }

    fn texts(&self) -> Vec<&SmolStr> {
        match self {
            Self::PathPattern(values)
            | Self::HostHeader(values)
            | Self::HttpHeader { values, .. }
            | Self::HttpRequestMethod(values)
            | Self::SourceIp(values) => values.iter().collect(),
            Self::QueryString(pairs) => pairs.iter().map(|(_, value)| value).collect(),
        }
    }

    fn count(&self) -> usize {
        self.texts().len()
    }

    fn wildcards(&self) -> usize {
        self.texts().iter().map(|t| t.matches(['*', '?']).count()).sum()
    }

    fn checked(self) -> Result<Self, ApiError> {
        let field = self.field();
        let texts = self.texts();
        if texts.is_empty() || texts.iter().any(|text| text.is_empty()) {
            return Err(errors::validation(format_args!(
                "A condition value must be specified for field '{field}'"
            )));
        }
        if let Some(long) = texts.iter().find(|text| text.len() > 128) {
            return Err(errors::validation(format_args!(
                "Condition value '{long}' cannot be longer than '128' characters"
            )));
        }
        match &self {
            Self::HttpHeader { name, .. } if name.is_empty() || name.len() > 40 => {
                return Err(errors::validation(
                    "An HTTP header name of 1 to 40 characters must be specified",
                ));
            }
            Self::HttpHeader { name, .. } if name.eq_ignore_ascii_case("host") => {
                return Err(errors::validation(
                    "Use a condition with field 'host-header' for the host header",
                ));
            }
            Self::HttpRequestMethod(values) => {
                let usual = |b: u8| b.is_ascii_uppercase() || matches!(b, b'-' | b'_');
                if let Some(odd) = values.iter().find(|v| v.len() > 40 || !v.bytes().all(usual)) {
                    return Err(errors::validation(format_args!(
                        "HTTP request method '{odd}' is not valid"
                    )));
                }
            }
            Self::SourceIp(values) => {
                if let Some(odd) = values.iter().find(|value| !is_block(value)) {
                    return Err(errors::validation(format_args!(
                        "Source IP '{odd}' must be in CIDR format"
                    )));
                }
            }
            _ => {}
        }
        Ok(self)
    }

    pub(crate) fn render(&self) -> RuleCondition {
        let mut shown =
            RuleCondition { field: Some(SmolStr::new_static(self.field())), ..Default::default() };
        match self.clone() {
            Self::PathPattern(values) => {
                shown.values = Some(values.clone());
                shown.path_pattern_config =
                    Some(PathPatternConditionConfig { values: Some(values), ..Default::default() });
            }
            Self::HostHeader(values) => {
                shown.values = Some(values.clone());
                shown.host_header_config =
                    Some(HostHeaderConditionConfig { values: Some(values), ..Default::default() });
            }
            Self::HttpHeader { name, values } => {
                shown.http_header_config = Some(HttpHeaderConditionConfig {
                    http_header_name: Some(name),
                    values: Some(values),
                    ..Default::default()
                });
            }
            Self::HttpRequestMethod(values) => {
                shown.http_request_method_config =
                    Some(HttpRequestMethodConditionConfig { values: Some(values) });
            }
            Self::QueryString(pairs) => {
                let pair = |(key, value)| QueryStringKeyValuePair { key, value: Some(value) };
                shown.query_string_config = Some(QueryStringConditionConfig {
                    values: Some(pairs.into_iter().map(pair).collect()),
                });
            }
            Self::SourceIp(values) => {
                shown.source_ip_config =
                    Some(SourceIpConditionConfig { values: Some(values), ..Default::default() });
            }
        }
        shown
    }
}

fn is_block(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    match (address.parse(), bits.parse::<u8>()) {
        (Ok(std::net::IpAddr::V4(_)), Ok(bits)) => bits <= 32,
        (Ok(std::net::IpAddr::V6(_)), Ok(bits)) => bits <= 128,
        _ => false,
    }
}
