//! CreateAutoScalingGroup, and the checks that it shares with updates.

use super::row::{Group, GroupTag, Place};
use crate::sources::{self, Given, Source};
use crate::{attachments, causes, driver, errors, hooks, tags};
use api::autoscaling::{
    CapacityReservationSpecification, CreateAutoScalingGroupType, InstanceLifecyclePolicy,
};
use api::ec2;
use kernel::{ApiError, Caller, Tx};
use smol_str::{SmolStr, format_smolstr};

/// Parts of a request that are not modelled say so rather than being dropped.
pub(super) fn refuse_unbuilt(
    reservations: Option<&CapacityReservationSpecification>,
    lifecycle: Option<&InstanceLifecyclePolicy>,
    zone_ids: Option<&Vec<SmolStr>>,
) -> Result<(), ApiError> {
    let reserves = reservations.is_some_and(|wanted| {
        wanted.capacity_reservation_target.is_some()
            || wanted.capacity_reservation_preference.as_deref().is_some_and(|p| p != "default")
    });
    let what = if reserves {
        "CapacityReservationSpecification"
    } else if lifecycle.is_some() {
        "InstanceLifecyclePolicy"
    } else if zone_ids.is_some_and(|ids| !ids.is_empty()) {
        "AvailabilityZoneIds"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("an Auto Scaling group with {what}")))
}

pub(super) fn create_auto_scaling_group(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateAutoScalingGroupType,
) -> Result<(), ApiError> {
    refuse_unbuilt(
        input.capacity_reservation_specification.as_ref(),
        input.instance_lifecycle_policy.as_ref(),
        input.availability_zone_ids.as_ref(),
    )?;
    let name = input.auto_scaling_group_name.clone();
    if name.contains(':') {
        return Err(errors::validation(
            "Group name cannot contain a colon; choose a different name.",
        ));
    }
    if let Some(old) = tx.get::<Group>(&name) {
        return Err(if old.deleting {
            errors::group_is_leaving(&name)
        } else {
            errors::group_exists(&name)
        });
    }
    let desired = input.desired_capacity.unwrap_or(input.min_size);
    check_sizes(input.min_size, input.max_size, desired)?;
    let source = launch_source(tx, caller, &input)?;
    let places = places(
        tx,
        caller,
        input.vpc_zone_identifier.as_deref(),
        input.availability_zones.as_deref(),
    )?;
    check_numbers(
        input.default_cooldown,
        input.health_check_grace_period,
        input.max_instance_lifetime,
    )?;
    let policies = termination_policies(input.termination_policies.as_deref())?;
    let group_tags = input
        .tags
        .as_deref()
        .unwrap_or_default()
        .iter()
        .map(|tag| tags::checked(caller, tag))
        .collect::<Result<Vec<GroupTag>, _>>()?;
    let attachments = attachments::given(tx, caller, &input)?;
    let uuid = tx.new_uuid();
    let impairment = input.availability_zone_impairment_policy.clone().unwrap_or_default();
    let word = |given: Option<SmolStr>, default| given.unwrap_or(SmolStr::new_static(default));
    let role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    let mut group = Group {
        arn: caller.arn(
            "autoscaling",
            format_smolstr!("autoScalingGroup:{uuid}:autoScalingGroupName/{name}"),
        ),
        name: name.clone(),
        created_at: tx.now(),
        launch_configuration: SmolStr::default(),
        template: None,
        mixed: None,
        min: input.min_size,
        max: input.max_size,
        desired,
        cooldown_secs: input.default_cooldown.unwrap_or(300),
        places,
        vpc_zone_identifier: input.vpc_zone_identifier.unwrap_or_default(),
        health_check_type: word(input.health_check_type, "EC2"),
        grace_secs: input.health_check_grace_period.unwrap_or(0),
        placement_group: input.placement_group,
        termination_policies: policies,
        protect_new: input.new_instances_protected_from_scale_in.unwrap_or(false),
        capacity_rebalance: input.capacity_rebalance,
        max_lifetime_secs: input.max_instance_lifetime.filter(|secs| *secs > 0),
        context: input.context,
        desired_type: input.desired_capacity_type,
        warmup_secs: input.default_instance_warmup.filter(|secs| *secs >= 0),
        maintenance: input.instance_maintenance_policy.and_then(|p| {
            Some((p.min_healthy_percentage?, p.max_healthy_percentage?))
        }),
        deletion_protection: word(input.deletion_protection, "none"),
        distribution: word(
            input.availability_zone_distribution.and_then(|d| d.capacity_distribution_strategy),
            "balanced-best-effort",
        ),
        impairment: (
            impairment.zonal_shift_enabled.unwrap_or(false),
            word(impairment.impaired_zone_health_check_behavior, "IgnoreUnhealthy"),
        ),
        service_linked_role: input
            .service_linked_role_arn
            .unwrap_or_else(|| caller.global_arn("iam", role)),
        tags: Vec::new(),
        suspended: Vec::new(),
        metrics: Vec::new(),
        attachments,
        deleting: false,
        pending_causes: Vec::new(),
        pending_alarms: Vec::new(),
        cooldown_pending: None,
        cooldown_ends: None,
        predicted: None,
        reacts_at: tx.now(),
        failures: 0,
        retries_at: None,
        in_service: 0,
    };
    source.apply(&mut group);
    group_tags.into_iter().for_each(|tag| tags::upsert(&mut group.tags, tag));
    if desired > 0 {
        group.pending_causes.push(causes::group_created(tx.now(), desired));
    }
    driver::react(tx, &mut group);
    let specified = input.lifecycle_hook_specification_list.unwrap_or_default();
    for hook in &specified {
        let hook = hooks::from_specification(&group.name, hook)?;
        hooks::check(tx, caller, &hook)?;
        hooks::store(tx, caller, &group, hook)?;
    }
    tx.put(group);
    Ok(())
}

