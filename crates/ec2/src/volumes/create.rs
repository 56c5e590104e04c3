//! CreateVolume, and which disks there can be.

use super::{Disk, Moving, Volume, describe, lifecycle};
use crate::entity::{Entity, specified_tags};
use crate::snapshots::EbsSnapshot;
use crate::{errors, tokens};
use api::ec2::CreateVolumeRequest;
use kernel::{ApiError, Caller, Snapshot, Tx, Wait};
use smol_str::SmolStr;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What a volume type allows ("Amazon EBS volume types" in the user guide).
struct Limits {
    size_gib: RangeInclusive<i64>,
    /// Provisioned IOPS, where they can be provisioned.
    iops: Option<RangeInclusive<i64>>,
    /// IOPS per GiB.
    ratio: i64,
}

fn limits(volume_type: &str) -> Limits {
    let (size_gib, iops, ratio) = match volume_type {
        "gp3" => (1..=16_384, Some(3_000..=16_000), 500),
        "io1" => (4..=16_384, Some(100..=64_000), 50),
        "io2" => (4..=65_536, Some(100..=256_000), 1_000),
        "st1" | "sc1" => (125..=16_384, None, 0),
        "standard" => (1..=1_024, None, 0),
        _ => (1..=16_384, None, 0),
    };
    Limits { size_gib, iops, ratio }
}

/// The size, the performance that was asked for, and what follows from both by the type's rules.
pub(super) fn checked(
    volume_type: &str,
    size: i64,
    iops: Option<i64>,
    throughput: Option<i64>,
) -> Result<(u32, Option<u32>, Option<u32>), ApiError> {
    let number = |value: i64| u32::try_from(value).unwrap_or(0);
    let limits = limits(volume_type);
    within("Volume of", "GiB", volume_type, size, &limits.size_gib)?;
    let iops = match (iops, &limits.iops) {
        (Some(_), None) => return Err(errors::not_for_type("iops", volume_type)),
        (Some(iops), Some(range)) => {
            within("Volume iops of", "", volume_type, iops, range)?;
            if iops > 3_000.max(size.saturating_mul(limits.ratio)) {
                return Err(errors::iops_ratio(iops, size, limits.ratio));
            }
            Some(number(iops))
        }
        (None, Some(_)) if volume_type == "gp3" => Some(3_000),
        (None, Some(_)) => return Err(errors::missing_parameter("iops")),
        (None, None) if volume_type == "gp2" => Some(number(size * 3).clamp(100, 16_000)),
        (None, None) => None,
    };
    let throughput = match throughput {
        Some(_) if volume_type != "gp3" => {
            return Err(errors::not_for_type("throughput", volume_type));
        }
        Some(rate) => {
            within("Throughput of", "MiB/s", volume_type, rate, &(125..=1_000))?;
            if rate * 4 > i64::from(iops.unwrap_or(0)) {
                return Err(errors::throughput_ratio(rate, iops.unwrap_or(0)));
            }
            Some(number(rate))
        }
        None => (volume_type == "gp3").then_some(125),
    };
    Ok((number(size), iops, throughput))
}

fn within(
    what: &str,
    unit: &str,
    volume_type: &str,
    value: i64,
    range: &RangeInclusive<i64>,
) -> Result<(), ApiError> {
    let (word, limit) = match value {
        value if value < *range.start() => ("small; minimum", range.start()),
        value if value > *range.end() => ("large; maximum", range.end()),
        _ => return Ok(()),
    };
    Err(errors::invalid_value(format!(
        "{what} {value}{unit} is too {word} for volume type {volume_type} is {limit}{unit}."
    )))
}

/// Parts of the request that lowcloud does not model say so rather than being dropped.
fn unsupported(input: &CreateVolumeRequest) -> Result<(), ApiError> {
    let what = if input.multi_attach_enabled == Some(true) {
        "MultiAttachEnabled"
    } else if input.outpost_arn.is_some() {
        "OutpostArn"
    } else if input.volume_initialization_rate.is_some() {
        "VolumeInitializationRate"
    } else if input.operator.is_some() {
        "an operator"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("CreateVolume with {what}")))
}

/// The name of the zone that a request names.
fn zone(snapshot: &Snapshot, input: &CreateVolumeRequest) -> Result<SmolStr, ApiError> {
    let given = match (&input.availability_zone, &input.availability_zone_id) {
        (Some(_), Some(_)) => {
            return Err(errors::cannot_be_used_with("AvailabilityZone", "AvailabilityZoneId"));
        }
        (Some(zone), None) | (None, Some(zone)) => zone,
        (None, None) => return Err(errors::missing_parameter("AvailabilityZone")),
    };
    let zone = catalogue::region(snapshot.region()).and_then(|region| region.zone(given));
    zone.map(|zone| zone.name.clone()).ok_or_else(|| errors::zone_not_found(given))
}

