//! VPCs: their states, ranges, attributes and end.

use crate::harness::{Ec2, filter, tagged};
use api::ec2::ops::{
    CreateDefaultVpc, CreateVpc, DeleteVpc, DescribeNetworkAcls, DescribeRouteTables,
    DescribeSecurityGroupRules, DescribeSecurityGroups, DescribeVpcAttribute, DescribeVpcs,
    ModifyVpcAttribute,
};
use api::ec2::{
    AttributeBooleanValue, CreateDefaultVpcRequest, CreateVpcRequest, DeleteVpcRequest,
    DescribeNetworkAclsRequest, DescribeRouteTablesRequest, DescribeSecurityGroupRulesRequest,
    DescribeSecurityGroupsRequest, DescribeVpcAttributeRequest, DescribeVpcsRequest,
    ModifyVpcAttributeRequest, Vpc,
};
use smol_str::SmolStr;

fn request(cidr: &str) -> CreateVpcRequest {
    CreateVpcRequest { cidr_block: Some(cidr.into()), ..Default::default() }
}

fn describe(ec2: &Ec2, filters: Vec<api::ec2::Filter>) -> Vec<Vpc> {
    let filters = Some(filters);
    let request = DescribeVpcsRequest { filters, ..Default::default() };
    ec2.ok::<DescribeVpcs>(request).vpcs.expect("a list")
}

#[test]
fn new_vpc_is_pending_then_available() {
    let ec2 = Ec2::new();
    let made = ec2.ok::<CreateVpc>(CreateVpcRequest {
        tag_specifications: tagged("vpc", "Name", "mine"),
        ..request("10.1.2.3/16")
    });
    let vpc = made.vpc.expect("a VPC");
    assert_eq!(vpc.state.as_deref(), Some("pending"));
    assert_eq!(vpc.cidr_block.as_deref(), Some("10.1.0.0/16"), "canonical");
    assert_eq!(vpc.ipv6_cidr_block_association_set, Some(Vec::new()));
    assert_eq!(describe(&ec2, vec![filter("state", &["pending"])]).len(), 1);
    ec2.step(1_000);
    let found = describe(&ec2, vec![filter("tag:Name", &["m*"]), filter("state", &["available"])]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].vpc_id, vpc.vpc_id);
    assert_eq!(found[0].tags.as_ref().map(Vec::len), Some(1));
}

#[test]
fn ranges_and_parameters_are_checked() {
    let ec2 = Ec2::new();
    let check = |input: CreateVpcRequest, code: &str, message: &str| {
        assert_eq!(ec2.err::<CreateVpc>(input), (code.to_owned(), message.to_owned()));
    };
    check(request("10.0.0.0/8"), "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid.");
    check(request("10.0.0.0/29"), "InvalidVpc.Range", "The CIDR '10.0.0.0/29' is invalid.");
    check(
        request("nonsense"),
        "InvalidParameterValue",
        "Value (nonsense) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
    );
    check(
        CreateVpcRequest::default(),
        "MissingParameter",
        "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.",
    );
    check(
        CreateVpcRequest { dry_run: Some(true), ..request("10.0.0.0/16") },
        "DryRunOperation",
        "Request would have succeeded, but DryRun flag is set.",
    );
    check(
        CreateVpcRequest {
            tag_specifications: tagged("subnet", "a", "b"),
            ..request("10.0.0.0/16")
        },
        "InvalidParameterValue",
        "'subnet' is not a valid taggable resource type for this operation.",
    );
    assert_eq!(describe(&ec2, Vec::new()).len(), 1, "only the default VPC");
}

#[test]
fn unknown_ids_and_filters_are_named() {
    let ec2 = Ec2::new();
    let ids = |ids: &[&str]| DescribeVpcsRequest {
        vpc_ids: Some(ids.iter().map(SmolStr::new).collect()),
        ..Default::default()
    };
    let (code, message) = ec2.err::<DescribeVpcs>(ids(&["vpc-12345678"]));
    assert_eq!(code, "InvalidVpcID.NotFound");
    assert_eq!(message, "The vpc ID 'vpc-12345678' does not exist");
    let (_, message) = ec2.err::<DescribeVpcs>(ids(&["vpc-12345678", "vpc-87654321"]));
    assert_eq!(message, "The vpc IDs 'vpc-12345678, vpc-87654321' do not exist");
    let filters = Some(vec![filter("colour", &["red"])]);
    let request = DescribeVpcsRequest { filters, ..Default::default() };
    let (code, message) = ec2.err::<DescribeVpcs>(request);
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("InvalidParameterValue", "The filter 'colour' is invalid")
    );
}

