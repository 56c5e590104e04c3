//! `AWS::SNS::Subscription`: its physical id is its ARN, also before its endpoint has confirmed.

use crate::{Context, Deletion, Properties, Provider};
use api::sns::{SetSubscriptionAttributesInput, SubscribeInput, UnsubscribeInput, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Subscription;

fn attributes(p: &Properties) -> Vec<(SmolStr, SmolStr)> {
    let plain = ["FilterPolicyScope", "RawMessageDelivery", "SubscriptionRoleArn"]
        .into_iter()
        .filter_map(|name| Some((SmolStr::new_static(name), p.text(name)?)));
    let documents = ["DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "ReplayPolicy"]
        .into_iter()
        .filter_map(|name| Some((SmolStr::new_static(name), p.document(name)?)));
    plain.chain(documents).collect()
}

impl Provider for Subscription {
    fn type_name(&self) -> &'static str {
        "AWS::SNS::Subscription"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let made = cx.call::<ops::Subscribe>(SubscribeInput {
            topic_arn: p.text_or_empty("TopicArn"),
            protocol: p.text_or_empty("Protocol"),
            endpoint: p.text("Endpoint"),
            attributes: Some(attributes(p)),
            return_subscription_arn: Some(true),
        })?;
        Ok(made.subscription_arn.unwrap_or_default())
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let (before, after) = (attributes(old), attributes(new));
        let default = |name: &SmolStr| match name.as_str() {
            "RawMessageDelivery" => SmolStr::new_static("false"),
            "FilterPolicyScope" => SmolStr::new_static("MessageAttributes"),
            _ => SmolStr::default(),
        };
        let cleared = before
            .iter()
            .filter(|(name, _)| !after.iter().any(|(n, _)| n == name))
            .map(|(name, _)| (name.clone(), default(name)));
        let changed = after.iter().filter(|pair| !before.contains(pair)).cloned();
        for (attribute_name, value) in changed.chain(cleared).collect::<Vec<_>>() {
            cx.call::<ops::SetSubscriptionAttributes>(SetSubscriptionAttributesInput {
                subscription_arn: id.into(),
                attribute_name,
                attribute_value: Some(value),
            })?;
        }
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::Unsubscribe>(UnsubscribeInput { subscription_arn: id.into() })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "Arn").then(|| json!(id)))
    }
}
