//! Instances and their network.

use crate::harness::{Ec2, filter};
use api::ec2::ops::{
    CreateSubnet, CreateVpc, DescribeInstances, DescribeInternetGateways, DescribeSubnets,
    DetachInternetGateway, ModifyVpcAttribute, RunInstances, StartInstances, StopInstances,
    TerminateInstances,
};
use api::ec2::{
    AttributeBooleanValue, CreateSubnetRequest, CreateVpcRequest, DescribeInstancesRequest,
    DescribeInternetGatewaysRequest, DescribeSubnetsRequest, DetachInternetGatewayRequest,
    Instance, ModifyVpcAttributeRequest, RunInstancesRequest, StartInstancesRequest,
    StopInstancesRequest, TerminateInstancesRequest,
};
use smol_str::SmolStr;

fn run(ec2: &Ec2, count: i64, subnet_id: Option<SmolStr>) -> Vec<Instance> {
    let request = RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t3.micro".into()),
        min_count: count,
        max_count: count,
        subnet_id,
        ..Default::default()
    };
    ec2.ok::<RunInstances>(request).instances.expect("instances")
}

fn look(ec2: &Ec2, id: &SmolStr) -> Instance {
    let instance_ids = Some(vec![id.clone()]);
    let request = DescribeInstancesRequest { instance_ids, ..Default::default() };
    let mut reservations = ec2.ok::<DescribeInstances>(request).reservations.expect("a list");
    reservations.remove(0).instances.expect("a list").remove(0)
}

/// A VPC 10.0.0.0/16 with a subnet 10.0.1.0/24.
fn network(ec2: &Ec2) -> (SmolStr, SmolStr) {
    let cidr_block = Some("10.0.0.0/16".into());
    let vpc = ec2.ok::<CreateVpc>(CreateVpcRequest { cidr_block, ..Default::default() });
    let vpc_id = vpc.vpc.unwrap().vpc_id.unwrap();
    let request = CreateSubnetRequest {
        vpc_id: vpc_id.clone(),
        cidr_block: Some("10.0.1.0/24".into()),
        ..Default::default()
    };
    let subnet = ec2.ok::<CreateSubnet>(request).subnet.unwrap();
    (vpc_id, subnet.subnet_id.unwrap())
}

#[test]
fn launches_take_the_lowest_addresses_of_their_subnet() {
    let ec2 = Ec2::new();
    let (_, subnet) = network(&ec2);
    let free = || {
        let request =
            DescribeSubnetsRequest { subnet_ids: Some(vec![subnet.clone()]), ..Default::default() };
        ec2.ok::<DescribeSubnets>(request).subnets.unwrap()[0].available_ip_address_count
    };
    assert_eq!(free(), Some(251));
    let instances = run(&ec2, 2, Some(subnet.clone()));
    let addresses: Vec<_> =
        instances.iter().map(|i| i.private_ip_address.clone().unwrap()).collect();
    assert_eq!(addresses, ["10.0.1.4", "10.0.1.5"]);
    assert_eq!(free(), Some(249));
    assert_eq!(instances[0].public_ip_address, None, "the subnet maps no public addresses");
    assert_eq!(instances[0].public_dns_name.as_deref(), Some(""));
    let first = instances[0].instance_id.clone().unwrap();
    let instance_ids = vec![first.clone()];
    ec2.ok::<TerminateInstances>(TerminateInstancesRequest { instance_ids, ..Default::default() });
    ec2.step(60_000);
    assert_eq!(free(), Some(250));
    let gone = look(&ec2, &first);
    assert_eq!((gone.subnet_id, gone.vpc_id), (None, None));
    let again = run(&ec2, 1, Some(subnet.clone()));
    assert_eq!(again[0].private_ip_address.as_deref(), Some("10.0.1.4"));
}

#[test]
fn default_subnet_gives_public_addresses_that_change_with_a_stop() {
    let ec2 = Ec2::new();
    let id = run(&ec2, 1, None)[0].instance_id.clone().unwrap();
    ec2.step(60_000);
    let before = look(&ec2, &id);
    let public = before.public_ip_address.clone().expect("a public address");
    let dns = format!("ec2-{}.us-west-1.compute.amazonaws.com", public.replace('.', "-"));
    assert_eq!(before.public_dns_name.as_deref(), Some(dns.as_str()));
    let instance_ids = vec![id.clone()];
    ec2.ok::<StopInstances>(StopInstancesRequest { instance_ids, ..Default::default() });
    ec2.step(60_000);
    let stopped = look(&ec2, &id);
    assert_eq!(stopped.public_ip_address, None);
    assert_eq!(stopped.private_ip_address, before.private_ip_address);
    let instance_ids = vec![id.clone()];
    ec2.ok::<StartInstances>(StartInstancesRequest { instance_ids, ..Default::default() });
    ec2.step(60_000);
    let after = look(&ec2, &id);
    assert_eq!(after.private_ip_address, before.private_ip_address);
    assert!(after.public_ip_address.is_some_and(|ip| ip != public));
}

#[test]
fn gateway_stays_while_public_addresses_are_mapped() {
    let ec2 = Ec2::new();
    run(&ec2, 1, None);
    let gateways = ec2
        .ok::<DescribeInternetGateways>(DescribeInternetGatewaysRequest::default())
        .internet_gateways
        .unwrap();
    let vpc_id = gateways[0].attachments.as_ref().unwrap()[0].vpc_id.clone().unwrap();
    let request = DetachInternetGatewayRequest {
        internet_gateway_id: gateways[0].internet_gateway_id.clone().unwrap(),
        vpc_id: vpc_id.clone(),
        ..Default::default()
    };
    let (code, message) = ec2.err::<DetachInternetGateway>(request);
    assert_eq!(code, "DependencyViolation");
    assert_eq!(
        message,
        format!(
            "Network {vpc_id} has some mapped public address(es). Please unmap those public \
             address(es) before detaching the gateway."
        )
    );
}

