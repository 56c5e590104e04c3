//! EC2's addresses, gateways, interfaces, volumes and ACLs as resources of stacks.

use crate::harness::{Stacks, template};
use api::ec2::{self, ops};
use serde_json::{Value, json};
use smol_str::SmolStr;

fn resource(kind: &str, properties: Value) -> Value {
    json!({"Type": format!("AWS::EC2::{kind}"), "Properties": properties})
}

fn instance() -> Value {
    resource("Instance", json!({"ImageId": "ami-09d2fb69", "InstanceType": "t2.micro"}))
}

/// A template with outputs, given as (name, value).
fn with_outputs(resources: &[(&str, Value)], outputs: &[(&str, Value)]) -> Value {
    let mut template = template(resources);
    for (name, value) in outputs {
        template["Outputs"][name] = json!({ "Value": value });
    }
    template
}

fn att(id: &str, name: &str) -> Value {
    json!({"Fn::GetAtt": [id, name]})
}

fn reference(id: &str) -> Value {
    json!({ "Ref": id })
}

fn keys(tags: Option<Vec<ec2::Tag>>) -> Vec<SmolStr> {
    tags.into_iter().flatten().filter_map(|tag| tag.key).collect()
}

#[track_caller]
fn output(stacks: &Stacks, key: &str) -> String {
    let outputs = stacks.outputs("s");
    outputs.into_iter().find(|(k, _)| k == key).expect("the output").1
}

fn addresses(stacks: &Stacks) -> Vec<ec2::Address> {
    stacks.ok::<ops::DescribeAddresses>(Default::default()).addresses.unwrap_or_default()
}

#[test]
fn an_address_is_known_by_its_number_and_follows_its_instance() {
    let stacks = Stacks::new();
    let with = |instance: &str, name: &str| {
        let properties = json!({
            "Domain": "vpc",
            "InstanceId": {"Ref": instance},
            "Tags": [{"Key": "Name", "Value": name}],
        });
        let resources =
            [("A", self::instance()), ("B", self::instance()), ("E", resource("EIP", properties))];
        let outputs = [
            ("Ref", reference("E")),
            ("Ip", att("E", "PublicIp")),
            ("Id", att("E", "AllocationId")),
        ];
        with_outputs(&resources, &outputs)
    };
    stacks.create("s", &with("A", "one"));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let address = addresses(&stacks).remove(0);
    assert_eq!(output(&stacks, "Ref"), address.public_ip.clone().expect("a number"));
    assert_eq!(output(&stacks, "Ip"), output(&stacks, "Ref"));
    assert_eq!(output(&stacks, "Id"), address.allocation_id.clone().expect("an id"));
    assert_eq!(address.instance_id.as_deref(), Some(stacks.physical("s", "A").as_str()));
    assert!(keys(address.tags).contains(&"aws:cloudformation:logical-id".into()));
    stacks.update("s", &with("B", "two"));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    let moved = addresses(&stacks).remove(0);
    assert_eq!(moved.public_ip, address.public_ip, "it stays");
    assert_eq!(moved.instance_id.as_deref(), Some(stacks.physical("s", "B").as_str()));
    stacks.delete("s");
    assert!(addresses(&stacks).is_empty());
}

#[test]
fn an_association_is_replaced_when_it_changes() {
    let stacks = Stacks::new();
    let with = |instance: &str| {
        let association =
            json!({"AllocationId": att("E", "AllocationId"), "InstanceId": {"Ref": instance}});
        template(&[
            ("A", self::instance()),
            ("B", self::instance()),
            ("E", resource("EIP", json!({}))),
            ("X", resource("EIPAssociation", association)),
        ])
    };
    stacks.create("s", &with("A"));
    let first = stacks.physical("s", "X");
    assert!(first.starts_with("eipassoc-"), "{first}");
    assert_eq!(addresses(&stacks)[0].association_id.as_deref(), Some(first.as_str()));
    stacks.update("s", &with("B"));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    let address = addresses(&stacks).remove(0);
    assert_eq!(address.association_id.as_deref(), Some(stacks.physical("s", "X").as_str()));
    assert_eq!(address.instance_id.as_deref(), Some(stacks.physical("s", "B").as_str()));
    stacks.delete("s");
    assert!(addresses(&stacks).is_empty());
}

