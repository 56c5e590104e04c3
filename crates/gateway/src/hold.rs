//! Long polling: an operation that found nothing and may wait is asked again when something has
//! changed, until the virtual time that it named is up.
//!
//! Messages also come into sight by the mere passing of time, which no event tells, so a held call
//! looks again a few times a second. On a clock that stands still it is held for as long by the
//! wall, so that clients never hang.

use crate::server::Gateway;
use crate::wall;
use kernel::{AnyOutput, Caller, OperationRow};
use model::{ApiError, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Operations that may be held.
const HELD: [(&str, &str); 1] = [("sqs", "ReceiveMessage")];
/// A held call looks again after this, changed or not.
const LOOK: Duration = Duration::from_millis(200);
/// No call is held longer.
const MAX_HOLD: Duration = Duration::from_secs(20);

/// Whether an operation may be held.
pub(crate) fn may_be_held(row: &dyn OperationRow) -> bool {
    HELD.contains(&(row.service(), row.name()))
}

/// Carries out a call that may be held.
pub(crate) async fn invoke(
    gateway: &Arc<Gateway>,
    row: &'static dyn OperationRow,
    caller: &Caller,
    value: Value,
) -> Result<Box<dyn AnyOutput>, ApiError> {
    let mut limits = None;
    loop {
        let changed = gateway.driver.changed();
        tokio::pin!(changed);
        // Whatever changes from here on wakes it.
        changed.as_mut().enable();
        let input = row.decode(value.clone());
        let (output, held) = gateway.cloud.invoke_held(wall(), row, caller, input)?;
        let Some(until) = held else { return Ok(output) };
        let now = gateway.cloud.now(wall());
        let (until, deadline) = *limits.get_or_insert_with(|| {
            let millis = u64::try_from(until.0 - now.0).unwrap_or(0);
            (until, Instant::now() + Duration::from_millis(millis).min(MAX_HOLD))
        });
        let left = deadline.saturating_duration_since(Instant::now());
        if now >= until || left.is_zero() {
            return Ok(output);
        }
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(left.min(LOOK)) => {}
        }
    }
}
