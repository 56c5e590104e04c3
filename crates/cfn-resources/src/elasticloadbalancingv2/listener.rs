//! `AWS::ElasticLoadBalancingV2::Listener`
//!
//! Only the first certificate belongs to the listener; more of them are resources of their own.

use crate::{Context, Deletion, Properties, Provider};
use api::elbv2::{self, ListenerAttribute, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Listener;

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
        let made = cx.call::<ops::CreateListener>(p.input::<ops::CreateListener>())?;
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
            ..new.input::<ops::ModifyListener>()
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
