//! `AWS::CloudFormation::WaitCondition`: holds a stack until signals have come. What it waits for
//! is the engine's business; here are its id and its data.

use crate::{Context, Deletion, Properties, Provider};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct WaitCondition;

impl Provider for WaitCondition {
    fn type_name(&self) -> &'static str {
        "AWS::CloudFormation::WaitCondition"
    }

    /// `<stack's ARN>/<the handle's logical id>`
    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let handle = p.text("Handle").unwrap_or_else(|| cx.logical_id.into());
        let path = handle.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        Ok(format_smolstr!("{}/{name}", cx.stack.id))
    }

    fn update(
        &self,
        _: &mut Context<'_>,
        _: &str,
        _: &Properties,
        _: &Properties,
    ) -> Result<(), ApiError> {
        let text = format!("Update to resource type {} is not supported.", self.type_name());
        Err(ApiError::new("ValidationError", text))
    }

    fn delete(&self, _: &mut Context<'_>, _: &str, _: &Properties) -> Result<Deletion, ApiError> {
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        if name != "Data" {
            return Ok(None);
        }
        let handle = id.rsplit('/').next().unwrap_or_default();
        let request = json!({ "stack": cx.stack.id, "handle": handle });
        cx.tx.control(cx.caller, "cloudformation.wait-data", &request).map(Some)
    }
}
