//! Versions of managed policies.

use super::document;
use super::entity::page;
use super::errors;
use super::policies::{AWS_CREATED, Named, Policy, Version, check_document, find, find_ours};
use api::iam::{
    CreatePolicyVersionRequest, CreatePolicyVersionResponse, DeletePolicyVersionRequest,
    GetPolicyVersionRequest, GetPolicyVersionResponse, ListPolicyVersionsRequest,
    ListPolicyVersionsResponse, PolicyVersion,
};
use kernel::{ApiError, Caller, Row, Snapshot, Tx, resource};
use smol_str::{SmolStr, format_smolstr};

resource! { iam:
    operations {
        write CreatePolicyVersion => create_policy_version,
        read GetPolicyVersion => get_policy_version,
        read ListPolicyVersions => list_policy_versions,
        write DeletePolicyVersion => delete_policy_version,
    }
}

const MAX_VERSIONS: usize = 5;

fn render(policy: &Policy, version: &Version) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(format_smolstr!("v{}", version.number)),
        is_default_version: Some(version.number == policy.default_version),
        create_date: Some(version.created_at),
    }
}

fn numbered<'a>(policy: &'a Policy, id: &str) -> Option<&'a Version> {
    let number: u32 = id.strip_prefix('v')?.parse().ok()?;
    policy.versions.iter().find(|version| version.number == number)
}

fn create_policy_version(
    tx: &mut Tx,
    _: &Caller,
    input: CreatePolicyVersionRequest,
) -> Result<CreatePolicyVersionResponse, ApiError> {
    let policy = find_ours(tx, &input.policy_arn)?;
    check_document(&input.policy_document)?;
    if policy.versions.len() >= MAX_VERSIONS {
        return Err(errors::too_many_versions(MAX_VERSIONS));
    }
    let now = tx.now().whole_seconds();
    let version = Version {
        number: policy.next_version,
        document: input.policy_document.as_str().into(),
        created_at: now,
    };
    let made = version.clone();
    let policy = tx.update::<Policy>(&policy.key(), |policy| {
        if input.set_as_default == Some(true) {
            policy.default_version = version.number;
        }
        policy.next_version += 1;
        policy.updated_at = now;
        policy.versions.push(version);
    });
    Ok(CreatePolicyVersionResponse { policy_version: policy.map(|policy| render(&policy, &made)) })
}

fn get_policy_version(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetPolicyVersionRequest,
) -> Result<GetPolicyVersionResponse, ApiError> {
    let missing = || errors::version_not_found(&input.policy_arn, &input.version_id);
    let version = match find(snapshot, &input.policy_arn)? {
        Some(Named::Ours(policy)) => {
            let version = numbered(&policy, &input.version_id).ok_or_else(missing)?;
            let text = document::encoded(&version.document);
            PolicyVersion { document: Some(text.into()), ..render(&policy, version) }
        }
        Some(Named::Aws(_)) if input.version_id != "v1" => return Err(missing()),
        Some(Named::Aws(managed)) => {
            let text = managed.document.ok_or_else(|| {
                ApiError::not_implemented(format_args!("the document of {}", managed.arn))
            })?;
            PolicyVersion {
                document: Some(document::encoded(text).into()),
                version_id: Some("v1".into()),
                is_default_version: Some(true),
                create_date: Some(AWS_CREATED),
            }
        }
        None => return Err(errors::policy_not_found(&input.policy_arn)),
    };
    Ok(GetPolicyVersionResponse { policy_version: Some(version) })
}

fn list_policy_versions(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListPolicyVersionsRequest,
) -> Result<ListPolicyVersionsResponse, ApiError> {
    // The newest comes first; keys count backwards so that markers follow.
    let key = |number: u32| format_smolstr!("{:010}", u32::MAX - number);
    let versions: Vec<(SmolStr, PolicyVersion)> = match find(snapshot, &input.policy_arn)? {
        Some(Named::Ours(policy)) => {
            let entry = |version: &Version| (key(version.number), render(&policy, version));
            policy.versions.iter().rev().map(entry).collect()
        }
        Some(Named::Aws(_)) => vec![(
            key(1),
            PolicyVersion {
                document: None,
                version_id: Some("v1".into()),
                is_default_version: Some(true),
                create_date: Some(AWS_CREATED),
            },
        )],
        None => return Err(errors::policy_not_found(&input.policy_arn)),
    };
    let call = format_smolstr!("ListPolicyVersions/{}", input.policy_arn);
    let marker = input.marker.as_deref();
    let page = page(&call, marker, input.max_items, versions, |(key, _)| key.clone())?;
    Ok(ListPolicyVersionsResponse {
        versions: Some(page.items.into_iter().map(|(_, version)| version).collect()),
        is_truncated: Some(page.next.is_some()),
        marker: page.next,
    })
}

fn delete_policy_version(
    tx: &mut Tx,
    _: &Caller,
    input: DeletePolicyVersionRequest,
) -> Result<(), ApiError> {
    let policy = find_ours(tx, &input.policy_arn)?;
    let Some(version) = numbered(&policy, &input.version_id) else {
        return Err(errors::version_not_found(&input.policy_arn, &input.version_id));
    };
    if version.number == policy.default_version {
        return Err(errors::delete_conflict("Cannot delete the default version of a policy."));
    }
    let now = tx.now().whole_seconds();
    tx.update::<Policy>(&policy.key(), |policy| {
        policy.versions.retain(|other| other.number != version.number);
        policy.updated_at = now;
    });
    Ok(())
}
