//! The way of an AWS request: head → route → body → operation → answer.

use crate::server::Gateway;
use crate::wall;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use kernel::{AnyOutput, Caller};
use model::{ApiError, Body, OperationModel, Service};
use smol_str::SmolStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::{AwsChunked, ChunkedKind, HttpResponse, Misroute, RequestHead, Route};

/// The body of an answer.
pub(crate) type Answer = axum::body::Body;

/// An API's request may have this many bytes, before and after inflating.
const MAX_API_BODY: usize = 1 << 20;
/// An object that is held in memory.
const MAX_OBJECT_BODY: usize = 256 << 20;
/// How long a client may take to send an API's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// The region of requests that name none.
const DEFAULT_REGION: &str = "us-east-1";
/// Operations that compute for a while (RSA keys) and must not hold up the others' thread.
const SLOW: [(&str, &str); 1] = [("ec2", "CreateKeyPair")];

/// Answers one request.
pub(crate) async fn aws(gateway: &Arc<Gateway>, request: Request<Incoming>) -> Response<Answer> {
    let began = Instant::now();
    let request_id = gateway.ids.next();
    let (mut parts, body) = request.into_parts();
    let done = match read(&parts, body).await {
        Ok(Read { route, body, trailers }) => {
            // Trailers say what headers would have said, had the client known it then.
            for (name, value) in trailers {
                let header = (HeaderName::try_from(name), HeaderValue::try_from(value));
                if let (Ok(name), Ok(value)) = header {
                    parts.headers.entry(name).or_insert(value);
                }
            }
            run(gateway, &parts, route, body, &request_id).await
        }
        Err(misroute) => Done::refused(*misroute, &request_id),
    };
    finish(gateway, &parts, done, &request_id, began)
}

/// An answer, and what it answers.
struct Done {
    service: Option<&'static Service>,
    operation: Option<&'static OperationModel>,
    error: Option<SmolStr>,
    response: HttpResponse,
}

impl Done {
    fn refused(misroute: Misroute, request_id: &str) -> Self {
        let Misroute { service, protocol, error, .. } = misroute;
        Self {
            service,
            operation: None,
            response: wire::encode_error(service, protocol, request_id, &error),
            error: Some(error.code),
        }
    }
}

fn head(parts: &Parts) -> RequestHead<'_> {
    RequestHead {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
    }
}

/// A request that has been read.
struct Read {
    route: Route,
    body: Bytes,
    /// Of an `aws-chunked` body: names and values.
    trailers: Vec<(String, String)>,
}

/// Reads as much of the body as the route needs, and all of it in the end.
async fn read(parts: &Parts, body: Incoming) -> Result<Read, Box<Misroute>> {
    let head = head(parts);
    if wire::needs_body_to_route(&head) {
        let bytes = match collect(body, MAX_API_BODY).await {
            Ok(bytes) => bytes,
            Err(error) => return Err(misrouted(&head, error)),
        };
        let bytes = match inflated(&head, bytes) {
            Ok(bytes) => bytes,
            Err(error) => return Err(misrouted(&head, error)),
        };
        return Ok(Read { route: wire::route(&head, &bytes)?, body: bytes, trailers: Vec::new() });
    }
    let route = wire::route(&head, b"")?;
    let streams = route.streams_body();
    let limit = if streams { MAX_OBJECT_BODY } else { MAX_API_BODY };
    let bytes = collect(body, limit).await;
    let read = bytes.and_then(|bytes| {
        if streams { unchunked(&head, bytes) } else { Ok((inflated(&head, bytes)?, Vec::new())) }
    });
    match read {
        Ok((body, trailers)) => Ok(Read { route, body, trailers }),
        Err(error) => Err(Box::new(Misroute {
            service: Some(route.service),
            protocol: route.protocol,
            scope: route.scope,
            error,
        })),
    }
}

/// Routes without the body, to find out in which protocol the error is to be told.
fn misrouted(head: &RequestHead<'_>, error: ApiError) -> Box<Misroute> {
    match wire::route(head, b"") {
        Ok(route) => Box::new(Misroute {
            service: Some(route.service),
            protocol: route.protocol,
            scope: route.scope,
            error,
        }),
        Err(mut misroute) => {
            misroute.error = error;
            misroute
        }
    }
}

async fn collect(body: Incoming, limit: usize) -> Result<Bytes, ApiError> {
    let reading = Limited::new(body, limit).collect();
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(ApiError::new("RequestEntityTooLarge", "Request size exceeded the limit.")
                .with_status(413))
        }
        Ok(Err(_)) => Err(ApiError::new("IncompleteBody", "The request body ended early.")),
        Err(_) => Err(ApiError::new("RequestTimeout", "The request body did not arrive in time.")
            .with_status(408)),
    }
}

