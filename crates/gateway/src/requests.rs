//! Request ids: UUIDs from the seed, so that the same requests get the same ids.

use kernel::{Rng, random_uuid};
use smol_str::SmolStr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Hands out request ids.
#[derive(Debug)]
pub(crate) struct RequestIds {
    seed: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed: seed ^ 0x7265_7175_6573_7473, next: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> SmolStr {
        random_uuid(&mut Rng::of(self.seed, self.next.fetch_add(1, Ordering::Relaxed)))
    }
}
