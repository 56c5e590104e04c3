//! Network interfaces.

use crate::harness::{Ec2, filter, tagged};
use api::ec2::ops::{
    CreateNetworkInterface, DeleteNetworkInterface, DescribeNetworkInterfaces, DescribeSubnets,
    RunInstances, TerminateInstances,
};
use api::ec2::{
    CreateNetworkInterfaceRequest, DeleteNetworkInterfaceRequest, DescribeNetworkInterfacesRequest,
    DescribeSubnetsRequest, NetworkInterface, PrivateIpAddressSpecification, RunInstancesRequest,
    Subnet, TerminateInstancesRequest,
};
use smol_str::SmolStr;

fn subnet(ec2: &Ec2) -> Subnet {
    let filters = Some(vec![filter("cidr-block", &["172.31.0.0/20"])]);
    let request = DescribeSubnetsRequest { filters, ..Default::default() };
    ec2.ok::<DescribeSubnets>(request).subnets.unwrap().remove(0)
}

fn request(ec2: &Ec2) -> CreateNetworkInterfaceRequest {
    let subnet_id = subnet(ec2).subnet_id.unwrap();
    CreateNetworkInterfaceRequest { subnet_id, ..Default::default() }
}

fn find(ec2: &Ec2, name: &str, value: &str) -> Vec<NetworkInterface> {
    let filters = Some(vec![filter(name, &[value])]);
    let request = DescribeNetworkInterfacesRequest { filters, ..Default::default() };
    ec2.ok::<DescribeNetworkInterfaces>(request).network_interfaces.unwrap()
}

#[test]
fn interface_is_made_available_and_deleted() {
    let ec2 = Ec2::new();
    let made = ec2.ok::<CreateNetworkInterface>(CreateNetworkInterfaceRequest {
        description: Some("mine".into()),
        private_ip_address: Some("172.31.0.10".into()),
        secondary_private_ip_address_count: Some(2),
        tag_specifications: tagged("network-interface", "Name", "mine"),
        ..request(&ec2)
    });
    let made = made.network_interface.unwrap();
    assert_eq!(made.status.as_deref(), Some("pending"));
    let id = made.network_interface_id.unwrap();
    let shown = find(&ec2, "status", "available").remove(0);
    assert_eq!(shown.network_interface_id.as_ref(), Some(&id));
    assert_eq!(shown.requester_managed, Some(false));
    assert_eq!(shown.groups.as_ref().unwrap()[0].group_name.as_deref(), Some("default"));
    let name = "ip-172-31-0-10.us-west-1.compute.internal";
    assert_eq!(shown.private_dns_name.as_deref(), Some(name));
    let addresses: Vec<_> = shown
        .private_ip_addresses
        .unwrap()
        .into_iter()
        .map(|a| (a.private_ip_address.unwrap(), a.primary.unwrap()))
        .collect();
    assert_eq!(
        addresses,
        [("172.31.0.10".into(), true), ("172.31.0.4".into(), false), ("172.31.0.5".into(), false),]
    );
    assert_eq!(subnet(&ec2).available_ip_address_count, Some(4_088));
    assert_eq!(find(&ec2, "addresses.private-ip-address", "172.31.0.5").len(), 1);
    assert_eq!(find(&ec2, "tag:Name", "mine").len(), 1);
    let request =
        DeleteNetworkInterfaceRequest { network_interface_id: id.clone(), ..Default::default() };
    ec2.ok::<DeleteNetworkInterface>(request.clone());
    assert_eq!(subnet(&ec2).available_ip_address_count, Some(4_091));
    let (code, message) = ec2.err::<DeleteNetworkInterface>(request);
    assert_eq!(code, "InvalidNetworkInterfaceID.NotFound");
    assert_eq!(message, format!("The networkInterface ID '{id}' does not exist"));
}

