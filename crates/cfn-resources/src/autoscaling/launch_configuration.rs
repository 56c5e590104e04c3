//! `AWS::AutoScaling::LaunchConfiguration`: every change replaces it.

use crate::{Context, Deletion, Properties, Provider};
use api::autoscaling::{
    self as wire, BlockDeviceMapping, CreateLaunchConfigurationType, Ebs, InstanceMetadataOptions,
    InstanceMonitoring, LaunchConfigurationNameType,
};
use kernel::ApiError;
use smol_str::SmolStr;

/// The type.
pub(crate) struct LaunchConfiguration;

fn block_device(mapping: &Properties) -> BlockDeviceMapping {
    BlockDeviceMapping {
        device_name: mapping.text_or_empty("DeviceName"),
        virtual_name: mapping.text("VirtualName"),
        no_device: mapping.boolean("NoDevice"),
        ebs: mapping.structure("Ebs").map(|ebs| Ebs {
            snapshot_id: ebs.text("SnapshotId"),
            volume_size: ebs.integer("VolumeSize"),
            volume_type: ebs.text("VolumeType"),
            delete_on_termination: ebs.boolean("DeleteOnTermination"),
            iops: ebs.integer("Iops"),
            encrypted: ebs.boolean("Encrypted"),
            throughput: ebs.integer("Throughput"),
        }),
    }
}

impl Provider for LaunchConfiguration {
    fn type_name(&self) -> &'static str {
        "AWS::AutoScaling::LaunchConfiguration"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("LaunchConfigurationName") {
            Some(name) => name,
            None => cx.physical_name(255),
        };
        let mappings = p.structures("BlockDeviceMappings");
        cx.call::<wire::ops::CreateLaunchConfiguration>(CreateLaunchConfigurationType {
            launch_configuration_name: name.clone(),
            image_id: p.text("ImageId"),
            key_name: p.text("KeyName"),
            security_groups: p.texts("SecurityGroups"),
            user_data: p.text("UserData"),
            instance_id: p.text("InstanceId"),
            instance_type: p.text("InstanceType"),
            kernel_id: p.text("KernelId"),
            ramdisk_id: p.text("RamDiskId"),
            block_device_mappings: (!mappings.is_empty())
                .then(|| mappings.iter().map(block_device).collect()),
            instance_monitoring: p
                .boolean("InstanceMonitoring")
                .map(|enabled| InstanceMonitoring { enabled: Some(enabled) }),
            spot_price: p.text("SpotPrice"),
            iam_instance_profile: p.text("IamInstanceProfile"),
            ebs_optimized: p.boolean("EbsOptimized"),
            associate_public_ip_address: p.boolean("AssociatePublicIpAddress"),
            placement_tenancy: p.text("PlacementTenancy"),
            metadata_options: p.structure("MetadataOptions").map(|m| InstanceMetadataOptions {
                http_tokens: m.text("HttpTokens"),
                http_endpoint: m.text("HttpEndpoint"),
                http_put_response_hop_limit: m.integer("HttpPutResponseHopLimit"),
            }),
            classic_link_vpc_id: p.text("ClassicLinkVPCId"),
            classic_link_vpc_security_groups: p.texts("ClassicLinkVPCSecurityGroups"),
        })?;
        Ok(name)
    }

    fn update(
        &self,
        _: &mut Context<'_>,
        _: &str,
        _: &Properties,
        _: &Properties,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = LaunchConfigurationNameType { launch_configuration_name: id.into() };
        cx.call::<wire::ops::DeleteLaunchConfiguration>(input)?;
        Ok(Deletion::Done)
    }
}
