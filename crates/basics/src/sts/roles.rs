//! AssumeRole.

use super::{errors, identity, sessions};
use api::iam::{self, GetRoleRequest};
use api::sts::{AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser};
use kernel::{ApiError, Arn, Caller, Tx, resource};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeSet;

resource! { sts: operations { write AssumeRole => assume_role } }

const DEFAULT_SECS: i64 = 3_600;
const CHAINED_SECS: i64 = 3_600;

/// Everybody may assume every role that exists; one that does not is denied, as AWS does.
fn assume_role(
    tx: &mut Tx,
    caller: &Caller,
    input: AssumeRoleRequest,
) -> Result<AssumeRoleResponse, ApiError> {
    let (account, name) = parse(&input.role_arn)?;
    check_tags(&input)?;
    let secs = input.duration_seconds.unwrap_or(DEFAULT_SECS);
    let chained = identity::session(tx, caller)?.is_some_and(|session| session.assumed);
    if chained && secs > CHAINED_SECS {
        return Err(errors::too_long_for_chaining());
    }
    let there = Caller { account: account.clone(), ..caller.via("sts") };
    let role = tx
        .call::<iam::ops::GetRole>(&there, GetRoleRequest { role_name: name })
        .ok()
        .and_then(|answer| answer.role)
        .filter(|role| role.arn.as_deref() == Some(input.role_arn.as_str()));
    let Some(role) = role else {
        let who = identity::arn_of(tx, caller)?;
        return Err(errors::assume_role_denied(who, &input.role_arn));
    };
    if secs > role.max_session_duration.unwrap_or(DEFAULT_SECS) {
        return Err(errors::too_long_for_role());
    }
    let session = &input.role_session_name;
    let user_id = format_smolstr!("{}:{session}", role.role_id.unwrap_or_default());
    let resource = format!("assumed-role/{}/{session}", role.role_name.unwrap_or_default());
    let arn = there.global_arn("sts", resource);
    let identity = sessions::Identity { account, user_id: user_id.clone(), arn: arn.clone(), assumed: true };
    let credentials = sessions::issue(tx, identity, secs);
    Ok(AssumeRoleResponse {
        credentials: Some(credentials),
        assumed_role_user: Some(AssumedRoleUser { assumed_role_id: Some(user_id), arn: Some(arn) }),
        packed_policy_size: input.policy.as_ref().map(|policy| (policy.len() as i64 * 100) / 2_048),
        source_identity: input.source_identity,
        ..Default::default()
    })
}

/// The account and the name of a role's ARN.
fn parse(text: &str) -> Result<(SmolStr, SmolStr), ApiError> {
    let parse = || {
        let arn = Arn::parse(text).filter(|arn| arn.service == "iam" && arn.region.is_empty())?;
        let digits = arn.account.len() == 12 && arn.account.bytes().all(|b| b.is_ascii_digit());
        let name = arn.resource.strip_prefix("role/")?.rsplit('/').next()?;
        (digits && !name.is_empty()).then(|| (arn.account.into(), name.into()))
    };
    parse().ok_or_else(|| errors::invalid_arn(text))
}

fn check_tags(input: &AssumeRoleRequest) -> Result<(), ApiError> {
    let mut keys = BTreeSet::new();
    for tag in input.tags.iter().flatten() {
        if !keys.insert(tag.key.to_lowercase()) {
            return Err(errors::duplicate_tags());
        }
    }
    let missing = |key: &SmolStr| !keys.contains(&key.to_lowercase());
    match input.transitive_tag_keys.iter().flatten().any(missing) {
        true => Err(errors::transitive_tag_missing()),
        false => Ok(()),
    }
}
