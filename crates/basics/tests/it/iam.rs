//! Roles, policies and instance profiles.

use crate::harness::{Harness, refusal};
use api::iam::ops::*;
use api::iam::*;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ALLOW: &str = r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const SSM_CORE: &str = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";

fn role(name: &str) -> CreateRoleRequest {
    CreateRoleRequest {
        role_name: name.into(),
        assume_role_policy_document: TRUST.into(),
        ..Default::default()
    }
}

fn policy(name: &str) -> CreatePolicyRequest {
    CreatePolicyRequest {
        policy_name: name.into(),
        policy_document: ALLOW.into(),
        ..Default::default()
    }
}

fn attach(cloud: &Harness, role: &str, arn: &str) -> (String, String, u16) {
    let input = AttachRolePolicyRequest { role_name: role.into(), policy_arn: arn.into() };
    refusal(cloud.call::<AttachRolePolicy>(input))
}

#[test]
fn a_new_role_shows_less_than_one_that_is_got() {
    let cloud = Harness::new();
    let input = CreateRoleRequest { path: Some("/app/".into()), ..role("web") };
    let made = cloud.call::<CreateRole>(input).expect("made").role.expect("a role");
    assert_eq!(made.arn.as_deref(), Some("arn:aws:iam::123456789012:role/app/web"));
    let id = made.role_id.expect("an id");
    assert!(id.starts_with("AROA") && id.len() == 21, "{id}");
    assert!(made.max_session_duration.is_none() && made.role_last_used.is_none());
    let document = made.assume_role_policy_document.expect("a document");
    assert!(document.starts_with("%7B%22Version%22%3A"), "{document}");
    let got = cloud.call::<GetRole>(GetRoleRequest { role_name: "WEB".into() });
    let got = got.expect("names differ by more than case").role.expect("a role");
    assert_eq!(got.max_session_duration, Some(3_600));
    assert_eq!(got.role_last_used, Some(RoleLastUsed::default()));
}

#[test]
fn refusals_have_awss_words() {
    let cloud = Harness::new();
    cloud.call::<CreateRole>(role("web")).expect("made");
    let (code, text, status) = refusal(cloud.call::<CreateRole>(role("Web")));
    assert_eq!((&*code, &*text), ("EntityAlreadyExists", "Role with name Web already exists."));
    assert_eq!(status, 409);
    let (code, text, status) =
        refusal(cloud.call::<GetRole>(GetRoleRequest { role_name: "no".into() }));
    assert_eq!((&*code, &*text), ("NoSuchEntity", "The role with name no cannot be found."));
    assert_eq!(status, 404);
    let arn = "arn:aws:iam::123456789012:policy/no";
    assert_eq!(
        attach(&cloud, "web", arn).1,
        format!("Policy {arn} does not exist or is not attachable.")
    );
    assert_eq!(attach(&cloud, "web", "nonsense").1, "Invalid ARN:  Could not be parsed!");
    let got = cloud.call::<GetPolicy>(GetPolicyRequest { policy_arn: arn.into() });
    assert_eq!(refusal(got).1, format!("Policy {arn} was not found."));
    let user = cloud.call::<GetUser>(GetUserRequest { user_name: Some("me".into()) });
    assert_eq!(refusal(user).1, "The user with name me cannot be found.");
}

