//! Network interfaces beside an instance's primary one, and what can be changed of interfaces.

use crate::harness::{Ec2, described, filter, running};
use api::ec2::ops::{
    AssignPrivateIpAddresses, AttachNetworkInterface, CreateNetworkInterface,
    DeleteNetworkInterface, DescribeNetworkInterfaceAttribute, DescribeNetworkInterfaces,
    DescribeSubnets, DetachNetworkInterface, ModifyNetworkInterfaceAttribute, TerminateInstances,
    UnassignPrivateIpAddresses,
};
use api::ec2::{
    AssignPrivateIpAddressesRequest, AttachNetworkInterfaceRequest, AttributeBooleanValue,
    AttributeValue, CreateNetworkInterfaceRequest, DeleteNetworkInterfaceRequest,
    DescribeNetworkInterfaceAttributeRequest, DescribeNetworkInterfacesRequest,
    DescribeSubnetsRequest, DetachNetworkInterfaceRequest, ModifyNetworkInterfaceAttributeRequest,
    NetworkInterface, NetworkInterfaceAttachmentChanges, TerminateInstancesRequest,
    UnassignPrivateIpAddressesRequest,
};
use smol_str::SmolStr;

fn create(ec2: &Ec2, subnet_id: SmolStr) -> SmolStr {
    let request = CreateNetworkInterfaceRequest { subnet_id, ..Default::default() };
    let made = ec2.ok::<CreateNetworkInterface>(request).network_interface;
    made.and_then(|i| i.network_interface_id).expect("an id")
}

/// A running instance, and an interface in its subnet.
fn pair(ec2: &Ec2) -> (SmolStr, SmolStr) {
    let instance = running(ec2, 1).remove(0);
    let subnet = described(ec2, &instance).subnet_id.expect("a subnet");
    (instance, create(ec2, subnet))
}

fn attach(interface: &SmolStr, instance: &SmolStr, index: i64) -> AttachNetworkInterfaceRequest {
    AttachNetworkInterfaceRequest {
        network_interface_id: interface.clone(),
        instance_id: instance.clone(),
        device_index: index,
        ..Default::default()
    }
}

fn shown(ec2: &Ec2, id: &SmolStr) -> NetworkInterface {
    let request = DescribeNetworkInterfacesRequest {
        network_interface_ids: Some(vec![id.clone()]),
        ..Default::default()
    };
    ec2.ok::<DescribeNetworkInterfaces>(request).network_interfaces.expect("a list").remove(0)
}

fn modify(
    id: &SmolStr,
    change: impl FnOnce(&mut ModifyNetworkInterfaceAttributeRequest),
) -> ModifyNetworkInterfaceAttributeRequest {
    let mut request = ModifyNetworkInterfaceAttributeRequest {
        network_interface_id: id.clone(),
        ..Default::default()
    };
    change(&mut request);
    request
}

#[test]
fn a_second_interface_comes_and_goes() {
    let ec2 = Ec2::new();
    let (instance, interface) = pair(&ec2);
    let answer = ec2.ok::<AttachNetworkInterface>(attach(&interface, &instance, 1));
    let attachment = answer.attachment_id.expect("an attachment");
    assert!(attachment.starts_with("eni-attach-0"), "{attachment}");
    let row = shown(&ec2, &interface);
    assert_eq!(row.status.as_deref(), Some("in-use"));
    let own = row.attachment.expect("an attachment");
    assert_eq!((own.device_index, own.delete_on_termination), (Some(1), Some(false)));
    let seen = described(&ec2, &instance);
    let all = seen.network_interfaces.expect("interfaces");
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].network_interface_id.as_ref(), Some(&interface));
    assert_eq!(seen.private_ip_address, all[0].private_ip_address, "the primary one's");
    let delete =
        DeleteNetworkInterfaceRequest { network_interface_id: interface.clone(), dry_run: None };
    assert_eq!(
        ec2.err::<DeleteNetworkInterface>(delete.clone()).1,
        format!("Network interface '{interface}' is currently in use.")
    );
    let detach =
        DetachNetworkInterfaceRequest { attachment_id: attachment.clone(), ..Default::default() };
    ec2.ok::<DetachNetworkInterface>(detach.clone());
    assert_eq!(shown(&ec2, &interface).status.as_deref(), Some("available"));
    assert_eq!(described(&ec2, &instance).network_interfaces.map(|all| all.len()), Some(1));
    assert_eq!(
        ec2.err::<DetachNetworkInterface>(detach),
        (
            "InvalidAttachmentID.NotFound".into(),
            format!("The networkInterface attachment ID '{attachment}' does not exist")
        )
    );
    ec2.ok::<DeleteNetworkInterface>(delete);
}

