//! Names, URLs and ARNs of queues.

use super::errors;
use super::queues::Queue;
use kernel::{ApiError, Caller, Snapshot};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

const MAX_NAME: usize = 80;

/// Fails unless a queue may have this name.
pub(super) fn check(name: &str, fifo: bool) -> Result<(), ApiError> {
    let usual = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let sound = |stem: &str| !stem.is_empty() && name.len() <= MAX_NAME && stem.bytes().all(usual);
    match (fifo, name.strip_suffix(".fifo")) {
        (true, Some(stem)) if sound(stem) => Ok(()),
        (true, _) => Err(errors::invalid(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or \
             underscores, must end with .fifo suffix and be 1 to 80 in length.",
        )),
        (false, None) if sound(name) => Ok(()),
        (false, _) => Err(errors::invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )),
    }
}

/// Where clients find a queue.
pub(super) fn url(snapshot: &Snapshot, name: &str) -> SmolStr {
    let endpoint = snapshot.settings().endpoint.trim_end_matches('/');
    format_smolstr!("{endpoint}/{}/{name}", snapshot.account())
}

/// The queue of a URL, whose host does not matter. Queues of other accounts are as none: no policy
/// is looked at that could let a stranger in.
pub(super) fn find(
    snapshot: &Snapshot,
    caller: &Caller,
    url: &str,
) -> Result<Arc<Queue>, ApiError> {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let name = parts.next().unwrap_or_default();
    let owner = parts.next().filter(|part| part.len() == 12);
    if owner.is_some_and(|owner| owner != caller.account) {
        return Err(errors::no_such_queue());
    }
    snapshot.get::<Queue>(name).ok_or_else(errors::no_such_queue)
}

/// The name in a queue's ARN of this place.
pub(super) fn of_arn<'a>(caller: &Caller, arn: &'a str) -> Option<&'a str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [_, _, service, region, account, name] = parts[..] else { return None };
    (service == "sqs" && region == caller.region && account == caller.account).then_some(name)
}
