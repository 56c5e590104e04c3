//! NAT gateways, and routes to them.

use crate::harness::{Ec2, filter, tagged};
use api::ec2::ops::{
    AllocateAddress, CreateNatGateway, CreateRoute, CreateRouteTable, CreateSubnet, CreateVpc,
    DeleteNatGateway, DeleteSubnet, DescribeAddresses, DescribeNatGateways,
    DescribeNetworkInterfaces, DescribeRouteTables, DescribeSubnets, DisassociateAddress,
    ReleaseAddress,
};
use api::ec2::{
    AllocateAddressRequest, CreateNatGatewayRequest, CreateRouteRequest, CreateRouteTableRequest,
    CreateSubnetRequest, CreateVpcRequest, DeleteNatGatewayRequest, DeleteSubnetRequest,
    DescribeNatGatewaysRequest, DescribeNetworkInterfacesRequest, DescribeRouteTablesRequest,
    DisassociateAddressRequest, NatGateway, ReleaseAddressRequest, Route,
};
use smol_str::SmolStr;

fn allocate(ec2: &Ec2) -> SmolStr {
    let made = ec2.ok::<AllocateAddress>(AllocateAddressRequest::default());
    made.allocation_id.expect("an id")
}

/// A default subnet and its VPC.
fn subnet(ec2: &Ec2) -> (SmolStr, SmolStr) {
    let subnets = ec2.ok::<DescribeSubnets>(Default::default()).subnets;
    let subnet = subnets.expect("a list").remove(0);
    (subnet.subnet_id.expect("an id"), subnet.vpc_id.expect("a VPC"))
}

fn public(subnet: &SmolStr, allocation: &SmolStr) -> CreateNatGatewayRequest {
    CreateNatGatewayRequest {
        subnet_id: Some(subnet.clone()),
        allocation_id: Some(allocation.clone()),
        ..Default::default()
    }
}

fn create(ec2: &Ec2, request: CreateNatGatewayRequest) -> SmolStr {
    let made = ec2.ok::<CreateNatGateway>(request).nat_gateway.expect("a gateway");
    assert_eq!(made.state.as_deref(), Some("pending"));
    made.nat_gateway_id.expect("an id")
}

fn shown(ec2: &Ec2, id: &SmolStr) -> NatGateway {
    let request = DescribeNatGatewaysRequest {
        nat_gateway_ids: Some(vec![id.clone()]),
        ..Default::default()
    };
    ec2.ok::<DescribeNatGateways>(request).nat_gateways.expect("a list").remove(0)
}

fn delete(id: &SmolStr) -> DeleteNatGatewayRequest {
    DeleteNatGatewayRequest { nat_gateway_id: id.clone(), dry_run: None }
}

#[test]
fn a_public_gateway_comes_up_with_its_address_and_gives_it_back() {
    let ec2 = Ec2::new();
    let (subnet, vpc) = subnet(&ec2);
    let allocation = allocate(&ec2);
    let id = create(
        &ec2,
        CreateNatGatewayRequest {
            tag_specifications: tagged("natgateway", "Name", "out"),
            ..public(&subnet, &allocation)
        },
    );
    assert!(id.starts_with("nat-0") && id.len() == 21, "{id}");
    ec2.step(60_000);
    let gateway = shown(&ec2, &id);
    assert_eq!(gateway.state.as_deref(), Some("available"));
    assert_eq!(gateway.connectivity_type.as_deref(), Some("public"));
    assert_eq!(gateway.vpc_id.as_ref(), Some(&vpc));
    let own = &gateway.nat_gateway_addresses.as_ref().expect("addresses")[0];
    let address = ec2.ok::<DescribeAddresses>(Default::default()).addresses.expect("one").remove(0);
    assert_eq!(
        (&own.public_ip, &own.association_id),
        (&address.public_ip, &address.association_id)
    );
    assert_eq!(own.network_interface_id, address.network_interface_id);
    let request = DescribeNetworkInterfacesRequest {
        filters: Some(vec![filter("interface-type", &["nat_gateway"])]),
        ..Default::default()
    };
    let interfaces = ec2.ok::<DescribeNetworkInterfaces>(request.clone()).network_interfaces;
    let interface = interfaces.expect("a list").remove(0);
    assert_eq!(interface.network_interface_id, own.network_interface_id);
    assert_eq!(interface.status.as_deref(), Some("in-use"));
    let text = format!("Interface for NAT Gateway {id}");
    assert_eq!(interface.description.as_deref(), Some(text.as_str()));
    let taken = DisassociateAddressRequest {
        association_id: own.association_id.clone(),
        ..Default::default()
    };
    assert_eq!(ec2.err::<DisassociateAddress>(taken).0, "AuthFailure");
    for (name, value, hits) in [
        ("state", "available", 1),
        ("vpc-id", &*vpc, 1),
        ("tag:Name", "out", 1),
        ("state", "p*", 0),
    ] {
        let request = DescribeNatGatewaysRequest {
            filter: Some(vec![filter(name, &[value])]),
            ..Default::default()
        };
        let found = ec2.ok::<DescribeNatGateways>(request).nat_gateways.expect("a list");
        assert_eq!(found.len(), hits, "{name}={value}");
    }
    ec2.ok::<DeleteNatGateway>(delete(&id));
    assert_eq!(shown(&ec2, &id).state.as_deref(), Some("deleting"));
    ec2.step(60_000);
    let gone = shown(&ec2, &id);
    assert_eq!(gone.state.as_deref(), Some("deleted"));
    assert!(gone.delete_time.is_some());
    let left = ec2.ok::<DescribeNetworkInterfaces>(request).network_interfaces;
    assert_eq!(left, Some(vec![]));
    ec2.ok::<ReleaseAddress>(ReleaseAddressRequest {
        allocation_id: Some(allocation),
        ..Default::default()
    });
    ec2.step(3_600_000);
    assert_eq!(
        ec2.err::<DeleteNatGateway>(delete(&id)),
        ("NatGatewayNotFound".into(), format!("NatGateway {id} was not found"))
    );
}

