//! Instance types.
//!
//! What the services ask for at every launch is typed and resident (about 400 bytes a type); the
//! full DescribeInstanceTypes record is JSON with the API's member names, kept compressed by
//! family and parsed when asked for.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceTypeInfo.html>

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

use crate::{
    blob,
    stored::{Records, Types},
};

pub(crate) static TYPES: LazyLock<Types> =
    LazyLock::new(|| blob::decode(include_bytes!("../data/types.bin")));

static RECORDS: LazyLock<Records<'static>> = LazyLock::new(|| {
    postcard::from_bytes(include_bytes!("../data/records.bin"))
        .expect("an embedded table has this crate's layout")
});

/// A closed set of the API's words.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $(#[doc = concat!("`", $text, "`.")] $variant),+ }

        impl $name {
            /// The API's spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value the API spells so.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(
    /// Processor architecture.
    Architecture {
        I386 = "i386", X8664 = "x86_64", Arm64 = "arm64", X8664Mac = "x86_64_mac",
        Arm64Mac = "arm64_mac",
    }
);
words!(
    /// The hypervisor; bare-metal types have none.
    Hypervisor { Nitro = "nitro", Xen = "xen" }
);
words!(
    /// Whether a type can, cannot or must use a feature. EBS optimisation says `default` where
    /// others say `required`.
    Support {
        Unsupported = "unsupported", Supported = "supported", Required = "required",
        Default = "default",
    }
);
words!(
    /// How instances can be bought.
    UsageClass { OnDemand = "on-demand", Spot = "spot", CapacityBlock = "capacity-block" }
);
words!(
    /// Kind of virtualization.
    Virtualization { Hvm = "hvm", Paravirtual = "paravirtual" }
);
words!(
    /// Kind of root device.
    RootDevice { Ebs = "ebs", InstanceStore = "instance-store" }
);
words!(
    /// Boot mode.
    BootMode { LegacyBios = "legacy-bios", Uefi = "uefi" }
);

/// An instance type: the fields that decide something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceType {
    /// `t2.micro`.
    pub name: SmolStr,
    /// VCpuInfo.DefaultVCpus.
    pub vcpus: u16,
    /// VCpuInfo.DefaultCores.
    pub cores: u16,
    /// VCpuInfo.DefaultThreadsPerCore.
    pub threads_per_core: u8,
    /// VCpuInfo.ValidCores; empty when the data has none.
    pub valid_cores: Vec<u16>,
    /// VCpuInfo.ValidThreadsPerCore; empty when the data has none.
    pub valid_threads_per_core: Vec<u8>,
    /// MemoryInfo.SizeInMiB.
    pub memory_mib: u64,
    /// ProcessorInfo.SupportedArchitectures.
    pub architectures: Vec<Architecture>,
    /// ProcessorInfo.Manufacturer.
    pub manufacturer: SmolStr,
    /// ProcessorInfo.SustainedClockSpeedInGhz.
    pub clock_ghz: Option<f64>,
    /// CurrentGeneration.
    pub current_generation: bool,
    /// FreeTierEligible.
    pub free_tier_eligible: bool,
    /// BareMetal.
    pub bare_metal: bool,
    /// BurstablePerformanceSupported: the type has CPU credits.
    pub burstable: bool,
    /// HibernationSupported.
    pub hibernation: bool,
    /// DedicatedHostsSupported.
    pub dedicated_hosts: bool,
    /// AutoRecoverySupported.
    pub auto_recovery: bool,
    /// NitroEnclavesSupport.
    pub nitro_enclaves: bool,
    /// NitroTpmSupport.
    pub nitro_tpm: bool,
    /// Hypervisor.
    pub hypervisor: Option<Hypervisor>,
    /// SupportedUsageClasses.
    pub usage_classes: Vec<UsageClass>,
    /// SupportedVirtualizationTypes.
    pub virtualization: Vec<Virtualization>,
    /// SupportedRootDeviceTypes.
    pub root_devices: Vec<RootDevice>,
    /// SupportedBootModes.
    pub boot_modes: Vec<BootMode>,
    /// PlacementGroupInfo.SupportedStrategies includes `cluster` (the others are in every type).
    pub cluster_placement: bool,
    /// NetworkInfo.NetworkPerformance.
    pub network_performance: SmolStr,
    /// NetworkInfo.MaximumNetworkInterfaces.
    pub max_interfaces: u16,
    /// NetworkInfo.MaximumNetworkCards.
    pub max_network_cards: u16,
    /// NetworkInfo.Ipv4AddressesPerInterface.
    pub ipv4_per_interface: u16,
    /// NetworkInfo.Ipv6AddressesPerInterface.
    pub ipv6_per_interface: u16,
    /// NetworkInfo.Ipv6Supported.
    pub ipv6: bool,
    /// NetworkInfo.EnaSupport.
    pub ena: Support,
    /// NetworkInfo.EfaSupported.
    pub efa: bool,
    /// EbsInfo.EbsOptimizedSupport.
    pub ebs_optimized: Support,
    /// EbsInfo.NvmeSupport.
    pub ebs_nvme: Support,
    /// EbsInfo.MaximumEbsAttachments; 0 when the data has none.
    pub max_ebs_attachments: u16,
    /// EbsInfo.EbsOptimizedInfo.
    pub ebs_bandwidth: Option<EbsBandwidth>,
    /// InstanceStorageInfo.
    pub instance_storage: Option<InstanceStorage>,
    /// GpuInfo.Gpus.
    pub gpus: Vec<Gpu>,
}

