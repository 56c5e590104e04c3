//! Launch configurations: immutable descriptions of instances to launch.
//!
//! Images, keys and security groups are not looked up here: what is wrong with them shows as a
//! failed activity when a group launches ("Troubleshoot Amazon EC2 Auto Scaling").

use crate::errors;
use crate::groups::Group;
use api::autoscaling::{
    BlockDeviceMapping, CreateLaunchConfigurationType, Ebs, InstanceMetadataOptions,
    InstanceMonitoring, LaunchConfiguration as Wire, LaunchConfigurationNameType,
    LaunchConfigurationNamesType, LaunchConfigurationsType,
};
use api::ec2;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Timestamp, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// A launch configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LaunchConfiguration {
    pub(crate) name: SmolStr,
    pub(crate) arn: SmolStr,
    pub(crate) created_at: Timestamp,
    pub(crate) image_id: SmolStr,
    pub(crate) instance_type: SmolStr,
    pub(crate) key_name: SmolStr,
    pub(crate) security_groups: Vec<SmolStr>,
    /// Base64.
    pub(crate) user_data: String,
    pub(crate) kernel_id: SmolStr,
    pub(crate) ramdisk_id: SmolStr,
    pub(crate) devices: Vec<Device>,
    pub(crate) monitoring: bool,
    pub(crate) spot_price: Option<SmolStr>,
    pub(crate) instance_profile: Option<SmolStr>,
    pub(crate) ebs_optimized: bool,
    pub(crate) public_ip: Option<bool>,
    pub(crate) tenancy: Option<SmolStr>,
    pub(crate) http_tokens: Option<SmolStr>,
    pub(crate) http_endpoint: Option<SmolStr>,
    pub(crate) http_hop_limit: Option<i64>,
}

/// A block device mapping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) device_name: SmolStr,
    pub(crate) virtual_name: Option<SmolStr>,
    pub(crate) no_device: Option<bool>,
    pub(crate) ebs: Option<DeviceEbs>,
}

/// The volume of a mapping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeviceEbs {
    pub(crate) snapshot_id: Option<SmolStr>,
    pub(crate) volume_size: Option<i64>,
    pub(crate) volume_type: Option<SmolStr>,
    pub(crate) delete_on_termination: Option<bool>,
    pub(crate) iops: Option<i64>,
    pub(crate) encrypted: Option<bool>,
    pub(crate) throughput: Option<i64>,
}

impl Row for LaunchConfiguration {
    const TABLE: &'static str = "autoscaling.launch-configurations";

    fn key(&self) -> SmolStr {
        self.name.clone()
    }

    fn index(&self, _: &mut IndexSink) {}
}

resource! { autoscaling:
    operations {
        write CreateLaunchConfiguration => create_launch_configuration,
        read DescribeLaunchConfigurations => describe_launch_configurations,
        write DeleteLaunchConfiguration => delete_launch_configuration,
    }
    tables { LaunchConfiguration }
}

fn create_launch_configuration(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateLaunchConfigurationType,
) -> Result<(), ApiError> {
    if tx.contains::<LaunchConfiguration>(&input.launch_configuration_name) {
        return Err(errors::already_exists(format!(
            "Launch Configuration by this name already exists - A launch configuration already \
             exists with the name {}",
            input.launch_configuration_name
        )));
    }
    let mut input = input;
    if let Some(id) = input.instance_id.clone() {
        copy_instance(tx, caller, &id, &mut input)?;
    }
    let given = |text: &Option<SmolStr>| text.clone().filter(|t| !t.is_empty());
    let (Some(image_id), Some(instance_type)) =
        (given(&input.image_id), given(&input.instance_type))
    else {
        return Err(errors::validation(
            "Valid requests must contain either the InstanceID parameter or both the ImageId and \
             InstanceType parameters.",
        ));
    };
    if !catalogue::is_image_id(&image_id) {
        return Err(errors::validation(format!(
            "Invalid id: \"{image_id}\" (expecting \"ami-...\")"
        )));
    }
    let user_data = input.user_data.clone().unwrap_or_default().to_string();
    check_user_data(&user_data)?;
    let name = input.launch_configuration_name.clone();
    let uuid = tx.new_uuid();
    let arn = caller.arn(
        "autoscaling",
        format_smolstr!("launchConfiguration:{uuid}:launchConfigurationName/{name}"),
    );
    let metadata = input.metadata_options.clone().unwrap_or_default();
    tx.put(LaunchConfiguration {
        name,
        arn,
        created_at: tx.now(),
        image_id,
        instance_type,
        key_name: input.key_name.clone().unwrap_or_default(),
        security_groups: input.security_groups.clone().unwrap_or_default(),
        user_data,
        kernel_id: input.kernel_id.clone().unwrap_or_default(),
        ramdisk_id: input.ramdisk_id.clone().unwrap_or_default(),
        devices: input
            .block_device_mappings
            .as_deref()
            .unwrap_or_default()
            .iter()
            .map(Device::from_wire)
            .collect(),
        monitoring: input.instance_monitoring.as_ref().and_then(|m| m.enabled).unwrap_or(true),
        spot_price: given(&input.spot_price),
        instance_profile: given(&input.iam_instance_profile),
        ebs_optimized: input.ebs_optimized.unwrap_or(false),
        public_ip: input.associate_public_ip_address,
        tenancy: given(&input.placement_tenancy),
        http_tokens: metadata.http_tokens,
        http_endpoint: metadata.http_endpoint,
        http_hop_limit: metadata.http_put_response_hop_limit,
    });
    Ok(())
}

