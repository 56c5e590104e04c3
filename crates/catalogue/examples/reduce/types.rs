//! Instance types, their records, and which zones offer them.

use catalogue::{
    Architecture, BootMode, EbsBandwidth, Gpu, Hypervisor, InstanceStorage, InstanceType,
    RootDevice, Support, UsageClass, Virtualization,
    stored::{Places, Types},
};
use serde_json::Value;
use smol_str::SmolStr;

use crate::{Outcome, members, text, texts};

/// Whose first zone stands for the zones of regions without data.
const TYPICAL: (&str, &str) = ("us-east-2", "us-east-2a");

pub fn reduce(records: &Value, offerings: &Value, places: &Places) -> Types {
    let types: Vec<_> = members(records).into_iter().map(|(_, record)| one(record)).collect();
    let mut sets: Vec<Vec<u64>> = Vec::new();
    let mut zones = Vec::new();
    for region in &places.regions {
        // Zones pair with the data's in order: us-west-1's `c` is the data's `b`.
        let known = members(&offerings[region.name.as_str()]);
        for (at, zone) in region.zones.iter().enumerate() {
            let names = known.get(at).map_or(&offerings[TYPICAL.0][TYPICAL.1], |(_, names)| names);
            let set = bits(&types, &texts(names));
            let index = sets.iter().position(|known| *known == set).unwrap_or_else(|| {
                sets.push(set);
                sets.len() - 1
            });
            zones.push((zone.name.clone(), u16::try_from(index).expect("few sets")));
        }
    }
    zones.sort();
    Types { types, sets, zones }
}

/// Per family, a zstd frame of one record a line.
pub fn records(records: &Value, level: i32) -> Outcome<Vec<(String, Vec<u8>)>> {
    let mut families: Vec<(String, Vec<u8>)> = Vec::new();
    // Names sorted as texts are not sorted by family: `m5-x.large` < `m5.large`.
    let mut all = members(records);
    all.sort_by_key(|(name, _)| name.split_once('.').map_or((*name, ""), |parts| parts));
    for (name, record) in all {
        let family = name.split('.').next().unwrap_or(name);
        if families.last().is_none_or(|(last, _)| last != family) {
            families.push((family.to_owned(), Vec::new()));
        }
        if let Some((_, lines)) = families.last_mut() {
            serde_json::to_writer(&mut *lines, record)?;
            lines.push(b'\n');
        }
    }
    for (_, lines) in &mut families {
        *lines = zstd::encode_all(lines.as_slice(), level)?;
    }
    Ok(families)
}

fn bits(types: &[InstanceType], names: &[&str]) -> Vec<u64> {
    let mut set = vec![0; types.len().div_ceil(64)];
    for name in names {
        let known = types.binary_search_by(|known| known.name.as_str().cmp(name));
        let at = known.unwrap_or_else(|_| panic!("{name} is offered but has no record"));
        set[at / 64] |= 1 << (at % 64);
    }
    set
}

