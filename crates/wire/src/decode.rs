//! A routed request's bytes to its checked input.

use crate::head::RequestHead;
use crate::read::form::{self, Node};
use crate::read::{cbor, json, query};
use crate::rest::{self, Target};
use crate::route::Route;
use crate::validate;
use bytes::Bytes;
use model::{ApiError, Body, Protocol, Value};
use std::borrow::Cow;
use std::io::Read;

/// Reads and checks a request's input. `body` must have been [inflated](inflate) and, for S3,
/// stripped of [`crate::AwsChunked`]'s framing; only streamed payloads may be
/// [`Body::Stored`].
///
/// # Errors
///
/// What AWS answers to a body that does not parse, or to values outside the model's limits: all
/// of them at once where the service's protocol does so.
pub fn decode(route: &Route, head: &RequestHead<'_>, body: &Body) -> Result<Value, ApiError> {
    let (service, operation) = (route.service, route.operation);
    let empty = Bytes::new();
    let bytes = match body {
        Body::Memory(bytes) => bytes,
        Body::Stored { .. } => &empty,
    };
    let value = match route.protocol {
        Protocol::Query | Protocol::Ec2 => {
            let mut pairs = form::decode(head.query.as_bytes())?;
            if head.method == "POST" {
                pairs.extend(form::decode(bytes)?);
            }
            if let Some(url) = queue_url(route, head, &pairs) {
                pairs.push(url);
            }
            let tree = Node::of(&pairs)?;
            query::read(service, operation.input, route.protocol, &tree)?
        }
        Protocol::Json => match operation.input.some() {
            Some(id) => json::read(service, id, bytes)?,
            None => Value::Struct(Vec::new()),
        },
        Protocol::Cbor => match operation.input.some() {
            Some(id) => cbor::read(service, id, bytes)?,
            None => Value::Struct(Vec::new()),
        },
        Protocol::RestXml | Protocol::RestJson => {
            let target = Target { bucket: route.bucket.as_deref(), path: head.path };
            rest::read(service, operation, route.protocol, head, &target, body)?
        }
    };
    validate::check(service, operation, route.protocol, &value)?;
    Ok(value)
}

/// Older clients of SQS send to the queue's own path, `/<account>/<name>`, and do not name it again.
fn queue_url<'a>(
    route: &Route,
    head: &RequestHead<'a>,
    pairs: &[(Cow<'_, str>, Cow<'_, str>)],
) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let path = head.path.trim_matches('/');
    let (account, name) = path.rsplit_once('/')?;
    let named = pairs.iter().any(|(key, _)| key == "QueueUrl");
    let of_queue = route.service.name == "sqs" && account.len() == 12 && !name.is_empty();
    (of_queue && !named).then_some((Cow::Borrowed("QueueUrl"), Cow::Borrowed(head.path)))
}

/// Undoes a request's `Content-Encoding: gzip`, refusing to grow beyond `limit` bytes.
///
/// S3 stores what it is given: do not call this for streamed payloads.
pub fn inflate(head: &RequestHead<'_>, body: Bytes, limit: usize) -> Result<Bytes, ApiError> {
    let encoding = head.header("content-encoding").unwrap_or_default();
    if !encoding.split(',').any(|e| e.trim().eq_ignore_ascii_case("gzip")) {
        return Ok(body);
    }
    let mut out = Vec::new();
    let decoder = flate2::read::MultiGzDecoder::new(&body[..]);
    let broken = |_| ApiError::new("SerializationException", "The body is not valid gzip.");
    decoder.take(limit as u64 + 1).read_to_end(&mut out).map_err(broken)?;
    if out.len() > limit {
        return Err(
            ApiError::new("RequestEntityTooLarge", "The request is too large.").with_status(413)
        );
    }
    Ok(Bytes::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use std::io::Write;

    #[test]
    fn gzip_bodies_are_inflated_within_a_limit() {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", "gzip".parse().expect("ASCII"));
        let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&[b'a'; 10_000]).expect("memory");
        let packed = Bytes::from(encoder.finish().expect("memory"));
        assert_eq!(inflate(&head, packed.clone(), 10_000).map(|b| b.len()), Ok(10_000));
        let error = inflate(&head, packed, 9_999).expect_err("too large");
        assert_eq!(error.status, 413);
        assert!(inflate(&head, Bytes::from_static(b"plain"), 100).is_err());
        let plain = RequestHead { headers: &HeaderMap::new(), ..head };
        assert_eq!(inflate(&plain, Bytes::from_static(b"plain"), 1), Ok("plain".into()));
    }
}
