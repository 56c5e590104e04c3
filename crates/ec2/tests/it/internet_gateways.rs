//! Internet gateways, and DescribeAddresses of an account that has none.

use crate::harness::{Ec2, filter};
use api::ec2::ops::{
    AttachInternetGateway, CreateInternetGateway, CreateVpc, DeleteInternetGateway,
    DescribeAddresses, DescribeInternetGateways, DetachInternetGateway,
};
use api::ec2::{
    AttachInternetGatewayRequest, CreateInternetGatewayRequest, CreateVpcRequest,
    DeleteInternetGatewayRequest, DescribeAddressesRequest, DescribeInternetGatewaysRequest,
    DetachInternetGatewayRequest,
};
use smol_str::SmolStr;

fn vpc(ec2: &Ec2) -> SmolStr {
    let cidr_block = Some("10.0.0.0/16".into());
    let made = ec2.ok::<CreateVpc>(CreateVpcRequest { cidr_block, ..Default::default() });
    made.vpc.unwrap().vpc_id.unwrap()
}

fn gateway(ec2: &Ec2) -> SmolStr {
    let made = ec2.ok::<CreateInternetGateway>(CreateInternetGatewayRequest::default());
    made.internet_gateway.unwrap().internet_gateway_id.unwrap()
}

fn attach(gateway: &SmolStr, vpc: &SmolStr) -> AttachInternetGatewayRequest {
    AttachInternetGatewayRequest {
        internet_gateway_id: gateway.clone(),
        vpc_id: vpc.clone(),
        ..Default::default()
    }
}

fn detach(gateway: &SmolStr, vpc: &SmolStr) -> DetachInternetGatewayRequest {
    DetachInternetGatewayRequest {
        internet_gateway_id: gateway.clone(),
        vpc_id: vpc.clone(),
        ..Default::default()
    }
}

#[test]
fn gateway_and_vpc_take_each_other_once() {
    let ec2 = Ec2::new();
    let (vpc, first, second) = (vpc(&ec2), gateway(&ec2), gateway(&ec2));
    let (code, message) = ec2.err::<DetachInternetGateway>(detach(&first, &vpc));
    assert_eq!(code, "Gateway.NotAttached");
    assert_eq!(message, format!("resource {first} is not attached to network {vpc}"));
    ec2.ok::<AttachInternetGateway>(attach(&first, &vpc));
    let (code, message) = ec2.err::<AttachInternetGateway>(attach(&first, &vpc));
    assert_eq!(code, "Resource.AlreadyAssociated");
    assert_eq!(message, format!("resource {first} is already attached to network {vpc}"));
    let (_, message) = ec2.err::<AttachInternetGateway>(attach(&second, &vpc));
    assert_eq!(message, format!("network {vpc} already has an internet gateway attached"));
    let filters = Some(vec![filter("attachment.vpc-id", &[&vpc])]);
    let request = DescribeInternetGatewaysRequest { filters, ..Default::default() };
    let found = ec2.ok::<DescribeInternetGateways>(request).internet_gateways.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].internet_gateway_id.as_ref(), Some(&first));
    let delete =
        DeleteInternetGatewayRequest { internet_gateway_id: first.clone(), ..Default::default() };
    let (code, message) = ec2.err::<DeleteInternetGateway>(delete.clone());
    assert_eq!(code, "DependencyViolation");
    assert_eq!(
        message,
        format!("The internetGateway '{first}' has dependencies and cannot be deleted.")
    );
    ec2.ok::<DetachInternetGateway>(detach(&first, &vpc));
    ec2.ok::<DeleteInternetGateway>(delete.clone());
    assert_eq!(ec2.err::<DeleteInternetGateway>(delete).0, "InvalidInternetGatewayID.NotFound");
}

#[test]
fn account_has_no_elastic_addresses() {
    let ec2 = Ec2::new();
    let answer = ec2.ok::<DescribeAddresses>(DescribeAddressesRequest::default());
    assert_eq!(answer.addresses, Some(Vec::new()));
    let public_ips = Some(vec!["52.1.2.3".into()]);
    let (code, message) =
        ec2.err::<DescribeAddresses>(DescribeAddressesRequest { public_ips, ..Default::default() });
    assert_eq!(code, "InvalidAddress.NotFound");
    assert_eq!(message, "Address '52.1.2.3' not found.");
    let filters = Some(vec![filter("colour", &["red"])]);
    let request = DescribeAddressesRequest { filters, ..Default::default() };
    assert_eq!(ec2.err::<DescribeAddresses>(request).1, "The filter 'colour' is invalid");
}