/// What the request names; from an instance, a launch configuration is made.
fn launch_source(
    tx: &mut Tx,
    caller: &Caller,
    input: &CreateAutoScalingGroupType,
) -> Result<Source, ApiError> {
    let given = Given {
        configuration: input.launch_configuration_name.as_ref(),
        template: input.launch_template.as_ref(),
        mixed: input.mixed_instances_policy.as_ref(),
        instance_id: input.instance_id.as_ref(),
    };
    if let Some(source) = sources::given(tx, caller, &given)? {
        return Ok(source);
    }
    let id = input.instance_id.clone().ok_or_else(errors::no_launch_source)?;
    let request = api::autoscaling::CreateLaunchConfigurationType {
        launch_configuration_name: input.auto_scaling_group_name.clone(),
        instance_id: Some(id),
        ..Default::default()
    };
    tx.call::<api::autoscaling::ops::CreateLaunchConfiguration>(caller, request)?;
    Ok(Source::Configuration(input.auto_scaling_group_name.clone()))
}

pub(super) fn check_sizes(min: i64, max: i64, desired: i64) -> Result<(), ApiError> {
    for (value, member) in [(min, "minSize"), (max, "maxSize"), (desired, "desiredCapacity")] {
        if value < 0 {
            return Err(errors::constraint(
                value,
                member,
                "Member must have value greater than or equal to 0",
            ));
        }
    }
    if max < min {
        return Err(errors::max_below_min(max, min));
    }
    if !(min..=max).contains(&desired) {
        return Err(errors::desired_outside_bounds(desired, min, max));
    }
    Ok(())
}

