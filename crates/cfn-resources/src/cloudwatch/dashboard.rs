//! `AWS::CloudWatch::Dashboard`: its physical id is its name. It has no attributes.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::cloudwatch::{DeleteDashboardsInput, PutDashboardInput, Tag, ops};
use kernel::ApiError;
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct Dashboard;

fn put(
    cx: &mut Context<'_>,
    dashboard_name: SmolStr,
    p: &Properties,
    tags: Option<Vec<Tag>>,
) -> Result<(), ApiError> {
    let dashboard_body = p.document("DashboardBody").unwrap_or_default();
    cx.call::<ops::PutDashboard>(PutDashboardInput { dashboard_name, dashboard_body, tags })?;
    Ok(())
}

impl Provider for Dashboard {
    fn type_name(&self) -> &'static str {
        "AWS::CloudWatch::Dashboard"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("DashboardName") {
            Some(name) => name,
            None => cx.mixed_name(255),
        };
        let tags = tagging::tags(cx, p);
        put(cx, name.clone(), p, tags)?;
        Ok(name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        put(cx, id.into(), new, None)?;
        let arn = cx.caller.global_arn("cloudwatch", format_smolstr!("dashboard/{id}"));
        tagging::update(cx, arn, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = DeleteDashboardsInput { dashboard_names: vec![id.into()] };
        cx.call::<ops::DeleteDashboards>(input)?;
        Ok(Deletion::Done)
    }
}
