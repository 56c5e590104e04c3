//! What must hold when the cloud has come to rest, seen through the public API.

mod scaling;

use crate::world::{World, state};
use api::{cloudformation, ec2};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

type Check = fn(&mut World) -> Result<(), String>;

const CHECKS: [Check; 10] = [
    groups_have_their_capacity,
    no_instance_is_an_orphan,
    stacks_rest,
    nothing_is_left_over,
    scaling::activities_are_over,
    scaling::pools_are_full,
    scaling::refreshes_are_over,
    scaling::alarms_have_their_policies,
    scaling::targets_are_members,
    scaling::histories_are_bounded,
];

/// Every check.
pub(crate) fn all(world: &mut World) -> Result<(), String> {
    CHECKS.iter().try_for_each(|check| check(world))
}

fn groups_have_their_capacity(world: &mut World) -> Result<(), String> {
    for group in world.groups() {
        let name = group.auto_scaling_group_name.clone().unwrap_or_default();
        if group.status.is_some() {
            return Err(format!("the group {name} is still being deleted"));
        }
        let instances = group.instances.clone().unwrap_or_default();
        let working: Vec<_> = instances
            .iter()
            .filter(|i| i.lifecycle_state.as_deref() == Some("InService"))
            .collect();
        let size = |size: Option<i64>| size.unwrap_or_default();
        let (min, max) = (size(group.min_size), size(group.max_size));
        let desired = size(group.desired_capacity);
        if !(min..=max).contains(&desired) {
            return Err(format!("{name} wants {desired}, not {min} to {max}"));
        }
        let held = working.iter().filter(|i| i.protected_from_scale_in == Some(true)).count();
        let count = working.len();
        // What is protected from scale-in stays.
        let too_many = count as i64 > desired && count > held;
        if (count as i64) < desired || too_many {
            return Err(format!("{name} has {count} in service, not {desired}"));
        }
        let zones = group.availability_zones.clone().unwrap_or_default();
        let mut sizes: BTreeMap<&SmolStr, usize> = zones.iter().map(|z| (z, 0)).collect();
        for instance in &working {
            let zone = instance.availability_zone.as_ref().ok_or("an instance has no zone")?;
            *sizes.entry(zone).or_default() += 1;
        }
        let most = sizes.values().max().copied().unwrap_or_default();
        let fewest = sizes.values().min().copied().unwrap_or_default();
        // A zone cannot give up what is protected.
        if most - fewest > 1 && held == 0 {
            return Err(format!("{name} is out of balance: {sizes:?}"));
        }
    }
    Ok(())
}

fn tag<'a>(tags: Option<&'a Vec<ec2::Tag>>, key: &str) -> Option<&'a SmolStr> {
    let tag = tags?.iter().find(|tag| tag.key.as_deref() == Some(key))?;
    tag.value.as_ref()
}

fn no_instance_is_an_orphan(world: &mut World) -> Result<(), String> {
    let mut members: BTreeSet<SmolStr> = BTreeSet::new();
    for group in world.groups() {
        let name = group.auto_scaling_group_name.clone().unwrap_or_default();
        let pool = scaling::pool(world, &name).instances;
        let all = group.instances.into_iter().chain(pool).flatten();
        members.extend(all.filter_map(|instance| instance.instance_id));
    }
    for instance in world.instances() {
        let id = instance.instance_id.clone().unwrap_or_default();
        let group = tag(instance.tags.as_ref(), "aws:autoscaling:groupName");
        let alive = state(&instance) != "terminated";
        match group {
            Some(group) if alive && !members.contains(&id) => {
                return Err(format!("{id} is {} and an orphan of {group}", state(&instance)));
            }
            _ if matches!(state(&instance), "pending" | "stopping" | "shutting-down") => {
                return Err(format!("{id} is stuck in {}", state(&instance)));
            }
            _ => {}
        }
    }
    Ok(())
}

fn stacks(world: &mut World) -> Vec<cloudformation::StackSummary> {
    let input = cloudformation::ListStacksInput::default();
    let found = world.call::<cloudformation::ops::ListStacks>(input);
    found.unwrap_or_default().stack_summaries.unwrap_or_default()
}

fn stacks_rest(world: &mut World) -> Result<(), String> {
    for stack in stacks(world) {
        let status = stack.stack_status.clone().unwrap_or_default();
        if status.ends_with("IN_PROGRESS") {
            return Err(format!("{} is stuck in {status}", stack.stack_name.unwrap_or_default()));
        }
        if status.ends_with("ROLLBACK_FAILED") && !world.was_struck() {
            let why = stack.stack_status_reason.unwrap_or_default();
            return Err(format!("a rollback failed without need: {why}"));
        }
    }
    Ok(())
}

/// A stack that failed or was deleted leaves nothing that carries its tag.
fn nothing_is_left_over(world: &mut World) -> Result<(), String> {
    let alive: BTreeSet<SmolStr> = stacks(world)
        .into_iter()
        .filter(|stack| {
            let status = stack.stack_status.as_deref().unwrap_or_default();
            !matches!(status, "DELETE_COMPLETE" | "ROLLBACK_COMPLETE")
        })
        .filter_map(|stack| stack.stack_id)
        .collect();
    let key = "aws:cloudformation:stack-id";
    let mut owned: Vec<(String, SmolStr)> = Vec::new();
    let mut note = |what: Option<SmolStr>, tags: Option<&Vec<ec2::Tag>>| {
        if let Some(stack) = tag(tags, key) {
            owned.push((what.unwrap_or_default().to_string(), stack.clone()));
        }
    };
    let vpcs = world.call::<ec2::ops::DescribeVpcs>(ec2::DescribeVpcsRequest::default());
    for vpc in vpcs.unwrap_or_default().vpcs.unwrap_or_default() {
        note(vpc.vpc_id, vpc.tags.as_ref());
    }
    let subnets = world.call::<ec2::ops::DescribeSubnets>(ec2::DescribeSubnetsRequest::default());
    for subnet in subnets.unwrap_or_default().subnets.unwrap_or_default() {
        note(subnet.subnet_id, subnet.tags.as_ref());
    }
    let groups = ec2::DescribeSecurityGroupsRequest::default();
    let groups = world.call::<ec2::ops::DescribeSecurityGroups>(groups);
    for group in groups.unwrap_or_default().security_groups.unwrap_or_default() {
        note(group.group_id, group.tags.as_ref());
    }
    let gateways = ec2::DescribeInternetGatewaysRequest::default();
    let gateways = world.call::<ec2::ops::DescribeInternetGateways>(gateways);
    for gateway in gateways.unwrap_or_default().internet_gateways.unwrap_or_default() {
        note(gateway.internet_gateway_id, gateway.tags.as_ref());
    }
    for instance in world.instances() {
        if state(&instance) != "terminated" {
            note(instance.instance_id.clone(), instance.tags.as_ref());
        }
    }
    for group in world.groups() {
        let tags = group.tags.unwrap_or_default();
        if let Some(tag) = tags.iter().find(|t| t.key.as_deref() == Some(key)) {
            let name = group.auto_scaling_group_name.unwrap_or_default();
            owned.push((name.to_string(), tag.value.clone().unwrap_or_default()));
        }
    }
    match owned.into_iter().find(|(_, stack)| !alive.contains(stack)) {
        Some((what, stack)) => Err(format!("{what} is left over of {stack}")),
        None => Ok(()),
    }
}
