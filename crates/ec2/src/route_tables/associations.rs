//! AssociateRouteTable, DisassociateRouteTable, ReplaceRouteTableAssociation.

use super::render::associated;
use super::{Association, RouteTable, Served};
use crate::entity::Entity;
use crate::errors;
use crate::internet_gateways::InternetGateway;
use crate::subnets::Subnet;
use api::ec2::{
    AssociateRouteTableRequest, AssociateRouteTableResult, DisassociateRouteTableRequest,
    ReplaceRouteTableAssociationRequest, ReplaceRouteTableAssociationResult,
};
use kernel::{ApiError, Caller, Snapshot, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// What a request wants served, and its VPC.
fn served(
    snapshot: &Snapshot,
    table: &RouteTable,
    input: &AssociateRouteTableRequest,
) -> Result<Served, ApiError> {
    match (&input.subnet_id, &input.gateway_id) {
        (Some(_), Some(_)) => Err(errors::cannot_be_used_with("subnetId", "gatewayId")),
        (None, None) => Err(errors::missing_parameter("subnetId or gatewayId")),
        (Some(id), None) => {
            let subnet = Subnet::find(snapshot, id)?;
            if subnet.vpc_id != table.vpc_id {
                return Err(errors::route_target_elsewhere(&table.id, "subnet", id));
            }
            Ok(Served::Subnet(subnet.id.clone()))
        }
        (None, Some(id)) => {
            let gateway = InternetGateway::find(snapshot, id)?;
            if gateway.vpc_id.as_ref() != Some(&table.vpc_id) {
                return Err(errors::route_target_elsewhere(&table.id, "network gateway", id));
            }
            Ok(Served::Gateway(gateway.id.clone()))
        }
    }
}

/// A subnet or gateway has one table; associating it with the one that it has changes nothing.
pub(super) fn associate_route_table(
    tx: &mut Tx,
    _: &Caller,
    input: AssociateRouteTableRequest,
) -> Result<AssociateRouteTableResult, ApiError> {
    if input.public_ipv4_pool.is_some() {
        return Err(ApiError::not_implemented("AssociateRouteTable with a public IPv4 pool"));
    }
    errors::dry_run(input.dry_run)?;
    let table = RouteTable::find(tx, &input.route_table_id)?;
    let served = served(tx, &table, &input)?;
    let id = served.id().cloned().unwrap_or_default();
    let there = tx.rows_by::<RouteTable>("served", &id).next().cloned();
    let association_id = match there {
        Some(other) if other.id != table.id => {
            return Err(errors::already_associated(format!(
                "the specified association for route table {} conflicts with an existing \
                 association",
                table.id
            )));
        }
        Some(same) => {
            let existing = same.associations.iter().find(|a| a.served == served);
            existing.map(|a| a.id.clone()).unwrap_or_default()
        }
        None => add(tx, &table.id, served),
    };
    Ok(AssociateRouteTableResult {
        association_id: Some(association_id),
        association_state: associated(),
    })
}

fn add(tx: &mut Tx, table: &str, served: Served) -> SmolStr {
    let id = tx.new_id("rtbassoc-");
    let association = Association { id: id.clone(), served };
    tx.update::<RouteTable>(table, |t| t.associations.push(association));
    id
}

/// The association of this id and its table.
fn find(snapshot: &Snapshot, id: &str) -> Result<(Arc<RouteTable>, Served), ApiError> {
    let table = snapshot.rows_by::<RouteTable>("association", id).next().cloned();
    let table = table.ok_or_else(|| errors::association_not_found(id))?;
    let association = table.associations.iter().find(|a| a.id == id);
    let served = association.expect("the index says that it is there").served.clone();
    Ok((table, served))
}

fn remove(tx: &mut Tx, table: &str, association: &str) {
    tx.update::<RouteTable>(table, |t| t.associations.retain(|a| a.id != association));
}

pub(super) fn disassociate_route_table(
    tx: &mut Tx,
    _: &Caller,
    input: DisassociateRouteTableRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let (table, served) = find(tx, &input.association_id)?;
    if served == Served::Main {
        return Err(errors::main_association(&input.association_id));
    }
    remove(tx, &table.id, &input.association_id);
    Ok(())
}

/// Moves what an association serves to another table, under a new id. Moving the main association
/// makes the other table the main one.
pub(super) fn replace_route_table_association(
    tx: &mut Tx,
    _: &Caller,
    input: ReplaceRouteTableAssociationRequest,
) -> Result<ReplaceRouteTableAssociationResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let (old, served) = find(tx, &input.association_id)?;
    let new = RouteTable::find(tx, &input.route_table_id)?;
    if old.vpc_id != new.vpc_id {
        return Err(errors::invalid_value(format!(
            "route table {} and route table {} belong to different networks",
            old.id, new.id
        )));
    }
    remove(tx, &old.id, &input.association_id);
    let id = add(tx, &new.id, served);
    Ok(ReplaceRouteTableAssociationResult {
        new_association_id: Some(id),
        association_state: associated(),
    })
}
