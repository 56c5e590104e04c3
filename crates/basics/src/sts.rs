//! AWS Security Token Service: who am I, and temporary credentials.
//!
//! Issued access keys name their account, as AWS's do ([`kernel::temporary_access_key`]), so that a later
//! request signed with one is taken for the right account before any row is read. Signatures and
//! session tokens are not verified.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>

mod errors;

kernel::resources! {
    identity,
    roles,
    sessions,
}

pub(crate) fn service() -> kernel::Service {
    kernel::Service { name: "sts", resources: RESOURCES, genesis: None }
}
