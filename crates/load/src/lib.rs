//! What simulated instances have to do, and the metrics that come of it.
//!
//! A user gives instances, groups or target groups a load (`settings`): a CPU utilization or a
//! demand in requests per second that the instances in service share. `history` remembers how
//! many those were; from both, `sources` computes AWS/EC2, AWS/ApplicationELB and
//! AWS/AutoScaling metrics when somebody looks. Nothing ticks.
//!
//! Groups and target groups are looked at when they change, through other services' controls.

mod errors;
mod model;
mod shape;

kernel::resources! {
    checks,
    history,
    settings,
    sources,
}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "load", resources: RESOURCES, genesis: None }
}
