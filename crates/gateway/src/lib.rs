//! The shell around the deterministic core: the listener, its limits, who may talk to it, the way
//! of a request to its operation and back, the clock driver, and the control API.
//!
//! Everything that is not repeatable is here: sockets, the wall clock, threads.
#![allow(clippy::disallowed_methods, reason = "this room reads the wall clock and sleeps")]

mod balance;
mod blobs;
mod body;
mod control;
mod dispatch;
mod driver;
mod guard;
mod hold;
mod metrics;
mod outbox;
mod requests;
mod server;
mod stalled;

pub use guard::Guard;
pub use server::{Gateway, Options};

use kernel::Wall;
use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock, in milliseconds.
pub fn wall() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
