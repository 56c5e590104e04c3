//! Tags of load balancing's resources.

use crate::{Context, Properties, TagChanges};
use api::elbv2::{self, Tag, ops};
use kernel::ApiError;
use smol_str::SmolStr;

fn tag((key, value): (SmolStr, SmolStr)) -> Tag {
    Tag { key, value: Some(value) }
}

pub(super) fn tags(cx: &Context<'_>, p: &Properties) -> Option<Vec<Tag>> {
    Some(cx.tags(p).into_iter().map(tag).collect())
}

/// Brings the tags from the old properties to the new ones.
pub(super) fn update(
    cx: &mut Context<'_>,
    arn: &str,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let TagChanges { wanted, gone } = cx.tag_changes(old, new);
    let tags = wanted.into_iter().map(tag).collect();
    let resource_arns = vec![SmolStr::new(arn)];
    if !gone.is_empty() {
        cx.call::<ops::RemoveTags>(elbv2::RemoveTagsInput {
            resource_arns: resource_arns.clone(),
            tag_keys: gone,
        })?;
    }
    cx.call::<ops::AddTags>(elbv2::AddTagsInput { resource_arns, tags })?;
    Ok(())
}
