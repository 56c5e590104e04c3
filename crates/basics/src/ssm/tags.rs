//! Tags of parameters. Other kinds of resources that Systems Manager tags do not exist here.

use super::{errors, names};
use super::parameters::Parameter;
use api::ssm::{
    AddTagsToResourceRequest, AddTagsToResourceResult, ListTagsForResourceRequest,
    ListTagsForResourceResult, RemoveTagsFromResourceRequest, RemoveTagsFromResourceResult, Tag,
};
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use std::sync::Arc;

resource! { ssm:
    operations {
        write AddTagsToResource => add_tags_to_resource,
        write RemoveTagsFromResource => remove_tags_from_resource,
        read ListTagsForResource => list_tags_for_resource,
    }
}

const MAX_TAGS: usize = 50;

fn find(snapshot: &Snapshot, kind: &str, id: &str) -> Result<Arc<Parameter>, ApiError> {
    if kind != "Parameter" {
        return Err(errors::invalid_resource_type());
    }
    snapshot.get::<Parameter>(&names::parse(id).name).ok_or_else(errors::invalid_resource_id)
}

fn add_tags_to_resource(
    tx: &mut Tx,
    _: &Caller,
    input: AddTagsToResourceRequest,
) -> Result<AddTagsToResourceResult, ApiError> {
    let row = find(tx, &input.resource_type, &input.resource_id)?;
    let tags = row.tags.with(input.tags.into_iter().map(|tag| (tag.key, tag.value)));
    if tags.len() > MAX_TAGS {
        return Err(errors::too_many_tags());
    }
    tx.update::<Parameter>(&row.name, |row| row.tags = tags);
    Ok(AddTagsToResourceResult {})
}

fn remove_tags_from_resource(
    tx: &mut Tx,
    _: &Caller,
    input: RemoveTagsFromResourceRequest,
) -> Result<RemoveTagsFromResourceResult, ApiError> {
    let row = find(tx, &input.resource_type, &input.resource_id)?;
    let tags = row.tags.without(|key, _| input.tag_keys.iter().any(|unwanted| unwanted == key));
    tx.update::<Parameter>(&row.name, |row| row.tags = tags);
    Ok(RemoveTagsFromResourceResult {})
}

fn list_tags_for_resource(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResult, ApiError> {
    let row = find(snapshot, &input.resource_type, &input.resource_id)?;
    let tags = row.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() });
    Ok(ListTagsForResourceResult { tag_list: Some(tags.collect()) })
}
