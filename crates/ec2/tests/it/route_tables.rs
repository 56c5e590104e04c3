//! Route tables.

use crate::harness::{Ec2, filter};
use api::ec2::ops::{
    AssociateRouteTable, AttachInternetGateway, CreateInternetGateway, CreateRoute,
    CreateRouteTable, CreateSubnet, CreateVpc, DeleteRoute, DeleteRouteTable, DeleteSubnet,
    DescribeRouteTables, DetachInternetGateway, DisassociateRouteTable, ReplaceRoute,
    ReplaceRouteTableAssociation, RunInstances, TerminateInstances,
};
use api::ec2::{
    AssociateRouteTableRequest, AttachInternetGatewayRequest, CreateInternetGatewayRequest,
    CreateRouteRequest, CreateRouteTableRequest, CreateSubnetRequest, CreateVpcRequest,
    DeleteRouteRequest, DeleteRouteTableRequest, DeleteSubnetRequest, DescribeRouteTablesRequest,
    DetachInternetGatewayRequest, DisassociateRouteTableRequest, ReplaceRouteRequest,
    ReplaceRouteTableAssociationRequest, Route, RouteTable, RunInstancesRequest,
    TerminateInstancesRequest,
};
use smol_str::SmolStr;

/// A VPC 10.0.0.0/16 with a subnet, a gateway that is not attached, and a route table.
struct Network {
    ec2: Ec2,
    vpc: SmolStr,
    subnet: SmolStr,
    gateway: SmolStr,
    table: SmolStr,
}

impl Network {
    fn new() -> Self {
        let ec2 = Ec2::new();
        let cidr_block = Some("10.0.0.0/16".into());
        let vpc = ec2.ok::<CreateVpc>(CreateVpcRequest { cidr_block, ..Default::default() });
        let vpc = vpc.vpc.unwrap().vpc_id.unwrap();
        let subnet = ec2.ok::<CreateSubnet>(CreateSubnetRequest {
            vpc_id: vpc.clone(),
            cidr_block: Some("10.0.0.0/24".into()),
            ..Default::default()
        });
        let subnet = subnet.subnet.unwrap().subnet_id.unwrap();
        let gateway = ec2.ok::<CreateInternetGateway>(CreateInternetGatewayRequest::default());
        let gateway = gateway.internet_gateway.unwrap().internet_gateway_id.unwrap();
        let table = table(&ec2, &vpc);
        Self { ec2, vpc, subnet, gateway, table }
    }

    fn attach(&self) {
        self.ec2.ok::<AttachInternetGateway>(AttachInternetGatewayRequest {
            internet_gateway_id: self.gateway.clone(),
            vpc_id: self.vpc.clone(),
            ..Default::default()
        });
    }

    fn route(&self, destination: &str) -> CreateRouteRequest {
        CreateRouteRequest {
            route_table_id: self.table.clone(),
            destination_cidr_block: Some(destination.into()),
            ..Default::default()
        }
    }

    fn via_gateway(&self, destination: &str) -> CreateRouteRequest {
        CreateRouteRequest { gateway_id: Some(self.gateway.clone()), ..self.route(destination) }
    }

    fn find(&self, name: &str, value: &str) -> Vec<RouteTable> {
        let filters = Some(vec![filter(name, &[value]), filter("vpc-id", &[&self.vpc])]);
        let request = DescribeRouteTablesRequest { filters, ..Default::default() };
        self.ec2.ok::<DescribeRouteTables>(request).route_tables.unwrap()
    }

    /// The table's route to a destination.
    fn shown(&self, destination: &str) -> Route {
        let tables = self.find("route-table-id", &self.table);
        let routes = tables.into_iter().next().unwrap().routes.unwrap();
        let of = |r: &Route| r.destination_cidr_block.as_deref() == Some(destination);
        routes.into_iter().find(of).expect("a route")
    }
}

fn table(ec2: &Ec2, vpc: &SmolStr) -> SmolStr {
    let request = CreateRouteTableRequest { vpc_id: vpc.clone(), ..Default::default() };
    ec2.ok::<CreateRouteTable>(request).route_table.unwrap().route_table_id.unwrap()
}

