//! `AWS::AutoScaling::WarmPool`: its physical id is its group's name. It is deleted with its
//! instances, and gone when they are.

use crate::{Context, Deletion, Properties, Provider};
use api::autoscaling::{
    DeleteWarmPoolType, DescribeWarmPoolType, InstanceReusePolicy, PutWarmPoolType,
    WarmPoolConfiguration, ops,
};
use kernel::ApiError;
use smol_str::SmolStr;

/// The type.
pub(crate) struct WarmPool;

fn find(
    cx: &mut Context<'_>,
    group: &str,
) -> Result<Option<WarmPoolConfiguration>, ApiError> {
    let input =
        DescribeWarmPoolType { auto_scaling_group_name: group.into(), ..Default::default() };
    Ok(cx.call::<ops::DescribeWarmPool>(input)?.warm_pool_configuration)
}

impl Provider for WarmPool {
    fn type_name(&self) -> &'static str {
        "AWS::AutoScaling::WarmPool"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        cx.call::<ops::PutWarmPool>(p.input::<ops::PutWarmPool>())?;
        Ok(p.text_or_empty("AutoScalingGroupName"))
    }

    /// What is not given stays as it was, so a property that was taken away is given its default.
    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let mut input: PutWarmPoolType = new.input::<ops::PutWarmPool>();
        let lost = |name: &str| new.lost(old, name);
        input.min_size = input.min_size.or(lost("MinSize").then_some(0));
        input.max_group_prepared_capacity =
            input.max_group_prepared_capacity.or(lost("MaxGroupPreparedCapacity").then_some(-1));
        input.pool_state = input.pool_state.or(lost("PoolState").then(|| "Stopped".into()));
        if lost("InstanceReusePolicy") {
            input.instance_reuse_policy =
                Some(InstanceReusePolicy { reuse_on_scale_in: Some(false) });
        }
        cx.call::<ops::PutWarmPool>(input)?;
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        match find(cx, id)? {
            None => return Ok(Deletion::Done),
            Some(pool) if pool.status.is_some() => return Ok(Deletion::InProgress),
            Some(_) => {}
        }
        cx.call::<ops::DeleteWarmPool>(DeleteWarmPoolType {
            auto_scaling_group_name: id.into(),
            force_delete: Some(true),
        })?;
        Ok(match find(cx, id)? {
            None => Deletion::Done,
            Some(_) => Deletion::InProgress,
        })
    }
}
