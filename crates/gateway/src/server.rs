//! The listener: connections, their limits, and a graceful end.

use crate::balance::Balance;
use crate::blobs::Blobs;
use crate::control;
use crate::dispatch::{self, Answer};
use crate::driver::Driver;
use crate::guard::Guard;
use crate::metrics::Metrics;
use crate::outbox::Sender;
use crate::requests::RequestIds;
use crate::stalled::Stalled;
use axum::Router;
use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use kernel::Cloud;
use std::convert::Infallible;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// Connections at one time; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 4_096;
/// Request line and headers together.
const MAX_HEAD_BYTES: usize = 64 * 1_024;
/// How long a client may take to send its headers.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long running requests may take to finish when the server ends.
const DRAIN: Duration = Duration::from_secs(5);

/// What the gateway is told from outside.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who may talk to it.
    pub guard: Guard,
    /// The version that `health` reports.
    pub version: &'static str,
    /// Whether each request is logged.
    pub access_log: bool,
    /// Where large contents of objects are kept; in a temporary folder when this is none.
    pub blob_dir: Option<PathBuf>,
}

/// A cloud with a door.
#[derive(Debug)]
pub struct Gateway {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) options: Options,
    pub(crate) ids: RequestIds,
    pub(crate) driver: Arc<Driver>,
    pub(crate) metrics: Metrics,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) sender: Arc<Sender>,
    pub(crate) balance: Arc<Balance>,
    pub(crate) stalled: Stalled,
}

impl Gateway {
    /// A door to this cloud.
    pub fn new(cloud: Cloud, options: Options) -> Arc<Self> {
        let seed = cloud.settings().seed;
        let sender = Arc::new(Sender::default());
        Arc::new(Self {
            cloud: Arc::new(cloud),
            blobs: Blobs::new(options.blob_dir.clone()),
            options,
            ids: RequestIds::new(seed),
            driver: Arc::new(Driver::new(sender.clone())),
            sender,
            balance: Arc::default(),
            metrics: Metrics::default(),
            stalled: Stalled::default(),
        })
    }

    /// Serves until `end` is ready, then lets running requests finish.
    ///
    /// # Errors
    ///
    /// When the listener breaks.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        end: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let driver = tokio::spawn(self.driver.clone().run(self.cloud.clone()));
        let sweeper = tokio::spawn(self.blobs.clone().run(self.cloud.clone()));
        let sender = tokio::spawn(self.sender.clone().run(self.cloud.clone()));
        let balances = self.cloud.settings().serve_load_balancers;
        let balancer = balances.then(|| tokio::spawn(self.balance.clone().run(self.cloud.clone())));
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let control = control::router(self.clone());
        tokio::pin!(end);
        loop {
            let slot = slots.clone().acquire_owned();
            let (stream, slot) = tokio::select! {
                () = &mut end => break,
                accepted = async {
                    let slot = slot.await.expect("the semaphore is never closed");
                    (listener.accept().await, slot)
                } => match accepted {
                    (Ok((stream, _)), slot) => (stream, slot),
                    (Err(error), _) => {
                        // Out of file descriptors, or a client that is gone already.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    }
                },
            };
            let _ = stream.set_nodelay(true);
            let (gateway, control) = (self.clone(), control.clone());
            let service =
                service_fn(move |request| answer(gateway.clone(), control.clone(), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(MAX_HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended early");
                }
                drop(slot);
            });
        }
        let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
        driver.abort();
        sweeper.abort();
        sender.abort();
        if let Some(balancer) = balancer {
            balancer.abort();
        }
        Ok(())
    }
}

/// Control API, or AWS.
async fn answer(
    gateway: Arc<Gateway>,
    control: Router,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    // RFC 9112, 3.2: a request of HTTP/1.1 has a Host, or is answered so.
    let is_new = request.version() == http::Version::HTTP_11;
    if is_new && !request.headers().contains_key(header::HOST) {
        return Ok(refused(StatusCode::BAD_REQUEST, "The request has no Host."));
    }
    if let Some(why) = gateway.options.guard.refusal(request.headers()) {
        return Ok(refused(StatusCode::FORBIDDEN, &why));
    }
    if request.uri().path().starts_with(control::PREFIX) {
        let response = control.oneshot(request).await?;
        return Ok(response.map(Answer::new));
    }
    Ok(dispatch::aws(&gateway, request).await)
}

fn refused(status: StatusCode, why: &str) -> Response<Answer> {
    let mut response = Response::new(Answer::from(format!("{why}\n")));
    *response.status_mut() = status;
    let plain = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}
