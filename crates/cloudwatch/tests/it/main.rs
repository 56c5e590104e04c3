//! Scenarios of CloudWatch: typed calls on a manual clock.

mod alarms;
mod harness;
mod metric_data;
