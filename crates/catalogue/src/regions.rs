//! Partitions, regions and zones.
//!
//! Every region of the commercial, China, GovCloud and European Sovereign partitions is here.
//! AWS shuffles zone names onto zone ids per account; here the mapping is fixed: in order, except
//! that us-east-1 follows the well-known sample in which `us-east-1a` is `use1-az6`. An account
//! sees two of us-west-1's three zones; here they are `us-west-1a` and `us-west-1c`.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html>

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{blob, stored::Places};

static PLACES: LazyLock<Places> =
    LazyLock::new(|| blob::decode(include_bytes!("../data/regions.bin")));

/// A partition: a set of regions with one DNS suffix and one ARN prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub name: SmolStr,
    /// `amazonaws.com`.
    pub dns_suffix: SmolStr,
    /// `api.aws`.
    pub dual_stack_dns_suffix: SmolStr,
    /// The region that global services sign for.
    pub implicit_global_region: SmolStr,
    /// What the region's first words are (`us-gov-`); the longest match wins.
    pub region_prefixes: Vec<SmolStr>,
}

/// Whether an account must ask for a region or zone before it can use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptIn {
    /// Open to every account.
    NotRequired,
    /// Regions and zones made since March 2019 must be enabled first.
    Required,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// `us-east-1`.
    pub name: SmolStr,
    /// `US East (N. Virginia)`.
    pub long_name: SmolStr,
    /// `aws`.
    pub partition: SmolStr,
    /// `amazonaws.com`.
    pub dns_suffix: SmolStr,
    /// Two-letter country code of its place.
    pub country: SmolStr,
    /// Whether accounts must enable it.
    pub opt_in: OptIn,
    /// Availability Zones in name order.
    pub zones: Vec<Zone>,
    /// Local Zones in name order; never part of `zones`.
    pub local_zones: Vec<Zone>,
}

/// The kind of a zone, as DescribeAvailabilityZones spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ZoneType {
    /// `availability-zone`.
    AvailabilityZone,
    /// `local-zone`.
    LocalZone,
}

/// An Availability Zone or Local Zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// `us-east-1a`.
    pub name: SmolStr,
    /// `use1-az6`.
    pub id: SmolStr,
    /// `us-east-1-zg-1`, or `us-west-2-lax-1` for a Local Zone.
    pub group_name: SmolStr,
    /// `US East (N. Virginia) 1`, or `US West (Los Angeles)`.
    pub group_long_name: SmolStr,
    /// The region's name, or the group name for a Local Zone.
    pub network_border_group: SmolStr,
    /// Kind.
    pub zone_type: ZoneType,
    /// Whether accounts must enable it.
    pub opt_in: OptIn,
    /// Name and id of the zone that serves a Local Zone's control plane.
    pub parent: Option<(SmolStr, SmolStr)>,
}

impl ZoneType {
    /// The API's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AvailabilityZone => "availability-zone",
            Self::LocalZone => "local-zone",
        }
    }
}

impl Region {
    /// The OptInStatus that an account sees which has enabled every region.
    pub const fn opt_in_status(&self) -> &'static str {
        match self.opt_in {
            OptIn::NotRequired => "opt-in-not-required",
            OptIn::Required => "opted-in",
        }
    }

    /// The host of a regional endpoint: `ec2.us-east-1.amazonaws.com`.
    pub fn endpoint(&self, service: &str) -> String {
        format!("{service}.{}.{}", self.name, self.dns_suffix)
    }

    /// The zone of that name or id, Local Zones included.
    pub fn zone(&self, name_or_id: &str) -> Option<&Zone> {
        let mut all = self.zones.iter().chain(&self.local_zones);
        all.find(|zone| zone.name == name_or_id || zone.id == name_or_id)
    }
}

impl Zone {
    /// The OptInStatus that an account sees which has enabled no Local Zone.
    pub const fn opt_in_status(&self) -> &'static str {
        match self.opt_in {
            OptIn::NotRequired => "opt-in-not-required",
            OptIn::Required => "not-opted-in",
        }
    }
}

/// Every region, sorted by name.
pub fn regions() -> &'static [Region] {
    &PLACES.regions
}

