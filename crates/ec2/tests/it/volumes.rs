//! Volumes, those that come with instances and others, and their snapshots.

use crate::harness::{Ec2, described, filter, launch, running, tagged};
use api::ec2::ops::{
    AttachVolume, CreateSnapshot, CreateVolume, DeleteSnapshot, DeleteVolume, DescribeSnapshots,
    DescribeVolumeStatus, DescribeVolumes, DescribeVolumesModifications, DetachVolume,
    ModifyVolume, TerminateInstances,
};
use api::ec2::{
    AttachVolumeRequest, BlockDeviceMapping, CreateSnapshotRequest, CreateVolumeRequest,
    DeleteSnapshotRequest, DeleteVolumeRequest, DescribeSnapshotsRequest,
    DescribeVolumeStatusRequest, DescribeVolumesModificationsRequest, DescribeVolumesRequest,
    DetachVolumeRequest, EbsBlockDevice, Filter, ModifyVolumeRequest, TerminateInstancesRequest,
    Volume,
};
use smol_str::SmolStr;

fn volumes(ec2: &Ec2, filters: Vec<Filter>) -> Vec<Volume> {
    let request = DescribeVolumesRequest { filters: Some(filters), ..Default::default() };
    ec2.ok::<DescribeVolumes>(request).volumes.expect("a list")
}

#[test]
fn volumes_attach_with_the_boot_and_only_those_to_delete_go_with_the_instance() {
    let ec2 = Ec2::new();
    let data = BlockDeviceMapping {
        device_name: Some("/dev/sdf".into()),
        ebs: Some(EbsBlockDevice {
            volume_size: Some(20),
            volume_type: Some("gp3".into()),
            delete_on_termination: Some(false),
            ..Default::default()
        }),
        ..Default::default()
    };
    let reservation = launch(&ec2, 1, |r| r.block_device_mappings = Some(vec![data]));
    let id = reservation.instances.expect("one").remove(0).instance_id.expect("an id");
    assert_eq!(volumes(&ec2, vec![filter("attachment.status", &["attaching"])]).len(), 2);
    ec2.step(60_000);
    for (name, value, hits) in [
        ("attachment.status", "attached", 2),
        ("attachment.instance-id", id.as_str(), 2),
        ("attachment.device", "/dev/sdf", 1),
        ("attachment.delete-on-termination", "false", 1),
        ("size", "20", 1),
        ("volume-type", "gp3", 1),
        ("status", "in-use", 2),
        ("status", "available", 0),
    ] {
        assert_eq!(volumes(&ec2, vec![filter(name, &[value])]).len(), hits, "{name}={value}");
    }
    let gp3 = &volumes(&ec2, vec![filter("volume-type", &["gp3"])])[0];
    assert_eq!((gp3.iops, gp3.throughput), (Some(3_000), Some(125)));
    let instance_ids = vec![id];
    ec2.ok::<TerminateInstances>(TerminateInstancesRequest { instance_ids, ..Default::default() });
    ec2.step(60_000);
    let left = volumes(&ec2, vec![]);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].state.as_deref(), Some("available"));
    assert_eq!(left[0].attachments, Some(vec![]));
}

#[test]
fn unknown_volumes_are_errors_and_known_ones_are_well() {
    let ec2 = Ec2::new();
    launch(&ec2, 1, |_| ());
    let request = DescribeVolumesRequest {
        volume_ids: Some(vec!["vol-0123456789abcdef0".into()]),
        ..Default::default()
    };
    assert_eq!(
        ec2.err::<DescribeVolumes>(request),
        (
            "InvalidVolume.NotFound".into(),
            "The volume 'vol-0123456789abcdef0' does not exist.".into()
        )
    );
    let request = DescribeVolumeStatusRequest {
        filters: Some(vec![filter("volume-status.status", &["ok"])]),
        ..Default::default()
    };
    let statuses = ec2.ok::<DescribeVolumeStatus>(request).volume_statuses.expect("a list");
    let info = statuses[0].volume_status.as_ref().expect("a status");
    assert_eq!(info.details.as_ref().map(Vec::len), Some(2));
}

