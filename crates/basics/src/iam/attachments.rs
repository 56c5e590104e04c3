//! Which managed policies are attached to which roles.

use super::aws_managed;
use super::entity::page;
use super::errors;
use super::policies::{find, require_attachable};
use super::roles::Role;
use api::iam::{
    AttachRolePolicyRequest, AttachedPolicy, DetachRolePolicyRequest,
    ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse,
    ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse, PolicyRole,
};
use kernel::{ApiError, Arn, Caller, Row, Snapshot, Tx, resource};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { iam:
    operations {
        write AttachRolePolicy => attach_role_policy,
        write DetachRolePolicy => detach_role_policy,
        read ListAttachedRolePolicies => list_attached_role_policies,
        read ListEntitiesForPolicy => list_entities_for_policy,
    }
}

/// AWS's default quota.
const MAX_ATTACHED: usize = 10;

fn attach_role_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: AttachRolePolicyRequest,
) -> Result<(), ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    require_attachable(tx, &input.policy_arn)?;
    if role.attached.contains(&input.policy_arn) {
        return Ok(());
    }
    if role.attached.len() >= MAX_ATTACHED {
        return Err(errors::quota("PoliciesPerRole", MAX_ATTACHED));
    }
    tx.update::<Role>(&role.key(), |role| role.attached.push(input.policy_arn));
    Ok(())
}

fn detach_role_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: DetachRolePolicyRequest,
) -> Result<(), ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    if !role.attached.contains(&input.policy_arn) {
        find(tx, &input.policy_arn)?;
        return Err(errors::policy_not_found(&input.policy_arn));
    }
    tx.update::<Role>(&role.key(), |role| role.attached.retain(|arn| *arn != input.policy_arn));
    Ok(())
}

/// Path and name of a policy by its ARN.
fn path_and_name(arn: &str) -> (SmolStr, SmolStr) {
    let resource = Arn::parse(arn).map_or("", |arn| arn.resource);
    let rest = resource.strip_prefix("policy").unwrap_or(resource);
    let (path, name) = rest.split_at(rest.rfind('/').map_or(0, |at| at + 1));
    (path.into(), name.into())
}

fn list_attached_role_policies(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListAttachedRolePoliciesRequest,
) -> Result<ListAttachedRolePoliciesResponse, ApiError> {
    let role = Role::find(snapshot, &input.role_name)?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    // Keys tell the order of attachment, which the list follows.
    let attached = role.attached.iter().enumerate().filter_map(|(at, arn)| {
        let (path, name) = path_and_name(arn);
        let policy = AttachedPolicy { policy_name: Some(name), policy_arn: Some(arn.clone()) };
        path.starts_with(prefix).then(|| (format_smolstr!("{at:04}"), policy))
    });
    let call = format_smolstr!("ListAttachedRolePolicies/{}", role.id);
    let marker = input.marker.as_deref();
    let page = page(&call, marker, input.max_items, attached, |(key, _)| key.clone())?;
    Ok(ListAttachedRolePoliciesResponse {
        attached_policies: Some(page.items.into_iter().map(|(_, policy)| policy).collect()),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}

fn list_entities_for_policy(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListEntitiesForPolicyRequest,
) -> Result<ListEntitiesForPolicyResponse, ApiError> {
    let arn = &input.policy_arn;
    if find(snapshot, arn)?.is_none() && aws_managed::find(arn).is_none() {
        return Err(errors::policy_not_found(arn));
    }
    let index = match input.policy_usage_filter.as_deref() {
        Some("PermissionsBoundary") => "boundary",
        _ => "policy",
    };
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let asked = matches!(input.entity_filter.as_deref(), None | Some("Role"));
    let roles = snapshot
        .rows_by::<Role>(index, arn)
        .filter(|role| asked && role.path.starts_with(prefix));
    let call = format_smolstr!("ListEntitiesForPolicy/{arn}");
    let page = page(&call, input.marker.as_deref(), input.max_items, roles, |r| r.key())?;
    let render = |role: &Arc<Role>| PolicyRole {
        role_name: Some(role.name.clone()),
        role_id: Some(role.id.clone()),
    };
    Ok(ListEntitiesForPolicyResponse {
        policy_groups: Some(Vec::new()),
        policy_users: Some(Vec::new()),
        policy_roles: Some(page.items.into_iter().map(render).collect()),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}
