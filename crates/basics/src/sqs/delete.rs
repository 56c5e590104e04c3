//! DeleteMessage and DeleteMessageBatch.

use super::messages::Message;
use super::queues::Queue;
use super::receive::of_receipt;
use super::{batch, errors, names};
use api::sqs::{
    DeleteMessageBatchRequest, DeleteMessageBatchResult, DeleteMessageBatchResultEntry,
    DeleteMessageRequest,
};
use kernel::{ApiError, Caller, Tx, resource};

resource! { sqs:
    operations {
        write DeleteMessage => delete_message,
        write DeleteMessageBatch => delete_message_batch,
    }
}

/// Deleting what is gone already is no error. A standard queue takes any handle of a message; a
/// FIFO queue only one whose visibility timeout has not ended.
fn delete(tx: &mut Tx, queue: &Queue, handle: &str) -> Result<(), ApiError> {
    let (key, receive) =
        of_receipt(queue, handle).ok_or_else(|| errors::invalid_receipt(handle))?;
    let Some(row) = tx.get::<Message>(&key) else { return Ok(()) };
    if queue.is_fifo() && (row.received != receive || row.visible_at <= tx.now()) {
        let why = "The receipt handle has expired.";
        return Err(errors::invalid_because(handle, "ReceiptHandle", why));
    }
    tx.remove::<Message>(&key);
    Ok(())
}

fn delete_message(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteMessageRequest,
) -> Result<(), ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    delete(tx, &queue, &input.receipt_handle)
}

fn delete_message_batch(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteMessageBatchRequest,
) -> Result<DeleteMessageBatchResult, ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    batch::check("DeleteMessageBatchRequestEntry", input.entries.iter().map(|entry| &entry.id))?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in input.entries {
        match delete(tx, &queue, &entry.receipt_handle) {
            Ok(()) => successful.push(DeleteMessageBatchResultEntry { id: Some(entry.id) }),
            Err(error) => failed.push(batch::failed(entry.id, error)),
        }
    }
    let failed = Some(failed).filter(|list| !list.is_empty());
    Ok(DeleteMessageBatchResult { successful: Some(successful), failed })
}
