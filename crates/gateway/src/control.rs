//! `/_lowcloud/…`: what AWS has no call for.

mod faults;
mod presigned;

use crate::server::Gateway;
use crate::wall;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use kernel::{Caller, ClockMode, CloudStatus, JournalError, Settled};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the control API lives.
pub(crate) const PREFIX: &str = "/_lowcloud/";

/// The longest that `run until idle` lets the clock run when nobody says how far: 30 days.
const IDLE_LIMIT_SECS: f64 = 30.0 * 86_400.0;

type Shared = State<Arc<Gateway>>;

/// The control API's routes.
pub(crate) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/_lowcloud/health", get(health))
        .route("/_lowcloud/status", get(status))
        .route("/_lowcloud/coverage", get(coverage))
        .route("/_lowcloud/metrics", get(metrics))
        .route("/_lowcloud/reset", post(reset))
        .route("/_lowcloud/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/_lowcloud/faults/{id}", delete(faults::clear_one))
        .route("/_lowcloud/load-balancers", get(load_balancers))
        .route("/_lowcloud/clock", get(clock).post(change_clock))
        .fallback(of_a_service)
        .layer(DefaultBodyLimit::max(1 << 20))
        .with_state(gateway)
}

/// A failure, as JSON.
struct Failure(StatusCode, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(serde_json::json!({ "error": self.1 }))).into_response()
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

/// What the services answer: `GET` or `POST /_lowcloud/<name>`. `account` and `region` in the query
/// say where (the default account, us-east-1); a question's other pairs are its request.
async fn of_a_service(
    State(gateway): Shared,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Result<Json<serde_json::Value>, Failure> {
    let name = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    if let Some(control) = presigned::control_of(name) {
        return presigned::put(&gateway, control, &method, &uri, &body);
    }
    let named = || gateway.cloud.controls().filter(|control| control.name() == name);
    let control = named().find(|control| control.is_read() == (method == Method::GET));
    let Some(control) = control.or_else(|| named().next()) else {
        let text = "the control API has no such path";
        return Err(Failure(StatusCode::NOT_FOUND, text.to_owned()));
    };
    let bad = |why: String| Failure(StatusCode::BAD_REQUEST, why);
    let mut query: BTreeMap<String, String> = match Query::try_from_uri(&uri) {
        Ok(Query(query)) => query,
        Err(error) => return Err(bad(error.to_string())),
    };
    let account = query.remove("account").map(SmolStr::from);
    let account = account.unwrap_or_else(|| gateway.cloud.settings().account.clone());
    let region = query.remove("region").unwrap_or_else(|| "us-east-1".to_owned());
    let caller = Caller::new(account, region);
    let request = match (control.is_read(), method) {
        (true, Method::GET) => serde_json::json!(query),
        (false, Method::POST) if body.is_empty() => serde_json::json!({}),
        (false, Method::POST) => {
            serde_json::from_slice(&body).map_err(|error| bad(format!("no JSON: {error}")))?
        }
        (is_read, _) => {
            let method = if is_read { "GET" } else { "POST" };
            let why = format!("{name} is asked with {method}");
            return Err(Failure(StatusCode::METHOD_NOT_ALLOWED, why));
        }
    };
    // A question may compute for a while and must not hold up the others' thread.
    let shared = gateway.clone();
    let work = tokio::task::spawn_blocking(move || {
        shared.cloud.control(wall(), control, &caller, &request)
    });
    let internal = |_| Failure(StatusCode::INTERNAL_SERVER_ERROR, "it failed".to_owned());
    let answer = work.await.map_err(internal)?.map_err(|error| {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        Failure(status, error.message.clone())
    })?;
    gateway.driver.poke(&gateway.cloud);
    Ok(Json(answer))
}

async fn health(State(gateway): Shared) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok", "version": gateway.options.version }))
}

/// The listeners that have a real port, with its URL.
async fn load_balancers(State(gateway): Shared) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "listeners": gateway.balance.view() }))
}

async fn metrics(State(gateway): Shared) -> impl IntoResponse {
    let text = gateway.metrics.render(&gateway.cloud.status(wall()));
    ([("content-type", "text/plain; version=0.0.4")], text)
}

async fn reset(State(gateway): Shared) -> Result<Json<serde_json::Value>, Failure> {
    gateway.cloud.reset(wall())?;
    gateway.blobs.poke();
    gateway.driver.wake();
    Ok(Json(serde_json::json!({ "reset": true })))
}

/// How the cloud stands.
#[derive(Serialize)]
struct Status {
    now: String,
    clock: ClockView,
    commits: u64,
    pending_tasks: usize,
    next_task_at: Option<String>,
    rows: BTreeMap<&'static str, usize>,
    pace: String,
    seed: u64,
    account: String,
}

/// How time runs.
#[derive(Serialize)]
struct ClockView {
    now: String,
    /// `real`, `scaled` or `paused`
    mode: &'static str,
    /// Virtual seconds per second.
    scale: f64,
    idle: bool,
    /// Tasks that wait for their time, without housekeeping.
    waiting_tasks: usize,
    next_task_at: Option<String>,
}

