//! `AWS::AutoScaling::AutoScalingGroup`.
//!
//! The group is ready when it holds its desired number of instances in service; it is deleted by
//! setting its sizes to zero, waiting for its instances to leave, and then deleting it.

mod request;
mod settings;
mod traffic;

use crate::{Context, Deletion, Properties, Provider, Readiness};
use api::autoscaling::{
    AutoScalingGroup as Group, AutoScalingGroupNamesType, DeleteAutoScalingGroupType,
    DescribeScalingActivitiesType, Instance, UpdateAutoScalingGroupType, ops,
};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct AutoScalingGroup;

fn find(cx: &mut Context<'_>, id: &str) -> Result<Option<Group>, ApiError> {
    let input = AutoScalingGroupNamesType {
        auto_scaling_group_names: Some(vec![id.into()]),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeAutoScalingGroups>(input)?;
    Ok(found.auto_scaling_groups.and_then(|groups| groups.into_iter().next()))
}

/// Units of capacity in service.
fn in_service(instances: &[Instance]) -> i64 {
    let ready = |i: &&Instance| i.lifecycle_state.as_deref() == Some("InService");
    let weight = |i: &Instance| i.weighted_capacity.as_ref().and_then(|w| w.parse().ok());
    instances.iter().filter(ready).map(|i| weight(i).unwrap_or(1)).sum()
}

/// The text of the newest activity, if it failed: why the group does not come up.
fn failure(cx: &mut Context<'_>, id: &str) -> Result<Option<SmolStr>, ApiError> {
    let input = DescribeScalingActivitiesType {
        auto_scaling_group_name: Some(id.into()),
        max_records: Some(1),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeScalingActivities>(input)?;
    let newest = found.activities.and_then(|a| a.into_iter().next()).unwrap_or_default();
    let failed = newest.status_code.as_deref() == Some("Failed");
    Ok(newest.status_message.filter(|_| failed))
}

impl Provider for AutoScalingGroup {
    fn type_name(&self) -> &'static str {
        "AWS::AutoScaling::AutoScalingGroup"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("AutoScalingGroupName") {
            Some(name) => name,
            None => cx.physical_name(255),
        };
        let input = request::creation(cx, &name, p);
        cx.call::<ops::CreateAutoScalingGroup>(input)?;
        settings::enable_metrics(cx, &name, p)?;
        settings::update_notifications(cx, &name, &Properties::default(), p)?;
        Ok(name)
    }

    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Readiness, ApiError> {
        let Some(group) = find(cx, id)? else {
            return Ok(Readiness::Failed(format!("AutoScalingGroup {id} not found")));
        };
        let instances = group.instances.unwrap_or_default();
        if in_service(&instances) >= group.desired_capacity.unwrap_or(0) {
            return Ok(Readiness::Ready);
        }
        Ok(match failure(cx, id)? {
            Some(message) => Readiness::Failed(format!(
                "Group did not stabilize. Last scaling activity: {message}"
            )),
            None => Readiness::InProgress,
        })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let name = SmolStr::new(id);
        cx.call::<ops::UpdateAutoScalingGroup>(request::update(&name, old, new))?;
        traffic::update(cx, &name, old, new)?;
        settings::update_hooks(cx, &name, old, new)?;
        settings::update_notifications(cx, &name, old, new)?;
        settings::update_metrics(cx, &name, old, new)?;
        request::update_tags(cx, &name, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let Some(group) = find(cx, id)? else { return Ok(Deletion::Done) };
        if group.status.is_some() {
            return Ok(Deletion::InProgress);
        }
        let name = SmolStr::new(id);
        // Instances in standby do not leave by themselves; they go with the group.
        let instances = group.instances.unwrap_or_default();
        let standby = |i: &Instance| i.lifecycle_state.as_deref() == Some("Standby");
        if instances.iter().all(standby) && group.max_size == Some(0) {
            let input = DeleteAutoScalingGroupType {
                auto_scaling_group_name: name,
                force_delete: Some(!instances.is_empty()),
            };
            return match cx.call::<ops::DeleteAutoScalingGroup>(input) {
                Ok(()) if !instances.is_empty() => Ok(Deletion::InProgress),
                Ok(()) => Ok(Deletion::Done),
                Err(error) if error.code == "ScalingActivityInProgress" => {
                    Ok(Deletion::InProgress)
                }
                Err(error) => Err(error),
            };
        }
        if group.max_size != Some(0) {
            cx.call::<ops::UpdateAutoScalingGroup>(UpdateAutoScalingGroupType {
                auto_scaling_group_name: name,
                min_size: Some(0),
                max_size: Some(0),
                desired_capacity: Some(0),
                ..Default::default()
            })?;
        }
        Ok(Deletion::InProgress)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        match name {
            "AutoScalingGroupARN" => {
                let group = find(cx, id)?.unwrap_or_default();
                Ok(group.auto_scaling_group_arn.map(|arn| json!(arn)))
            }
            _ => Ok(None),
        }
    }
}
