//! Scenarios of CloudWatch: typed calls on a manual clock.

mod actions;
mod alarms;
mod composites;
mod dashboards;
mod harness;
mod math;
mod metric_data;
mod source;
