//! ReplaceNetworkAclAssociation: a subnet goes from one ACL under another.

use super::NetworkAcl;
use crate::entity::Entity;
use crate::errors;
use api::ec2::{ReplaceNetworkAclAssociationRequest, ReplaceNetworkAclAssociationResult};
use kernel::{ApiError, Caller, Tx};

pub(super) fn replace_network_acl_association(
    tx: &mut Tx,
    _: &Caller,
    input: ReplaceNetworkAclAssociationRequest,
) -> Result<ReplaceNetworkAclAssociationResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let old = &input.association_id;
    let from = tx.rows_by::<NetworkAcl>("association", old).next().cloned();
    let subnet = from.as_ref().and_then(|acl| acl.associations.iter().find(|(id, _)| id == old));
    let (Some(from), Some((_, subnet))) = (&from, subnet) else {
        return Err(errors::association_not_found(old));
    };
    let to = NetworkAcl::find(tx, &input.network_acl_id)?;
    if to.vpc_id != from.vpc_id {
        return Err(errors::acl_elsewhere(&to.id, subnet));
    }
    let new = tx.new_id("aclassoc-");
    tx.update::<NetworkAcl>(&from.id, |acl| acl.associations.retain(|(id, _)| id != old));
    let association = (new.clone(), subnet.clone());
    tx.update::<NetworkAcl>(&to.id, |acl| acl.associations.push(association));
    Ok(ReplaceNetworkAclAssociationResult { new_association_id: Some(new) })
}
