//! Scenarios: typed calls on a cloud whose clock is stepped by hand.

mod harness;

mod addresses;
mod attributes;
mod facts;
mod faults;
mod genesis;
mod instances;
mod instances_network;
mod interface_attachments;
mod internet_gateways;
mod key_pairs;
mod launch_templates;
mod nat_gateways;
mod network_acls;
mod network_interfaces;
mod requirements;
mod route_tables;
mod security_groups;
mod spot;
mod subnets;
mod tags;
mod volumes;
mod vpcs;
