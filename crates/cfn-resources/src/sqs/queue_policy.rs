//! `AWS::SQS::QueuePolicy`: the `Policy` attribute of queues that are there already.

use crate::{Context, Deletion, Properties, Provider};
use api::sqs::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct QueuePolicy;

fn put(cx: &mut Context<'_>, queues: &[SmolStr], policy: &SmolStr) -> Result<(), ApiError> {
    for url in queues {
        cx.call::<ops::SetQueueAttributes>(sqs::SetQueueAttributesRequest {
            queue_url: url.clone(),
            attributes: vec![("Policy".into(), policy.clone())],
        })?;
    }
    Ok(())
}

fn queues(p: &Properties) -> Vec<SmolStr> {
    p.texts("Queues").unwrap_or_default()
}

/// Takes the policy away from queues that are still there.
fn clear(cx: &mut Context<'_>, queues: &[SmolStr]) -> Result<(), ApiError> {
    for url in queues {
        match put(cx, std::slice::from_ref(url), &SmolStr::default()) {
            Err(error) if error.code != "QueueDoesNotExist" => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl Provider for QueuePolicy {
    fn type_name(&self) -> &'static str {
        "AWS::SQS::QueuePolicy"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        put(cx, &queues(p), &p.document("PolicyDocument").unwrap_or_default())?;
        Ok(cx.mixed_name(128))
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let kept = queues(new);
        let gone: Vec<SmolStr> = queues(old).into_iter().filter(|url| !kept.contains(url)).collect();
        clear(cx, &gone)?;
        put(cx, &kept, &new.document("PolicyDocument").unwrap_or_default())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        clear(cx, &queues(p))?;
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
