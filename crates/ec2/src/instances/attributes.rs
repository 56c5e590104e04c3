//! DescribeInstanceAttribute, ModifyInstanceAttribute, ResetInstanceAttribute: one attribute at a
//! time, some of them only while the instance is stopped.

use super::render;
use super::row::{Instance, Launch, State};
use super::run::{check_architecture, check_user_data};
use crate::entity::Entity;
use crate::network_interfaces::{NetworkInterface, groups_for};
use crate::subnets::Subnet;
use crate::volumes::Volume;
use crate::errors;
use api::ec2::{
    AttributeBooleanValue, AttributeValue, DescribeInstanceAttributeRequest, EnclaveOptions,
    GroupIdentifier, InstanceAttribute, InstanceBlockDeviceMappingSpecification,
    ModifyInstanceAttributeRequest, ResetInstanceAttributeRequest,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::{ApiError, Caller, Snapshot, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

pub(super) fn describe_instance_attribute(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeInstanceAttributeRequest,
) -> Result<InstanceAttribute, ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = Instance::find(snapshot, &input.instance_id)?;
    let launch = &*row.launch;
    let flag = |value| Some(AttributeBooleanValue { value: Some(value) });
    let text = |value: &str| {
        Some(AttributeValue { value: (!value.is_empty()).then(|| SmolStr::new(value)) })
    };
    let mut out = InstanceAttribute { instance_id: Some(row.id.clone()), ..Default::default() };
    match input.attribute.as_str() {
        "blockDeviceMapping" => out.block_device_mappings = Some(render::volumes(snapshot, &row)),
        "disableApiStop" => out.disable_api_stop = flag(row.disable_api_stop),
        "disableApiTermination" => out.disable_api_termination = flag(row.disable_api_termination),
        "ebsOptimized" => out.ebs_optimized = flag(launch.ebs_optimized),
        "enaSupport" => out.ena_support = flag(launch.ena_support),
        "enclaveOptions" => {
            out.enclave_options = Some(EnclaveOptions { enabled: Some(launch.enclave) });
        }
        "groupSet" => out.groups = Some(groups(snapshot, &row)),
        "instanceInitiatedShutdownBehavior" => {
            let behavior = if row.shutdown_terminates { "terminate" } else { "stop" };
            out.instance_initiated_shutdown_behavior = text(behavior);
        }
        "instanceType" => out.instance_type = text(&launch.instance_type),
        // Kernels and RAM disks belong to paravirtual instances; there are none.
        "kernel" => out.kernel_id = text(""),
        "productCodes" => out.product_codes = Some(Vec::new()),
        "ramdisk" => out.ramdisk_id = text(""),
        "rootDeviceName" => out.root_device_name = text(&launch.root_device_name),
        "sourceDestCheck" => {
            out.source_dest_check = flag(row.primary(snapshot).is_none_or(|e| e.source_dest_check));
        }
        "sriovNetSupport" => out.sriov_net_support = text(""),
        "userData" => out.user_data = text(&launch.user_data),
        name => return Err(errors::unknown_attribute(name)),
    }
    Ok(out)
}

fn groups(snapshot: &Snapshot, row: &Instance) -> Vec<GroupIdentifier> {
    row.primary(snapshot).map_or(Vec::new(), |interface| render::groups(&interface.groups))
}

/// One thing to change.
enum Change {
    Type(SmolStr),
    /// Base64.
    UserData(String),
    EbsOptimized(bool),
    EnaSupport(bool),
    SriovNetSupport(SmolStr),
    Enclave(bool),
    DisableApiTermination(bool),
    DisableApiStop(bool),
    ShutdownBehavior(SmolStr),
    SourceDestCheck(bool),
    Groups(Vec<SmolStr>),
    Disks(Vec<InstanceBlockDeviceMappingSpecification>),
    /// The kernel or RAM disk of a paravirtual instance.
    Paravirtual(&'static str),
}

impl Change {
    fn needs_stopped(&self) -> bool {
        matches!(
            self,
            Self::Type(_)
                | Self::UserData(_)
                | Self::EbsOptimized(_)
                | Self::EnaSupport(_)
                | Self::SriovNetSupport(_)
                | Self::Enclave(_)
                | Self::Paravirtual(_)
        )
    }

    /// The one change that a request asks for.
    fn of(input: ModifyInstanceAttributeRequest) -> Result<Self, ApiError> {
        let named = match (input.attribute.as_deref(), input.value) {
            (Some(name), Some(value)) => Some(Self::named(name, value)?),
            (Some("blockDeviceMapping" | "groupSet"), None) | (None, None) => None,
            (Some(_), None) => return Err(errors::missing_parameter("Value")),
            (None, Some(_)) => return Err(errors::missing_parameter("Attribute")),
        };
        let flag = |given: Option<AttributeBooleanValue>| given?.value;
        let text = |given: Option<AttributeValue>| given?.value;
        let user_data = input.user_data.map(|data| data.value.unwrap_or_default());
        let given = [
            named,
            text(input.instance_type).map(Self::Type),
            user_data.map(|bytes| Self::UserData(STANDARD.encode(bytes))),
            flag(input.ebs_optimized).map(Self::EbsOptimized),
            flag(input.ena_support).map(Self::EnaSupport),
            text(input.sriov_net_support).map(Self::SriovNetSupport),
            input.enclave_options.and_then(|options| options.enabled).map(Self::Enclave),
            flag(input.disable_api_termination).map(Self::DisableApiTermination),
            flag(input.disable_api_stop).map(Self::DisableApiStop),
            text(input.instance_initiated_shutdown_behavior).map(Self::ShutdownBehavior),
            flag(input.source_dest_check).map(Self::SourceDestCheck),
            input.groups.filter(|groups| !groups.is_empty()).map(Self::Groups),
            input.block_device_mappings.filter(|disks| !disks.is_empty()).map(Self::Disks),
            text(input.kernel).map(|_| Self::Paravirtual("kernel")),
            text(input.ramdisk).map(|_| Self::Paravirtual("ramdisk")),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(change), None) => Ok(change),
            (None, _) => Err(errors::invalid_combination("No attributes specified.")),
            (Some(_), Some(_)) => Err(errors::invalid_combination(
                "Fields for multiple attribute types specified. Specify one attribute per request.",
            )),
        }
    }

    /// The older form of a request: the attribute's name and its value as text.
    fn named(name: &str, value: SmolStr) -> Result<Self, ApiError> {
        let flag = || match value.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(errors::invalid_parameter(&value, "value", "Expecting true or false.")),
        };
        Ok(match name {
            "instanceType" => Self::Type(value),
            "userData" => Self::UserData(value.to_string()),
            "ebsOptimized" => Self::EbsOptimized(flag()?),
            "enaSupport" => Self::EnaSupport(flag()?),
            "sriovNetSupport" => Self::SriovNetSupport(value),
            "disableApiTermination" => Self::DisableApiTermination(flag()?),
            "disableApiStop" => Self::DisableApiStop(flag()?),
            "instanceInitiatedShutdownBehavior" => Self::ShutdownBehavior(value),
            "sourceDestCheck" => Self::SourceDestCheck(flag()?),
            "kernel" => Self::Paravirtual("kernel"),
            "ramdisk" => Self::Paravirtual("ramdisk"),
            _ => return Err(errors::unknown_attribute(name)),
        })
    }
}