/// A VPC `V` with a gateway `G` attached, and a subnet `S`.
fn network() -> Vec<(&'static str, Value)> {
    let attachment = json!({"VpcId": {"Ref": "V"}, "InternetGatewayId": {"Ref": "G"}});
    vec![
        ("V", resource("VPC", json!({"CidrBlock": "10.0.0.0/16"}))),
        ("G", resource("InternetGateway", json!({}))),
        ("X", resource("VPCGatewayAttachment", attachment)),
        ("S", resource("Subnet", json!({"VpcId": {"Ref": "V"}, "CidrBlock": "10.0.1.0/24"}))),
    ]
}

fn gateway(name: &str) -> Value {
    let properties = json!({
        "SubnetId": {"Ref": "S"},
        "AllocationId": att("E", "AllocationId"),
        "Tags": [{"Key": "Name", "Value": name}],
    });
    resource("NatGateway", properties)
}

#[test]
fn a_nat_gateway_is_made_with_a_route_to_it_and_all_goes_again() {
    let stacks = Stacks::new();
    let with = |name: &str| {
        let mut nat = gateway(name);
        nat["DependsOn"] = json!("X");
        let route = json!({
            "RouteTableId": {"Ref": "T"},
            "DestinationCidrBlock": "0.0.0.0/0",
            "NatGatewayId": {"Ref": "N"},
        });
        let mut resources = network();
        resources.extend([
            ("E", resource("EIP", json!({"Domain": "vpc"}))),
            ("N", nat),
            ("T", resource("RouteTable", json!({"VpcId": {"Ref": "V"}}))),
            ("R", resource("Route", route)),
        ]);
        let outputs =
            [("Id", att("N", "NatGatewayId")), ("Ref", reference("N")), ("Eni", att("N", "EniId"))];
        with_outputs(&resources, &outputs)
    };
    stacks.create("s", &with("one"));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let found = |stacks: &Stacks| {
        let found = stacks.ok::<ops::DescribeNatGateways>(Default::default()).nat_gateways;
        found.expect("a list").remove(0)
    };
    let made = found(&stacks);
    assert_eq!(made.state.as_deref(), Some("available"));
    assert_eq!(made.nat_gateway_id.as_deref(), Some(output(&stacks, "Id").as_str()));
    assert_eq!(output(&stacks, "Ref"), output(&stacks, "Id"));
    let address = made.nat_gateway_addresses.expect("addresses").remove(0);
    assert_eq!(address.network_interface_id.as_deref(), Some(output(&stacks, "Eni").as_str()));
    assert!(keys(made.tags).contains(&"aws:cloudformation:stack-name".into()));
    stacks.update("s", &with("two"));
    let tags = found(&stacks).tags.expect("tags");
    assert!(tags.iter().any(|tag| tag.value.as_deref() == Some("two")));
    stacks.delete("s");
    assert_eq!(found(&stacks).state.as_deref(), Some("deleted"));
    assert_eq!(stacks.vpcs(), 0);
    assert!(addresses(&stacks).is_empty());
}

#[test]
fn a_nat_gateway_without_an_internet_gateway_fails_its_stack() {
    let stacks = Stacks::new();
    let mut resources = network();
    resources.retain(|(id, _)| !matches!(*id, "G" | "X"));
    resources.extend([("E", resource("EIP", json!({}))), ("N", gateway("lost"))]);
    stacks.create("s", &template(&resources));
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
    let failed = stacks.lines_of("s", "N", 0).into_iter().find(|l| l.0 == "CREATE_FAILED");
    let reason = failed.expect("it failed").1;
    assert!(reason.contains("failed to stabilize"), "{reason}");
    assert!(reason.contains("has no Internet gateway attached"), "{reason}");
    assert!(addresses(&stacks).is_empty());
}

fn volumes(stacks: &Stacks) -> Vec<ec2::Volume> {
    stacks.ok::<ops::DescribeVolumes>(Default::default()).volumes.unwrap_or_default()
}