#[test]
fn addresses_are_given_once() {
    let ec2 = Ec2::new();
    let with = |ip: &str| CreateNetworkInterfaceRequest {
        private_ip_address: Some(ip.into()),
        ..request(&ec2)
    };
    ec2.ok::<CreateNetworkInterface>(with("172.31.0.4"));
    let (code, message) = ec2.err::<CreateNetworkInterface>(with("172.31.0.4"));
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("InvalidIPAddress.InUse", "Address 172.31.0.4 is in use.")
    );
    let (code, message) = ec2.err::<CreateNetworkInterface>(with("172.31.0.3"));
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(message, "Address 172.31.0.3 is in subnet's reserved address range");
    let (code, _) = ec2.err::<CreateNetworkInterface>(with("10.0.0.4"));
    assert_eq!(code, "InvalidParameterValue");
    let pair = |ip: &str, primary| PrivateIpAddressSpecification {
        primary: Some(primary),
        private_ip_address: Some(ip.into()),
    };
    let clash = CreateNetworkInterfaceRequest {
        private_ip_addresses: Some(vec![pair("172.31.0.8", false), pair("172.31.0.4", true)]),
        ..request(&ec2)
    };
    assert_eq!(ec2.err::<CreateNetworkInterface>(clash).0, "InvalidIPAddress.InUse");
    assert_eq!(subnet(&ec2).available_ip_address_count, Some(4_090), "nothing half done");
}

#[test]
fn repeated_request_finds_the_first_interface() {
    let ec2 = Ec2::new();
    let with_token =
        || CreateNetworkInterfaceRequest { client_token: Some("once".into()), ..request(&ec2) };
    let id = |made: api::ec2::CreateNetworkInterfaceResult| {
        made.network_interface.unwrap().network_interface_id
    };
    let first = id(ec2.ok::<CreateNetworkInterface>(with_token()));
    assert_eq!(id(ec2.ok::<CreateNetworkInterface>(with_token())), first);
    let other = CreateNetworkInterfaceRequest { description: Some("other".into()), ..with_token() };
    assert_eq!(ec2.err::<CreateNetworkInterface>(other).0, "IdempotentParameterMismatch");
}

#[test]
fn interface_of_an_instance_is_in_use_and_goes_with_it() {
    let ec2 = Ec2::new();
    let launched = ec2.ok::<RunInstances>(RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t3.micro".into()),
        min_count: 1,
        max_count: 1,
        ..Default::default()
    });
    let instance = launched.instances.unwrap().remove(0);
    let instance_id = instance.instance_id.unwrap();
    let status = || {
        let found = find(&ec2, "attachment.instance-id", &instance_id);
        let attachment = found[0].attachment.clone().unwrap();
        assert_eq!(found[0].status.as_deref(), Some("in-use"));
        assert_eq!(attachment.delete_on_termination, Some(true));
        (found[0].network_interface_id.clone().unwrap(), attachment.status.unwrap())
    };
    let (id, attaching) = status();
    assert_eq!(attaching, "attaching");
    ec2.step(60_000);
    assert_eq!(status().1, "attached");
    let public = instance.public_ip_address.unwrap();
    let shown = find(&ec2, "association.public-ip", &public).remove(0);
    let association = shown.association.unwrap();
    assert_eq!(association.ip_owner_id.as_deref(), Some("amazon"));
    assert_eq!(association.public_dns_name, instance.public_dns_name);
    let request =
        DeleteNetworkInterfaceRequest { network_interface_id: id.clone(), ..Default::default() };
    let (code, message) = ec2.err::<DeleteNetworkInterface>(request);
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(message, format!("Network interface '{id}' is currently in use."));
    let instance_ids = vec![instance_id];
    ec2.ok::<TerminateInstances>(TerminateInstancesRequest { instance_ids, ..Default::default() });
    ec2.step(60_000);
    let network_interface_ids = Some(vec![id]);
    let request = DescribeNetworkInterfacesRequest { network_interface_ids, ..Default::default() };
    let (code, _) = ec2.err::<DescribeNetworkInterfaces>(request);
    assert_eq!(code, "InvalidNetworkInterfaceID.NotFound");
    let unused: SmolStr = "in-use".into();
    assert!(find(&ec2, "status", &unused).is_empty());
}
