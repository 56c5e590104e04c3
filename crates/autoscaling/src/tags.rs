//! Tags of groups.

use crate::errors;
use crate::groups::{Group, GroupTag};
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Snapshot, Tx, paginate, resource};
use smol_str::{SmolStr, format_smolstr};

resource! { autoscaling:
    operations {
        write CreateOrUpdateTags => create_or_update_tags,
        write DeleteTags => delete_tags,
        read DescribeTags => describe_tags,
    }
}

const RESOURCE_TYPE: &str = "auto-scaling-group";

/// A tag within AWS's limits. Keys that begin with `aws:` are for services.
pub(crate) fn checked(caller: &Caller, tag: &wire::Tag) -> Result<GroupTag, ApiError> {
    let value = tag.value.clone().unwrap_or_default();
    if tag.key.starts_with("aws:") && caller.invoked_by.is_none() {
        return Err(errors::validation(format!(
            "Tag key '{}' is invalid: keys that begin with 'aws:' are reserved for internal use.",
            tag.key
        )));
    }
    if let Some(kind) = tag.resource_type.as_deref().filter(|kind| *kind != RESOURCE_TYPE) {
        return Err(errors::validation(format!("Unsupported resource type {kind}.")));
    }
    Ok(GroupTag {
        key: tag.key.clone(),
        value,
        propagate: tag.propagate_at_launch.unwrap_or(false),
    })
}

/// Adds a tag or changes the one of the same key; the order is that of the keys.
pub(crate) fn upsert(tags: &mut Vec<GroupTag>, tag: GroupTag) {
    match tags.binary_search_by(|t| t.key.cmp(&tag.key)) {
        Ok(at) => tags[at] = tag,
        Err(at) => tags.insert(at, tag),
    }
}

/// A group's tag as the wire has it.
pub(crate) fn render(group: &SmolStr, tag: &GroupTag) -> wire::TagDescription {
    wire::TagDescription {
        resource_id: Some(group.clone()),
        resource_type: Some(SmolStr::new_static(RESOURCE_TYPE)),
        key: Some(tag.key.clone()),
        value: Some(tag.value.clone()),
        propagate_at_launch: Some(tag.propagate),
    }
}

fn group_of(snapshot: &Snapshot, tag: &wire::Tag) -> Result<SmolStr, ApiError> {
    let name = tag.resource_id.clone().unwrap_or_default();
    Group::find(snapshot, &name)?;
    Ok(name)
}

/// Running instances are not touched; instances launched later get the propagated ones.
fn create_or_update_tags(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::CreateOrUpdateTagsType,
) -> Result<(), ApiError> {
    if input.tags.len() > 25 {
        return Err(errors::validation("You can specify at most 25 tags in one request."));
    }
    for tag in &input.tags {
        let name = group_of(tx, tag)?;
        let checked = checked(caller, tag)?;
        let group = tx.update::<Group>(&name, |group| upsert(&mut group.tags, checked));
        let own = group.map_or(0, |g| g.tags.iter().filter(|t| !t.key.starts_with("aws:")).count());
        if own > 50 {
            return Err(ApiError::new(
                "LimitExceeded",
                "The maximum number of tags for a resource has been reached.",
            ));
        }
    }
    Ok(())
}

/// A tag that is not there is no error.
fn delete_tags(tx: &mut Tx, _: &Caller, input: wire::DeleteTagsType) -> Result<(), ApiError> {
    for tag in &input.tags {
        let name = group_of(tx, tag)?;
        tx.update::<Group>(&name, |group| {
            group.tags.retain(|t| {
                t.key != tag.key || tag.value.as_ref().is_some_and(|value| *value != t.value)
            });
        });
    }
    Ok(())
}

fn describe_tags(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeTagsType,
) -> Result<wire::TagsType, ApiError> {
    let filters = input.filters.as_deref().unwrap_or_default();
    const KNOWN: [&str; 4] = ["auto-scaling-group", "key", "value", "propagate-at-launch"];
    for filter in filters {
        let name = filter.name.as_deref().unwrap_or_default();
        if !KNOWN.contains(&name) {
            return Err(errors::validation(format!("Filter type {name} is not correct.")));
        }
    }
    let passes = |group: &Group, tag: &GroupTag| {
        filters.iter().all(|filter| {
            let values = filter.values.as_deref().unwrap_or_default();
            let has = |text: &str| values.iter().any(|v| v == text);
            match filter.name.as_deref() {
                Some("auto-scaling-group") => has(&group.name),
                Some("key") => has(&tag.key),
                Some("value") => has(&tag.value),
                _ => has(if tag.propagate { "true" } else { "false" }),
            }
        })
    };
    let key = |(group, tag): &(SmolStr, &GroupTag)| format_smolstr!("{group}\u{1}{}", tag.key);
    let page = paginate(
        "DescribeTags",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 100) as usize,
        |after| {
            let after = SmolStr::new(after);
            snapshot
                .rows::<Group>()
                .flat_map(|group| {
                    let tags = group.tags.iter().filter(|tag| passes(group, tag));
                    tags.map(|tag| (group.name.clone(), tag))
                })
                .filter(move |row| key(row) > after)
        },
        key,
    )
    .map_err(|_| errors::invalid_next_token())?;
    let tags = page.items.iter().map(|(group, tag)| render(group, tag)).collect();
    Ok(wire::TagsType { tags: Some(tags), next_token: page.next })
}
