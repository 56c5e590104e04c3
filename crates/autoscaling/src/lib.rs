//! Amazon EC2 Auto Scaling.
//!
//! Operations change what a group *should* be; `reconcile` compares that with what it *is* and
//! decides, purely; `driver` carries the decisions out by calling EC2 as any client would. What a
//! group did, and why, is told by its `activities`.

mod activities;
mod causes;
mod driver;
mod errors;
mod launch;
mod lifecycle;
mod members;
mod observe;
mod reconcile;
mod sources;
mod zonal_shift;

kernel::resources! {
    attachments,
    decisions,
    explain,
    groups,
    hooks,
    instances,
    launch_configurations,
    launches,
    limits,
    metrics,
    notifications,
    policies,
    processes,
    refresh,
    scaling_activities,
    schedules,
    sizes,
    tags,
    warm_pools,
}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "autoscaling", resources: RESOURCES, genesis: None }
}
