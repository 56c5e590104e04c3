//! `AWS::EC2::LaunchTemplate`.

use crate::harness::{Stacks, template};
use api::ec2::{
    DescribeLaunchTemplateVersionsRequest, DescribeLaunchTemplatesRequest, LaunchTemplate, ops,
};
use serde_json::{Value, json};
use smol_str::SmolStr;

fn resource(instance_type: &str) -> Value {
    json!({
        "Type": "AWS::EC2::LaunchTemplate",
        "Properties": {
            "LaunchTemplateData": {
                "ImageId": "ami-0123456789abcdef0",
                "InstanceType": instance_type,
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": "20", "VolumeType": "gp3"}}
                ],
                "Monitoring": {"Enabled": "true"},
            },
            "TagSpecifications": [
                {"ResourceType": "launch-template", "Tags": [{"Key": "Name", "Value": "web"}]}
            ],
        },
    })
}

fn with_outputs(instance_type: &str) -> Value {
    let mut template = template(&[("T", resource(instance_type))]);
    template["Outputs"] = json!({
        "Id": {"Value": {"Ref": "T"}},
        "Latest": {"Value": {"Fn::GetAtt": ["T", "LatestVersionNumber"]}},
        "Default": {"Value": {"Fn::GetAtt": ["T", "DefaultVersionNumber"]}},
    });
    template
}

fn templates(stacks: &Stacks) -> Vec<LaunchTemplate> {
    let request = DescribeLaunchTemplatesRequest::default();
    stacks.ok::<ops::DescribeLaunchTemplates>(request).launch_templates.expect("a list")
}

fn output(stacks: &Stacks, key: &str) -> String {
    let outputs = stacks.shown("s").outputs.expect("outputs");
    let mut found = outputs.into_iter().filter(|o| o.output_key.as_deref() == Some(key));
    found.next().and_then(|o| o.output_value).expect("the output").to_string()
}

#[test]
fn a_template_is_made_and_shows_its_versions() {
    let stacks = Stacks::new();
    stacks.create("s", &with_outputs("t2.micro"));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let made = templates(&stacks).remove(0);
    let name = made.launch_template_name.expect("a name");
    assert!(name.starts_with("T_") && name.len() == 14, "{name}");
    assert_eq!(output(&stacks, "Id"), made.launch_template_id.expect("an id"));
    assert_eq!((output(&stacks, "Latest"), output(&stacks, "Default")), ("1".into(), "1".into()));
    let keys: Vec<SmolStr> = made.tags.into_iter().flatten().filter_map(|t| t.key).collect();
    assert!(keys.contains(&"Name".into()));
    assert!(keys.contains(&"aws:cloudformation:stack-name".into()));
}

#[test]
fn an_update_makes_a_new_version_and_leaves_the_default() {
    let stacks = Stacks::new();
    stacks.create("s", &with_outputs("t2.micro"));
    let id = stacks.physical("s", "T");
    stacks.update("s", &with_outputs("t2.small"));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(stacks.physical("s", "T"), id);
    assert_eq!((output(&stacks, "Latest"), output(&stacks, "Default")), ("2".into(), "1".into()));
    let request = DescribeLaunchTemplateVersionsRequest {
        launch_template_id: Some(id.into()),
        versions: Some(vec!["2".into()]),
        ..Default::default()
    };
    let found = stacks.ok::<ops::DescribeLaunchTemplateVersions>(request);
    let version = found.launch_template_versions.expect("a list").remove(0);
    let data = version.launch_template_data.expect("data");
    assert_eq!(data.instance_type.as_deref(), Some("t2.small"));
    assert_eq!(data.monitoring.and_then(|m| m.enabled), Some(true));
    let size = data.block_device_mappings.expect("disks").remove(0).ebs.and_then(|e| e.volume_size);
    assert_eq!(size, Some(20));
}

#[test]
fn deleting_the_stack_deletes_the_template() {
    let stacks = Stacks::new();
    stacks.create("s", &with_outputs("t2.micro"));
    stacks.delete("s");
    assert!(templates(&stacks).is_empty());
}
