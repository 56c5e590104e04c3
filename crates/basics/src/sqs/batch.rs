//! What all batches have in common: one to ten entries with distinct ids.

use super::errors;
use api::sqs::BatchResultErrorEntry;
use kernel::ApiError;
use smol_str::SmolStr;
use std::collections::BTreeSet;

const MAX_ENTRIES: usize = 10;

/// Checks the ids of a batch; `entry` is what the error calls its entries.
pub(super) fn check<'a>(
    entry: &str,
    ids: impl ExactSizeIterator<Item = &'a SmolStr>,
) -> Result<(), ApiError> {
    if ids.len() == 0 {
        return Err(errors::empty_batch(entry));
    }
    if ids.len() > MAX_ENTRIES {
        return Err(errors::too_many_entries(ids.len()));
    }
    let usual = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let mut seen = BTreeSet::new();
    for id in ids {
        if id.is_empty() || id.len() > 80 || !id.bytes().all(usual) {
            return Err(errors::invalid_entry_id());
        }
        if !seen.insert(id) {
            return Err(errors::ids_not_distinct(id));
        }
    }
    Ok(())
}

/// An entry that failed.
pub(super) fn failed(id: SmolStr, error: ApiError) -> BatchResultErrorEntry {
    BatchResultErrorEntry {
        id: Some(id),
        sender_fault: Some(error.status < 500),
        code: Some(error.code),
        message: Some(error.message.into()),
    }
}
