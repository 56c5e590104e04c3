//! Scenarios of load on a whole cloud: what instances do shows in metrics, moves alarms, and
//! changes groups, which changes what instances do.

mod closed_loop;
mod harness;
mod metrics;