/// Size and encryption of a snapshot: one of the account's, or one behind a public image.
fn source(snapshot: &Snapshot, id: &str) -> Result<(i64, bool), ApiError> {
    if let Some(own) = EbsSnapshot::by_id(snapshot, id) {
        if !own.completed {
            return Err(errors::snapshot_pending(id));
        }
        return Ok((i64::from(own.disk.size_gib), own.disk.encrypted));
    }
    let mut disks = catalogue::images(snapshot.region()).flat_map(|image| image.block_devices);
    match disks.find(|disk| disk.snapshot_id == id) {
        Some(disk) => Ok((i64::from(disk.size_gib), disk.encrypted)),
        None => EbsSnapshot::find(snapshot, id).map(|own| (i64::from(own.disk.size_gib), false)),
    }
}

/// The disk that a request describes.
fn disk(snapshot: &Snapshot, input: &CreateVolumeRequest) -> Result<Disk, ApiError> {
    let zone = zone(snapshot, input)?;
    let source = input.snapshot_id.as_deref().filter(|id| !id.is_empty());
    let source = source.map(|id| Ok((id, self::source(snapshot, id)?))).transpose()?;
    let size = match (input.size, source) {
        (None, None) => return Err(errors::missing_parameter("size/snapshot")),
        (None, Some((_, (least, _)))) => least,
        (Some(size), Some((id, (least, _)))) if size < least => {
            return Err(errors::smaller_than_snapshot(size, id, least));
        }
        (Some(size), _) => size,
    };
    let volume_type = input.volume_type.clone().unwrap_or_else(|| SmolStr::new_static("gp2"));
    let (size_gib, iops, throughput) =
        checked(&volume_type, size, input.iops, input.throughput)?;
    let encrypted = input.encrypted == Some(true) || source.is_some_and(|(_, (_, e))| e);
    if input.kms_key_id.is_some() && !encrypted {
        return Err(errors::requires_encrypted());
    }
    Ok(Disk {
        size_gib,
        volume_type,
        iops,
        throughput,
        zone,
        snapshot_id: source.map(|(id, _)| id.into()).unwrap_or_default(),
        encrypted,
        kms_key_id: input.kms_key_id.clone().unwrap_or_default(),
    })
}

pub(super) fn create_volume(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateVolumeRequest,
) -> Result<api::ec2::Volume, ApiError> {
    const CALL: &str = "CreateVolume";
    let kind = Volume::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    unsupported(&input)?;
    errors::dry_run(input.dry_run)?;
    let disk = disk(tx, &input)?;
    let print = tokens::fingerprint(&input);
    let token = input.client_token.as_deref();
    let id = match tokens::replayed(tx, CALL, token, print)? {
        Some(first) => first,
        None => {
            let id = tx.new_id(Volume::PREFIX);
            let mut volume = Volume::plain(id.clone(), Arc::new(disk), tx.now(), tags);
            lifecycle::begin(tx, &mut volume, Moving::Creating, Wait::VolumeCreate);
            tx.put(volume);
            tokens::remember(tx, CALL, token, print, id.clone());
            id
        }
    };
    let volume = Volume::find(tx, &id)?;
    Ok(describe::render(tx, &volume))
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn performance_follows_from_type_and_size() {
        for (volume_type, size, iops, throughput, expected) in [
            ("gp2", 8, None, None, Ok((8, Some(100), None))),
            ("gp2", 1_000, None, None, Ok((1_000, Some(3_000), None))),
            ("gp2", 8, Some(100), None, Err("InvalidParameterCombination")),
            ("gp3", 8, None, None, Ok((8, Some(3_000), Some(125)))),
            ("gp3", 100, Some(4_000), Some(500), Ok((100, Some(4_000), Some(500)))),
            ("gp3", 100, Some(2_999), None, Err("InvalidParameterValue")),
            ("gp3", 4, Some(3_001), None, Err("InvalidParameterValue")),
            ("gp3", 4, None, Some(751), Err("InvalidParameterValue")),
            ("gp3", 16_385, None, None, Err("InvalidParameterValue")),
            ("io1", 100, None, None, Err("MissingParameter")),
            ("io1", 100, Some(5_000), None, Ok((100, Some(5_000), None))),
            ("io1", 100, Some(5_001), None, Err("InvalidParameterValue")),
            ("st1", 100, None, None, Err("InvalidParameterValue")),
            ("standard", 1_024, None, None, Ok((1_024, None, None))),
            ("standard", 8, None, Some(125), Err("InvalidParameterCombination")),
        ] {
            let found = checked(volume_type, size, iops, throughput);
            let found = found.map_err(|error| error.code.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{volume_type} {size} {iops:?}");
        }
    }
}
