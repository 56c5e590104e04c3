//! What every resource type can do.

use crate::context::Context;
use crate::properties::Properties;
use kernel::ApiError;
use serde_json::Value;
use smol_str::SmolStr;

/// How a resource that was made or changed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It is as its template says.
    Ready,
    /// It is on its way; ask again.
    InProgress,
    /// It will never be, for this reason (the text of the event).
    Failed(String),
}

/// How a deletion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Done,
    /// It is on its way; call again.
    InProgress,
}

/// A resource as it really is, for drift detection.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// This type is not compared.
    Unsupported,
    /// It is not there any more.
    Gone,
    /// Its properties, as far as they are compared, in the form of a template.
    Values(Value),
}

/// A resource type. Errors are those of the service's operations; the engine words them as
/// CloudFormation does.
pub trait Provider: Sync {
    /// `AWS::EC2::VPC`
    fn type_name(&self) -> &'static str;

    /// Makes the resource and answers its physical id. Called once; a failed call leaves nothing.
    fn create(&self, cx: &mut Context<'_>, properties: &Properties) -> Result<SmolStr, ApiError>;

    /// Whether a resource that was made or changed is done.
    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        properties: &Properties,
    ) -> Result<Readiness, ApiError> {
        let _ = (cx, id, properties);
        Ok(Readiness::Ready)
    }

    /// Changes the resource in place. Never called with a change that replaces it.
    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError>;

    /// Removes the resource, or goes on removing it. A resource that is not there is `Done`.
    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        properties: &Properties,
    ) -> Result<Deletion, ApiError>;

    /// Keeps the resource's data before it is removed under the policy `Snapshot`. Types that have
    /// no snapshots do nothing.
    fn snapshot(&self, cx: &mut Context<'_>, id: &str) -> Result<(), ApiError> {
        let _ = (cx, id);
        Ok(())
    }

    /// What `Fn::GetAtt` gives; nothing if the type has no such attribute.
    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let _ = (cx, id, name);
        Ok(None)
    }

    /// How the resource really is, as far as the template says how it should be.
    fn live(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        properties: &Properties,
    ) -> Result<Live, ApiError> {
        let _ = (cx, id, properties);
        Ok(Live::Unsupported)
    }

    /// What `Ref` gives.
    fn reference(&self, id: &str) -> Value {
        Value::from(id)
    }

    /// Whether a change of a property that replaces the resource only sometimes does so now.
    fn replaces(&self, property: &str, old: &Properties, new: &Properties) -> bool {
        let _ = (property, old, new);
        false
    }
}
