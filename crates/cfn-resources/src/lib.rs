//! CloudFormation's resource types, one file each: how a resource is made, looked at, changed and
//! removed by calling the owning service as any client would.
//!
//! A provider never waits and never loops: the engine asks again. What a property is called,
//! which are required, which replace the resource, which attributes there are: all that comes
//! from the registry's schemas (crate `cfn-template`), not from here.

mod attached_policy;
mod autoscaling;
mod cloudformation;
mod cloudwatch;
mod context;
mod ec2;
mod elasticloadbalancing;
mod elasticloadbalancingv2;
mod iam;
mod properties;
mod provider;
mod s3;
mod sns;
mod sqs;
mod ssm;

pub use context::{Context, MAX_DEPTH, StackFacts, TagChanges};
pub use properties::Properties;
pub use provider::{Deletion, Provider, Readiness};

/// Lists the providers; a new type is one more line in one of the lists.
static PROVIDERS: &[&[&dyn Provider]] = &[
    autoscaling::TYPES,
    cloudformation::TYPES,
    cloudwatch::TYPES,
    ec2::TYPES,
    elasticloadbalancing::TYPES,
    elasticloadbalancingv2::TYPES,
    iam::TYPES,
    s3::TYPES,
    sns::TYPES,
    sqs::TYPES,
    ssm::TYPES,
];

/// The provider of a type, if lowcloud has it.
pub fn provider(type_name: &str) -> Option<&'static dyn Provider> {
    providers().find(|provider| provider.type_name() == type_name)
}

/// All providers.
pub fn providers() -> impl Iterator<Item = &'static dyn Provider> {
    PROVIDERS.iter().flat_map(|list| list.iter()).copied()
}

/// Declares the types of one service: each line is a file and the provider in it.
#[macro_export]
#[doc(hidden)]
macro_rules! resource_types {
    ($($module:ident::$provider:ident $(+ $more:ident)*),* $(,)?) => {
        $(mod $module;)*
        pub(crate) static TYPES: &[&dyn $crate::Provider] =
            &[$(&$module::$provider, $(&$module::$more,)*)*];
    };
}
