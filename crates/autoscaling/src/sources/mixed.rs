//! Mixed instances policies, and the choice among a group's ways to launch.

use super::row::{Distribution, Mixed, Override, TemplateRef};
use super::templates::{self, Base, Resolved};
use super::{Offer, Round, of_configuration};
use crate::errors;
use crate::groups::Group;
use crate::launch_configurations::LaunchConfiguration;
use crate::members::Member;
use api::autoscaling as wire;
use api::ec2;
use kernel::{ApiError, Caller, Tx, from_document, to_document};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// A policy of a request, checked.
pub(super) fn from_wire(
    tx: &mut Tx,
    caller: &Caller,
    given: &wire::MixedInstancesPolicy,
) -> Result<Mixed, ApiError> {
    let launch = given.launch_template.as_ref();
    let specification = launch.and_then(|l| l.launch_template_specification.as_ref());
    let specification = specification.ok_or_else(|| {
        errors::validation(
            "Valid requests must contain a LaunchTemplateSpecification in the MixedInstancesPolicy.",
        )
    })?;
    let template = templates::named(tx, caller, specification)?;
    templates::check_template(tx, caller, &template)?;
    let mut overrides = Vec::new();
    for given in launch.and_then(|l| l.overrides.as_deref()).unwrap_or_default() {
        overrides.push(one_override(tx, caller, given)?);
    }
    let weights = overrides.iter().filter(|o| o.weight.is_some()).count();
    if weights != 0 && weights != overrides.len() {
        return Err(errors::validation(
            "You must specify a WeightedCapacity for either all or none of the overrides.",
        ));
    }
    if overrides.len() > 40 {
        return Err(errors::validation("You can specify at most 40 launch template overrides."));
    }
    let distribution = distribution(given.instances_distribution.as_ref())?;
    Ok(Mixed { template, overrides, distribution })
}

fn one_override(
    tx: &mut Tx,
    caller: &Caller,
    given: &wire::LaunchTemplateOverrides,
) -> Result<Override, ApiError> {
    if given.instance_type.is_some() == given.instance_requirements.is_some()
        && given.instance_type.is_some()
    {
        return Err(errors::validation(
            "You can specify either InstanceType or InstanceRequirements in an override, not both.",
        ));
    }
    if let Some(kind) =
        given.instance_type.as_ref().filter(|t| catalogue::instance_type(t).is_none())
    {
        return Err(errors::validation(format!(
            "You must use a valid fully-formed launch template. Invalid value '{kind}' for \
             InstanceType."
        )));
    }
    let weight = match given.weighted_capacity.as_deref() {
        None => None,
        Some(text) => {
            let number = text.parse::<u16>().ok().filter(|n| (1..=999).contains(n));
            Some(number.ok_or_else(|| {
                errors::validation(format!(
                    "WeightedCapacity must be between 1 and 999. Found: {text}"
                ))
            })?)
        }
    };
    let template = match &given.launch_template_specification {
        None => None,
        Some(specification) => {
            let template = templates::named(tx, caller, specification)?;
            templates::check_template(tx, caller, &template)?;
            Some(template)
        }
    };
    Ok(Override {
        instance_type: given.instance_type.clone(),
        weight,
        template,
        requirements: given.instance_requirements.clone().map(to_document),
        image_id: given.image_id.clone(),
    })
}

fn distribution(given: Option<&wire::InstancesDistribution>) -> Result<Distribution, ApiError> {
    let given = given.cloned().unwrap_or_default();
    if given.distribution_segments.is_some() {
        return Err(ApiError::not_implemented("DistributionSegments"));
    }
    let word = |given: Option<SmolStr>, default| given.unwrap_or(SmolStr::new_static(default));
    let on_demand_strategy = word(given.on_demand_allocation_strategy, "prioritized");
    let spot_strategy = word(given.spot_allocation_strategy, "lowest-price");
    let known = ["prioritized", "lowest-price"];
    if !known.contains(&on_demand_strategy.as_str()) {
        return Err(errors::validation(format!(
            "{on_demand_strategy} is not a valid OnDemandAllocationStrategy."
        )));
    }
    const SPOT: [&str; 4] = [
        "lowest-price",
        "capacity-optimized",
        "capacity-optimized-prioritized",
        "price-capacity-optimized",
    ];
    if !SPOT.contains(&spot_strategy.as_str()) {
        return Err(errors::validation(format!(
            "{spot_strategy} is not a valid SpotAllocationStrategy."
        )));
    }
    let base = given.on_demand_base_capacity.unwrap_or(0);
    let percent = given.on_demand_percentage_above_base_capacity.unwrap_or(100);
    if base < 0 || !(0..=100).contains(&percent) {
        return Err(errors::validation(
            "OnDemandBaseCapacity must not be negative, and OnDemandPercentageAboveBaseCapacity \
             must be between 0 and 100.",
        ));
    }
    let pools = given.spot_instance_pools;
    if pools.is_some_and(|n| !(1..=20).contains(&n))
        || pools.is_some() && spot_strategy != "lowest-price"
    {
        return Err(errors::validation(
            "SpotInstancePools must be between 1 and 20 and is only available with the \
             lowest-price allocation strategy.",
        ));
    }
    Ok(Distribution {
        spot_pools: match spot_strategy.as_str() {
            "lowest-price" => Some(pools.unwrap_or(2) as usize),
            _ => None,
        },
        on_demand_strategy,
        on_demand_base: base as usize,
        on_demand_percent: percent as usize,
        spot_strategy,
        spot_max_price: given.spot_max_price.unwrap_or_default(),
    })
}