impl From<&CloudStatus> for ClockView {
    fn from(status: &CloudStatus) -> Self {
        let (mode, scale) = match status.clock.mode {
            ClockMode::Real => ("real", 1.0),
            ClockMode::Scaled(factor) => ("scaled", factor),
            ClockMode::Paused => ("paused", 0.0),
        };
        Self {
            now: status.now.iso_millis(),
            mode,
            scale,
            idle: status.next_due.is_none(),
            waiting_tasks: status.waiting,
            next_task_at: status.next_due.map(|at| at.iso_millis()),
        }
    }
}

async fn status(State(gateway): Shared) -> Json<Status> {
    let status = gateway.cloud.status(wall());
    let settings = gateway.cloud.settings();
    Json(Status {
        now: status.now.iso_millis(),
        clock: ClockView::from(&status),
        commits: status.sequence,
        pending_tasks: status.pending,
        next_task_at: status.next_due.map(|at| at.iso_millis()),
        rows: status.rows.into_iter().collect(),
        pace: settings.pace.to_string(),
        seed: settings.seed,
        account: settings.account.to_string(),
    })
}

async fn clock(State(gateway): Shared) -> Json<ClockView> {
    Json(ClockView::from(&gateway.cloud.status(wall())))
}

/// A change of the clock: `{"mode": "paused"}`, `{"scale": 60}`, `{"step_seconds": 3600}` or
/// `{"run_until_idle": true, "limit_seconds": 86400}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    mode: Option<String>,
    scale: Option<f64>,
    step_seconds: Option<f64>,
    #[serde(default)]
    run_until_idle: bool,
    limit_seconds: Option<f64>,
}

/// The clock after a change, and what the change carried out.
#[derive(Serialize)]
struct ClockAnswer {
    #[serde(flatten)]
    clock: ClockView,
    tasks_run: usize,
    /// Whether it was broken off with more to do.
    truncated: bool,
}

async fn change_clock(
    State(gateway): Shared,
    Json(change): Json<ClockChange>,
) -> Result<Json<ClockAnswer>, Failure> {
    let bad = |why: &str| Failure(StatusCode::BAD_REQUEST, why.to_owned());
    let mode = match (change.mode.as_deref(), change.scale) {
        (Some("paused"), None) => Some(ClockMode::Paused),
        (Some("real"), None) => Some(ClockMode::Real),
        (None | Some("scaled"), Some(1.0)) => Some(ClockMode::Real),
        (None | Some("scaled"), Some(factor)) if factor > 0.0 && factor <= 1e9 => {
            Some(ClockMode::Scaled(factor))
        }
        (None, None) => None,
        _ => return Err(bad("say mode real or paused, or a scale above 0 (at most 1e9)")),
    };
    let millis = |secs: f64| (secs * 1_000.0).round();
    let sound = |secs: f64| (0.0..=1e10).contains(&secs);
    if !change.step_seconds.is_none_or(sound) || !change.limit_seconds.is_none_or(sound) {
        return Err(bad("a step is a number of seconds, not negative and below 1e10"));
    }
    // Stepping runs tasks for a while and must not hold up the others' thread.
    let shared = gateway.clone();
    let work = tokio::task::spawn_blocking(move || -> Result<Settled, JournalError> {
        let cloud = &shared.cloud;
        if let Some(mode) = mode {
            cloud.set_clock_mode(wall(), mode)?;
        }
        if change.run_until_idle {
            let limit = change.limit_seconds.unwrap_or(IDLE_LIMIT_SECS);
            cloud.run_until_idle(wall(), millis(limit) as i64)
        } else if let Some(secs) = change.step_seconds {
            cloud.step(wall(), millis(secs) as i64)
        } else {
            Ok(Settled::default())
        }
    });
    let internal = |_| Failure(StatusCode::INTERNAL_SERVER_ERROR, "the step failed".to_owned());
    let settled = work.await.map_err(internal)??;
    gateway.driver.wake();
    Ok(Json(ClockAnswer {
        clock: ClockView::from(&gateway.cloud.status(wall())),
        tasks_run: settled.tasks,
        truncated: settled.truncated,
    }))
}

/// What of each service is there.
#[derive(Serialize)]
struct Coverage {
    services: BTreeMap<&'static str, ServiceCoverage>,
}

/// Operations that are implemented, and all that AWS has.
#[derive(Default, Serialize)]
struct ServiceCoverage {
    implemented: Vec<&'static str>,
    known: Vec<&'static str>,
}

async fn coverage(State(gateway): Shared) -> Json<Coverage> {
    let mut services: BTreeMap<&'static str, ServiceCoverage> = BTreeMap::new();
    for name in model::all_services() {
        let Some(service) = model::service(name) else { continue };
        let known = service.operations.iter().map(|o| o.name).collect();
        services.insert(service.name, ServiceCoverage { known, ..Default::default() });
    }
    for row in gateway.cloud.operations() {
        services.entry(row.service()).or_default().implemented.push(row.name());
    }
    Json(Coverage { services })
}
