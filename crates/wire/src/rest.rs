//! REST bindings: which operation a method and path mean, and which members travel in path,
//! query string, headers and payload.
//! <https://smithy.io/2.0/spec/http-bindings.html>

use crate::head::{RequestHead, unescape};
use crate::read::{self, json, scalar};
use bytes::Bytes;
use model::{
    ApiError, Body, Kind, MemberModel, OperationModel, Place, Protocol, Service, Shape, Value,
};
use smol_str::SmolStr;

/// Where a request points, after host names have been understood.
#[derive(Clone, Debug)]
pub(crate) struct Target<'a> {
    /// S3 bucket of a virtual host.
    pub bucket: Option<&'a str>,
    /// Path, percent-encoded.
    pub path: &'a str,
}

impl<'a> Target<'a> {
    /// The path's segments as the model's templates see them: a virtual host's bucket first.
    fn segments(&self) -> Vec<&'a str> {
        let path = self.path.strip_prefix('/').unwrap_or(self.path);
        let rest = (!path.is_empty() || self.bucket.is_none()).then_some(path);
        self.bucket.into_iter().chain(rest.into_iter().flat_map(|p| p.split('/'))).collect()
    }
}

/// Labels of a path, decoded: (name, value).
type Labels = Vec<(&'static str, String)>;

/// Matches a path against a template's path; greedy labels take the rest.
fn labels(template: &'static str, segments: &[&str]) -> Option<Labels> {
    let template = template.split('?').next()?.trim_start_matches('/');
    let mut labels = Vec::new();
    let mut given = segments.iter().copied();
    for part in template.split('/') {
        let Some(name) = part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) else {
            if given.next()? != part {
                return None;
            }
            continue;
        };
        if let Some(name) = name.strip_suffix('+') {
            let rest: Vec<&str> = given.by_ref().collect();
            let text = unescape(&rest.join("/"), false)?.into_owned();
            if text.is_empty() {
                return None;
            }
            labels.push((name, text));
        } else {
            let text = given.next()?;
            if text.is_empty() {
                return None;
            }
            labels.push((name, unescape(text, false)?.into_owned()));
        }
    }
    // A slash after the last label is not another segment: `/bucket/`.
    match (given.next(), given.next()) {
        (None | Some(""), None) => Some(labels),
        _ => None,
    }
}

/// How well an operation fits: the more of its own query keys and required members are given,
/// the more specific it is. `None` when it does not fit at all.
fn fitness(
    service: &'static Service,
    operation: &'static OperationModel,
    head: &RequestHead<'_>,
    keys: &[(SmolStr, SmolStr)],
) -> Option<usize> {
    let given = |name: &str| keys.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let mut score = 0;
    for literal in operation.uri.split_once('?').map_or("", |(_, q)| q).split('&') {
        let (key, value) = literal.split_once('=').unwrap_or((literal, ""));
        if !key.is_empty() {
            let found = given(key)?;
            if !value.is_empty() && value != found {
                return None;
            }
            score += 4;
        }
    }
    let members = operation.input.some().map(|id| service.members(service.shape(id)));
    for member in members.into_iter().flatten().filter(|m| m.required) {
        let there = match member.place {
            Place::Query => given(member.wire).is_some(),
            Place::Header => head.headers.contains_key(member.wire),
            _ => continue,
        };
        if !there && service.name == "s3" {
            return None;
        }
        score += usize::from(there) * 2;
    }
    // Clients name the operation where paths are ambiguous.
    if given("x-id").is_some_and(|id| id == operation.name) {
        score += 100;
    }
    Some(score + usize::from(!operation.deprecated))
}