#[test]
fn a_volume_is_attached_grown_and_removed_with_its_stack() {
    let stacks = Stacks::new();
    let with = |size: u32, device: &str| {
        let volume = json!({
            "AvailabilityZone": att("I", "AvailabilityZone"),
            "Size": size,
            "VolumeType": "gp3",
            "Tags": [{"Key": "Name", "Value": "data"}],
        });
        let attachment =
            json!({"VolumeId": {"Ref": "D"}, "InstanceId": {"Ref": "I"}, "Device": device});
        let resources = [
            ("I", instance()),
            ("D", resource("Volume", volume)),
            ("A", resource("VolumeAttachment", attachment)),
        ];
        with_outputs(&resources, &[("Ref", reference("D")), ("Id", att("D", "VolumeId"))])
    };
    stacks.create("s", &with(10, "/dev/sdf"));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let id = stacks.physical("s", "D");
    assert_eq!((output(&stacks, "Ref"), output(&stacks, "Id")), (id.clone(), id.clone()));
    assert_eq!(stacks.physical("s", "A"), format!("{id}|{}", stacks.physical("s", "I")));
    let shown = || volumes(&stacks).into_iter().find(|v| v.volume_id.as_deref() == Some(&id));
    let volume = shown().expect("the volume");
    assert_eq!(volume.state.as_deref(), Some("in-use"));
    assert_eq!(volume.attachments.expect("attachments")[0].device.as_deref(), Some("/dev/sdf"));
    assert!(keys(volume.tags).contains(&"aws:cloudformation:stack-id".into()));
    stacks.update("s", &with(20, "/dev/sdf"));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(shown().expect("it is the same").size, Some(20));
    stacks.delete("s");
    assert!(volumes(&stacks).is_empty());
}

#[test]
fn a_volume_under_the_policy_snapshot_leaves_one() {
    let stacks = Stacks::new();
    let mut volume = resource("Volume", json!({"AvailabilityZone": "us-west-1a", "Size": 4}));
    volume["DeletionPolicy"] = json!("Snapshot");
    stacks.create("s", &template(&[("D", volume)]));
    let id = stacks.physical("s", "D");
    stacks.delete("s");
    assert!(volumes(&stacks).is_empty());
    let request = ec2::DescribeSnapshotsRequest::default();
    let kept = stacks.ok::<ops::DescribeSnapshots>(request).snapshots.expect("a list");
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].volume_id.as_deref(), kept[0].volume_size), (Some(id.as_str()), Some(4)));
    assert_eq!(kept[0].state.as_deref(), Some("completed"));
}

fn interface(stacks: &Stacks, id: &str) -> ec2::NetworkInterface {
    let request = ec2::DescribeNetworkInterfacesRequest {
        network_interface_ids: Some(vec![id.into()]),
        ..Default::default()
    };
    let found = stacks.ok::<ops::DescribeNetworkInterfaces>(request).network_interfaces;
    found.expect("a list").remove(0)
}

#[test]
fn an_interface_is_changed_in_place_and_replaced_for_another_address() {
    let stacks = Stacks::new();
    let with = |primary: &str, secondaries: u32, check: bool| {
        let properties = json!({
            "SubnetId": {"Ref": "S"},
            "Description": format!("with {secondaries}"),
            "PrivateIpAddresses": [{"PrivateIpAddress": primary, "Primary": true}],
            "SourceDestCheck": check,
            "Tags": [{"Key": "Name", "Value": "nic"}],
        });
        let mut resources = network();
        resources.push(("N", resource("NetworkInterface", properties)));
        let outputs = [
            ("Id", att("N", "Id")),
            ("Ip", att("N", "PrimaryPrivateIpAddress")),
            ("Vpc", att("N", "VpcId")),
        ];
        with_outputs(&resources, &outputs)
    };
    stacks.create("s", &with("10.0.1.20", 1, true));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let id = stacks.physical("s", "N");
    assert_eq!((output(&stacks, "Id"), output(&stacks, "Ip")), (id.clone(), "10.0.1.20".into()));
    assert_eq!(output(&stacks, "Vpc"), stacks.physical("s", "V"));
    assert!(keys(interface(&stacks, &id).tag_set).contains(&"aws:cloudformation:stack-id".into()));
    stacks.update("s", &with("10.0.1.20", 2, false));
    let changed = interface(&stacks, &id);
    assert_eq!(changed.description.as_deref(), Some("with 2"));
    assert_eq!(changed.source_dest_check, Some(false));
    assert_eq!(stacks.physical("s", "N"), id);
    stacks.update("s", &with("10.0.1.30", 2, false));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_ne!(stacks.physical("s", "N"), id);
    assert_eq!(output(&stacks, "Ip"), "10.0.1.30");
    stacks.delete("s");
    assert_eq!(stacks.vpcs(), 0);
}

