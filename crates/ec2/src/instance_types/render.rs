//! A type's record, as the catalogue has it, as the wire type.

use api::ec2::{
    DefaultConnectionTrackingConfiguration, DiskInfo, EbsCardInfo, EbsInfo, EbsOptimizedInfo, EfaInfo, FpgaDeviceInfo, FpgaDeviceMemoryInfo, FpgaInfo, GpuDeviceInfo, GpuDeviceMemoryInfo, GpuInfo, InferenceAcceleratorInfo, InferenceDeviceInfo, InferenceDeviceMemoryInfo, InstanceStorageInfo, InstanceTypeInfo, MediaAcceleratorInfo, MediaDeviceInfo, MediaDeviceMemoryInfo, MemoryInfo, NetworkCardInfo, NetworkInfo, NeuronDeviceCoreInfo, NeuronDeviceInfo, NeuronDeviceMemoryInfo, NeuronInfo, NitroTpmInfo, PlacementGroupInfo, ProcessorInfo, VCpuInfo
};
use serde_json::Value;
use smol_str::SmolStr;

/// The record of one type.
pub(super) fn instance_type(record: &Value) -> InstanceTypeInfo {
    InstanceTypeInfo::from_record(record).unwrap_or_default()
}

/// What can be read from a record. Members that a record lacks stay absent.
trait FromRecord: Sized {
    fn from_record(value: &Value) -> Option<Self>;
}

impl FromRecord for SmolStr {
    fn from_record(value: &Value) -> Option<Self> {
        value.as_str().map(SmolStr::new)
    }
}

