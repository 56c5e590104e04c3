//! `AWS::EC2::Volume` and `AWS::EC2::VolumeAttachment`.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider, Readiness};
use api::ec2::{self, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// A volume: ready when it is available, and when a change of it has taken effect.
pub(crate) struct Volume;

/// A volume on an instance, known by both.
pub(crate) struct Attachment;

/// What can be changed, by ModifyVolume.
const MODIFIABLE: [&str; 4] = ["Size", "VolumeType", "Iops", "Throughput"];

/// "Updates are not supported", as the reference says of these.
const FIXED: [&str; 8] = [
    "AvailabilityZone",
    "AvailabilityZoneId",
    "Encrypted",
    "KmsKeyId",
    "MultiAttachEnabled",
    "OutpostArn",
    "SnapshotId",
    "SourceVolumeId",
];

fn find(cx: &mut Context<'_>, id: &str) -> Result<ec2::Volume, ApiError> {
    let input =
        ec2::DescribeVolumesRequest { volume_ids: Some(vec![id.into()]), ..Default::default() };
    let found = cx.call::<ops::DescribeVolumes>(input)?;
    Ok(found.volumes.and_then(|v| v.into_iter().next()).unwrap_or_default())
}

fn set_auto_enable_io(cx: &mut Context<'_>, id: &str, value: bool) -> Result<(), ApiError> {
    cx.call::<ops::ModifyVolumeAttribute>(ec2::ModifyVolumeAttributeRequest {
        volume_id: id.into(),
        auto_enable_io: Some(ec2::AttributeBooleanValue { value: Some(value) }),
        dry_run: None,
    })
}

/// Whether the latest change of a volume has not taken effect yet.
fn is_modifying(cx: &mut Context<'_>, id: &str) -> Result<bool, ApiError> {
    let filter = |name: &str, value: &str| ec2::Filter {
        name: Some(name.into()),
        values: Some(vec![value.into()]),
    };
    let input = ec2::DescribeVolumesModificationsRequest {
        filters: Some(vec![filter("volume-id", id), filter("modification-state", "modifying")]),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeVolumesModifications>(input)?;
    Ok(found.volumes_modifications.is_some_and(|list| !list.is_empty()))
}

impl Provider for Volume {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::Volume"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        if p.has("SourceVolumeId") {
            return Err(ApiError::not_implemented(
                "the property SourceVolumeId of AWS::EC2::Volume",
            ));
        }
        let made = cx.call::<ops::CreateVolume>(ec2::CreateVolumeRequest {
            availability_zone: p.text("AvailabilityZone"),
            availability_zone_id: p.text("AvailabilityZoneId"),
            encrypted: p.boolean("Encrypted"),
            iops: p.integer("Iops"),
            kms_key_id: p.text("KmsKeyId"),
            multi_attach_enabled: p.boolean("MultiAttachEnabled"),
            outpost_arn: p.text("OutpostArn"),
            size: p.integer("Size"),
            snapshot_id: p.text("SnapshotId"),
            throughput: p.integer("Throughput"),
            volume_initialization_rate: p.integer("VolumeInitializationRate"),
            volume_type: p.text("VolumeType"),
            tag_specifications: tagging::specification(cx, "volume", p),
            ..Default::default()
        })?;
        let id = made.volume_id.unwrap_or_default();
        if p.boolean("AutoEnableIO") == Some(true) {
            set_auto_enable_io(cx, &id, true)?;
        }
        Ok(id)
    }

    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Readiness, ApiError> {
        let creating = find(cx, id)?.state.as_deref() == Some("creating");
        Ok(match creating || is_modifying(cx, id)? {
            true => Readiness::InProgress,
            false => Readiness::Ready,
        })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        if let Some(name) = FIXED.iter().find(|name| !old.same(new, name)) {
            return Err(ApiError::new(
                "NotUpdatable",
                format!("Updates are not supported for property {name} of AWS::EC2::Volume."),
            ));
        }
        if MODIFIABLE.iter().any(|name| !old.same(new, name)) {
            cx.call::<ops::ModifyVolume>(ec2::ModifyVolumeRequest {
                volume_id: id.into(),
                size: new.integer("Size"),
                volume_type: new.text("VolumeType"),
                iops: new.integer("Iops"),
                throughput: new.integer("Throughput"),
                ..Default::default()
            })?;
        }
        if !old.same(new, "AutoEnableIO") {
            set_auto_enable_io(cx, id, new.boolean("AutoEnableIO").unwrap_or(false))?;
        }
        tagging::update(cx, id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        if find(cx, id)?.state.as_deref() != Some("deleting") {
            let input = ec2::DeleteVolumeRequest { volume_id: id.into(), dry_run: None };
            cx.call::<ops::DeleteVolume>(input)?;
        }
        Ok(Deletion::InProgress)
    }

    fn snapshot(&self, cx: &mut Context<'_>, id: &str) -> Result<(), ApiError> {
        let tags = find(cx, id)?.tags.unwrap_or_default();
        let specification = ec2::TagSpecification {
            resource_type: Some("snapshot".into()),
            tags: Some(tags),
        };
        let input = ec2::CreateSnapshotRequest {
            volume_id: id.into(),
            tag_specifications: Some(vec![specification]),
            ..Default::default()
        };
        cx.call::<ops::CreateSnapshot>(input).map(|_| ())
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "VolumeId").then(|| json!(id)))
    }
}

/// The attachment that a volume has to the instance of a physical id.
fn attachment(cx: &mut Context<'_>, id: &str) -> Result<Option<ec2::VolumeAttachment>, ApiError> {
    let (volume, instance) = id.split_once('|').unwrap_or((id, ""));
    let attachments = find(cx, volume)?.attachments.unwrap_or_default();
    Ok(attachments.into_iter().find(|a| a.instance_id.as_deref() == Some(instance)))
}

impl Provider for Attachment {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::VolumeAttachment"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let (volume_id, instance_id) = (p.text_or_empty("VolumeId"), p.text_or_empty("InstanceId"));
        cx.call::<ops::AttachVolume>(ec2::AttachVolumeRequest {
            device: p.text_or_empty("Device"),
            instance_id: instance_id.clone(),
            volume_id: volume_id.clone(),
            ebs_card_index: p.integer("EbsCardIndex"),
            dry_run: None,
        })?;
        Ok(format_smolstr!("{volume_id}|{instance_id}"))
    }

    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Readiness, ApiError> {
        let state = attachment(cx, id)?.and_then(|a| a.state);
        Ok(match state.as_deref() {
            Some("attached") => Readiness::Ready,
            Some("attaching") => Readiness::InProgress,
            _ => Readiness::Failed("The volume is not attached to the instance".to_owned()),
        })
    }

    /// Every property replaces the attachment.
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
        let Some(attachment) = attachment(cx, id)? else { return Ok(Deletion::Done) };
        if attachment.state.as_deref() != Some("detaching") {
            cx.call::<ops::DetachVolume>(ec2::DetachVolumeRequest {
                volume_id: attachment.volume_id.unwrap_or_default(),
                instance_id: attachment.instance_id,
                ..Default::default()
            })?;
        }
        Ok(match self::attachment(cx, id)? {
            Some(_) => Deletion::InProgress,
            None => Deletion::Done,
        })
    }
}
