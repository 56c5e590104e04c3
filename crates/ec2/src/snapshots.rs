//! Snapshots of EBS volumes.
//!
//! "Amazon EBS snapshots" in the user guide. Only the account's own are known; the public ones
//! behind Amazon's images can be made into volumes but are not listed.

use crate::entity::{Entity, Query, render_tags, specified_tags};
use crate::errors;
use crate::volumes::{Disk, Volume};
use crate::vpcs::bool_text;
use api::ec2::{
    CreateSnapshotRequest, DeleteSnapshotRequest, DescribeSnapshotsRequest,
    DescribeSnapshotsResult,
};
use kernel::{
    ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp, Tx, Wait, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};
use std::sync::Arc;

/// A snapshot of a volume.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EbsSnapshot {
    id: SmolStr,
    volume_id: SmolStr,
    /// The volume's disk as it was.
    pub(crate) disk: Arc<Disk>,
    description: SmolStr,
    started_at: Timestamp,
    due: Timestamp,
    pub(crate) completed: bool,
    tags: Tags,
}

impl EbsSnapshot {
    const fn state(&self) -> &'static str {
        if self.completed { "completed" } else { "pending" }
    }

    const fn progress(&self) -> &'static str {
        if self.completed { "100%" } else { "0%" }
    }
}

impl Row for EbsSnapshot {
    const TABLE: &'static str = "ec2.snapshots";
    const INDEXES: &'static [&'static str] = &["tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

static FILTERS: &[FilterRow<EbsSnapshot>] = &[
    FilterRow { name: "description", values: |s, _, emit| emit(&s.description) },
    FilterRow { name: "encrypted", values: |s, _, emit| emit(bool_text(s.disk.encrypted)) },
    FilterRow { name: "owner-alias", values: |_, _, _| () },
    FilterRow { name: "owner-id", values: |_, view, emit| emit(view.account()) },
    FilterRow { name: "progress", values: |s, _, emit| emit(s.progress()) },
    FilterRow { name: "snapshot-id", values: |s, _, emit| emit(&s.id) },
    FilterRow {
        name: "start-time",
        values: |s, _, emit| emit(&s.started_at.iso_millis()),
    },
    FilterRow { name: "status", values: |s, _, emit| emit(s.state()) },
    FilterRow { name: "storage-tier", values: |_, _, emit| emit("standard") },
    FilterRow { name: "transfer-type", values: |_, _, emit| emit("standard") },
    FilterRow { name: "volume-id", values: |s, _, emit| emit(&s.volume_id) },
    FilterRow { name: "volume-size", values: |s, _, emit| emit(&s.disk.size_gib.to_smolstr()) },
];

impl Entity for EbsSnapshot {
    const KIND: &'static str = "snapshot";
    const PREFIX: &'static str = "snap-";
    const FILTERS: &'static [FilterRow<Self>] = FILTERS;

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        let text = match ids {
            [id] => format!("The snapshot '{id}' does not exist."),
            _ => format!("The snapshots '{}' do not exist.", ids.join(", ")),
        };
        ApiError::new("InvalidSnapshot.NotFound", text)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidSnapshotID.Malformed", id, Self::PREFIX)
    }
}

fn create_snapshot(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateSnapshotRequest,
) -> Result<api::ec2::Snapshot, ApiError> {
    let kind = EbsSnapshot::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    if input.outpost_arn.is_some() || input.location.as_deref() == Some("local") {
        return Err(ApiError::not_implemented("CreateSnapshot outside the region"));
    }
    errors::dry_run(input.dry_run)?;
    let volume = Volume::find(tx, &input.volume_id)?;
    if !volume.holds_data() {
        return Err(errors::volume_not_available(&volume.id));
    }
    let id = tx.new_id(EbsSnapshot::PREFIX);
    let due = tx.now().plus_millis(tx.pace().millis(Wait::SnapshotCreate));
    let row = EbsSnapshot {
        id: id.clone(),
        volume_id: volume.id.clone(),
        disk: volume.disk.clone(),
        description: input.description.unwrap_or_default(),
        started_at: tx.now(),
        due,
        completed: false,
        tags,
    };
    tx.schedule(due, "ec2.snapshot", &id);
    let mut wire = render(tx, &row);
    // The answer comes before anything was copied.
    wire.progress = Some(SmolStr::default());
    tx.put(row);
    Ok(wire)
}

/// The task: a snapshot is complete.
fn look(tx: &mut Tx, _: &Caller, id: &str) {
    tx.update::<EbsSnapshot>(id, |s| s.completed = true);
}

fn delete_snapshot(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteSnapshotRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let row = EbsSnapshot::find(tx, &input.snapshot_id)?;
    tx.remove::<EbsSnapshot>(&row.id);
    Ok(())
}

fn describe_snapshots(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeSnapshotsRequest,
) -> Result<DescribeSnapshotsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let ids = input.snapshot_ids.as_deref().filter(|ids| !ids.is_empty());
    if ids.is_some() && input.max_results.is_some() {
        return Err(errors::cannot_be_used_with("snapshotSet", "maxResults"));
    }
    let account = snapshot.account();
    let own = |name: &SmolStr| name == "self" || name == account;
    let owners = input.owner_ids.as_deref().unwrap_or_default();
    let users = input.restorable_by_user_ids.as_deref().unwrap_or_default();
    let mine = owners.is_empty() || owners.iter().any(own);
    // Snapshots are shared with nobody.
    let restorable = users.is_empty() || users.iter().any(own);
    let page = Query {
        operation: "DescribeSnapshots",
        ids,
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run_where::<EbsSnapshot>(snapshot, |_| mine && restorable)?;
    let items = page.items.iter().map(|row| render(snapshot, row)).collect();
    Ok(DescribeSnapshotsResult { next_token: page.next, snapshots: Some(items) })
}

fn render(snapshot: &Snapshot, row: &EbsSnapshot) -> api::ec2::Snapshot {
    let text = |text: &'static str| Some(SmolStr::new_static(text));
    let key = &row.disk.kms_key_id;
    api::ec2::Snapshot {
        tags: render_tags(&row.tags),
        storage_tier: text("standard"),
        transfer_type: text("standard"),
        completion_time: row.completed.then(|| row.due.whole_seconds()),
        snapshot_id: Some(row.id.clone()),
        volume_id: Some(row.volume_id.clone()),
        state: text(row.state()),
        start_time: Some(row.started_at),
        progress: text(row.progress()),
        owner_id: Some(snapshot.account().clone()),
        description: Some(row.description.clone()),
        volume_size: Some(i64::from(row.disk.size_gib)),
        encrypted: Some(row.disk.encrypted),
        kms_key_id: (!key.is_empty()).then(|| key.clone()),
        ..Default::default()
    }
}

resource! { ec2:
    operations {
        write CreateSnapshot => create_snapshot,
        read DescribeSnapshots => describe_snapshots,
        write DeleteSnapshot => delete_snapshot,
    }
    tables { EbsSnapshot }
    tasks { "ec2.snapshot" => look }
}
