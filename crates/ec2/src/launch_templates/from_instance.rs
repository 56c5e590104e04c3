//! GetLaunchTemplateData: an instance as the data from which a template could launch its like.

use crate::entity::Entity;
use crate::errors;
use crate::instances::{self, Instance};
use crate::volumes::Volume;
use api::ec2::{
    self, GetLaunchTemplateDataRequest, GetLaunchTemplateDataResult, ResponseLaunchTemplateData,
};
use kernel::{ApiError, Caller, Snapshot};

pub(super) fn get_launch_template_data(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetLaunchTemplateDataRequest,
) -> Result<GetLaunchTemplateDataResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = Instance::find(snapshot, &input.instance_id)?;
    if row.state.is_ending() {
        return Err(errors::instance_is_gone(&row.id));
    }
    let wire = instances::rendered(snapshot, &row);
    let user_data = instances::user_data_of(&row);
    let data = ResponseLaunchTemplateData {
        ebs_optimized: wire.ebs_optimized,
        iam_instance_profile: wire.iam_instance_profile.map(|profile| {
            ec2::LaunchTemplateIamInstanceProfileSpecification { arn: profile.arn, name: None }
        }),
        block_device_mappings: wire
            .block_device_mappings
            .map(|list| list.iter().map(|mapping| disk(snapshot, mapping)).collect()),
        network_interfaces: wire
            .network_interfaces
            .map(|list| list.into_iter().map(interface).collect()),
        image_id: wire.image_id,
        instance_type: wire.instance_type,
        key_name: wire.key_name,
        monitoring: wire.monitoring.map(|monitoring| ec2::LaunchTemplatesMonitoring {
            enabled: Some(monitoring.state.as_deref() == Some("enabled")),
            ..Default::default()
        }),
        placement: wire.placement.map(|placement| ec2::LaunchTemplatePlacement {
            availability_zone: placement.availability_zone,
            group_name: placement.group_name,
            tenancy: placement.tenancy,
            ..Default::default()
        }),
        user_data,
        tag_specifications: wire.tags.map(|tags| {
            let tags = tags.into_iter();
            let own = tags.filter(|t| !t.key.as_deref().unwrap_or_default().starts_with("aws:"));
            vec![ec2::LaunchTemplateTagSpecification {
                resource_type: Some("instance".into()),
                tags: Some(own.collect()),
            }]
        }),
        hibernation_options: wire.hibernation_options.map(|options| {
            ec2::LaunchTemplateHibernationOptions { configured: options.configured }
        }),
        metadata_options: wire.metadata_options.map(|options| {
            ec2::LaunchTemplateInstanceMetadataOptions {
                state: options.state,
                http_tokens: options.http_tokens,
                http_put_response_hop_limit: options.http_put_response_hop_limit,
                http_endpoint: options.http_endpoint,
                http_protocol_ipv6: options.http_protocol_ipv6,
                instance_metadata_tags: options.instance_metadata_tags,
            }
        }),
        enclave_options: wire
            .enclave_options
            .map(|options| ec2::LaunchTemplateEnclaveOptions { enabled: options.enabled }),
        disable_api_termination: Some(row.disable_api_termination),
        disable_api_stop: Some(row.disable_api_stop),
        instance_initiated_shutdown_behavior: Some(
            if row.shutdown_terminates { "terminate" } else { "stop" }.into(),
        ),
        ..Default::default()
    };
    Ok(GetLaunchTemplateDataResult { launch_template_data: Some(data) })
}

fn disk(
    snapshot: &Snapshot,
    mapping: &ec2::InstanceBlockDeviceMapping,
) -> ec2::LaunchTemplateBlockDeviceMapping {
    let ebs = mapping.ebs.as_ref();
    let volume = ebs.and_then(|e| snapshot.get::<Volume>(e.volume_id.as_deref()?));
    let snapshot_id = |v: &Volume| (!v.disk.snapshot_id.is_empty()).then(|| v.disk.snapshot_id.clone());
    ec2::LaunchTemplateBlockDeviceMapping {
        device_name: mapping.device_name.clone(),
        ebs: volume.map(|volume| ec2::LaunchTemplateEbsBlockDevice {
            encrypted: Some(volume.disk.encrypted),
            delete_on_termination: ebs.and_then(|e| e.delete_on_termination),
            iops: volume.disk.iops.map(i64::from),
            throughput: volume.disk.throughput.map(i64::from),
            snapshot_id: snapshot_id(&volume),
            volume_size: Some(i64::from(volume.disk.size_gib)),
            volume_type: Some(volume.disk.volume_type.clone()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn interface(
    wire: ec2::InstanceNetworkInterface,
) -> ec2::LaunchTemplateInstanceNetworkInterfaceSpecification {
    let groups = wire.groups.unwrap_or_default();
    ec2::LaunchTemplateInstanceNetworkInterfaceSpecification {
        associate_public_ip_address: Some(wire.association.is_some()),
        delete_on_termination: wire.attachment.as_ref().and_then(|a| a.delete_on_termination),
        description: wire.description,
        device_index: wire.attachment.as_ref().and_then(|a| a.device_index),
        groups: Some(groups.into_iter().filter_map(|group| group.group_id).collect()),
        interface_type: wire.interface_type,
        ipv6_addresses: Some(Vec::new()),
        network_interface_id: wire.network_interface_id,
        private_ip_address: wire.private_ip_address.clone(),
        private_ip_addresses: Some(vec![ec2::PrivateIpAddressSpecification {
            primary: Some(true),
            private_ip_address: wire.private_ip_address,
        }]),
        subnet_id: wire.subnet_id,
        ..Default::default()
    }
}
