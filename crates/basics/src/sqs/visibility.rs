//! ChangeMessageVisibility and ChangeMessageVisibilityBatch.

use super::messages::Message;
use super::queues::Queue;
use super::receive::of_receipt;
use super::{batch, errors, names};
use api::sqs::{
    ChangeMessageVisibilityBatchRequest, ChangeMessageVisibilityBatchResult,
    ChangeMessageVisibilityBatchResultEntry, ChangeMessageVisibilityRequest,
};
use kernel::{ApiError, Caller, Tx, resource};

resource! { sqs:
    operations {
        write ChangeMessageVisibility => change_message_visibility,
        write ChangeMessageVisibilityBatch => change_message_visibility_batch,
    }
}

/// Hides a message that is in flight for so long from now on; with 0 it is there again.
fn change(tx: &mut Tx, queue: &Queue, handle: &str, timeout: i64) -> Result<(), ApiError> {
    if !(0..=43_200).contains(&timeout) {
        let why = "Must be between 0 and 43200, if provided.";
        return Err(errors::invalid_because(timeout, "VisibilityTimeout", why));
    }
    let (key, receive) =
        of_receipt(queue, handle).ok_or_else(|| errors::invalid_receipt(handle))?;
    let now = tx.now();
    let in_flight = |row: &Message| row.received == receive && row.visible_at > now;
    if !tx.get::<Message>(&key).is_some_and(|row| in_flight(&row)) {
        return Err(errors::not_in_flight(handle));
    }
    tx.update::<Message>(&key, |row| row.visible_at = now.plus_secs(timeout));
    Ok(())
}

fn change_message_visibility(
    tx: &mut Tx,
    caller: &Caller,
    input: ChangeMessageVisibilityRequest,
) -> Result<(), ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    change(tx, &queue, &input.receipt_handle, input.visibility_timeout)
}

fn change_message_visibility_batch(
    tx: &mut Tx,
    caller: &Caller,
    input: ChangeMessageVisibilityBatchRequest,
) -> Result<ChangeMessageVisibilityBatchResult, ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    let name = "ChangeMessageVisibilityBatchRequestEntry";
    batch::check(name, input.entries.iter().map(|entry| &entry.id))?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in input.entries {
        let timeout = entry.visibility_timeout.unwrap_or(0);
        match change(tx, &queue, &entry.receipt_handle, timeout) {
            Ok(()) => {
                successful.push(ChangeMessageVisibilityBatchResultEntry { id: Some(entry.id) });
            }
            Err(error) => failed.push(batch::failed(entry.id, error)),
        }
    }
    let failed = Some(failed).filter(|list| !list.is_empty());
    Ok(ChangeMessageVisibilityBatchResult { successful: Some(successful), failed })
}