/// The operation that a REST request means.
pub(crate) fn find(
    service: &'static Service,
    head: &RequestHead<'_>,
    target: &Target<'_>,
) -> Result<&'static OperationModel, ApiError> {
    let segments = target.segments();
    let keys: Vec<(SmolStr, SmolStr)> =
        head.query_pairs().map(|(k, v)| (k.as_ref().into(), v.as_ref().into())).collect();
    let mut best: Option<(usize, &'static OperationModel)> = None;
    for operation in service.operations.iter().filter(|op| op.method == head.method) {
        if labels(operation.uri, &segments).is_none() {
            continue;
        }
        let Some(score) = fitness(service, operation, head, &keys) else { continue };
        if best.is_none_or(|(other, _)| score > other) {
            best = Some((score, operation));
        }
    }
    let refused = || match service.name {
        "s3" => ApiError::new(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        )
        .with_status(405)
        .with("Method", head.method)
        .with("ResourceType", if segments.len() > 1 { "OBJECT" } else { "BUCKET" }),
        _ => ApiError::new("UnknownOperationException", "").with_status(404),
    };
    let (_, operation) = best.ok_or_else(refused)?;
    let literals = operation.uri.split_once('?').map_or("", |(_, q)| q);
    // A subresource that the chosen operation ignores means another operation that this
    // method does not have.
    if service.name == "s3"
        && keys.iter().any(|(key, _)| is_subresource(service, key) && !has_key(literals, key))
    {
        return Err(refused());
    }
    Ok(operation)
}

fn has_key(literals: &str, key: &str) -> bool {
    literals.split('&').any(|l| l.split('=').next() == Some(key))
}

/// Whether some S3 operation is told apart by this query key alone.
fn is_subresource(service: &'static Service, key: &str) -> bool {
    key != "list-type"
        && service
            .operations
            .iter()
            .any(|op| op.uri.split_once('?').is_some_and(|(_, q)| has_key(q, key)))
}

/// Reads a REST request's input.
pub(crate) fn read(
    service: &'static Service,
    operation: &'static OperationModel,
    protocol: Protocol,
    head: &RequestHead<'_>,
    target: &Target<'_>,
    body: &Body,
) -> Result<Value, ApiError> {
    let Some(input) = operation.input.some() else { return Ok(Value::Struct(Vec::new())) };
    let shape = service.shape(input);
    let labels = labels(operation.uri, &target.segments()).unwrap_or_default();
    let mut members = Vec::new();
    for member in service.members(shape) {
        let value = match member.place {
            Place::Uri => labels
                .iter()
                .find(|(name, _)| *name == member.wire || *name == member.name)
                .map(|(_, text)| text_value(service, member, text))
                .transpose()?,
            Place::Query => query_member(service, member, head)?,
            Place::Header => header_member(service, member, head)?,
            Place::Headers => prefixed(member, head),
            Place::Body | Place::StatusCode => None,
        };
        members.extend(value.map(|value| (member.name, value)));
    }
    if shape.payload.is_empty() {
        // Only members of the body are left; without any, bytes are not looked at.
        if service.members(shape).iter().any(|m| m.place == Place::Body)
            && let Value::Struct(rest) = document(service, input, protocol, body)?
        {
            members.extend(rest);
        }
    } else if let Some(value) = payload(service, shape, protocol, head, body)? {
        members.push((shape.payload, value));
    }
    Ok(Value::Struct(members))
}

fn document(
    service: &'static Service,
    id: model::ShapeId,
    protocol: Protocol,
    body: &Body,
) -> Result<Value, ApiError> {
    let bytes = in_memory(body)?;
    match protocol {
        Protocol::RestXml => read::xml::read(service, id, bytes),
        _ => json::read(service, id, bytes),
    }
}

/// Structured bodies are small; the shell keeps only streamed payloads elsewhere.
fn in_memory(body: &Body) -> Result<&Bytes, ApiError> {
    match body {
        Body::Memory(bytes) => Ok(bytes),
        Body::Stored { .. } => {
            Err(ApiError::new("MaxMessageLengthExceeded", "Your request was too big."))
        }
    }
}

