//! `AWS::EC2::…`

mod rules;
mod tagging;

crate::resource_types! {
    elastic_ip::ElasticIp + Association,
    instance::Instance,
    internet_gateway::InternetGateway,
    key_pair::KeyPair,
    launch_template::LaunchTemplate,
    nat_gateway::NatGateway,
    network_acl::NetworkAcl + Entry + Association,
    network_interface::NetworkInterface + Attachment,
    route::Route,
    route_table::RouteTable,
    security_group::SecurityGroup,
    security_group_rule::Ingress + Egress,
    subnet::Subnet,
    subnet_route_table_association::SubnetRouteTableAssociation,
    volume::Volume + Attachment,
    vpc::Vpc,
    vpc_gateway_attachment::VpcGatewayAttachment,
}
