//! EBS volumes.

use crate::entity::Entity;
use crate::errors;
use kernel::{ApiError, FilterRow, IndexSink, Row, Tags, Timestamp, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A volume.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: SmolStr,
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
    pub(crate) created_at: Timestamp,
    pub(crate) attachment: Option<VolumeAttachment>,
    pub(crate) tags: Tags,
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

impl Entity for Volume {
    const KIND: &'static str = "volume";
    const PREFIX: &'static str = "vol-";
    const FILTERS: &'static [FilterRow<Self>] =
        &[FilterRow { name: "volume-id", values: |v, _, emit| emit(&v.id) }];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        let ids = ids.join(", ");
        ApiError::new("InvalidVolume.NotFound", format!("The volume '{ids}' does not exist."))
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidVolumeID.Malformed", id, Self::PREFIX)
    }
}

resource! { ec2: tables { Volume } }
