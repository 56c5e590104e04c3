//! Amazon Simple Queue Service.
//!
//! Queues and their messages; what is visible follows from the clock, so nothing ticks. A
//! ReceiveMessage that finds nothing and may wait says so, and the shell holds its answer until a
//! message is there or the time is up (on a clock that stands still: as long by the wall). Queue
//! policies are kept, not enforced; message move tasks and permissions by AddPermission are not
//! built.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html>

mod attribute_digest;
mod batch;
mod errors;
mod names;

kernel::resources! {
    attributes,
    delete,
    messages,
    queues,
    receive,
    send,
    tags,
    visibility,
}

pub(crate) fn service() -> kernel::Service {
    kernel::Service { name: "sqs", resources: RESOURCES, genesis: None }
}
