//! What the AWS CDK leaves in its templates.

crate::resource_types! {
    metadata::Metadata,
}
