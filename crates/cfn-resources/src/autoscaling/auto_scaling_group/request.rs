//! What a group is made and changed by, and its tags.

use crate::{Context, Properties, TagChanges};
use api::autoscaling::{
    CreateAutoScalingGroupType, CreateOrUpdateTagsType, DeleteTagsType, InstanceMaintenancePolicy,
    Tag, UpdateAutoScalingGroupType, ops,
};
use kernel::ApiError;
use smol_str::SmolStr;

/// "CreateOrUpdateTags": so many tags in one call.
const TAGS_PER_CALL: usize = 25;

fn subnets(p: &Properties) -> Option<SmolStr> {
    p.texts("VPCZoneIdentifier").map(|ids| ids.join(",").into())
}

/// The request that makes a group.
pub(super) fn creation(
    cx: &Context<'_>,
    name: &SmolStr,
    p: &Properties,
) -> CreateAutoScalingGroupType {
    CreateAutoScalingGroupType {
        auto_scaling_group_name: name.clone(),
        default_cooldown: p.integer("Cooldown"),
        vpc_zone_identifier: subnets(p),
        tags: Some(tags(name, p, cx.tags(p))),
        ..p.input::<ops::CreateAutoScalingGroup>()
    }
}

/// The request that changes a group. What it does not say stays, so a property that was taken
/// away is given its default; what the group launches from is said only when that changes.
pub(super) fn update(
    name: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> UpdateAutoScalingGroupType {
    let given: UpdateAutoScalingGroupType = new.input::<ops::UpdateAutoScalingGroup>();
    let lost = |name: &str| new.lost(old, name);
    let changed = |name: &str| !old.same(new, name);
    let word = |given: Option<SmolStr>, name: &str, default: &'static str| {
        given.or_else(|| lost(name).then_some(SmolStr::new_static(default)))
    };
    UpdateAutoScalingGroupType {
        auto_scaling_group_name: name.clone(),
        launch_configuration_name: given
            .launch_configuration_name
            .filter(|_| changed("LaunchConfigurationName")),
        launch_template: given.launch_template.filter(|_| changed("LaunchTemplate")),
        mixed_instances_policy: given
            .mixed_instances_policy
            .filter(|_| changed("MixedInstancesPolicy")),
        default_cooldown: Some(new.integer("Cooldown").unwrap_or(300)),
        vpc_zone_identifier: subnets(new),
        health_check_type: Some(given.health_check_type.unwrap_or("EC2".into())),
        health_check_grace_period: Some(given.health_check_grace_period.unwrap_or(0)),
        termination_policies: Some(
            given.termination_policies.unwrap_or_else(|| vec!["Default".into()]),
        ),
        new_instances_protected_from_scale_in: Some(
            given.new_instances_protected_from_scale_in.unwrap_or(false),
        ),
        max_instance_lifetime: Some(given.max_instance_lifetime.unwrap_or(0)),
        default_instance_warmup: Some(given.default_instance_warmup.unwrap_or(-1)),
        placement_group: word(given.placement_group, "PlacementGroup", ""),
        desired_capacity_type: word(given.desired_capacity_type, "DesiredCapacityType", "units"),
        deletion_protection: word(given.deletion_protection, "DeletionProtection", "none"),
        capacity_rebalance: given
            .capacity_rebalance
            .or(lost("CapacityRebalance").then_some(false)),
        instance_maintenance_policy: given.instance_maintenance_policy.or_else(|| {
            // -1 and -1 clear it.
            let clear = InstanceMaintenancePolicy {
                min_healthy_percentage: Some(-1),
                max_healthy_percentage: Some(-1),
            };
            lost("InstanceMaintenancePolicy").then_some(clear)
        }),
        ..given
    }
}

/// The group's tags: the property's with their own flags, the stack's and CloudFormation's own
/// propagated to the instances.
fn tags(name: &SmolStr, p: &Properties, all: Vec<(SmolStr, SmolStr)>) -> Vec<Tag> {
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
    all.into_iter().map(tag).collect()
}

/// Brings the tags from the old properties to the new ones.
pub(super) fn update_tags(
    cx: &mut Context<'_>,
    name: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let TagChanges { wanted, gone } = cx.tag_changes(old, new);
    let gone: Vec<Tag> = gone
        .into_iter()
        .map(|key| Tag { resource_id: Some(name.clone()), key, ..Default::default() })
        .collect();
    if !gone.is_empty() {
        cx.call::<ops::DeleteTags>(DeleteTagsType { tags: gone })?;
    }
    for some in tags(name, new, wanted).chunks(TAGS_PER_CALL) {
        cx.call::<ops::CreateOrUpdateTags>(CreateOrUpdateTagsType { tags: some.to_vec() })?;
    }
    Ok(())
}