fn payload(
    service: &'static Service,
    shape: &Shape,
    protocol: Protocol,
    head: &RequestHead<'_>,
    body: &Body,
) -> Result<Option<Value>, ApiError> {
    let member = service.members(shape).iter().find(|m| m.name == shape.payload);
    let Some(member) = member else { return Ok(None) };
    let target = service.shape(member.shape);
    if body.is_empty() && !(target.streaming && head.headers.contains_key("content-length")) {
        return Ok(None);
    }
    Ok(Some(match target.kind {
        Kind::Blob if target.streaming => Value::Body(body.clone()),
        Kind::Blob => Value::Blob(in_memory(body)?.clone()),
        Kind::String => {
            let text = str::from_utf8(in_memory(body)?);
            Value::Text(text.map_err(|_| bad_request(protocol, "body"))?.into())
        }
        _ => document(service, member.shape, protocol, body)?,
    }))
}

fn bad_request(protocol: Protocol, what: &str) -> ApiError {
    match protocol {
        Protocol::RestXml => {
            ApiError::new("InvalidArgument", "Invalid Argument").with("ArgumentName", what)
        }
        _ => json::serialization(""),
    }
}

fn text_value(
    service: &'static Service,
    member: &MemberModel,
    text: &str,
) -> Result<Value, ApiError> {
    let shape = service.shape(member.shape);
    let protocol = service.protocols.first().copied().unwrap_or(Protocol::RestJson);
    scalar::parse(shape, text).ok_or_else(|| {
        if protocol == Protocol::RestXml && matches!(shape.kind, Kind::Integer | Kind::Long) {
            // S3 words its numbers one by one.
            return ApiError::new(
                "InvalidArgument",
                format!("Provided {} not an integer or within integer range", member.wire),
            )
            .with("ArgumentName", member.wire)
            .with("ArgumentValue", text.chars().take(200).collect::<String>());
        }
        bad_request(protocol, member.wire)
    })
}

fn query_member(
    service: &'static Service,
    member: &MemberModel,
    head: &RequestHead<'_>,
) -> Result<Option<Value>, ApiError> {
    let shape = service.shape(member.shape);
    match shape.kind {
        Kind::List => {
            let mut items = Vec::new();
            for (key, text) in head.query_pairs() {
                if key == member.wire {
                    let element = service.shape(shape.element);
                    let item = scalar::parse(element, &text);
                    items.push(item.ok_or_else(|| bad_request(Protocol::RestJson, &key))?);
                }
            }
            Ok((!items.is_empty()).then_some(Value::List(items)))
        }
        Kind::Map => {
            let entries: Vec<_> = head
                .query_pairs()
                .map(|(k, v)| (SmolStr::from(k), Value::Text(SmolStr::from(v))))
                .collect();
            Ok((!entries.is_empty()).then_some(Value::Map(entries)))
        }
        kind => match head.query_value(member.wire) {
            Some(text) if text.is_empty() && kind != Kind::String => Ok(None),
            Some(text) => text_value(service, member, &text).map(Some),
            None => Ok(None),
        },
    }
}

fn header_member(
    service: &'static Service,
    member: &MemberModel,
    head: &RequestHead<'_>,
) -> Result<Option<Value>, ApiError> {
    let shape = service.shape(member.shape);
    let Some(text) = head.header(member.wire) else { return Ok(None) };
    let mut text = text.trim();
    if member.wire == "Content-Encoding" {
        // The framing is gone by now; S3 does not keep its name either.
        text = text.strip_prefix("aws-chunked").unwrap_or(text).trim_start_matches([',', ' ']);
        if text.is_empty() {
            return Ok(None);
        }
    }
    match shape.kind {
        Kind::List => {
            let element = service.shape(shape.element);
            let items: Option<Vec<_>> =
                text.split(',').map(|part| scalar::parse(element, part.trim())).collect();
            items
                .map(|items| Some(Value::List(items)))
                .ok_or_else(|| bad_request(Protocol::RestXml, member.wire))
        }
        // Conditional requests with dates that do not parse are unconditional (RFC 9110).
        Kind::Timestamp => Ok(scalar::parse(shape, text)),
        kind if text.is_empty() && kind != Kind::String => Ok(None),
        _ => text_value(service, member, text).map(Some),
    }
}

