//! How a volume moves from state to state by itself, and DeleteVolume.

use super::{Moving, Volume};
use crate::entity::Entity;
use crate::errors;
use crate::instances::Instance;
use api::ec2::DeleteVolumeRequest;
use kernel::{ApiError, Caller, Tx, Wait};
use smol_str::SmolStr;

/// Begins a transitional state: it ends after `wait`.
pub(super) fn begin(tx: &mut Tx, volume: &mut Volume, moving: Moving, wait: Wait) {
    let due = tx.now().plus_millis(tx.pace().millis(wait));
    volume.moving = Some((moving, due));
    tx.schedule(due, "ec2.volume", &volume.id);
}

/// The task: ends a transitional state, or takes a modification a step further, when its time has
/// come.
pub(super) fn look(tx: &mut Tx, _: &Caller, id: &str) {
    let Some(row) = tx.get::<Volume>(id) else { return };
    let mut volume = Volume::clone(&row);
    let now = tx.now();
    if volume.moving.is_some_and(|(_, due)| due <= now) {
        match volume.moving.take() {
            Some((Moving::Deleting, _)) => {
                tx.remove::<Volume>(id);
                return;
            }
            Some((Moving::Detaching, _)) => {
                let instance = volume.attachment.take().map(|a| a.instance_id);
                tx.put(volume.clone());
                instance.iter().for_each(|instance| gather(tx, instance));
            }
            _ => {}
        }
    }
    if let Some(modification) = &mut volume.modification
        && let Some(disk) = modification.advance(now)
    {
        volume.disk = disk;
    }
    let next = volume.moving.map(|(_, due)| due).into_iter();
    if let Some(next) = next.chain(volume.modification.as_ref().and_then(|m| m.due(now))).min() {
        tx.schedule(next, "ec2.volume", id);
    }
    tx.put(volume);
}

/// Brings an instance's list of volumes up to date: all that are attached to it, in the order of
/// their devices.
pub(super) fn gather(tx: &mut Tx, instance: &str) {
    let mut volumes: Vec<(SmolStr, SmolStr)> = tx
        .rows_by::<Volume>("instance", instance)
        .filter_map(|volume| Some((volume.attachment.as_ref()?.device.clone(), volume.id.clone())))
        .collect();
    volumes.sort();
    let volumes = volumes.into_iter().map(|(_, id)| id).collect();
    tx.update::<Instance>(instance, |i| i.volumes = volumes);
}

/// A volume stays when its instance has been terminated.
pub(crate) fn released(tx: &mut Tx, id: &str) {
    tx.update::<Volume>(id, |volume| {
        volume.attachment = None;
        let attached = |(moving, _): &mut (Moving, _)| {
            matches!(moving, Moving::Attaching | Moving::Detaching)
        };
        volume.moving.take_if(attached);
    });
}

pub(super) fn delete_volume(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteVolumeRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = Volume::find(tx, &input.volume_id)?;
    if let Some(attachment) = &row.attachment {
        return Err(errors::volume_in_use(&row.id, &attachment.instance_id));
    }
    if row.is(Moving::Creating) {
        return Err(errors::volume_state(&row.id, row.state()));
    }
    if !row.is(Moving::Deleting) {
        let mut volume = Volume::clone(&row);
        begin(tx, &mut volume, Moving::Deleting, Wait::VolumeDelete);
        tx.put(volume);
    }
    Ok(())
}