pub(super) fn modify_instance_attribute(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyInstanceAttributeRequest,
) -> Result<(), ApiError> {
    let (dry_run, id) = (input.dry_run, input.instance_id.clone());
    let change = Change::of(input)?;
    errors::dry_run(dry_run)?;
    let row = Instance::find(tx, &id)?;
    if row.state.is_ending() {
        return Err(errors::instance_is_gone(&id));
    }
    if change.needs_stopped() && row.state != State::Stopped {
        return Err(errors::not_stopped(&id));
    }
    apply(tx, Instance::clone(&row), change)
}

fn apply(tx: &mut Tx, mut row: Instance, change: Change) -> Result<(), ApiError> {
    match change {
        Change::Type(name) => change_type(tx, &mut row, &name)?,
        Change::UserData(text) => {
            check_user_data(&text)?;
            own_launch(&mut row).user_data = text;
        }
        Change::EbsOptimized(flag) => own_launch(&mut row).ebs_optimized = flag,
        Change::EnaSupport(flag) => own_launch(&mut row).ena_support = flag,
        // Every image here has it, and it cannot be taken away.
        Change::SriovNetSupport(value) if value == "simple" => {}
        Change::SriovNetSupport(value) => {
            return Err(errors::invalid_instance_attribute(format!(
                "Invalid value '{value}' for sriovNetSupport. Expecting simple."
            )));
        }
        Change::Enclave(flag) => own_launch(&mut row).enclave = flag,
        Change::DisableApiTermination(flag) => row.disable_api_termination = flag,
        Change::DisableApiStop(flag) => row.disable_api_stop = flag,
        Change::ShutdownBehavior(value) => match value.as_str() {
            "stop" => row.shutdown_terminates = false,
            "terminate" => row.shutdown_terminates = true,
            _ => {
                return Err(errors::invalid_instance_attribute(format!(
                    "Invalid value '{value}' for instanceInitiatedShutdownBehavior. Expecting \
                     stop or terminate."
                )));
            }
        },
        Change::SourceDestCheck(flag) => {
            change_interface(tx, &row, |interface| interface.source_dest_check = flag);
            return Ok(());
        }
        Change::Groups(ids) => {
            let subnet = Subnet::find(tx, &row.launch.subnet_id)?;
            let groups = groups_for(tx, &subnet, &ids, &[])?;
            change_interface(tx, &row, |interface| interface.groups = groups);
            return Ok(());
        }
        Change::Disks(disks) => return change_disks(tx, &row, &disks),
        Change::Paravirtual(what) => return Err(errors::no_paravirtual(&row.id, what)),
    }
    tx.put(row);
    Ok(())
}