/// `InstanceId`: what the request leaves open is taken from a running instance.
fn copy_instance(
    tx: &mut Tx,
    caller: &Caller,
    id: &SmolStr,
    input: &mut CreateLaunchConfigurationType,
) -> Result<(), ApiError> {
    let request = ec2::DescribeInstancesRequest {
        instance_ids: Some(vec![id.clone()]),
        ..Default::default()
    };
    let found = tx
        .call::<ec2::ops::DescribeInstances>(&caller.via("autoscaling"), request)
        .map_err(|error| errors::validation(error.message))?;
    let instance = found
        .reservations
        .and_then(|r| r.into_iter().next())
        .and_then(|r| r.instances)
        .and_then(|i| i.into_iter().next())
        .ok_or_else(|| errors::instance_not_found(id))?;
    input.image_id = input.image_id.take().or(instance.image_id);
    input.instance_type = input.instance_type.take().or(instance.instance_type);
    input.key_name = input.key_name.take().or(instance.key_name);
    if input.security_groups.is_none() {
        let groups = instance.security_groups.unwrap_or_default();
        input.security_groups = Some(groups.into_iter().filter_map(|g| g.group_id).collect());
    }
    Ok(())
}

fn check_user_data(text: &str) -> Result<(), ApiError> {
    use base64::Engine;
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    match base64::engine::general_purpose::STANDARD.decode(compact) {
        Ok(_) => Ok(()),
        Err(_) => Err(errors::validation("Invalid BASE64 encoding of user data.")),
    }
}

impl Device {
    fn from_wire(mapping: &BlockDeviceMapping) -> Self {
        Self {
            device_name: mapping.device_name.clone(),
            virtual_name: mapping.virtual_name.clone(),
            no_device: mapping.no_device,
            ebs: mapping.ebs.as_ref().map(|ebs| DeviceEbs {
                snapshot_id: ebs.snapshot_id.clone(),
                volume_size: ebs.volume_size,
                volume_type: ebs.volume_type.clone(),
                delete_on_termination: ebs.delete_on_termination,
                iops: ebs.iops,
                encrypted: ebs.encrypted,
                throughput: ebs.throughput,
            }),
        }
    }

    fn render(&self) -> BlockDeviceMapping {
        BlockDeviceMapping {
            device_name: self.device_name.clone(),
            virtual_name: self.virtual_name.clone(),
            no_device: self.no_device,
            ebs: self.ebs.as_ref().map(|ebs| Ebs {
                snapshot_id: ebs.snapshot_id.clone(),
                volume_size: ebs.volume_size,
                volume_type: ebs.volume_type.clone(),
                delete_on_termination: ebs.delete_on_termination,
                iops: ebs.iops,
                encrypted: ebs.encrypted,
                throughput: ebs.throughput,
            }),
        }
    }

    fn for_ec2(&self) -> ec2::BlockDeviceMapping {
        ec2::BlockDeviceMapping {
            device_name: Some(self.device_name.clone()),
            virtual_name: self.virtual_name.clone(),
            no_device: (self.no_device == Some(true)).then(SmolStr::default),
            ebs: self.ebs.as_ref().map(|ebs| ec2::EbsBlockDevice {
                snapshot_id: ebs.snapshot_id.clone(),
                volume_size: ebs.volume_size,
                volume_type: ebs.volume_type.clone(),
                delete_on_termination: ebs.delete_on_termination,
                iops: ebs.iops,
                encrypted: ebs.encrypted,
                throughput: ebs.throughput,
                ..Default::default()
            }),
        }
    }
}

