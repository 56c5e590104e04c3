//! Who a caller is, and which account an access key belongs to.

use super::errors;
use super::sessions::{self, Identity, Session};
use api::sts::{
    GetAccessKeyInfoRequest, GetAccessKeyInfoResponse, GetCallerIdentityRequest,
    GetCallerIdentityResponse, GetSessionTokenRequest, GetSessionTokenResponse,
};
use kernel::{ApiError, Caller, Snapshot, Tx, account_of_access_key, resource};
use smol_str::SmolStr;
use std::sync::Arc;

resource! { sts:
    operations {
        read GetCallerIdentity => get_caller_identity,
        read GetAccessKeyInfo => get_access_key_info,
        write GetSessionToken => get_session_token,
    }
}

/// AWS's default for the root user is an hour, for others twelve.
const ROOT_SESSION_SECS: i64 = 3_600;

/// The session that a caller's key stands for; none for lasting credentials.
pub(super) fn session(snapshot: &Snapshot, caller: &Caller) -> Result<Option<Arc<Session>>, ApiError> {
    if !caller.access_key.starts_with("ASIA") {
        return Ok(None);
    }
    match snapshot.get::<Session>(&caller.access_key) {
        Some(session) if session.expires_at <= snapshot.now() => Err(errors::expired_token()),
        session => Ok(session),
    }
}

/// The ARN that a caller acts as.
pub(super) fn arn_of(snapshot: &Snapshot, caller: &Caller) -> Result<SmolStr, ApiError> {
    Ok(match session(snapshot, caller)? {
        Some(session) => session.arn.clone(),
        None => caller.global_arn("iam", "root"),
    })
}

fn get_caller_identity(
    snapshot: &Snapshot,
    caller: &Caller,
    _: GetCallerIdentityRequest,
) -> Result<GetCallerIdentityResponse, ApiError> {
    let (user_id, arn) = match session(snapshot, caller)? {
        Some(session) => (session.user_id.clone(), session.arn.clone()),
        None => (caller.account.clone(), caller.global_arn("iam", "root")),
    };
    Ok(GetCallerIdentityResponse {
        user_id: Some(user_id),
        account: Some(caller.account.clone()),
        arn: Some(arn),
    })
}

fn get_access_key_info(
    _: &Snapshot,
    caller: &Caller,
    input: GetAccessKeyInfoRequest,
) -> Result<GetAccessKeyInfoResponse, ApiError> {
    let account = if input.access_key_id == caller.access_key {
        caller.account.clone()
    } else {
        account_of_access_key(&input.access_key_id).ok_or_else(errors::unknown_access_key)?
    };
    Ok(GetAccessKeyInfoResponse { account: Some(account) })
}

fn get_session_token(
    tx: &mut Tx,
    caller: &Caller,
    input: GetSessionTokenRequest,
) -> Result<GetSessionTokenResponse, ApiError> {
    if session(tx, caller)?.is_some() {
        return Err(errors::session_cannot_get_session_token());
    }
    // Longer sessions of the root user are cut to an hour.
    let secs = input.duration_seconds.unwrap_or(ROOT_SESSION_SECS).min(ROOT_SESSION_SECS);
    let identity = Identity {
        account: caller.account.clone(),
        user_id: caller.account.clone(),
        arn: caller.global_arn("iam", "root"),
        assumed: false,
    };
    let credentials = sessions::issue(tx, identity, secs);
    Ok(GetSessionTokenResponse { credentials: Some(credentials), ..Default::default() })
}
