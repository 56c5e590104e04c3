//! Temporary credentials: a row for each access key that was issued and has not been forgotten.

use api::sts::Credentials;
use kernel::{Caller, Row, Scope, Timestamp, Tx, resource, temporary_access_key};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

resource! { sts:
    tables { Session }
    housekeeping { "sts.expired-session" => forget }
}

/// How long an expired key is remembered, so that its use can be told it is expired.
const REMEMBERED_SECS: i64 = 86_400;

/// What temporary credentials stand for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) access_key: SmolStr,
    /// `AROA…:name` for a role's session, the account for the root user's.
    pub(crate) user_id: SmolStr,
    pub(crate) arn: SmolStr,
    /// Whether a role was assumed.
    pub(crate) assumed: bool,
    pub(crate) expires_at: Timestamp,
}

impl Row for Session {
    const TABLE: &'static str = "sts.sessions";
    const SCOPE: Scope = Scope::World;

    fn key(&self) -> SmolStr {
        self.access_key.clone()
    }
}

const SECRET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What to issue credentials for.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) account: SmolStr,
    pub(crate) user_id: SmolStr,
    pub(crate) arn: SmolStr,
    pub(crate) assumed: bool,
}

/// Issues credentials that last for `secs`.
pub(crate) fn issue(tx: &mut Tx, identity: Identity, secs: i64) -> Credentials {
    let Identity { account, user_id, arn, assumed } = identity;
    let mut access_key = temporary_access_key(&account, tx.random());
    while tx.contains::<Session>(&access_key) {
        access_key = temporary_access_key(&account, tx.random());
    }
    let expires_at = tx.now().whole_seconds().plus_secs(secs);
    let secret: SmolStr = tx.random().text(SECRET, 40).into();
    // Tokens of AWS begin like this; they are opaque.
    let token: SmolStr = format!("IQoJb3JpZ2luX2Vj{}=", tx.random().text(SECRET, 331)).into();
    tx.schedule(expires_at.plus_secs(REMEMBERED_SECS), "sts.expired-session", &access_key);
    tx.put(Session { access_key: access_key.clone(), user_id, arn, assumed, expires_at });
    Credentials {
        access_key_id: Some(access_key),
        secret_access_key: Some(secret),
        session_token: Some(token),
        expiration: Some(expires_at),
    }
}

fn forget(tx: &mut Tx, _: &Caller, access_key: &str) {
    tx.remove::<Session>(access_key);
}
