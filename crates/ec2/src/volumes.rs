//! EBS volumes.
//!
//! "Amazon EBS volumes" in the user guide. A volume moves by itself from `creating` to `available`
//! and from `attaching` to `attached`, and back; a modification takes effect when it is
//! `optimizing`. Multi-Attach, Outposts and initialization rates are left out; requests that want
//! them say so.

mod attach;
mod create;
mod describe;
mod lifecycle;
mod modify;

pub(crate) use lifecycle::released;

use crate::entity::Entity;
use crate::errors;
use crate::instances::Instance;
use kernel::{ApiError, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// What the volumes of one launch have in common; they share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Disk {
    pub(crate) size_gib: u32,
    /// `gp2`, `gp3`, …
    pub(crate) volume_type: SmolStr,
    pub(crate) iops: Option<u32>,
    /// MiB/s, for gp3.
    pub(crate) throughput: Option<u32>,
    pub(crate) zone: SmolStr,
    /// Empty if it was made from nothing.
    pub(crate) snapshot_id: SmolStr,
    pub(crate) encrypted: bool,
    /// ARN or id, as it was given; empty for the account's default key.
    #[serde(default, skip_serializing_if = "SmolStr::is_empty")]
    pub(crate) kms_key_id: SmolStr,
}

/// A volume.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: SmolStr,
    #[serde(flatten)]
    pub(crate) disk: Arc<Disk>,
    pub(crate) created_at: Timestamp,
    pub(crate) attachment: Option<VolumeAttachment>,
    /// What it is on its way to, and when it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moving: Option<(Moving, Timestamp)>,
    /// Its latest change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modification: Option<Box<modify::Modification>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    auto_enable_io: bool,
    pub(crate) tags: Tags,
}

/// A transitional state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Moving {
    Creating,
    Attaching,
    Detaching,
    Deleting,
}

/// What a volume is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VolumeAttachment {
    pub(crate) instance_id: SmolStr,
    pub(crate) device: SmolStr,
    pub(crate) attached_at: Timestamp,
    pub(crate) delete_on_termination: bool,
}

impl Row for Volume {
    const TABLE: &'static str = "ec2.volumes";
    const INDEXES: &'static [&'static str] = &["instance", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        if let Some(attachment) = &self.attachment {
            sink.put("instance", attachment.instance_id.clone());
        }
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Volume {
    /// A volume with this disk that came with an instance.
    pub(crate) fn attached(
        id: SmolStr,
        disk: Arc<Disk>,
        attachment: VolumeAttachment,
        tags: Tags,
    ) -> Self {
        let created_at = attachment.attached_at;
        Self { attachment: Some(attachment), ..Self::plain(id, disk, created_at, tags) }
    }

    /// A volume that is attached to nothing.
    fn plain(id: SmolStr, disk: Arc<Disk>, created_at: Timestamp, tags: Tags) -> Self {
        let (attachment, moving, modification) = (None, None, None);
        let auto_enable_io = false;
        Self { id, disk, created_at, attachment, moving, modification, auto_enable_io, tags }
    }

    fn is(&self, moving: Moving) -> bool {
        self.moving.is_some_and(|(now, _)| now == moving)
    }

    /// Whether there is something to take a snapshot of.
    pub(crate) fn holds_data(&self) -> bool {
        !self.is(Moving::Creating) && !self.is(Moving::Deleting)
    }

    fn state(&self) -> &'static str {
        match (self.moving, &self.attachment) {
            (Some((Moving::Creating, _)), _) => "creating",
            (Some((Moving::Deleting, _)), _) => "deleting",
            (_, Some(_)) => "in-use",
            (_, None) => "available",
        }
    }
}

/// `attaching` also while the instance that it came with boots.
fn attachment_state(
    snapshot: &Snapshot,
    volume: &Volume,
    attachment: &VolumeAttachment,
) -> &'static str {
    if volume.is(Moving::Detaching) {
        return "detaching";
    }
    let instance = snapshot.get::<Instance>(&attachment.instance_id);
    let boots = instance.is_some_and(|i| i.is_pending());
    if boots || volume.is(Moving::Attaching) { "attaching" } else { "attached" }
}

impl Entity for Volume {
    const KIND: &'static str = "volume";
    const PREFIX: &'static str = "vol-";
    const FILTERS: &'static [FilterRow<Self>] = describe::FILTERS;
    const INDEXED: &'static [(&'static str, &'static str)] =
        &[("attachment.instance-id", "instance")];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        let text = match ids {
            [id] => format!("The volume '{id}' does not exist."),
            _ => format!("The volumes '{}' do not exist.", ids.join(", ")),
        };
        ApiError::new("InvalidVolume.NotFound", text)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidVolumeID.Malformed", id, Self::PREFIX)
    }
}

resource! { ec2:
    operations {
        write CreateVolume => create::create_volume,
        read DescribeVolumes => describe::describe_volumes,
        read DescribeVolumeStatus => describe::describe_volume_status,
        read DescribeVolumeAttribute => describe::describe_volume_attribute,
        write DeleteVolume => lifecycle::delete_volume,
        write AttachVolume => attach::attach_volume,
        write DetachVolume => attach::detach_volume,
        write ModifyVolume => modify::modify_volume,
        write ModifyVolumeAttribute => modify::modify_volume_attribute,
        read DescribeVolumesModifications => modify::describe_volumes_modifications,
    }
    tables { Volume }
    tasks { "ec2.volume" => lifecycle::look }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_volumes_have_the_fields_of_their_disk_beside_their_own() {
        let stored = r#"{"id":"vol-1","size_gib":8,"volume_type":"gp2","iops":100,
            "throughput":null,"zone":"us-west-1a","snapshot_id":"","encrypted":false,
            "created_at":0,"attachment":null,"tags":[]}"#;
        let volume: Volume = serde_json::from_str(stored).expect("a volume as it is stored");
        assert_eq!((volume.disk.size_gib, &*volume.disk.zone), (8, "us-west-1a"));
        let again = serde_json::to_value(&volume).expect("rows can be stored");
        let before: serde_json::Value = serde_json::from_str(stored).expect("it is JSON");
        assert_eq!(again, before);
    }
}