fn inflated(head: &RequestHead<'_>, bytes: Bytes) -> Result<Bytes, ApiError> {
    wire::inflate(head, bytes, MAX_API_BODY)
}

/// Undoes `aws-chunked` framing: the content, and the trailers.
fn unchunked(
    head: &RequestHead<'_>,
    bytes: Bytes,
) -> Result<(Bytes, Vec<(String, String)>), ApiError> {
    if ChunkedKind::of(head).is_none() {
        return Ok((bytes, Vec::new()));
    }
    let mut decoder = AwsChunked::new();
    let mut content = BytesMut::new();
    decoder.feed(&bytes, |part| content.extend_from_slice(&part))?;
    let announced = head.header("x-amz-decoded-content-length").and_then(|n| n.parse().ok());
    let (_, trailers) = decoder.finish(announced)?;
    Ok((content.freeze(), trailers))
}

/// Decodes, runs and encodes.
async fn run(
    gateway: &Arc<Gateway>,
    parts: &Parts,
    route: Route,
    body: Bytes,
    request_id: &SmolStr,
) -> Done {
    let (service, operation, protocol) = (route.service, route.operation, route.protocol);
    let outcome = call(gateway, parts, &route, body, request_id).await;
    let (response, error) = match outcome {
        Ok(output) => (wire::encode(service, operation, protocol, request_id, &*output), None),
        Err(error) => {
            (wire::encode_error(Some(service), protocol, request_id, &error), Some(error.code))
        }
    };
    Done { service: Some(service), operation: Some(operation), error, response }
}

async fn call(
    gateway: &Arc<Gateway>,
    parts: &Parts,
    route: &Route,
    body: Bytes,
    request_id: &SmolStr,
) -> Result<Box<dyn AnyOutput>, ApiError> {
    let (service, name) = (route.service.name, route.operation.name);
    let value = wire::decode(route, &head(parts), &Body::Memory(body))?;
    let Some(row) = gateway.cloud.operation(service, name) else {
        return Err(ApiError::not_implemented(format_args!("{service}:{name}")));
    };
    let caller = caller(gateway, route, request_id)?;
    let input = row.decode(value);
    let answer = if SLOW.contains(&(service, name)) {
        let cloud = gateway.cloud.clone();
        let task = tokio::task::spawn_blocking(move || cloud.invoke(wall(), row, &caller, input));
        task.await.unwrap_or_else(|_| Err(ApiError::internal()))
    } else {
        gateway.cloud.invoke(wall(), row, &caller, input)
    };
    if !row.is_read() {
        gateway.driver.poke(&gateway.cloud);
    }
    answer
}

/// Who calls: the account that the access key names (twelve digits), else the configured one.
fn caller(gateway: &Gateway, route: &Route, request_id: &SmolStr) -> Result<Caller, ApiError> {
    let key = &route.scope.access_key;
    let account = if key.len() == 12 && key.bytes().all(|b| b.is_ascii_digit()) {
        key.clone()
    } else {
        gateway.cloud.settings().account.clone()
    };
    let region = match route.scope.region.as_str() {
        "" | "aws-global" => SmolStr::new_static(DEFAULT_REGION),
        region => SmolStr::new(region),
    };
    let sound = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if region.len() > 32 || !region.bytes().all(sound) {
        return Err(ApiError::new(
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        )
        .with_status(403));
    }
    Ok(Caller {
        access_key: key.clone(),
        request_id: request_id.clone(),
        ..Caller::new(account, region)
    })
}

/// Makes the HTTP response and leaves a line in the log.
fn finish(
    gateway: &Gateway,
    parts: &Parts,
    done: Done,
    request_id: &str,
    began: Instant,
) -> Response<Answer> {
    let took = began.elapsed();
    let service = done.service.map_or("-", |s| s.name);
    let operation = done.operation.map_or("-", |o| o.name);
    let status = done.response.status;
    gateway.metrics.count(service, operation, status, took);
    if gateway.options.access_log {
        let error = done.error.as_deref().unwrap_or_default();
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(service, operation, status, error, micros, request_id, "request");
    }
    let is_head = parts.method == http::Method::HEAD;
    respond(done.response, is_head)
}

fn respond(answer: HttpResponse, is_head: bool) -> Response<Answer> {
    let length = answer.body.len();
    let body = match answer.body {
        _ if is_head => Answer::empty(),
        Body::Memory(bytes) => Answer::from(bytes),
        Body::Stored { .. } => Answer::empty(),
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut has_length = false;
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name.as_str());
        let value = HeaderValue::try_from(value.as_str());
        if let (Ok(name), Ok(value)) = (name, value) {
            has_length |= name == http::header::CONTENT_LENGTH;
            headers.append(name, value);
        }
    }
    if is_head && !has_length {
        headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}