#[test]
fn a_role_is_deleted_when_nothing_hangs_on_it() {
    let cloud = Harness::new();
    cloud.call::<CreateRole>(role("web")).expect("made");
    let arn = cloud
        .call::<CreatePolicy>(policy("p"))
        .expect("made")
        .policy
        .expect("it")
        .arn
        .expect("arn");
    assert_eq!(attach(&cloud, "web", &arn).0, "none");
    assert_eq!(attach(&cloud, "web", SSM_CORE).0, "none");
    let profile =
        CreateInstanceProfileRequest { instance_profile_name: "web".into(), ..Default::default() };
    cloud.call::<CreateInstanceProfile>(profile).expect("made");
    let pair = || AddRoleToInstanceProfileRequest {
        instance_profile_name: "web".into(),
        role_name: "web".into(),
    };
    cloud.call::<AddRoleToInstanceProfile>(pair()).expect("added");
    let (code, text, _) = refusal(cloud.call::<AddRoleToInstanceProfile>(pair()));
    assert_eq!(code, "LimitExceeded");
    assert_eq!(text, "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");

    let delete =
        || refusal(cloud.call::<DeleteRole>(DeleteRoleRequest { role_name: "web".into() })).1;
    let delete_policy =
        || refusal(cloud.call::<DeletePolicy>(DeletePolicyRequest { policy_arn: arn.clone() }));
    assert_eq!(delete(), "Cannot delete entity, must remove roles from instance profile first.");
    let pair = RemoveRoleFromInstanceProfileRequest {
        instance_profile_name: "web".into(),
        role_name: "web".into(),
    };
    cloud.call::<RemoveRoleFromInstanceProfile>(pair).expect("removed");
    assert_eq!(delete(), "Cannot delete entity, must detach all policies first.");
    assert_eq!(delete_policy().1, "Cannot delete a policy attached to entities.");
    for policy_arn in [arn.as_str(), SSM_CORE] {
        let input =
            DetachRolePolicyRequest { role_name: "web".into(), policy_arn: policy_arn.into() };
        cloud.call::<DetachRolePolicy>(input).expect("detached");
    }
    assert_eq!(delete(), "");
    assert_eq!(delete_policy().0, "none");
}

#[test]
fn a_policy_has_five_versions_at_most() {
    let cloud = Harness::new();
    let arn = cloud
        .call::<CreatePolicy>(policy("p"))
        .expect("made")
        .policy
        .expect("it")
        .arn
        .expect("arn");
    let add = || {
        cloud.call::<CreatePolicyVersion>(CreatePolicyVersionRequest {
            policy_arn: arn.clone(),
            policy_document: ALLOW.into(),
            set_as_default: Some(true),
        })
    };
    for number in 2..=5 {
        let version = add().expect("added").policy_version.expect("a version");
        assert_eq!(version.version_id.as_deref(), Some(&*format!("v{number}")));
    }
    assert_eq!(refusal(add()).0, "LimitExceeded");
    let list = ListPolicyVersionsRequest { policy_arn: arn.clone(), ..Default::default() };
    let versions = cloud.call::<ListPolicyVersions>(list).expect("listed").versions.expect("some");
    let ids: Vec<_> = versions.iter().filter_map(|v| v.version_id.as_deref()).collect();
    assert_eq!(ids, ["v5", "v4", "v3", "v2", "v1"]);
    let delete = |version: &str| {
        refusal(cloud.call::<DeletePolicyVersion>(DeletePolicyVersionRequest {
            policy_arn: arn.clone(),
            version_id: version.into(),
        }))
    };
    assert_eq!(delete("v5").1, "Cannot delete the default version of a policy.");
    assert_eq!(delete("v1").0, "none");
    assert_eq!(delete("v1").0, "NoSuchEntity");
}

#[test]
fn lists_come_in_pages() {
    let cloud = Harness::new();
    for name in ["c", "a", "B"] {
        cloud.call::<CreateRole>(role(name)).expect("made");
    }
    let (mut seen, mut marker) = (Vec::new(), None);
    loop {
        let input = ListRolesRequest { marker, max_items: Some(2), ..Default::default() };
        let page = cloud.call::<ListRoles>(input).expect("a page");
        seen.extend(page.roles.expect("roles").into_iter().filter_map(|role| role.role_name));
        assert_eq!(page.is_truncated, Some(page.marker.is_some()));
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "B", "c"]);
    let input = ListRolesRequest { marker: Some("nonsense".into()), ..Default::default() };
    assert_eq!(refusal(cloud.call::<ListRoles>(input)).0, "ValidationError");
}

#[test]
fn only_services_give_tags_of_aws() {
    let cloud = Harness::new();
    let tags = || Some(vec![Tag { key: "aws:made-by".into(), value: "a stack".into() }]);
    let mine = cloud.call::<CreateRole>(CreateRoleRequest { tags: tags(), ..role("web") });
    assert_eq!(refusal(mine).0, "InvalidInput");
    let service = cloud.caller.via("cloudformation");
    let input = CreateRoleRequest { tags: tags(), ..role("web") };
    assert_eq!(refusal(cloud.call_as::<CreateRole>(&service, input)).0, "none");
}
