//! `AWS::CloudWatch::…`

mod tagging;

crate::resource_types! {
    alarm::Alarm,
    composite_alarm::CompositeAlarm,
    dashboard::Dashboard,
}
