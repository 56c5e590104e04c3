//! AttachInstances and DetachInstances.

use super::standby::{at_once, depart, named};
use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use crate::{causes, driver, errors};
use api::autoscaling::{AttachInstancesQuery, DetachInstancesAnswer, DetachInstancesQuery};
use api::ec2;
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

/// Running instances of the group's zones join it; the desired capacity grows with them.
pub(super) fn attach_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: AttachInstancesQuery,
) -> Result<(), ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let ids = input.instance_ids.as_deref().unwrap_or_default();
    if ids.is_empty() || ids.len() > 20 {
        return Err(errors::validation(
            "You must specify between 1 and 20 instances in one request.",
        ));
    }
    let mut group = Group::clone(&row);
    let count = ids.len() as i64;
    if group.desired + count > group.max {
        let verb = format!("attach {count} more instance");
        return Err(errors::sizes_in_the_way(&group.name, group.sizes(), &verb));
    }
    let caller = caller.via("autoscaling");
    for id in ids {
        let instance = running(tx, &caller, id)?;
        let zone = instance.placement.and_then(|p| p.availability_zone).unwrap_or_default();
        if let Some(member) = tx.get::<Member>(id) {
            return Err(errors::validation(format!(
                "Invalid Instances: [{id}]. The instance is already part of AutoScalingGroup {}.",
                member.group
            )));
        }
        if !group.places.iter().any(|place| place.zone == zone) {
            return Err(errors::validation(format!(
                "Invalid Instances: [{id}]. The instance is not in one of the group's \
                 Availability Zones."
            )));
        }
        group.desired += 1;
        let member = Member {
            group: group.name.clone(),
            instance_type: instance.instance_type.unwrap_or_default(),
            image_id: instance.image_id.unwrap_or_default(),
            zone,
            detailed: instance.monitoring.and_then(|m| m.state).as_deref() == Some("enabled"),
            protected: group.protect_new,
            ..Member::new(id.clone(), tx.now())
        };
        let cause = causes::attached(tx.now(), group.desired);
        let description = format!("Attaching an existing EC2 instance: {id}");
        at_once(tx, &group, &member, (description, cause));
        tx.put(member);
    }
    tag(tx, &caller, &group, ids)?;
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(())
}

fn running(tx: &mut Tx, caller: &Caller, id: &SmolStr) -> Result<ec2::Instance, ApiError> {
    let request = ec2::DescribeInstancesRequest {
        instance_ids: Some(vec![id.clone()]),
        ..Default::default()
    };
    let invalid = || errors::validation(format!("Invalid Instances: [{id}]"));
    let found = tx.call::<ec2::ops::DescribeInstances>(caller, request).map_err(|_| invalid())?;
    let mut reservations = found.reservations.unwrap_or_default();
    let instance = reservations.pop().and_then(|r| r.instances).and_then(|mut i| i.pop());
    let instance = instance.ok_or_else(invalid)?;
    let state = instance.state.as_ref().and_then(|s| s.name.as_deref());
    if state == Some("running") { Ok(instance) } else { Err(invalid()) }
}

/// Attached instances get the group's name and its propagated tags.
fn tag(tx: &mut Tx, caller: &Caller, group: &Group, ids: &[SmolStr]) -> Result<(), ApiError> {
    let pair = |key: &SmolStr, value: &SmolStr| ec2::Tag {
        key: Some(key.clone()),
        value: Some(value.clone()),
    };
    let mut tags = vec![pair(&"aws:autoscaling:groupName".into(), &group.name)];
    tags.extend(group.tags.iter().filter(|t| t.propagate).map(|t| pair(&t.key, &t.value)));
    let request = ec2::CreateTagsRequest { resources: ids.to_vec(), tags, ..Default::default() };
    tx.call::<ec2::ops::CreateTags>(caller, request)
}

/// Detached instances run on without the group's tag.
pub(super) fn detach_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: DetachInstancesQuery,
) -> Result<DetachInstancesAnswer, ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let states = [LifecycleState::InService, LifecycleState::Standby];
    let members = named(tx, &row, input.instance_ids.as_deref(), &states)?;
    let mut group = Group::clone(&row);
    let decrement = input.should_decrement_desired_capacity;
    let counted = members.iter().filter(|m| m.state == LifecycleState::InService).count() as i64;
    if decrement && group.desired - counted < group.min {
        let verb = format!("detach {counted} instance");
        return Err(errors::sizes_in_the_way(&group.name, group.sizes(), &verb));
    }
    let caller = caller.via("autoscaling");
    let mut activities = Vec::new();
    for member in members {
        let id = &member.instance_id;
        // An instance in standby does not count, so it takes nothing along.
        let counts = decrement && member.state == LifecycleState::InService;
        let sizes = counts.then(|| (group.desired, group.desired - 1));
        group.desired -= i64::from(counts);
        let cause = causes::detached(tx.now(), id, sizes);
        let description = format!("Detaching EC2 instance: {id}");
        let state = LifecycleState::Detaching;
        activities.push(depart(tx, &caller, &group, &member, (description, cause), state));
    }
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(DetachInstancesAnswer { activities: Some(activities) })
}
