//! DescribeInstanceTypes and DescribeInstanceTypeOfferings.
//!
//! A type's record is the catalogue's, with the API's member names; `render` turns it into the
//! wire type, and a filter's name says which members it looks at.

mod render;
mod requirements;

use crate::{errors, facts};
use api::ec2::{
    DescribeInstanceTypeOfferingsRequest, DescribeInstanceTypeOfferingsResult,
    DescribeInstanceTypesRequest, DescribeInstanceTypesResult, InstanceTypeOffering,
};
use catalogue::InstanceType;
use kernel::{ApiError, Caller, FilterRow, Snapshot, paginate, resource};
use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr};

/// Pages of DescribeInstanceTypes hold at most this many types, asked for or not.
const MAX_PAGE: i64 = 100;

/// A filter that looks at one member of the record: its path, through lists.
macro_rules! member {
    ($($name:literal => $($step:literal).+),* $(,)?) => {
        &[$(FilterRow {
            name: $name,
            values: |record: &Value, _, emit| emit_member(record, &[$($step),+], emit),
        }),*]
    };
}

static FILTERS: &[FilterRow<Value>] = member! {
    "auto-recovery-supported" => "AutoRecoverySupported",
    "bare-metal" => "BareMetal",
    "burstable-performance-supported" => "BurstablePerformanceSupported",
    "current-generation" => "CurrentGeneration",
    "dedicated-hosts-supported" => "DedicatedHostsSupported",
    "ebs-info.attachment-limit-type" => "EbsInfo"."AttachmentLimitType",
    "ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps"
        => "EbsInfo"."EbsOptimizedInfo"."BaselineBandwidthInMbps",
    "ebs-info.ebs-optimized-info.baseline-iops" => "EbsInfo"."EbsOptimizedInfo"."BaselineIops",
    "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps"
        => "EbsInfo"."EbsOptimizedInfo"."BaselineThroughputInMBps",
    "ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps"
        => "EbsInfo"."EbsOptimizedInfo"."MaximumBandwidthInMbps",
    "ebs-info.ebs-optimized-info.maximum-iops" => "EbsInfo"."EbsOptimizedInfo"."MaximumIops",
    "ebs-info.ebs-optimized-info.maximum-throughput-in-mbps"
        => "EbsInfo"."EbsOptimizedInfo"."MaximumThroughputInMBps",
    "ebs-info.ebs-optimized-support" => "EbsInfo"."EbsOptimizedSupport",
    "ebs-info.encryption-support" => "EbsInfo"."EncryptionSupport",
    "ebs-info.maximum-ebs-attachments" => "EbsInfo"."MaximumEbsAttachments",
    "ebs-info.maximum-ebs-cards" => "EbsInfo"."MaximumEbsCards",
    "ebs-info.nvme-support" => "EbsInfo"."NvmeSupport",
    "free-tier-eligible" => "FreeTierEligible",
    "hibernation-supported" => "HibernationSupported",
    "hypervisor" => "Hypervisor",
    "instance-storage-info.disk.count" => "InstanceStorageInfo"."Disks"."Count",
    "instance-storage-info.disk.size-in-gb" => "InstanceStorageInfo"."Disks"."SizeInGB",
    "instance-storage-info.disk.type" => "InstanceStorageInfo"."Disks"."Type",
    "instance-storage-info.encryption-support" => "InstanceStorageInfo"."EncryptionSupport",
    "instance-storage-info.nvme-support" => "InstanceStorageInfo"."NvmeSupport",
    "instance-storage-info.total-size-in-gb" => "InstanceStorageInfo"."TotalSizeInGB",
    "instance-storage-supported" => "InstanceStorageSupported",
    "instance-type" => "InstanceType",
    "memory-info.size-in-mib" => "MemoryInfo"."SizeInMiB",
    "network-info.bandwidth-weightings" => "NetworkInfo"."BandwidthWeightings",
    "network-info.efa-info.maximum-efa-interfaces"
        => "NetworkInfo"."EfaInfo"."MaximumEfaInterfaces",
    "network-info.efa-supported" => "NetworkInfo"."EfaSupported",
    "network-info.ena-support" => "NetworkInfo"."EnaSupport",
    "network-info.encryption-in-transit-supported"
        => "NetworkInfo"."EncryptionInTransitSupported",
    "network-info.flexible-ena-queues-support" => "NetworkInfo"."FlexibleEnaQueuesSupport",
    "network-info.ipv4-addresses-per-interface" => "NetworkInfo"."Ipv4AddressesPerInterface",
    "network-info.ipv6-addresses-per-interface" => "NetworkInfo"."Ipv6AddressesPerInterface",
    "network-info.ipv6-supported" => "NetworkInfo"."Ipv6Supported",
    "network-info.maximum-network-cards" => "NetworkInfo"."MaximumNetworkCards",
    "network-info.maximum-network-interfaces" => "NetworkInfo"."MaximumNetworkInterfaces",
    "network-info.network-performance" => "NetworkInfo"."NetworkPerformance",
    "nitro-enclaves-support" => "NitroEnclavesSupport",
    "nitro-tpm-info.supported-versions" => "NitroTpmInfo"."SupportedVersions",
    "nitro-tpm-support" => "NitroTpmSupport",
    "processor-info.supported-architecture" => "ProcessorInfo"."SupportedArchitectures",
    "processor-info.supported-features" => "ProcessorInfo"."SupportedFeatures",
    "processor-info.sustained-clock-speed-in-ghz"
        => "ProcessorInfo"."SustainedClockSpeedInGhz",
    "reboot-migration-support" => "RebootMigrationSupport",
    "supported-boot-mode" => "SupportedBootModes",
    "supported-root-device-type" => "SupportedRootDeviceTypes",
    "supported-usage-class" => "SupportedUsageClasses",
    "supported-virtualization-type" => "SupportedVirtualizationTypes",
    "vcpu-info.default-cores" => "VCpuInfo"."DefaultCores",
    "vcpu-info.default-threads-per-core" => "VCpuInfo"."DefaultThreadsPerCore",
    "vcpu-info.default-vcpus" => "VCpuInfo"."DefaultVCpus",
    "vcpu-info.valid-cores" => "VCpuInfo"."ValidCores",
    "vcpu-info.valid-threads-per-core" => "VCpuInfo"."ValidThreadsPerCore",
};