/// The zone of default instances here, and one that has none of them.
fn zones(ec2: &Ec2, instance: &SmolStr) -> (SmolStr, SmolStr) {
    let zone = described(ec2, instance).placement.and_then(|p| p.availability_zone);
    let zone = zone.expect("a zone");
    let other = if zone == "us-west-1a" { "us-west-1c" } else { "us-west-1a" };
    (zone, other.into())
}

fn create(ec2: &Ec2, zone: &str, change: impl FnOnce(&mut CreateVolumeRequest)) -> SmolStr {
    let mut request = CreateVolumeRequest {
        availability_zone: Some(zone.into()),
        size: Some(10),
        ..Default::default()
    };
    change(&mut request);
    let made = ec2.ok::<CreateVolume>(request);
    assert_eq!(made.state.as_deref(), Some("creating"));
    ec2.step(10_000);
    made.volume_id.expect("an id")
}

fn shown(ec2: &Ec2, id: &SmolStr) -> Volume {
    volumes(ec2, vec![filter("volume-id", &[id])]).remove(0)
}

fn attach(volume: &SmolStr, instance: &SmolStr, device: &str) -> AttachVolumeRequest {
    AttachVolumeRequest {
        volume_id: volume.clone(),
        instance_id: instance.clone(),
        device: device.into(),
        ..Default::default()
    }
}

fn detach(volume: &SmolStr) -> DetachVolumeRequest {
    DetachVolumeRequest { volume_id: volume.clone(), ..Default::default() }
}

fn delete(volume: &SmolStr) -> DeleteVolumeRequest {
    DeleteVolumeRequest { volume_id: volume.clone(), dry_run: None }
}

#[test]
fn a_volume_is_made_attached_detached_and_deleted() {
    let ec2 = Ec2::new();
    let instance = running(&ec2, 1).remove(0);
    let (zone, _) = zones(&ec2, &instance);
    let id = create(&ec2, &zone, |r| r.tag_specifications = tagged("volume", "Name", "data"));
    let made = shown(&ec2, &id);
    assert_eq!(made.state.as_deref(), Some("available"));
    assert_eq!((made.volume_type.as_deref(), made.iops), (Some("gp2"), Some(100)));
    let attachment = ec2.ok::<AttachVolume>(attach(&id, &instance, "/dev/sdf"));
    assert_eq!(attachment.state.as_deref(), Some("attaching"));
    ec2.step(10_000);
    let attached = shown(&ec2, &id);
    assert_eq!(attached.state.as_deref(), Some("in-use"));
    let attachment = &attached.attachments.expect("attachments")[0];
    assert_eq!(attachment.state.as_deref(), Some("attached"));
    assert_eq!(attachment.delete_on_termination, Some(false));
    let mappings = described(&ec2, &instance).block_device_mappings.expect("mappings");
    assert_eq!(mappings.len(), 2);
    assert_eq!(
        ec2.err::<DeleteVolume>(delete(&id)),
        ("VolumeInUse".into(), format!("Volume {id} is currently attached to {instance}"))
    );
    let answer = ec2.ok::<DetachVolume>(detach(&id));
    assert_eq!(answer.state.as_deref(), Some("detaching"));
    ec2.step(10_000);
    assert_eq!(shown(&ec2, &id).state.as_deref(), Some("available"));
    assert_eq!(described(&ec2, &instance).block_device_mappings.map(|m| m.len()), Some(1));
    assert_eq!(
        ec2.err::<DetachVolume>(detach(&id)),
        ("IncorrectState".into(), format!("Volume '{id}' is in the 'available' state."))
    );
    ec2.ok::<DeleteVolume>(delete(&id));
    assert_eq!(shown(&ec2, &id).state.as_deref(), Some("deleting"));
    ec2.step(10_000);
    assert_eq!(
        ec2.err::<DeleteVolume>(delete(&id)),
        ("InvalidVolume.NotFound".into(), format!("The volume '{id}' does not exist."))
    );
}