#[test]
fn routes_lead_to_attached_gateways_and_become_black_holes() {
    let net = Network::new();
    let (code, message) = net.ec2.err::<CreateRoute>(net.via_gateway("0.0.0.0/0"));
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(
        message,
        format!(
            "route table {} and network gateway {} belong to different networks",
            net.table, net.gateway
        )
    );
    net.attach();
    assert_eq!(net.ec2.ok::<CreateRoute>(net.via_gateway("0.0.0.0/0")).r#return, Some(true));
    let (code, message) = net.ec2.err::<CreateRoute>(net.via_gateway("0.0.0.0/0"));
    assert_eq!(code, "RouteAlreadyExists");
    assert_eq!(message, "The route identified by 0.0.0.0/0 already exists.");
    let route = net.shown("0.0.0.0/0");
    assert_eq!(route.state.as_deref(), Some("active"));
    assert_eq!(route.origin.as_deref(), Some("CreateRoute"));
    net.ec2.ok::<DetachInternetGateway>(DetachInternetGatewayRequest {
        internet_gateway_id: net.gateway.clone(),
        vpc_id: net.vpc.clone(),
        ..Default::default()
    });
    assert_eq!(net.shown("0.0.0.0/0").state.as_deref(), Some("blackhole"));
    assert_eq!(net.find("route.state", "blackhole").len(), 1);
    let delete = DeleteRouteRequest {
        route_table_id: net.table.clone(),
        destination_cidr_block: Some("0.0.0.0/0".into()),
        ..Default::default()
    };
    net.ec2.ok::<DeleteRoute>(delete.clone());
    let (code, message) = net.ec2.err::<DeleteRoute>(delete);
    assert_eq!(code, "InvalidRoute.NotFound");
    assert_eq!(
        message,
        format!("no route with destination-cidr-block 0.0.0.0/0 in route table {}", net.table)
    );
}

#[test]
fn routes_to_an_instance_go_through_its_interface() {
    let net = Network::new();
    let launched = net.ec2.ok::<RunInstances>(RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t3.micro".into()),
        min_count: 1,
        max_count: 1,
        subnet_id: Some(net.subnet.clone()),
        ..Default::default()
    });
    let instance = launched.instances.unwrap().remove(0);
    let id = instance.instance_id.clone().unwrap();
    let interface = instance.network_interfaces.unwrap().remove(0).network_interface_id;
    net.ec2.ok::<CreateRoute>(CreateRouteRequest {
        instance_id: Some(id.clone()),
        ..net.route("192.168.0.0/16")
    });
    let route = net.shown("192.168.0.0/16");
    assert_eq!(route.instance_id.as_ref(), Some(&id));
    assert_eq!(route.instance_owner_id.as_deref(), Some("123456789012"));
    assert_eq!(route.network_interface_id, interface);
    assert_eq!(route.state.as_deref(), Some("active"));
    let instance_ids = vec![id.clone()];
    net.ec2
        .ok::<TerminateInstances>(TerminateInstancesRequest { instance_ids, ..Default::default() });
    net.ec2.step(60_000);
    let route = net.shown("192.168.0.0/16");
    assert_eq!(route.state.as_deref(), Some("blackhole"));
    assert_eq!(route.instance_id, None);
}

