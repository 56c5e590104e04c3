//! `AWS::SNS::TopicPolicy`: the `Policy` attribute of topics that are there already.

use crate::{Context, Deletion, Properties, Provider};
use api::sns::{SetTopicAttributesInput, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct TopicPolicy;

fn put(cx: &mut Context<'_>, topics: &[SmolStr], policy: &SmolStr) -> Result<(), ApiError> {
    for topic_arn in topics {
        cx.call::<ops::SetTopicAttributes>(SetTopicAttributesInput {
            topic_arn: topic_arn.clone(),
            attribute_name: "Policy".into(),
            attribute_value: Some(policy.clone()),
        })?;
    }
    Ok(())
}

fn topics(p: &Properties) -> Vec<SmolStr> {
    p.texts("Topics").unwrap_or_default()
}

/// Gives topics that are still there their default policy back.
fn clear(cx: &mut Context<'_>, topics: &[SmolStr]) -> Result<(), ApiError> {
    for arn in topics {
        match put(cx, std::slice::from_ref(arn), &SmolStr::default()) {
            Err(error) if error.code != "NotFound" => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl Provider for TopicPolicy {
    fn type_name(&self) -> &'static str {
        "AWS::SNS::TopicPolicy"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        put(cx, &topics(p), &p.document("PolicyDocument").unwrap_or_default())?;
        Ok(cx.mixed_name(128))
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let kept = topics(new);
        let gone: Vec<SmolStr> = topics(old).into_iter().filter(|arn| !kept.contains(arn)).collect();
        clear(cx, &gone)?;
        put(cx, &kept, &new.document("PolicyDocument").unwrap_or_default())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        clear(cx, &topics(p))?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "Id").then(|| json!(id)))
    }
}
