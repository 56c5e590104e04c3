//! `AWS::IAM::Role`

use crate::{Context, Deletion, Properties, Provider, TagChanges};
use api::iam::{self, Tag, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Role;

fn find(cx: &mut Context<'_>, name: &str) -> Result<iam::Role, ApiError> {
    let found = cx.call::<ops::GetRole>(iam::GetRoleRequest { role_name: name.into() })?;
    Ok(found.role.unwrap_or_default())
}

/// A role takes the template's own tags and the stack's; IAM refuses keys that begin with `aws:`
/// from users, not from CloudFormation.
fn tag((key, value): (SmolStr, SmolStr)) -> Tag {
    Tag { key, value }
}

fn put_policies(cx: &mut Context<'_>, role: &SmolStr, p: &Properties) -> Result<(), ApiError> {
    for arn in p.texts("ManagedPolicyArns").unwrap_or_default() {
        cx.call::<ops::AttachRolePolicy>(iam::AttachRolePolicyRequest {
            role_name: role.clone(),
            policy_arn: arn,
        })?;
    }
    for policy in p.structures("Policies") {
        cx.call::<ops::PutRolePolicy>(iam::PutRolePolicyRequest {
            role_name: role.clone(),
            policy_name: policy.text_or_empty("PolicyName"),
            policy_document: policy.document("PolicyDocument").unwrap_or_default(),
        })?;
    }
    Ok(())
}

/// Takes away the policies that the properties gave, but for those that `kept` has too.
fn drop_policies(
    cx: &mut Context<'_>,
    role: &SmolStr,
    p: &Properties,
    kept: &Properties,
) -> Result<(), ApiError> {
    let arns = kept.texts("ManagedPolicyArns").unwrap_or_default();
    for arn in p.texts("ManagedPolicyArns").unwrap_or_default() {
        if !arns.contains(&arn) {
            cx.call::<ops::DetachRolePolicy>(iam::DetachRolePolicyRequest {
                role_name: role.clone(),
                policy_arn: arn,
            })?;
        }
    }
    let names: Vec<SmolStr> =
        kept.structures("Policies").iter().map(|p| p.text_or_empty("PolicyName")).collect();
    for policy in p.structures("Policies") {
        let policy_name = policy.text_or_empty("PolicyName");
        if !names.contains(&policy_name) {
            cx.call::<ops::DeleteRolePolicy>(iam::DeleteRolePolicyRequest {
                role_name: role.clone(),
                policy_name,
            })?;
        }
    }
    Ok(())
}

impl Provider for Role {
    fn type_name(&self) -> &'static str {
        "AWS::IAM::Role"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("RoleName") {
            Some(name) => name,
            None => cx.mixed_name(64),
        };
        let tags = cx.tags(p).into_iter().map(tag).collect();
        cx.call::<ops::CreateRole>(iam::CreateRoleRequest {
            role_name: name.clone(),
            path: p.text("Path"),
            assume_role_policy_document: p
                .document("AssumeRolePolicyDocument")
                .unwrap_or_default(),
            description: p.text("Description"),
            max_session_duration: p.integer("MaxSessionDuration"),
            permissions_boundary: p.text("PermissionsBoundary"),
            tags: Some(tags),
        })?;
        put_policies(cx, &name, p)?;
        Ok(name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let role_name = SmolStr::new(id);
        if !old.same(new, "AssumeRolePolicyDocument") {
            cx.call::<ops::UpdateAssumeRolePolicy>(iam::UpdateAssumeRolePolicyRequest {
                role_name: role_name.clone(),
                policy_document: new.document("AssumeRolePolicyDocument").unwrap_or_default(),
            })?;
        }
        cx.call::<ops::UpdateRole>(iam::UpdateRoleRequest {
            role_name: role_name.clone(),
            description: Some(new.text_or_empty("Description")),
            max_session_duration: Some(new.integer("MaxSessionDuration").unwrap_or(3_600)),
        })?;
        drop_policies(cx, &role_name, old, new)?;
        put_policies(cx, &role_name, new)?;
        let TagChanges { wanted, gone } = cx.tag_changes(old, new);
        let tags = wanted.into_iter().map(tag).collect();
        if !gone.is_empty() {
            let input = iam::UntagRoleRequest { role_name: role_name.clone(), tag_keys: gone };
            cx.call::<ops::UntagRole>(input)?;
        }
        cx.call::<ops::TagRole>(iam::TagRoleRequest { role_name, tags })
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        let role_name = SmolStr::new(id);
        drop_policies(cx, &role_name, p, &Properties::default())?;
        cx.call::<ops::DeleteRole>(iam::DeleteRoleRequest { role_name })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let role = find(cx, id)?;
        let text = |value: Option<SmolStr>| value.map(|v| json!(v.as_str()));
        Ok(match name {
            "Arn" => text(role.arn),
            "RoleId" => text(role.role_id),
            _ => None,
        })
    }
}
