//! Tags of queues.

use super::queues::Queue;
use super::{errors, names};
use api::sqs::{ListQueueTagsRequest, ListQueueTagsResult, TagQueueRequest, UntagQueueRequest};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx, resource};
use smol_str::SmolStr;

resource! { sqs:
    operations {
        write TagQueue => tag_queue,
        write UntagQueue => untag_queue,
        read ListQueueTags => list_queue_tags,
    }
}

const MAX_TAGS: usize = 50;

/// `tags` with more of them, within AWS's limits.
pub(super) fn checked(
    tags: &Tags,
    more: impl IntoIterator<Item = (SmolStr, SmolStr)>,
) -> Result<Tags, ApiError> {
    let more: Vec<(SmolStr, SmolStr)> = more.into_iter().collect();
    for (key, value) in &more {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(errors::invalid("Tag keys must be between 1 and 128 characters in length."));
        }
        if value.chars().count() > 256 {
            return Err(errors::invalid(
                "Tag values must be between 0 and 256 characters in length.",
            ));
        }
    }
    let all = tags.with(more);
    match all.iter().count() > MAX_TAGS {
        true => Err(errors::invalid(format!("Too many tags added for queue: at most {MAX_TAGS}."))),
        false => Ok(all),
    }
}

fn tag_queue(tx: &mut Tx, caller: &Caller, input: TagQueueRequest) -> Result<(), ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    let tags = checked(&queue.tags, input.tags)?;
    tx.update::<Queue>(&queue.name, |queue| queue.tags = tags);
    Ok(())
}

fn untag_queue(tx: &mut Tx, caller: &Caller, input: UntagQueueRequest) -> Result<(), ApiError> {
    let queue = names::find(tx, caller, &input.queue_url)?;
    let tags = queue.tags.without(|key, _| input.tag_keys.iter().any(|gone| gone == key));
    tx.update::<Queue>(&queue.name, |queue| queue.tags = tags);
    Ok(())
}

fn list_queue_tags(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListQueueTagsRequest,
) -> Result<ListQueueTagsResult, ApiError> {
    let queue = names::find(snapshot, caller, &input.queue_url)?;
    let tags: Vec<_> = queue.tags.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    Ok(ListQueueTagsResult { tags: Some(tags).filter(|tags| !tags.is_empty()) })
}