fn emit_member(value: &Value, path: &[&str], emit: &mut dyn FnMut(&str)) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| emit_member(item, path, emit)),
        (_, [first, rest @ ..]) => {
            if let Some(member) = value.get(first) {
                emit_member(member, rest, emit);
            }
        }
        (Value::String(text), []) => emit(text),
        (other, []) => emit(&other.to_smolstr()),
    }
}

/// The types that the region offers, a hundred at a time.
fn describe_instance_types(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeInstanceTypesRequest,
) -> Result<DescribeInstanceTypesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let filters = facts::filters(FILTERS, input.filters.as_deref())?;
    let names = input.instance_types.unwrap_or_default();
    let limit = types_per_page(input.max_results)?;
    if !names.is_empty() && input.max_results.is_some() {
        return Err(errors::cannot_be_used_with("instanceTypes", "maxResults"));
    }
    let region = snapshot.region();
    let everywhere = input.include_unsupported_in_region == Some(true);
    let offered = |type_: &InstanceType| catalogue::offered_in_region(region, &type_.name);
    let missing: Vec<&str> = names
        .iter()
        .filter(|name| {
            !catalogue::instance_type(name).is_some_and(|type_| everywhere || offered(type_))
        })
        .map(SmolStr::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(errors::instance_types_not_found(&missing));
    }
    let mut asked: Vec<&SmolStr> = names.iter().chain(filters.exact("instance-type")).collect();
    asked.sort_unstable();
    asked.dedup();
    let types: Box<dyn Iterator<Item = &'static InstanceType>> = match (asked.is_empty(), everywhere)
    {
        (false, _) => Box::new(asked.into_iter().filter_map(|name| catalogue::instance_type(name))),
        (true, true) => Box::new(catalogue::instance_types().iter()),
        (true, false) => Box::new(catalogue::offerings_in_region(region)),
    };
    // Reading a record is dear: only those of this page are.
    let records = |after: &str| {
        let after = SmolStr::new(after);
        types
            .filter(move |type_| type_.name > after)
            .filter(|type_| everywhere || offered(type_))
            .filter(|type_| names.is_empty() || names.contains(&type_.name))
            .map(|type_| (type_, type_.record()))
            .filter(|(_, record)| filters.is_empty() || filters.matches(record, snapshot))
    };
    let token = input.next_token.as_deref();
    let key = |(type_, _): &(&InstanceType, Value)| type_.name.clone();
    let page = paginate("DescribeInstanceTypes", token, limit, records, key)
        .map_err(|_| errors::invalid_next_token())?;
    let render = |(type_, record): &(&'static InstanceType, Value)| {
        let mut info = render::instance_type(record);
        info.supported_in_region = Some(offered(type_));
        info
    };
    Ok(DescribeInstanceTypesResult {
        instance_types: Some(page.items.iter().map(render).collect()),
        next_token: page.next,
    })
}

