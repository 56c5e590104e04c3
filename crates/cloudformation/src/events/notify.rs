//! Stack events as messages to the topics of a stack's `NotificationARNs`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-add-tags.html>

use super::Happening;
use crate::stacks::Stack;
use api::sns;
use kernel::{Caller, Timestamp, Tx};

/// Publishes an event. A topic that takes none is no reason for a stack to fail.
pub(super) fn topics(tx: &mut Tx, stack: &Stack, at: Timestamp, id: &str, what: &Happening<'_>) {
    let caller = Caller::new(tx.account().clone(), tx.region().clone()).via("cloudformation");
    let quoted = |text: Option<&str>| text.map_or("null".to_owned(), str::to_owned);
    let message = format!(
        "StackId='{}'\nTimestamp='{}'\nEventId='{id}'\nLogicalResourceId='{}'\nNamespace='{}'\n\
         PhysicalResourceId='{}'\nPrincipalId='{}'\nResourceProperties='{}'\n\
         ResourceStatus='{}'\nResourceStatusReason='{}'\nResourceType='{}'\nStackName='{}'\n\
         ClientRequestToken='{}'\n",
        stack.id,
        at.iso_millis(),
        what.logical_id,
        caller.account,
        what.physical_id,
        caller.account,
        quoted(what.properties.as_deref()),
        what.status.name(),
        what.reason,
        what.resource_type,
        stack.name,
        quoted(stack.token.as_deref()),
    );
    for topic in &stack.notification_arns {
        let input = sns::PublishInput {
            topic_arn: Some(topic.clone()),
            subject: Some("AWS CloudFormation Notification".into()),
            message: message.as_str().into(),
            ..Default::default()
        };
        let _ = tx.call::<sns::ops::Publish>(&caller, input);
    }
}