pub(super) fn check_numbers(
    cooldown: Option<i64>,
    grace: Option<i64>,
    lifetime: Option<i64>,
) -> Result<(), ApiError> {
    for (value, member) in [(cooldown, "defaultCooldown"), (grace, "healthCheckGracePeriod")] {
        if let Some(value) = value.filter(|v| *v < 0) {
            return Err(errors::constraint(
                value,
                member,
                "Member must have value greater than or equal to 0",
            ));
        }
    }
    match lifetime {
        Some(secs) if secs != 0 && secs < 86_400 => Err(errors::validation(
            "Maximum instance lifetime must be equal to 0 or between 86400 and 31536000 seconds \
             (inclusive).",
        )),
        _ => Ok(()),
    }
}

/// The policies that AWS knows.
pub(crate) const TERMINATION_POLICIES: [&str; 7] = [
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
];

/// `Default` must be the last; a function would have to be the first, and is not there.
pub(super) fn termination_policies(given: Option<&[SmolStr]>) -> Result<Vec<SmolStr>, ApiError> {
    let given = given.unwrap_or_default();
    if given.is_empty() {
        return Ok(vec![SmolStr::new_static("Default")]);
    }
    if given.iter().any(|policy| policy.starts_with("arn:")) {
        return Err(ApiError::not_implemented("a Lambda function as termination policy"));
    }
    if let Some(unknown) = given.iter().find(|p| !TERMINATION_POLICIES.contains(&p.as_str())) {
        return Err(errors::validation(format!(
            "Unsupported termination policy for AutoScalingGroup: {unknown}"
        )));
    }
    let last = given.len() - 1;
    if given.iter().position(|p| p == "Default").is_some_and(|at| at != last) {
        return Err(errors::validation(
            "The Default termination policy must be the last policy in the list.",
        ));
    }
    Ok(given.to_vec())
}

/// Where the group may launch: the subnets and their zones, or zones of the default VPC.
pub(super) fn places(
    tx: &mut Tx,
    caller: &Caller,
    subnets: Option<&str>,
    zones: Option<&[SmolStr]>,
) -> Result<Vec<Place>, ApiError> {
    let ids: Vec<&str> =
        subnets.unwrap_or_default().split(',').map(str::trim).filter(|s| !s.is_empty()).collect();
    let zones = zones.unwrap_or_default();
    let mut places: Vec<Place> = Vec::new();
    for id in ids {
        let request = ec2::DescribeSubnetsRequest {
            subnet_ids: Some(vec![id.into()]),
            ..Default::default()
        };
        let found = tx
            .call::<ec2::ops::DescribeSubnets>(&caller.via("autoscaling"), request)
            .map_err(|_| errors::subnet_not_found(id))?;
        let zone = found
            .subnets
            .and_then(|s| s.into_iter().next())
            .and_then(|s| s.availability_zone)
            .ok_or_else(|| errors::subnet_not_found(id))?;
        match places.iter_mut().find(|place| place.zone == zone) {
            Some(place) if place.subnets.iter().any(|s| s == id) => {}
            Some(place) => place.subnets.push(id.into()),
            None => places.push(Place { zone, subnets: vec![id.into()] }),
        }
    }
    places.sort_by(|a, b| a.zone.cmp(&b.zone));
    if places.is_empty() {
        let region = catalogue::region(&caller.region);
        for zone in zones {
            let known = region.is_some_and(|r| r.zones.iter().any(|z| z.name == *zone));
            if !known {
                return Err(errors::validation(format!(
                    "Invalid availability zones. [{zone}] is not a valid availability zone."
                )));
            }
            places.push(Place { zone: zone.clone(), subnets: Vec::new() });
        }
        places.sort_by(|a, b| a.zone.cmp(&b.zone));
        places.dedup();
    } else if !zones.is_empty() {
        let mut given: Vec<&SmolStr> = zones.iter().collect();
        given.sort();
        given.dedup();
        if !places.iter().map(|p| &p.zone).eq(given) {
            return Err(errors::zones_disagree());
        }
    }
    if places.is_empty() { Err(errors::no_zone()) } else { Ok(places) }
}
