//! Types of AWS CloudFormation itself.

crate::resource_types! {
    wait_condition::WaitCondition,
    wait_condition_handle::WaitConditionHandle,
}
