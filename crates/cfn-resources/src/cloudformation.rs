//! Types of AWS CloudFormation itself.

crate::resource_types! {
    stack::Stack,
    wait_condition::WaitCondition,
    wait_condition_handle::WaitConditionHandle,
}
