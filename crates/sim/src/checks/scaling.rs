//! What must hold of groups: that what they began is over, and that nothing outlives its reason.

use crate::world::{World, state};
use api::{autoscaling as auto, cloudwatch, elbv2};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// Every activity has ended, after it began, and the newest come first.
pub(super) fn activities_are_over(world: &mut World) -> Result<(), String> {
    let mut next = None;
    let mut last = None;
    loop {
        let input = auto::DescribeScalingActivitiesType {
            include_deleted_groups: Some(true),
            next_token: next,
            ..Default::default()
        };
        let page = world.call::<auto::ops::DescribeScalingActivities>(input);
        let page = page.map_err(|error| error.to_string())?;
        for activity in page.activities.unwrap_or_default() {
            let id = activity.activity_id.clone().unwrap_or_default();
            let what = activity.description.clone().unwrap_or_default();
            let started = activity.start_time;
            let Some(ended) = activity.end_time else {
                let status = activity.status_code.unwrap_or_default();
                return Err(format!("the activity {id} ({what}) is still {status}"));
            };
            if activity.progress != Some(100)
                || started.is_some_and(|at| at.whole_seconds() > ended)
            {
                return Err(format!("the activity {id} ({what}) ended before it was done"));
            }
            if last.is_some_and(|last| started > last) {
                return Err(format!("the activity {id} ({what}) is out of order"));
            }
            last = Some(started);
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(());
        }
    }
}

/// The warm pool of a group.
pub(super) fn pool(world: &mut World, name: &SmolStr) -> auto::DescribeWarmPoolAnswer {
    let input =
        auto::DescribeWarmPoolType { auto_scaling_group_name: name.clone(), ..Default::default() };
    world.call::<auto::ops::DescribeWarmPool>(input).unwrap_or_default()
}

/// Warm pools hold what they should, prepared.
pub(super) fn pools_are_full(world: &mut World) -> Result<(), String> {
    for group in world.groups() {
        let name = group.auto_scaling_group_name.clone().unwrap_or_default();
        let pool = pool(world, &name);
        let instances = pool.instances.unwrap_or_default();
        let Some(pool) = pool.warm_pool_configuration else {
            match instances.len() {
                0 => continue,
                count => return Err(format!("{name} has {count} instances and no warm pool")),
            }
        };
        if let Some(status) = pool.status {
            return Err(format!("the warm pool of {name} is still {status}"));
        }
        let prepared = pool.max_group_prepared_capacity.or(group.max_size).unwrap_or(0);
        let desired = group.desired_capacity.unwrap_or(0);
        let wanted = (prepared - desired).max(pool.min_size.unwrap_or(0));
        // Another state of the pool is for those that come from then on.
        let states = ["Warmed:Stopped", "Warmed:Running"];
        let ready =
            |i: &&auto::Instance| states.contains(&i.lifecycle_state.as_deref().unwrap_or(""));
        let count = instances.iter().filter(ready).count();
        if count as i64 != wanted || count != instances.len() {
            let states: Vec<_> =
                instances.iter().filter_map(|i| i.lifecycle_state.clone()).collect();
            return Err(format!("the warm pool of {name} has {states:?}, not {wanted}"));
        }
    }
    Ok(())
}

/// No refresh goes on, and those that succeeded say so.
pub(super) fn refreshes_are_over(world: &mut World) -> Result<(), String> {
    for group in world.groups() {
        let name = group.auto_scaling_group_name.unwrap_or_default();
        let input = auto::DescribeInstanceRefreshesType {
            auto_scaling_group_name: name.clone(),
            ..Default::default()
        };
        let found = world.call::<auto::ops::DescribeInstanceRefreshes>(input);
        for refresh in found.unwrap_or_default().instance_refreshes.unwrap_or_default() {
            let status = refresh.status.unwrap_or_default();
            let over =
                ["Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"];
            if !over.contains(&&*status) || refresh.end_time.is_none() {
                return Err(format!("a refresh of {name} is still {status}"));
            }
            if status == "Successful" && refresh.percentage_complete != Some(100) {
                return Err(format!("a refresh of {name} succeeded before it was done"));
            }
        }
    }
    Ok(())
}

