//! PutWarmPool and DeleteWarmPool.

use super::{Pool, PoolState, pooled};
use crate::groups::Group;
use crate::{driver, errors, sources};
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Tx};

/// What is not given stays as it was; -1 takes the prepared capacity back.
pub(super) fn put_warm_pool(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::PutWarmPoolType,
) -> Result<wire::PutWarmPoolAnswer, ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    if row.deleting {
        return Err(errors::validation(format!(
            "AutoScalingGroup '{}' is pending delete.",
            row.name
        )));
    }
    let old = tx.get::<Pool>(&row.name);
    if old.as_ref().is_some_and(|pool| pool.deleting) {
        return Err(errors::validation(format!(
            "The warm pool of AutoScalingGroup {} is pending delete.",
            row.name
        )));
    }
    suits(tx, caller, &row)?;
    let mut pool = old.map_or_else(
        || Pool {
            group: row.name.clone(),
            state: PoolState::default(),
            min: 0,
            max_prepared: None,
            reuse: None,
            deleting: false,
        },
        |pool| Pool::clone(&pool),
    );
    pool.min = input.min_size.unwrap_or(pool.min);
    if let Some(max) = input.max_group_prepared_capacity {
        pool.max_prepared = (max >= 0).then_some(max);
    }
    pool.state = match input.pool_state.as_deref() {
        Some("Running") => PoolState::Running,
        Some("Hibernated") => PoolState::Hibernated,
        Some(_) => PoolState::Stopped,
        None => pool.state,
    };
    if let Some(policy) = input.instance_reuse_policy {
        pool.reuse = Some(policy.reuse_on_scale_in.unwrap_or(false));
    }
    tx.put(pool);
    let mut group = Group::clone(&row);
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(wire::PutWarmPoolAnswer {})
}

/// "Limitations": neither mixed instances groups nor Spot Instances.
fn suits(tx: &mut Tx, caller: &Caller, group: &Group) -> Result<(), ApiError> {
    let spot = match group.mixed {
        Some(_) => true,
        // A source that cannot be launched from shows when it is.
        None => sources::offers(tx, &caller.via("autoscaling"), group, 1)
            .is_ok_and(|rounds| rounds.iter().flat_map(|round| &round.offers).any(|o| o.spot)),
    };
    match spot {
        true => Err(errors::validation(
            "You can't add a warm pool to an Auto Scaling group that has a mixed instances policy \
             or that launches Spot Instances.",
        )),
        false => Ok(()),
    }
}

/// With force, the pool goes when its instances have; without, it must be empty.
pub(super) fn delete_warm_pool(
    tx: &mut Tx,
    _: &Caller,
    input: wire::DeleteWarmPoolType,
) -> Result<wire::DeleteWarmPoolAnswer, ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let pool = tx.get::<Pool>(&row.name).ok_or_else(|| errors::no_warm_pool(&row.name))?;
    let empty = pooled(tx, &row).next().is_none();
    if !empty && input.force_delete != Some(true) {
        return Err(errors::warm_pool_in_use(&row.name));
    }
    match empty {
        true => drop(tx.remove::<Pool>(&row.name)),
        false => drop(tx.put(Pool { deleting: true, ..Pool::clone(&pool) })),
    }
    tx.schedule(tx.now(), "autoscaling.reconcile", &row.name);
    Ok(wire::DeleteWarmPoolAnswer {})
}
