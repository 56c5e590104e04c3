//! What simulated instances have to do, and the metrics that come of it.

kernel::resources! {}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "load", resources: RESOURCES, genesis: None }
}
