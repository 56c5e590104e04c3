//! `AWS::EC2::LaunchTemplate`
//!
//! A change of its data makes a new version; the default version stays the first. A template
//! without a name gets `<logical id>_<12 letters and digits>`.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, ops};
use kernel::{ApiError, from_document};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct LaunchTemplate;

fn find(cx: &mut Context<'_>, id: &str) -> Result<ec2::LaunchTemplate, ApiError> {
    let input = ec2::DescribeLaunchTemplatesRequest {
        launch_template_ids: Some(vec![id.into()]),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeLaunchTemplates>(input)?;
    Ok(found.launch_templates.and_then(|t| t.into_iter().next()).unwrap_or_default())
}

/// The data as the API's shape: its members have the same names.
fn data(p: &Properties) -> ec2::RequestLaunchTemplateData {
    from_document(p.json().get("LaunchTemplateData").unwrap_or(&Value::Null))
}

/// The tags of the template itself, as a `Tags` property.
fn own_tags(p: &Properties) -> Properties {
    let specifications = p.structures("TagSpecifications").into_iter();
    let own = specifications
        .filter(|s| s.text_or_empty("ResourceType") == "launch-template")
        .flat_map(|s| s.structures("Tags"))
        .map(|tag| tag.json().clone());
    json!({ "Tags": own.collect::<Vec<_>>() }).into()
}

fn generated_name(cx: &mut Context<'_>) -> SmolStr {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let suffix = cx.tx.random().text(alphabet, 12);
    let logical = cx.logical_id;
    format_smolstr!("{}_{suffix}", logical.get(..logical.len().min(115)).unwrap_or(logical))
}

impl Provider for LaunchTemplate {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::LaunchTemplate"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let launch_template_name = match p.text("LaunchTemplateName") {
            Some(name) => name,
            None => generated_name(cx),
        };
        let input = ec2::CreateLaunchTemplateRequest {
            launch_template_name,
            version_description: p.text("VersionDescription"),
            launch_template_data: data(p),
            tag_specifications: tagging::specification(cx, "launch-template", &own_tags(p)),
            ..Default::default()
        };
        let made = cx.call::<ops::CreateLaunchTemplate>(input)?;
        Ok(made.launch_template.and_then(|t| t.launch_template_id).unwrap_or_default())
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        if !old.same(new, "LaunchTemplateData") || !old.same(new, "VersionDescription") {
            let input = ec2::CreateLaunchTemplateVersionRequest {
                launch_template_id: Some(id.into()),
                version_description: new.text("VersionDescription"),
                launch_template_data: data(new),
                ..Default::default()
            };
            cx.call::<ops::CreateLaunchTemplateVersion>(input)?;
        }
        tagging::update(cx, id, &own_tags(old), &own_tags(new))
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = ec2::DeleteLaunchTemplateRequest {
            launch_template_id: Some(id.into()),
            ..Default::default()
        };
        cx.call::<ops::DeleteLaunchTemplate>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let template = find(cx, id)?;
        let number = |number: Option<i64>| number.map(|number| json!(number.to_string()));
        Ok(match name {
            "LaunchTemplateId" => Some(json!(id)),
            "LatestVersionNumber" => number(template.latest_version_number),
            "DefaultVersionNumber" => number(template.default_version_number),
            _ => None,
        })
    }
}
