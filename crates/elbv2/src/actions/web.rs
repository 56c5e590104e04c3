//! Actions that application load balancers carry out themselves.

use crate::errors;
use api::elbv2::{
    AuthenticateCognitoActionConfig, AuthenticateOidcActionConfig, FixedResponseActionConfig,
    JwtValidationActionAdditionalClaim, JwtValidationActionConfig, RedirectActionConfig,
};
use kernel::ApiError;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A redirect; what is left open stays as in the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redirect {
    pub(crate) protocol: SmolStr,
    pub(crate) port: SmolStr,
    pub(crate) host: SmolStr,
    pub(crate) path: SmolStr,
    pub(crate) query: SmolStr,
    /// `HTTP_301` or `HTTP_302`
    pub(crate) status: SmolStr,
}

impl Redirect {
    pub(super) fn checked(
        config: RedirectActionConfig,
        listener: Option<&str>,
    ) -> Result<Self, ApiError> {
        let or = |given: Option<SmolStr>, default: &'static str| {
            given.unwrap_or_else(|| SmolStr::new_static(default))
        };
        let redirect = Self {
            protocol: or(config.protocol, "#{protocol}"),
            port: or(config.port, "#{port}"),
            host: or(config.host, "#{host}"),
            path: or(config.path, "/#{path}"),
            query: or(config.query, "#{query}"),
            status: config.status_code,
        };
        if !matches!(&*redirect.status, "HTTP_301" | "HTTP_302") {
            return Err(errors::invalid_loadbalancer_action(format_args!(
                "The redirect status code '{}' must be HTTP_301 or HTTP_302",
                redirect.status
            )));
        }
        if !matches!(&*redirect.protocol, "HTTP" | "HTTPS" | "#{protocol}") {
            return Err(errors::invalid_loadbalancer_action(format_args!(
                "The redirect protocol '{}' must be HTTP, HTTPS or #{{protocol}}",
                redirect.protocol
            )));
        }
        if redirect.protocol == "HTTP" && listener == Some("HTTPS") {
            return Err(errors::invalid_loadbalancer_action("You cannot redirect HTTPS to HTTP"));
        }
        let number = redirect.port.parse().is_ok_and(|port: i64| (1..=65_535).contains(&port));
        if !number && redirect.port != "#{port}" {
            return Err(errors::invalid_loadbalancer_action(format_args!(
                "The redirect port '{}' must be in the range 1-65535 or #{{port}}",
                redirect.port
            )));
        }
        if !redirect.path.starts_with('/') {
            return Err(errors::invalid_loadbalancer_action(
                "The path parameter must be a valid path, should start with a '/', and may \
                 contain up to one of each of these placeholders: '#{path}', '#{host}', '#{port}'.",
            ));
        }
        let open = redirect.protocol == "#{protocol}"
            && redirect.port == "#{port}"
            && redirect.host == "#{host}"
            && redirect.path == "/#{path}";
        if open {
            return Err(errors::invalid_loadbalancer_action(
                "The redirect configuration is not valid because it creates a loop.",
            ));
        }
        Ok(redirect)
    }
}

impl From<Redirect> for RedirectActionConfig {
    fn from(row: Redirect) -> Self {
        Self {
            protocol: Some(row.protocol),
            port: Some(row.port),
            host: Some(row.host),
            path: Some(row.path),
            query: Some(row.query),
            status_code: row.status,
        }
    }
}

/// A response that the load balancer gives by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FixedResponse {
    pub(crate) status: SmolStr,
    pub(crate) body: Option<SmolStr>,
    pub(crate) content_type: Option<SmolStr>,
}

impl FixedResponse {
    pub(super) fn checked(config: FixedResponseActionConfig) -> Result<Self, ApiError> {
        let code = &config.status_code;
        let usual = matches!(code.as_bytes(), [b'2' | b'4' | b'5', b'0'..=b'9', b'0'..=b'9']);
        if !usual {
            return Err(errors::invalid_loadbalancer_action(format_args!(
                "The fixed response status code '{code}' must be 2XX, 4XX or 5XX"
            )));
        }
        if config.message_body.as_ref().is_some_and(|body| body.len() > 1_024) {
            return Err(errors::invalid_loadbalancer_action(
                "The fixed response message body cannot be longer than 1024 characters",
            ));
        }
        const TYPES: [&str; 5] =
            ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
        if let Some(other) = config.content_type.as_deref().filter(|own| !TYPES.contains(own)) {
            return Err(errors::invalid_loadbalancer_action(format_args!(
                "The fixed response content type '{other}' must be one of '[{}]'",
                TYPES.join(", ")
            )));
        }
        Ok(Self {
            status: config.status_code,
            body: config.message_body,
            content_type: config.content_type,
        })
    }
}

