//! DescribeLoadBalancers, DescribeLoadBalancerTargetGroups and DescribeTrafficSources.

use super::{Attachment, Kind};
use crate::errors;
use crate::groups::Group;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Snapshot, paginate};
use smol_str::{SmolStr, format_smolstr};

/// One page of a group's attachments.
struct Paging<'a> {
    operation: &'static str,
    group: &'a str,
    token: Option<&'a str>,
    /// AWS's default page, and its largest.
    sizes: (i64, i64),
    asked: Option<i64>,
}

fn key(attachment: &Attachment) -> SmolStr {
    format_smolstr!("{}\u{1}{}", attachment.kind.name(), attachment.id)
}

/// The attachments that `wanted` lets through, in the order of kind and name.
fn page(
    snapshot: &Snapshot,
    paging: &Paging<'_>,
    wanted: impl Fn(&Attachment) -> bool,
) -> Result<(Vec<Attachment>, Option<SmolStr>), ApiError> {
    let group = Group::find(snapshot, paging.group)?;
    let mut all: Vec<Attachment> =
        group.attachments.iter().filter(|a| wanted(a)).cloned().collect();
    all.sort_by_key(key);
    let (default, largest) = paging.sizes;
    let page = paginate(
        paging.operation,
        paging.token,
        paging.asked.unwrap_or(default).clamp(1, largest) as usize,
        |after| {
            let after = SmolStr::new(after);
            all.iter().filter(move |a| key(a) > after).cloned()
        },
        key,
    )
    .map_err(|_| errors::invalid_next_token())?;
    Ok((page.items, page.next))
}

pub(super) fn describe_load_balancers(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeLoadBalancersRequest,
) -> Result<wire::DescribeLoadBalancersResponse, ApiError> {
    let paging = Paging {
        operation: "DescribeLoadBalancers",
        group: &input.auto_scaling_group_name,
        token: input.next_token.as_deref(),
        sizes: (100, 100),
        asked: input.max_records,
    };
    let wanted = |a: &Attachment| a.kind == Kind::Classic && !a.as_source;
    let (shown, next_token) = page(snapshot, &paging, wanted)?;
    let render = |a: Attachment| wire::LoadBalancerState {
        load_balancer_name: Some(a.id),
        state: Some(SmolStr::new_static(a.state.name())),
    };
    Ok(wire::DescribeLoadBalancersResponse {
        load_balancers: Some(shown.into_iter().map(render).collect()),
        next_token,
    })
}

pub(super) fn describe_load_balancer_target_groups(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeLoadBalancerTargetGroupsRequest,
) -> Result<wire::DescribeLoadBalancerTargetGroupsResponse, ApiError> {
    let paging = Paging {
        operation: "DescribeLoadBalancerTargetGroups",
        group: &input.auto_scaling_group_name,
        token: input.next_token.as_deref(),
        sizes: (100, 100),
        asked: input.max_records,
    };
    let wanted = |a: &Attachment| a.kind == Kind::TargetGroup && !a.as_source;
    let (shown, next_token) = page(snapshot, &paging, wanted)?;
    let render = |a: Attachment| wire::LoadBalancerTargetGroupState {
        load_balancer_target_group_arn: Some(a.id),
        state: Some(SmolStr::new_static(a.state.name())),
    };
    Ok(wire::DescribeLoadBalancerTargetGroupsResponse {
        load_balancer_target_groups: Some(shown.into_iter().map(render).collect()),
        next_token,
    })
}

/// All of a group's traffic sources, however they were attached, or those of one type.
pub(super) fn describe_traffic_sources(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeTrafficSourcesRequest,
) -> Result<wire::DescribeTrafficSourcesResponse, ApiError> {
    let kind = input.traffic_source_type.as_deref();
    if let Some(unknown) = kind.filter(|kind| !matches!(*kind, "elb" | "elbv2" | "vpc-lattice")) {
        return Err(errors::validation(format!(
            "Invalid traffic source type: {unknown}. Valid values are: elb, elbv2, vpc-lattice."
        )));
    }
    let paging = Paging {
        operation: "DescribeTrafficSources",
        group: &input.auto_scaling_group_name,
        token: input.next_token.as_deref(),
        sizes: (50, 50),
        asked: input.max_records,
    };
    let wanted = |a: &Attachment| kind.is_none_or(|kind| kind == a.kind.name());
    let (shown, next_token) = page(snapshot, &paging, wanted)?;
    let render = |a: Attachment| wire::TrafficSourceState {
        traffic_source: Some(a.id.clone()),
        state: Some(SmolStr::new_static(a.state.name())),
        identifier: Some(a.id),
        r#type: Some(SmolStr::new_static(a.kind.name())),
    };
    Ok(wire::DescribeTrafficSourcesResponse {
        traffic_sources: Some(shown.into_iter().map(render).collect()),
        next_token,
    })
}
