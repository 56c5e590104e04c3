//! Tags of load balancers, target groups, listeners and rules.

use crate::errors;
use crate::listeners::Listener;
use crate::load_balancers::LoadBalancer;
use crate::rules::Rule;
use crate::target_groups::TargetGroup;
use api::elbv2::{
    AddTagsInput, AddTagsOutput, DescribeTagsInput, DescribeTagsOutput, RemoveTagsInput,
    RemoveTagsOutput, Tag, TagDescription,
};
use kernel::{ApiError, Arn, Caller, Snapshot, Tags, Tx, resource};
use smol_str::SmolStr;

resource! { elbv2:
    operations {
        write AddTags => add_tags,
        write RemoveTags => remove_tags,
        read DescribeTags => describe_tags,
    }
}

const MAX_TAGS: usize = 50;
const MAX_RESOURCES: usize = 20;

/// `tags` with more of them, within AWS's limits.
pub(crate) fn checked(tags: &Tags, more: &[Tag]) -> Result<Tags, ApiError> {
    for (at, tag) in more.iter().enumerate() {
        if more[..at].iter().any(|other| other.key == tag.key) {
            return Err(errors::duplicate_tag_keys());
        }
        // CloudFormation tags what it makes through the same call.
        let reserved = tag.key.starts_with("aws:") && !tag.key.starts_with("aws:cloudformation:");
        if reserved {
            return Err(errors::validation(
                "Tag keys cannot start with 'aws:': it is reserved for AWS use",
            ));
        }
    }
    let pair = |tag: &Tag| (tag.key.clone(), tag.value.clone().unwrap_or_default());
    let all = tags.with(more.iter().map(pair));
    let own = all.iter().filter(|(key, _)| !key.starts_with("aws:")).count();
    match own > MAX_TAGS {
        true => Err(errors::too_many("Tags", "The maximum number of tags is 50")),
        false => Ok(all),
    }
}

/// The tags of what has this ARN.
fn tags_of(snapshot: &Snapshot, arn: &str) -> Result<Tags, ApiError> {
    let resource = Arn::parse(arn).map_or("", |arn| arn.resource);
    let kind = resource.split('/').next().unwrap_or_default();
    Ok(match kind {
        "loadbalancer" => LoadBalancer::find(snapshot, arn)?.tags.clone(),
        "targetgroup" => TargetGroup::find(snapshot, arn)?.tags.clone(),
        "listener" => Listener::find(snapshot, arn)?.tags.clone(),
        "listener-rule" => Rule::find(snapshot, arn)?.tags.clone(),
        _ => return Err(errors::malformed_arn(arn, "resource")),
    })
}

fn set(tx: &mut Tx, arn: &str, tags: Tags) {
    let _ = tx.update::<LoadBalancer>(arn, |row| row.tags = tags.clone());
    let _ = tx.update::<TargetGroup>(arn, |row| row.tags = tags.clone());
    let _ = tx.update::<Listener>(arn, |row| row.tags = tags.clone());
    let _ = tx.update::<Rule>(arn, |row| row.tags = tags);
}

fn bounded(arns: &[SmolStr]) -> Result<(), ApiError> {
    match arns.len() > MAX_RESOURCES {
        true => Err(errors::validation(format_args!(
            "At most {MAX_RESOURCES} resource ARNs can be specified"
        ))),
        false => Ok(()),
    }
}

fn add_tags(tx: &mut Tx, _: &Caller, input: AddTagsInput) -> Result<AddTagsOutput, ApiError> {
    bounded(&input.resource_arns)?;
    let mut new = Vec::with_capacity(input.resource_arns.len());
    for arn in input.resource_arns {
        let tags = checked(&tags_of(tx, &arn)?, &input.tags)?;
        new.push((arn, tags));
    }
    new.into_iter().for_each(|(arn, tags)| set(tx, &arn, tags));
    Ok(AddTagsOutput {})
}

fn remove_tags(
    tx: &mut Tx,
    _: &Caller,
    input: RemoveTagsInput,
) -> Result<RemoveTagsOutput, ApiError> {
    bounded(&input.resource_arns)?;
    let mut new = Vec::with_capacity(input.resource_arns.len());
    for arn in input.resource_arns {
        let tags = tags_of(tx, &arn)?;
        let tags = tags.without(|key, _| input.tag_keys.iter().any(|unwanted| unwanted == key));
        new.push((arn, tags));
    }
    new.into_iter().for_each(|(arn, tags)| set(tx, &arn, tags));
    Ok(RemoveTagsOutput {})
}

fn describe_tags(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeTagsInput,
) -> Result<DescribeTagsOutput, ApiError> {
    bounded(&input.resource_arns)?;
    let mut shown = Vec::with_capacity(input.resource_arns.len());
    for arn in input.resource_arns {
        let tags = tags_of(snapshot, &arn)?;
        let tag = |(key, value): (&SmolStr, &SmolStr)| Tag {
            key: key.clone(),
            value: Some(value.clone()),
        };
        shown.push(TagDescription {
            tags: Some(tags.iter().map(tag).collect()),
            resource_arn: Some(arn),
        });
    }
    Ok(DescribeTagsOutput { tag_descriptions: Some(shown) })
}
