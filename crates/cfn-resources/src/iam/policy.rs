//! `AWS::IAM::Policy`: an inline policy of roles.

use crate::{Context, Deletion, Properties, Provider};
use api::iam::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Policy;

fn check_supported(p: &Properties) -> Result<(), ApiError> {
    match ["Groups", "Users"].iter().find(|name| p.has(name)) {
        Some(name) => Err(ApiError::not_implemented(format_args!(
            "the property {name} of AWS::IAM::Policy"
        ))),
        None => Ok(()),
    }
}

fn roles(p: &Properties) -> Vec<SmolStr> {
    p.texts("Roles").unwrap_or_default()
}

fn put(cx: &mut Context<'_>, p: &Properties) -> Result<(), ApiError> {
    for role_name in roles(p) {
        cx.call::<ops::PutRolePolicy>(iam::PutRolePolicyRequest {
            role_name,
            policy_name: p.text_or_empty("PolicyName"),
            policy_document: p.document("PolicyDocument").unwrap_or_default(),
        })?;
    }
    Ok(())
}

fn take(cx: &mut Context<'_>, p: &Properties, from: &[SmolStr]) -> Result<(), ApiError> {
    for role_name in from {
        let input = iam::DeleteRolePolicyRequest {
            role_name: role_name.clone(),
            policy_name: p.text_or_empty("PolicyName"),
        };
        match cx.call::<ops::DeleteRolePolicy>(input) {
            Err(error) if error.code != "NoSuchEntity" => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl Provider for Policy {
    fn type_name(&self) -> &'static str {
        "AWS::IAM::Policy"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        check_supported(p)?;
        put(cx, p)?;
        Ok(cx.mixed_name(64))
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        check_supported(new)?;
        let kept = if old.same(new, "PolicyName") { roles(new) } else { Vec::new() };
        let gone: Vec<SmolStr> = roles(old).into_iter().filter(|r| !kept.contains(r)).collect();
        take(cx, old, &gone)?;
        put(cx, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        take(cx, p, &roles(p))?;
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
