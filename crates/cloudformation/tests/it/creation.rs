//! The events of creations.

use crate::harness::{Stacks, creation, given, template, told, value, with};
use api::cloudformation::{self as wire, ops};
use serde_json::json;

#[test]
fn a_creation_has_its_events_in_the_order_of_dependencies() {
    let stacks = Stacks::new();
    let second = value(json!({"Ref": "First"}));
    stacks.create("s", &template(&[("Second", second), ("First", value("x"))]));
    assert_eq!(
        stacks.lines("s", 0),
        told(
            "s      | CREATE_IN_PROGRESS | User Initiated
             First  | CREATE_IN_PROGRESS |
             First  | CREATE_IN_PROGRESS | Resource creation Initiated
             First  | CREATE_COMPLETE    |
             Second | CREATE_IN_PROGRESS |
             Second | CREATE_IN_PROGRESS | Resource creation Initiated
             Second | CREATE_COMPLETE    |
             s      | CREATE_COMPLETE    |"
        )
    );
}

#[test]
fn events_have_the_fields_of_their_kind() {
    let stacks = Stacks::new();
    let id = stacks.begin("s", &template(&[("P", value("x"))]), |input| {
        input.client_request_token = Some("token".into());
    });
    stacks.rest();
    let events = stacks.events("s");
    let physical = stacks.physical("s", "P");
    for event in &events {
        assert_eq!(event.stack_id, Some(id.clone()));
        assert_eq!(event.stack_name.as_deref(), Some("s"));
        assert_eq!(event.client_request_token.as_deref(), Some("token"));
    }
    let first = &events[0];
    assert_eq!(first.physical_resource_id, Some(id));
    assert_eq!(first.resource_type.as_deref(), Some("AWS::CloudFormation::Stack"));
    assert_eq!(first.resource_properties, None);
    assert_eq!(events[1].physical_resource_id.as_deref(), Some(""));
    assert_eq!(events[2].physical_resource_id.as_deref(), Some(physical.as_str()));
    let properties = events[1].resource_properties.as_deref().expect("a resource event has them");
    let properties: serde_json::Value = serde_json::from_str(properties).expect("it is JSON");
    assert_eq!(properties, json!({"Type": "String", "Value": "x"}));
    let event_id = events[3].event_id.as_deref().expect("an event has an id");
    assert!(event_id.starts_with("P-CREATE_COMPLETE-2017-09-28T05:35:06."), "{event_id}");
    assert!(event_id.ends_with('Z'), "{event_id}");
}

#[test]
fn resolved_values_show_in_the_events() {
    let stacks = Stacks::new();
    let second = value(json!({"Ref": "First"}));
    stacks.create("s", &template(&[("First", value("x")), ("Second", second)]));
    let first = stacks.physical("s", "First");
    let events = stacks.events("s");
    let event = events.iter().find(|e| e.logical_resource_id.as_deref() == Some("Second"));
    let properties = event.and_then(|e| e.resource_properties.clone()).expect("it has them");
    assert!(properties.contains(&format!("\"Value\":\"{first}\"")), "{properties}");
}

#[test]
fn depends_on_orders_what_nothing_else_does() {
    let stacks = Stacks::new();
    let early = with(value("x"), "DependsOn", json!(["Late"]));
    stacks.create("s", &template(&[("Early", early), ("Late", value("y"))]));
    let order: Vec<String> = stacks
        .lines("s", 0)
        .into_iter()
        .filter(|(_, status, _)| status == "CREATE_COMPLETE")
        .map(|(id, _, _)| id)
        .collect();
    assert_eq!(order, ["Late", "Early", "s"]);
}

#[test]
fn a_stack_without_resources_is_a_success() {
    let stacks = Stacks::new();
    let template = json!({
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"P": with(value("x"), "Condition", "Never")},
    });
    stacks.create("s", &template);
    assert_eq!(
        stacks.lines("s", 0),
        told(
            "s | CREATE_IN_PROGRESS | User Initiated
             s | CREATE_COMPLETE |"
        )
    );
    assert_eq!(stacks.resources("s"), []);
}