/// The rounds in which a group launches `units` units of capacity.
pub(crate) fn offers(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    units: usize,
) -> Result<Vec<Round>, ApiError> {
    if units == 0 {
        return Ok(Vec::new());
    }
    if let Some(template) = &group.template {
        let resolved = templates::resolve(tx, caller, template)?;
        let offer = of_template(&resolved, &Override::default(), None);
        return Ok(vec![Round { units, offers: vec![offer] }]);
    }
    if let Some(mixed) = &group.mixed {
        return of_mixed(tx, caller, group, mixed, units);
    }
    let name = &group.launch_configuration;
    let configuration = tx.get::<LaunchConfiguration>(name);
    let configuration =
        configuration.ok_or_else(|| errors::launch_configuration_not_found(name))?;
    Ok(vec![Round { units, offers: vec![of_configuration(configuration)] }])
}

fn of_template(resolved: &Resolved, over: &Override, spot: Option<SmolStr>) -> Offer {
    Offer {
        configuration: SmolStr::default(),
        template: Some(resolved.version.clone()),
        weight: over.weight,
        units: over.weight.map_or(1, usize::from),
        spot: spot.is_some() || resolved.is_spot,
        instance_tags: resolved.tags.clone(),
        base: super::Base::Template(Box::new(Base {
            version: resolved.version.clone(),
            instance_type: over.instance_type.clone(),
            image_id: over.image_id.clone(),
            spot,
            interface: resolved.interface.clone(),
        })),
    }
}

/// On-demand units: the base, and the percentage of what is above it, rounded up.
fn on_demand_units(distribution: &Distribution, total: usize) -> usize {
    let base = distribution.on_demand_base.min(total);
    base + ((total - base) * distribution.on_demand_percent).div_ceil(100)
}

fn of_mixed(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    mixed: &Mixed,
    units: usize,
) -> Result<Vec<Round>, ApiError> {
    let (mut on_demand, mut total) = (0, 0);
    for member in group.members(tx).filter(|m| !m.state.is_terminating() && !m.state.is_warmed()) {
        total += member.units();
        on_demand += if member.spot { 0 } else { member.units() };
    }
    let wanted = on_demand_units(&mixed.distribution, total + units);
    let first = wanted.saturating_sub(on_demand).min(units);
    let mut rounds = Vec::new();
    if first > 0 {
        let mut offers = ways(tx, caller, mixed, None)?;
        if mixed.distribution.on_demand_strategy == "lowest-price" {
            offers.sort_by_key(cost_per_unit);
        }
        rounds.push(Round { units: first, offers });
    }
    let rest = units - first;
    if rest > 0 {
        let price = mixed.distribution.spot_max_price.clone();
        let mut offers = ways(tx, caller, mixed, Some(price))?;
        let strategy = mixed.distribution.spot_strategy.as_str();
        if matches!(strategy, "lowest-price" | "price-capacity-optimized") {
            offers.sort_by_key(cost_per_unit);
        }
        let pools = mixed.distribution.spot_pools.unwrap_or(1).clamp(1, offers.len().max(1));
        // The cheapest pools take turns.
        let share = rest.div_ceil(pools);
        let mut left = rest;
        for turn in 0..pools {
            let mut turned = offers.clone();
            turned.rotate_left(turn);
            let units = share.min(left);
            left -= units;
            if units > 0 {
                rounds.push(Round { units, offers: turned });
            }
        }
    }
    Ok(rounds)
}

