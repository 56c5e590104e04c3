//! The neighbours of EC2 that templates and tools touch: Classic Load Balancers, STS, IAM, SSM's
//! parameter store and SNS.
//!
//! One module per service, one file below it per resource. Identities exist here, but nothing is
//! denied: policies are checked for their form, kept and shown.

mod digests;
mod elb;
mod iam;
mod sns;
mod ssm;
mod sts;

/// The services, for the wiring.
pub fn services() -> [kernel::Service; 5] {
    [elb::service(), iam::service(), sns::service(), ssm::service(), sts::service()]
}
