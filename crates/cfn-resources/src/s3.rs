//! `AWS::S3::…`

crate::resource_types! {
    bucket::Bucket,
}
