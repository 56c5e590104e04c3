//! Amazon Simple Notification Service: topics and who is subscribed to them.
//!
//! Messages go to queues in the same transaction; mail and telephone messages are kept in an outbox
//! to be looked at, and web endpoints are called by the shell. A subscription that needs its
//! endpoint's confirmation waits for it.
//! <https://docs.aws.amazon.com/sns/latest/api/welcome.html>

mod arns;
mod attributes;
mod deliver;
mod errors;
mod filter;
mod message;
mod to_queue;

kernel::resources! {
    confirmation,
    outbox,
    publish,
    subscription_attributes,
    subscriptions,
    tags,
    topics,
}

pub(crate) fn service() -> kernel::Service {
    kernel::Service { name: "sns", resources: RESOURCES, genesis: None }
}
