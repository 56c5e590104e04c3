//! `AWS::SQS::Queue`: its physical id is its URL.

use crate::{Context, Deletion, Properties, Provider, TagChanges};
use api::sqs::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct Queue;

/// Properties that are attributes of the same name.
const ATTRIBUTES: [&str; 12] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
    "FifoQueue",
];

fn attributes(p: &Properties) -> Vec<(SmolStr, SmolStr)> {
    let plain = ATTRIBUTES.iter().filter_map(|name| Some((SmolStr::new_static(name), p.text(name)?)));
    let documents = ["RedriveAllowPolicy", "RedrivePolicy"]
        .into_iter()
        .filter_map(|name| Some((SmolStr::new_static(name), p.document(name)?)));
    // A queue that is not FIFO does not know the attribute.
    plain.chain(documents).filter(|(name, value)| name != "FifoQueue" || value == "true").collect()
}

/// What an attribute goes back to when its property is taken away.
fn default_of(name: &str) -> SmolStr {
    SmolStr::new_static(match name {
        "ContentBasedDeduplication" => "false",
        "DelaySeconds" | "ReceiveMessageWaitTimeSeconds" => "0",
        "MaximumMessageSize" => "1048576",
        "MessageRetentionPeriod" => "345600",
        "SqsManagedSseEnabled" => "true",
        "VisibilityTimeout" => "30",
        _ => "",
    })
}

fn arn(cx: &mut Context<'_>, url: &str) -> Result<Option<SmolStr>, ApiError> {
    let input = sqs::GetQueueAttributesRequest {
        queue_url: url.into(),
        attribute_names: Some(vec!["QueueArn".into()]),
    };
    let found = cx.call::<ops::GetQueueAttributes>(input)?.attributes.unwrap_or_default();
    Ok(found.into_iter().next().map(|(_, arn)| arn))
}

impl Provider for Queue {
    fn type_name(&self) -> &'static str {
        "AWS::SQS::Queue"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let queue_name = match p.text("QueueName") {
            Some(name) => name,
            None if p.boolean("FifoQueue") == Some(true) => {
                format_smolstr!("{}.fifo", cx.mixed_name(75))
            }
            None => cx.mixed_name(80),
        };
        let made = cx.call::<ops::CreateQueue>(sqs::CreateQueueRequest {
            queue_name,
            attributes: Some(attributes(p)),
            tags: Some(cx.tags(p)),
        })?;
        Ok(made.queue_url.unwrap_or_default())
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let (before, after) = (attributes(old), attributes(new));
        let cleared = before
            .iter()
            .filter(|(name, _)| !after.iter().any(|(n, _)| n == name))
            .map(|(name, _)| (name.clone(), default_of(name)));
        let changed = after.iter().filter(|pair| !before.contains(pair)).cloned();
        let attributes: Vec<_> = changed.chain(cleared).collect();
        if !attributes.is_empty() {
            let input = sqs::SetQueueAttributesRequest { queue_url: id.into(), attributes };
            cx.call::<ops::SetQueueAttributes>(input)?;
        }
        let TagChanges { wanted, gone } = cx.tag_changes(old, new);
        if !gone.is_empty() {
            let input = sqs::UntagQueueRequest { queue_url: id.into(), tag_keys: gone };
            cx.call::<ops::UntagQueue>(input)?;
        }
        cx.call::<ops::TagQueue>(sqs::TagQueueRequest { queue_url: id.into(), tags: wanted })
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        match cx.call::<ops::DeleteQueue>(sqs::DeleteQueueRequest { queue_url: id.into() }) {
            Err(error) if error.code != "QueueDoesNotExist" => Err(error),
            _ => Ok(Deletion::Done),
        }
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok(match name {
            "Arn" => arn(cx, id)?.map(|arn| json!(arn.as_str())),
            "QueueName" => id.rsplit('/').next().map(|name| json!(name)),
            "QueueUrl" => Some(json!(id)),
            _ => None,
        })
    }
}