/// A stand-in for the price of a unit of capacity: there is no honest list of prices here, but
/// within a family prices go with vCPUs and memory.
fn cost_per_unit(offer: &Offer) -> u64 {
    let super::Base::Template(base) = &offer.base else { return 0 };
    let kind = base.instance_type.as_deref().and_then(catalogue::instance_type);
    let cost = kind.map_or(0, |t| u64::from(t.vcpus) * 4_096 + t.memory_mib);
    cost / offer.units.max(1) as u64
}

/// Every way in which a mixed group can launch, in the order of its overrides.
fn ways(
    tx: &mut Tx,
    caller: &Caller,
    mixed: &Mixed,
    spot: Option<SmolStr>,
) -> Result<Vec<Offer>, ApiError> {
    let mut resolved: BTreeMap<SmolStr, Resolved> = BTreeMap::new();
    let mut offers = Vec::new();
    let plain = [Override::default()];
    let overrides = if mixed.overrides.is_empty() { &plain[..] } else { &mixed.overrides };
    for over in overrides {
        let template: &TemplateRef = over.template.as_ref().unwrap_or(&mixed.template);
        if !resolved.contains_key(&template.id) {
            resolved.insert(template.id.clone(), templates::resolve(tx, caller, template)?);
        }
        let Some(template) = resolved.get(&template.id) else { continue };
        match &over.requirements {
            None => offers.push(of_template(template, over, spot.clone())),
            Some(requirements) => {
                for kind in matching(tx, caller, requirements)? {
                    let over = Override { instance_type: Some(kind), ..over.clone() };
                    offers.push(of_template(template, &over, spot.clone()));
                }
            }
        }
    }
    Ok(offers)
}

/// The instance types that meet requirements, the smallest first.
fn matching(
    tx: &mut Tx,
    caller: &Caller,
    requirements: &serde_json::Value,
) -> Result<Vec<SmolStr>, ApiError> {
    let request = ec2::GetInstanceTypesFromInstanceRequirementsRequest {
        architecture_types: vec!["x86_64".into()],
        virtualization_types: vec!["hvm".into()],
        instance_requirements: from_document(requirements),
        max_results: Some(1_000),
        ..Default::default()
    };
    let caller = caller.via("autoscaling");
    let found = tx.call::<ec2::ops::GetInstanceTypesFromInstanceRequirements>(&caller, request)?;
    let mut kinds: Vec<SmolStr> = found
        .instance_types
        .unwrap_or_default()
        .into_iter()
        .filter_map(|t| t.instance_type)
        .collect();
    let size =
        |kind: &SmolStr| catalogue::instance_type(kind).map_or((0, 0), |t| (t.vcpus, t.memory_mib));
    kinds.sort_by_key(|kind| (size(kind), kind.clone()));
    if kinds.is_empty() {
        return Err(errors::validation(
            "No instance type matches the instance requirements. Launching EC2 instance failed.",
        ));
    }
    kinds.truncate(40);
    Ok(kinds)
}

/// In which order a mixed group gives its instances up: of the purchase option that it has too
/// much of first, and then, for the strategies with an order, the last of the overrides first.
pub(crate) fn allocation_ranks(tx: &Tx, group: &Group) -> BTreeMap<SmolStr, i64> {
    let Some(mixed) = &group.mixed else { return BTreeMap::new() };
    let members: Vec<&Member> = group
        .members(tx)
        .map(|member| &**member)
        .filter(|m| !m.state.is_terminating() && !m.state.is_warmed())
        .collect();
    let desired = usize::try_from(group.desired).unwrap_or(0);
    let wanted = on_demand_units(&mixed.distribution, desired);
    let on_demand: usize = members.iter().filter(|m| !m.spot).map(|m| m.units()).sum();
    let spot: usize = members.iter().filter(|m| m.spot).map(|m| m.units()).sum();
    let spot_goes = spot > desired.saturating_sub(wanted);
    let on_demand_goes = on_demand > wanted;
    let place = |member: &Member| {
        let at = mixed
            .overrides
            .iter()
            .position(|o| o.instance_type.as_ref() == Some(&member.instance_type));
        at.map_or(0, |at| at as i64)
    };
    let rank = |member: &Member| {
        let goes = if member.spot { spot_goes } else { on_demand_goes };
        let prioritized = match member.spot {
            true => mixed.distribution.spot_strategy == "capacity-optimized-prioritized",
            false => mixed.distribution.on_demand_strategy == "prioritized",
        };
        let order = if prioritized { -place(member) } else { 0 };
        (if goes { 0 } else { 1_000 }) + order
    };
    members.into_iter().map(|m| (m.instance_id.clone(), rank(m))).collect()
}
