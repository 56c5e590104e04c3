//! Subnets.

use crate::harness::{Ec2, filter};
use api::ec2::ops::{
    CreateDefaultSubnet, CreateDefaultVpc, CreateSubnet, CreateVpc, DeleteInternetGateway,
    DeleteSubnet, DeleteVpc, DescribeInternetGateways, DescribeNetworkAcls, DescribeSubnets,
    DetachInternetGateway, ModifySubnetAttribute, RunInstances,
};
use api::ec2::{
    AttributeBooleanValue, CreateDefaultSubnetRequest, CreateDefaultVpcRequest,
    CreateSubnetRequest, CreateVpcRequest, DeleteInternetGatewayRequest, DeleteSubnetRequest,
    DeleteVpcRequest, DescribeInternetGatewaysRequest, DescribeNetworkAclsRequest,
    DescribeSubnetsRequest, DetachInternetGatewayRequest, ModifySubnetAttributeRequest,
    RunInstancesRequest, Subnet,
};
use smol_str::SmolStr;

fn vpc(ec2: &Ec2) -> SmolStr {
    let cidr_block = Some("10.0.0.0/16".into());
    let made = ec2.ok::<CreateVpc>(CreateVpcRequest { cidr_block, ..Default::default() });
    made.vpc.unwrap().vpc_id.unwrap()
}

fn request(vpc: &SmolStr, cidr: &str) -> CreateSubnetRequest {
    CreateSubnetRequest { vpc_id: vpc.clone(), cidr_block: Some(cidr.into()), ..Default::default() }
}

fn describe(ec2: &Ec2, filters: Vec<api::ec2::Filter>) -> Vec<Subnet> {
    let request = DescribeSubnetsRequest { filters: Some(filters), ..Default::default() };
    ec2.ok::<DescribeSubnets>(request).subnets.unwrap()
}

#[test]
fn subnets_must_fit_their_vpc_and_not_overlap() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    ec2.ok::<CreateSubnet>(request(&vpc, "10.0.0.0/20"));
    let check = |input: CreateSubnetRequest, code: &str, message: &str| {
        assert_eq!(ec2.err::<CreateSubnet>(input), (code.to_owned(), message.to_owned()));
    };
    check(
        request(&vpc, "10.0.1.0/24"),
        "InvalidSubnet.Conflict",
        "The CIDR '10.0.1.0/24' conflicts with another subnet",
    );
    let range = "InvalidSubnet.Range";
    check(request(&vpc, "10.1.0.0/24"), range, "The CIDR '10.1.0.0/24' is invalid.");
    check(request(&vpc, "10.0.32.0/29"), range, "The CIDR '10.0.32.0/29' is invalid.");
    check(
        CreateSubnetRequest {
            availability_zone: Some("us-east-1a".into()),
            ..request(&vpc, "10.0.32.0/24")
        },
        "InvalidParameterValue",
        "Value (us-east-1a) for parameter availabilityZone is invalid. Subnets can currently only \
         be created in the following availability zones: us-west-1a, us-west-1c.",
    );
    check(
        request(&"vpc-12345678".into(), "10.0.32.0/24"),
        "InvalidVpcID.NotFound",
        "The vpc ID 'vpc-12345678' does not exist",
    );
}

#[test]
fn subnets_are_found_by_either_spelling_of_a_filter() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let made = ec2
        .ok::<CreateSubnet>(CreateSubnetRequest {
            availability_zone: Some("us-west-1c".into()),
            ..request(&vpc, "10.0.0.0/24")
        })
        .subnet
        .unwrap();
    let id = made.subnet_id.clone().unwrap();
    let arn = format!("arn:aws:ec2:us-west-1:123456789012:subnet/{id}");
    assert_eq!(made.subnet_arn.as_deref(), Some(arn.as_str()));
    let zone_id = made.availability_zone_id.clone().unwrap();
    for (name, value) in [
        ("cidr", "10.0.0.0/24"),
        ("cidrBlock", "10.0.0.0/24"),
        ("available-ip-address-count", "251"),
        ("subnet-arn", &arn),
        ("availabilityZoneId", &zone_id),
    ] {
        let found = describe(&ec2, vec![filter(name, &[value]), filter("vpc-id", &[&vpc])]);
        assert_eq!(found.len(), 1, "{name}");
    }
    assert!(describe(&ec2, vec![filter("default-for-az", &["false"])]).len() == 1);
    let acls = DescribeNetworkAclsRequest {
        filters: Some(vec![filter("association.subnet-id", &[&id])]),
        ..Default::default()
    };
    assert_eq!(ec2.ok::<DescribeNetworkAcls>(acls).network_acls.unwrap().len(), 1);
}