fn one(record: &Value) -> InstanceType {
    let (cpu, network, ebs) = (&record["VCpuInfo"], &record["NetworkInfo"], &record["EbsInfo"]);
    let processor = &record["ProcessorInfo"];
    InstanceType {
        name: text(record, "InstanceType").into(),
        vcpus: number(&cpu["DefaultVCpus"]),
        cores: number(&cpu["DefaultCores"]),
        threads_per_core: number(&cpu["DefaultThreadsPerCore"]),
        valid_cores: numbers(&cpu["ValidCores"]),
        valid_threads_per_core: numbers(&cpu["ValidThreadsPerCore"]),
        memory_mib: number(&record["MemoryInfo"]["SizeInMiB"]),
        architectures: words(&processor["SupportedArchitectures"], Architecture::from_text),
        manufacturer: text(processor, "Manufacturer").into(),
        clock_ghz: processor["SustainedClockSpeedInGhz"].as_f64(),
        current_generation: record["CurrentGeneration"] == true,
        free_tier_eligible: record["FreeTierEligible"] == true,
        bare_metal: record["BareMetal"] == true,
        burstable: record["BurstablePerformanceSupported"] == true,
        hibernation: record["HibernationSupported"] == true,
        dedicated_hosts: record["DedicatedHostsSupported"] == true,
        auto_recovery: record["AutoRecoverySupported"] == true,
        nitro_enclaves: record["NitroEnclavesSupport"] == "supported",
        nitro_tpm: record["NitroTpmSupport"] == "supported",
        hypervisor: record["Hypervisor"].as_str().and_then(Hypervisor::from_text),
        usage_classes: words(&record["SupportedUsageClasses"], UsageClass::from_text),
        virtualization: words(&record["SupportedVirtualizationTypes"], Virtualization::from_text),
        root_devices: words(&record["SupportedRootDeviceTypes"], RootDevice::from_text),
        boot_modes: words(&record["SupportedBootModes"], BootMode::from_text),
        cluster_placement: texts(&record["PlacementGroupInfo"]["SupportedStrategies"])
            .contains(&"cluster"),
        network_performance: text(network, "NetworkPerformance").into(),
        max_interfaces: number(&network["MaximumNetworkInterfaces"]),
        max_network_cards: number(&network["MaximumNetworkCards"]),
        ipv4_per_interface: number(&network["Ipv4AddressesPerInterface"]),
        ipv6_per_interface: number(&network["Ipv6AddressesPerInterface"]),
        ipv6: network["Ipv6Supported"] == true,
        ena: support(&network["EnaSupport"]),
        efa: network["EfaSupported"] == true,
        ebs_optimized: support(&ebs["EbsOptimizedSupport"]),
        ebs_nvme: support(&ebs["NvmeSupport"]),
        max_ebs_attachments: number(&ebs["MaximumEbsAttachments"]),
        ebs_bandwidth: ebs.get("EbsOptimizedInfo").map(|info| EbsBandwidth {
            baseline_mbps: number(&info["BaselineBandwidthInMbps"]),
            maximum_mbps: number(&info["MaximumBandwidthInMbps"]),
            baseline_iops: number(&info["BaselineIops"]),
            maximum_iops: number(&info["MaximumIops"]),
        }),
        instance_storage: record.get("InstanceStorageInfo").map(storage),
        gpus: list(&record["GpuInfo"]["Gpus"]).iter().map(gpu).collect(),
    }
}

fn storage(info: &Value) -> InstanceStorage {
    let disks = list(&info["Disks"]);
    InstanceStorage {
        total_gb: number(&info["TotalSizeInGB"]),
        disks: disks.iter().map(|disk| number::<u16>(&disk["Count"])).sum(),
        disk_type: disks.first().map_or(SmolStr::default(), |disk| text(disk, "Type").into()),
        nvme: support(&info["NvmeSupport"]),
    }
}

fn gpu(gpu: &Value) -> Gpu {
    Gpu {
        name: text(gpu, "Name").into(),
        manufacturer: text(gpu, "Manufacturer").into(),
        count: number(&gpu["Count"]),
        memory_mib: number(&gpu["MemoryInfo"]["SizeInMiB"]),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// An absent number is 0.
fn number<T: TryFrom<u64> + Default>(value: &Value) -> T {
    let fits = |n: u64| T::try_from(n).unwrap_or_else(|_| panic!("{n} does not fit"));
    value.as_u64().map_or_else(T::default, fits)
}

fn numbers<T: TryFrom<u64> + Default>(value: &Value) -> Vec<T> {
    list(value).iter().map(number).collect()
}

fn words<T>(value: &Value, read: fn(&str) -> Option<T>) -> Vec<T> {
    texts(value).into_iter().map(|w| read(w).unwrap_or_else(|| panic!("unknown {w}"))).collect()
}

fn support(value: &Value) -> Support {
    value.as_str().and_then(Support::from_text).unwrap_or(Support::Unsupported)
}
