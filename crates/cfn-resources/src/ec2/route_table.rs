//! `AWS::EC2::RouteTable`

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct RouteTable;

impl Provider for RouteTable {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::RouteTable"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let input = ec2::CreateRouteTableRequest {
            vpc_id: p.text_or_empty("VpcId"),
            tag_specifications: tagging::specification(cx, "route-table", p),
            ..Default::default()
        };
        let made = cx.call::<ops::CreateRouteTable>(input)?;
        Ok(made.route_table.and_then(|t| t.route_table_id).unwrap_or_default())
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
        let input = ec2::DeleteRouteTableRequest { route_table_id: id.into(), dry_run: None };
        cx.call::<ops::DeleteRouteTable>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "RouteTableId").then(|| json!(id)))
    }
}
