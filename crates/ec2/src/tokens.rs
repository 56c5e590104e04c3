//! Idempotency: `ClientToken` makes a repeated request find what the first one made.
//!
//! "Ensuring idempotency in Amazon EC2 API requests": the same token with the same parameters
//! succeeds without doing anything again, with others it is `IdempotentParameterMismatch`.

use crate::errors;
use kernel::{ApiError, Row, Tx};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// A token that was used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClientToken {
    key: SmolStr,
    fingerprint: u64,
    result: SmolStr,
}

impl Row for ClientToken {
    const TABLE: &'static str = "ec2.client-tokens";

    fn key(&self) -> SmolStr {
        self.key.clone()
    }
}

/// What a request was: anything that prints the same is the same request.
pub(crate) fn fingerprint(request: &impl std::fmt::Debug) -> u64 {
    format!("{request:?}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// What the first request with this token made, if there was one.
pub(crate) fn replayed(
    tx: &Tx,
    operation: &str,
    token: Option<&str>,
    fingerprint: u64,
) -> Result<Option<SmolStr>, ApiError> {
    let Some(token) = token.filter(|t| !t.is_empty()) else { return Ok(None) };
    if token.len() > 64 {
        return Err(errors::invalid_parameter(
            token,
            "clientToken",
            "The client token may have at most 64 characters.",
        ));
    }
    match tx.get::<ClientToken>(&format!("{operation}/{token}")) {
        Some(row) if row.fingerprint != fingerprint => Err(errors::idempotent_mismatch()),
        row => Ok(row.map(|r| r.result.clone())),
    }
}

/// Remembers what a request with a token made.
pub(crate) fn remember(
    tx: &mut Tx,
    operation: &str,
    token: Option<&str>,
    fingerprint: u64,
    result: SmolStr,
) {
    if let Some(token) = token.filter(|t| !t.is_empty()) {
        tx.put(ClientToken { key: format_smolstr!("{operation}/{token}"), fingerprint, result });
    }
}
