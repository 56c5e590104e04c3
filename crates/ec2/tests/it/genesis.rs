//! What a new account has.

use crate::harness::{Ec2, filter};
use api::ec2::ops::{
    DescribeDhcpOptions, DescribeInternetGateways, DescribeNetworkAcls, DescribeRouteTables,
    DescribeSecurityGroups, DescribeSubnets, DescribeVpcs,
};
use api::ec2::{
    DescribeDhcpOptionsRequest, DescribeInternetGatewaysRequest, DescribeNetworkAclsRequest,
    DescribeRouteTablesRequest, DescribeSecurityGroupsRequest, DescribeSubnetsRequest,
    DescribeVpcsRequest,
};
use kernel::Settings;

#[test]
fn new_account_has_a_default_vpc_with_a_subnet_in_every_zone() {
    let ec2 = Ec2::with("us-east-2", Settings::default());
    let vpcs = ec2.ok::<DescribeVpcs>(DescribeVpcsRequest::default()).vpcs.expect("a list");
    let [vpc] = vpcs.as_slice() else { panic!("one VPC") };
    assert_eq!(vpc.cidr_block.as_deref(), Some("172.31.0.0/16"));
    assert_eq!(vpc.is_default, Some(true));
    assert_eq!(vpc.state.as_deref(), Some("available"));
    let filters = Some(vec![filter("default-for-az", &["true"])]);
    let subnets = ec2
        .ok::<DescribeSubnets>(DescribeSubnetsRequest { filters, ..Default::default() })
        .subnets
        .expect("a list");
    let mut seen: Vec<_> = subnets
        .iter()
        .map(|s| (s.availability_zone.clone().unwrap(), s.cidr_block.clone().unwrap()))
        .collect();
    seen.sort();
    let seen: Vec<_> = seen.iter().map(|(zone, cidr)| (zone.as_str(), cidr.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("us-east-2a", "172.31.0.0/20"),
            ("us-east-2b", "172.31.16.0/20"),
            ("us-east-2c", "172.31.32.0/20"),
        ]
    );
    for subnet in &subnets {
        assert_eq!(subnet.available_ip_address_count, Some(4_091));
        assert_eq!(subnet.map_public_ip_on_launch, Some(true));
        assert_eq!(subnet.state.as_deref(), Some("available"));
        assert!(subnet.availability_zone_id.as_deref().is_some_and(|id| id.starts_with("use2-az")));
    }
}

#[test]
fn default_vpc_leads_to_the_internet() {
    let ec2 = Ec2::new();
    let gateways = ec2
        .ok::<DescribeInternetGateways>(DescribeInternetGatewaysRequest::default())
        .internet_gateways
        .expect("a list");
    let [gateway] = gateways.as_slice() else { panic!("one gateway") };
    assert_eq!(gateway.attachments.as_ref().map(Vec::len), Some(1));
    let tables = ec2
        .ok::<DescribeRouteTables>(DescribeRouteTablesRequest::default())
        .route_tables
        .expect("a list");
    let [table] = tables.as_slice() else { panic!("one route table") };
    assert_eq!(table.associations.as_ref().unwrap()[0].main, Some(true));
    let routes: Vec<_> = table
        .routes
        .as_deref()
        .unwrap_or_default()
        .iter()
        .map(|r| {
            let text = |field: &Option<smol_str::SmolStr>| field.clone().unwrap_or_default();
            (text(&r.destination_cidr_block), text(&r.gateway_id), text(&r.origin), text(&r.state))
        })
        .collect();
    let igw = gateway.internet_gateway_id.clone().unwrap();
    assert_eq!(
        routes,
        [
            ("172.31.0.0/16".into(), "local".into(), "CreateRouteTable".into(), "active".into()),
            ("0.0.0.0/0".into(), igw, "CreateRoute".into(), "active".into()),
        ]
    );
}

#[test]
fn default_group_lets_in_its_own_members() {
    let ec2 = Ec2::new();
    let groups = ec2
        .ok::<DescribeSecurityGroups>(DescribeSecurityGroupsRequest::default())
        .security_groups
        .expect("a list");
    let [group] = groups.as_slice() else { panic!("one group") };
    assert_eq!(group.group_name.as_deref(), Some("default"));
    assert_eq!(group.description.as_deref(), Some("default VPC security group"));
    let ingress = &group.ip_permissions.as_ref().unwrap()[0];
    assert_eq!(ingress.ip_protocol.as_deref(), Some("-1"));
    let pair = &ingress.user_id_group_pairs.as_ref().unwrap()[0];
    assert_eq!(pair.group_id, group.group_id);
    assert_eq!(pair.user_id.as_deref(), Some("123456789012"));
    let egress = &group.ip_permissions_egress.as_ref().unwrap()[0];
    let range = &egress.ip_ranges.as_ref().unwrap()[0];
    assert_eq!(range.cidr_ip.as_deref(), Some("0.0.0.0/0"));
    assert_eq!((egress.from_port, egress.to_port), (None, None));
}

#[test]
fn default_acl_allows_all_and_covers_every_subnet() {
    let ec2 = Ec2::new();
    let acls = ec2
        .ok::<DescribeNetworkAcls>(DescribeNetworkAclsRequest::default())
        .network_acls
        .expect("a list");
    let [acl] = acls.as_slice() else { panic!("one ACL") };
    assert_eq!(acl.is_default, Some(true));
    let entries: Vec<_> = acl
        .entries
        .as_ref()
        .unwrap()
        .iter()
        .map(|e| (e.rule_number.unwrap(), e.egress.unwrap(), e.rule_action.clone().unwrap()))
        .collect();
    assert_eq!(
        entries,
        [
            (100, true, "allow".into()),
            (32_767, true, "deny".into()),
            (100, false, "allow".into()),
            (32_767, false, "deny".into()),
        ]
    );
    assert_eq!(acl.associations.as_ref().map(Vec::len), Some(2), "us-west-1 shows two zones");
}

#[test]
fn dhcp_options_name_amazons_dns() {
    let check = |region: &str, domain: &str| {
        let ec2 = Ec2::with(region, Settings::default());
        let sets = ec2
            .ok::<DescribeDhcpOptions>(DescribeDhcpOptionsRequest::default())
            .dhcp_options
            .expect("a list");
        let configurations = sets[0].dhcp_configurations.as_ref().unwrap();
        let value = |n: usize| {
            let values = configurations[n].values.as_ref().unwrap();
            (configurations[n].key.clone().unwrap(), values[0].value.clone().unwrap())
        };
        assert_eq!(value(0), ("domain-name".into(), domain.into()));
        assert_eq!(value(1), ("domain-name-servers".into(), "AmazonProvidedDNS".into()));
    };
    check("us-east-1", "ec2.internal");
    check("us-west-1", "us-west-1.compute.internal");
}