#[test]
fn pages_follow_each_other() {
    let ec2 = Ec2::new();
    for n in 0..6 {
        ec2.ok::<CreateVpc>(request(&format!("10.{n}.0.0/16")));
    }
    let page = |token: Option<SmolStr>| {
        let request =
            DescribeVpcsRequest { max_results: Some(5), next_token: token, ..Default::default() };
        ec2.ok::<DescribeVpcs>(request)
    };
    let first = page(None);
    assert_eq!(first.vpcs.as_ref().map(Vec::len), Some(5));
    let second = page(first.next_token);
    assert_eq!(second.vpcs.as_ref().map(Vec::len), Some(2));
    assert_eq!(second.next_token, None);
}

#[test]
fn attributes_are_changed_one_at_a_time() {
    let ec2 = Ec2::new();
    let vpc = ec2.ok::<CreateVpc>(request("10.0.0.0/16")).vpc.unwrap().vpc_id.unwrap();
    let hostnames = || {
        let request = DescribeVpcAttributeRequest {
            vpc_id: vpc.clone(),
            attribute: "enableDnsHostnames".into(),
            ..Default::default()
        };
        ec2.ok::<DescribeVpcAttribute>(request).enable_dns_hostnames.unwrap().value
    };
    assert_eq!(hostnames(), Some(false));
    let on = Some(AttributeBooleanValue { value: Some(true) });
    let both = ModifyVpcAttributeRequest {
        vpc_id: vpc.clone(),
        enable_dns_hostnames: on.clone(),
        enable_dns_support: on.clone(),
        ..Default::default()
    };
    assert_eq!(ec2.err::<ModifyVpcAttribute>(both).0, "InvalidParameterCombination");
    ec2.ok::<ModifyVpcAttribute>(ModifyVpcAttributeRequest {
        vpc_id: vpc.clone(),
        enable_dns_hostnames: on,
        ..Default::default()
    });
    assert_eq!(hostnames(), Some(true));
}

#[test]
fn deleted_vpc_takes_its_parts_along() {
    let ec2 = Ec2::new();
    let vpc = ec2.ok::<CreateVpc>(request("10.0.0.0/16")).vpc.unwrap().vpc_id.unwrap();
    let count = || {
        let of_vpc = || Some(vec![filter("vpc-id", &[&vpc])]);
        let groups = DescribeSecurityGroupsRequest { filters: of_vpc(), ..Default::default() };
        let tables = DescribeRouteTablesRequest { filters: of_vpc(), ..Default::default() };
        let acls = DescribeNetworkAclsRequest { filters: of_vpc(), ..Default::default() };
        let rules = DescribeSecurityGroupRulesRequest::default();
        [
            ec2.ok::<DescribeSecurityGroups>(groups).security_groups.unwrap().len(),
            ec2.ok::<DescribeRouteTables>(tables).route_tables.unwrap().len(),
            ec2.ok::<DescribeNetworkAcls>(acls).network_acls.unwrap().len(),
            ec2.ok::<DescribeSecurityGroupRules>(rules).security_group_rules.unwrap().len(),
        ]
    };
    assert_eq!(count(), [1, 1, 1, 4]);
    let request = DeleteVpcRequest { vpc_id: vpc.clone(), ..Default::default() };
    ec2.ok::<DeleteVpc>(request.clone());
    assert_eq!(count(), [0, 0, 0, 2], "the default VPC's two rules stay");
    assert_eq!(ec2.err::<DeleteVpc>(request).0, "InvalidVpcID.NotFound");
}

#[test]
fn second_default_vpc_is_refused() {
    let ec2 = Ec2::new();
    let (code, message) = ec2.err::<CreateDefaultVpc>(CreateDefaultVpcRequest::default());
    assert_eq!(code, "DefaultVpcAlreadyExists");
    assert_eq!(message, "A Default VPC already exists for this account in this region.");
}
