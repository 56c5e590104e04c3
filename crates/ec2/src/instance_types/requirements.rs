//! GetInstanceTypesFromInstanceRequirements: the types that have the attributes asked for.
//!
//! "Attribute-based instance type selection" in the user guide, with its defaults: bare metal and
//! burstable types are left out unless asked for, everything else is in. As documented for this
//! call, price protection plays no part. Attributes that the catalogue does not know are refused.

use crate::{errors, facts};
use api::ec2::{
    GetInstanceTypesFromInstanceRequirementsRequest,
    GetInstanceTypesFromInstanceRequirementsResult, InstanceRequirementsRequest,
    InstanceTypeInfoFromInstanceRequirements,
};
use catalogue::InstanceType;
use kernel::{ApiError, Caller, Snapshot, glob_matches};
use serde_json::Value;
use smol_str::SmolStr;

pub(super) fn get_instance_types_from_instance_requirements(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetInstanceTypesFromInstanceRequirementsRequest,
) -> Result<GetInstanceTypesFromInstanceRequirementsResult, ApiError> {
    let wanted = &input.instance_requirements;
    check(wanted)?;
    errors::dry_run(input.dry_run)?;
    let limit = match input.max_results {
        None => 1_000,
        Some(n) if (1..=1_000).contains(&n) => n as usize,
        Some(n) => return Err(errors::max_results_above(n, 1_000)),
    };
    let runs = |type_: &&InstanceType| {
        let architecture = type_.architectures.iter();
        let virtualization = type_.virtualization.iter();
        architecture.into_iter().any(|own| has(&input.architecture_types, own.as_str()))
            && virtualization.into_iter().any(|own| has(&input.virtualization_types, own.as_str()))
    };
    let offered = catalogue::offerings_in_region(snapshot.region());
    let found = offered.filter(runs).filter(|type_| fits(type_, wanted));
    let operation = "GetInstanceTypesFromInstanceRequirements";
    let token = input.next_token.as_deref();
    let page = facts::page(operation, token, limit, found, |type_| type_.name.clone())?;
    let render = |type_: &InstanceType| InstanceTypeInfoFromInstanceRequirements {
        instance_type: Some(type_.name.clone()),
    };
    Ok(GetInstanceTypesFromInstanceRequirementsResult {
        instance_types: Some(page.items.into_iter().map(render).collect()),
        next_token: page.next,
    })
}

fn check(wanted: &InstanceRequirementsRequest) -> Result<(), ApiError> {
    if wanted.baseline_performance_factors.is_some() {
        let what = "attribute-based selection by BaselinePerformanceFactors";
        return Err(ApiError::not_implemented(what));
    }
    if wanted.allowed_instance_types.is_some() && wanted.excluded_instance_types.is_some() {
        return Err(errors::invalid_combination(
            "AllowedInstanceTypes and ExcludedInstanceTypes can't both be specified.",
        ));
    }
    Ok(())
}

fn has(list: &[SmolStr], value: &str) -> bool {
    list.iter().any(|item| item == value)
}

/// Whether a list that was left out, or that holds the value, lets it through.
fn allows(list: Option<&Vec<SmolStr>>, value: &str) -> bool {
    list.is_none_or(|list| has(list, value))
}

/// Whether a value lies between two bounds, each of which may be absent.
fn within(value: f64, least: Option<f64>, most: Option<f64>) -> bool {
    least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
}

/// `included`, `required` or `excluded`.
fn admits(word: Option<&str>, default: &str, present: bool) -> bool {
    match word.unwrap_or(default) {
        "required" => present,
        "excluded" => !present,
        _ => true,
    }
}

fn int(value: Option<i64>) -> Option<f64> {
    value.map(|value| value as f64)
}

fn fits(type_: &InstanceType, wanted: &InstanceRequirementsRequest) -> bool {
    let memory = type_.memory_mib as f64;
    let vcpus = f64::from(type_.vcpus);
    let generation = if type_.current_generation { "current" } else { "previous" };
    let per_vcpu = wanted.memory_gi_b_per_v_cpu.as_ref();
    let named = |list: &Vec<SmolStr>| list.iter().any(|glob| glob_matches(glob, &type_.name));
    within(vcpus, Some(wanted.v_cpu_count.min as f64), int(wanted.v_cpu_count.max))
        && within(memory, Some(wanted.memory_mi_b.min as f64), int(wanted.memory_mi_b.max))
        && per_vcpu.is_none_or(|range| within(memory / 1_024.0 / vcpus, range.min, range.max))
        && wanted.cpu_manufacturers.as_ref().is_none_or(|list| has(list, manufacturer(type_)))
        && !wanted.excluded_instance_types.as_ref().is_some_and(named)
        && wanted.allowed_instance_types.as_ref().is_none_or(named)
        && allows(wanted.instance_generations.as_ref(), generation)
        && admits(wanted.bare_metal.as_deref(), "excluded", type_.bare_metal)
        && admits(wanted.burstable_performance.as_deref(), "excluded", type_.burstable)
        && (wanted.require_hibernate_support != Some(true) || type_.hibernation)
        && storage_fits(type_, wanted)
        && network_fits(type_, wanted)
        && accelerators_fit(type_, wanted)
}

