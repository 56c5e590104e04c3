//! LaunchInstances: launching into one zone, with the outcome told at once.
//!
//! "Launch instances synchronously" in the user guide. It takes groups with a launch template, or
//! with a mixed instances policy that is all On-Demand or all Spot, and does not draw from warm
//! pools. How long a client token is remembered is not documented; here it is a day.

use crate::groups::{Group, Place};
use crate::members::Member;
use crate::{causes, driver, errors, launch, refresh};
use api::autoscaling as wire;
use api::ec2;
use kernel::{ApiError, Caller, Row, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeSet;

resource! { autoscaling:
    operations {
        write LaunchInstances => launch_instances,
    }
    tables { Launch }
    housekeeping { "autoscaling.launch-purge" => purge }
}

/// Instances of one call.
const MAX_INSTANCES: i64 = 100;
const REMEMBERED_SECS: i64 = 86_400;

/// A call that was answered: the same call again gets the same answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    group: SmolStr,
    token: SmolStr,
    asked: Asked,
    made: Vec<Made>,
    failed: Vec<Failed>,
}

/// Instances that are alike.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Made {
    instance_type: SmolStr,
    spot: bool,
    subnet: SmolStr,
    zone: SmolStr,
    ids: Vec<SmolStr>,
}

/// A launch that came to nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Failed {
    /// Empty in a zone of the default VPC.
    subnet: SmolStr,
    zone: SmolStr,
    code: SmolStr,
    message: String,
}

/// The parameters of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    capacity: i64,
    zones: Option<Vec<SmolStr>>,
    zone_ids: Option<Vec<SmolStr>>,
    subnets: Option<Vec<SmolStr>>,
    retry_strategy: Option<SmolStr>,
}

impl Asked {
    fn of(input: &wire::LaunchInstancesRequest) -> Self {
        Self {
            capacity: input.requested_capacity,
            zones: input.availability_zones.clone(),
            zone_ids: input.availability_zone_ids.clone(),
            subnets: input.subnet_ids.clone(),
            retry_strategy: input.retry_strategy.clone(),
        }
    }
}

impl Launch {
    fn key_of(group: &str, token: &str) -> SmolStr {
        format_smolstr!("{group}\u{1}{token}")
    }

    fn answer(&self, caller: &Caller) -> wire::LaunchInstancesResult {
        wire::LaunchInstancesResult {
            auto_scaling_group_name: Some(self.group.clone()),
            client_token: Some(self.token.clone()),
            instances: Some(self.made.iter().map(|made| made.render(caller)).collect()),
            errors: Some(self.failed.iter().map(|failed| failed.render(caller)).collect()),
        }
    }
}

impl Row for Launch {
    const TABLE: &'static str = "autoscaling.launches";

    fn key(&self) -> SmolStr {
        Self::key_of(&self.group, &self.token)
    }
}

fn purge(tx: &mut Tx, _: &Caller, key: &str) {
    tx.remove::<Launch>(key);
}

/// The desired capacity grows by what was launched, or by what was asked for if what is missing
/// is to be tried again.
fn launch_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::LaunchInstancesRequest,
) -> Result<wire::LaunchInstancesResult, ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    let asked = Asked::of(&input);
    let key = Launch::key_of(&group.name, &input.client_token);
    if let Some(old) = tx.get::<Launch>(&key) {
        return match old.asked == asked {
            true => Ok(old.answer(caller)),
            false => Err(errors::other_parameters(&input.client_token)),
        };
    }
    let place = check(caller, &group, &input)?;
    let requested = input.requested_capacity;
    let mut launcher =
        launch::Launcher::new(refresh::target(tx, &group), caller.via("autoscaling"));
    let cause = vec![causes::launched_by_user(tx.now(), requested)];
    let before: BTreeSet<SmolStr> = group.members(tx).map(|m| m.instance_id.clone()).collect();
    let units = usize::try_from(requested).unwrap_or(0);
    let failures = launcher.launch_into_place(tx, &place, units, &cause);
    let new: Vec<(SmolStr, i64)> = group
        .members(tx)
        .filter(|m| !before.contains(&m.instance_id))
        .map(|m: &std::sync::Arc<Member>| (m.instance_id.clone(), m.units() as i64))
        .collect();
    let launched: i64 = new.iter().map(|(_, units)| units).sum();
    let retries = input.retry_strategy.as_deref() == Some("retry-with-group-configuration");
    let grows = if retries { requested.max(launched) } else { launched };
    let mut changed = Group::clone(&*tx.get::<Group>(&group.name).unwrap_or(group));
    changed.desired = (changed.desired + grows).min(changed.max);
    driver::react(tx, &mut changed);
    let launch = Launch {
        group: changed.name.clone(),
        token: input.client_token,
        asked,
        failed: failures.into_iter().map(|failure| failed(&place, failure)).collect(),
        made: collections(tx, caller, new.into_iter().map(|(id, _)| id).collect()),
    };
    tx.put(changed);
    let answer = launch.answer(caller);
    tx.put(launch);
    tx.schedule(tx.now().plus_secs(REMEMBERED_SECS), "autoscaling.launch-purge", &key);
    Ok(answer)
}

