//! `AWS::CloudFormation::WaitConditionHandle`: a URL to which signals are PUT.
//!
//! AWS's is a presigned URL of a bucket; lowcloud's leads to lowcloud and has the same path.

use crate::{Context, Deletion, Properties, Provider};
use kernel::ApiError;
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct WaitConditionHandle;

/// Colons and slashes of an ARN, as they stand in one segment of a path.
fn escaped(arn: &str) -> String {
    arn.replace(':', "%3A").replace('/', "%2F")
}

impl Provider for WaitConditionHandle {
    fn type_name(&self) -> &'static str {
        "AWS::CloudFormation::WaitConditionHandle"
    }

    fn create(&self, cx: &mut Context<'_>, _: &Properties) -> Result<SmolStr, ApiError> {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let signature = cx.tx.random().text(alphabet, 28);
        Ok(format_smolstr!(
            "{}/_lowcloud/cloudformation-waitcondition-{}/{}/{}?Signature={signature}",
            cx.tx.settings().endpoint,
            cx.caller.region,
            escaped(&cx.stack.id),
            cx.logical_id
        ))
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
