//! What RunInstances makes of a launch template.
//!
//! "Parameters that you specify in RunInstances override the same parameters in the launch
//! template": whole members, but for tag specifications (by the type of resource) and placement
//! (member by member). Auto Scaling adds its tags to the template's, and puts the subnet that it
//! chose into the template's primary network interface.

use super::data;
use super::row::LaunchTemplate;
use crate::entity::Entity;
use crate::errors;
use api::ec2::RunInstancesRequest;
use kernel::{ApiError, Caller, Snapshot, from_document, to_document};
use serde_json::{Map, Value};
use smol_str::{SmolStr, ToSmolStr};

/// A request with its template in it.
pub(crate) struct Applied {
    pub(crate) request: RunInstancesRequest,
    /// Id and version of the template, for the instances' tags.
    pub(crate) template: (SmolStr, SmolStr),
}

/// Members that are called otherwise in a template.
const RENAMED: [(&str, &str); 2] =
    [("RamDiskId", "RamdiskId"), ("ElasticGpuSpecifications", "ElasticGpuSpecification")];

/// The request as it is with its launch template.
pub(crate) fn apply(
    snapshot: &Snapshot,
    caller: &Caller,
    mut input: RunInstancesRequest,
) -> Result<Option<Applied>, ApiError> {
    let Some(given) = input.launch_template.take() else { return Ok(None) };
    let (id, name) = (given.launch_template_id.as_deref(), given.launch_template_name.as_deref());
    let template = LaunchTemplate::named(snapshot, id, name, "launch the instances")?;
    let version = given.version.as_deref().filter(|v| !v.is_empty()).unwrap_or("$Default");
    let version = template.version(snapshot, version)?;
    let mut members = version.data.as_object().cloned().unwrap_or_default();
    for (theirs, ours) in RENAMED {
        if let Some(value) = members.remove(theirs) {
            members.insert(ours.into(), value);
        }
    }
    let requirements = members.remove("InstanceRequirements").is_some();
    let call = to_document(input).as_object().cloned().unwrap_or_default();
    overlay(&mut members, call, caller.invoked_by.is_some());
    if requirements && !members.contains_key("InstanceType") {
        return Err(errors::requirements_need_a_fleet());
    }
    if let Some(Value::String(image)) = members.get_mut("ImageId") {
        *image = data::image(snapshot, caller, image)?.into();
    }
    let request: RunInstancesRequest = from_document(&Value::Object(members));
    let template = (template.id(), version.number.to_smolstr());
    Ok(Some(Applied { request, template }))
}

fn overlay(members: &mut Map<String, Value>, mut call: Map<String, Value>, by_service: bool) {
    // Clients that write every member leave those that were not set empty.
    call.retain(|_, value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Object(inner) => !inner.is_empty(),
        Value::Array(items) => !items.is_empty(),
        value => !value.is_null(),
    });
    if by_service
        && members.contains_key("NetworkInterfaces")
        && let Some(subnet) = call.remove("SubnetId")
        && let Some(interface) = members["NetworkInterfaces"].pointer_mut("/0")
    {
        interface["SubnetId"] = subnet;
    }
    if call.contains_key("SecurityGroupIds") || call.contains_key("SecurityGroups") {
        members.remove("SecurityGroupIds");
        members.remove("SecurityGroups");
    }
    for (name, value) in call {
        match (name.as_str(), members.get_mut(&name)) {
            ("Placement", Some(Value::Object(own))) => {
                own.extend(value.as_object().cloned().unwrap_or_default());
            }
            ("TagSpecifications", Some(Value::Array(own))) => tags(own, value, by_service),
            _ => {
                members.insert(name, value);
            }
        }
    }
}

/// The call's specifications take the place of the template's of the same type; a service's only
/// add to them.
fn tags(own: &mut Vec<Value>, call: Value, adds: bool) {
    let Value::Array(call) = call else { return };
    for mut specification in call {
        let kind = specification["ResourceType"].clone();
        let before = own.iter().position(|theirs| theirs["ResourceType"] == kind);
        let before = before.map(|at| own.remove(at));
        if let Some(mut before) = before.filter(|_| adds)
            && let (Some(theirs), Some(more)) =
                (before["Tags"].as_array_mut(), specification["Tags"].as_array_mut())
        {
            theirs.retain(|tag| !more.iter().any(|other| other["Key"] == tag["Key"]));
            theirs.append(more);
            specification["Tags"] = before["Tags"].take();
        }
        own.push(specification);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn laid(template: Value, call: Value, by_service: bool) -> Value {
        let mut members = template.as_object().cloned().expect("an object");
        overlay(&mut members, call.as_object().cloned().expect("an object"), by_service);
        Value::Object(members)
    }

    #[test]
    fn the_calls_members_win() {
        let template = json!({"ImageId": "a", "SecurityGroups": ["x"], "KeyName": "k",
            "Placement": {"Tenancy": "default"}});
        let call = json!({"ImageId": "b", "SecurityGroupIds": ["sg"], "KeyName": "",
            "Placement": {"AvailabilityZone": "z"}});
        let expected = json!({"ImageId": "b", "SecurityGroupIds": ["sg"], "KeyName": "k",
            "Placement": {"Tenancy": "default", "AvailabilityZone": "z"}});
        assert_eq!(laid(template, call, false), expected);
    }

    #[test]
    fn tags_of_a_type_are_replaced_by_users_and_added_to_by_services() {
        let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let specified = |tags: Vec<Value>| json!({"ResourceType": "instance", "Tags": tags});
        let template = json!({"TagSpecifications": [specified(vec![tag("a", "1"), tag("b", "1")]),
            {"ResourceType": "volume", "Tags": [tag("v", "1")]}]});
        let call = json!({"TagSpecifications": [specified(vec![tag("b", "2")])]});
        let laid_by = |service| {
            let laid = laid(template.clone(), call.clone(), service);
            laid["TagSpecifications"][1].clone()
        };
        assert_eq!(laid_by(false), specified(vec![tag("b", "2")]));
        assert_eq!(laid_by(true), specified(vec![tag("a", "1"), tag("b", "2")]));
    }

    #[test]
    fn a_groups_subnet_goes_into_the_templates_interface() {
        let template = json!({"NetworkInterfaces": [{"DeviceIndex": 0}]});
        let call = json!({"SubnetId": "subnet-1"});
        let expected = json!({"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-1"}]});
        assert_eq!(laid(template, call, true), expected);
    }
}
