//! `AWS::SSM::…`

crate::resource_types! {
    parameter::Parameter,
}
