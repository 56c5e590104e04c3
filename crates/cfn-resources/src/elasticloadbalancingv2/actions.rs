//! Actions and conditions of listeners and rules, from their properties.

use crate::Properties;
use api::elbv2::{
    Action, AuthenticateCognitoActionConfig, AuthenticateOidcActionConfig, Certificate,
    FixedResponseActionConfig, ForwardActionConfig, HostHeaderConditionConfig,
    HttpHeaderConditionConfig, HttpRequestMethodConditionConfig, PathPatternConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, RedirectActionConfig, RuleCondition,
    SourceIpConditionConfig, TargetGroupStickinessConfig, TargetGroupTuple,
};
use smol_str::SmolStr;

/// The certificates of a listener.
pub(super) fn certificates(p: &Properties) -> Option<Vec<Certificate>> {
    let one = |c: &Properties| Certificate {
        certificate_arn: c.text("CertificateArn"),
        is_default: None,
    };
    p.has("Certificates").then(|| p.structures("Certificates").iter().map(one).collect())
}

/// The actions in the property of this name.
pub(super) fn actions(p: &Properties, name: &str) -> Vec<Action> {
    p.structures(name).iter().map(action).collect()
}

fn action(p: &Properties) -> Action {
    Action {
        r#type: p.text_or_empty("Type"),
        target_group_arn: p.text("TargetGroupArn"),
        order: p.integer("Order"),
        redirect_config: p.structure("RedirectConfig").map(|c| RedirectActionConfig {
            protocol: c.text("Protocol"),
            port: c.text("Port"),
            host: c.text("Host"),
            path: c.text("Path"),
            query: c.text("Query"),
            status_code: c.text_or_empty("StatusCode"),
        }),
        fixed_response_config: p.structure("FixedResponseConfig").map(|c| {
            FixedResponseActionConfig {
                message_body: c.text("MessageBody"),
                status_code: c.text_or_empty("StatusCode"),
                content_type: c.text("ContentType"),
            }
        }),
        forward_config: p.structure("ForwardConfig").map(|c| forward(&c)),
        authenticate_cognito_config: p.structure("AuthenticateCognitoConfig").map(|c| cognito(&c)),
        authenticate_oidc_config: p.structure("AuthenticateOidcConfig").map(|c| oidc(&c)),
        ..Default::default()
    }
}

fn forward(c: &Properties) -> ForwardActionConfig {
    let tuple = |one: &Properties| TargetGroupTuple {
        target_group_arn: one.text("TargetGroupArn"),
        weight: one.integer("Weight"),
    };
    let sticky = |one: Properties| TargetGroupStickinessConfig {
        enabled: one.boolean("Enabled"),
        duration_seconds: one.integer("DurationSeconds"),
    };
    ForwardActionConfig {
        target_groups: Some(c.structures("TargetGroups").iter().map(tuple).collect()),
        target_group_stickiness_config: c.structure("TargetGroupStickinessConfig").map(sticky),
    }
}

fn extra(c: &Properties) -> Option<Vec<(SmolStr, SmolStr)>> {
    let extra = c.structure("AuthenticationRequestExtraParams")?;
    let names = extra.members()?.keys();
    Some(names.map(|name| (name.into(), extra.text_or_empty(name))).collect())
}

fn cognito(c: &Properties) -> AuthenticateCognitoActionConfig {
    AuthenticateCognitoActionConfig {
        user_pool_arn: c.text_or_empty("UserPoolArn"),
        user_pool_client_id: c.text_or_empty("UserPoolClientId"),
        user_pool_domain: c.text_or_empty("UserPoolDomain"),
        session_cookie_name: c.text("SessionCookieName"),
        scope: c.text("Scope"),
        session_timeout: c.integer("SessionTimeout"),
        authentication_request_extra_params: extra(c),
        on_unauthenticated_request: c.text("OnUnauthenticatedRequest"),
    }
}

fn oidc(c: &Properties) -> AuthenticateOidcActionConfig {
    AuthenticateOidcActionConfig {
        issuer: c.text_or_empty("Issuer"),
        authorization_endpoint: c.text_or_empty("AuthorizationEndpoint"),
        token_endpoint: c.text_or_empty("TokenEndpoint"),
        user_info_endpoint: c.text_or_empty("UserInfoEndpoint"),
        client_id: c.text_or_empty("ClientId"),
        client_secret: c.text("ClientSecret"),
        session_cookie_name: c.text("SessionCookieName"),
        scope: c.text("Scope"),
        session_timeout: c.integer("SessionTimeout"),
        authentication_request_extra_params: extra(c),
        on_unauthenticated_request: c.text("OnUnauthenticatedRequest"),
        use_existing_client_secret: c.boolean("UseExistingClientSecret"),
    }
}

/// The conditions of a rule.
pub(super) fn conditions(p: &Properties) -> Vec<RuleCondition> {
    p.structures("Conditions").iter().map(condition).collect()
}

fn condition(p: &Properties) -> RuleCondition {
    let values = |c: &Properties| c.texts("Values");
    let regex = |c: &Properties| c.texts("RegexValues");
    let pair = |one: &Properties| QueryStringKeyValuePair {
        key: one.text("Key"),
        value: one.text("Value"),
    };
    RuleCondition {
        field: p.text("Field"),
        values: p.texts("Values"),
        regex_values: p.texts("RegexValues"),
        host_header_config: p
            .structure("HostHeaderConfig")
            .map(|c| HostHeaderConditionConfig { values: values(&c), regex_values: regex(&c) }),
        path_pattern_config: p
            .structure("PathPatternConfig")
            .map(|c| PathPatternConditionConfig { values: values(&c), regex_values: regex(&c) }),
        http_header_config: p.structure("HttpHeaderConfig").map(|c| HttpHeaderConditionConfig {
            http_header_name: c.text("HttpHeaderName"),
            values: values(&c),
            regex_values: regex(&c),
        }),
        query_string_config: p.structure("QueryStringConfig").map(|c| QueryStringConditionConfig {
            values: Some(c.structures("Values").iter().map(pair).collect()),
        }),
        http_request_method_config: p
            .structure("HttpRequestMethodConfig")
            .map(|c| HttpRequestMethodConditionConfig { values: values(&c) }),
        source_ip_config: p
            .structure("SourceIpConfig")
            .map(|c| SourceIpConditionConfig { values: values(&c), ..Default::default() }),
    }
}
