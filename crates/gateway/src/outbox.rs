//! Calls of web endpoints that the cloud's services want: SNS's http subscriptions.
//!
//! Services put what they want to send into rows; after a write or a task the sender asks which
//! are ready, sends them outside of any transaction, and tells how it went. Retries are the
//! service's, on the cloud's own clock. There is no TLS here, so https endpoints fail and say so.

use crate::wall;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use kernel::{Caller, Cloud};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// SNS gives up on an endpoint that has not answered in this time.
const PATIENCE: Duration = Duration::from_secs(15);
/// Calls at one time.
const MAX_CALLS: usize = 16;
/// An answer's body is read up to here and thrown away.
const MAX_ANSWER: usize = 64 * 1_024;

/// Wakes the sender.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    changed: Notify,
}

/// Why a call failed, and whether trying again is of no use.
struct Failure {
    why: String,
    ends: bool,
}

impl Sender {
    /// Tells the sender that something may be ready.
    pub(crate) fn poke(&self) {
        self.changed.notify_one();
    }

    /// Sends for ever.
    pub(crate) async fn run(self: Arc<Self>, cloud: Arc<Cloud>) {
        loop {
            while self.round(&cloud).await {}
            self.changed.notified().await;
        }
    }

    /// Sends what is ready now; whether there was anything.
    async fn round(&self, cloud: &Arc<Cloud>) -> bool {
        let ready = tell(cloud, "sns.ready", json!({})).await;
        let Value::Array(ready) = ready else { return false };
        let found = !ready.is_empty();
        let mut calls = JoinSet::new();
        for delivery in ready {
            if calls.len() >= MAX_CALLS {
                calls.join_next().await;
            }
            let cloud = cloud.clone();
            calls.spawn(async move {
                let answer = match tokio::time::timeout(PATIENCE, send(&delivery)).await {
                    Ok(answer) => answer,
                    Err(_) => Err(Failure { why: "no answer in time".to_owned(), ends: false }),
                };
                let mut report = json!({ "key": delivery["key"] });
                if let Err(failure) = answer {
                    report["error"] = json!(failure.why);
                    report["final"] = json!(failure.ends);
                }
                !tell(&cloud, "sns.sent", report).await.is_null()
            });
        }
        // What could not be noted would only be sent again.
        let mut noted = true;
        while let Some(call) = calls.join_next().await {
            noted &= call.unwrap_or(false);
        }
        found && noted
    }
}

/// Gives a service an internal command; nothing if it has none of this name.
async fn tell(cloud: &Arc<Cloud>, name: &'static str, request: Value) -> Value {
    let cloud = cloud.clone();
    let work = tokio::task::spawn_blocking(move || {
        let control = cloud.internal_control(name)?;
        let caller = Caller::new(cloud.settings().account.clone(), "us-east-1").via("lowcloud");
        cloud.control(wall(), control, &caller, &request).ok()
    });
    work.await.ok().flatten().unwrap_or_default()
}

/// Calls one endpoint.
async fn send(delivery: &Value) -> Result<(), Failure> {
    let failed = |why: String| Failure { why, ends: false };
    let text = |name: &str| delivery[name].as_str().unwrap_or_default().to_owned();
    let bad = |why: &str| Failure { why: why.to_owned(), ends: true };
    let uri: http::Uri = text("url").parse().map_err(|_| bad("the endpoint is no URL"))?;
    if uri.scheme_str() != Some("http") {
        return Err(bad("https endpoints cannot be called: there is no TLS here"));
    }
    let authority = uri.authority().ok_or_else(|| bad("the endpoint names no host"))?;
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host.as_str(), port)).await;
    let stream = stream.map_err(|error| failed(format!("cannot connect: {error}")))?;
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| failed(error.to_string()))?;
    let connection = tokio::spawn(async move {
        let _ = connection.await;
    });
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(header::HOST, authority.as_str())
        .header(header::USER_AGENT, "Amazon Simple Notification Service Agent")
        .header(header::CONTENT_TYPE, "text/plain; charset=UTF-8")
        .header("x-amz-sns-message-type", text("kind"))
        .header("x-amz-sns-message-id", text("message_id"))
        .header("x-amz-sns-topic-arn", text("topic"));
    if !text("subscription").is_empty() {
        request = request.header("x-amz-sns-subscription-arn", text("subscription"));
    }
    if delivery["raw"] == json!(true) {
        request = request.header("x-amz-sns-rawdelivery", "true");
    }
    let body = Full::new(Bytes::from(text("body")));
    let request = request.body(body).map_err(|error| bad(&error.to_string()))?;
    let answer = sender.send_request(request).await;
    let answer = answer.map_err(|error| failed(format!("the call failed: {error}")))?;
    let status = answer.status();
    let _ = http_body_util::Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    connection.abort();
    match status.as_u16() {
        200..=299 => Ok(()),
        // As SNS has it, the endpoint's own no is final, but for "too many".
        code @ 400..=499 if code != 429 => {
            Err(Failure { why: format!("the endpoint answered {code}"), ends: true })
        }
        code => Err(failed(format!("the endpoint answered {code}"))),
    }
}
