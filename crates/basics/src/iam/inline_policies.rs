//! A role's inline policies.

use super::document::{self, Kind};
use super::entity::{check_name, page};
use super::errors;
use super::roles::Role;
use api::iam::{
    DeleteRolePolicyRequest, GetRolePolicyRequest, GetRolePolicyResponse, ListRolePoliciesRequest,
    ListRolePoliciesResponse, PutRolePolicyRequest,
};
use kernel::{ApiError, Caller, Row, Snapshot, Tx, resource};
use smol_str::format_smolstr;

resource! { iam:
    operations {
        write PutRolePolicy => put_role_policy,
        read GetRolePolicy => get_role_policy,
        read ListRolePolicies => list_role_policies,
        write DeleteRolePolicy => delete_role_policy,
    }
}

/// All inline policies of a role together.
const MAX_SIZE: usize = 10_240;

fn put_role_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: PutRolePolicyRequest,
) -> Result<(), ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    check_name("policyName", &input.policy_name, 128)?;
    document::check(Kind::Identity, &input.policy_document)?;
    let others = role.inline.iter().filter(|(name, _)| **name != input.policy_name);
    let size: usize = others.map(|(_, text)| document::size(text)).sum();
    if size + document::size(&input.policy_document) > MAX_SIZE {
        return Err(errors::inline_size(&role.name, MAX_SIZE));
    }
    tx.update::<Role>(&role.key(), |role| {
        role.inline.insert(input.policy_name, input.policy_document.as_str().into());
    });
    Ok(())
}

fn get_role_policy(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetRolePolicyRequest,
) -> Result<GetRolePolicyResponse, ApiError> {
    let role = Role::find(snapshot, &input.role_name)?;
    let text = role.inline.get(&input.policy_name);
    let text = text.ok_or_else(|| errors::inline_policy_not_found(&input.policy_name))?;
    Ok(GetRolePolicyResponse {
        role_name: Some(role.name.clone()),
        policy_document: Some(document::encoded(text).into()),
        policy_name: Some(input.policy_name),
    })
}

fn list_role_policies(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListRolePoliciesRequest,
) -> Result<ListRolePoliciesResponse, ApiError> {
    let role = Role::find(snapshot, &input.role_name)?;
    let call = format_smolstr!("ListRolePolicies/{}", role.id);
    let names = role.inline.keys().cloned();
    let page = page(&call, input.marker.as_deref(), input.max_items, names, Clone::clone)?;
    Ok(ListRolePoliciesResponse {
        policy_names: Some(page.items),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}

fn delete_role_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteRolePolicyRequest,
) -> Result<(), ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    if !role.inline.contains_key(&input.policy_name) {
        return Err(errors::inline_policy_not_found(&input.policy_name));
    }
    tx.update::<Role>(&role.key(), |role| {
        role.inline.remove(&input.policy_name);
    });
    Ok(())
}
