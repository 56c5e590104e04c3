//! DescribeVolumes, DescribeVolumeStatus and DescribeVolumeAttribute, their filters, and how a
//! volume looks on the wire.

use super::{Volume, VolumeAttachment, attachment_state};
use crate::entity::{Entity, Query, render_tags};
use crate::errors;
use crate::subnets::id_of_zone;
use crate::vpcs::bool_text;
use api::ec2::{
    AttributeBooleanValue, DescribeVolumeAttributeRequest, DescribeVolumeAttributeResult,
    DescribeVolumeStatusRequest, DescribeVolumeStatusResult, DescribeVolumesRequest,
    DescribeVolumesResult, OperatorResponse, VolumeStatusDetails, VolumeStatusInfo,
    VolumeStatusItem,
};
use kernel::{ApiError, Caller, FilterRow, Snapshot};
use smol_str::{SmolStr, ToSmolStr};
use std::sync::Arc;

type Emit<'a> = &'a mut dyn FnMut(&str);

/// Filters by what volumes here never have match nothing.
fn never(_: &Volume, _: &Snapshot, _: Emit<'_>) {}

pub(super) static FILTERS: &[FilterRow<Volume>] = &[
    FilterRow {
        name: "attachment.attach-time",
        values: |v, _, emit| {
            let attachment = v.attachment.iter();
            attachment.for_each(|a| emit(&a.attached_at.whole_seconds().iso_millis()));
        },
    },
    FilterRow {
        name: "attachment.delete-on-termination",
        values: |v, _, emit| {
            v.attachment.iter().for_each(|a| emit(bool_text(a.delete_on_termination)));
        },
    },
    FilterRow {
        name: "attachment.device",
        values: |v, _, emit| v.attachment.iter().for_each(|a| emit(&a.device)),
    },
    FilterRow {
        name: "attachment.instance-id",
        values: |v, _, emit| v.attachment.iter().for_each(|a| emit(&a.instance_id)),
    },
    FilterRow {
        name: "attachment.status",
        values: |v, s, emit| v.attachment.iter().for_each(|a| emit(attachment_state(s, v, a))),
    },
    FilterRow { name: "availability-zone", values: |v, _, emit| emit(&v.disk.zone) },
    FilterRow {
        name: "availability-zone-id",
        values: |v, s, emit| id_of_zone(s, &v.disk.zone).iter().for_each(|id| emit(id)),
    },
    FilterRow { name: "create-time", values: |v, _, emit| emit(&v.created_at.iso_millis()) },
    FilterRow { name: "encrypted", values: |v, _, emit| emit(bool_text(v.disk.encrypted)) },
    FilterRow { name: "fast-restored", values: never },
    FilterRow { name: "multi-attach-enabled", values: |_, _, emit| emit("false") },
    FilterRow { name: "operator.managed", values: |_, _, emit| emit("false") },
    FilterRow { name: "operator.principal", values: never },
    FilterRow { name: "size", values: |v, _, emit| emit(&v.disk.size_gib.to_smolstr()) },
    FilterRow { name: "snapshot-id", values: |v, _, emit| emit(&v.disk.snapshot_id) },
    FilterRow { name: "source-volume-id", values: never },
    FilterRow { name: "status", values: |v, _, emit| emit(v.state()) },
    FilterRow { name: "volume-id", values: |v, _, emit| emit(&v.id) },
    FilterRow { name: "volume-type", values: |v, _, emit| emit(&v.disk.volume_type) },
];

pub(super) fn describe_volumes(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeVolumesRequest,
) -> Result<DescribeVolumesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let ids = input.volume_ids.as_deref().filter(|ids| !ids.is_empty());
    if ids.is_some() && input.max_results.is_some() {
        return Err(errors::cannot_be_used_with("volumeSet", "maxResults"));
    }
    let page = Query {
        operation: "DescribeVolumes",
        ids,
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<Volume>(snapshot)?;
    let volumes = page.items.iter().map(|volume| render(snapshot, volume)).collect();
    Ok(DescribeVolumesResult { next_token: page.next, volumes: Some(volumes) })
}

pub(super) fn render(snapshot: &Snapshot, volume: &Volume) -> api::ec2::Volume {
    let attachment = |a: &VolumeAttachment| attachment(snapshot, volume, a);
    api::ec2::Volume {
        availability_zone_id: id_of_zone(snapshot, &volume.disk.zone),
        iops: volume.disk.iops.map(i64::from),
        tags: render_tags(&volume.tags),
        volume_type: Some(volume.disk.volume_type.clone()),
        multi_attach_enabled: Some(false),
        throughput: volume.disk.throughput.map(i64::from),
        operator: Some(OperatorResponse { managed: Some(false), ..Default::default() }),
        volume_id: Some(volume.id.clone()),
        size: Some(i64::from(volume.disk.size_gib)),
        snapshot_id: Some(volume.disk.snapshot_id.clone()),
        availability_zone: Some(volume.disk.zone.clone()),
        state: Some(SmolStr::new_static(volume.state())),
        create_time: Some(volume.created_at),
        attachments: Some(volume.attachment.iter().map(attachment).collect()),
        encrypted: Some(volume.disk.encrypted),
        kms_key_id: Some(volume.disk.kms_key_id.clone()).filter(|key| !key.is_empty()),
        ..Default::default()
    }
}

pub(super) fn attachment(
    snapshot: &Snapshot,
    volume: &Volume,
    a: &VolumeAttachment,
) -> api::ec2::VolumeAttachment {
    api::ec2::VolumeAttachment {
        delete_on_termination: Some(a.delete_on_termination),
        volume_id: Some(volume.id.clone()),
        instance_id: Some(a.instance_id.clone()),
        device: Some(a.device.clone()),
        state: Some(SmolStr::new_static(attachment_state(snapshot, volume, a))),
        attach_time: Some(a.attached_at.whole_seconds()),
        ..Default::default()
    }
}

pub(super) fn describe_volume_attribute(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeVolumeAttributeRequest,
) -> Result<DescribeVolumeAttributeResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let volume = Volume::find(snapshot, &input.volume_id)?;
    let enable = AttributeBooleanValue { value: Some(volume.auto_enable_io) };
    let io = input.attribute == "autoEnableIO";
    Ok(DescribeVolumeAttributeResult {
        auto_enable_io: io.then_some(enable),
        product_codes: (!io).then(Vec::new),
        volume_id: Some(volume.id.clone()),
    })
}

