//! DeleteVpc.

use super::Vpc;
use crate::entity::Entity;
use crate::route_tables::RouteTable;
use crate::security_groups::{self, SecurityGroup};
use crate::subnets::Subnet;
use crate::{errors, internet_gateways, network_acls, route_tables};
use api::ec2::DeleteVpcRequest;
use kernel::{ApiError, Caller, Tx};

/// A VPC goes with its main route table, its default ACL and its default group; anything else in
/// it must have gone before.
pub(super) fn delete_vpc(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteVpcRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let vpc = Vpc::find(tx, &input.vpc_id)?;
    let id = &vpc.id;
    let in_use = internet_gateways::of_vpc(tx, id).is_some()
        || tx.rows_by::<Subnet>("vpc", id).next().is_some()
        || tx.rows_by::<RouteTable>("vpc", id).any(|table| !table.is_main())
        || network_acls::has_own(tx, id)
        || tx.rows_by::<SecurityGroup>("vpc", id).any(|group| !group.is_default());
    if in_use {
        return Err(errors::has_dependencies("vpc", id));
    }
    route_tables::remove_all(tx, id);
    network_acls::remove_all(tx, id);
    security_groups::remove_all(tx, id);
    tx.remove::<Vpc>(id);
    Ok(())
}
