//! ModifyVolume and how it goes: "Amazon EBS Elastic Volumes" in the user guide. A change takes
//! effect when it is `optimizing`; then the volume works off the rest until it is `completed`.
//! AWS's limit on how often a volume can be modified in a day is left out.

use super::create::checked;
use super::{Disk, Moving, Volume};
use crate::entity::{Entity, page_size, parse_filters};
use crate::vpcs::bool_text;
use crate::{errors, facts};
use api::ec2::{
    DescribeVolumesModificationsRequest, DescribeVolumesModificationsResult,
    ModifyVolumeAttributeRequest, ModifyVolumeRequest, ModifyVolumeResult, VolumeModification,
};
use kernel::{ApiError, Caller, FilterRow, Snapshot, Timestamp, Tx, Wait};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};
use std::sync::Arc;

/// A change of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Modification {
    from: Arc<Disk>,
    to: Arc<Disk>,
    started_at: Timestamp,
    optimizing_at: Timestamp,
    completed_at: Timestamp,
    state: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    Modifying,
    Optimizing,
    Completed,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Modifying => "modifying",
            Self::Optimizing => "optimizing",
            Self::Completed => "completed",
        }
    }
}

impl Modification {
    /// Goes as far as it is by now; the new disk, when it takes effect.
    pub(super) fn advance(&mut self, now: Timestamp) -> Option<Arc<Disk>> {
        let effective = self.state == Stage::Modifying && self.optimizing_at <= now;
        if self.completed_at <= now {
            self.state = Stage::Completed;
        } else if effective {
            self.state = Stage::Optimizing;
        }
        effective.then(|| self.to.clone())
    }

    /// When it goes on.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        [self.optimizing_at, self.completed_at].into_iter().find(|at| *at > now)
    }
}

/// The disk as it shall be.
fn target(volume: &Volume, input: &ModifyVolumeRequest) -> Result<Disk, ApiError> {
    let disk = &*volume.disk;
    let volume_type = input.volume_type.clone().unwrap_or_else(|| disk.volume_type.clone());
    let size = input.size.unwrap_or_else(|| i64::from(disk.size_gib));
    if size < i64::from(disk.size_gib) {
        return Err(errors::smaller_size());
    }
    // "The existing value is retained if you keep the same volume type"; gp2 has none of its own.
    let same = volume_type == disk.volume_type && volume_type != "gp2";
    let kept = |value: Option<u32>| value.filter(|_| same).map(i64::from);
    let default = matches!(volume_type.as_str(), "io1" | "io2").then_some(3_000);
    let iops = input.iops.or(kept(disk.iops)).or(default);
    let throughput = input.throughput.or(kept(disk.throughput));
    let (size_gib, iops, throughput) = checked(&volume_type, size, iops, throughput)?;
    Ok(Disk { size_gib, volume_type, iops, throughput, ..Disk::clone(disk) })
}

pub(super) fn modify_volume(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyVolumeRequest,
) -> Result<ModifyVolumeResult, ApiError> {
    if input.multi_attach_enabled == Some(true) {
        return Err(ApiError::not_implemented("ModifyVolume with MultiAttachEnabled"));
    }
    errors::dry_run(input.dry_run)?;
    let row = Volume::find(tx, &input.volume_id)?;
    if row.is(Moving::Creating) || row.is(Moving::Deleting) {
        return Err(errors::volume_state(&row.id, row.state()));
    }
    if let Some(last) = row.modification.as_ref().filter(|m| m.state != Stage::Completed) {
        return Err(errors::modification_running(&row.id, last.state.name()));
    }
    let to = Arc::new(target(&row, &input)?);
    let now = tx.now();
    let optimizing_at = now.plus_millis(tx.pace().millis(Wait::VolumeModify));
    let completed_at = optimizing_at.plus_millis(tx.pace().millis(Wait::VolumeOptimize));
    let from = row.disk.clone();
    let modification =
        Modification { from, to, started_at: now, optimizing_at, completed_at, state: Stage::Modifying };
    let wire = render(&row.id, &modification, now);
    tx.update::<Volume>(&row.id, |v| v.modification = Some(Box::new(modification)));
    let next = row.moving.map_or(optimizing_at, |(_, due)| due.min(optimizing_at));
    tx.schedule(next, "ec2.volume", &row.id);
    Ok(ModifyVolumeResult { volume_modification: Some(wire) })
}

