//! The way of an AWS request: head → route → body → operation → answer.

use crate::blobs::Outgoing;
use crate::body::{self, MAX_API_BODY, Received};
use crate::hold;
use crate::server::Gateway;
use crate::wall;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use kernel::{AnyOutput, Caller, OperationRow, account_of_temporary_key};
use model::{ApiError, Body, OperationModel, Protocol, Service, Value};
use smol_str::SmolStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::{HttpResponse, Misroute, RequestHead, Route};

/// The body of an answer.
pub(crate) type Answer = axum::body::Body;

/// The region of requests that name none.
const DEFAULT_REGION: &str = "us-east-1";
/// Operations that compute for a while (RSA keys) and must not hold up the others' thread.
const SLOW: [(&str, &str); 1] = [("ec2", "CreateKeyPair")];

/// Answers one request.
pub(crate) async fn aws(gateway: &Arc<Gateway>, request: Request<Incoming>) -> Response<Answer> {
    let began = Instant::now();
    let request_id = gateway.ids.next();
    let (mut parts, body) = request.into_parts();
    let done = match read(gateway, &parts, body).await {
        Ok((route, mut received)) => {
            // Trailers say what headers would have said, had the client known it then.
            for (name, value) in std::mem::take(&mut received.trailers) {
                let header = (HeaderName::try_from(name), HeaderValue::try_from(value));
                if let (Ok(name), Ok(value)) = header {
                    parts.headers.entry(name).or_insert(value);
                }
            }
            run(gateway, &parts, route, received, &request_id).await
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

/// Reads as much of the body as the route needs, and all of it in the end.
async fn read(
    gateway: &Gateway,
    parts: &Parts,
    body: Incoming,
) -> Result<(Route, Received), Box<Misroute>> {
    let head = head(parts);
    if wire::needs_body_to_route(&head) {
        let bytes = match body::collect(body, MAX_API_BODY).await {
            Ok(bytes) => bytes,
            Err(error) => return Err(misrouted(&head, error)),
        };
        let bytes = match body::inflated(&head, bytes) {
            Ok(bytes) => bytes,
            Err(error) => return Err(misrouted(&head, error)),
        };
        return Ok((wire::route(&head, &bytes)?, Received::memory(bytes)));
    }
    let route = wire::route(&head, b"")?;
    match body::receive(&head, &route, body, &gateway.blobs).await {
        Ok(received) => Ok((route, received)),
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

/// Decodes, runs and encodes.
async fn run(
    gateway: &Arc<Gateway>,
    parts: &Parts,
    route: Route,
    received: Received,
    request_id: &SmolStr,
) -> Done {
    let (service, operation, protocol) = (route.service, route.operation, route.protocol);
    let outcome = call(gateway, parts, &route, received, request_id).await;
    let (response, error) = match outcome {
        Ok(output) => {
            let response = wire::encode(service, operation, protocol, request_id, &*output);
            (if service.name == "s3" { partial(response) } else { response }, None)
        }
        Err(error) if service.name == "s3" => {
            (s3_error(parts, request_id, protocol, error.clone()), Some(error.code))
        }
        Err(error) => {
            (wire::encode_error(Some(service), protocol, request_id, &error), Some(error.code))
        }
    };
    Done { service: Some(service), operation: Some(operation), error, response }
}

/// A part of an object is answered with a status of its own, which the model does not tell.
fn partial(mut response: HttpResponse) -> HttpResponse {
    if response.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-range")) {
        response.status = StatusCode::PARTIAL_CONTENT.as_u16();
    }
    response
}

/// Where an S3 error says that a bucket is.
fn region_of(error: &ApiError) -> Option<SmolStr> {
    let region = error.extra.iter().find(|(name, _)| *name == "Region");
    region.map(|(_, region)| SmolStr::new(region))
}

/// S3's errors name the resource unless they name it in a way of their own, and tell in a header
/// where a bucket is that was looked for elsewhere.
fn s3_error(parts: &Parts, request_id: &str, protocol: Protocol, error: ApiError) -> HttpResponse {
    let region = region_of(&error);
    let error = match error.extra.is_empty() {
        true => error.with("Resource", parts.uri.path()),
        false => error,
    };
    let mut response = wire::encode_error(model::service("s3"), protocol, request_id, &error);
    if let Some(region) = region {
        response.headers.push(("x-amz-bucket-region".into(), region));
    }
    response
}

async fn call(
    gateway: &Arc<Gateway>,
    parts: &Parts,
    route: &Route,
    received: Received,
    request_id: &SmolStr,
) -> Result<Box<dyn AnyOutput>, ApiError> {
    let (service, name) = (route.service.name, route.operation.name);
    let value = wire::decode(route, &head(parts), &received.body)?;
    let Some(row) = gateway.cloud.operation(service, name) else {
        return Err(ApiError::not_implemented(format_args!("{service}:{name}")));
    };
    let caller = caller(gateway, route, request_id)?;
    let late = gateway.cloud.latency(wall(), service, name);
    if late > 0 {
        tokio::time::sleep(Duration::from_millis(late)).await;
    }
    // Old signatures, and requests without any, name no region: nobody looked in a wrong one.
    let anywhere = (service == "s3" && route.scope.region.is_empty()).then(|| value.clone());
    let mut answer = match hold::may_be_held(row) {
        true => hold::invoke(gateway, row, &caller, value).await,
        false => invoke(gateway, row, &caller, value).await,
    };
    let elsewhere = answer.as_ref().err().and_then(region_of);
    if let (Some(value), Some(region)) = (anywhere, elsewhere) {
        answer = invoke(gateway, row, &Caller { region, ..caller }, value).await;
    }
    gateway.stalled.answered(&gateway.cloud, row, wall());
    if !row.is_read() {
        gateway.driver.poke(&gateway.cloud);
        if matches!(service, "sns" | "cloudformation" | "cloudwatch" | "autoscaling") {
            gateway.sender.poke();
        }
        if service == "s3" {
            gateway.blobs.poke();
        }
    }
    if let Some(claim) = received.claim
        && answer.is_ok()
    {
        claim.keep();
    }
    answer
}

async fn invoke(
    gateway: &Gateway,
    row: &'static dyn OperationRow,
    caller: &Caller,
    value: Value,
) -> Result<Box<dyn AnyOutput>, ApiError> {
    let input = row.decode(value);
    if SLOW.contains(&(row.service(), row.name())) {
        let (cloud, caller) = (gateway.cloud.clone(), caller.clone());
        let task = tokio::task::spawn_blocking(move || cloud.invoke(wall(), row, &caller, input));
        return task.await.unwrap_or_else(|_| Err(ApiError::internal()));
    }
    gateway.cloud.invoke(wall(), row, caller, input)
}

/// Who calls: the account that the access key names (twelve digits, or a session's key that this
/// cloud issued), else the configured one.
fn caller(gateway: &Gateway, route: &Route, request_id: &SmolStr) -> Result<Caller, ApiError> {
    let key = &route.scope.access_key;
    let account = if key.len() == 12 && key.bytes().all(|b| b.is_ascii_digit()) {
        key.clone()
    } else {
        let issued = account_of_temporary_key(key);
        issued.unwrap_or_else(|| gateway.cloud.settings().account.clone())
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
    respond(gateway, done.response, is_head)
}

fn respond(gateway: &Gateway, answer: HttpResponse, is_head: bool) -> Response<Answer> {
    let length = answer.body.len();
    let body = match answer.body {
        _ if is_head => Answer::empty(),
        Body::Memory(bytes) => Answer::from(bytes),
        Body::Stored(stored) => Answer::new(Outgoing::new(gateway.blobs.clone(), &stored.pieces)),
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
