//! Elastic Load Balancing as it was first: Classic Load Balancers.
//!
//! Load balancers and how their instances fare, with the health checks' timing. Instances are
//! EC2's and asked for through its operations; certificates are taken by the form of their ARN.
//! <https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/>

mod errors;
mod network;

kernel::resources! {
    limits,
    listeners,
    load_balancers,
    placement,
    policies,
    registrations,
    settings,
    tags,
}

/// How EC2 sees this service's calls.
const PRINCIPAL: &str = "elasticloadbalancing";

pub(crate) fn service() -> kernel::Service {
    kernel::Service { name: "elb", resources: RESOURCES, genesis: None }
}
