//! Who asks, and where.

use smol_str::{SmolStr, format_smolstr};

/// The account and region a call is for, and who makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: SmolStr,
    /// The region of the signing scope, such as `us-west-1`.
    pub region: SmolStr,
    /// The access key the request was signed with; empty for calls from inside.
    pub access_key: SmolStr,
    /// The id of the request that all of this is for.
    pub request_id: SmolStr,
    /// The service that makes this call on somebody's behalf, such as `autoscaling`; none for a
    /// client's own call.
    pub invoked_by: Option<&'static str>,
}

impl Caller {
    /// A client of this account in this region.
    pub fn new(account: impl Into<SmolStr>, region: impl Into<SmolStr>) -> Self {
        Self {
            account: account.into(),
            region: region.into(),
            access_key: SmolStr::default(),
            request_id: SmolStr::default(),
            invoked_by: None,
        }
    }

    /// The same place, but the call is made by a service.
    pub fn via(&self, service: &'static str) -> Self {
        Self { invoked_by: Some(service), ..self.clone() }
    }

    /// The ARN of a regional resource: `arn:aws:<service>:<region>:<account>:<resource>`.
    pub fn arn(&self, service: &str, resource: impl std::fmt::Display) -> SmolStr {
        let partition = crate::partition_of(&self.region);
        format_smolstr!("arn:{partition}:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The ARN of a resource that has no region: IAM's, S3's.
    pub fn global_arn(&self, service: &str, resource: impl std::fmt::Display) -> SmolStr {
        let partition = crate::partition_of(&self.region);
        format_smolstr!("arn:{partition}:{service}::{}:{resource}", self.account)
    }
}
