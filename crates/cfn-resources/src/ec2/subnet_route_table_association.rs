//! `AWS::EC2::SubnetRouteTableAssociation`

use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct SubnetRouteTableAssociation;

impl Provider for SubnetRouteTableAssociation {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::SubnetRouteTableAssociation"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let made = cx.call::<ops::AssociateRouteTable>(ec2::AssociateRouteTableRequest {
            subnet_id: p.text("SubnetId"),
            route_table_id: p.text_or_empty("RouteTableId"),
            ..Default::default()
        })?;
        Ok(made.association_id.unwrap_or_default())
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

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input =
            ec2::DisassociateRouteTableRequest { association_id: id.into(), dry_run: None };
        cx.call::<ops::DisassociateRouteTable>(input)?;
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
