//! `AWS::IAM::InstanceProfile`

use crate::{Context, Deletion, Properties, Provider};
use api::iam::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct InstanceProfile;

fn add(cx: &mut Context<'_>, profile: &SmolStr, roles: &[SmolStr]) -> Result<(), ApiError> {
    for role in roles {
        cx.call::<ops::AddRoleToInstanceProfile>(iam::AddRoleToInstanceProfileRequest {
            instance_profile_name: profile.clone(),
            role_name: role.clone(),
        })?;
    }
    Ok(())
}

fn remove(cx: &mut Context<'_>, profile: &SmolStr, roles: &[SmolStr]) -> Result<(), ApiError> {
    for role in roles {
        cx.call::<ops::RemoveRoleFromInstanceProfile>(
            iam::RemoveRoleFromInstanceProfileRequest {
                instance_profile_name: profile.clone(),
                role_name: role.clone(),
            },
        )?;
    }
    Ok(())
}

fn roles(p: &Properties) -> Vec<SmolStr> {
    p.texts("Roles").unwrap_or_default()
}

impl Provider for InstanceProfile {
    fn type_name(&self) -> &'static str {
        "AWS::IAM::InstanceProfile"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("InstanceProfileName") {
            Some(name) => name,
            None => cx.mixed_name(128),
        };
        cx.call::<ops::CreateInstanceProfile>(iam::CreateInstanceProfileRequest {
            instance_profile_name: name.clone(),
            path: p.text("Path"),
            tags: None,
        })?;
        add(cx, &name, &roles(p))?;
        Ok(name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let (before, after) = (roles(old), roles(new));
        let name = SmolStr::new(id);
        let gone: Vec<_> = before.iter().filter(|r| !after.contains(r)).cloned().collect();
        let come: Vec<_> = after.iter().filter(|r| !before.contains(r)).cloned().collect();
        remove(cx, &name, &gone)?;
        add(cx, &name, &come)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        let instance_profile_name = SmolStr::new(id);
        remove(cx, &instance_profile_name, &roles(p))?;
        let input = iam::DeleteInstanceProfileRequest { instance_profile_name };
        cx.call::<ops::DeleteInstanceProfile>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        if name != "Arn" {
            return Ok(None);
        }
        let input = iam::GetInstanceProfileRequest { instance_profile_name: id.into() };
        let found = cx.call::<ops::GetInstanceProfile>(input)?;
        Ok(found.instance_profile.and_then(|p| p.arn).map(|arn| json!(arn.as_str())))
    }
}
