//! `AWS::EC2::Instance`: ready when it runs, gone when it is terminated.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider, Readiness};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Instance;

fn find(cx: &mut Context<'_>, id: &str) -> Result<ec2::Instance, ApiError> {
    let input = ec2::DescribeInstancesRequest {
        instance_ids: Some(vec![id.into()]),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeInstances>(input)?;
    let mut reservations = found.reservations.unwrap_or_default();
    let instances = reservations.pop().and_then(|r| r.instances).unwrap_or_default();
    Ok(instances.into_iter().next().unwrap_or_default())
}

fn state(instance: &ec2::Instance) -> &str {
    instance.state.as_ref().and_then(|s| s.name.as_deref()).unwrap_or_default()
}

fn block_device(mapping: &Properties) -> ec2::BlockDeviceMapping {
    ec2::BlockDeviceMapping {
        device_name: mapping.text("DeviceName"),
        virtual_name: mapping.text("VirtualName"),
        no_device: mapping.has("NoDevice").then(SmolStr::default),
        ebs: mapping.structure("Ebs").map(|ebs| ec2::EbsBlockDevice {
            delete_on_termination: ebs.boolean("DeleteOnTermination"),
            iops: ebs.integer("Iops"),
            snapshot_id: ebs.text("SnapshotId"),
            volume_size: ebs.integer("VolumeSize"),
            volume_type: ebs.text("VolumeType"),
            kms_key_id: ebs.text("KmsKeyId"),
            encrypted: ebs.boolean("Encrypted"),
            ..Default::default()
        }),
    }
}

fn interface(p: &Properties) -> ec2::InstanceNetworkInterfaceSpecification {
    ec2::InstanceNetworkInterfaceSpecification {
        associate_public_ip_address: p.boolean("AssociatePublicIpAddress"),
        delete_on_termination: p.boolean("DeleteOnTermination"),
        description: p.text("Description"),
        device_index: p.integer("DeviceIndex"),
        groups: p.texts("GroupSet"),
        network_interface_id: p.text("NetworkInterfaceId"),
        private_ip_address: p.text("PrivateIpAddress"),
        subnet_id: p.text("SubnetId"),
        ..Default::default()
    }
}

fn request(cx: &Context<'_>, p: &Properties) -> ec2::RunInstancesRequest {
    let mappings = p.structures("BlockDeviceMappings");
    let interfaces = p.structures("NetworkInterfaces");
    let placement = ec2::Placement {
        availability_zone: p.text("AvailabilityZone"),
        group_name: p.text("PlacementGroupName"),
        tenancy: p.text("Tenancy"),
        affinity: p.text("Affinity"),
        host_id: p.text("HostId"),
        ..Default::default()
    };
    ec2::RunInstancesRequest {
        min_count: 1,
        max_count: 1,
        image_id: p.text("ImageId"),
        instance_type: p.text("InstanceType"),
        kernel_id: p.text("KernelId"),
        ramdisk_id: p.text("RamdiskId"),
        key_name: p.text("KeyName"),
        monitoring: p.boolean("Monitoring").map(|enabled| ec2::RunInstancesMonitoringEnabled {
            enabled,
            ..Default::default()
        }),
        placement: Some(placement),
        security_group_ids: p.texts("SecurityGroupIds"),
        security_groups: p.texts("SecurityGroups"),
        subnet_id: p.text("SubnetId"),
        private_ip_address: p.text("PrivateIpAddress"),
        user_data: p.text("UserData"),
        block_device_mappings: (!mappings.is_empty())
            .then(|| mappings.iter().map(block_device).collect()),
        network_interfaces: (!interfaces.is_empty())
            .then(|| interfaces.iter().map(interface).collect()),
        iam_instance_profile: p.text("IamInstanceProfile").map(|name| {
            ec2::IamInstanceProfileSpecification { name: Some(name), arn: None }
        }),
        ebs_optimized: p.boolean("EbsOptimized"),
        disable_api_termination: p.boolean("DisableApiTermination"),
        instance_initiated_shutdown_behavior: p.text("InstanceInitiatedShutdownBehavior"),
        cpu_options: p.structure("CpuOptions").map(|cpu| ec2::CpuOptionsRequest {
            core_count: cpu.integer("CoreCount"),
            threads_per_core: cpu.integer("ThreadsPerCore"),
            ..Default::default()
        }),
        credit_specification: p
            .structure("CreditSpecification")
            .and_then(|c| c.text("CPUCredits"))
            .map(|cpu_credits| ec2::CreditSpecificationRequest { cpu_credits }),
        enclave_options: p
            .structure("EnclaveOptions")
            .map(|o| ec2::EnclaveOptionsRequest { enabled: o.boolean("Enabled") }),
        hibernation_options: p
            .structure("HibernationOptions")
            .map(|o| ec2::HibernationOptionsRequest { configured: o.boolean("Configured") }),
        launch_template: p.structure("LaunchTemplate").map(|t| ec2::LaunchTemplateSpecification {
            launch_template_id: t.text("LaunchTemplateId"),
            launch_template_name: t.text("LaunchTemplateName"),
            version: t.text("Version"),
        }),
        tag_specifications: tagging::specification(cx, "instance", p),
        ..Default::default()
    }
}

impl Provider for Instance {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::Instance"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let request = request(cx, p);
        let made = cx.call::<ops::RunInstances>(request)?;
        let instance = made.instances.and_then(|i| i.into_iter().next()).unwrap_or_default();
        Ok(instance.instance_id.unwrap_or_default())
    }

    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Readiness, ApiError> {
        let instance = find(cx, id)?;
        Ok(match state(&instance) {
            "running" => Readiness::Ready,
            "pending" => Readiness::InProgress,
            other => {
                let reason = instance.state_reason.as_ref().and_then(|r| r.message.as_deref());
                Readiness::Failed(format!(
                    "Instance {id} did not stabilize: it is {other}. {}",
                    reason.unwrap_or_default()
                ))
            }
        })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        const IN_PLACE: [&str; 3] = ["Tags", "Monitoring", "DisableApiTermination"];
        let changed = |name: &String| !old.same(new, name);
        let names = new.members().into_iter().chain(old.members()).flat_map(|m| m.keys());
        if let Some(name) = names.filter(|n| changed(n)).find(|n| !IN_PLACE.contains(&n.as_str())) {
            return Err(ApiError::not_implemented(format_args!(
                "an update of the property {name} of AWS::EC2::Instance"
            )));
        }
        if !old.same(new, "DisableApiTermination") {
            let value = new.boolean("DisableApiTermination").unwrap_or(false);
            cx.call::<ops::ModifyInstanceAttribute>(ec2::ModifyInstanceAttributeRequest {
                instance_id: id.into(),
                disable_api_termination: Some(ec2::AttributeBooleanValue { value: Some(value) }),
                ..Default::default()
            })?;
        }
        if !old.same(new, "Monitoring") {
            let instance_ids = vec![SmolStr::new(id)];
            if new.boolean("Monitoring") == Some(true) {
                let input = ec2::MonitorInstancesRequest {
                    instance_ids,
                    ..Default::default()
                };
                cx.call::<ops::MonitorInstances>(input)?;
            } else {
                let input = ec2::UnmonitorInstancesRequest { instance_ids, ..Default::default() };
                cx.call::<ops::UnmonitorInstances>(input)?;
            }
        }
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        match state(&find(cx, id)?) {
            "terminated" => return Ok(Deletion::Done),
            "shutting-down" => return Ok(Deletion::InProgress),
            _ => {}
        }
        cx.call::<ops::TerminateInstances>(ec2::TerminateInstancesRequest {
            instance_ids: vec![id.into()],
            ..Default::default()
        })?;
        Ok(Deletion::InProgress)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let instance = find(cx, id)?;
        let text = |value: Option<SmolStr>| Some(json!(value.unwrap_or_default().as_str()));
        Ok(match name {
            "InstanceId" => Some(json!(id)),
            "AvailabilityZone" => text(instance.placement.and_then(|p| p.availability_zone)),
            "PrivateDnsName" => text(instance.private_dns_name),
            "PrivateIp" => text(instance.private_ip_address),
            "PublicDnsName" => text(instance.public_dns_name),
            "PublicIp" => text(instance.public_ip_address),
            "VpcId" => text(instance.vpc_id),
            "State.Name" => text(instance.state.and_then(|s| s.name)),
            "State.Code" => {
                let code = instance.state.and_then(|s| s.code).unwrap_or_default();
                Some(json!(code.to_string()))
            }
            _ => None,
        })
    }

    fn replaces(&self, property: &str, old: &Properties, new: &Properties) -> bool {
        // What an EBS-backed instance changes with a stop and a start, AWS does not replace;
        // where that is not modelled, the update says so.
        let _ = (old, new);
        !matches!(property, "Tags" | "Monitoring" | "DisableApiTermination")
    }
}