/// EbsOptimizedInfo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EbsBandwidth {
    /// BaselineBandwidthInMbps.
    pub baseline_mbps: u32,
    /// MaximumBandwidthInMbps.
    pub maximum_mbps: u32,
    /// BaselineIops.
    pub baseline_iops: u32,
    /// MaximumIops.
    pub maximum_iops: u32,
}

/// InstanceStorageInfo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceStorage {
    /// TotalSizeInGB.
    pub total_gb: u32,
    /// Sum of Disks[].Count.
    pub disks: u16,
    /// Disks[0].Type: `ssd` or `hdd`.
    pub disk_type: SmolStr,
    /// NvmeSupport.
    pub nvme: Support,
}

/// One entry of GpuInfo.Gpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// Name.
    pub name: SmolStr,
    /// Manufacturer.
    pub manufacturer: SmolStr,
    /// Count.
    pub count: u16,
    /// MemoryInfo.SizeInMiB.
    pub memory_mib: u32,
}

impl InstanceType {
    /// The part before the dot: `t2`.
    pub fn family(&self) -> &str {
        family_of(&self.name)
    }

    /// Whether an image of this architecture can boot on it.
    pub fn runs(&self, architecture: Architecture) -> bool {
        self.architectures.contains(&architecture)
    }

    /// The full DescribeInstanceTypes record with the API's member names. Decompresses the
    /// type's family on every call: for Describe calls, not for launches.
    pub fn record(&self) -> Value {
        let families = &RECORDS.families;
        let at = families
            .binary_search_by(|(family, _)| (*family).cmp(self.family()))
            .expect("records.bin has every family of types.bin");
        let lines = blob::inflate(families[at].1);
        let lines = std::str::from_utf8(&lines).expect("a record is JSON");
        let name = format!("\"InstanceType\":\"{}\"", self.name);
        let line = lines.lines().find(|line| line.contains(&name));
        serde_json::from_str(line.expect("records.bin has every type of types.bin"))
            .expect("a record is JSON")
    }
}

/// Every instance type, sorted by name.
pub fn instance_types() -> &'static [InstanceType] {
    &TYPES.types
}

/// The instance type of that name.
pub fn instance_type(name: &str) -> Option<&'static InstanceType> {
    instance_types().get(position(name)?)
}

/// A type's position in [`instance_types`], which is its bit in the offering sets.
pub(crate) fn position(name: &str) -> Option<usize> {
    instance_types().binary_search_by(|known| known.name.as_str().cmp(name)).ok()
}

fn family_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_type_is_small_burstable_and_on_xen() {
        let micro = instance_type("t2.micro").unwrap();
        assert_eq!((micro.vcpus, micro.cores, micro.threads_per_core), (1, 1, 1));
        assert_eq!(micro.memory_mib, 1024);
        assert_eq!(micro.hypervisor, Some(Hypervisor::Xen));
        assert_eq!(micro.architectures, [Architecture::I386, Architecture::X8664]);
        assert!(micro.burstable && micro.current_generation && !micro.bare_metal);
        assert_eq!((micro.max_interfaces, micro.ipv4_per_interface), (2, 2));
        assert_eq!(micro.ena, Support::Unsupported);
        assert!(micro.ebs_bandwidth.is_none() && micro.gpus.is_empty());
        assert!(!micro.runs(Architecture::Arm64));
    }

    #[test]
    fn a_large_type_tells_its_gpus_disks_and_cards() {
        let type_ = instance_type("p4d.24xlarge").unwrap();
        assert_eq!(type_.gpus[0].name, "A100");
        assert_eq!((type_.gpus[0].count, type_.gpus[0].memory_mib), (8, 40_960));
        assert_eq!(type_.instance_storage.as_ref().unwrap().total_gb, 8_000);
        assert_eq!(type_.ebs_bandwidth.as_ref().unwrap().maximum_iops, 80_000);
        assert_eq!((type_.max_network_cards, type_.max_interfaces), (4, 60));
        assert!(type_.efa && type_.valid_cores.contains(&48));
    }

    #[test]
    fn unknown_types_are_unknown() {
        for name in ["", "t2", "t2.", "t2.micro ", "T2.MICRO", "t9.micro", "\u{fffd}"] {
            assert!(instance_type(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_record_has_the_apis_member_names() {
        let record = instance_type("t2.micro").unwrap().record();
        assert_eq!(record["InstanceType"], "t2.micro");
        assert_eq!(record["VCpuInfo"]["DefaultVCpus"], 1);
        assert_eq!(record["ProcessorInfo"]["SupportedArchitectures"][1], "x86_64");
        assert_eq!(record["EbsInfo"]["NvmeSupport"], "unsupported");
    }

    #[test]
    fn the_typed_fields_agree_with_every_record() {
        assert!(instance_types().is_sorted_by(|a, b| a.name < b.name));
        assert!(instance_types().len() >= 1_395);
        // One record of each family is enough to notice a shifted table.
        let mut of_each_family: Vec<_> = instance_types().iter().collect();
        of_each_family.sort_by_key(|type_| type_.family());
        of_each_family.dedup_by_key(|type_| type_.family());
        for type_ in of_each_family {
            let record = type_.record();
            assert_eq!(record["InstanceType"], type_.name.as_str());
            assert_eq!(record["MemoryInfo"]["SizeInMiB"], type_.memory_mib, "{}", type_.name);
            assert_eq!(record["VCpuInfo"]["DefaultVCpus"], type_.vcpus, "{}", type_.name);
            assert_eq!(record["NetworkInfo"]["EnaSupport"], type_.ena.as_str(), "{}", type_.name);
        }
    }
}
