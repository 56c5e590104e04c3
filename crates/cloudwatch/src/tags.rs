//! TagResource, UntagResource and ListTagsForResource, for alarms and dashboards.

use crate::alarms::Alarm;
use crate::dashboards::Dashboard;
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

/// Checks tags: no key twice, none of AWS's own, not too many. Services may give AWS's own.
pub(crate) fn checked(tags: &[Tag]) -> Result<Tags, ApiError> {
    for (number, tag) in tags.iter().enumerate() {
        if tags[..number].iter().any(|other| other.key == tag.key) {
            return Err(errors::validation(format!("Duplicate tag key: {}", tag.key)));
        }
    }
    let tags: Tags = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    within_limit(tags)
}

/// Refuses keys that only AWS gives, unless a service gives them.
pub(crate) fn check_owner(caller: &Caller, tags: &Tags) -> Result<(), ApiError> {
    let is_reserved = |key: &str| key.to_ascii_lowercase().starts_with("aws:");
    match caller.invoked_by.is_none() && tags.iter().any(|(key, _)| is_reserved(key)) {
        true => Err(errors::validation(
            "aws: prefixed tag key names are not allowed for external use.",
        )),
        false => Ok(()),
    }
}

fn within_limit(tags: Tags) -> Result<Tags, ApiError> {
    match tags.len() > MAX_TAGS {
        true => Err(errors::validation("A resource can have no more than 50 tags.")),
        false => Ok(tags),
    }
}

/// What an ARN can name here.
enum Tagged {
    Alarm(SmolStr),
    Dashboard(SmolStr),
    /// Something of another account or region, or of no such kind.
    Nothing,
}

impl Tagged {
    fn of(caller: &Caller, arn: &str) -> Result<Self, ApiError> {
        let parsed = Arn::parse(arn).filter(|arn| arn.service == "cloudwatch");
        let Some(parsed) = parsed else {
            return Err(errors::bad_parameter(arn, "ResourceARN"));
        };
        if parsed.account != caller.account {
            return Ok(Self::Nothing);
        }
        if let Some(name) = parsed.resource.strip_prefix("dashboard/") {
            return Ok(Self::Dashboard(name.into()));
        }
        match parsed.resource.strip_prefix("alarm:").filter(|_| parsed.region == caller.region) {
            Some(name) => Ok(Self::Alarm(name.into())),
            None => Ok(Self::Nothing),
        }
    }

    fn tags(&self, snapshot: &Snapshot) -> Option<Tags> {
        match self {
            Self::Alarm(name) => snapshot.get::<Alarm>(name).map(|row| row.tags.clone()),
            Self::Dashboard(name) => snapshot.get::<Dashboard>(name).map(|row| row.tags.clone()),
            Self::Nothing => None,
        }
    }

    fn set(&self, tx: &mut Tx, tags: Tags) {
        match self {
            Self::Alarm(name) => drop(tx.update::<Alarm>(name, |row| row.tags = tags)),
            Self::Dashboard(name) => drop(tx.update::<Dashboard>(name, |row| row.tags = tags)),
            Self::Nothing => (),
        }
    }
}

fn not_found(arn: &str) -> ApiError {
    errors::unknown_resource(format!("Resource {arn} does not exist"))
}

fn tag_resource(
    tx: &mut Tx,
    caller: &Caller,
    input: TagResourceInput,
) -> Result<TagResourceOutput, ApiError> {
    let tagged = Tagged::of(caller, &input.resource_arn)?;
    let old = tagged.tags(tx).ok_or_else(|| not_found(&input.resource_arn))?;
    let new = checked(&input.tags)?;
    check_owner(caller, &new)?;
    let tags = within_limit(old.with(new.iter().map(|(key, value)| (key.clone(), value.clone()))))?;
    tagged.set(tx, tags);
    Ok(TagResourceOutput {})
}

fn untag_resource(
    tx: &mut Tx,
    caller: &Caller,
    input: UntagResourceInput,
) -> Result<UntagResourceOutput, ApiError> {
    let tagged = Tagged::of(caller, &input.resource_arn)?;
    let old = tagged.tags(tx).ok_or_else(|| not_found(&input.resource_arn))?;
    let is_gone = |key: &str| input.tag_keys.iter().any(|gone| gone == key);
    tagged.set(tx, old.without(|key, _| is_gone(key)));
    Ok(UntagResourceOutput {})
}

/// A resource that is gone has an empty list, recorded from AWS.
fn list_tags_for_resource(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let tags = Tagged::of(caller, &input.resource_arn)?.tags(snapshot).unwrap_or_default();
    let render = |(key, value): (&SmolStr, &SmolStr)| Tag { key: key.clone(), value: value.clone() };
    Ok(ListTagsForResourceOutput { tags: Some(tags.iter().map(render).collect()) })
}
