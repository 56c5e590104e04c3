//! Amazon EC2.
//!
//! One file per resource: its row, its operations, its filters, its rendering as the wire type.
//! Behaviour follows the EC2 API reference and user guide; texts of errors live in `errors`.
//! Every id has EC2's form, every Describe call goes through [`entity`], every tag through `tags`.

mod addresses;
mod cidr;
mod entity;
mod errors;
mod facts;
mod genesis;
mod host_names;
mod tokens;

kernel::resources! {
    account,
    dhcp_options,
    elastic_ips,
    images,
    instance_types,
    instances,
    internet_gateways,
    key_pairs,
    launch_templates,
    nat_gateways,
    network_acls,
    network_interfaces,
    regions,
    route_tables,
    security_group_rules,
    security_groups,
    snapshots,
    spot,
    subnets,
    tags,
    volumes,
    vpcs,
}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "ec2", resources: RESOURCES, genesis: Some(genesis::genesis) }
}