fn prefixed(member: &MemberModel, head: &RequestHead<'_>) -> Option<Value> {
    let mut entries: Vec<(SmolStr, Value)> = Vec::new();
    for (name, value) in head.headers {
        let Some(key) = name.as_str().strip_prefix(&*member.wire.to_ascii_lowercase()) else {
            continue;
        };
        // Old clients send UTF-8 as it is.
        let Ok(text) = str::from_utf8(value.as_bytes()) else { continue };
        match entries.iter_mut().find(|(known, _)| known == key) {
            // Repeated headers are one list.
            Some((_, Value::Text(old))) => *old = smol_str::format_smolstr!("{old},{text}"),
            _ => entries.push((key.into(), Value::Text(text.into()))),
        }
    }
    (!entries.is_empty()).then_some(Value::Map(entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn check(request: &str, bucket: Option<&str>, headers: &[&'static str], expected: &str) {
        let (method, url) = request.split_once(' ').expect("method and path");
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut map = HeaderMap::new();
        for name in headers {
            map.insert(*name, "x".parse().expect("ASCII"));
        }
        let head = RequestHead { method, path, query, headers: &map };
        let s3 = model::service("s3").expect("listed");
        let found = find(s3, &head, &Target { bucket, path });
        let name = found.map_or_else(|e| e.code.to_string(), |op| op.name.to_owned());
        assert_eq!(name, expected, "{request}");
    }

    #[test]
    fn s3_operations_are_told_apart_by_method_path_keys_and_headers() {
        for (request, expected) in [
            ("GET /", "ListBuckets"),
            ("PUT /b", "CreateBucket"),
            ("PUT /b/", "CreateBucket"),
            ("HEAD /b", "HeadBucket"),
            ("GET /b?location", "GetBucketLocation"),
            ("GET /b?location=", "GetBucketLocation"),
            ("GET /b", "ListObjects"),
            ("GET /b?list-type=2&prefix=a%2Fb", "ListObjectsV2"),
            ("GET /b?uploads", "ListMultipartUploads"),
            ("GET /b?lifecycle", "GetBucketLifecycleConfiguration"),
            ("GET /b?analytics", "ListBucketAnalyticsConfigurations"),
            ("GET /b?analytics&id=1", "GetBucketAnalyticsConfiguration"),
            ("POST /b?delete", "DeleteObjects"),
            ("PUT /b/a/b%20c", "PutObject"),
            ("PUT /b/k?partNumber=1&uploadId=u", "UploadPart"),
            ("GET /b/k", "GetObject"),
            ("GET /b/k?x-id=GetObject", "GetObject"),
            ("GET /b/k?uploadId=u", "ListParts"),
            ("GET /b/k?tagging", "GetObjectTagging"),
            ("POST /b/k?uploads", "CreateMultipartUpload"),
            ("POST /b/k?uploadId=u", "CompleteMultipartUpload"),
            ("DELETE /b/k?uploadId=u", "AbortMultipartUpload"),
            ("DELETE /b/k", "DeleteObject"),
            ("DELETE /b?tagging", "DeleteBucketTagging"),
            ("PATCH /b", "MethodNotAllowed"),
            ("DELETE /b?location", "MethodNotAllowed"),
            ("POST /", "MethodNotAllowed"),
        ] {
            check(request, None, &[], expected);
        }
        check("PUT /b/k", None, &["x-amz-copy-source"], "CopyObject");
        let part = "PUT /b/k?partNumber=1&uploadId=u";
        check(part, None, &["x-amz-copy-source"], "UploadPartCopy");
        check("GET /", Some("b"), &[], "ListObjects");
        check("GET /a/b", Some("b"), &[], "GetObject");
        check("PUT /", Some("b"), &[], "CreateBucket");
    }

    #[test]
    fn greedy_labels_keep_their_slashes() {
        let found = labels("/{Bucket}/{Key+}?tagging", &["b", "a", "", "c%2Fd", ""]);
        assert_eq!(found, Some(vec![("Bucket", "b".into()), ("Key", "a//c/d/".into())]));
        assert_eq!(labels("/{Bucket}/{Key+}", &["b"]), None);
        assert_eq!(labels("/{Bucket}", &["b", "c"]), None);
    }
}
