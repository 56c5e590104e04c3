//! How route tables look on the wire, and whether their routes lead anywhere.

use super::{Association, Destination, Route, RouteTable, Served, Target};
use crate::entity::render_tag_list;
use crate::instances::{Instance, State};
use crate::internet_gateways::InternetGateway;
use crate::nat_gateways::NatGateway;
use crate::network_interfaces::NetworkInterface;
use api::ec2::{self, RouteTableAssociationState};
use kernel::Snapshot;
use smol_str::{SmolStr, ToSmolStr};
use std::sync::Arc;

impl Route {
    pub(super) fn origin(&self) -> &'static str {
        if self.original { "CreateRouteTable" } else { "CreateRoute" }
    }

    /// The instance that the route's interface is attached to.
    pub(super) fn instance(&self, snapshot: &Snapshot) -> Option<Arc<Instance>> {
        let Target::Interface(id) = &self.target else { return None };
        let interface = snapshot.get::<NetworkInterface>(id)?;
        snapshot.get::<Instance>(&interface.attachment.as_ref()?.instance_id)
    }

    /// `blackhole`: "the specified gateway isn't attached to the VPC, the specified NAT instance
    /// has been terminated, and so on".
    pub(super) fn state(&self, vpc_id: &str, snapshot: &Snapshot) -> &'static str {
        let leads = match &self.target {
            Target::Local => true,
            Target::Gateway(id) => snapshot
                .get::<InternetGateway>(id)
                .is_some_and(|gateway| gateway.vpc_id.as_deref() == Some(vpc_id)),
            Target::NatGateway(id) => {
                snapshot.get::<NatGateway>(id).is_some_and(|gateway| gateway.leads())
            }
            Target::Interface(_) => self
                .instance(snapshot)
                .is_some_and(|i| matches!(i.state, State::Pending | State::Running)),
        };
        if leads { "active" } else { "blackhole" }
    }
}

/// An association that stands, as every one of them does.
pub(super) fn associated() -> Option<RouteTableAssociationState> {
    let state = Some(SmolStr::new_static("associated"));
    Some(RouteTableAssociationState { state, ..Default::default() })
}

pub(super) fn table(snapshot: &Snapshot, row: &RouteTable) -> ec2::RouteTable {
    ec2::RouteTable {
        associations: Some(row.associations.iter().map(|a| association(row, a)).collect()),
        propagating_vgws: Some(Vec::new()),
        route_table_id: Some(row.id.clone()),
        routes: Some(row.routes.iter().map(|r| route(snapshot, &row.vpc_id, r)).collect()),
        tags: render_tag_list(&row.tags),
        vpc_id: Some(row.vpc_id.clone()),
        owner_id: Some(snapshot.account().clone()),
    }
}

fn association(row: &RouteTable, association: &Association) -> ec2::RouteTableAssociation {
    let (subnet_id, gateway_id) = match &association.served {
        Served::Main => (None, None),
        Served::Subnet(id) => (Some(id.clone()), None),
        Served::Gateway(id) => (None, Some(id.clone())),
    };
    ec2::RouteTableAssociation {
        main: Some(association.served == Served::Main),
        route_table_association_id: Some(association.id.clone()),
        route_table_id: Some(row.id.clone()),
        subnet_id,
        gateway_id,
        association_state: associated(),
        ..Default::default()
    }
}

fn route(snapshot: &Snapshot, vpc_id: &str, route: &Route) -> ec2::Route {
    let mut wire = ec2::Route {
        origin: Some(SmolStr::new_static(route.origin())),
        state: Some(SmolStr::new_static(route.state(vpc_id, snapshot))),
        ..Default::default()
    };
    match route.destination {
        Destination::V4(cidr) => wire.destination_cidr_block = Some(cidr.to_smolstr()),
        Destination::V6(cidr) => wire.destination_ipv6_cidr_block = Some(cidr.to_smolstr()),
    }
    match &route.target {
        Target::Local => wire.gateway_id = Some(SmolStr::new_static("local")),
        Target::Gateway(id) => wire.gateway_id = Some(id.clone()),
        Target::NatGateway(id) => wire.nat_gateway_id = Some(id.clone()),
        Target::Interface(id) => {
            wire.network_interface_id = Some(id.clone());
            if let Some(instance) = route.instance(snapshot) {
                wire.instance_id = Some(instance.id.clone());
                wire.instance_owner_id = Some(snapshot.account().clone());
            }
        }
    }
    wire
}