#[test]
fn attachments_are_checked() {
    let ec2 = Ec2::new();
    let (instance, interface) = pair(&ec2);
    assert_eq!(
        ec2.err::<AttachNetworkInterface>(attach(&interface, &instance, 0)),
        (
            "InvalidParameterValue".into(),
            format!("Instance '{instance}' already has an interface attached at device index '0'.")
        )
    );
    let zone = shown(&ec2, &interface).availability_zone.expect("a zone");
    let subnets = ec2.ok::<DescribeSubnets>(DescribeSubnetsRequest::default()).subnets;
    let mut subnets = subnets.expect("a list").into_iter();
    let other = subnets.find(|s| s.availability_zone.as_ref() != Some(&zone)).expect("another");
    let far = create(&ec2, other.subnet_id.expect("an id"));
    let refused = ec2.err::<AttachNetworkInterface>(attach(&far, &instance, 1));
    assert_eq!(refused.0, "InvalidParameterCombination");
    ec2.ok::<AttachNetworkInterface>(attach(&interface, &instance, 1));
    assert_eq!(
        ec2.err::<AttachNetworkInterface>(attach(&interface, &instance, 2)),
        ("InvalidNetworkInterface.InUse".into(), format!("Interface: [{interface}] in use."))
    );
    let third = create(&ec2, described(&ec2, &instance).subnet_id.expect("a subnet"));
    assert_eq!(
        ec2.err::<AttachNetworkInterface>(attach(&third, &instance, 2)),
        (
            "AttachmentLimitExceeded".into(),
            "Interface count 3 exceeds the limit for t2.micro".into()
        )
    );
    let request = DescribeNetworkInterfacesRequest {
        filters: Some(vec![filter("attachment.device-index", &["0"])]),
        ..Default::default()
    };
    let primary = ec2.ok::<DescribeNetworkInterfaces>(request).network_interfaces;
    let primary = primary.expect("a list").remove(0).attachment.and_then(|a| a.attachment_id);
    let request = DetachNetworkInterfaceRequest {
        attachment_id: primary.expect("an attachment"),
        ..Default::default()
    };
    assert_eq!(ec2.err::<DetachNetworkInterface>(request).0, "OperationNotPermitted");
}

#[test]
fn an_interface_goes_with_its_instance_only_if_that_was_said() {
    let ec2 = Ec2::new();
    let (instance, interface) = pair(&ec2);
    let (second, kept) = pair(&ec2);
    let answer = ec2.ok::<AttachNetworkInterface>(attach(&interface, &instance, 1));
    ec2.ok::<AttachNetworkInterface>(attach(&kept, &second, 1));
    let changes = NetworkInterfaceAttachmentChanges {
        attachment_id: answer.attachment_id,
        delete_on_termination: Some(true),
        ..Default::default()
    };
    let request = modify(&interface, |r| r.attachment = Some(changes));
    ec2.ok::<ModifyNetworkInterfaceAttribute>(request);
    let instance_ids = vec![instance, second];
    ec2.ok::<TerminateInstances>(TerminateInstancesRequest { instance_ids, ..Default::default() });
    ec2.step(60_000);
    let all = ec2.ok::<DescribeNetworkInterfaces>(Default::default()).network_interfaces;
    let all = all.expect("a list");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].network_interface_id.as_ref(), Some(&kept));
    assert_eq!(all[0].status.as_deref(), Some("available"));
}

#[test]
fn attributes_are_changed_one_at_a_time() {
    let ec2 = Ec2::new();
    let (_, id) = pair(&ec2);
    let describe = |attribute: &str| {
        let request = DescribeNetworkInterfaceAttributeRequest {
            network_interface_id: id.clone(),
            attribute: Some(attribute.into()),
            dry_run: None,
        };
        ec2.ok::<DescribeNetworkInterfaceAttribute>(request)
    };
    let flag = || Some(AttributeBooleanValue { value: Some(false) });
    let text = || Some(AttributeValue { value: Some("new".into()) });
    ec2.ok::<ModifyNetworkInterfaceAttribute>(modify(&id, |r| r.description = text()));
    ec2.ok::<ModifyNetworkInterfaceAttribute>(modify(&id, |r| r.source_dest_check = flag()));
    assert_eq!(describe("description").description, text());
    assert_eq!(describe("sourceDestCheck").source_dest_check, flag());
    assert_eq!(describe("groupSet").groups.map(|groups| groups.len()), Some(1));
    let none = ec2.err::<ModifyNetworkInterfaceAttribute>(modify(&id, |_| ()));
    assert_eq!(none.1, "No attributes specified.");
    let both = modify(&id, |r| {
        r.description = text();
        r.source_dest_check = flag();
    });
    assert_eq!(ec2.err::<ModifyNetworkInterfaceAttribute>(both).0, "InvalidParameterCombination");
    let group = modify(&id, |r| r.groups = Some(vec!["sg-0123456789abcdef0".into()]));
    assert_eq!(ec2.err::<ModifyNetworkInterfaceAttribute>(group).0, "InvalidGroup.NotFound");
}

#[test]
fn secondary_addresses_are_assigned_and_given_back() {
    let ec2 = Ec2::new();
    let (_, id) = pair(&ec2);
    let request = AssignPrivateIpAddressesRequest {
        network_interface_id: id.clone(),
        secondary_private_ip_address_count: Some(2),
        ..Default::default()
    };
    let assigned = ec2.ok::<AssignPrivateIpAddresses>(request).assigned_private_ip_addresses;
    let assigned: Vec<SmolStr> =
        assigned.expect("a list").into_iter().filter_map(|a| a.private_ip_address).collect();
    assert_eq!(assigned.len(), 2);
    assert_eq!(shown(&ec2, &id).private_ip_addresses.map(|all| all.len()), Some(3));
    let request = UnassignPrivateIpAddressesRequest {
        network_interface_id: id.clone(),
        private_ip_addresses: Some(vec![assigned[0].clone()]),
        ..Default::default()
    };
    ec2.ok::<UnassignPrivateIpAddresses>(request.clone());
    assert_eq!(shown(&ec2, &id).private_ip_addresses.map(|all| all.len()), Some(2));
    assert_eq!(ec2.err::<UnassignPrivateIpAddresses>(request).0, "InvalidParameterValue");
    let request = AssignPrivateIpAddressesRequest {
        network_interface_id: id,
        private_ip_addresses: Some(vec![assigned[1].clone()]),
        ..Default::default()
    };
    assert_eq!(ec2.err::<AssignPrivateIpAddresses>(request).0, "InvalidIPAddress.InUse");
}