#[test]
fn a_gateway_without_a_way_out_or_with_a_used_address_fails() {
    let ec2 = Ec2::new();
    let (open, _) = subnet(&ec2);
    let request = CreateVpcRequest { cidr_block: Some("10.0.0.0/16".into()), ..Default::default() };
    let vpc = ec2.ok::<CreateVpc>(request).vpc.and_then(|v| v.vpc_id).expect("a VPC");
    let request = CreateSubnetRequest {
        vpc_id: vpc.clone(),
        cidr_block: Some("10.0.1.0/24".into()),
        ..Default::default()
    };
    let closed = ec2.ok::<CreateSubnet>(request).subnet.and_then(|s| s.subnet_id).expect("one");
    let allocation = allocate(&ec2);
    let id = create(&ec2, public(&closed, &allocation));
    ec2.step(60_000);
    let failed = shown(&ec2, &id);
    assert_eq!(failed.state.as_deref(), Some("failed"));
    assert_eq!(failed.failure_code.as_deref(), Some("Gateway.NotAttached"));
    let text = format!("Network {vpc} has no Internet gateway attached");
    assert_eq!(failed.failure_message.as_deref(), Some(text.as_str()));
    create(&ec2, public(&open, &allocation));
    ec2.step(60_000);
    let second = create(&ec2, public(&open, &allocation));
    ec2.step(60_000);
    let failed = shown(&ec2, &second);
    assert_eq!(failed.failure_code.as_deref(), Some("Resource.AlreadyAssociated"));
    let text = format!("Elastic IP address {allocation} is already associated");
    assert_eq!(failed.failure_message.as_deref(), Some(text.as_str()));
    // A private one needs neither.
    let private = CreateNatGatewayRequest {
        subnet_id: Some(closed.clone()),
        connectivity_type: Some("private".into()),
        private_ip_address: Some("10.0.1.20".into()),
        ..Default::default()
    };
    let private = create(&ec2, private);
    ec2.step(60_000);
    let own = shown(&ec2, &private).nat_gateway_addresses.expect("addresses").remove(0);
    assert_eq!((own.private_ip.as_deref(), own.public_ip), (Some("10.0.1.20"), None));
    let request = DeleteSubnetRequest { subnet_id: closed, dry_run: None };
    assert_eq!(ec2.err::<DeleteSubnet>(request).0, "DependencyViolation");
}

#[test]
fn requests_are_checked_and_repeated_ones_find_the_first() {
    let ec2 = Ec2::new();
    let (subnet, _) = subnet(&ec2);
    let allocation = allocate(&ec2);
    let mut request = public(&subnet, &allocation);
    request.allocation_id = None;
    assert_eq!(ec2.err::<CreateNatGateway>(request).0, "MissingParameter");
    let mut request = public(&subnet, &allocation);
    request.connectivity_type = Some("private".into());
    assert_eq!(ec2.err::<CreateNatGateway>(request).0, "InvalidParameter");
    let request = public(&subnet, &"eipalloc-0123456789abcdef0".into());
    assert_eq!(ec2.err::<CreateNatGateway>(request).0, "InvalidAllocationID.NotFound");
    let mut request = public(&subnet, &allocation);
    request.client_token = Some("once".into());
    let first = create(&ec2, request.clone());
    assert_eq!(create(&ec2, request), first);
}

#[test]
fn routes_lead_to_a_gateway_until_it_is_deleted() {
    let ec2 = Ec2::new();
    let (subnet, vpc) = subnet(&ec2);
    let id = create(&ec2, public(&subnet, &allocate(&ec2)));
    let made =
        ec2.ok::<CreateRouteTable>(CreateRouteTableRequest { vpc_id: vpc, ..Default::default() });
    let table = made.route_table.and_then(|t| t.route_table_id).expect("an id");
    let request = CreateRouteRequest {
        route_table_id: table,
        destination_cidr_block: Some("0.0.0.0/0".into()),
        nat_gateway_id: Some(id.clone()),
        ..Default::default()
    };
    let mut unknown = request.clone();
    unknown.nat_gateway_id = Some("nat-0123456789abcdef0".into());
    assert_eq!(
        ec2.err::<CreateRoute>(unknown),
        (
            "InvalidNatGatewayID.NotFound".into(),
            "The natGateway ID 'nat-0123456789abcdef0' does not exist".into()
        )
    );
    ec2.ok::<CreateRoute>(request);
    let route = || -> Route {
        let request = DescribeRouteTablesRequest {
            filters: Some(vec![filter("route.nat-gateway-id", &[&id])]),
            ..Default::default()
        };
        let mut tables = ec2.ok::<DescribeRouteTables>(request).route_tables.expect("a list");
        tables.remove(0).routes.expect("routes").remove(1)
    };
    assert_eq!(route().nat_gateway_id.as_ref(), Some(&id));
    assert_eq!(route().state.as_deref(), Some("active"));
    ec2.ok::<DeleteNatGateway>(delete(&id));
    ec2.step(60_000);
    assert_eq!(route().state.as_deref(), Some("blackhole"));
}
