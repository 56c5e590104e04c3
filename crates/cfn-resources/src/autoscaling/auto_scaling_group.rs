//! `AWS::AutoScaling::AutoScalingGroup`.
//!
//! The group is ready when it holds its desired number of instances in service; it is deleted by
//! setting its sizes to zero, waiting for its instances to leave, and then deleting it.

use crate::{Context, Deletion, Properties, Provider, Readiness};
use api::autoscaling::{
    self as wire, AutoScalingGroup as Group, AutoScalingGroupNamesType,
    AvailabilityZoneDistribution, AvailabilityZoneImpairmentPolicy, CreateAutoScalingGroupType,
    CreateOrUpdateTagsType, DeleteAutoScalingGroupType, DeleteTagsType,
    DescribeScalingActivitiesType, DisableMetricsCollectionQuery, EnableMetricsCollectionQuery,
    InstanceMaintenancePolicy, Tag, UpdateAutoScalingGroupType,
};
use kernel::ApiError;
use serde_json::Value;
use smol_str::SmolStr;

/// The type.
pub(crate) struct AutoScalingGroup;

/// Properties that lowcloud does not model: a template that uses them is told so.
const UNSUPPORTED: [&str; 7] = [
    "LaunchTemplate",
    "MixedInstancesPolicy",
    "LoadBalancerNames",
    "TargetGroupARNs",
    "TrafficSources",
    "LifecycleHookSpecificationList",
    "NotificationConfigurations",
];

fn check_supported(p: &Properties) -> Result<(), ApiError> {
    let empty = |name: &str| p.json()[name].as_array().is_some_and(Vec::is_empty);
    match UNSUPPORTED.iter().find(|name| p.has(name) && !empty(name)) {
        Some(name) => Err(ApiError::not_implemented(format_args!(
            "the property {name} of AWS::AutoScaling::AutoScalingGroup"
        ))),
        None => Ok(()),
    }
}

/// The group's tags: the property's with their own flags, the stack's and CloudFormation's own
/// propagated to the instances.
fn tags(cx: &Context<'_>, name: &SmolStr, p: &Properties) -> Vec<Tag> {
    let own = p.structures("Tags");
    let flag = |key: &SmolStr| {
        let tag = own.iter().find(|tag| tag.text("Key").as_ref() == Some(key));
        tag.and_then(|tag| tag.boolean("PropagateAtLaunch")).unwrap_or(true)
    };
    let tag = |(key, value): (SmolStr, SmolStr)| Tag {
        resource_id: Some(name.clone()),
        resource_type: Some("auto-scaling-group".into()),
        propagate_at_launch: Some(flag(&key)),
        key,
        value: Some(value),
    };
    cx.tags(p).into_iter().map(tag).collect()
}

fn subnets(p: &Properties) -> Option<SmolStr> {
    p.texts("VPCZoneIdentifier").map(|ids| ids.join(",").into())
}

fn maintenance(p: &Properties) -> Option<InstanceMaintenancePolicy> {
    p.structure("InstanceMaintenancePolicy").map(|policy| InstanceMaintenancePolicy {
        min_healthy_percentage: policy.integer("MinHealthyPercentage"),
        max_healthy_percentage: policy.integer("MaxHealthyPercentage"),
    })
}

fn distribution(p: &Properties) -> Option<AvailabilityZoneDistribution> {
    p.structure("AvailabilityZoneDistribution").map(|d| AvailabilityZoneDistribution {
        capacity_distribution_strategy: d.text("CapacityDistributionStrategy"),
    })
}

fn impairment(p: &Properties) -> Option<AvailabilityZoneImpairmentPolicy> {
    p.structure("AvailabilityZoneImpairmentPolicy").map(|d| AvailabilityZoneImpairmentPolicy {
        zonal_shift_enabled: d.boolean("ZonalShiftEnabled"),
        impaired_zone_health_check_behavior: d.text("ImpairedZoneHealthCheckBehavior"),
    })
}

fn find(cx: &mut Context<'_>, id: &str) -> Result<Option<Group>, ApiError> {
    let input = AutoScalingGroupNamesType {
        auto_scaling_group_names: Some(vec![id.into()]),
        ..Default::default()
    };
    let found = cx.call::<wire::ops::DescribeAutoScalingGroups>(input)?;
    Ok(found.auto_scaling_groups.and_then(|groups| groups.into_iter().next()))
}

/// The text of the newest activity, if it failed: why the group does not come up.
fn failure(cx: &mut Context<'_>, id: &str) -> Result<Option<SmolStr>, ApiError> {
    let input = DescribeScalingActivitiesType {
        auto_scaling_group_name: Some(id.into()),
        max_records: Some(1),
        ..Default::default()
    };
    let found = cx.call::<wire::ops::DescribeScalingActivities>(input)?;
    let newest = found.activities.and_then(|a| a.into_iter().next()).unwrap_or_default();
    let failed = newest.status_code.as_deref() == Some("Failed");
    Ok(newest.status_message.filter(|_| failed))
}

/// Metrics to collect, by the property `MetricsCollection`.
fn enable_metrics(cx: &mut Context<'_>, name: &SmolStr, p: &Properties) -> Result<(), ApiError> {
    for collection in p.structures("MetricsCollection") {
        cx.call::<wire::ops::EnableMetricsCollection>(EnableMetricsCollectionQuery {
            auto_scaling_group_name: name.clone(),
            metrics: collection.texts("Metrics"),
            granularity: collection.text_or_empty("Granularity"),
        })?;
    }
    Ok(())
}

