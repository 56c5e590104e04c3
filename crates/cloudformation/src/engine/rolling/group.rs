//! The group that is updated: what it has, and the calls that change it.

use super::Rolling;
use crate::engine::run::Run;
use crate::resources::StackResource;
use api::autoscaling::{
    AutoScalingGroup, AutoScalingGroupNamesType, Instance, LaunchTemplateSpecification,
    ScalingProcessQuery, TerminateInstanceInAutoScalingGroupType, UpdateAutoScalingGroupType, ops,
};
use kernel::ApiError;
use smol_str::SmolStr;

/// A group as a rolling update sees it.
pub(super) struct Group {
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) desired: i64,
    pub(super) suspended: Vec<SmolStr>,
    pub(super) instances: Vec<Member>,
}

/// One of its instances.
pub(super) struct Member {
    pub(super) id: SmolStr,
    pub(super) in_service: bool,
    pub(super) leaving: bool,
    /// Whether its configuration is the group's.
    current: bool,
}

impl Group {
    pub(super) fn ids(&self) -> Vec<SmolStr> {
        self.instances.iter().map(|i| i.id.clone()).collect()
    }

    /// Instances to be replaced: all, or those of another configuration.
    pub(super) fn obsolete(&self, all: bool) -> Vec<SmolStr> {
        let stale = self.instances.iter().filter(|i| !i.leaving && (all || !i.current));
        stale.map(|i| i.id.clone()).collect()
    }
}

/// The template that a group launches from now, directly or by a mixed instances policy.
fn template(group: &AutoScalingGroup) -> Option<&LaunchTemplateSpecification> {
    let mixed = group.mixed_instances_policy.as_ref();
    let of_mixed = mixed.and_then(|m| m.launch_template.as_ref());
    group
        .launch_template
        .as_ref()
        .or_else(|| of_mixed.and_then(|t| t.launch_template_specification.as_ref()))
}

fn is_current(group: &AutoScalingGroup, instance: &Instance) -> bool {
    match (template(group), &instance.launch_template) {
        (Some(wanted), Some(has)) => {
            let named = matches!(wanted.version.as_deref(), None | Some("$Latest" | "$Default"));
            wanted.launch_template_id == has.launch_template_id
                && (named || wanted.version == has.version)
        }
        (None, None) => instance.launch_configuration_name == group.launch_configuration_name,
        _ => false,
    }
}

impl Run<'_, '_> {
    pub(super) fn group(&self, row: &StackResource) -> Result<Group, String> {
        let input = AutoScalingGroupNamesType {
            auto_scaling_group_names: Some(vec![row.physical_id.clone()]),
            ..Default::default()
        };
        let found = self
            .world
            .with(|tx, caller| tx.call::<ops::DescribeAutoScalingGroups>(caller, input))
            .map_err(|error| error.message)?;
        let mut groups = found.auto_scaling_groups.unwrap_or_default();
        let Some(mut group) = groups.pop() else {
            return Err(format!("AutoScalingGroup {} not found", row.physical_id));
        };
        let instances = group.instances.take().unwrap_or_default();
        let state = |i: &Instance, prefix: &str| {
            i.lifecycle_state.as_deref().unwrap_or_default().starts_with(prefix)
        };
        let member = |i: &Instance| Member {
            id: i.instance_id.clone().unwrap_or_default(),
            in_service: state(i, "InService"),
            leaving: state(i, "Terminat") || state(i, "Detach"),
            current: is_current(&group, i),
        };
        let warmed = |i: &&Instance| !state(i, "Warmed");
        Ok(Group {
            instances: instances.iter().filter(warmed).map(member).collect(),
            min: group.min_size.unwrap_or(0),
            max: group.max_size.unwrap_or(0),
            desired: group.desired_capacity.unwrap_or(0),
            suspended: group
                .suspended_processes
                .unwrap_or_default()
                .into_iter()
                .filter_map(|process| process.process_name)
                .collect(),
        })
    }

    pub(super) fn resize(
        &self,
        row: &StackResource,
        min: Option<i64>,
        max: Option<i64>,
        desired: Option<i64>,
    ) -> Result<(), ApiError> {
        let input = UpdateAutoScalingGroupType {
            auto_scaling_group_name: row.physical_id.clone(),
            min_size: min,
            max_size: max,
            desired_capacity: desired,
            ..Default::default()
        };
        self.world.with(|tx, caller| tx.call::<ops::UpdateAutoScalingGroup>(caller, input))
    }

    pub(super) fn terminate(&self, id: &SmolStr, decrement: bool) -> Result<(), ApiError> {
        let input = TerminateInstanceInAutoScalingGroupType {
            instance_id: Some(id.clone()),
            should_decrement_desired_capacity: decrement,
            ..Default::default()
        };
        self.world
            .with(|tx, caller| tx.call::<ops::TerminateInstanceInAutoScalingGroup>(caller, input))
            .map(drop)
    }

    /// Suspends processes that run; tells which.
    pub(super) fn suspend(
        &self,
        row: &StackResource,
        processes: &[SmolStr],
        group: &Group,
    ) -> Result<Vec<SmolStr>, ApiError> {
        let running: Vec<SmolStr> =
            processes.iter().filter(|name| !group.suspended.contains(name)).cloned().collect();
        if !running.is_empty() {
            let input = query(row, &running);
            self.world.with(|tx, caller| tx.call::<ops::SuspendProcesses>(caller, input))?;
        }
        Ok(running)
    }

    /// Lets the processes go on that the update suspended.
    pub(in crate::engine) fn resume(
        &self,
        row: &StackResource,
        rolling: &Rolling,
    ) -> Result<(), ApiError> {
        if rolling.suspended.is_empty() {
            return Ok(());
        }
        let input = query(row, &rolling.suspended);
        self.world.with(|tx, caller| tx.call::<ops::ResumeProcesses>(caller, input))
    }
}

fn query(row: &StackResource, processes: &[SmolStr]) -> ScalingProcessQuery {
    ScalingProcessQuery {
        auto_scaling_group_name: row.physical_id.clone(),
        scaling_processes: Some(processes.to_vec()),
    }
}
