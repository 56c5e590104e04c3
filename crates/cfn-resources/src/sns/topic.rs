//! `AWS::SNS::Topic`

use crate::{Context, Deletion, Properties, Provider, TagChanges};
use api::sns::{self, Tag, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct Topic;

/// Properties that are attributes of the same name.
const ATTRIBUTES: [&str; 6] = [
    "DisplayName",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
    "ContentBasedDeduplication",
    "FifoThroughputScope",
];

fn attributes(p: &Properties) -> Vec<(SmolStr, SmolStr)> {
    let mut attributes: Vec<(SmolStr, SmolStr)> = ATTRIBUTES
        .iter()
        .filter_map(|name| Some((SmolStr::new_static(name), p.text(name)?)))
        .collect();
    if p.boolean("FifoTopic") == Some(true) {
        attributes.push(("FifoTopic".into(), "true".into()));
    }
    if let Some(policy) = p.document("ArchivePolicy") {
        attributes.push(("ArchivePolicy".into(), policy));
    }
    attributes
}

fn tag((key, value): (SmolStr, SmolStr)) -> Tag {
    Tag { key, value }
}

fn subscribe(cx: &mut Context<'_>, arn: &str, p: &Properties) -> Result<(), ApiError> {
    for subscription in p.structures("Subscription") {
        cx.call::<ops::Subscribe>(sns::SubscribeInput {
            topic_arn: arn.into(),
            protocol: subscription.text_or_empty("Protocol"),
            endpoint: subscription.text("Endpoint"),
            ..Default::default()
        })?;
    }
    Ok(())
}

impl Provider for Topic {
    fn type_name(&self) -> &'static str {
        "AWS::SNS::Topic"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("TopicName") {
            Some(name) => name,
            None if p.boolean("FifoTopic") == Some(true) => {
                format_smolstr!("{}.fifo", cx.mixed_name(251))
            }
            None => cx.mixed_name(256),
        };
        let tags = cx.tags(p).into_iter().map(tag).collect();
        let made = cx.call::<ops::CreateTopic>(sns::CreateTopicInput {
            name,
            attributes: Some(attributes(p)),
            tags: Some(tags),
            data_protection_policy: p.document("DataProtectionPolicy"),
        })?;
        let arn = made.topic_arn.unwrap_or_default();
        subscribe(cx, &arn, p)?;
        Ok(arn)
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
            .map(|(name, _)| (name.clone(), SmolStr::default()));
        let changed = after.iter().filter(|pair| !before.contains(pair)).cloned();
        for (name, value) in changed.chain(cleared).collect::<Vec<_>>() {
            cx.call::<ops::SetTopicAttributes>(sns::SetTopicAttributesInput {
                topic_arn: id.into(),
                attribute_name: name,
                attribute_value: Some(value),
            })?;
        }
        if !old.same(new, "Subscription") {
            subscribe(cx, id, new)?;
        }
        let TagChanges { wanted, gone } = cx.tag_changes(old, new);
        let tags = wanted.into_iter().map(tag).collect();
        if !gone.is_empty() {
            let input = sns::UntagResourceRequest { resource_arn: id.into(), tag_keys: gone };
            cx.call::<ops::UntagResource>(input)?;
        }
        cx.call::<ops::TagResource>(sns::TagResourceRequest { resource_arn: id.into(), tags })?;
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeleteTopic>(sns::DeleteTopicInput { topic_arn: id.into() })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok(match name {
            "TopicArn" => Some(json!(id)),
            "TopicName" => id.rsplit(':').next().map(|name| json!(name)),
            _ => None,
        })
    }
}