impl Provider for AutoScalingGroup {
    fn type_name(&self) -> &'static str {
        "AWS::AutoScaling::AutoScalingGroup"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        check_supported(p)?;
        let name = match p.text("AutoScalingGroupName") {
            Some(name) => name,
            None => cx.physical_name(255),
        };
        let tags = tags(cx, &name, p);
        cx.call::<wire::ops::CreateAutoScalingGroup>(CreateAutoScalingGroupType {
            auto_scaling_group_name: name.clone(),
            launch_configuration_name: p.text("LaunchConfigurationName"),
            instance_id: p.text("InstanceId"),
            min_size: p.integer("MinSize").unwrap_or(0),
            max_size: p.integer("MaxSize").unwrap_or(0),
            desired_capacity: p.integer("DesiredCapacity"),
            default_cooldown: p.integer("Cooldown"),
            availability_zones: p.texts("AvailabilityZones"),
            health_check_type: p.text("HealthCheckType"),
            health_check_grace_period: p.integer("HealthCheckGracePeriod"),
            placement_group: p.text("PlacementGroup"),
            vpc_zone_identifier: subnets(p),
            termination_policies: p.texts("TerminationPolicies"),
            new_instances_protected_from_scale_in: p
                .boolean("NewInstancesProtectedFromScaleIn"),
            capacity_rebalance: p.boolean("CapacityRebalance"),
            service_linked_role_arn: p.text("ServiceLinkedRoleARN"),
            max_instance_lifetime: p.integer("MaxInstanceLifetime"),
            context: p.text("Context"),
            desired_capacity_type: p.text("DesiredCapacityType"),
            default_instance_warmup: p.integer("DefaultInstanceWarmup"),
            instance_maintenance_policy: maintenance(p),
            availability_zone_distribution: distribution(p),
            availability_zone_impairment_policy: impairment(p),
            tags: Some(tags),
            ..Default::default()
        })?;
        enable_metrics(cx, &name, p)?;
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
        let desired = group.desired_capacity.unwrap_or(0);
        let ready = |i: &&wire::Instance| i.lifecycle_state.as_deref() == Some("InService");
        let instances = group.instances.unwrap_or_default();
        if instances.iter().filter(ready).count() as i64 >= desired {
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
        check_supported(new)?;
        let name = SmolStr::new(id);
        cx.call::<wire::ops::UpdateAutoScalingGroup>(UpdateAutoScalingGroupType {
            auto_scaling_group_name: name.clone(),
            launch_configuration_name: new.text("LaunchConfigurationName"),
            min_size: new.integer("MinSize"),
            max_size: new.integer("MaxSize"),
            desired_capacity: new.integer("DesiredCapacity"),
            default_cooldown: Some(new.integer("Cooldown").unwrap_or(300)),
            availability_zones: new.texts("AvailabilityZones"),
            health_check_type: Some(new.text("HealthCheckType").unwrap_or("EC2".into())),
            health_check_grace_period: Some(new.integer("HealthCheckGracePeriod").unwrap_or(0)),
            placement_group: new.text("PlacementGroup"),
            vpc_zone_identifier: subnets(new),
            termination_policies: Some(
                new.texts("TerminationPolicies").unwrap_or_else(|| vec!["Default".into()]),
            ),
            new_instances_protected_from_scale_in: Some(
                new.boolean("NewInstancesProtectedFromScaleIn").unwrap_or(false),
            ),
            capacity_rebalance: new.boolean("CapacityRebalance"),
            max_instance_lifetime: Some(new.integer("MaxInstanceLifetime").unwrap_or(0)),
            context: new.text("Context"),
            desired_capacity_type: new.text("DesiredCapacityType"),
            default_instance_warmup: Some(new.integer("DefaultInstanceWarmup").unwrap_or(-1)),
            instance_maintenance_policy: maintenance(new),
            availability_zone_distribution: distribution(new),
            availability_zone_impairment_policy: impairment(new),
            ..Default::default()
        })?;
        if !old.same(new, "MetricsCollection") {
            cx.call::<wire::ops::DisableMetricsCollection>(DisableMetricsCollectionQuery {
                auto_scaling_group_name: name.clone(),
                metrics: None,
            })?;
            enable_metrics(cx, &name, new)?;
        }
        let tags = tags(cx, &name, new);
        let kept = |key: &SmolStr| tags.iter().any(|tag| tag.key == *key);
        let gone: Vec<Tag> = old
            .tags("Tags")
            .into_iter()
            .filter(|(key, _)| !kept(key))
            .map(|(key, _)| Tag { resource_id: Some(name.clone()), key, ..Default::default() })
            .collect();
        if !gone.is_empty() {
            cx.call::<wire::ops::DeleteTags>(DeleteTagsType { tags: gone })?;
        }
        for some in tags.chunks(25) {
            let input = CreateOrUpdateTagsType { tags: some.to_vec() };
            cx.call::<wire::ops::CreateOrUpdateTags>(input)?;
        }
        Ok(())
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
        let standby = |i: &wire::Instance| i.lifecycle_state.as_deref() == Some("Standby");
        if instances.iter().all(standby) && group.max_size == Some(0) {
            let input = DeleteAutoScalingGroupType {
                auto_scaling_group_name: name,
                force_delete: Some(!instances.is_empty()),
            };
            return match cx.call::<wire::ops::DeleteAutoScalingGroup>(input) {
                Ok(()) if !instances.is_empty() => Ok(Deletion::InProgress),
                Ok(()) => Ok(Deletion::Done),
                Err(error) if error.code == "ScalingActivityInProgress" => {
                    Ok(Deletion::InProgress)
                }
                Err(error) => Err(error),
            };
        }
        if group.max_size != Some(0) {
            cx.call::<wire::ops::UpdateAutoScalingGroup>(UpdateAutoScalingGroupType {
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
                Ok(group.auto_scaling_group_arn.map(|arn| Value::from(arn.as_str())))
            }
            _ => Ok(None),
        }
    }
}