impl FromRecord for bool {
    fn from_record(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromRecord for i64 {
    fn from_record(value: &Value) -> Option<Self> {
        value.as_i64()
    }
}

impl FromRecord for f64 {
    fn from_record(value: &Value) -> Option<Self> {
        value.as_f64()
    }
}

impl<T: FromRecord> FromRecord for Vec<T> {
    fn from_record(value: &Value) -> Option<Self> {
        Some(value.as_array()?.iter().filter_map(T::from_record).collect())
    }
}

/// Structures and the names of their members.
macro_rules! structures {
    ($($structure:ident { $($field:ident: $member:literal,)* })*) => {$(
        impl FromRecord for $structure {
            fn from_record(value: &Value) -> Option<Self> {
                value.as_object()?;
                Some(Self { $($field: value.get($member).and_then(FromRecord::from_record),)* })
            }
        }
    )*};
}

structures! {
    InstanceTypeInfo {
        instance_type: "InstanceType",
        current_generation: "CurrentGeneration",
        free_tier_eligible: "FreeTierEligible",
        supported_usage_classes: "SupportedUsageClasses",
        supported_root_device_types: "SupportedRootDeviceTypes",
        supported_virtualization_types: "SupportedVirtualizationTypes",
        bare_metal: "BareMetal",
        hypervisor: "Hypervisor",
        processor_info: "ProcessorInfo",
        v_cpu_info: "VCpuInfo",
        memory_info: "MemoryInfo",
        instance_storage_supported: "InstanceStorageSupported",
        instance_storage_info: "InstanceStorageInfo",
        ebs_info: "EbsInfo",
        network_info: "NetworkInfo",
        gpu_info: "GpuInfo",
        fpga_info: "FpgaInfo",
        placement_group_info: "PlacementGroupInfo",
        inference_accelerator_info: "InferenceAcceleratorInfo",
        hibernation_supported: "HibernationSupported",
        burstable_performance_supported: "BurstablePerformanceSupported",
        dedicated_hosts_supported: "DedicatedHostsSupported",
        auto_recovery_supported: "AutoRecoverySupported",
        supported_boot_modes: "SupportedBootModes",
        nitro_enclaves_support: "NitroEnclavesSupport",
        nitro_tpm_support: "NitroTpmSupport",
        nitro_tpm_info: "NitroTpmInfo",
        media_accelerator_info: "MediaAcceleratorInfo",
        neuron_info: "NeuronInfo",
        phc_support: "PhcSupport",
        reboot_migration_support: "RebootMigrationSupport",
        supported_in_region: "SupportedInRegion",
    }
    ProcessorInfo {
        supported_architectures: "SupportedArchitectures",
        sustained_clock_speed_in_ghz: "SustainedClockSpeedInGhz",
        supported_features: "SupportedFeatures",
        manufacturer: "Manufacturer",
    }
    VCpuInfo {
        default_v_cpus: "DefaultVCpus",
        default_cores: "DefaultCores",
        default_threads_per_core: "DefaultThreadsPerCore",
        valid_cores: "ValidCores",
        valid_threads_per_core: "ValidThreadsPerCore",
    }
    MemoryInfo {
        size_in_mi_b: "SizeInMiB",
    }
    InstanceStorageInfo {
        total_size_in_gb: "TotalSizeInGB",
        disks: "Disks",
        nvme_support: "NvmeSupport",
        encryption_support: "EncryptionSupport",
    }
    DiskInfo {
        size_in_gb: "SizeInGB",
        count: "Count",
        r#type: "Type",
    }
    EbsInfo {
        ebs_optimized_support: "EbsOptimizedSupport",
        encryption_support: "EncryptionSupport",
        ebs_optimized_info: "EbsOptimizedInfo",
        nvme_support: "NvmeSupport",
        maximum_ebs_attachments: "MaximumEbsAttachments",
        attachment_limit_type: "AttachmentLimitType",
        maximum_ebs_cards: "MaximumEbsCards",
        ebs_cards: "EbsCards",
    }
    EbsOptimizedInfo {
        baseline_bandwidth_in_mbps: "BaselineBandwidthInMbps",
        baseline_throughput_in_m_bps: "BaselineThroughputInMBps",
        baseline_iops: "BaselineIops",
        maximum_bandwidth_in_mbps: "MaximumBandwidthInMbps",
        maximum_throughput_in_m_bps: "MaximumThroughputInMBps",
        maximum_iops: "MaximumIops",
    }
    EbsCardInfo {
        ebs_card_index: "EbsCardIndex",
        baseline_bandwidth_in_mbps: "BaselineBandwidthInMbps",
        baseline_throughput_in_m_bps: "BaselineThroughputInMBps",
        baseline_iops: "BaselineIops",
        maximum_bandwidth_in_mbps: "MaximumBandwidthInMbps",
        maximum_throughput_in_m_bps: "MaximumThroughputInMBps",
        maximum_iops: "MaximumIops",
    }
    NetworkInfo {
        network_performance: "NetworkPerformance",
        maximum_network_interfaces: "MaximumNetworkInterfaces",
        maximum_network_cards: "MaximumNetworkCards",
        default_network_card_index: "DefaultNetworkCardIndex",
        network_cards: "NetworkCards",
        ipv4_addresses_per_interface: "Ipv4AddressesPerInterface",
        ipv6_addresses_per_interface: "Ipv6AddressesPerInterface",
        ipv6_supported: "Ipv6Supported",
        ena_support: "EnaSupport",
        efa_supported: "EfaSupported",
        efa_info: "EfaInfo",
        encryption_in_transit_supported: "EncryptionInTransitSupported",
        ena_srd_supported: "EnaSrdSupported",
        bandwidth_weightings: "BandwidthWeightings",
        flexible_ena_queues_support: "FlexibleEnaQueuesSupport",
        connection_tracking_configuration: "ConnectionTrackingConfiguration",
        secondary_network_supported: "SecondaryNetworkSupported",
        maximum_secondary_network_interfaces: "MaximumSecondaryNetworkInterfaces",
        ipv4_addresses_per_secondary_interface: "Ipv4AddressesPerSecondaryInterface",
    }
    NetworkCardInfo {
        network_card_index: "NetworkCardIndex",
        network_performance: "NetworkPerformance",
        maximum_network_interfaces: "MaximumNetworkInterfaces",
        additional_flexible_network_interfaces: "AdditionalFlexibleNetworkInterfaces",
        baseline_bandwidth_in_gbps: "BaselineBandwidthInGbps",
        peak_bandwidth_in_gbps: "PeakBandwidthInGbps",
        default_ena_queue_count_per_interface: "DefaultEnaQueueCountPerInterface",
        maximum_ena_queue_count: "MaximumEnaQueueCount",
        maximum_ena_queue_count_per_interface: "MaximumEnaQueueCountPerInterface",
        interface_types: "InterfaceTypes",
    }
    EfaInfo {
        maximum_efa_interfaces: "MaximumEfaInterfaces",
    }
    DefaultConnectionTrackingConfiguration {
        default_tcp_established_timeout: "DefaultTcpEstablishedTimeout",
        default_udp_timeout: "DefaultUdpTimeout",
        default_udp_stream_timeout: "DefaultUdpStreamTimeout",
    }
    GpuInfo {
        gpus: "Gpus",
        total_gpu_memory_in_mi_b: "TotalGpuMemoryInMiB",
    }
    GpuDeviceInfo {
        name: "Name",
        manufacturer: "Manufacturer",
        count: "Count",
        logical_gpu_count: "LogicalGpuCount",
        gpu_partition_size: "GpuPartitionSize",
        workloads: "Workloads",
        memory_info: "MemoryInfo",
    }
    GpuDeviceMemoryInfo {
        size_in_mi_b: "SizeInMiB",
    }
    FpgaInfo {
        fpgas: "Fpgas",
        total_fpga_memory_in_mi_b: "TotalFpgaMemoryInMiB",
    }
    FpgaDeviceInfo {
        name: "Name",
        manufacturer: "Manufacturer",
        count: "Count",
        memory_info: "MemoryInfo",
    }
    FpgaDeviceMemoryInfo {
        size_in_mi_b: "SizeInMiB",
    }
    PlacementGroupInfo {
        supported_strategies: "SupportedStrategies",
    }
    InferenceAcceleratorInfo {
        accelerators: "Accelerators",
        total_inference_memory_in_mi_b: "TotalInferenceMemoryInMiB",
    }
    InferenceDeviceInfo {
        count: "Count",
        name: "Name",
        manufacturer: "Manufacturer",
        memory_info: "MemoryInfo",
    }
    InferenceDeviceMemoryInfo {
        size_in_mi_b: "SizeInMiB",
    }
    NitroTpmInfo {
        supported_versions: "SupportedVersions",
    }
    MediaAcceleratorInfo {
        accelerators: "Accelerators",
        total_media_memory_in_mi_b: "TotalMediaMemoryInMiB",
    }
    MediaDeviceInfo {
        count: "Count",
        name: "Name",
        manufacturer: "Manufacturer",
        memory_info: "MemoryInfo",
    }
    MediaDeviceMemoryInfo {
        size_in_mi_b: "SizeInMiB",
    }
    NeuronInfo {
        neuron_devices: "NeuronDevices",
        total_neuron_device_memory_in_mi_b: "TotalNeuronDeviceMemoryInMiB",
    }
    NeuronDeviceInfo {
        count: "Count",
        name: "Name",
        core_info: "CoreInfo",
        memory_info: "MemoryInfo",
    }
    NeuronDeviceCoreInfo {
        count: "Count",
        version: "Version",
    }
    NeuronDeviceMemoryInfo {
        size_in_mi_b: "SizeInMiB",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_type_is_rendered_down_to_its_cards() {
        let record = catalogue::instance_type("p4d.24xlarge").expect("a known type").record();
        let info = instance_type(&record);
        let gpus = info.gpu_info.expect("it has GPUs");
        assert_eq!(gpus.gpus.expect("a list")[0].name.as_deref(), Some("A100"));
        let network = info.network_info.expect("it has a network");
        assert_eq!(network.network_cards.expect("cards").len(), 4);
        assert_eq!(info.v_cpu_info.and_then(|v| v.default_v_cpus), Some(96));
        assert!(info.fpga_info.is_none());
    }
}
