//! The volumes that come with instances.

use crate::harness::{Ec2, filter, launch};
use api::ec2::ops::{DescribeVolumeStatus, DescribeVolumes, TerminateInstances};
use api::ec2::{
    BlockDeviceMapping, DescribeVolumeStatusRequest, DescribeVolumesRequest, EbsBlockDevice,
    Filter, TerminateInstancesRequest, Volume,
};

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
