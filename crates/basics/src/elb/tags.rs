//! Tags of Classic Load Balancers.

use super::errors;
use super::load_balancers::LoadBalancer;
use api::elb::{
    AddTagsInput, AddTagsOutput, DescribeTagsInput, DescribeTagsOutput, RemoveTagsInput,
    RemoveTagsOutput, Tag, TagDescription,
};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx, resource};
use smol_str::SmolStr;

const MAX_TAGS: usize = 50;

resource! { elb:
    operations {
        write AddTags => add_tags,
        write RemoveTags => remove_tags,
        read DescribeTags => describe_tags,
    }
}

/// `tags` with more of them, within AWS's limits.
pub(super) fn checked(tags: &Tags, more: &[Tag]) -> Result<Tags, ApiError> {
    for (at, tag) in more.iter().enumerate() {
        if more[..at].iter().any(|other| other.key == tag.key) {
            return Err(errors::duplicate_tag_keys());
        }
    }
    let pair = |tag: &Tag| (tag.key.clone(), tag.value.clone().unwrap_or_default());
    let all = tags.with(more.iter().map(pair));
    let own = all.iter().filter(|(key, _)| !key.starts_with("aws:")).count();
    match own > MAX_TAGS {
        true => Err(errors::too_many("Tags", "The quota for the number of tags has been exceeded")),
        false => Ok(all),
    }
}

fn add_tags(tx: &mut Tx, _: &Caller, input: AddTagsInput) -> Result<AddTagsOutput, ApiError> {
    let mut new = Vec::with_capacity(input.load_balancer_names.len());
    for name in input.load_balancer_names {
        let row = LoadBalancer::find(tx, &name)?;
        new.push((name, checked(&row.tags, &input.tags)?));
    }
    for (name, tags) in new {
        tx.update::<LoadBalancer>(&name, |row| row.tags = tags);
    }
    Ok(AddTagsOutput {})
}

fn remove_tags(
    tx: &mut Tx,
    _: &Caller,
    input: RemoveTagsInput,
) -> Result<RemoveTagsOutput, ApiError> {
    for name in &input.load_balancer_names {
        LoadBalancer::find(tx, name)?;
    }
    let gone = |key: &str| input.tags.iter().any(|tag| tag.key.as_deref() == Some(key));
    for name in &input.load_balancer_names {
        tx.update::<LoadBalancer>(name, |row| row.tags = row.tags.without(|key, _| gone(key)));
    }
    Ok(RemoveTagsOutput {})
}

fn describe_tags(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeTagsInput,
) -> Result<DescribeTagsOutput, ApiError> {
    let mut shown = Vec::with_capacity(input.load_balancer_names.len());
    for name in input.load_balancer_names {
        let row = LoadBalancer::find(snapshot, &name)?;
        let tag = |(key, value): (&SmolStr, &SmolStr)| Tag {
            key: key.clone(),
            value: Some(value.clone()),
        };
        shown.push(TagDescription {
            load_balancer_name: Some(name),
            tags: Some(row.tags.iter().map(tag).collect()),
        });
    }
    Ok(DescribeTagsOutput { tag_descriptions: Some(shown) })
}
