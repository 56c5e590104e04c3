//! Roles.

use super::document::{self, Kind};
use super::entity::{add_tags, check_name, name_key, page, path_of, render_tags, unique_id};
use super::instance_profiles::InstanceProfile;
use super::policies::require_attachable;
use super::errors;
use api::iam::{
    self, AttachedPermissionsBoundary, CreateRoleRequest, CreateRoleResponse, DeleteRoleRequest,
    GetRoleRequest, GetRoleResponse, ListRoleTagsRequest, ListRoleTagsResponse, ListRolesRequest,
    ListRolesResponse, RoleLastUsed, TagRoleRequest, UntagRoleRequest,
    UpdateAssumeRolePolicyRequest, UpdateRoleRequest, UpdateRoleResponse,
};
use kernel::{ApiError, Caller, IndexSink, Row, Scope, Snapshot, Tags, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;
use std::sync::Arc;

resource! { iam:
    operations {
        write CreateRole => create_role,
        read GetRole => get_role,
        read ListRoles => list_roles,
        write DeleteRole => delete_role,
        write UpdateRole => update_role,
        write UpdateAssumeRolePolicy => update_assume_role_policy,
        write TagRole => tag_role,
        write UntagRole => untag_role,
        read ListRoleTags => list_role_tags,
    }
    tables { Role }
}

const MAX_TRUST: usize = 2_048;
const DEFAULT_SESSION_SECS: i64 = 3_600;

/// A role with its inline policies and what is attached to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Role {
    pub(super) name: SmolStr,
    pub(super) id: SmolStr,
    pub(super) path: SmolStr,
    pub(super) arn: SmolStr,
    pub(super) created_at: Timestamp,
    pub(super) trust: Arc<str>,
    pub(super) description: Option<SmolStr>,
    pub(super) max_session_secs: Option<i64>,
    /// ARN of a policy.
    pub(super) boundary: Option<SmolStr>,
    pub(super) tags: Tags,
    /// Documents of inline policies by their names.
    pub(super) inline: BTreeMap<SmolStr, Arc<str>>,
    /// ARNs of attached policies, in the order of attachment.
    pub(super) attached: Vec<SmolStr>,
}

impl Row for Role {
    const TABLE: &'static str = "iam.roles";
    const SCOPE: Scope = Scope::Account;
    const INDEXES: &'static [&'static str] = &["policy", "boundary"];

    fn key(&self) -> SmolStr {
        name_key(&self.name)
    }

    fn index(&self, sink: &mut IndexSink) {
        self.attached.iter().for_each(|arn| sink.put("policy", arn.clone()));
        self.boundary.iter().for_each(|arn| sink.put("boundary", arn.clone()));
    }
}

impl Role {
    /// The role of this name, or AWS's error.
    pub(super) fn find(snapshot: &Snapshot, name: &str) -> Result<Arc<Self>, ApiError> {
        snapshot.get::<Self>(&name_key(name)).ok_or_else(|| errors::role_not_found(name))
    }

    /// The same, for a change by this caller: service-linked roles are their services'.
    pub(super) fn find_to_change(
        snapshot: &Snapshot,
        caller: &Caller,
        name: &str,
    ) -> Result<Arc<Self>, ApiError> {
        let role = Self::find(snapshot, name)?;
        if role.path.starts_with("/aws-service-role/") && caller.invoked_by.is_none() {
            return Err(errors::protected_role(&role.name));
        }
        Ok(role)
    }

    /// What every answer shows; GetRole's has more.
    pub(super) fn render(&self) -> iam::Role {
        let boundary = |arn: &SmolStr| AttachedPermissionsBoundary {
            permissions_boundary_type: Some("Policy".into()),
            permissions_boundary_arn: Some(arn.clone()),
        };
        iam::Role {
            path: Some(self.path.clone()),
            role_name: Some(self.name.clone()),
            role_id: Some(self.id.clone()),
            arn: Some(self.arn.clone()),
            create_date: Some(self.created_at),
            assume_role_policy_document: Some(document::encoded(&self.trust).into()),
            description: self.description.clone(),
            permissions_boundary: self.boundary.as_ref().map(boundary),
            ..Default::default()
        }
    }
}

fn check_trust(text: &str) -> Result<(), ApiError> {
    document::check(Kind::Trust, text)?;
    match document::size(text) {
        size if size > MAX_TRUST => Err(errors::quota("ACLSizePerRole", MAX_TRUST)),
        _ => Ok(()),
    }
}

