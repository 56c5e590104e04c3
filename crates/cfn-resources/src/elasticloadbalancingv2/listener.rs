//! `AWS::ElasticLoadBalancingV2::Listener`
//!
//! Only the first certificate belongs to the listener; more of them are resources of their own.

use super::actions::{actions, certificates};
use crate::{Context, Deletion, Properties, Provider};
use api::elbv2::{self, ListenerAttribute, MutualAuthenticationAttributes, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Listener;

fn mutual(p: &Properties) -> Option<MutualAuthenticationAttributes> {
    let mutual = p.structure("MutualAuthentication")?;
    Some(MutualAuthenticationAttributes {
        mode: mutual.text("Mode"),
        trust_store_arn: mutual.text("TrustStoreArn"),
        ignore_client_certificate_expiry: mutual.boolean("IgnoreClientCertificateExpiry"),
        advertise_trust_store_ca_names: mutual.text("AdvertiseTrustStoreCaNames"),
        ..Default::default()
    })
}

fn set_attributes(cx: &mut Context<'_>, arn: &str, p: &Properties) -> Result<(), ApiError> {
    let one = |a: &Properties| ListenerAttribute { key: a.text("Key"), value: a.text("Value") };
    let attributes: Vec<_> = p.structures("ListenerAttributes").iter().map(one).collect();
    if !attributes.is_empty() {
        cx.call::<ops::ModifyListenerAttributes>(elbv2::ModifyListenerAttributesInput {
            listener_arn: arn.into(),
            attributes,
        })?;
    }
    Ok(())
}

impl Provider for Listener {
    fn type_name(&self) -> &'static str {
        "AWS::ElasticLoadBalancingV2::Listener"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let made = cx.call::<ops::CreateListener>(elbv2::CreateListenerInput {
            load_balancer_arn: p.text_or_empty("LoadBalancerArn"),
            protocol: p.text("Protocol"),
            port: p.integer("Port"),
            ssl_policy: p.text("SslPolicy"),
            certificates: certificates(p),
            default_actions: actions(p, "DefaultActions"),
            alpn_policy: p.texts("AlpnPolicy"),
            tags: None,
            mutual_authentication: mutual(p),
        })?;
        let made = made.listeners.and_then(|mut all| all.pop());
        let arn = made.and_then(|one| one.listener_arn).unwrap_or_default();
        set_attributes(cx, &arn, p)?;
        Ok(arn)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        cx.call::<ops::ModifyListener>(elbv2::ModifyListenerInput {
            listener_arn: id.into(),
            port: new.integer("Port"),
            protocol: new.text("Protocol"),
            ssl_policy: new.text("SslPolicy"),
            certificates: certificates(new),
            default_actions: Some(actions(new, "DefaultActions")),
            alpn_policy: new.texts("AlpnPolicy"),
            mutual_authentication: mutual(new),
        })?;
        if !old.same(new, "ListenerAttributes") {
            set_attributes(cx, id, new)?;
        }
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeleteListener>(elbv2::DeleteListenerInput { listener_arn: id.into() })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "ListenerArn").then(|| json!(id)))
    }
}
