//! Elastic Load Balancing: load balancers, target groups, listeners, rules, and the health of targets.
//!
//! Operations change what is configured; `targets::health` is the one place that says how a target
//! fares, and looks again when something that its answer rests on has changed. Subnets, groups and
//! instances are EC2's and asked for through its operations (`network`).
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/>

mod actions;
mod attributes;
mod conditions;
mod errors;
mod names;
mod network;

kernel::resources! {
    doors,
    limits,
    listeners,
    load_balancers,
    rules,
    serving,
    ssl_policies,
    tags,
    target_groups,
    targets,
}

/// How EC2 sees this service's calls.
const PRINCIPAL: &str = "elasticloadbalancing";

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "elbv2", resources: RESOURCES, genesis: None }
}
