//! Load balancers, target groups and other traffic sources of a group that is there.

use crate::{Context, Properties, properties::without};
use api::autoscaling::{
    AttachLoadBalancerTargetGroupsType, AttachLoadBalancersType, AttachTrafficSourcesType,
    DetachLoadBalancerTargetGroupsType, DetachLoadBalancersType, DetachTrafficSourcesType, ops,
};
use kernel::ApiError;
use smol_str::SmolStr;

/// One call may name so many.
const PER_CALL: usize = 10;

/// Attaches what is new and detaches what is gone.
pub(super) fn update(
    cx: &mut Context<'_>,
    group: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    balancers(cx, group, old, new)?;
    target_groups(cx, group, old, new)?;
    sources(cx, group, old, new)
}

fn balancers(
    cx: &mut Context<'_>,
    group: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let names = |p: &Properties| p.texts("LoadBalancerNames").unwrap_or_default();
    let (before, after) = (names(old), names(new));
    for gone in without(&before, &after).chunks(PER_CALL) {
        cx.call::<ops::DetachLoadBalancers>(DetachLoadBalancersType {
            auto_scaling_group_name: group.clone(),
            load_balancer_names: gone.to_vec(),
        })?;
    }
    for added in without(&after, &before).chunks(PER_CALL) {
        cx.call::<ops::AttachLoadBalancers>(AttachLoadBalancersType {
            auto_scaling_group_name: group.clone(),
            load_balancer_names: added.to_vec(),
        })?;
    }
    Ok(())
}

fn target_groups(
    cx: &mut Context<'_>,
    group: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let arns = |p: &Properties| p.texts("TargetGroupARNs").unwrap_or_default();
    let (before, after) = (arns(old), arns(new));
    for gone in without(&before, &after).chunks(PER_CALL) {
        cx.call::<ops::DetachLoadBalancerTargetGroups>(DetachLoadBalancerTargetGroupsType {
            auto_scaling_group_name: group.clone(),
            target_group_arns: gone.to_vec(),
        })?;
    }
    for added in without(&after, &before).chunks(PER_CALL) {
        cx.call::<ops::AttachLoadBalancerTargetGroups>(AttachLoadBalancerTargetGroupsType {
            auto_scaling_group_name: group.clone(),
            target_group_arns: added.to_vec(),
        })?;
    }
    Ok(())
}

fn sources(
    cx: &mut Context<'_>,
    group: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let sources = |p: &Properties| p.input::<ops::AttachTrafficSources>().traffic_sources;
    let (before, after) = (sources(old), sources(new));
    for gone in without(&before, &after).chunks(PER_CALL) {
        cx.call::<ops::DetachTrafficSources>(DetachTrafficSourcesType {
            auto_scaling_group_name: group.clone(),
            traffic_sources: gone.to_vec(),
        })?;
    }
    for added in without(&after, &before).chunks(PER_CALL) {
        cx.call::<ops::AttachTrafficSources>(AttachTrafficSourcesType {
            auto_scaling_group_name: group.clone(),
            traffic_sources: added.to_vec(),
            ..Default::default()
        })?;
    }
    Ok(())
}
