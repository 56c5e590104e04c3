//! Errors of EBS volumes and snapshots.

use super::{invalid_combination, invalid_value};
use kernel::ApiError;

fn incorrect_state(message: String) -> ApiError {
    ApiError::new("IncorrectState", message)
}

pub(crate) fn zone_not_found(zone: &str) -> ApiError {
    ApiError::new("InvalidZone.NotFound", format!("The zone '{zone}' does not exist."))
}

pub(crate) fn snapshot_pending(id: &str) -> ApiError {
    incorrect_state(format!("Snapshot is in invalid state - pending: '{id}'"))
}

pub(crate) fn smaller_than_snapshot(size: i64, snapshot: &str, least: i64) -> ApiError {
    invalid_value(format!(
        "Volume of size {size}GB is smaller than snapshot '{snapshot}', expect size >= {least}GB"
    ))
}

pub(crate) fn requires_encrypted() -> ApiError {
    ApiError::new(
        "InvalidParameterDependency",
        "The parameter KmsKeyId requires the parameter Encrypted to be set.",
    )
}

/// `parameter` is `iops` or `throughput`.
pub(crate) fn not_for_type(parameter: &str, volume_type: &str) -> ApiError {
    invalid_combination(format!(
        "The parameter {parameter} is not supported for {volume_type} volumes."
    ))
}

pub(crate) fn iops_ratio(iops: i64, size: i64, most: i64) -> ApiError {
    let ratio = iops as f64 / size.max(1) as f64;
    invalid_value(format!(
        "Iops to volume size ratio of {ratio:.6} is too high; maximum is {most}.000000."
    ))
}

pub(crate) fn throughput_ratio(throughput: i64, iops: u32) -> ApiError {
    let ratio = throughput as f64 / f64::from(iops.max(1));
    invalid_value(format!(
        "Throughput (MiBps) to iops ratio of {ratio:.6} is too high; maximum is 0.250000 MiBps \
         per iops."
    ))
}

pub(crate) fn device_invalid(device: &str) -> ApiError {
    let why = format!("{device} is not a valid EBS device name.");
    super::invalid_parameter(device, "device", &why)
}

pub(crate) fn device_taken(device: &str) -> ApiError {
    invalid_value(format!(
        "Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
    ))
}

pub(crate) fn instance_not_running(instance: &str) -> ApiError {
    incorrect_state(format!("Instance '{instance}' is not 'running'."))
}

pub(crate) fn volume_elsewhere(volume: &str, instance: &str) -> ApiError {
    ApiError::new(
        "InvalidVolume.ZoneMismatch",
        format!(
            "The volume '{volume}' is not in the same availability zone as instance '{instance}'"
        ),
    )
}

pub(crate) fn volume_attached(volume: &str) -> ApiError {
    ApiError::new("VolumeInUse", format!("{volume} is already attached to an instance"))
}

pub(crate) fn volume_in_use(volume: &str, instance: &str) -> ApiError {
    ApiError::new("VolumeInUse", format!("Volume {volume} is currently attached to {instance}"))
}

pub(crate) fn volume_not_available(volume: &str) -> ApiError {
    incorrect_state(format!("{volume} is not 'available'."))
}

pub(crate) fn volume_state(volume: &str, state: &str) -> ApiError {
    incorrect_state(format!("Volume '{volume}' is in the '{state}' state."))
}

pub(crate) fn volume_not_attached_there(volume: &str) -> ApiError {
    ApiError::new(
        "InvalidAttachment.NotFound",
        format!("The volume '{volume}' is not attached to the specified instance and device."),
    )
}

pub(crate) fn root_volume(volume: &str, instance: &str) -> ApiError {
    super::operation_not_permitted(format!(
        "Unable to detach root volume '{volume}' from instance '{instance}'"
    ))
}

pub(crate) fn smaller_size() -> ApiError {
    invalid_value("New size cannot be smaller than existing size")
}

pub(crate) fn modification_running(volume: &str, state: &str) -> ApiError {
    ApiError::new(
        "IncorrectModificationState",
        format!(
            "Cannot modify volume {volume} in modification state {}",
            state.to_ascii_uppercase()
        ),
    )
}

pub(crate) fn modification_not_found(volume: &str) -> ApiError {
    ApiError::new(
        "InvalidVolumeModification.NotFound",
        format!("Modification for volume '{volume}' does not exist."),
    )
}
