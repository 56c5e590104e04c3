//! How instances come to be: the rows of each, its interface and its volumes.

use super::lifecycle::begin;
use super::row::{Instance, Launch, State};
use crate::errors;
use crate::network_interfaces::{self, Attachment};
use crate::security_groups::GroupRef;
use crate::spot::{self, Market};
use crate::subnets::Subnet;
use crate::volumes::{Disk, Volume, VolumeAttachment};
use api::ec2::EbsBlockDevice;
use catalogue::BlockDevice;
use kernel::{ApiError, Tags, Tx, Wait};
use smol_str::SmolStr;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A checked launch.
pub(super) struct Plan {
    pub(super) launch: Arc<Launch>,
    /// None for On-Demand.
    pub(super) market: Option<Market>,
    pub(super) subnet: Arc<Subnet>,
    pub(super) groups: Arc<[GroupRef]>,
    pub(super) private_ip: Option<Ipv4Addr>,
    pub(super) public_ip: bool,
    pub(super) description: SmolStr,
    pub(super) delete_interface: bool,
    pub(super) disks: Vec<DiskPlan>,
    pub(super) monitoring: bool,
    pub(super) disable_api_termination: bool,
    pub(super) disable_api_stop: bool,
    pub(super) shutdown_terminates: bool,
    pub(super) tags: Tags,
    pub(super) volume_tags: Tags,
    pub(super) interface_tags: Tags,
    pub(super) min: u32,
    pub(super) max: u32,
}

/// A volume to make.
#[derive(Clone, Debug)]
pub(super) struct DiskPlan {
    pub(super) device: SmolStr,
    pub(super) size_gib: u32,
    volume_type: SmolStr,
    iops: Option<u32>,
    throughput: Option<u32>,
    snapshot_id: SmolStr,
    encrypted: bool,
    delete_on_termination: bool,
}

impl DiskPlan {
    /// A disk as the image describes it.
    pub(super) fn of_image(device: &BlockDevice) -> Self {
        Self {
            device: device.device_name.clone(),
            size_gib: device.size_gib,
            volume_type: device.volume_type.clone(),
            iops: None,
            throughput: None,
            snapshot_id: device.snapshot_id.clone(),
            encrypted: device.encrypted,
            delete_on_termination: device.delete_on_termination,
        }
    }

    /// The root disk of an image that says nothing about it.
    pub(super) fn root(device: SmolStr) -> Self {
        Self { size_gib: 8, ..Self::blank(device) }
    }

    /// A disk whose size is still to be said.
    pub(super) fn blank(device: SmolStr) -> Self {
        Self {
            device,
            size_gib: 0,
            volume_type: SmolStr::new_static("gp2"),
            iops: None,
            throughput: None,
            snapshot_id: SmolStr::default(),
            encrypted: false,
            delete_on_termination: true,
        }
    }

    /// Takes over what a request's mapping says.
    pub(super) fn change(&mut self, ebs: &EbsBlockDevice) -> Result<(), ApiError> {
        let number = |value: i64| u32::try_from(value).unwrap_or(0);
        if let Some(size) = ebs.volume_size {
            if size < i64::from(self.size_gib) && !self.snapshot_id.is_empty() {
                return Err(ApiError::new(
                    "InvalidBlockDeviceMapping",
                    format!(
                        "Volume of size {size}GB is smaller than snapshot '{}', expect size >= \
                         {}GB",
                        self.snapshot_id, self.size_gib
                    ),
                ));
            }
            if !(1..=65_536).contains(&size) {
                return Err(errors::invalid_value(format!(
                    "Volume of {size}GiB is invalid; minimum is 1 GiB, maximum is 65536 GiB."
                )));
            }
            self.size_gib = number(size);
        }
        if let Some(volume_type) = &ebs.volume_type {
            self.volume_type = volume_type.clone();
        }
        self.iops = ebs.iops.map(number).or(self.iops);
        self.throughput = ebs.throughput.map(number).or(self.throughput);
        if let Some(snapshot) = &ebs.snapshot_id {
            self.snapshot_id = snapshot.clone();
        }
        self.encrypted = ebs.encrypted.unwrap_or(self.encrypted);
        self.delete_on_termination =
            ebs.delete_on_termination.unwrap_or(self.delete_on_termination);
        Ok(())
    }

