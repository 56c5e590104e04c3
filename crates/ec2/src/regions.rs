//! DescribeRegions and DescribeAvailabilityZones.
//!
//! Every region of the caller's partition is there and enabled. Local Zones are known, but no
//! account has opted in to any: they show with AllAvailabilityZones only.

use crate::errors;
use crate::facts;
use api::ec2::{
    AvailabilityZone, DescribeAvailabilityZonesRequest, DescribeAvailabilityZonesResult,
    DescribeRegionsRequest, DescribeRegionsResult,
};
use catalogue::{OptIn, Region, Zone, ZoneType};
use kernel::{ApiError, Caller, FilterRow, Snapshot, resource};
use smol_str::SmolStr;

static REGION_FILTERS: &[FilterRow<Region>] = &[
    FilterRow { name: "endpoint", values: |r, _, emit| emit(&r.endpoint("ec2")) },
    FilterRow { name: "opt-in-status", values: |r, _, emit| emit(r.opt_in_status()) },
    FilterRow { name: "region-name", values: |r, _, emit| emit(&r.name) },
];

fn describe_regions(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeRegionsRequest,
) -> Result<DescribeRegionsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let filters = facts::filters(REGION_FILTERS, input.filters.as_deref())?;
    let partition = kernel::partition_of(snapshot.region());
    let known = || catalogue::regions().iter().filter(|region| region.partition == partition);
    let names = input.region_names.unwrap_or_default();
    if let Some(name) = names.iter().find(|name| !known().any(|region| region.name == **name)) {
        return Err(errors::invalid_region(name));
    }
    let regions = known()
        .filter(|region| names.is_empty() || names.contains(&region.name))
        .filter(|region| filters.matches(region, snapshot))
        .map(|region| api::ec2::Region {
            opt_in_status: Some(SmolStr::new_static(region.opt_in_status())),
            region_name: Some(region.name.clone()),
            endpoint: Some(region.endpoint("ec2").into()),
            ..Default::default()
        });
    Ok(DescribeRegionsResult { regions: Some(regions.collect()) })
}

/// A zone and the region that it is in.
struct Place {
    region: &'static Region,
    zone: &'static Zone,
}

static ZONE_FILTERS: &[FilterRow<Place>] = &[
    FilterRow { name: "group-long-name", values: |p, _, emit| emit(&p.zone.group_long_name) },
    FilterRow { name: "group-name", values: |p, _, emit| emit(&p.zone.group_name) },
    FilterRow { name: "message", values: |_, _, _| () },
    FilterRow {
        name: "network-border-group",
        values: |p, _, emit| emit(&p.zone.network_border_group),
    },
    FilterRow { name: "opt-in-status", values: |p, _, emit| emit(p.zone.opt_in_status()) },
    FilterRow {
        name: "parent-zone-id",
        values: |p, _, emit| p.zone.parent.iter().for_each(|(_, id)| emit(id)),
    },
    FilterRow {
        name: "parent-zone-name",
        values: |p, _, emit| p.zone.parent.iter().for_each(|(name, _)| emit(name)),
    },
    FilterRow { name: "region-name", values: |p, _, emit| emit(&p.region.name) },
    FilterRow { name: "state", values: |_, _, emit| emit("available") },
    FilterRow { name: "zone-id", values: |p, _, emit| emit(&p.zone.id) },
    FilterRow { name: "zone-name", values: |p, _, emit| emit(&p.zone.name) },
    FilterRow { name: "zone-type", values: |p, _, emit| emit(p.zone.zone_type.as_str()) },
];

fn describe_availability_zones(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeAvailabilityZonesRequest,
) -> Result<DescribeAvailabilityZonesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let filters = facts::filters(ZONE_FILTERS, input.filters.as_deref())?;
    let Some(region) = catalogue::region(snapshot.region()) else {
        return Err(errors::invalid_region(snapshot.region()));
    };
    let all = input.all_availability_zones == Some(true);
    let visible = |zone: &&Zone| {
        all || zone.zone_type == ZoneType::AvailabilityZone || zone.opt_in == OptIn::NotRequired
    };
    let zones: Vec<&'static Zone> =
        region.zones.iter().chain(&region.local_zones).filter(visible).collect();
    let names = input.zone_names.unwrap_or_default();
    let ids = input.zone_ids.unwrap_or_default();
    if let Some(name) = names.iter().find(|name| !zones.iter().any(|z| z.name == **name)) {
        return Err(errors::invalid_zone(name));
    }
    if let Some(id) = ids.iter().find(|id| !zones.iter().any(|z| z.id == **id)) {
        return Err(errors::invalid_zone_id(id));
    }
    let listed = |zone: &Zone| {
        (names.is_empty() && ids.is_empty()) || names.contains(&zone.name) || ids.contains(&zone.id)
    };
    let zones = zones
        .into_iter()
        .filter(|zone| listed(zone))
        .filter(|zone| filters.matches(&Place { region, zone }, snapshot))
        .map(|zone| render_zone(region, zone));
    Ok(DescribeAvailabilityZonesResult { availability_zones: Some(zones.collect()) })
}

fn render_zone(region: &Region, zone: &Zone) -> AvailabilityZone {
    AvailabilityZone {
        opt_in_status: Some(SmolStr::new_static(zone.opt_in_status())),
        messages: Some(Vec::new()),
        region_name: Some(region.name.clone()),
        zone_name: Some(zone.name.clone()),
        zone_id: Some(zone.id.clone()),
        group_name: Some(zone.group_name.clone()),
        group_long_name: Some(zone.group_long_name.clone()),
        network_border_group: Some(zone.network_border_group.clone()),
        zone_type: Some(SmolStr::new_static(zone.zone_type.as_str())),
        parent_zone_name: zone.parent.as_ref().map(|(name, _)| name.clone()),
        parent_zone_id: zone.parent.as_ref().map(|(_, id)| id.clone()),
        state: Some(SmolStr::new_static("available")),
        ..Default::default()
    }
}

resource! { ec2:
    operations {
        read DescribeRegions => describe_regions,
        read DescribeAvailabilityZones => describe_availability_zones,
    }
}