#[test]
fn a_creation_goes_step_by_step() {
    let stacks = Stacks::new();
    let second = value(json!({"Ref": "First"}));
    stacks.begin("s", &template(&[("First", value("x")), ("Second", second)]), |_| ());
    let mut seen = vec![(stacks.status("s"), stacks.resources("s").len())];
    for _ in 0..60 {
        stacks.step(10);
        let now = (stacks.status("s"), stacks.resources("s").len());
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    let expected = [
        ("CREATE_IN_PROGRESS", 0),
        ("CREATE_IN_PROGRESS", 1),
        ("CREATE_IN_PROGRESS", 2),
        ("CREATE_COMPLETE", 2),
    ];
    assert_eq!(seen, expected.map(|(status, count)| (status.to_owned(), count)));
}

#[test]
fn the_same_request_again_finds_the_same_stack() {
    let stacks = Stacks::new();
    let ask = || {
        let mut input = creation("s", &template(&[("P", value("x"))]));
        input.client_request_token = Some("token".into());
        stacks.ok::<ops::CreateStack>(input).stack_id
    };
    let first = ask();
    stacks.rest();
    assert_eq!(ask(), first);
    assert_eq!(stacks.events("s").len(), 5);
}

#[test]
fn a_network_with_a_group_comes_up_whole() {
    let stacks = Stacks::new();
    let body = network();
    stacks.begin("s", &body, |input| {
        input.parameters = Some(vec![given("Size", "2")]);
        input.tags = Some(vec![wire::Tag { key: "team".into(), value: "blue".into() }]);
    });
    stacks.rest();
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let resources = stacks.resources("s");
    assert_eq!(resources.len(), 8);
    assert!(resources.iter().all(|r| r.2 == "CREATE_COMPLETE"), "{resources:?}");
    let group = stacks.physical("s", "Group");
    let suffix = group.strip_prefix("s-Group-").expect("a name made of stack and logical id");
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    assert!((12..=13).contains(&suffix.len()) && suffix.chars().all(upper), "{group}");
    let found = stacks.ok::<api::ec2::ops::DescribeInstances>(Default::default());
    let instances: Vec<_> = found
        .reservations
        .unwrap_or_default()
        .into_iter()
        .filter_map(|r| r.instances)
        .flatten()
        .collect();
    assert_eq!(instances.len(), 2);
    for instance in instances {
        let tags = instance.tags.unwrap_or_default();
        let tag = |key: &str| {
            let found = tags.iter().find(|t| t.key.as_deref() == Some(key));
            found.and_then(|t| t.value.as_deref()).unwrap_or_default().to_owned()
        };
        assert_eq!(tag("aws:autoscaling:groupName"), group);
        assert_eq!(tag("aws:cloudformation:logical-id"), "Group");
        assert_eq!((tag("Name"), tag("team")), ("s-web".to_owned(), "blue".to_owned()));
    }
    stacks.delete("s");
    assert_eq!(stacks.vpcs(), 0);
}

/// A VPC with two subnets and a group in them, its size a parameter.
pub fn network() -> serde_json::Value {
    let subnet = |zone: u8, cidr: &str| {
        json!({
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "V"}, "CidrBlock": cidr,
                "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
            },
        })
    };
    json!({
        "Parameters": {"Size": {"Type": "Number", "Default": 1}},
        "Resources": {
            "V": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "Gateway": {"Type": "AWS::EC2::InternetGateway"},
            "Attachment": {
                "Type": "AWS::EC2::VPCGatewayAttachment",
                "Properties": {"VpcId": {"Ref": "V"}, "InternetGatewayId": {"Ref": "Gateway"}},
            },
            "A": subnet(0, "10.0.0.0/24"),
            "B": subnet(1, "10.0.1.0/24"),
            "Doors": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"GroupDescription": "web", "VpcId": {"Ref": "V"}},
            },
            "Launch": {
                "Type": "AWS::AutoScaling::LaunchConfiguration",
                "Properties": {
                    "ImageId": "ami-09d2fb69", "InstanceType": "t2.micro",
                    "SecurityGroups": [{"Ref": "Doors"}],
                },
            },
            "Group": {
                "Type": "AWS::AutoScaling::AutoScalingGroup",
                "Properties": {
                    "LaunchConfigurationName": {"Ref": "Launch"},
                    "MinSize": 0, "MaxSize": 4, "DesiredCapacity": {"Ref": "Size"},
                    "VPCZoneIdentifier": [{"Ref": "A"}, {"Ref": "B"}],
                    "Tags": [{
                        "Key": "Name", "Value": {"Fn::Sub": "${AWS::StackName}-web"},
                        "PropagateAtLaunch": true,
                    }],
                },
            },
        },
    })
}
