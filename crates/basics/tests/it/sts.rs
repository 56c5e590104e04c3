//! Identities and sessions.

use crate::harness::{ACCOUNT, Harness, refusal};
use api::iam::CreateRoleRequest;
use api::iam::ops::CreateRole;
use api::sts::ops::{AssumeRole, GetAccessKeyInfo, GetCallerIdentity, GetSessionToken};
use api::sts::{AssumeRoleRequest, GetAccessKeyInfoRequest, GetCallerIdentityRequest, Tag};
use kernel::Caller;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn with_role() -> Harness {
    let cloud = Harness::new();
    let input = CreateRoleRequest {
        role_name: "worker".into(),
        assume_role_policy_document: TRUST.into(),
        ..Default::default()
    };
    cloud.call::<CreateRole>(input).expect("made");
    cloud
}

fn request() -> AssumeRoleRequest {
    AssumeRoleRequest {
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/worker").into(),
        role_session_name: "session".into(),
        ..Default::default()
    }
}

#[test]
fn lasting_keys_are_the_accounts_root_user() {
    let cloud = Harness::new();
    let me = cloud.call::<GetCallerIdentity>(GetCallerIdentityRequest {}).expect("an answer");
    assert_eq!(me.account.as_deref(), Some(ACCOUNT));
    assert_eq!(me.arn.as_deref(), Some("arn:aws:iam::123456789012:root"));
}

#[test]
fn a_session_is_known_by_its_key_until_it_expires() {
    let cloud = with_role();
    let session = cloud.call::<AssumeRole>(request()).expect("assumed");
    let credentials = session.credentials.expect("credentials");
    let key = credentials.access_key_id.expect("a key");
    assert_eq!(kernel::account_of_temporary_key(&key).as_deref(), Some(ACCOUNT));
    assert_eq!(credentials.secret_access_key.expect("a secret").len(), 40);

    let caller = Caller { access_key: key.clone(), ..cloud.caller.clone() };
    let who = || cloud.call_as::<GetCallerIdentity>(&caller, GetCallerIdentityRequest {});
    let me = who().expect("an answer");
    let arn = "arn:aws:sts::123456789012:assumed-role/worker/session";
    assert_eq!(me.arn.as_deref(), Some(arn));
    assert_eq!(me.user_id, session.assumed_role_user.expect("a user").assumed_role_id);
    let info = GetAccessKeyInfoRequest { access_key_id: key };
    let info = cloud.call::<GetAccessKeyInfo>(info).expect("an answer");
    assert_eq!(info.account.as_deref(), Some(ACCOUNT));

    cloud.step(3_600);
    assert_eq!(refusal(who()).0, "ExpiredToken");
}

#[test]
fn only_what_a_role_allows_is_assumed() {
    let cloud = with_role();
    let check = |change: fn(&mut AssumeRoleRequest), code: &str, text: &str| {
        let mut input = request();
        change(&mut input);
        let (got, message, _) = refusal(cloud.call::<AssumeRole>(input));
        assert_eq!((&*got, &*message), (code, text));
    };
    check(
        |r| r.role_arn = "worker, please, now!".into(),
        "ValidationError",
        "worker, please, now! is invalid",
    );
    check(
        |r| r.role_arn = "arn:aws:iam::123456789012:role/nobody".into(),
        "AccessDenied",
        "User: arn:aws:iam::123456789012:root is not authorized to perform: sts:AssumeRole on \
         resource: arn:aws:iam::123456789012:role/nobody",
    );
    check(
        |r| r.duration_seconds = Some(3_601),
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
    check(
        |r| r.transitive_tag_keys = Some(vec!["a".into()]),
        "InvalidParameterValue",
        "The specified transitive tag key must be included in the requested tags.",
    );
    check(
        |r| {
            let tag = |key: &str| Tag { key: key.into(), value: "".into() };
            r.tags = Some(vec![tag("a"), tag("A")]);
        },
        "InvalidParameterValue",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    );
}

#[test]
fn a_session_token_belongs_to_the_root_user() {
    let cloud = Harness::new();
    let issued = cloud.call::<GetSessionToken>(Default::default()).expect("issued");
    let key = issued.credentials.expect("credentials").access_key_id.expect("a key");
    let caller = Caller { access_key: key, ..cloud.caller.clone() };
    let me = cloud.call_as::<GetCallerIdentity>(&caller, GetCallerIdentityRequest {});
    assert_eq!(me.expect("an answer").arn.as_deref(), Some("arn:aws:iam::123456789012:root"));
    let again = cloud.call_as::<GetSessionToken>(&caller, Default::default());
    assert_eq!(refusal(again).0, "AccessDenied");
}