#[test]
fn a_volume_attached_later_outlives_its_instance() {
    let ec2 = Ec2::new();
    let instance = running(&ec2, 1).remove(0);
    let (zone, _) = zones(&ec2, &instance);
    let id = create(&ec2, &zone, |_| ());
    ec2.ok::<AttachVolume>(attach(&id, &instance, "/dev/sdf"));
    let instance_ids = vec![instance];
    ec2.ok::<TerminateInstances>(TerminateInstancesRequest { instance_ids, ..Default::default() });
    ec2.step(60_000);
    assert_eq!(volumes(&ec2, vec![]).len(), 1);
    assert_eq!(shown(&ec2, &id).state.as_deref(), Some("available"));
}

#[test]
fn attachments_are_checked() {
    let ec2 = Ec2::new();
    let instances = running(&ec2, 2);
    let (zone, other) = zones(&ec2, &instances[0]);
    let (here, there) = (create(&ec2, &zone, |_| ()), create(&ec2, &other, |_| ()));
    let text = format!(
        "The volume '{there}' is not in the same availability zone as instance '{}'",
        instances[0]
    );
    assert_eq!(
        ec2.err::<AttachVolume>(attach(&there, &instances[0], "/dev/sdf")),
        ("InvalidVolume.ZoneMismatch".into(), text)
    );
    let bad = ec2.err::<AttachVolume>(attach(&here, &instances[0], "sdx:y"));
    assert_eq!(bad.0, "InvalidParameterValue");
    let root = described(&ec2, &instances[0]).root_device_name.expect("a root device");
    let taken = ec2.err::<AttachVolume>(attach(&here, &instances[0], &root));
    assert!(taken.1.ends_with("is already in use"), "{}", taken.1);
    ec2.ok::<AttachVolume>(attach(&here, &instances[0], "/dev/sdf"));
    assert_eq!(
        ec2.err::<AttachVolume>(attach(&here, &instances[1], "/dev/sdf")),
        ("VolumeInUse".into(), format!("{here} is already attached to an instance"))
    );
    let mut elsewhere = detach(&here);
    elsewhere.instance_id = Some(instances[1].clone());
    assert_eq!(ec2.err::<DetachVolume>(elsewhere).0, "InvalidAttachment.NotFound");
    let root = described(&ec2, &instances[0]).block_device_mappings.expect("mappings").remove(0);
    let root = root.ebs.and_then(|ebs| ebs.volume_id).expect("a volume");
    assert_eq!(ec2.err::<DetachVolume>(detach(&root)).0, "OperationNotPermitted");
    let pending = launch(&ec2, 1, |_| ()).instances.expect("one").remove(0);
    let pending = pending.instance_id.expect("an id");
    let free = create(&ec2, &zone, |_| ());
    let again = launch(&ec2, 1, |_| ()).instances.expect("one").remove(0);
    let again = again.instance_id.expect("an id");
    assert_ne!(pending, again);
    assert_eq!(
        ec2.err::<AttachVolume>(attach(&free, &again, "/dev/sdf")),
        ("IncorrectState".into(), format!("Instance '{again}' is not 'running'."))
    );
}

#[test]
fn creation_is_checked() {
    let ec2 = Ec2::new();
    let bad = |change: fn(&mut CreateVolumeRequest)| {
        let mut request = CreateVolumeRequest {
            availability_zone: Some("us-west-1a".into()),
            size: Some(10),
            ..Default::default()
        };
        change(&mut request);
        ec2.err::<CreateVolume>(request)
    };
    assert_eq!(
        bad(|r| r.size = None),
        ("MissingParameter".into(), "The request must contain the parameter size/snapshot".into())
    );
    assert_eq!(
        bad(|r| r.availability_zone = Some("us-west-1x".into())),
        ("InvalidZone.NotFound".into(), "The zone 'us-west-1x' does not exist.".into())
    );
    let unknown = bad(|r| r.snapshot_id = Some("snap-0123456789abcdef0".into()));
    assert_eq!(unknown.0, "InvalidSnapshot.NotFound");
    assert_eq!(bad(|r| r.iops = Some(100)).0, "InvalidParameterCombination");
    assert_eq!(bad(|r| r.kms_key_id = Some("k".into())).0, "InvalidParameterDependency");
    assert_eq!(bad(|r| r.multi_attach_enabled = Some(true)).0, "NotImplemented");
}