impl LaunchConfiguration {
    /// The launch that this configuration describes, in a subnet (or a zone of the default VPC).
    pub(crate) fn request(&self, subnet: &str, zone: &str) -> ec2::RunInstancesRequest {
        let some = |text: &SmolStr| (!text.is_empty()).then(|| text.clone());
        let (ids, names): (Vec<_>, Vec<_>) =
            self.security_groups.iter().cloned().partition(|g| g.starts_with("sg-"));
        let list = |groups: Vec<SmolStr>| (!groups.is_empty()).then_some(groups);
        let mut request = ec2::RunInstancesRequest {
            image_id: some(&self.image_id),
            instance_type: some(&self.instance_type),
            key_name: some(&self.key_name),
            user_data: (!self.user_data.is_empty()).then(|| self.user_data.as_str().into()),
            kernel_id: some(&self.kernel_id),
            ramdisk_id: some(&self.ramdisk_id),
            block_device_mappings: (!self.devices.is_empty())
                .then(|| self.devices.iter().map(Device::for_ec2).collect()),
            monitoring: Some(ec2::RunInstancesMonitoringEnabled {
                enabled: self.monitoring,
                ..Default::default()
            }),
            ebs_optimized: Some(self.ebs_optimized),
            iam_instance_profile: self.instance_profile.clone().map(profile),
            placement: Some(ec2::Placement {
                availability_zone: Some(zone.into()),
                tenancy: self.tenancy.clone(),
                ..Default::default()
            }),
            metadata_options: Some(ec2::InstanceMetadataOptionsRequest {
                http_tokens: self.http_tokens.clone(),
                http_endpoint: self.http_endpoint.clone(),
                http_put_response_hop_limit: self.http_hop_limit,
                ..Default::default()
            }),
            instance_market_options: self.spot_price.clone().map(spot),
            ..Default::default()
        };
        match self.public_ip {
            Some(public) if !subnet.is_empty() => {
                request.network_interfaces =
                    Some(vec![ec2::InstanceNetworkInterfaceSpecification {
                        device_index: Some(0),
                        associate_public_ip_address: Some(public),
                        delete_on_termination: Some(true),
                        subnet_id: Some(subnet.into()),
                        groups: list(ids),
                        ..Default::default()
                    }]);
            }
            _ => {
                request.subnet_id = (!subnet.is_empty()).then(|| subnet.into());
                request.security_group_ids = list(ids);
                request.security_groups = list(names);
            }
        }
        request
    }
}

fn profile(name_or_arn: SmolStr) -> ec2::IamInstanceProfileSpecification {
    if name_or_arn.starts_with("arn:") {
        ec2::IamInstanceProfileSpecification { arn: Some(name_or_arn), name: None }
    } else {
        ec2::IamInstanceProfileSpecification { arn: None, name: Some(name_or_arn) }
    }
}

fn spot(max_price: SmolStr) -> ec2::InstanceMarketOptionsRequest {
    ec2::InstanceMarketOptionsRequest {
        market_type: Some(SmolStr::new_static("spot")),
        spot_options: Some(ec2::SpotMarketOptions {
            max_price: Some(max_price),
            ..Default::default()
        }),
    }
}

fn describe_launch_configurations(
    snapshot: &Snapshot,
    _: &Caller,
    input: LaunchConfigurationNamesType,
) -> Result<LaunchConfigurationsType, ApiError> {
    let names = input.launch_configuration_names.as_deref().unwrap_or_default();
    let page = paginate(
        "DescribeLaunchConfigurations",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 100) as usize,
        |after| {
            snapshot
                .rows_after::<LaunchConfiguration>(after)
                .filter(|row| names.is_empty() || names.contains(&row.name))
        },
        |row| row.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let rows = page.items.iter().map(|row| render(row)).collect();
    Ok(LaunchConfigurationsType { launch_configurations: Some(rows), next_token: page.next })
}

fn render(row: &LaunchConfiguration) -> Wire {
    let metadata = row.http_tokens.is_some()
        || row.http_endpoint.is_some()
        || row.http_hop_limit.is_some();
    Wire {
        launch_configuration_name: Some(row.name.clone()),
        launch_configuration_arn: Some(row.arn.clone()),
        image_id: Some(row.image_id.clone()),
        key_name: Some(row.key_name.clone()),
        security_groups: Some(row.security_groups.clone()),
        classic_link_vpc_security_groups: Some(Vec::new()),
        user_data: Some(row.user_data.as_str().into()),
        instance_type: Some(row.instance_type.clone()),
        kernel_id: Some(row.kernel_id.clone()),
        ramdisk_id: Some(row.ramdisk_id.clone()),
        block_device_mappings: Some(row.devices.iter().map(Device::render).collect()),
        instance_monitoring: Some(InstanceMonitoring { enabled: Some(row.monitoring) }),
        spot_price: row.spot_price.clone(),
        iam_instance_profile: row.instance_profile.clone(),
        created_time: Some(row.created_at),
        ebs_optimized: Some(row.ebs_optimized),
        associate_public_ip_address: row.public_ip,
        placement_tenancy: row.tenancy.clone(),
        metadata_options: metadata.then(|| InstanceMetadataOptions {
            http_tokens: row.http_tokens.clone(),
            http_endpoint: row.http_endpoint.clone(),
            http_put_response_hop_limit: row.http_hop_limit,
        }),
        ..Default::default()
    }
}

fn delete_launch_configuration(
    tx: &mut Tx,
    _: &Caller,
    input: LaunchConfigurationNameType,
) -> Result<(), ApiError> {
    let name = &input.launch_configuration_name;
    if !tx.contains::<LaunchConfiguration>(name) {
        return Err(errors::launch_configuration_not_found(name));
    }
    if let Some(group) = tx.rows_by::<Group>("launch-configuration", name).next() {
        return Err(errors::resource_in_use(format!(
            "Cannot delete launch configuration {name} because it is attached to AutoScalingGroup \
             {}",
            group.name
        )));
    }
    tx.remove::<LaunchConfiguration>(name);
    Ok(())
}