fn create_role(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateRoleRequest,
) -> Result<CreateRoleResponse, ApiError> {
    let name = input.role_name;
    check_name("roleName", &name, 64)?;
    let path = path_of(input.path)?;
    check_trust(&input.assume_role_policy_document)?;
    let tags = add_tags(caller, &Tags::default(), input.tags.as_deref().unwrap_or_default())?;
    if let Some(arn) = &input.permissions_boundary {
        require_attachable(tx, arn)?;
    }
    if tx.contains::<Role>(&name_key(&name)) {
        return Err(errors::role_exists(&name));
    }
    let role = Role {
        id: unique_id(tx.random(), "AROA"),
        arn: caller.global_arn("iam", format_args!("role{path}{name}")),
        created_at: tx.now().whole_seconds(),
        trust: input.assume_role_policy_document.as_str().into(),
        description: input.description,
        max_session_secs: input.max_session_duration,
        boundary: input.permissions_boundary,
        tags,
        inline: BTreeMap::new(),
        attached: Vec::new(),
        name,
        path,
    };
    let answer = iam::Role { tags: render_tags(&role.tags), ..role.render() };
    tx.put(role);
    Ok(CreateRoleResponse { role: Some(answer) })
}

fn get_role(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetRoleRequest,
) -> Result<GetRoleResponse, ApiError> {
    let role = Role::find(snapshot, &input.role_name)?;
    let answer = iam::Role {
        max_session_duration: Some(role.max_session_secs.unwrap_or(DEFAULT_SESSION_SECS)),
        role_last_used: Some(RoleLastUsed::default()),
        tags: render_tags(&role.tags),
        ..role.render()
    };
    Ok(GetRoleResponse { role: Some(answer) })
}

fn list_roles(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListRolesRequest,
) -> Result<ListRolesResponse, ApiError> {
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let roles = snapshot.rows::<Role>().filter(|role| role.path.starts_with(prefix));
    let page = page("ListRoles", input.marker.as_deref(), input.max_items, roles, |r| r.key())?;
    let render = |role: &Arc<Role>| iam::Role {
        max_session_duration: Some(role.max_session_secs.unwrap_or(DEFAULT_SESSION_SECS)),
        ..role.render()
    };
    Ok(ListRolesResponse {
        roles: Some(page.items.into_iter().map(render).collect()),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}

fn delete_role(tx: &mut Tx, caller: &Caller, input: DeleteRoleRequest) -> Result<(), ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    let key = role.key();
    if tx.rows_by::<InstanceProfile>("role", &key).next().is_some() {
        return Err(errors::delete_conflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    if !role.attached.is_empty() {
        return Err(errors::delete_conflict(
            "Cannot delete entity, must detach all policies first.",
        ));
    }
    if !role.inline.is_empty() {
        return Err(errors::delete_conflict("Cannot delete entity, must delete policies first."));
    }
    tx.remove::<Role>(&key);
    Ok(())
}

fn update_role(
    tx: &mut Tx,
    caller: &Caller,
    input: UpdateRoleRequest,
) -> Result<UpdateRoleResponse, ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    tx.update::<Role>(&role.key(), |role| {
        // What is not given falls back to its default.
        role.description = input.description.filter(|text| !text.is_empty());
        role.max_session_secs = input.max_session_duration;
    });
    Ok(UpdateRoleResponse {})
}

fn update_assume_role_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: UpdateAssumeRolePolicyRequest,
) -> Result<(), ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    check_trust(&input.policy_document)?;
    tx.update::<Role>(&role.key(), |role| role.trust = input.policy_document.as_str().into());
    Ok(())
}

fn tag_role(tx: &mut Tx, caller: &Caller, input: TagRoleRequest) -> Result<(), ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    let tags = add_tags(caller, &role.tags, &input.tags)?;
    tx.update::<Role>(&role.key(), |role| role.tags = tags);
    Ok(())
}

fn untag_role(tx: &mut Tx, caller: &Caller, input: UntagRoleRequest) -> Result<(), ApiError> {
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    let unwanted = |key: &str, _: &str| input.tag_keys.iter().any(|k| k.eq_ignore_ascii_case(key));
    let tags = role.tags.without(unwanted);
    tx.update::<Role>(&role.key(), |role| role.tags = tags);
    Ok(())
}

fn list_role_tags(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListRoleTagsRequest,
) -> Result<ListRoleTagsResponse, ApiError> {
    let role = Role::find(snapshot, &input.role_name)?;
    let call = format_smolstr!("ListRoleTags/{}", role.id);
    let tags = render_tags(&role.tags).unwrap_or_default();
    let page =
        page(&call, input.marker.as_deref(), input.max_items, tags, |tag| tag.key.clone())?;
    Ok(ListRoleTagsResponse {
        tags: Some(page.items),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}
