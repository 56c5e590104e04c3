//! Signals of guests: a PUT to the URL of a wait condition's handle, as `cfn-signal` and
//! `curl -T` send it. On AWS the URL is a bucket's.

use super::Failure;
use crate::server::Gateway;
use crate::wall;
use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use kernel::Caller;
use serde_json::{Value, json};

/// What the paths of handles begin with, after the control API's prefix.
pub(super) const PATH: &str = "cloudformation-waitcondition-";

/// `PUT /_lowcloud/cloudformation-waitcondition-<region>/<stack's ARN>/<logical id>?Signature=…`
pub(super) fn signal(
    gateway: &Gateway,
    method: &Method,
    uri: &Uri,
    body: &[u8],
) -> Result<Json<Value>, Failure> {
    if *method != Method::PUT {
        let why = "signals are sent to a wait condition's handle by PUT";
        return Err(Failure(StatusCode::METHOD_NOT_ALLOWED, why.to_owned()));
    }
    // arn:aws:cloudformation:<region>:<account>:stack/…
    let escaped = uri.path().split('/').nth(3).unwrap_or_default();
    let arn = escaped.replace("%3A", ":").replace("%3a", ":");
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let sound = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let known = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    if !known || region.len() > 32 || !region.bytes().all(sound) {
        let why = "no wait condition handle has this URL";
        return Err(Failure(StatusCode::FORBIDDEN, why.to_owned()));
    }
    let caller = Caller::new(account, region);
    let url = format!("{}{uri}", gateway.cloud.settings().endpoint);
    let request = json!({ "url": url, "body": String::from_utf8_lossy(body) });
    let Some(control) = gateway.cloud.internal_control("cloudformation.wait-signal") else {
        return Err(Failure(StatusCode::NOT_FOUND, "there is no CloudFormation".to_owned()));
    };
    let answer = gateway.cloud.control(wall(), control, &caller, &request).map_err(|error| {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        Failure(status, error.message)
    })?;
    gateway.driver.poke(&gateway.cloud);
    Ok(Json(answer))
}