impl From<FixedResponse> for FixedResponseActionConfig {
    fn from(row: FixedResponse) -> Self {
        Self { message_body: row.body, status_code: row.status, content_type: row.content_type }
    }
}

type Pairs = Vec<(SmolStr, SmolStr)>;

const SESSION_COOKIE: &str = "AWSELBAuthSessionCookie";
const SESSION_SECS: i64 = 604_800;

/// The user's session, and what becomes of those who have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    cookie: SmolStr,
    scope: SmolStr,
    timeout_secs: i64,
    extra: Option<Pairs>,
    otherwise: SmolStr,
}

/// The session of a request: both kinds of authentication name its members alike.
macro_rules! session {
    ($wire:expr) => {{
        let or = |given: Option<SmolStr>, default: &'static str| {
            given.unwrap_or_else(|| SmolStr::new_static(default))
        };
        Session {
            cookie: or($wire.session_cookie_name, SESSION_COOKIE),
            scope: or($wire.scope, "openid"),
            timeout_secs: $wire.session_timeout.unwrap_or(SESSION_SECS),
            extra: $wire.authentication_request_extra_params,
            otherwise: or($wire.on_unauthenticated_request, "authenticate"),
        }
    }};
}

/// Authentication by a Cognito user pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cognito {
    pool: SmolStr,
    client: SmolStr,
    domain: SmolStr,
    #[serde(flatten)]
    session: Session,
}

impl From<AuthenticateCognitoActionConfig> for Cognito {
    fn from(wire: AuthenticateCognitoActionConfig) -> Self {
        Self {
            pool: wire.user_pool_arn,
            client: wire.user_pool_client_id,
            domain: wire.user_pool_domain,
            session: session!(wire),
        }
    }
}

impl From<Cognito> for AuthenticateCognitoActionConfig {
    fn from(row: Cognito) -> Self {
        Self {
            user_pool_arn: row.pool,
            user_pool_client_id: row.client,
            user_pool_domain: row.domain,
            session_cookie_name: Some(row.session.cookie),
            scope: Some(row.session.scope),
            session_timeout: Some(row.session.timeout_secs),
            authentication_request_extra_params: row.session.extra,
            on_unauthenticated_request: Some(row.session.otherwise),
        }
    }
}

/// Authentication by an OpenID Connect provider. The client's secret is never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Oidc {
    issuer: SmolStr,
    authorization: SmolStr,
    token: SmolStr,
    user_info: SmolStr,
    client: SmolStr,
    secret: Option<SmolStr>,
    #[serde(flatten)]
    session: Session,
}

impl From<AuthenticateOidcActionConfig> for Oidc {
    fn from(wire: AuthenticateOidcActionConfig) -> Self {
        Self {
            issuer: wire.issuer,
            authorization: wire.authorization_endpoint,
            token: wire.token_endpoint,
            user_info: wire.user_info_endpoint,
            client: wire.client_id,
            secret: wire.client_secret,
            session: session!(wire),
        }
    }
}

impl From<Oidc> for AuthenticateOidcActionConfig {
    fn from(row: Oidc) -> Self {
        Self {
            issuer: row.issuer,
            authorization_endpoint: row.authorization,
            token_endpoint: row.token,
            user_info_endpoint: row.user_info,
            client_id: row.client,
            client_secret: None,
            session_cookie_name: Some(row.session.cookie),
            scope: Some(row.session.scope),
            session_timeout: Some(row.session.timeout_secs),
            authentication_request_extra_params: row.session.extra,
            on_unauthenticated_request: Some(row.session.otherwise),
            use_existing_client_secret: None,
        }
    }
}

/// Validation of a JSON web token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Jwt {
    keys: SmolStr,
    issuer: SmolStr,
    /// Format, name and values of further claims.
    claims: Vec<(SmolStr, SmolStr, Vec<SmolStr>)>,
}

impl From<JwtValidationActionConfig> for Jwt {
    fn from(wire: JwtValidationActionConfig) -> Self {
        let claims = wire.additional_claims.unwrap_or_default().into_iter();
        Self {
            keys: wire.jwks_endpoint,
            issuer: wire.issuer,
            claims: claims.map(|claim| (claim.format, claim.name, claim.values)).collect(),
        }
    }
}

impl From<Jwt> for JwtValidationActionConfig {
    fn from(row: Jwt) -> Self {
        let claim =
            |(format, name, values)| JwtValidationActionAdditionalClaim { format, name, values };
        Self {
            jwks_endpoint: row.keys,
            issuer: row.issuer,
            additional_claims: Some(row.claims.into_iter().map(claim).collect()),
        }
    }
}
