//! Instance profiles: what an instance carries a role in.

use super::entity::{add_tags, check_name, name_key, page, path_of, render_tags, unique_id};
use super::errors;
use super::roles::Role;
use api::iam::{
    self, AddRoleToInstanceProfileRequest, CreateInstanceProfileRequest,
    CreateInstanceProfileResponse, DeleteInstanceProfileRequest, GetInstanceProfileRequest,
    GetInstanceProfileResponse, ListInstanceProfilesForRoleRequest,
    ListInstanceProfilesForRoleResponse, ListInstanceProfilesRequest, ListInstanceProfilesResponse,
    RemoveRoleFromInstanceProfileRequest,
};
use kernel::{ApiError, Caller, IndexSink, Row, Scope, Snapshot, Tags, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { iam:
    operations {
        write CreateInstanceProfile => create_instance_profile,
        read GetInstanceProfile => get_instance_profile,
        read ListInstanceProfiles => list_instance_profiles,
        read ListInstanceProfilesForRole => list_instance_profiles_for_role,
        write DeleteInstanceProfile => delete_instance_profile,
        write AddRoleToInstanceProfile => add_role_to_instance_profile,
        write RemoveRoleFromInstanceProfile => remove_role_from_instance_profile,
    }
    tables { InstanceProfile }
}

/// An instance profile, with one role at most.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct InstanceProfile {
    name: SmolStr,
    id: SmolStr,
    path: SmolStr,
    arn: SmolStr,
    created_at: Timestamp,
    tags: Tags,
    /// The key of its role's row.
    role: Option<SmolStr>,
}

impl Row for InstanceProfile {
    const TABLE: &'static str = "iam.instance-profiles";
    const SCOPE: Scope = Scope::Account;
    const INDEXES: &'static [&'static str] = &["role"];

    fn key(&self) -> SmolStr {
        name_key(&self.name)
    }

    fn index(&self, sink: &mut IndexSink) {
        self.role.iter().for_each(|role| sink.put("role", role.clone()));
    }
}

impl InstanceProfile {
    fn find(snapshot: &Snapshot, name: &str) -> Result<Arc<Self>, ApiError> {
        snapshot.get::<Self>(&name_key(name)).ok_or_else(|| errors::profile_not_found(name))
    }

    fn render(&self, snapshot: &Snapshot) -> iam::InstanceProfile {
        let role = self.role.as_ref().and_then(|key| snapshot.get::<Role>(key));
        iam::InstanceProfile {
            path: Some(self.path.clone()),
            instance_profile_name: Some(self.name.clone()),
            instance_profile_id: Some(self.id.clone()),
            arn: Some(self.arn.clone()),
            create_date: Some(self.created_at),
            roles: Some(role.iter().map(|role| role.render()).collect()),
            tags: render_tags(&self.tags),
        }
    }
}

fn create_instance_profile(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateInstanceProfileRequest,
) -> Result<CreateInstanceProfileResponse, ApiError> {
    let name = input.instance_profile_name;
    check_name("instanceProfileName", &name, 128)?;
    let path = path_of(input.path)?;
    let tags = add_tags(caller, &Tags::default(), input.tags.as_deref().unwrap_or_default())?;
    if tx.contains::<InstanceProfile>(&name_key(&name)) {
        return Err(errors::profile_exists(&name));
    }
    let profile = InstanceProfile {
        id: unique_id(tx.random(), "AIPA"),
        arn: caller.global_arn("iam", format_args!("instance-profile{path}{name}")),
        created_at: tx.now().whole_seconds(),
        tags,
        role: None,
        name,
        path,
    };
    let answer = profile.render(tx);
    tx.put(profile);
    Ok(CreateInstanceProfileResponse { instance_profile: Some(answer) })
}

fn get_instance_profile(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetInstanceProfileRequest,
) -> Result<GetInstanceProfileResponse, ApiError> {
    let profile = InstanceProfile::find(snapshot, &input.instance_profile_name)?;
    Ok(GetInstanceProfileResponse { instance_profile: Some(profile.render(snapshot)) })
}

fn list_instance_profiles(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListInstanceProfilesRequest,
) -> Result<ListInstanceProfilesResponse, ApiError> {
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let all = snapshot.rows::<InstanceProfile>().filter(|p| p.path.starts_with(prefix));
    let marker = input.marker.as_deref();
    let page = page("ListInstanceProfiles", marker, input.max_items, all, |p| p.key())?;
    Ok(ListInstanceProfilesResponse {
        instance_profiles: Some(page.items.iter().map(|p| p.render(snapshot)).collect()),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}

fn list_instance_profiles_for_role(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListInstanceProfilesForRoleRequest,
) -> Result<ListInstanceProfilesForRoleResponse, ApiError> {
    let role = Role::find(snapshot, &input.role_name)?;
    let all = snapshot.rows_by::<InstanceProfile>("role", &role.key());
    let call = format_smolstr!("ListInstanceProfilesForRole/{}", role.id);
    let page = page(&call, input.marker.as_deref(), input.max_items, all, |p| p.key())?;
    Ok(ListInstanceProfilesForRoleResponse {
        instance_profiles: Some(page.items.iter().map(|p| p.render(snapshot)).collect()),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}

fn delete_instance_profile(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteInstanceProfileRequest,
) -> Result<(), ApiError> {
    let profile = InstanceProfile::find(tx, &input.instance_profile_name)?;
    if profile.role.is_some() {
        return Err(errors::delete_conflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    tx.remove::<InstanceProfile>(&profile.key());
    Ok(())
}

fn add_role_to_instance_profile(
    tx: &mut Tx,
    caller: &Caller,
    input: AddRoleToInstanceProfileRequest,
) -> Result<(), ApiError> {
    let profile = InstanceProfile::find(tx, &input.instance_profile_name)?;
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    if profile.role.is_some() {
        return Err(errors::quota("InstanceSessionsPerInstanceProfile", 1));
    }
    tx.update::<InstanceProfile>(&profile.key(), |profile| profile.role = Some(role.key()));
    Ok(())
}

fn remove_role_from_instance_profile(
    tx: &mut Tx,
    caller: &Caller,
    input: RemoveRoleFromInstanceProfileRequest,
) -> Result<(), ApiError> {
    let profile = InstanceProfile::find(tx, &input.instance_profile_name)?;
    let role = Role::find_to_change(tx, caller, &input.role_name)?;
    if profile.role.as_ref() != Some(&role.key()) {
        return Err(errors::role_not_in_profile(&role.name, &profile.name));
    }
    tx.update::<InstanceProfile>(&profile.key(), |profile| profile.role = None);
    Ok(())
}
