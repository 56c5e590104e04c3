//! DescribeInstances.

use super::render::{self, Renderer};
use super::row::Instance;
use crate::entity::Query;
use crate::errors;
use api::ec2::{
    DescribeInstancesRequest, DescribeInstancesResult, GroupIdentifier, Reservation,
};
use kernel::{ApiError, Caller, Snapshot};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Instances grouped by the reservation that they were launched in.
pub(super) fn describe_instances(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeInstancesRequest,
) -> Result<DescribeInstancesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let ids = input.instance_ids.as_deref().filter(|ids| !ids.is_empty());
    if ids.is_some() && input.max_results.is_some() {
        return Err(errors::cannot_be_used_with("instancesSet", "maxResults"));
    }
    let page = Query {
        operation: "DescribeInstances",
        ids,
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<Instance>(snapshot)?;
    let mut sizes: BTreeMap<&SmolStr, usize> = BTreeMap::new();
    for row in &page.items {
        *sizes.entry(&row.launch.reservation).or_default() += 1;
    }
    let mut reservations: Vec<Reservation> = Vec::with_capacity(sizes.len());
    let mut renderer = Renderer::new(snapshot);
    let mut places: BTreeMap<&SmolStr, usize> = BTreeMap::new();
    for row in &page.items {
        let place = *places.entry(&row.launch.reservation).or_insert_with_key(|id| {
            // A wire instance is large: a list that grows would move all of them again and again.
            let instances = Vec::with_capacity(sizes[*id]);
            reservations.push(Reservation { instances: Some(instances), ..reservation(snapshot, row) });
            reservations.len() - 1
        });
        let instances = reservations[place].instances.get_or_insert_default();
        instances.push(renderer.instance(row));
    }
    Ok(DescribeInstancesResult { next_token: page.next, reservations: Some(reservations) })
}

/// The reservation of an instance, without instances. Its own group set belongs to EC2-Classic
/// and is empty.
pub(super) fn reservation(snapshot: &Snapshot, row: &Instance) -> Reservation {
    Reservation {
        reservation_id: Some(row.launch.reservation.clone()),
        owner_id: Some(render::owner(snapshot).clone()),
        requester_id: row.launch.requester_id.clone(),
        groups: Some(Vec::<GroupIdentifier>::new()),
        instances: Some(Vec::new()),
    }
}