/// No alarm outlives the policy that it invokes.
pub(super) fn alarms_have_their_policies(world: &mut World) -> Result<(), String> {
    let input = auto::DescribePoliciesType::default();
    let found = world.call::<auto::ops::DescribePolicies>(input).unwrap_or_default();
    let policies: BTreeSet<SmolStr> = found
        .scaling_policies
        .unwrap_or_default()
        .into_iter()
        .filter_map(|p| p.policy_arn)
        .collect();
    let input = cloudwatch::DescribeAlarmsInput::default();
    let found = world.call::<cloudwatch::ops::DescribeAlarms>(input).unwrap_or_default();
    for alarm in found.metric_alarms.unwrap_or_default() {
        let name = alarm.alarm_name.unwrap_or_default();
        let actions = alarm.alarm_actions.unwrap_or_default();
        if name.starts_with("TargetTracking-") && actions.is_empty() {
            return Err(format!("the alarm {name} has lost its policy"));
        }
        if let Some(gone) = actions.iter().find(|arn| !policies.contains(*arn)) {
            return Err(format!("the alarm {name} invokes {gone}, which is gone"));
        }
    }
    Ok(())
}

/// Behind the load balancer are the instances in service of the groups that are attached to it, and
/// no others.
pub(super) fn targets_are_members(world: &mut World) -> Result<(), String> {
    let known = elbv2::DescribeTargetGroupsInput::default();
    let groups = world.call::<elbv2::ops::DescribeTargetGroups>(known).unwrap_or_default();
    for arn in
        groups.target_groups.unwrap_or_default().into_iter().filter_map(|g| g.target_group_arn)
    {
        let input = elbv2::DescribeTargetHealthInput {
            target_group_arn: arn.clone(),
            ..Default::default()
        };
        let health = world.call::<elbv2::ops::DescribeTargetHealth>(input).unwrap_or_default();
        let mut targets = BTreeSet::new();
        for told in health.target_health_descriptions.unwrap_or_default() {
            let id = told.target.map(|target| target.id).unwrap_or_default();
            let state = told.target_health.and_then(|h| h.state).unwrap_or_default();
            if matches!(&*state, "initial" | "draining") {
                return Err(format!("the target {id} is stuck in {state}"));
            }
            targets.insert(id);
        }
        let attached = |group: &auto::AutoScalingGroup| {
            group.target_group_arns.as_ref().is_some_and(|arns| arns.contains(&arn))
        };
        let members: BTreeSet<SmolStr> = world
            .groups()
            .into_iter()
            .filter(attached)
            .filter_map(|group| group.instances)
            .flatten()
            .filter_map(|instance| instance.instance_id)
            .collect();
        let running: BTreeSet<SmolStr> = world
            .instances()
            .into_iter()
            .filter(|instance| state(instance) != "terminated")
            .filter_map(|instance| instance.instance_id)
            .collect();
        if let Some(id) = targets.iter().find(|id| !running.contains(*id)) {
            return Err(format!("the target {id} is no instance any more"));
        }
        if let Some(id) = targets.iter().find(|id| !members.contains(*id)) {
            return Err(format!("the target {id} belongs to no group that is attached"));
        }
    }
    Ok(())
}

/// What is remembered is no more than what happened.
pub(super) fn histories_are_bounded(world: &mut World) -> Result<(), String> {
    for (table, rows) in world.rows() {
        let most = match table {
            "autoscaling.activities" | "cloudwatch.alarm-history" => 20_000,
            "load.history" => 200,
            _ => 5_000,
        };
        if rows > most {
            return Err(format!("{table} has {rows} rows"));
        }
    }
    Ok(())
}
