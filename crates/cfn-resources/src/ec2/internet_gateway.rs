//! `AWS::EC2::InternetGateway`

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct InternetGateway;

impl Provider for InternetGateway {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::InternetGateway"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let tag_specifications = tagging::specification(cx, "internet-gateway", p);
        let input = ec2::CreateInternetGatewayRequest { tag_specifications, dry_run: None };
        let made = cx.call::<ops::CreateInternetGateway>(input)?;
        Ok(made.internet_gateway.and_then(|g| g.internet_gateway_id).unwrap_or_default())
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input =
            ec2::DeleteInternetGatewayRequest { internet_gateway_id: id.into(), dry_run: None };
        cx.call::<ops::DeleteInternetGateway>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "InternetGatewayId").then(|| json!(id)))
    }
}
