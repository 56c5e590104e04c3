//! What a version's data may hold, and what new data makes of its source.

use crate::entity::add_tags;
use crate::errors;
use crate::instances::check_user_data;
use api::ec2::{LaunchTemplateVersion, RequestLaunchTemplateData};
use kernel::{ApiError, Caller, Snapshot, Tags, is_resource_id};
use serde_json::Value;
use smol_str::SmolStr;

/// What the tag specifications of a template may name: what a launch makes.
pub(super) const TAGGABLE: [&str; 5] =
    ["instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"];

/// How an image is named that a Systems Manager parameter holds.
const ALIAS: &str = "resolve:ssm:";

/// Checks the shape of what is given, not whether what it names exists.
pub(super) fn check(caller: &Caller, data: &RequestLaunchTemplateData) -> Result<(), ApiError> {
    if let Some(image) = data.image_id.as_deref().filter(|image| !image.is_empty()) {
        let alias = image.strip_prefix(ALIAS).is_some_and(|path| !path.is_empty());
        if !alias && !is_resource_id(image, "ami-") {
            return Err(errors::image_malformed(image));
        }
    }
    if data.instance_type.is_some() && data.instance_requirements.is_some() {
        return Err(errors::invalid_combination(
            "You can't specify both InstanceType and InstanceRequirements in the launch template.",
        ));
    }
    check_user_data(data.user_data.as_deref().unwrap_or_default())?;
    for specification in data.tag_specifications.iter().flatten() {
        let kind = specification.resource_type.as_deref().unwrap_or_default();
        if !TAGGABLE.contains(&kind) {
            return Err(errors::invalid_value(format!(
                "'{kind}' is not a valid taggable resource type for this operation."
            )));
        }
        add_tags(caller, &Tags::default(), specification.tags.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

/// The source's data with what is given in place of its own: whole members, as on AWS.
pub(super) fn inherit(source: &Value, given: Value) -> Value {
    let mut all = source.as_object().cloned().unwrap_or_default();
    if let Value::Object(given) = given {
        all.extend(given);
    }
    // Each of the two ways to say the type takes the other's place.
    if all.contains_key("InstanceType") && all.contains_key("InstanceRequirements") {
        let newer = if source.get("InstanceType").is_some() {
            "InstanceType"
        } else {
            "InstanceRequirements"
        };
        all.remove(newer);
    }
    Value::Object(all)
}

/// The image of a data's `ImageId`, which may be an alias.
pub(super) fn image(
    snapshot: &Snapshot,
    caller: &Caller,
    given: &str,
) -> Result<SmolStr, ApiError> {
    let Some(path) = given.strip_prefix(ALIAS) else { return Ok(given.into()) };
    let request = api::ssm::GetParameterRequest { name: path.into(), ..Default::default() };
    let answer = snapshot.ask::<api::ssm::ops::GetParameter>(&caller.via("ec2"), request);
    let value = answer.ok().and_then(|answer| answer.parameter?.value);
    value.map(|value| SmolStr::new(value.as_str())).ok_or_else(|| {
        errors::invalid_parameter(given, "imageId", "The parameter that it names can't be read.")
    })
}

/// Shows the image that an alias leads to, in place of the alias.
pub(super) fn resolve_alias(
    snapshot: &Snapshot,
    caller: &Caller,
    version: &mut LaunchTemplateVersion,
) -> Result<(), ApiError> {
    let data = version.launch_template_data.as_mut();
    if let Some(id) = data.and_then(|data| data.image_id.as_mut()) {
        *id = image(snapshot, caller, id)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn given_members_take_the_place_of_the_sources() {
        let source = json!({"ImageId": "ami-1", "Placement": {"Tenancy": "default"},
            "InstanceType": "t2.micro"});
        let given = json!({"Placement": {"GroupName": "g"}, "KeyName": "k"});
        let expected = json!({"ImageId": "ami-1", "Placement": {"GroupName": "g"},
            "InstanceType": "t2.micro", "KeyName": "k"});
        assert_eq!(inherit(&source, given), expected);
        let requirements = json!({"InstanceRequirements": {"VCpuCount": {"Min": 1}}});
        assert!(inherit(&source, requirements).get("InstanceType").is_none());
    }
}
