//! `AWS::SQS::QueuePolicy`: the `Policy` attribute of queues that are there already.

use crate::attached_policy::AttachedPolicy;
use api::sqs::{SetQueueAttributesRequest, ops};

/// The type.
pub(crate) static QUEUE_POLICY: AttachedPolicy = AttachedPolicy {
    type_name: "AWS::SQS::QueuePolicy",
    holders: "Queues",
    gone: "QueueDoesNotExist",
    set: |cx, queue_url, policy| {
        cx.call::<ops::SetQueueAttributes>(SetQueueAttributesRequest {
            queue_url,
            attributes: vec![("Policy".into(), policy)],
        })
    },
};
