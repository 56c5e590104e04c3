//! AWS Systems Manager, of which this is the parameter store.
//!
//! Parameters have versions, labels and tags; AWS's public parameters come from the catalogue.
//! Values of secure strings are shown only to those who ask for decryption. Parameter policies
//! (expiration and notifications) are refused, not pretended.
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html>

mod errors;
mod filters;
mod names;
mod public;

kernel::resources! {
    delete,
    describe,
    get,
    history,
    parameters,
    tags,
}

pub(crate) fn service() -> kernel::Service {
    kernel::Service { name: "ssm", resources: RESOURCES, genesis: None }
}
