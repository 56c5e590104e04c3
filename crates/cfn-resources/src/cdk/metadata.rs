//! `AWS::CDK::Metadata`: a note of which constructs a template was made of. AWS counts them and
//! makes nothing.
//! <https://docs.aws.amazon.com/cdk/v2/guide/usage_data.html>

use crate::{Context, Deletion, Properties, Provider};
use kernel::ApiError;
use smol_str::SmolStr;

/// The type.
pub(crate) struct Metadata;

impl Provider for Metadata {
    fn type_name(&self) -> &'static str {
        "AWS::CDK::Metadata"
    }

    fn create(&self, cx: &mut Context<'_>, _: &Properties) -> Result<SmolStr, ApiError> {
        Ok(cx.tx.new_uuid())
    }

    fn update(
        &self,
        _: &mut Context<'_>,
        _: &str,
        _: &Properties,
        _: &Properties,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    fn delete(&self, _: &mut Context<'_>, _: &str, _: &Properties) -> Result<Deletion, ApiError> {
        Ok(Deletion::Done)
    }
}
