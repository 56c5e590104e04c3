//! `AWS::SQS::…`

crate::resource_types! {
    queue::Queue,
    queue_policy::QUEUE_POLICY,
}
