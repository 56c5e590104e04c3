//! Managed policies.

use super::aws_managed::{self, AwsManaged};
use super::document::{self, Kind};
use super::entity::{add_tags, check_name, name_key, page, path_of, render_tags, unique_id};
use super::errors;
use super::roles::Role;
use api::iam::{
    self, CreatePolicyRequest, CreatePolicyResponse, DeletePolicyRequest, GetPolicyRequest,
    GetPolicyResponse, ListPoliciesRequest, ListPoliciesResponse,
};
use kernel::{
    ApiError, Arn, Caller, Rng, Row, Scope, Snapshot, Tags, Timestamp, Tx, partition_of, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { iam:
    operations {
        write CreatePolicy => create_policy,
        read GetPolicy => get_policy,
        read ListPolicies => list_policies,
        write DeletePolicy => delete_policy,
    }
    tables { Policy }
}

const MAX_SIZE: usize = 6_144;
/// When AWS's own policies were made, as far as this cloud tells: 2015-02-06T18:39:46Z.
pub(super) const AWS_CREATED: Timestamp = Timestamp(1_423_247_986_000);

/// One version of a policy's document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) number: u32,
    pub(super) document: Arc<str>,
    pub(super) created_at: Timestamp,
}

/// A policy that a customer manages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Policy {
    name: SmolStr,
    id: SmolStr,
    path: SmolStr,
    pub(super) arn: SmolStr,
    description: Option<SmolStr>,
    created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// In the order of their numbers.
    pub(super) versions: Vec<Version>,
    pub(super) default_version: u32,
    pub(super) next_version: u32,
    tags: Tags,
}

impl Row for Policy {
    const TABLE: &'static str = "iam.policies";
    const SCOPE: Scope = Scope::Account;

    fn key(&self) -> SmolStr {
        name_key(&self.name)
    }
}

/// What an ARN of a policy names.
pub(super) enum Named {
    Ours(Arc<Policy>),
    Aws(AwsManaged),
}

/// The policy that an ARN names; none when there is no such policy.
pub(super) fn find(snapshot: &Snapshot, arn: &str) -> Result<Option<Named>, ApiError> {
    let parsed = Arn::parse(arn).filter(|a| a.service == "iam").ok_or_else(errors::invalid_arn)?;
    if let Some(managed) = aws_managed::find(arn) {
        return Ok(Some(Named::Aws(managed)));
    }
    let name = parsed.resource.rsplit('/').next().unwrap_or_default();
    let row = snapshot.get::<Policy>(&name_key(name)).filter(|policy| policy.arn == arn);
    Ok(row.map(Named::Ours))
}

/// A policy that customers manage, to change it.
pub(super) fn find_ours(snapshot: &Snapshot, arn: &str) -> Result<Arc<Policy>, ApiError> {
    match find(snapshot, arn)? {
        Some(Named::Ours(policy)) => Ok(policy),
        Some(Named::Aws(_)) => Err(errors::aws_managed_is_read_only(arn)),
        None => Err(errors::policy_not_found(arn)),
    }
}

/// Fails unless the ARN names a policy that can be attached.
pub(super) fn require_attachable(snapshot: &Snapshot, arn: &str) -> Result<(), ApiError> {
    match find(snapshot, arn)? {
        Some(_) => Ok(()),
        None => Err(errors::policy_not_attachable(arn)),
    }
}

fn attachments(snapshot: &Snapshot, arn: &str) -> i64 {
    snapshot.rows_by::<Role>("policy", arn).count() as i64
}

fn boundaries(snapshot: &Snapshot, arn: &str) -> i64 {
    snapshot.rows_by::<Role>("boundary", arn).count() as i64
}

impl Policy {
    /// What lists show; GetPolicy's answer has more.
    fn render(&self, snapshot: &Snapshot) -> iam::Policy {
        iam::Policy {
            policy_name: Some(self.name.clone()),
            policy_id: Some(self.id.clone()),
            arn: Some(self.arn.clone()),
            path: Some(self.path.clone()),
            default_version_id: Some(format_smolstr!("v{}", self.default_version)),
            attachment_count: Some(attachments(snapshot, &self.arn)),
            permissions_boundary_usage_count: Some(boundaries(snapshot, &self.arn)),
            is_attachable: Some(true),
            create_date: Some(self.created_at),
            update_date: Some(self.updated_at),
            ..Default::default()
        }
    }
}

impl AwsManaged {
    fn render(&self, snapshot: &Snapshot) -> iam::Policy {
        // The same in every account and run.
        let id = unique_id(&mut Rng::named(0, &self.arn), "ANPA");
        iam::Policy {
            policy_name: Some(self.name.clone()),
            policy_id: Some(id),
            arn: Some(self.arn.clone()),
            path: Some(self.path.clone()),
            default_version_id: Some("v1".into()),
            attachment_count: Some(attachments(snapshot, &self.arn)),
            permissions_boundary_usage_count: Some(boundaries(snapshot, &self.arn)),
            is_attachable: Some(true),
            create_date: Some(AWS_CREATED),
            update_date: Some(AWS_CREATED),
            ..Default::default()
        }
    }
}

