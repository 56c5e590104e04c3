//! Attaching and detaching, in the three dialects that AWS has for it.

use super::{Attachment, Kind, State, traffic};
use crate::groups::Group;
use crate::{driver, errors};
use api::autoscaling as wire;
use kernel::{ApiError, Arn, Caller, Tx};
use smol_str::SmolStr;

/// One call may name this many.
const MAX_PER_CALL: usize = 10;
/// "Quotas for Amazon EC2 Auto Scaling": of each kind per group.
const MAX_PER_GROUP: usize = 50;

/// Named attachments of a request.
type Named = Vec<(Kind, SmolStr)>;

fn all_of(kind: Kind, ids: Option<Vec<SmolStr>>) -> Named {
    ids.unwrap_or_default().into_iter().map(|id| (kind, id)).collect()
}

/// Traffic sources, each with its kind: as it says, or as its ARN does.
fn kinds(sources: Vec<wire::TrafficSourceIdentifier>) -> Result<Named, ApiError> {
    let kind = |source: wire::TrafficSourceIdentifier| {
        let service = Arn::parse(&source.identifier).map(|arn| arn.service);
        let kind = match (source.r#type.as_deref(), service) {
            (Some("elb"), None) => Kind::Classic,
            (Some("elbv2") | None, Some("elasticloadbalancing")) => Kind::TargetGroup,
            (Some("vpc-lattice"), _) | (None, Some("vpc-lattice")) => {
                return Err(ApiError::not_implemented("a VPC Lattice target group"));
            }
            _ => return Err(errors::invalid_traffic_source(&source.identifier)),
        };
        Ok((kind, source.identifier))
    };
    sources.into_iter().map(kind).collect()
}

/// What a new group is to have before it. It is in service at once.
pub(crate) fn given(
    tx: &mut Tx,
    caller: &Caller,
    input: &wire::CreateAutoScalingGroupType,
) -> Result<Vec<Attachment>, ApiError> {
    let mut attachments = Vec::new();
    let older = [
        all_of(Kind::Classic, input.load_balancer_names.clone()),
        all_of(Kind::TargetGroup, input.target_group_arns.clone()),
    ];
    let sources = kinds(input.traffic_sources.clone().unwrap_or_default())?;
    for (list, as_source) in older.into_iter().map(|l| (l, false)).chain([(sources, true)]) {
        for (kind, id) in list {
            traffic::exists(tx, caller, kind, &id)?;
            if !attachments.iter().any(|a: &Attachment| a.is(kind, &id)) {
                attachments.push(Attachment { kind, id, as_source, state: State::InService });
            }
        }
    }
    within_limits(&attachments)?;
    Ok(attachments)
}

fn within_limits(attachments: &[Attachment]) -> Result<(), ApiError> {
    for kind in [Kind::Classic, Kind::TargetGroup] {
        if attachments.iter().filter(|a| a.kind == kind).count() > MAX_PER_GROUP {
            return Err(errors::limit_exceeded(format!(
                "You may only attach up to {MAX_PER_GROUP} traffic sources of type {} to an \
                 AutoScalingGroup.",
                kind.name()
            )));
        }
    }
    Ok(())
}

fn few(named: &Named) -> Result<(), ApiError> {
    if named.is_empty() || named.len() > MAX_PER_CALL {
        return Err(errors::validation(format!(
            "You must specify between 1 and {MAX_PER_CALL} traffic sources in one request."
        )));
    }
    Ok(())
}

/// What is attached already stays as it is; what is being removed comes back.
fn attach(
    tx: &mut Tx,
    caller: &Caller,
    group: &str,
    named: Named,
    as_source: bool,
) -> Result<(), ApiError> {
    let row = Group::find(tx, group)?;
    few(&named)?;
    let mut group = Group::clone(&row);
    for (kind, id) in named {
        traffic::exists(tx, caller, kind, &id)?;
        match group.attachments.iter_mut().find(|a| a.is(kind, &id)) {
            Some(old) if old.state == State::Removing => {
                *old = Attachment { kind, id, as_source, state: State::Adding };
            }
            Some(_) => {}
            None => group.attachments.push(Attachment {
                kind,
                id,
                as_source,
                state: State::Adding,
            }),
        }
    }
    within_limits(&group.attachments)?;
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(())
}

/// The group's instances are deregistered at once; what has let go of them is forgotten.
fn detach(
    tx: &mut Tx,
    caller: &Caller,
    group: &str,
    named: &Named,
    (any, what): (bool, &str),
) -> Result<(), ApiError> {
    let row = Group::find(tx, group)?;
    few(named)?;
    for (kind, id) in named {
        let meant = |a: &&Attachment| a.is(*kind, id) && (any || !a.as_source);
        if row.attachments.iter().find(meant).is_none_or(|a| a.state == State::Removing) {
            return Err(errors::not_attached(what));
        }
    }
    let mut group = Group::clone(&row);
    for attachment in &mut group.attachments {
        if named.iter().any(|(kind, id)| attachment.is(*kind, id)) {
            attachment.state = State::Removing;
            traffic::clear(tx, &caller.via("autoscaling"), &row, attachment);
        }
    }
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(())
}

pub(super) fn attach_load_balancers(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::AttachLoadBalancersType,
) -> Result<wire::AttachLoadBalancersResultType, ApiError> {
    let named = all_of(Kind::Classic, Some(input.load_balancer_names));
    attach(tx, caller, &input.auto_scaling_group_name, named, false)?;
    Ok(wire::AttachLoadBalancersResultType {})
}

pub(super) fn attach_load_balancer_target_groups(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::AttachLoadBalancerTargetGroupsType,
) -> Result<wire::AttachLoadBalancerTargetGroupsResultType, ApiError> {
    let named = all_of(Kind::TargetGroup, Some(input.target_group_arns));
    attach(tx, caller, &input.auto_scaling_group_name, named, false)?;
    Ok(wire::AttachLoadBalancerTargetGroupsResultType {})
}

pub(super) fn attach_traffic_sources(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::AttachTrafficSourcesType,
) -> Result<wire::AttachTrafficSourcesResultType, ApiError> {
    let named = kinds(input.traffic_sources)?;
    attach(tx, caller, &input.auto_scaling_group_name, named, true)?;
    Ok(wire::AttachTrafficSourcesResultType {})
}

pub(super) fn detach_load_balancers(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::DetachLoadBalancersType,
) -> Result<wire::DetachLoadBalancersResultType, ApiError> {
    let named = all_of(Kind::Classic, Some(input.load_balancer_names));
    detach(tx, caller, &input.auto_scaling_group_name, &named, (false, "Load Balancers"))?;
    Ok(wire::DetachLoadBalancersResultType {})
}

pub(super) fn detach_load_balancer_target_groups(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::DetachLoadBalancerTargetGroupsType,
) -> Result<wire::DetachLoadBalancerTargetGroupsResultType, ApiError> {
    let named = all_of(Kind::TargetGroup, Some(input.target_group_arns));
    detach(tx, caller, &input.auto_scaling_group_name, &named, (false, "Target Groups"))?;
    Ok(wire::DetachLoadBalancerTargetGroupsResultType {})
}

pub(super) fn detach_traffic_sources(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::DetachTrafficSourcesType,
) -> Result<wire::DetachTrafficSourcesResultType, ApiError> {
    let named = kinds(input.traffic_sources)?;
    detach(tx, caller, &input.auto_scaling_group_name, &named, (true, "Traffic Sources"))?;
    Ok(wire::DetachTrafficSourcesResultType {})
}
