//! Real ports for simulated load balancers: `--serve-load-balancers`.
//!
//! Every HTTP listener of an application load balancer gets a port on this machine. A request that
//! comes there is routed by the listener's rules, which the service answers, and goes on to a real
//! address: a target of a target group of the type `ip`. So services on the user's machine can
//! stand behind a load balancer. Instances are simulated and listen nowhere; for them the answer is
//! 503 and says so.

use crate::dispatch::Answer;
use crate::wall;
use http::header::{self, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use kernel::{Caller, Cloud};
use serde_json::{Value, json};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The first port that is tried; each listener takes the next free one.
const FIRST_PORT: u16 = 8_400;
/// Listeners at one time.
const MAX_DOORS: usize = 200;
/// Connections of one listener at one time.
const MAX_CONNECTIONS: usize = 512;
/// How often the cloud is asked which listeners there are.
const LOOK: Duration = Duration::from_millis(500);
/// How long a target may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long it may take to answer: the load balancer's default idle timeout.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a client may take to send its headers.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Headers that end at each hop.
const HOPS: [HeaderName; 5] =
    [header::CONNECTION, header::PROXY_AUTHORIZATION, header::TE, header::TRAILER, header::UPGRADE];

/// A listener with a port.
#[derive(Debug)]
struct Open {
    door: Value,
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// The ports that are open.
#[derive(Debug, Default)]
pub(crate) struct Balance {
    open: Mutex<BTreeMap<SmolStr, Open>>,
}

impl Balance {
    /// What is open, for the control API.
    pub(crate) fn view(&self) -> Value {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = |one: &Open| {
            let mut door = one.door.clone();
            door["url"] = format!("http://{}", one.address).into();
            door
        };
        open.values().map(shown).collect()
    }

    /// Opens and closes ports for ever.
    pub(crate) async fn run(self: Arc<Self>, cloud: Arc<Cloud>) {
        loop {
            self.look(&cloud).await;
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn look(&self, cloud: &Arc<Cloud>) {
        let wanted = doors(cloud);
        let mut taken: Vec<u16> = Vec::new();
        let missing: Vec<(SmolStr, Value)> = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.retain(|listener, one| {
                let stays = wanted.get(listener) == Some(&one.door);
                if !stays {
                    one.task.abort();
                }
                stays
            });
            taken.extend(open.values().map(|one| one.address.port()));
            let room = MAX_DOORS.saturating_sub(open.len());
            let new = wanted.into_iter().filter(|(listener, _)| !open.contains_key(listener));
            new.take(room).collect()
        };
        for (listener, door) in missing {
            let Some((socket, address)) = bind(&taken).await else { return };
            taken.push(address.port());
            tracing::info!(name = %door["name"], %address, "a load balancer listens");
            let task = tokio::spawn(serve(cloud.clone(), socket, door.clone()));
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.insert(listener, Open { door, address, task });
        }
    }
}

/// The listeners that want a port.
fn doors(cloud: &Arc<Cloud>) -> BTreeMap<SmolStr, Value> {
    let Some(control) = cloud.internal_control("elbv2.doors") else { return BTreeMap::new() };
    let caller = Caller::new(cloud.settings().account.clone(), "us-east-1").via("lowcloud");
    let found = cloud.control(wall(), control, &caller, &json!({})).unwrap_or_default();
    let doors = found.as_array().cloned().unwrap_or_default();
    doors
        .into_iter()
        .map(|door| (door["listener"].as_str().unwrap_or_default().into(), door))
        .collect()
}

/// The next free port of this machine's own address.
async fn bind(taken: &[u16]) -> Option<(TcpListener, SocketAddr)> {
    for port in (FIRST_PORT..FIRST_PORT + 2_000).filter(|port| !taken.contains(port)) {
        if let Ok(socket) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
            && let Ok(address) = socket.local_addr()
        {
            return Some((socket, address));
        }
    }
    tracing::warn!("no port is free for a load balancer");
    None
}

/// Serves one listener until it is closed.
async fn serve(cloud: Arc<Cloud>, socket: TcpListener, door: Value) {
    let (door, tickets) = (Arc::new(door), Arc::new(AtomicU64::new(0)));
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let Ok((stream, peer)) = socket.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (cloud, door, tickets) = (cloud.clone(), door.clone(), tickets.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let ticket = tickets.fetch_add(1, Ordering::Relaxed);
                answer(cloud.clone(), door.clone(), ticket, peer, request)
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            let _ = connection.await;
            drop(slot);
        });
    }
}

async fn answer(
    cloud: Arc<Cloud>,
    door: Arc<Value>,
    ticket: u64,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let route = route(&cloud, &door, ticket, peer, &request);
    let text = |name: &str| route[name].as_str().unwrap_or_default().to_owned();
    Ok(match route["action"].as_str().unwrap_or_default() {
        "forward" => {
            let targets = route["targets"].as_array().cloned().unwrap_or_default();
            let chosen = usize::try_from(ticket).unwrap_or(0) % targets.len().max(1);
            match targets.get(chosen) {
                Some(target) => forward(target, &door, peer, request).await,
                None if route["simulated"] == true => own(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The targets are simulated instances: nothing listens on them. Register the \
                     address of a real service in a target group of the type ip.\n",
                ),
                None => own(StatusCode::SERVICE_UNAVAILABLE, ""),
            }
        }
        "redirect" => {
            let status = route["status"].as_u64().and_then(|code| u16::try_from(code).ok());
            let mut response = own(code(status), "");
            if let Ok(location) = HeaderValue::try_from(text("location")) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        "fixed" => {
            let status = route["status"].as_u64().and_then(|code| u16::try_from(code).ok());
            let mut response = Response::new(Answer::from(text("body")));
            *response.status_mut() = code(status);
            if let Ok(kind) = HeaderValue::try_from(text("contentType"))
                && !kind.is_empty()
            {
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            response
        }
        "unbuilt" => own(StatusCode::NOT_IMPLEMENTED, "lowcloud does not authenticate here.\n"),
        _ => own(StatusCode::SERVICE_UNAVAILABLE, ""),
    })
}

fn code(status: Option<u16>) -> StatusCode {
    status.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::BAD_GATEWAY)
}

/// An answer of the load balancer's own.
fn own(status: StatusCode, text: &str) -> Response<Answer> {
    let reason = status.canonical_reason().unwrap_or_default();
    let body = format!("{} {reason}\n{text}", status.as_u16());
    let mut response = Response::new(Answer::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::SERVER, HeaderValue::from_static("awselb/2.0"));
    response
}

/// Asks the service where a request goes.
fn route(
    cloud: &Cloud,
    door: &Value,
    ticket: u64,
    peer: SocketAddr,
    request: &Request<Incoming>,
) -> Value {
    let text = |name: &str| door[name].as_str().unwrap_or_default();
    let headers: BTreeMap<&str, &str> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let question = json!({
        "listener": door["listener"],
        "ticket": ticket.to_string(),
        "host": host.unwrap_or_default(),
        "path": request.uri().path(),
        "query": request.uri().query().unwrap_or_default(),
        "method": request.method().as_str(),
        "source": peer.ip().to_string(),
        "headers": json!(headers).to_string(),
    });
    let caller = Caller::new(text("account"), text("region")).via("lowcloud");
    let control = cloud.internal_control("load-balancers/route");
    let answer = control.map(|control| cloud.control(wall(), control, &caller, &question));
    answer.and_then(Result::ok).unwrap_or_default()
}

/// Sends a request on to a target, and its answer back.
async fn forward(
    target: &Value,
    door: &Value,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Response<Answer> {
    let host = target["host"].as_str().unwrap_or_default().to_owned();
    let port = target["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(80);
    let connecting = TcpStream::connect((host.as_str(), port));
    let stream = match tokio::time::timeout(CONNECT, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(_)) => return own(StatusCode::BAD_GATEWAY, ""),
        Err(_) => return own(StatusCode::GATEWAY_TIMEOUT, ""),
    };
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let Ok((mut sender, connection)) = shaken else { return own(StatusCode::BAD_GATEWAY, "") };
    tokio::spawn(async move {
        let _ = connection.await;
    });
    // The origin form is what servers expect.
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    let headers = request.headers_mut();
    for name in HOPS {
        headers.remove(name);
    }
    let before = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let chain = before.map_or_else(|| peer.ip().to_string(), |b| format!("{b}, {}", peer.ip()));
    let told = [
        ("x-forwarded-for", chain),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-forwarded-port", door["port"].to_string()),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    match tokio::time::timeout(PATIENCE, sender.send_request(request)).await {
        Ok(Ok(mut response)) => {
            for name in HOPS {
                response.headers_mut().remove(name);
            }
            response.map(Answer::new)
        }
        Ok(Err(_)) => own(StatusCode::BAD_GATEWAY, ""),
        Err(_) => own(StatusCode::GATEWAY_TIMEOUT, ""),
    }
}
