//! Policies that are an attribute of resources which are there already: `AWS::SNS::TopicPolicy` and
//! `AWS::SQS::QueuePolicy`.

use crate::{Context, Deletion, Properties, Provider};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// How one type attaches its policies.
pub(crate) struct AttachedPolicy {
    pub(crate) type_name: &'static str,
    /// The property that lists what has the policy.
    pub(crate) holders: &'static str,
    /// The error's code when a holder is not there.
    pub(crate) gone: &'static str,
    /// Gives a holder a policy; an empty one takes it away.
    pub(crate) set: fn(&mut Context<'_>, SmolStr, SmolStr) -> Result<(), ApiError>,
}

impl AttachedPolicy {
    fn holders(&self, p: &Properties) -> Vec<SmolStr> {
        p.texts(self.holders).unwrap_or_default()
    }

    fn put(&self, cx: &mut Context<'_>, p: &Properties) -> Result<(), ApiError> {
        let policy = p.document("PolicyDocument").unwrap_or_default();
        let mut holders = self.holders(p).into_iter();
        holders.try_for_each(|holder| (self.set)(cx, holder, policy.clone()))
    }

    /// Takes the policy away from holders that are still there.
    fn clear(&self, cx: &mut Context<'_>, holders: Vec<SmolStr>) -> Result<(), ApiError> {
        for holder in holders {
            match (self.set)(cx, holder, SmolStr::default()) {
                Err(error) if error.code != self.gone => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Provider for AttachedPolicy {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        self.put(cx, p)?;
        Ok(cx.mixed_name(128))
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let kept = self.holders(new);
        let gone = self.holders(old).into_iter().filter(|holder| !kept.contains(holder));
        self.clear(cx, gone.collect())?;
        self.put(cx, new)
    }

    fn delete(&self, cx: &mut Context<'_>, _: &str, p: &Properties) -> Result<Deletion, ApiError> {
        self.clear(cx, self.holders(p))?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "Id").then(|| json!(id)))
    }
}
