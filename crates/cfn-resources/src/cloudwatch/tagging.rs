//! Tags of CloudWatch's resources: given when they are made; what puts them again leaves tags as
//! they are.

use crate::{Context, Properties, TagChanges};
use api::cloudwatch::{Tag, TagResourceInput, UntagResourceInput, ops};
use kernel::ApiError;
use smol_str::SmolStr;

fn tag((key, value): (SmolStr, SmolStr)) -> Tag {
    Tag { key, value }
}

pub(super) fn tags(cx: &Context<'_>, p: &Properties) -> Option<Vec<Tag>> {
    Some(cx.tags(p).into_iter().map(tag).collect())
}

/// Brings the tags from the old properties to the new ones.
pub(super) fn update(
    cx: &mut Context<'_>,
    resource_arn: SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let TagChanges { wanted, gone } = cx.tag_changes(old, new);
    if !gone.is_empty() {
        let input = UntagResourceInput { resource_arn: resource_arn.clone(), tag_keys: gone };
        cx.call::<ops::UntagResource>(input)?;
    }
    let tags = wanted.into_iter().map(tag).collect();
    cx.call::<ops::TagResource>(TagResourceInput { resource_arn, tags })?;
    Ok(())
}
