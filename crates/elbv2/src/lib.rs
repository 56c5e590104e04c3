//! Elastic Load Balancing: load balancers, target groups, listeners, rules, and the health of targets.

kernel::resources! {}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "elbv2", resources: RESOURCES, genesis: None }
}