#[test]
fn an_interface_is_attached_to_an_instance_and_detached_first() {
    let stacks = Stacks::new();
    let with = |goes: bool| {
        let mut instance = instance();
        instance["Properties"]["SubnetId"] = reference("S");
        let attachment = json!({
            "InstanceId": {"Ref": "I"},
            "NetworkInterfaceId": {"Ref": "N"},
            "DeviceIndex": "1",
            "DeleteOnTermination": goes,
        });
        let mut resources = network();
        resources.extend([
            ("I", instance),
            ("N", resource("NetworkInterface", json!({"SubnetId": {"Ref": "S"}}))),
            ("A", resource("NetworkInterfaceAttachment", attachment)),
        ]);
        with_outputs(&resources, &[("Id", att("A", "AttachmentId")), ("Ref", reference("A"))])
    };
    stacks.create("s", &with(true));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let id = stacks.physical("s", "N");
    let attachment = || interface(&stacks, &id).attachment.expect("an attachment");
    assert_eq!(attachment().attachment_id.as_deref(), Some(output(&stacks, "Id").as_str()));
    assert_eq!(output(&stacks, "Ref"), output(&stacks, "Id"));
    assert_eq!(attachment().delete_on_termination, Some(true));
    stacks.update("s", &with(false));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(attachment().delete_on_termination, Some(false));
    stacks.delete("s");
    assert_eq!(stacks.vpcs(), 0);
}

#[test]
fn a_subnet_is_put_under_an_acl_and_back() {
    let stacks = Stacks::new();
    let with = |number: u32, port: u32| {
        let entry = json!({
            "NetworkAclId": {"Ref": "A"},
            "RuleNumber": number,
            "Protocol": 6,
            "RuleAction": "allow",
            "CidrBlock": "0.0.0.0/0",
            "PortRange": {"From": port.to_string(), "To": port.to_string()},
        });
        let association = json!({"SubnetId": {"Ref": "S"}, "NetworkAclId": {"Ref": "A"}});
        let mut resources = network();
        resources.extend([
            ("A", resource("NetworkAcl", json!({"VpcId": {"Ref": "V"}}))),
            ("E", resource("NetworkAclEntry", entry)),
            ("N", resource("SubnetNetworkAclAssociation", association)),
        ]);
        let outputs = [("Id", att("A", "Id")), ("Association", att("N", "AssociationId"))];
        with_outputs(&resources, &outputs)
    };
    stacks.create("s", &with(100, 443));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let id = stacks.physical("s", "A");
    assert_eq!(output(&stacks, "Id"), id);
    let acl = || {
        let request = ec2::DescribeNetworkAclsRequest {
            network_acl_ids: Some(vec![id.clone().into()]),
            ..Default::default()
        };
        let found = stacks.ok::<ops::DescribeNetworkAcls>(request).network_acls;
        found.expect("a list").remove(0)
    };
    let association = acl().associations.expect("associations").remove(0);
    let own = association.network_acl_association_id.expect("an id");
    assert_eq!(own, output(&stacks, "Association"));
    assert!(keys(acl().tags).contains(&"aws:cloudformation:logical-id".into()));
    let rules = || {
        let entries = acl().entries.expect("entries").into_iter();
        let ports = entries.filter_map(|e| Some((e.rule_number?, e.port_range?.from?)));
        ports.collect::<Vec<_>>()
    };
    let entry = stacks.physical("s", "E");
    assert!(entry.starts_with("s-E-"), "{entry}");
    assert_eq!(rules(), [(100, 443)]);
    stacks.update("s", &with(100, 80));
    assert_eq!((rules(), stacks.physical("s", "E")), (vec![(100, 80)], entry));
    stacks.update("s", &with(200, 80));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(rules(), [(200, 80)]);
    stacks.delete("s");
    assert_eq!(stacks.vpcs(), 0);
}
