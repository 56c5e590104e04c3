//! `AWS::SNS::…`

crate::resource_types! {
    subscription::Subscription,
    topic::Topic,
    topic_policy::TOPIC_POLICY,
}