#[test]
fn public_dns_names_follow_the_vpcs_attribute() {
    let ec2 = Ec2::new();
    let id = run(&ec2, 1, None)[0].instance_id.clone().unwrap();
    let instance = look(&ec2, &id);
    assert!(instance.public_dns_name.is_some_and(|name| name.starts_with("ec2-")));
    let request = ModifyVpcAttributeRequest {
        vpc_id: instance.vpc_id.unwrap(),
        enable_dns_hostnames: Some(AttributeBooleanValue { value: Some(false) }),
        ..Default::default()
    };
    ec2.ok::<ModifyVpcAttribute>(request);
    let instance = look(&ec2, &id);
    assert_eq!(instance.public_dns_name.as_deref(), Some(""));
    assert!(instance.public_ip_address.is_some());
}

#[test]
fn instances_are_found_by_their_interface_and_disks() {
    let ec2 = Ec2::new();
    let instance = run(&ec2, 2, None).remove(0);
    let id = instance.instance_id.unwrap();
    let interface = instance.network_interfaces.unwrap().remove(0);
    let found = |name: &str, value: &str| {
        let filters = Some(vec![filter(name, &[value])]);
        let request = DescribeInstancesRequest { filters, ..Default::default() };
        let reservations = ec2.ok::<DescribeInstances>(request).reservations.unwrap();
        reservations.into_iter().flat_map(|r| r.instances.unwrap()).count()
    };
    let public = interface.association.unwrap().public_ip.unwrap();
    assert_eq!(found("network-interface.association.public-ip", &public), 1);
    assert_eq!(found("network-interface.mac-address", &interface.mac_address.unwrap()), 1);
    assert_eq!(found("network-interface.attachment.instance-id", &id), 1);
    assert_eq!(found("network-interface.status", "in-use"), 2);
    assert_eq!(found("block-device-mapping.delete-on-termination", "true"), 2);
    assert_eq!(found("host-id", "*"), 0);
    for name in [
        "addresses.association.ip-owner-id",
        "addresses.association.public-dns-name",
        "addresses.association.public-ip",
        "addresses.primary",
        "addresses.private-dns-name",
        "addresses.private-ip-address",
        "association.ip-owner-id",
        "association.public-dns-name",
        "attachment.attach-time",
        "attachment.attachment-id",
        "attachment.delete-on-termination",
        "attachment.device-index",
        "attachment.instance-owner-id",
        "attachment.network-card-index",
        "attachment.status",
        "availability-zone",
        "description",
        "group-id",
        "group-name",
        "network-interface-id",
        "operator.managed",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "public-dns-name",
        "requester-managed",
        "source-dest-check",
        "subnet-id",
        "vpc-id",
    ] {
        assert_eq!(found(&format!("network-interface.{name}"), "*"), 2, "{name}");
    }
}

#[test]
fn full_subnet_launches_what_fits_or_nothing() {
    let ec2 = Ec2::new();
    let (vpc_id, _) = network(&ec2);
    let small = CreateSubnetRequest {
        vpc_id,
        cidr_block: Some("10.0.2.0/28".into()),
        ..Default::default()
    };
    let subnet_id = ec2.ok::<CreateSubnet>(small).subnet.unwrap().subnet_id;
    let launch = |min: i64, max: i64| RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t3.micro".into()),
        min_count: min,
        max_count: max,
        subnet_id: subnet_id.clone(),
        ..Default::default()
    };
    let (code, message) = ec2.err::<RunInstances>(launch(12, 12));
    assert_eq!(code, "InsufficientFreeAddressesInSubnet");
    assert_eq!(
        message,
        format!(
            "There are not enough free addresses in subnet '{}' to satisfy the requested number \
             of instances.",
            subnet_id.as_deref().unwrap()
        )
    );
    let launched = ec2.ok::<RunInstances>(launch(5, 20)).instances.unwrap();
    assert_eq!(launched.len(), 11, "sixteen addresses but the first four and the last");
    assert_eq!(ec2.err::<RunInstances>(launch(1, 1)).0, "InsufficientFreeAddressesInSubnet");
}

#[test]
fn default_subnet_goes_on_beyond_its_block() {
    let ec2 = Ec2::new();
    let subnet_id = run(&ec2, 1, None)[0].subnet_id.clone();
    let launched = run(&ec2, 4_095, subnet_id.clone());
    let mut addresses: Vec<_> =
        launched.iter().map(|i| i.private_ip_address.clone().unwrap()).collect();
    assert!(addresses.iter().any(|ip| ip.starts_with("100.64.")));
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 4_095);
    let free = || {
        let subnet_ids = Some(vec![subnet_id.clone().unwrap()]);
        let request = DescribeSubnetsRequest { subnet_ids, ..Default::default() };
        ec2.ok::<DescribeSubnets>(request).subnets.unwrap()[0].available_ip_address_count
    };
    assert_eq!(free(), Some(0));
    let instance_ids = launched.iter().map(|i| i.instance_id.clone().unwrap()).collect();
    ec2.ok::<TerminateInstances>(TerminateInstancesRequest { instance_ids, ..Default::default() });
    ec2.step(60_000);
    assert_eq!(free(), Some(4_090));
}
