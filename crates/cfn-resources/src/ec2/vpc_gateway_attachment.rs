//! `AWS::EC2::VPCGatewayAttachment`: an internet gateway attached to a VPC.

use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct VpcGatewayAttachment;

fn attach(cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
    if p.has("VpnGatewayId") {
        return Err(ApiError::not_implemented(
            "the property VpnGatewayId of AWS::EC2::VPCGatewayAttachment",
        ));
    }
    let vpc_id = p.text_or_empty("VpcId");
    cx.call::<ops::AttachInternetGateway>(ec2::AttachInternetGatewayRequest {
        internet_gateway_id: p.text_or_empty("InternetGatewayId"),
        vpc_id: vpc_id.clone(),
        dry_run: None,
    })?;
    Ok(format_smolstr!("IGW|{vpc_id}"))
}

fn detach(cx: &mut Context<'_>, p: &Properties) -> Result<(), ApiError> {
    cx.call::<ops::DetachInternetGateway>(ec2::DetachInternetGatewayRequest {
        internet_gateway_id: p.text_or_empty("InternetGatewayId"),
        vpc_id: p.text_or_empty("VpcId"),
        dry_run: None,
    })
}

impl Provider for VpcGatewayAttachment {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::VPCGatewayAttachment"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        attach(cx, p)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        detach(cx, old)?;
        attach(cx, new).map(|_| ())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        detach(cx, p)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        _: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "AttachmentType").then(|| json!("IGW")))
    }
}