/// Where to launch, if the group may.
fn check(
    caller: &Caller,
    group: &Group,
    input: &wire::LaunchInstancesRequest,
) -> Result<Place, ApiError> {
    let refuse = |why: &str| Err(errors::validation(why));
    if group.deleting {
        return refuse(&format!("AutoScalingGroup '{}' is pending delete.", group.name));
    }
    if group.is_suspended("Launch") {
        return refuse("Instances cannot be launched while the Launch process is suspended.");
    }
    match (&group.template, &group.mixed) {
        (None, None) => {
            return refuse(
                "LaunchInstances is not supported for Auto Scaling groups that use a launch \
                 configuration.",
            );
        }
        (_, Some(mixed)) if !mixed.distribution.is_pure() => {
            return refuse(
                "LaunchInstances is not supported for mixed instances policies that combine \
                 On-Demand and Spot Instances.",
            );
        }
        _ => {}
    }
    if input.requested_capacity > MAX_INSTANCES && group.mixed.is_none() {
        return refuse("You can launch at most 100 instances in one request.");
    }
    if group.desired + input.requested_capacity > group.max {
        return Err(errors::above_max(group.desired + input.requested_capacity, group.max));
    }
    let first = |list: &Option<Vec<SmolStr>>| list.as_ref().and_then(|l| l.first().cloned());
    let (name, id) = (first(&input.availability_zones), first(&input.availability_zone_ids));
    let subnet = first(&input.subnet_ids);
    if name.is_some() && id.is_some() {
        return refuse("You cannot specify both AvailabilityZones and AvailabilityZoneIds.");
    }
    let region = catalogue::region(&caller.region);
    let named = |zone: SmolStr| {
        region.and_then(|region| region.zone(&zone)).map_or(zone, |zone| zone.name.clone())
    };
    let zone = name.or(id).map(named);
    if zone.is_none() && subnet.is_none() && group.places.len() > 1 {
        return refuse(
            "You must specify an Availability Zone or a subnet for an Auto Scaling group with \
             multiple Availability Zones.",
        );
    }
    let fits = |place: &&Place| {
        zone.as_ref().is_none_or(|zone| place.zone == *zone)
            && subnet.as_ref().is_none_or(|subnet| place.subnets.contains(subnet))
    };
    let Some(place) = group.places.iter().find(fits) else {
        return refuse(
            "The specified Availability Zone or subnet is not part of the Auto Scaling group.",
        );
    };
    let subnets = subnet.map_or_else(|| place.subnets.clone(), |subnet| vec![subnet]);
    Ok(Place { zone: place.zone.clone(), subnets })
}

fn zone_id(caller: &Caller, zone: &str) -> Option<SmolStr> {
    Some(catalogue::region(&caller.region)?.zone(zone)?.id.clone())
}

impl Made {
    fn render(&self, caller: &Caller) -> wire::InstanceCollection {
        wire::InstanceCollection {
            instance_type: Some(self.instance_type.clone()),
            market_type: Some(SmolStr::new_static(if self.spot { "Spot" } else { "OnDemand" })),
            subnet_id: Some(self.subnet.clone()),
            availability_zone: Some(self.zone.clone()),
            availability_zone_id: zone_id(caller, &self.zone),
            instance_ids: Some(self.ids.clone()),
        }
    }
}

impl Failed {
    fn render(&self, caller: &Caller) -> wire::LaunchInstancesError {
        wire::LaunchInstancesError {
            subnet_id: (!self.subnet.is_empty()).then(|| self.subnet.clone()),
            availability_zone: Some(self.zone.clone()),
            availability_zone_id: zone_id(caller, &self.zone),
            error_code: Some(self.code.clone()),
            error_message: Some(self.message.as_str().into()),
            ..Default::default()
        }
    }
}

fn failed(place: &Place, (error, subnet): (ApiError, SmolStr)) -> Failed {
    let code = error.code.as_str().into();
    Failed { subnet, zone: place.zone.clone(), code, message: error.message }
}

/// What was launched, by type, market and place.
fn collections(tx: &mut Tx, caller: &Caller, ids: Vec<SmolStr>) -> Vec<Made> {
    if ids.is_empty() {
        return Vec::new();
    }
    let request = ec2::DescribeInstancesRequest { instance_ids: Some(ids), ..Default::default() };
    let found = tx.call::<ec2::ops::DescribeInstances>(&caller.via("autoscaling"), request);
    let reservations = found.ok().and_then(|f| f.reservations).unwrap_or_default();
    let mut made: Vec<Made> = Vec::new();
    for instance in reservations.into_iter().filter_map(|r| r.instances).flatten() {
        let one = Made {
            instance_type: instance.instance_type.unwrap_or_default(),
            spot: instance.instance_lifecycle.as_deref() == Some("spot"),
            subnet: instance.subnet_id.unwrap_or_default(),
            zone: instance.placement.and_then(|p| p.availability_zone).unwrap_or_default(),
            ids: instance.instance_id.into_iter().collect(),
        };
        let alike = |other: &&mut Made| {
            other.instance_type == one.instance_type
                && (other.spot, &other.subnet, &other.zone) == (one.spot, &one.subnet, &one.zone)
        };
        match made.iter_mut().find(alike) {
            Some(other) => other.ids.extend(one.ids),
            None => made.push(one),
        }
    }
    made
}
