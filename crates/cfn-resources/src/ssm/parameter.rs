//! `AWS::SSM::Parameter`

use crate::{Context, Deletion, Live, Properties, Provider};
use api::ssm::{self, Tag, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct Parameter;

/// Tags come as a map, and without CloudFormation's own, as recorded.
fn tags(p: &Properties) -> Vec<Tag> {
    let map = p.structure("Tags");
    let members = map.as_ref().and_then(Properties::members).into_iter().flatten();
    members
        .map(|(key, value)| Tag {
            key: key.as_str().into(),
            value: value.as_str().unwrap_or_default().into(),
        })
        .collect()
}

fn request(name: SmolStr, p: &Properties) -> ssm::PutParameterRequest {
    ssm::PutParameterRequest {
        name,
        description: p.text("Description"),
        value: p.text_or_empty("Value"),
        r#type: p.text("Type"),
        allowed_pattern: p.text("AllowedPattern"),
        tier: p.text("Tier"),
        policies: p.text("Policies"),
        data_type: p.text("DataType"),
        ..Default::default()
    }
}

impl Provider for Parameter {
    fn type_name(&self) -> &'static str {
        "AWS::SSM::Parameter"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("Name") {
            Some(name) => name,
            None => {
                let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
                let suffix = cx.tx.random().text(alphabet, 12);
                format_smolstr!("CFN-{}-{suffix}", cx.logical_id)
            }
        };
        let tags = tags(p);
        let mut input = request(name.clone(), p);
        input.tags = (!tags.is_empty()).then_some(tags);
        cx.call::<ops::PutParameter>(input)?;
        Ok(name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let mut input = request(id.into(), new);
        input.overwrite = Some(true);
        cx.call::<ops::PutParameter>(input)?;
        let (before, after) = (tags(old), tags(new));
        let gone: Vec<SmolStr> = before
            .into_iter()
            .map(|tag| tag.key)
            .filter(|key| !after.iter().any(|tag| tag.key == *key))
            .collect();
        if !gone.is_empty() {
            cx.call::<ops::RemoveTagsFromResource>(ssm::RemoveTagsFromResourceRequest {
                resource_type: "Parameter".into(),
                resource_id: id.into(),
                tag_keys: gone,
            })?;
        }
        if !after.is_empty() {
            cx.call::<ops::AddTagsToResource>(ssm::AddTagsToResourceRequest {
                resource_type: "Parameter".into(),
                resource_id: id.into(),
                tags: after,
            })?;
        }
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeleteParameter>(ssm::DeleteParameterRequest { name: id.into() })?;
        Ok(Deletion::Done)
    }

    fn live(&self, cx: &mut Context<'_>, id: &str, _: &Properties) -> Result<Live, ApiError> {
        let input = ssm::GetParameterRequest { name: id.into(), with_decryption: Some(true) };
        let found = cx.call::<ops::GetParameter>(input)?.parameter.unwrap_or_default();
        Ok(Live::Values(json!({ "Type": found.r#type, "Value": found.value })))
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let input = ssm::GetParameterRequest { name: id.into(), with_decryption: None };
        let parameter = cx.call::<ops::GetParameter>(input)?.parameter.unwrap_or_default();
        let text = |value: Option<SmolStr>| value.map(|v| json!(v.as_str()));
        Ok(match name {
            "Type" => text(parameter.r#type),
            "Value" => text(parameter.value),
            _ => None,
        })
    }
}
