//! Amazon CloudWatch: metrics, metric math, alarms and dashboards.

kernel::resources! {}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "cloudwatch", resources: RESOURCES, genesis: None }
}
