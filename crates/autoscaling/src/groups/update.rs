//! UpdateAutoScalingGroup.

use super::create::{check_numbers, check_sizes, places, termination_policies};
use super::row::Group;
use crate::sources::{self, Given};
use crate::{causes, driver, errors, refresh};
use api::autoscaling::UpdateAutoScalingGroupType;
use kernel::{ApiError, Caller, Tx};

/// What is not given stays. A new minimum above the desired capacity lifts it, a new maximum
/// below it lowers it, unless it is given too.
pub(super) fn update_auto_scaling_group(
    tx: &mut Tx,
    caller: &Caller,
    input: UpdateAutoScalingGroupType,
) -> Result<(), ApiError> {
    super::create::refuse_unbuilt(
        input.capacity_reservation_specification.as_ref(),
        input.instance_lifecycle_policy.as_ref(),
        input.availability_zone_ids.as_ref(),
    )?;
    let row = tx.get::<Group>(&input.auto_scaling_group_name);
    let row = row.ok_or_else(errors::group_not_found_in_update)?;
    if row.deleting {
        return Err(errors::validation(format!(
            "AutoScalingGroup '{}' is pending delete.",
            row.name
        )));
    }
    let given = Given {
        configuration: input.launch_configuration_name.as_ref(),
        template: input.launch_template.as_ref(),
        mixed: input.mixed_instances_policy.as_ref(),
        instance_id: None,
    };
    let source = sources::given(tx, caller, &given)?;
    let mut group = Group::clone(&row);
    if let Some(source) = source {
        if refresh::has_desired_configuration(tx, &row.name) {
            return Err(errors::source_is_being_refreshed());
        }
        source.apply(&mut group);
    }
    group.min = input.min_size.unwrap_or(group.min);
    group.max = input.max_size.unwrap_or(group.max);
    group.desired = match input.desired_capacity {
        Some(desired) => desired,
        None if group.min <= group.max => row.desired.clamp(group.min, group.max),
        None => row.desired,
    };
    check_sizes(group.min, group.max, group.desired)?;
    check_numbers(
        input.default_cooldown,
        input.health_check_grace_period,
        input.max_instance_lifetime,
    )?;
    if input.vpc_zone_identifier.is_some() || input.availability_zones.is_some() {
        let subnets = input.vpc_zone_identifier.as_deref();
        group.places = places(tx, caller, subnets, input.availability_zones.as_deref())?;
        group.vpc_zone_identifier = input.vpc_zone_identifier.clone().unwrap_or_default();
    }
    if let Some(policies) = &input.termination_policies {
        group.termination_policies = termination_policies(Some(policies))?;
    }
    settings(&mut group, input);
    if group.desired != row.desired {
        let now = tx.now();
        group.pending_causes.push(causes::group_updated(now, group.sizes(), row.desired));
    }
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(())
}

/// The settings that need no check.
fn settings(group: &mut Group, input: UpdateAutoScalingGroupType) {
    fn set<T>(slot: &mut T, given: Option<T>) {
        if let Some(value) = given {
            *slot = value;
        }
    }
    set(&mut group.cooldown_secs, input.default_cooldown);
    set(&mut group.health_check_type, input.health_check_type);
    set(&mut group.grace_secs, input.health_check_grace_period);
    set(&mut group.protect_new, input.new_instances_protected_from_scale_in);
    set(&mut group.service_linked_role, input.service_linked_role_arn);
    set(&mut group.deletion_protection, input.deletion_protection);
    if input.placement_group.is_some() {
        group.placement_group = input.placement_group.filter(|p| !p.is_empty());
    }
    if input.capacity_rebalance.is_some() {
        group.capacity_rebalance = input.capacity_rebalance;
    }
    if let Some(secs) = input.max_instance_lifetime {
        group.max_lifetime_secs = (secs > 0).then_some(secs);
    }
    if input.context.is_some() {
        group.context = input.context;
    }
    if input.desired_capacity_type.is_some() {
        group.desired_type = input.desired_capacity_type;
    }
    if let Some(secs) = input.default_instance_warmup {
        group.warmup_secs = (secs >= 0).then_some(secs);
    }
    if let Some(policy) = input.instance_maintenance_policy {
        // -1 and -1 clear it.
        group.maintenance = policy
            .min_healthy_percentage
            .zip(policy.max_healthy_percentage)
            .filter(|(min, max)| *min >= 0 && *max >= 0);
    }
    if let Some(distribution) = input.availability_zone_distribution {
        set(&mut group.distribution, distribution.capacity_distribution_strategy);
    }
    if let Some(impairment) = input.availability_zone_impairment_policy {
        set(&mut group.impairment.0, impairment.zonal_shift_enabled);
        set(&mut group.impairment.1, impairment.impaired_zone_health_check_behavior);
    }
}
