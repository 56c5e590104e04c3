//! The clock driver: sleeps until the next task is due. An idle cloud uses no CPU.

use crate::outbox::Sender;
use crate::wall;
use kernel::{Cloud, Wall};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Wakes the driver when something earlier than its next wake-up has come up.
#[derive(Debug)]
pub(crate) struct Driver {
    sleeping_until: AtomicI64,
    changed: Notify,
    /// What tasks do may want to be sent.
    sender: Arc<Sender>,
}

impl Driver {
    pub(crate) fn new(sender: Arc<Sender>) -> Self {
        Self { sleeping_until: AtomicI64::new(i64::MIN), changed: Notify::new(), sender }
    }

    /// Tells the driver that the timeline may have changed.
    pub(crate) fn poke(&self, cloud: &Cloud) {
        let next = cloud.next_wake().map_or(i64::MAX, |Wall(at)| at);
        if next < self.sleeping_until.load(Ordering::Acquire) {
            self.changed.notify_one();
        }
    }

    /// Tells the driver that the clock itself has changed.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Drives the cloud for ever.
    pub(crate) async fn run(self: Arc<Self>, cloud: Arc<Cloud>) {
        loop {
            let next = match cloud.run_due(wall()) {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "the clock stands still; trying again in a second");
                    Some(Wall(wall().0 + 1_000))
                }
            };
            self.sender.poke();
            let until = next.map_or(i64::MAX, |Wall(at)| at);
            self.sleeping_until.store(until, Ordering::Release);
            // Something may have been scheduled since; then there is no sleep.
            if cloud.next_wake().is_some_and(|Wall(at)| at < until) {
                continue;
            }
            match next {
                None => self.changed.notified().await,
                Some(Wall(at)) => {
                    let millis = u64::try_from(at - wall().0).unwrap_or(0);
                    let sleep = tokio::time::sleep(Duration::from_millis(millis));
                    tokio::select! {
                        () = sleep => {}
                        () = self.changed.notified() => {}
                    }
                }
            }
        }
    }
}
