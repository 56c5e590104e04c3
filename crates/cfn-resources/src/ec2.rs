//! `AWS::EC2::…`

mod tagging;

crate::resource_types! {
    vpc::Vpc,
}
