//! Tags of EC2's resources: given when they are made, changed afterwards.

use crate::{Context, Properties, TagChanges};
use api::ec2::{CreateTagsRequest, DeleteTagsRequest, Tag, TagSpecification, ops};
use kernel::ApiError;
use smol_str::SmolStr;

fn tag((key, value): (SmolStr, SmolStr)) -> Tag {
    Tag { key: Some(key), value: Some(value) }
}

/// The tag specification of a creating call.
pub(super) fn specification(
    cx: &Context<'_>,
    kind: &'static str,
    properties: &Properties,
) -> Option<Vec<TagSpecification>> {
    Some(vec![TagSpecification {
        resource_type: Some(SmolStr::new_static(kind)),
        tags: Some(cx.tags(properties).into_iter().map(tag).collect()),
    }])
}

/// Brings a resource's tags from the old properties to the new ones.
pub(super) fn update(
    cx: &mut Context<'_>,
    id: &str,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let TagChanges { wanted, gone } = cx.tag_changes(old, new);
    let gone: Vec<Tag> = gone.into_iter().map(|key| Tag { key: Some(key), value: None }).collect();
    if !gone.is_empty() {
        cx.call::<ops::DeleteTags>(DeleteTagsRequest {
            resources: vec![id.into()],
            tags: Some(gone),
            dry_run: None,
        })?;
    }
    cx.call::<ops::CreateTags>(CreateTagsRequest {
        resources: vec![id.into()],
        tags: wanted.into_iter().map(tag).collect(),
        dry_run: None,
    })
}