fn types_per_page(max_results: Option<i64>) -> Result<usize, ApiError> {
    match max_results {
        Some(n) if n > MAX_PAGE => Err(errors::max_results_above(n, MAX_PAGE)),
        n => crate::entity::page_size(n.or(Some(MAX_PAGE))),
    }
}

static OFFERING_FILTERS: &[FilterRow<(SmolStr, SmolStr)>] = &[
    FilterRow { name: "instance-type", values: |(type_, _), _, emit| emit(type_) },
    FilterRow { name: "location", values: |(_, location), _, emit| emit(location) },
];

/// Which types the region, or which of its zones, offers.
fn describe_instance_type_offerings(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeInstanceTypeOfferingsRequest,
) -> Result<DescribeInstanceTypeOfferingsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let filters = facts::filters(OFFERING_FILTERS, input.filters.as_deref())?;
    let limit = crate::entity::page_size(input.max_results)?;
    let location_type = input.location_type.unwrap_or(SmolStr::new_static("region"));
    let region = catalogue::region(snapshot.region());
    let region = region.ok_or_else(|| errors::invalid_region(snapshot.region()))?;
    let locations: Vec<SmolStr> = match location_type.as_str() {
        "region" => vec![region.name.clone()],
        "availability-zone" => region.zones.iter().map(|zone| zone.name.clone()).collect(),
        "availability-zone-id" => region.zones.iter().map(|zone| zone.id.clone()).collect(),
        // Outposts are somebody's own hardware; there is none here.
        "outpost" => Vec::new(),
        other => return Err(errors::invalid_parameter(other, "locationType", "")),
    };
    let one = filters.exact("instance-type").cloned();
    let offerings = locations.into_iter().flat_map(|location| {
        let types: Vec<&InstanceType> = match &one {
            Some(name) => catalogue::instance_type(name)
                .filter(|type_| match location_type.as_str() {
                    "region" => catalogue::offered_in_region(&region.name, &type_.name),
                    _ => catalogue::offered(&region.name, &location, &type_.name),
                })
                .into_iter()
                .collect(),
            None if location_type == "region" => {
                catalogue::offerings_in_region(&region.name).collect()
            }
            None => catalogue::offerings(&region.name, &location).collect(),
        };
        types.into_iter().map(move |type_| (type_.name.clone(), location.clone()))
    });
    let mut offerings: Vec<(SmolStr, SmolStr)> =
        offerings.filter(|offering| filters.matches(offering, snapshot)).collect();
    let key = |(type_, location): &(SmolStr, SmolStr)| {
        smol_str::format_smolstr!("{location} {type_}")
    };
    offerings.sort_by_cached_key(key);
    let token = input.next_token.as_deref();
    let page = facts::page("DescribeInstanceTypeOfferings", token, limit, offerings, key)?;
    let render = |(type_, location): (SmolStr, SmolStr)| InstanceTypeOffering {
        instance_type: Some(type_),
        location_type: Some(location_type.clone()),
        location: Some(location),
    };
    Ok(DescribeInstanceTypeOfferingsResult {
        instance_type_offerings: Some(page.items.into_iter().map(render).collect()),
        next_token: page.next,
    })
}

resource! { ec2:
    operations {
        read DescribeInstanceTypes => describe_instance_types,
        read DescribeInstanceTypeOfferings => describe_instance_type_offerings,
        read GetInstanceTypesFromInstanceRequirements
            => requirements::get_instance_types_from_instance_requirements,
    }
}