#[test]
fn attributes_change_what_launches_get() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let subnet = ec2.ok::<CreateSubnet>(request(&vpc, "10.0.0.0/24")).subnet.unwrap();
    let subnet = subnet.subnet_id.unwrap();
    let plain = || ModifySubnetAttributeRequest { subnet_id: subnet.clone(), ..Default::default() };
    let on = || Some(AttributeBooleanValue { value: Some(true) });
    ec2.ok::<ModifySubnetAttribute>(ModifySubnetAttributeRequest {
        map_public_ip_on_launch: on(),
        ..plain()
    });
    ec2.ok::<ModifySubnetAttribute>(ModifySubnetAttributeRequest {
        private_dns_hostname_type_on_launch: Some("resource-name".into()),
        ..plain()
    });
    let two = ModifySubnetAttributeRequest {
        map_public_ip_on_launch: on(),
        private_dns_hostname_type_on_launch: Some("ip-name".into()),
        ..plain()
    };
    assert_eq!(ec2.err::<ModifySubnetAttribute>(two).0, "InvalidParameterCombination");
    let launched = ec2.ok::<RunInstances>(RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t3.micro".into()),
        min_count: 1,
        max_count: 1,
        subnet_id: Some(subnet.clone()),
        ..Default::default()
    });
    let instance = &launched.instances.unwrap()[0];
    assert!(instance.public_ip_address.is_some());
    let name = format!("{}.us-west-1.compute.internal", instance.instance_id.as_ref().unwrap());
    assert_eq!(instance.private_dns_name.as_deref(), Some(name.as_str()));
    let delete = DeleteSubnetRequest { subnet_id: subnet.clone(), ..Default::default() };
    let (code, message) = ec2.err::<DeleteSubnet>(delete);
    assert_eq!(code, "DependencyViolation");
    assert_eq!(message, format!("The subnet '{subnet}' has dependencies and cannot be deleted."));
}

#[test]
fn default_network_can_be_removed_and_made_again() {
    let ec2 = Ec2::new();
    let in_a = CreateDefaultSubnetRequest {
        availability_zone: Some("us-west-1a".into()),
        ..Default::default()
    };
    let (code, message) = ec2.err::<CreateDefaultSubnet>(in_a.clone());
    assert_eq!(code, "DefaultSubnetAlreadyExistsInAvailabilityZone");
    assert!(message.ends_with("is already the default subnet in us-west-1a."), "{message}");
    let subnets = describe(&ec2, Vec::new());
    let vpc_id = subnets[0].vpc_id.clone().unwrap();
    for subnet in subnets {
        let subnet_id = subnet.subnet_id.unwrap();
        ec2.ok::<DeleteSubnet>(DeleteSubnetRequest { subnet_id, ..Default::default() });
    }
    let again = ec2.ok::<CreateDefaultSubnet>(in_a.clone()).subnet.unwrap();
    assert_eq!(again.cidr_block.as_deref(), Some("172.31.0.0/20"));
    assert_eq!(again.default_for_az, Some(true));
    let subnet_id = again.subnet_id.unwrap();
    ec2.ok::<DeleteSubnet>(DeleteSubnetRequest { subnet_id, ..Default::default() });
    let gateways = ec2
        .ok::<DescribeInternetGateways>(DescribeInternetGatewaysRequest::default())
        .internet_gateways
        .unwrap();
    let internet_gateway_id = gateways[0].internet_gateway_id.clone().unwrap();
    let delete = || DeleteVpcRequest { vpc_id: vpc_id.clone(), ..Default::default() };
    assert_eq!(ec2.err::<DeleteVpc>(delete()).0, "DependencyViolation");
    ec2.ok::<DetachInternetGateway>(DetachInternetGatewayRequest {
        internet_gateway_id: internet_gateway_id.clone(),
        vpc_id: vpc_id.clone(),
        ..Default::default()
    });
    ec2.ok::<DeleteInternetGateway>(DeleteInternetGatewayRequest {
        internet_gateway_id,
        ..Default::default()
    });
    ec2.ok::<DeleteVpc>(delete());
    assert_eq!(ec2.err::<CreateDefaultSubnet>(in_a).0, "DefaultVpcDoesNotExist");
    let vpc = ec2.ok::<CreateDefaultVpc>(CreateDefaultVpcRequest::default()).vpc.unwrap();
    assert_eq!(vpc.is_default, Some(true));
    assert_eq!(describe(&ec2, vec![filter("defaultForAz", &["true"])]).len(), 2);
}