/// The region of that name.
pub fn region(name: &str) -> Option<&'static Region> {
    let regions = regions();
    let at = regions.binary_search_by(|region| region.name.as_str().cmp(name)).ok()?;
    regions.get(at)
}

/// Every partition, sorted by name.
pub fn partitions() -> &'static [Partition] {
    &PLACES.partitions
}

/// The partition a region name belongs to, also for a region that is not in the data.
pub fn partition_of(region_name: &str) -> Option<&'static Partition> {
    let matching = |partition: &'static Partition| {
        let mut prefixes = partition.region_prefixes.iter();
        prefixes
            .find(|prefix| region_name.starts_with(prefix.as_str()))
            .map(|p| (p.len(), partition))
    };
    partitions().iter().filter_map(matching).max_by_key(|(length, _)| *length).map(|(_, p)| p)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone_names(name: &str) -> Vec<&str> {
        region(name).expect(name).zones.iter().map(|zone| zone.name.as_str()).collect()
    }

    #[test]
    fn the_tutorials_region_shows_zones_a_and_c() {
        assert_eq!(zone_names("us-west-1"), ["us-west-1a", "us-west-1c"]);
        let ids: Vec<_> =
            region("us-west-1").unwrap().zones.iter().map(|z| z.id.as_str()).collect();
        assert_eq!(ids, ["usw1-az1", "usw1-az3"]);
    }

    #[test]
    fn us_east_1_has_six_zones_and_its_sample_ids() {
        let letters = ["a", "b", "c", "d", "e", "f"].map(|l| format!("us-east-1{l}"));
        assert_eq!(zone_names("us-east-1"), letters);
        let region = region("us-east-1").unwrap();
        assert_eq!(region.long_name, "US East (N. Virginia)");
        assert_eq!(region.endpoint("ec2"), "ec2.us-east-1.amazonaws.com");
        assert_eq!(region.opt_in_status(), "opt-in-not-required");
        let zone = region.zone("use1-az6").unwrap();
        assert_eq!(zone.name, "us-east-1a");
        assert_eq!(zone.group_name, "us-east-1-zg-1");
        assert_eq!(zone.group_long_name, "US East (N. Virginia) 1");
        assert_eq!(zone.zone_type.as_str(), "availability-zone");
    }

    #[test]
    fn local_zones_are_apart_and_know_their_parent() {
        let region = region("us-west-2").unwrap();
        assert_eq!(region.zones.len(), 4);
        let zone = region.zone("us-west-2-lax-1b").unwrap();
        assert_eq!(zone.id, "usw2-lax1-az2");
        assert_eq!(zone.group_name, "us-west-2-lax-1");
        assert_eq!(zone.group_long_name, "US West (Los Angeles)");
        assert_eq!(zone.opt_in_status(), "not-opted-in");
        assert_eq!(zone.parent.as_ref().unwrap().0, "us-west-2a");
        assert!(!region.zones.contains(zone));
    }

    #[test]
    fn every_region_has_its_partition_and_sorted_distinct_zones() {
        assert!(regions().len() >= 39);
        assert!(regions().is_sorted_by(|a, b| a.name < b.name));
        for region in regions() {
            assert_eq!(
                partition_of(&region.name).unwrap().name,
                region.partition,
                "{}",
                region.name
            );
            assert!(region.zones.len() >= 2, "{}", region.name);
            assert!(region.zones.is_sorted_by(|a, b| a.name < b.name), "{}", region.name);
            assert!(region.zones.iter().all(|z| z.name.starts_with(region.name.as_str())));
        }
    }

    #[test]
    fn other_partitions_have_their_own_suffixes() {
        assert_eq!(region("cn-north-1").unwrap().dns_suffix, "amazonaws.com.cn");
        assert_eq!(region("us-gov-west-1").unwrap().partition, "aws-us-gov");
        assert_eq!(partition_of("us-iso-east-1").unwrap().dns_suffix, "c2s.ic.gov");
        assert_eq!(partition_of("us-future-9").unwrap().name, "aws");
        assert!(partition_of("moon-1").is_none());
        assert!(region("us-east-9").is_none());
    }
}