/// Checks the document of a managed policy.
pub(super) fn check_document(text: &str) -> Result<(), ApiError> {
    document::check(Kind::Identity, text)?;
    match document::size(text) {
        size if size > MAX_SIZE => Err(errors::quota("PolicySize", MAX_SIZE)),
        _ => Ok(()),
    }
}

fn create_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: CreatePolicyRequest,
) -> Result<CreatePolicyResponse, ApiError> {
    let name = input.policy_name;
    check_name("policyName", &name, 128)?;
    let path = path_of(input.path)?;
    check_document(&input.policy_document)?;
    let tags = add_tags(caller, &Tags::default(), input.tags.as_deref().unwrap_or_default())?;
    if tx.contains::<Policy>(&name_key(&name)) {
        return Err(errors::policy_exists(&name));
    }
    let now = tx.now().whole_seconds();
    let first =
        Version { number: 1, document: input.policy_document.as_str().into(), created_at: now };
    let policy = Policy {
        id: unique_id(tx.random(), "ANPA"),
        arn: caller.global_arn("iam", format_args!("policy{path}{name}")),
        description: input.description,
        created_at: now,
        updated_at: now,
        versions: vec![first],
        default_version: 1,
        next_version: 2,
        tags,
        name,
        path,
    };
    let answer = iam::Policy { tags: render_tags(&policy.tags), ..policy.render(tx) };
    tx.put(policy);
    Ok(CreatePolicyResponse { policy: Some(answer) })
}

fn get_policy(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetPolicyRequest,
) -> Result<GetPolicyResponse, ApiError> {
    let policy = match find(snapshot, &input.policy_arn)? {
        Some(Named::Ours(policy)) => iam::Policy {
            description: policy.description.clone(),
            tags: Some(render_tags(&policy.tags).unwrap_or_default()),
            ..policy.render(snapshot)
        },
        Some(Named::Aws(managed)) => {
            iam::Policy { tags: Some(Vec::new()), ..managed.render(snapshot) }
        }
        None => return Err(errors::policy_not_found(&input.policy_arn)),
    };
    Ok(GetPolicyResponse { policy: Some(policy) })
}

/// Of AWS's own policies the list has those with a known document, and those that are attached.
fn list_policies(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListPoliciesRequest,
) -> Result<ListPoliciesResponse, ApiError> {
    let scope = input.scope.as_deref().unwrap_or("All");
    let mut all: Vec<(SmolStr, iam::Policy)> = Vec::new();
    if scope != "AWS" {
        let ours = snapshot.rows::<Policy>();
        all.extend(ours.map(|policy| (policy.key(), policy.render(snapshot))));
    }
    if scope != "Local" {
        let mut named: Vec<AwsManaged> = aws_managed::known(partition_of(&caller.region)).collect();
        let attached = snapshot.rows::<Role>().flat_map(|r| r.attached.iter().chain(&r.boundary));
        named.extend(attached.filter_map(|arn| aws_managed::find(arn)));
        // A key of its own, so that a customer's policy of the same name is not lost.
        let entry = |m: &AwsManaged| (format_smolstr!("{} {}", name_key(&m.name), m.arn), m.render(snapshot));
        all.extend(named.iter().map(entry));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.dedup_by(|a, b| a.0 == b.0);
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let only_attached = input.only_attached == Some(true);
    let wanted = |policy: &iam::Policy| {
        let (permissions, boundary) =
            (policy.attachment_count > Some(0), policy.permissions_boundary_usage_count > Some(0));
        policy.path.as_deref().is_some_and(|path| path.starts_with(prefix))
            && (!only_attached || permissions || boundary)
            && match input.policy_usage_filter.as_deref() {
                Some("PermissionsPolicy") => permissions,
                Some("PermissionsBoundary") => boundary,
                _ => true,
            }
    };
    let rows = all.into_iter().filter(|(_, policy)| wanted(policy));
    let marker = input.marker.as_deref();
    let page = page("ListPolicies", marker, input.max_items, rows, |(key, _)| key.clone())?;
    Ok(ListPoliciesResponse {
        policies: Some(page.items.into_iter().map(|(_, policy)| policy).collect()),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}

fn delete_policy(tx: &mut Tx, _: &Caller, input: DeletePolicyRequest) -> Result<(), ApiError> {
    let policy = find_ours(tx, &input.policy_arn)?;
    if attachments(tx, &policy.arn) + boundaries(tx, &policy.arn) > 0 {
        return Err(errors::delete_conflict("Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        return Err(errors::delete_conflict(
            "This policy has more than one version. Before you delete a policy, you must delete \
             the policy's versions. The default version is deleted with the policy.",
        ));
    }
    tx.remove::<Policy>(&policy.key());
    Ok(())
}
