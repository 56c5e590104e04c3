//! `AWS::SNS::TopicPolicy`: the `Policy` attribute of topics that are there already. Without one a
//! topic has its default policy back.

use crate::attached_policy::AttachedPolicy;
use api::sns::{SetTopicAttributesInput, ops};

/// The type.
pub(crate) static TOPIC_POLICY: AttachedPolicy = AttachedPolicy {
    type_name: "AWS::SNS::TopicPolicy",
    holders: "Topics",
    gone: "NotFound",
    set: |cx, topic_arn, policy| {
        cx.call::<ops::SetTopicAttributes>(SetTopicAttributesInput {
            topic_arn,
            attribute_name: "Policy".into(),
            attribute_value: Some(policy),
        })
    },
};
