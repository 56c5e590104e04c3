//! DescribeAutoScalingGroups.

use super::row::Group;
use crate::members::{Member, TemplateVersion};
use crate::sources::TemplateRef;
use crate::{attachments, errors, tags, warm_pools};
use api::autoscaling as wire;
use kernel::{ApiError, Caller, Row, Snapshot, paginate};
use smol_str::SmolStr;
use std::sync::Arc;

/// Unknown names find nothing, which is no error.
pub(super) fn describe_auto_scaling_groups(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::AutoScalingGroupNamesType,
) -> Result<wire::AutoScalingGroupsType, ApiError> {
    let names = input.auto_scaling_group_names.as_deref().unwrap_or_default();
    let filters = input.filters.as_deref().unwrap_or_default();
    for filter in filters {
        let name = filter.name.as_deref().unwrap_or_default();
        if !matches!(name, "tag-key" | "tag-value") && !name.starts_with("tag:") {
            return Err(errors::validation(format!("Filter type {name} is not correct.")));
        }
    }
    let wanted = |group: &Group| {
        (names.is_empty() || names.contains(&group.name))
            && filters.iter().all(|filter| passes(group, filter))
    };
    let page = paginate(
        "DescribeAutoScalingGroups",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 100) as usize,
        |after| snapshot.rows_after::<Group>(after).filter(|group| wanted(group)),
        |group| group.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let instances = input.include_instances != Some(false);
    let groups = page.items.iter().map(|group| render(snapshot, group, instances)).collect();
    Ok(wire::AutoScalingGroupsType { auto_scaling_groups: Some(groups), next_token: page.next })
}

fn passes(group: &Group, filter: &wire::Filter) -> bool {
    let values = filter.values.as_deref().unwrap_or_default();
    let name = filter.name.as_deref().unwrap_or_default();
    group.tags.iter().any(|tag| match name {
        "tag-key" => values.contains(&tag.key),
        "tag-value" => values.contains(&tag.value),
        _ => name.strip_prefix("tag:") == Some(&tag.key) && values.contains(&tag.value),
    })
}

fn text(text: &'static str) -> SmolStr {
    SmolStr::new_static(text)
}

fn render(snapshot: &Snapshot, group: &Group, instances: bool) -> wire::AutoScalingGroup {
    let members =
        if instances { own(snapshot, group).map(|m| member(m)).collect() } else { Vec::new() };
    let warm_pool = warm_pools::shown(snapshot, group);
    wire::AutoScalingGroup {
        warm_pool_size: warm_pool.as_ref().map(|(_, size)| *size),
        warm_pool_configuration: warm_pool.map(|(configuration, _)| configuration),
        auto_scaling_group_name: Some(group.name.clone()),
        auto_scaling_group_arn: Some(group.arn.clone()),
        launch_configuration_name: (!group.launch_configuration.is_empty())
            .then(|| group.launch_configuration.clone()),
        launch_template: group.template.as_ref().map(TemplateRef::render),
        mixed_instances_policy: group.mixed.as_ref().map(|mixed| mixed.render()),
        min_size: Some(group.min),
        max_size: Some(group.max),
        desired_capacity: Some(group.desired),
        default_cooldown: Some(group.cooldown_secs),
        availability_zones: Some(group.zones()),
        load_balancer_names: Some(attachments::named(group, attachments::Kind::Classic)),
        target_group_arns: Some(attachments::named(group, attachments::Kind::TargetGroup)),
        health_check_type: Some(group.health_check_type.clone()),
        health_check_grace_period: Some(group.grace_secs),
        instances: Some(members),
        created_time: Some(group.created_at),
        suspended_processes: Some(
            group
                .suspended
                .iter()
                .map(|s| wire::SuspendedProcess {
                    process_name: Some(s.process.clone()),
                    suspension_reason: Some(s.reason.clone()),
                })
                .collect(),
        ),
        placement_group: group.placement_group.clone(),
        vpc_zone_identifier: Some(group.vpc_zone_identifier.clone()),
        enabled_metrics: Some(
            group
                .metrics
                .iter()
                .map(|metric| wire::EnabledMetric {
                    metric: Some(metric.clone()),
                    granularity: Some(text("1Minute")),
                })
                .collect(),
        ),
        status: group.deleting.then_some(text("Delete in progress")),
        tags: Some(group.tags.iter().map(|tag| tags::render(&group.name, tag)).collect()),
        termination_policies: Some(group.termination_policies.clone()),
        new_instances_protected_from_scale_in: Some(group.protect_new),
        service_linked_role_arn: Some(group.service_linked_role.clone()),
        max_instance_lifetime: group.max_lifetime_secs,
        capacity_rebalance: group.capacity_rebalance,
        context: group.context.clone(),
        desired_capacity_type: group.desired_type.clone(),
        default_instance_warmup: group.warmup_secs,
        predicted_capacity: group.predicted,
        traffic_sources: Some(attachments::sources(group)),
        instance_maintenance_policy: group.maintenance.map(|(min, max)| {
            wire::InstanceMaintenancePolicy {
                min_healthy_percentage: Some(min),
                max_healthy_percentage: Some(max),
            }
        }),
        deletion_protection: Some(group.deletion_protection.clone()),
        availability_zone_distribution: Some(wire::AvailabilityZoneDistribution {
            capacity_distribution_strategy: Some(group.distribution.clone()),
        }),
        availability_zone_impairment_policy: Some(wire::AvailabilityZoneImpairmentPolicy {
            zonal_shift_enabled: Some(group.impairment.0),
            impaired_zone_health_check_behavior: Some(group.impairment.1.clone()),
        }),
        capacity_reservation_specification: Some(wire::CapacityReservationSpecification {
            capacity_reservation_preference: Some(text("default")),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The group's instances without those of its warm pool.
fn own<'a>(snapshot: &'a Snapshot, group: &Group) -> impl Iterator<Item = &'a Arc<Member>> {
    group.members(snapshot).filter(|m| !m.state.is_warmed())
}

/// An instance of a group, or of its warm pool.
pub(crate) fn member(member: &Member) -> wire::Instance {
    let configuration = &member.launch_configuration;
    wire::Instance {
        instance_id: Some(member.instance_id.clone()),
        instance_type: Some(member.instance_type.clone()),
        availability_zone: Some(member.zone.clone()),
        lifecycle_state: Some(text(member.state.name())),
        health_status: Some(text(if member.healthy { "Healthy" } else { "Unhealthy" })),
        launch_configuration_name: (!configuration.is_empty()).then(|| configuration.clone()),
        launch_template: member.template.as_ref().map(TemplateVersion::render),
        weighted_capacity: member.weight.map(|w| w.to_string().into()),
        protected_from_scale_in: Some(member.protected),
        ..Default::default()
    }
}