/// The instance's own copy of what it shares with those of its request.
fn own_launch(row: &mut Instance) -> &mut Launch {
    Arc::make_mut(&mut row.launch)
}

fn change_type(snapshot: &Snapshot, row: &mut Instance, name: &str) -> Result<(), ApiError> {
    let Some(type_) = catalogue::instance_type(name) else {
        let text = format!("Invalid value '{name}' for InstanceType.");
        return Err(errors::invalid_instance_attribute(text));
    };
    check_architecture(&row.launch.architecture, type_)?;
    if !catalogue::offered(snapshot.region(), &row.launch.zone, &type_.name) {
        return Err(errors::unsupported_in_zone(&type_.name, &row.launch.zone, &[]));
    }
    let launch = own_launch(row);
    launch.instance_type = type_.name.clone();
    launch.cores = type_.cores;
    launch.threads_per_core = type_.threads_per_core;
    Ok(())
}

fn change_interface(tx: &mut Tx, row: &Instance, change: impl FnOnce(&mut NetworkInterface)) {
    if let Some(id) = &row.interface {
        tx.update::<NetworkInterface>(id, change);
    }
}

/// Whether volumes go when the instance is terminated: all that can be said of attached ones.
fn change_disks(
    tx: &mut Tx,
    row: &Instance,
    disks: &[InstanceBlockDeviceMappingSpecification],
) -> Result<(), ApiError> {
    let mut changes: Vec<(SmolStr, bool)> = Vec::new();
    for disk in disks {
        let device = disk.device_name.as_deref().unwrap_or_default();
        let attached = |id: &&SmolStr| {
            let volume = tx.get::<Volume>(id);
            volume.is_some_and(|v| v.attachment.as_ref().is_some_and(|a| a.device == device))
        };
        let Some(id) = row.volumes.iter().find(attached) else {
            return Err(errors::no_such_device(&row.id, device));
        };
        let ebs = disk.ebs.as_ref();
        if let Some(flag) = ebs.and_then(|ebs| ebs.delete_on_termination) {
            changes.push((id.clone(), flag));
        }
    }
    for (id, flag) in changes {
        tx.update::<Volume>(&id, |volume| {
            if let Some(attachment) = &mut volume.attachment {
                attachment.delete_on_termination = flag;
            }
        });
    }
    Ok(())
}

/// Only three attributes have a default to go back to.
pub(super) fn reset_instance_attribute(
    tx: &mut Tx,
    _: &Caller,
    input: ResetInstanceAttributeRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = Instance::find(tx, &input.instance_id)?;
    match input.attribute.as_str() {
        "sourceDestCheck" => {
            change_interface(tx, &row, |interface| interface.source_dest_check = true);
            Ok(())
        }
        "kernel" | "ramdisk" if row.state != State::Stopped => Err(errors::not_stopped(&row.id)),
        "kernel" | "ramdisk" => Ok(()),
        name => Err(errors::unknown_attribute(name)),
    }
}
