//! Tags of topics.

use super::topics::Topic;
use super::{arns, errors};
use api::sns::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, Tag, TagResourceRequest,
    TagResourceResponse, UntagResourceRequest, UntagResourceResponse,
};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx, resource};
use std::sync::Arc;

resource! { sns:
    operations {
        write TagResource => tag_resource,
        write UntagResource => untag_resource,
        read ListTagsForResource => list_tags_for_resource,
    }
}

const MAX_TAGS: usize = 50;

/// `tags` with more of them, within SNS's limits.
pub(super) fn checked(tags: &Tags, more: &[Tag]) -> Result<Tags, ApiError> {
    for (at, tag) in more.iter().enumerate() {
        if more[..at].iter().any(|other| other.key == tag.key) {
            return Err(errors::invalid("Duplicated keys are not allowed."));
        }
    }
    let all = tags.with(more.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
    if all.len() > MAX_TAGS { Err(errors::too_many_tags()) } else { Ok(all) }
}

fn find(snapshot: &Snapshot, caller: &Caller, arn: &str) -> Result<Arc<Topic>, ApiError> {
    arns::check(caller, "ResourceArn", arn)?;
    snapshot.get::<Topic>(arn).ok_or_else(errors::resource_not_found)
}

fn tag_resource(
    tx: &mut Tx,
    caller: &Caller,
    input: TagResourceRequest,
) -> Result<TagResourceResponse, ApiError> {
    let topic = find(tx, caller, &input.resource_arn)?;
    let tags = checked(&topic.tags, &input.tags)?;
    tx.update::<Topic>(&topic.arn, |topic| topic.tags = tags);
    Ok(TagResourceResponse {})
}

fn untag_resource(
    tx: &mut Tx,
    caller: &Caller,
    input: UntagResourceRequest,
) -> Result<UntagResourceResponse, ApiError> {
    let topic = find(tx, caller, &input.resource_arn)?;
    let tags = topic.tags.without(|key, _| input.tag_keys.iter().any(|unwanted| unwanted == key));
    tx.update::<Topic>(&topic.arn, |topic| topic.tags = tags);
    Ok(UntagResourceResponse {})
}

fn list_tags_for_resource(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, ApiError> {
    let topic = find(snapshot, caller, &input.resource_arn)?;
    let tags = topic.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() });
    Ok(ListTagsForResourceResponse { tags: Some(tags.collect()) })
}