    fn disk(&self, zone: &SmolStr) -> Disk {
        let iops = match self.volume_type.as_str() {
            "gp3" => Some(self.iops.unwrap_or(3_000)),
            "gp2" => Some((self.size_gib * 3).clamp(100, 16_000)),
            _ => self.iops,
        };
        Disk {
            size_gib: self.size_gib,
            volume_type: self.volume_type.clone(),
            iops,
            throughput: (self.volume_type == "gp3").then(|| self.throughput.unwrap_or(125)),
            zone: zone.clone(),
            snapshot_id: self.snapshot_id.clone(),
            encrypted: self.encrypted,
            kms_key_id: SmolStr::default(),
        }
    }

    fn volume(&self, tx: &mut Tx, disk: &Arc<Disk>, instance: &Instance, tags: &Tags) -> Volume {
        let attachment = VolumeAttachment {
            instance_id: instance.id.clone(),
            device: self.device.clone(),
            attached_at: tx.now(),
            delete_on_termination: self.delete_on_termination,
        };
        Volume::attached(tx.new_id("vol-"), disk.clone(), attachment, tags.clone())
    }
}

/// Makes between the least and the most instances: as many as the subnet has addresses for.
pub(super) fn launch(tx: &mut Tx, plan: Plan) -> Result<Vec<Arc<Instance>>, ApiError> {
    let (min, max) = (plan.min, plan.max);
    let zone = &plan.subnet.zone;
    let disks: Vec<_> = plan.disks.iter().map(|disk| Arc::new(disk.disk(zone))).collect();
    let mut rows = Vec::with_capacity(max as usize);
    for index in 0..max {
        match one(tx, &plan, &disks, index) {
            Ok(row) => rows.push(row),
            Err(_) if index >= min => break,
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

fn one(
    tx: &mut Tx,
    plan: &Plan,
    disks: &[Arc<Disk>],
    index: u32,
) -> Result<Arc<Instance>, ApiError> {
    let mut interface =
        network_interfaces::create(tx, &plan.subnet, plan.groups.clone(), plan.private_ip)?;
    let mut instance = Instance {
        id: tx.new_id("i-"),
        launch: plan.launch.clone(),
        launch_index: index,
        launched_at: tx.now(),
        state: State::Pending,
        due: None,
        running_since: None,
        reason: None,
        interface: Some(interface.id.clone()),
        more_interfaces: Box::default(),
        volumes: Box::default(),
        monitoring: plan.monitoring,
        disable_api_termination: plan.disable_api_termination,
        disable_api_stop: plan.disable_api_stop,
        shutdown_terminates: plan.shutdown_terminates,
        spot_request: None,
        impaired: None,
        notice: None,
        tags: plan.tags.clone(),
    };
    if let Some(market) = &plan.market {
        let request = spot::fulfilled(tx, market, &instance.id, &plan.launch.zone);
        instance.spot_request = Some(request);
    }
    interface.attachment = Some(Attachment {
        id: tx.new_id("eni-attach-"),
        instance_id: instance.id.clone(),
        device_index: 0,
        attached_at: tx.now(),
        delete_on_termination: plan.delete_interface,
    });
    interface.description = plan.description.clone();
    interface.tags = plan.interface_tags.clone();
    interface.auto_public_ip = plan.public_ip;
    if plan.public_ip {
        interface.public_ip = Some(network_interfaces::public_address(tx));
    }
    tx.put(interface);
    let mut volumes = Vec::with_capacity(plan.disks.len());
    for (planned, disk) in plan.disks.iter().zip(disks) {
        let volume = planned.volume(tx, disk, &instance, &plan.volume_tags);
        volumes.push(volume.id.clone());
        tx.put(volume);
    }
    instance.volumes = volumes.into();
    begin(tx, &mut instance, State::Pending, Wait::InstanceBoot);
    let id = instance.id.clone();
    tx.put(instance);
    Ok(tx.get(&id).expect("it was just put"))
}
