//! `/_lowcloud/faults`: GET lists the faults, POST adds one, DELETE ends all of them;
//! DELETE `/_lowcloud/faults/<id>` ends one.

use super::{Failure, Shared};
use crate::wall;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::{FailedCheck, FaultKind, FaultRule, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// Answers are held up for a minute at most.
const MAX_LATENCY_MILLIS: u64 = 60_000;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    kind: FaultKind,
    zone: Option<SmolStr>,
    instance_type: Option<SmolStr>,
    market: Option<SmolStr>,
    operation: Option<SmolStr>,
    instance: Option<SmolStr>,
    group: Option<SmolStr>,
    rate: Option<f64>,
    count: Option<u64>,
    /// Virtual seconds until it begins.
    in_seconds: Option<f64>,
    /// Virtual seconds that it lasts.
    for_seconds: Option<f64>,
    millis: Option<u64>,
    limit: Option<u64>,
    code: Option<u16>,
    check: Option<FailedCheck>,
}

fn seconds(value: f64, name: &str) -> Result<i64, String> {
    match value.is_finite() && (0.0..=1e10).contains(&value) {
        true => Ok((value * 1_000.0) as i64),
        false => Err(format!("{name} is a number of seconds from 0 on")),
    }
}

impl Wanted {
    fn rule(self, now: Timestamp) -> Result<FaultRule, String> {
        if self.rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            return Err("rate is between 0 and 1".to_owned());
        }
        if self.market.as_ref().is_some_and(|m| !matches!(m.as_str(), "spot" | "on-demand")) {
            return Err("market is spot or on-demand".to_owned());
        }
        if self.kind == FaultKind::Latency && self.millis.is_none() {
            return Err("latency needs millis".to_owned());
        }
        if self.millis.is_some_and(|millis| millis > MAX_LATENCY_MILLIS) {
            return Err(format!("millis is at most {MAX_LATENCY_MILLIS}"));
        }
        if self.code.is_some_and(|code| !(200..600).contains(&code)) {
            return Err("code is an HTTP status from 200 to 599".to_owned());
        }
        let begins = self.in_seconds.map(|s| seconds(s, "in_seconds")).transpose()?;
        let lasts = self.for_seconds.map(|s| seconds(s, "for_seconds")).transpose()?;
        let from = now.plus_millis(begins.unwrap_or(0));
        Ok(FaultRule {
            zone: self.zone,
            instance_type: self.instance_type,
            market: self.market,
            operation: self.operation,
            instance: self.instance,
            group: self.group,
            rate: self.rate,
            count: self.count,
            from: Some(from),
            until: lasts.map(|millis| from.plus_millis(millis)),
            millis: self.millis,
            limit: self.limit,
            code: self.code,
            check: self.check,
            ..FaultRule::of(self.kind)
        })
    }
}

/// A rule as JSON, with how it stands.
fn view(rule: &FaultRule, now: Timestamp) -> Value {
    let state = if rule.until.is_some_and(|until| until <= now) {
        "over"
    } else if rule.from.is_some_and(|from| from > now) {
        "waiting"
    } else if rule.count == Some(0) {
        "spent"
    } else {
        "active"
    };
    let mut json = json!(rule);
    json["state"] = json!(state);
    for (name, at) in [("from", rule.from), ("until", rule.until)] {
        if let Some(at) = at {
            json[name] = json!(at.iso_millis());
        }
    }
    json
}

/// All faults.
pub(super) async fn list(State(gateway): Shared) -> Json<Value> {
    let now = gateway.cloud.status(wall()).now;
    let faults = gateway.cloud.faults();
    let views: Vec<Value> = faults.rules.iter().map(|rule| view(rule, now)).collect();
    Json(json!({ "faults": views }))
}

/// Adds a fault.
pub(super) async fn add(State(gateway): Shared, body: Bytes) -> Result<Json<Value>, Failure> {
    let bad = |why: String| Failure(StatusCode::BAD_REQUEST, why);
    let wanted: Wanted =
        serde_json::from_slice(&body).map_err(|error| bad(format!("no fault: {error}")))?;
    let now = gateway.cloud.status(wall()).now;
    let rule = wanted.rule(now).map_err(bad)?;
    let shared = gateway.clone();
    let work = tokio::task::spawn_blocking(move || shared.cloud.add_fault(wall(), rule));
    let internal = |_| Failure(StatusCode::INTERNAL_SERVER_ERROR, "it failed".to_owned());
    let rule = work.await.map_err(internal)?.map_err(|error| bad(error.message))?;
    gateway.driver.wake();
    Ok(Json(view(&rule, now)))
}

/// Ends all faults.
pub(super) async fn clear(State(gateway): Shared) -> Result<Json<Value>, Failure> {
    end(&gateway, None).await
}

/// Ends one fault.
pub(super) async fn clear_one(
    State(gateway): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    end(&gateway, Some(id)).await
}

async fn end(
    gateway: &std::sync::Arc<crate::server::Gateway>,
    id: Option<String>,
) -> Result<Json<Value>, Failure> {
    let (shared, wanted) = (gateway.clone(), id.clone());
    let work =
        tokio::task::spawn_blocking(move || shared.cloud.clear_faults(wall(), wanted.as_deref()));
    let internal = |_| Failure(StatusCode::INTERNAL_SERVER_ERROR, "it failed".to_owned());
    let gone = work.await.map_err(internal)?;
    let gone = gone.map_err(|error| Failure(StatusCode::SERVICE_UNAVAILABLE, error.message))?;
    gateway.driver.wake();
    match id {
        Some(id) if gone.is_empty() => {
            Err(Failure(StatusCode::NOT_FOUND, format!("there is no fault {id}")))
        }
        _ => Ok(Json(json!({ "cleared": gone }))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in [
            r#"{"kind":"nonsense"}"#,
            r#"{"kind":"throttle","rate":2}"#,
            r#"{"kind":"latency"}"#,
            r#"{"kind":"latency","millis":60001}"#,
            r#"{"kind":"throttle","market":"black"}"#,
            r#"{"kind":"throttle","for_seconds":-1}"#,
            r#"{"kind":"throttle","zones":"a"}"#,
        ] {
            let wanted = serde_json::from_str::<Wanted>(text).map_err(|e| e.to_string());
            assert!(wanted.and_then(|w| w.rule(Timestamp(0))).is_err(), "{text}");
        }
    }

    #[test]
    fn a_window_is_relative_to_the_present() {
        let text = r#"{"kind":"zone-outage","zone":"us-west-1a","in_seconds":5,"for_seconds":10}"#;
        let wanted: Wanted = serde_json::from_str(text).expect("a fault");
        let rule = wanted.rule(Timestamp(1_000)).expect("a rule");
        assert_eq!((rule.from, rule.until), (Some(Timestamp(6_000)), Some(Timestamp(16_000))));
        assert_eq!(view(&rule, Timestamp(1_000))["state"], "waiting");
        assert_eq!(view(&rule, Timestamp(6_000))["state"], "active");
        assert_eq!(view(&rule, Timestamp(16_000))["state"], "over");
    }
}
