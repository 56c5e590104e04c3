//! AttachVolume and DetachVolume.

use super::{Moving, Volume, VolumeAttachment, describe, lifecycle};
use crate::entity::Entity;
use crate::errors;
use crate::instances::{Instance, State};
use api::ec2::{AttachVolumeRequest, DetachVolumeRequest};
use kernel::{ApiError, Caller, Snapshot, Tx, Wait};
use smol_str::SmolStr;

/// `/dev/sdf`, `xvdba`, `/dev/sdf1`: "Device names on Linux instances" in the user guide.
fn is_device_name(name: &str) -> bool {
    let name = name.strip_prefix("/dev/").unwrap_or(name);
    let rest = ["sd", "xvd", "hd"].iter().find_map(|head| name.strip_prefix(head));
    let Some(rest) = rest else { return false };
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let letters = rest.len() - digits.len();
    let numbered = digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() <= 2;
    (1..=2).contains(&letters) && numbered
}

/// Whether another volume of the instance has this device name.
fn is_taken(snapshot: &Snapshot, instance: &Instance, device: &str) -> bool {
    let mut volumes = snapshot.rows_by::<Volume>("instance", &instance.id);
    volumes.any(|volume| volume.attachment.as_ref().is_some_and(|a| a.device == device))
}

pub(super) fn attach_volume(
    tx: &mut Tx,
    _: &Caller,
    input: AttachVolumeRequest,
) -> Result<api::ec2::VolumeAttachment, ApiError> {
    if input.ebs_card_index.is_some_and(|card| card > 0) {
        return Err(ApiError::not_implemented("AttachVolume with EbsCardIndex"));
    }
    if !is_device_name(&input.device) {
        return Err(errors::device_invalid(&input.device));
    }
    errors::dry_run(input.dry_run)?;
    let row = Volume::find(tx, &input.volume_id)?;
    let instance = Instance::find(tx, &input.instance_id)?;
    if row.attachment.is_some() {
        return Err(errors::volume_attached(&row.id));
    }
    if row.moving.is_some() {
        return Err(errors::volume_not_available(&row.id));
    }
    if !matches!(instance.state, State::Running | State::Stopped) {
        return Err(errors::instance_not_running(&instance.id));
    }
    if instance.launch.zone != row.disk.zone {
        return Err(errors::volume_elsewhere(&row.id, &instance.id));
    }
    if is_taken(tx, &instance, &input.device) {
        return Err(errors::device_taken(&input.device));
    }
    let mut volume = Volume::clone(&row);
    volume.attachment = Some(VolumeAttachment {
        instance_id: instance.id.clone(),
        device: input.device,
        attached_at: tx.now(),
        delete_on_termination: false,
    });
    lifecycle::begin(tx, &mut volume, Moving::Attaching, Wait::VolumeAttach);
    tx.put(volume);
    lifecycle::gather(tx, &instance.id);
    answer(tx, &row.id)
}

/// The attachment as it stands.
fn answer(snapshot: &Snapshot, id: &str) -> Result<api::ec2::VolumeAttachment, ApiError> {
    let volume = Volume::find(snapshot, id)?;
    let attachment = volume.attachment.as_ref();
    Ok(attachment.map(|a| describe::attachment(snapshot, &volume, a)).unwrap_or_default())
}

/// The attachment that a request means.
fn named(volume: &Volume, input: &DetachVolumeRequest) -> Result<VolumeAttachment, ApiError> {
    let Some(attachment) = &volume.attachment else {
        return Err(errors::volume_state(&volume.id, volume.state()));
    };
    let other = |given: &Option<SmolStr>, own: &SmolStr| given.as_ref().is_some_and(|g| g != own);
    if other(&input.instance_id, &attachment.instance_id)
        || other(&input.device, &attachment.device)
    {
        return Err(errors::volume_not_attached_there(&volume.id));
    }
    Ok(attachment.clone())
}

pub(super) fn detach_volume(
    tx: &mut Tx,
    _: &Caller,
    input: DetachVolumeRequest,
) -> Result<api::ec2::VolumeAttachment, ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = Volume::find(tx, &input.volume_id)?;
    if let Some(id) = &input.instance_id {
        Instance::find(tx, id)?;
    }
    let attachment = named(&row, &input)?;
    let instance = Instance::find(tx, &attachment.instance_id)?;
    let root = attachment.device == instance.launch.root_device_name;
    if root && instance.state != State::Stopped {
        return Err(errors::root_volume(&row.id, &instance.id));
    }
    if row.is(Moving::Detaching) {
        return answer(tx, &row.id);
    }
    let mut volume = Volume::clone(&row);
    lifecycle::begin(tx, &mut volume, Moving::Detaching, Wait::VolumeAttach);
    let wire = describe::attachment(tx, &volume, &attachment);
    tx.put(volume);
    Ok(wire)
}

#[cfg(test)]
mod tests {
    use super::is_device_name;

    #[test]
    fn device_names_have_amazons_form() {
        for name in ["/dev/sdf", "xvdf", "/dev/xvdba", "/dev/sda1", "sdh15"] {
            assert!(is_device_name(name), "{name}");
        }
        for name in ["", "/dev/", "/dev/sd", "/dev/sdF", "/dev/nvme1n1", "/dev/sdabc", "sdf123"] {
            assert!(!is_device_name(name), "{name}");
        }
    }
}