/// The checks of DescribeVolumeStatus. Simulated disks never fail them.
const CHECKS: [(&str, &str); 2] = [("io-enabled", "passed"), ("io-performance", "not-applicable")];

static STATUS_FILTERS: &[FilterRow<Volume>] = &[
    FilterRow { name: "action.code", values: never },
    FilterRow { name: "action.description", values: never },
    FilterRow { name: "action.event-id", values: never },
    FilterRow { name: "availability-zone", values: |v, _, emit| emit(&v.disk.zone) },
    FilterRow {
        name: "availability-zone-id",
        values: |v, s, emit| id_of_zone(s, &v.disk.zone).iter().for_each(|id| emit(id)),
    },
    FilterRow { name: "event.description", values: never },
    FilterRow { name: "event.event-id", values: never },
    FilterRow { name: "event.event-type", values: never },
    FilterRow { name: "event.not-after", values: never },
    FilterRow { name: "event.not-before", values: never },
    FilterRow { name: "operator.managed", values: |_, _, emit| emit("false") },
    FilterRow { name: "operator.principal", values: never },
    FilterRow {
        name: "volume-status.details-name",
        values: |_, _, emit| CHECKS.iter().for_each(|(name, _)| emit(name)),
    },
    FilterRow {
        name: "volume-status.details-status",
        values: |_, _, emit| CHECKS.iter().for_each(|(_, status)| emit(status)),
    },
    FilterRow { name: "volume-status.status", values: |_, _, emit| emit("ok") },
];

pub(super) fn describe_volume_status(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeVolumeStatusRequest,
) -> Result<DescribeVolumeStatusResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let ids = input.volume_ids.as_deref().filter(|ids| !ids.is_empty());
    if ids.is_some() && input.max_results.is_some() {
        return Err(errors::cannot_be_used_with("volumeSet", "maxResults"));
    }
    let page = Query {
        operation: "DescribeVolumeStatus",
        ids,
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run_by::<Volume>(snapshot, STATUS_FILTERS, |_| true)?;
    let details = || {
        let detail = |(name, status): (&'static str, &'static str)| VolumeStatusDetails {
            name: Some(SmolStr::new_static(name)),
            status: Some(SmolStr::new_static(status)),
        };
        CHECKS.map(detail).to_vec()
    };
    let render = |volume: &Arc<Volume>| VolumeStatusItem {
        actions: Some(Vec::new()),
        availability_zone: Some(volume.disk.zone.clone()),
        availability_zone_id: id_of_zone(snapshot, &volume.disk.zone),
        events: Some(Vec::new()),
        volume_id: Some(volume.id.clone()),
        volume_status: Some(VolumeStatusInfo {
            details: Some(details()),
            status: Some(SmolStr::new_static("ok")),
        }),
        ..Default::default()
    };
    let statuses = page.items.iter().map(render).collect();
    Ok(DescribeVolumeStatusResult { next_token: page.next, volume_statuses: Some(statuses) })
}

