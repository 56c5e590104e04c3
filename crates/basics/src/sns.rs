//! Amazon Simple Notification Service: topics and who is subscribed to them.
//!
//! Topics and subscriptions are kept and described; nothing is published, and a subscription
//! that needs its endpoint's confirmation waits for it.
//! <https://docs.aws.amazon.com/sns/latest/api/welcome.html>

mod arns;
mod attributes;
mod errors;

kernel::resources! {
    subscription_attributes,
    subscriptions,
    tags,
    topics,
}

pub(crate) fn service() -> kernel::Service {
    kernel::Service { name: "sns", resources: RESOURCES, genesis: None }
}
