//! DescribeWarmPool.

use super::{Pool, pooled};
use crate::groups::{self, Group};
use crate::errors;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Snapshot, paginate};
use smol_str::SmolStr;

/// A group without a pool has no configuration to show, which is no error.
pub(super) fn describe_warm_pool(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeWarmPoolType,
) -> Result<wire::DescribeWarmPoolAnswer, ApiError> {
    let group = Group::find(snapshot, &input.auto_scaling_group_name)?;
    let page = paginate(
        "DescribeWarmPool",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 50) as usize,
        |after| {
            let after = SmolStr::new(after);
            pooled(snapshot, &group).filter(move |m| m.instance_id > after)
        },
        |m| m.instance_id.clone(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    Ok(wire::DescribeWarmPoolAnswer {
        warm_pool_configuration: snapshot.get::<Pool>(&group.name).map(|pool| pool.render()),
        instances: Some(page.items.iter().map(|m| groups::member(m)).collect()),
        next_token: page.next,
    })
}