#[test]
fn route_requests_are_checked() {
    let net = Network::new();
    net.attach();
    let check = |input: CreateRouteRequest, code: &str| {
        assert_eq!(net.ec2.err::<CreateRoute>(input).0, code);
    };
    check(net.route("0.0.0.0/0"), "MissingParameter");
    check(net.via_gateway("x"), "InvalidParameterValue");
    check(net.via_gateway("10.0.0.0/16"), "RouteAlreadyExists");
    check(net.via_gateway("10.0.1.0/24"), "InvalidParameterValue");
    let nat = Some("nat-12345678".into());
    check(
        CreateRouteRequest { nat_gateway_id: nat.clone(), ..net.route("0.0.0.0/0") },
        "InvalidNatGatewayID.NotFound",
    );
    check(
        CreateRouteRequest { nat_gateway_id: nat, ..net.via_gateway("0.0.0.0/0") },
        "InvalidParameterCombination",
    );
    let v6 = CreateRouteRequest {
        destination_cidr_block: None,
        destination_ipv6_cidr_block: Some("::/0".into()),
        ..net.via_gateway("")
    };
    net.ec2.ok::<CreateRoute>(v6);
    assert_eq!(net.find("route.destination-ipv6-cidr-block", "::/0").len(), 1);
    let replace = ReplaceRouteRequest {
        route_table_id: net.table.clone(),
        destination_cidr_block: Some("0.0.0.0/0".into()),
        gateway_id: Some(net.gateway.clone()),
        ..Default::default()
    };
    assert_eq!(net.ec2.err::<ReplaceRoute>(replace).0, "InvalidParameterValue");
    let local = DeleteRouteRequest {
        route_table_id: net.table.clone(),
        destination_cidr_block: Some("10.0.0.0/16".into()),
        ..Default::default()
    };
    let (_, message) = net.ec2.err::<DeleteRoute>(local);
    assert_eq!(
        message,
        format!("cannot remove local route 10.0.0.0/16 in route table {}", net.table)
    );
}

#[test]
fn subnets_move_from_table_to_table() {
    let net = Network::new();
    let other = table(&net.ec2, &net.vpc);
    let associate = |table: &SmolStr| AssociateRouteTableRequest {
        route_table_id: table.clone(),
        subnet_id: Some(net.subnet.clone()),
        ..Default::default()
    };
    let made = net.ec2.ok::<AssociateRouteTable>(associate(&net.table)).association_id;
    let again = net.ec2.ok::<AssociateRouteTable>(associate(&net.table)).association_id;
    assert_eq!(made, again, "associating with the same table changes nothing");
    let (code, _) = net.ec2.err::<AssociateRouteTable>(associate(&other));
    assert_eq!(code, "Resource.AlreadyAssociated");
    let delete = |table: &SmolStr| DeleteRouteTableRequest {
        route_table_id: table.clone(),
        ..Default::default()
    };
    let (code, message) = net.ec2.err::<DeleteRouteTable>(delete(&net.table));
    assert_eq!(code, "DependencyViolation");
    assert_eq!(
        message,
        format!("The routeTable '{}' has dependencies and cannot be deleted.", net.table)
    );
    let moved = net.ec2.ok::<ReplaceRouteTableAssociation>(ReplaceRouteTableAssociationRequest {
        association_id: made.clone().unwrap(),
        route_table_id: other.clone(),
        ..Default::default()
    });
    let new = moved.new_association_id.expect("a new id");
    assert_ne!(Some(&new), made.as_ref());
    let found = net.find("association.subnet-id", &net.subnet);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].route_table_id.as_ref(), Some(&other));
    net.ec2.ok::<DeleteRouteTable>(delete(&net.table));
    let subnet_id = net.subnet.clone();
    net.ec2.ok::<DeleteSubnet>(DeleteSubnetRequest { subnet_id, ..Default::default() });
    let request = DisassociateRouteTableRequest { association_id: new, ..Default::default() };
    assert_eq!(net.ec2.err::<DisassociateRouteTable>(request).0, "InvalidAssociationID.NotFound");
    net.ec2.ok::<DeleteRouteTable>(delete(&other));
}

#[test]
fn main_table_is_replaced_but_never_disassociated() {
    let net = Network::new();
    let main = net.find("association.main", "true").remove(0);
    let association = main.associations.unwrap().remove(0).route_table_association_id.unwrap();
    let request =
        DisassociateRouteTableRequest { association_id: association.clone(), ..Default::default() };
    let (code, message) = net.ec2.err::<DisassociateRouteTable>(request);
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(
        message,
        format!("cannot disassociate the main route table association {association}")
    );
    net.ec2.ok::<ReplaceRouteTableAssociation>(ReplaceRouteTableAssociationRequest {
        association_id: association,
        route_table_id: net.table.clone(),
        ..Default::default()
    });
    let now = net.find("association.main", "true");
    assert_eq!(now.len(), 1);
    assert_eq!(now[0].route_table_id.as_ref(), Some(&net.table));
    let old = DeleteRouteTableRequest {
        route_table_id: main.route_table_id.unwrap(),
        ..Default::default()
    };
    net.ec2.ok::<DeleteRouteTable>(old);
}
