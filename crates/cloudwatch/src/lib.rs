//! Amazon CloudWatch: metrics, metric math, alarms and dashboards.

mod errors;
mod get_metric_data;
mod get_metric_statistics;
mod labels;
mod math;
mod numbers;
mod queries;
mod statistics;

kernel::resources! {
    alarms,
    dashboards,
    metric_data,
    tags,
    widgets,
}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "cloudwatch", resources: RESOURCES, genesis: None }
}
