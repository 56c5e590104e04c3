//! TagResource, UntagResource and ListTagsForResource, for alarms and dashboards.

use crate::alarms::Alarm;
use crate::errors;
use api::cloudwatch::{
    ListTagsForResourceInput, ListTagsForResourceOutput, Tag, TagResourceInput, TagResourceOutput,
    UntagResourceInput, UntagResourceOutput,
};
use kernel::{ApiError, Arn, Caller, Snapshot, Tags, Tx, resource};
use smol_str::SmolStr;

resource! { cloudwatch:
    operations {
        write TagResource => tag_resource,
        write UntagResource => untag_resource,
        read ListTagsForResource => list_tags_for_resource,
    }
}

/// "The maximum number of tags" of a resource.
const MAX_TAGS: usize = 50;

/// Checks tags: no key twice, none of AWS's own, not too many.
pub(crate) fn checked(tags: &[Tag]) -> Result<Tags, ApiError> {
    for (number, tag) in tags.iter().enumerate() {
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(errors::validation(
                "aws: prefixed tag key names are not allowed for external use.",
            ));
        }
        if tags[..number].iter().any(|other| other.key == tag.key) {
            return Err(errors::validation(format!("Duplicate tag key: {}", tag.key)));
        }
    }
    let tags: Tags = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    within_limit(tags)
}

fn within_limit(tags: Tags) -> Result<Tags, ApiError> {
    match tags.len() > MAX_TAGS {
        true => Err(errors::validation("A resource can have no more than 50 tags.")),
        false => Ok(tags),
    }
}

/// The name of the alarm with this ARN, if it can be one of this place.
fn alarm_name<'a>(caller: &Caller, arn: &'a str) -> Result<Option<&'a str>, ApiError> {
    let parsed = Arn::parse(arn).filter(|arn| arn.service == "cloudwatch");
    let Some(parsed) = parsed else {
        return Err(errors::bad_parameter(arn, "ResourceARN"));
    };
    if parsed.resource.starts_with("insight-rule/") || parsed.resource.starts_with("dashboard/") {
        return Err(ApiError::not_implemented("cloudwatch:tags of anything but alarms"));
    }
    let is_here = parsed.region == caller.region && parsed.account == caller.account;
    Ok(parsed.resource.strip_prefix("alarm:").filter(|_| is_here))
}

fn alarm(snapshot: &Snapshot, caller: &Caller, arn: &str) -> Result<SmolStr, ApiError> {
    let name = alarm_name(caller, arn)?.filter(|name| snapshot.contains::<Alarm>(name));
    name.map(SmolStr::new).ok_or_else(|| not_found(arn))
}

fn not_found(arn: &str) -> ApiError {
    errors::unknown_resource(format!("Resource {arn} does not exist"))
}

fn tag_resource(
    tx: &mut Tx,
    caller: &Caller,
    input: TagResourceInput,
) -> Result<TagResourceOutput, ApiError> {
    let name = alarm(tx, caller, &input.resource_arn)?;
    let new = checked(&input.tags)?;
    let old = tx.get::<Alarm>(&name).map(|alarm| alarm.tags.clone()).unwrap_or_default();
    let tags = within_limit(old.with(new.iter().map(|(key, value)| (key.clone(), value.clone()))))?;
    tx.update::<Alarm>(&name, |alarm| alarm.tags = tags);
    Ok(TagResourceOutput {})
}

fn untag_resource(
    tx: &mut Tx,
    caller: &Caller,
    input: UntagResourceInput,
) -> Result<UntagResourceOutput, ApiError> {
    let name = alarm(tx, caller, &input.resource_arn)?;
    tx.update::<Alarm>(&name, |alarm| {
        alarm.tags = alarm.tags.without(|key, _| input.tag_keys.iter().any(|gone| gone == key));
    });
    Ok(UntagResourceOutput {})
}

/// An alarm that is gone has an empty list, recorded from AWS.
fn list_tags_for_resource(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let name = alarm_name(caller, &input.resource_arn)?;
    let alarm = name.and_then(|name| snapshot.get::<Alarm>(name));
    let tags = alarm.map(|alarm| alarm.tags.clone()).unwrap_or_default();
    let render = |(key, value): (&SmolStr, &SmolStr)| Tag { key: key.clone(), value: value.clone() };
    Ok(ListTagsForResourceOutput { tags: Some(tags.iter().map(render).collect()) })
}