fn render(id: &SmolStr, modification: &Modification, now: Timestamp) -> VolumeModification {
    let Modification { from, to, .. } = modification;
    let completed = modification.state == Stage::Completed;
    let whole = modification.completed_at.0 - modification.started_at.0;
    let part = now.0 - modification.started_at.0;
    let percent = if completed { 100 } else { part.saturating_mul(100) / whole.max(1) };
    VolumeModification {
        volume_id: Some(id.clone()),
        modification_state: Some(SmolStr::new_static(modification.state.name())),
        target_size: Some(i64::from(to.size_gib)),
        target_iops: to.iops.map(i64::from),
        target_volume_type: Some(to.volume_type.clone()),
        target_throughput: to.throughput.map(i64::from),
        target_multi_attach_enabled: Some(false),
        original_size: Some(i64::from(from.size_gib)),
        original_iops: from.iops.map(i64::from),
        original_volume_type: Some(from.volume_type.clone()),
        original_throughput: from.throughput.map(i64::from),
        original_multi_attach_enabled: Some(false),
        progress: Some(percent.clamp(0, 100)),
        start_time: Some(modification.started_at.whole_seconds()),
        end_time: completed.then(|| modification.completed_at.whole_seconds()),
        ..Default::default()
    }
}

/// A value of the latest modification.
macro_rules! of_modification {
    ($name:literal, |$m:ident| $value:expr) => {
        FilterRow {
            name: $name,
            values: |v, _, emit| v.modification.iter().for_each(|$m| emit(&$value)),
        }
    };
}

static FILTERS: &[FilterRow<Volume>] = &[
    of_modification!("modification-state", |m| m.state.name()),
    FilterRow { name: "operator.managed", values: |_, _, emit| emit("false") },
    FilterRow { name: "operator.principal", values: |_, _, _| () },
    of_modification!("original-iops", |m| m.from.iops.unwrap_or(0).to_smolstr()),
    of_modification!("original-size", |m| m.from.size_gib.to_smolstr()),
    of_modification!("original-volume-type", |m| m.from.volume_type),
    of_modification!("originalMultiAttachEnabled", |_m| bool_text(false)),
    of_modification!("start-time", |m| m.started_at.whole_seconds().iso_millis()),
    of_modification!("target-iops", |m| m.to.iops.unwrap_or(0).to_smolstr()),
    of_modification!("target-size", |m| m.to.size_gib.to_smolstr()),
    of_modification!("target-volume-type", |m| m.to.volume_type),
    of_modification!("targetMultiAttachEnabled", |_m| bool_text(false)),
    FilterRow { name: "volume-id", values: |v, _, emit| emit(&v.id) },
];

/// The latest modification of each volume that had one.
pub(super) fn describe_volumes_modifications(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeVolumesModificationsRequest,
) -> Result<DescribeVolumesModificationsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let filters = parse_filters(FILTERS, Volume::tags, input.filters.as_deref())?;
    let limit = page_size(input.max_results)?;
    let mut rows: Vec<Arc<Volume>> = match input.volume_ids.as_deref().unwrap_or_default() {
        [] => snapshot.rows::<Volume>().cloned().collect(),
        ids => Volume::find_all(snapshot, ids)?,
    };
    if let Some(ids) = input.volume_ids.as_deref()
        && let [row] = rows.as_slice()
        && row.modification.is_none()
        && !ids.is_empty()
    {
        return Err(errors::modification_not_found(&row.id));
    }
    rows.retain(|row| row.modification.is_some() && filters.matches(row, snapshot));
    rows.sort_by_key(|row| row.id.clone());
    let call = "DescribeVolumesModifications";
    let page = facts::page(call, input.next_token.as_deref(), limit, rows, |r| r.id.clone())?;
    let render = |row: &Arc<Volume>| {
        row.modification.as_ref().map(|m| render(&row.id, m, snapshot.now()))
    };
    Ok(DescribeVolumesModificationsResult {
        next_token: page.next,
        volumes_modifications: Some(page.items.iter().filter_map(render).collect()),
    })
}

pub(super) fn modify_volume_attribute(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyVolumeAttributeRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = Volume::find(tx, &input.volume_id)?;
    if let Some(value) = input.auto_enable_io.and_then(|flag| flag.value) {
        tx.update::<Volume>(&row.id, |v| v.auto_enable_io = value);
    }
    Ok(())
}