#[test]
fn a_modification_takes_effect_and_is_worked_off() {
    let ec2 = Ec2::new();
    let id = create(&ec2, "us-west-1a", |_| ());
    let request = ModifyVolumeRequest {
        volume_id: id.clone(),
        size: Some(20),
        volume_type: Some("gp3".into()),
        ..Default::default()
    };
    let answer = ec2.ok::<ModifyVolume>(request.clone()).volume_modification.expect("one");
    assert_eq!(answer.modification_state.as_deref(), Some("modifying"));
    assert_eq!((answer.original_size, answer.target_size), (Some(10), Some(20)));
    assert_eq!((answer.original_iops, answer.target_iops), (Some(100), Some(3_000)));
    assert_eq!(shown(&ec2, &id).size, Some(10));
    assert_eq!(ec2.err::<ModifyVolume>(request.clone()).0, "IncorrectModificationState");
    let state = || {
        let request = DescribeVolumesModificationsRequest {
            volume_ids: Some(vec![id.clone()]),
            ..Default::default()
        };
        let found = ec2.ok::<DescribeVolumesModifications>(request).volumes_modifications;
        let found = found.expect("a list").remove(0);
        (found.modification_state.expect("a state"), found.progress.expect("progress"))
    };
    ec2.step(200);
    assert_eq!(state().0, "optimizing");
    assert_eq!((shown(&ec2, &id).size, shown(&ec2, &id).throughput), (Some(20), Some(125)));
    ec2.step(60_000);
    assert_eq!(state(), ("completed".into(), 100));
    let smaller = ModifyVolumeRequest { size: Some(5), ..request };
    assert_eq!(
        ec2.err::<ModifyVolume>(smaller),
        ("InvalidParameterValue".into(), "New size cannot be smaller than existing size".into())
    );
}

#[test]
fn a_snapshot_becomes_a_volume() {
    let ec2 = Ec2::new();
    let volume = create(&ec2, "us-west-1a", |r| r.encrypted = Some(true));
    let made = ec2.ok::<CreateSnapshot>(CreateSnapshotRequest {
        volume_id: volume.clone(),
        description: Some("before".into()),
        tag_specifications: tagged("snapshot", "Name", "s"),
        ..Default::default()
    });
    assert_eq!((made.state.as_deref(), made.volume_size), (Some("pending"), Some(10)));
    let id = made.snapshot_id.expect("an id");
    ec2.step(60_000);
    let request = |name: &str, value: &str| DescribeSnapshotsRequest {
        owner_ids: Some(vec!["self".into()]),
        filters: Some(vec![filter(name, &[value])]),
        ..Default::default()
    };
    for (name, value, hits) in [
        ("status", "completed", 1),
        ("volume-id", volume.as_str(), 1),
        ("description", "bef*", 1),
        ("tag:Name", "s", 1),
        ("status", "pending", 0),
    ] {
        let found = ec2.ok::<DescribeSnapshots>(request(name, value)).snapshots.expect("a list");
        assert_eq!(found.len(), hits, "{name}={value}");
        assert!(found.iter().all(|s| s.progress.as_deref() == Some("100%")));
    }
    let copy = create(&ec2, "us-west-1a", |r| {
        r.size = None;
        r.snapshot_id = Some(id.clone());
    });
    let copy = shown(&ec2, &copy);
    assert_eq!(
        (copy.size, copy.encrypted, copy.snapshot_id),
        (Some(10), Some(true), Some(id.clone()))
    );
    let request = DeleteSnapshotRequest { snapshot_id: id.clone(), dry_run: None };
    ec2.ok::<DeleteSnapshot>(request.clone());
    assert_eq!(
        ec2.err::<DeleteSnapshot>(request),
        ("InvalidSnapshot.NotFound".into(), format!("The snapshot '{id}' does not exist."))
    );
}
