//! `AWS::SNS::…`

crate::resource_types! {
    topic::Topic,
}