/// The CPU's manufacturer as the API's requirements spell it.
fn manufacturer(type_: &InstanceType) -> &'static str {
    match type_.manufacturer.to_ascii_lowercase().as_str() {
        "aws" => "amazon-web-services",
        "amd" => "amd",
        "apple" => "apple",
        "intel" => "intel",
        _ => "",
    }
}

fn storage_fits(type_: &InstanceType, wanted: &InstanceRequirementsRequest) -> bool {
    let disks = type_.instance_storage.as_ref();
    let total = disks.map_or(0.0, |disks| f64::from(disks.total_gb));
    let baseline = type_.ebs_bandwidth.as_ref().map_or(0.0, |b| f64::from(b.baseline_mbps));
    admits(wanted.local_storage.as_deref(), "included", disks.is_some())
        && disks.is_none_or(|d| allows(wanted.local_storage_types.as_ref(), &d.disk_type))
        && wanted.total_local_storage_gb.as_ref().is_none_or(|r| within(total, r.min, r.max))
        && wanted
            .baseline_ebs_bandwidth_mbps
            .as_ref()
            .is_none_or(|range| within(baseline, int(range.min), int(range.max)))
}

fn network_fits(type_: &InstanceType, wanted: &InstanceRequirementsRequest) -> bool {
    let interfaces = f64::from(type_.max_interfaces);
    let in_count = |least, most| within(interfaces, int(least), int(most));
    wanted.network_interface_count.as_ref().is_none_or(|range| in_count(range.min, range.max))
        && wanted.network_bandwidth_gbps.as_ref().is_none_or(|range| {
            gbps(&type_.network_performance).is_some_and(|own| within(own, range.min, range.max))
        })
        && (wanted.require_encryption_in_transit != Some(true)
            || type_.record()["NetworkInfo"]["EncryptionInTransitSupported"] == true)
}

/// The bandwidth that `Up to 12.5 Gigabit` or `4x 100 Gigabit` says; words say none.
fn gbps(performance: &str) -> Option<f64> {
    let text = performance.strip_prefix("Up to ").unwrap_or(performance);
    let text = text.strip_suffix(" Gigabit")?;
    match text.split_once("x ") {
        Some((cards, each)) => Some(cards.parse::<f64>().ok()? * each.parse::<f64>().ok()?),
        None => text.parse().ok(),
    }
}

/// A kind of accelerator that a type has.
struct Accelerator {
    kind: &'static str,
    name: String,
    manufacturer: String,
    count: f64,
    memory_mib: f64,
}

fn accelerators(type_: &InstanceType) -> Vec<Accelerator> {
    let record = type_.record();
    let kinds = [
        ("gpu", "/GpuInfo/Gpus"),
        ("fpga", "/FpgaInfo/Fpgas"),
        ("inference", "/InferenceAcceleratorInfo/Accelerators"),
        ("media", "/MediaAcceleratorInfo/Accelerators"),
    ];
    let list = |pointer| record.pointer(pointer).and_then(Value::as_array).cloned();
    let each = kinds.iter().flat_map(|(kind, pointer)| {
        list(pointer).unwrap_or_default().into_iter().map(|device| (*kind, device))
    });
    each.map(|(kind, device)| {
        let count = device["Count"].as_f64().unwrap_or(0.0);
        let text = |name: &str| {
            device[name].as_str().unwrap_or_default().to_ascii_lowercase().replace(' ', "-")
        };
        let manufacturer = match text("Manufacturer").as_str() {
            "aws" | "amazon" => "amazon-web-services".to_owned(),
            other => other.to_owned(),
        };
        let memory_mib = device["MemoryInfo"]["SizeInMiB"].as_f64().unwrap_or(0.0) * count;
        Accelerator { kind, name: text("Name"), manufacturer, count, memory_mib }
    })
    .collect()
}

fn accelerators_fit(type_: &InstanceType, wanted: &InstanceRequirementsRequest) -> bool {
    let (kinds, makers) = (&wanted.accelerator_types, &wanted.accelerator_manufacturers);
    let (names, count) = (&wanted.accelerator_names, &wanted.accelerator_count);
    let memory = &wanted.accelerator_total_memory_mi_b;
    let asked = kinds.is_some() || makers.is_some() || names.is_some();
    if !asked && count.is_none() && memory.is_none() {
        return true;
    }
    let own = accelerators(type_);
    let total: f64 = own.iter().map(|a| a.count).sum();
    let total_memory: f64 = own.iter().map(|a| a.memory_mib).sum();
    let matches = |a: &Accelerator| {
        allows(kinds.as_ref(), a.kind)
            && allows(makers.as_ref(), &a.manufacturer)
            && allows(names.as_ref(), &a.name)
    };
    (!asked || own.iter().any(matches))
        && count.as_ref().is_none_or(|range| within(total, int(range.min), int(range.max)))
        && memory.as_ref().is_none_or(|r| within(total_memory, int(r.min), int(r.max)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidths_are_read_from_their_words() {
        assert_eq!(gbps("Up to 12.5 Gigabit"), Some(12.5));
        assert_eq!(gbps("4x 100 Gigabit"), Some(400.0));
        assert_eq!(gbps("Low to Moderate"), None);
    }
}
