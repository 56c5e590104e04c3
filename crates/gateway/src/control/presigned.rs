//! What is PUT to URLs that CloudFormation has given away: signals of guests to the handles of
//! wait conditions, as `cfn-signal` and `curl -T` send them, and the answers of custom resources'
//! providers. On AWS the URLs are presigned ones of buckets.

use super::Failure;
use crate::server::Gateway;
use crate::wall;
use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use kernel::Caller;
use serde_json::{Value, json};

/// What the paths begin with, after the control API's prefix, and the control that takes them.
const PATHS: [(&str, &str); 2] = [
    ("cloudformation-waitcondition-", "cloudformation.wait-signal"),
    ("cloudformation-custom-resource-response-", "cloudformation.custom-answer"),
];

/// The control that takes what is sent to a path.
pub(super) fn control_of(name: &str) -> Option<&'static str> {
    PATHS.iter().find(|(path, _)| name.starts_with(path)).map(|(_, control)| *control)
}

/// `PUT /_lowcloud/cloudformation-waitcondition-<region>/<stack's ARN>/<logical id>?Signature=…`
/// and `PUT /_lowcloud/cloudformation-custom-resource-response-<region>/<stack's ARN>|<logical
/// id>|<request's id>?Signature=…`
pub(super) fn put(
    gateway: &Gateway,
    control: &str,
    method: &Method,
    uri: &Uri,
    body: &[u8],
) -> Result<Json<Value>, Failure> {
    if *method != Method::PUT {
        let why = "this URL takes a PUT";
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
        let why = "nothing has this URL";
        return Err(Failure(StatusCode::FORBIDDEN, why.to_owned()));
    }
    let caller = Caller::new(account, region);
    let url = format!("{}{uri}", gateway.cloud.settings().endpoint);
    let request = json!({ "url": url, "body": String::from_utf8_lossy(body) });
    let Some(control) = gateway.cloud.internal_control(control) else {
        return Err(Failure(StatusCode::NOT_FOUND, "there is no CloudFormation".to_owned()));
    };
    let answer = gateway.cloud.control(wall(), control, &caller, &request).map_err(|error| {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        Failure(status, error.message)
    })?;
    gateway.driver.poke(&gateway.cloud);
    Ok(Json(answer))
}
