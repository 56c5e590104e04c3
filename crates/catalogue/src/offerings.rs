//! Which instance types which zones offer.
//!
//! The data covers 30 regions. The zones of the other regions offer what us-east-2's first zone
//! offers (the reducer says so), so that templates work there; Local Zones offer nothing here.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html>

use crate::{
    InstanceType, instance_types,
    instance_types::{TYPES, position},
    region,
};

/// Whether a zone (given by name or id) of a region offers a type.
pub fn offered(region_name: &str, zone: &str, type_name: &str) -> bool {
    let set = zone_set(region_name, zone);
    set.is_some_and(|set| position(type_name).is_some_and(|at| has(set, at)))
}

/// The types that a zone (given by name or id) of a region offers, sorted by name.
pub fn offerings(region_name: &str, zone: &str) -> impl Iterator<Item = &'static InstanceType> {
    let set = zone_set(region_name, zone).unwrap_or_default();
    instance_types().iter().enumerate().filter(|(at, _)| has(set, *at)).map(|(_, type_)| type_)
}

/// Whether any zone of a region offers a type.
pub fn offered_in_region(region_name: &str, type_name: &str) -> bool {
    let Some(region) = region(region_name) else { return false };
    region.zones.iter().any(|zone| offered(region_name, &zone.name, type_name))
}

/// The types that any zone of a region offers, sorted by name.
pub fn offerings_in_region(region_name: &str) -> impl Iterator<Item = &'static InstanceType> {
    let zones = region(region_name).map_or(&[][..], |region| &region.zones);
    let sets: Vec<_> = zones.iter().filter_map(|zone| zone_set(region_name, &zone.name)).collect();
    let any = move |at: usize| sets.iter().any(|set| has(set, at));
    instance_types().iter().enumerate().filter(move |(at, _)| any(*at)).map(|(_, type_)| type_)
}

fn zone_set(region_name: &str, zone: &str) -> Option<&'static [u64]> {
    let name = region(region_name)?.zone(zone)?.name.as_str();
    let at = TYPES.zones.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
    TYPES.sets.get(usize::from(TYPES.zones[at].1)).map(Vec::as_slice)
}

fn has(set: &[u64], at: usize) -> bool {
    set.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions;

    #[test]
    fn the_tutorials_type_is_offered_in_both_zones_of_its_region() {
        assert!(offered("us-west-1", "us-west-1a", "t2.micro"));
        assert!(offered("us-west-1", "us-west-1c", "t2.micro"));
        assert!(offered("us-west-1", "usw1-az3", "t2.micro"));
        assert!(!offered("us-west-1", "us-west-1b", "t2.micro"), "an account does not see it");
    }

    #[test]
    fn what_does_not_exist_is_not_offered() {
        assert!(!offered("us-west-1", "us-east-1a", "t2.micro"));
        assert!(!offered("us-west-1", "us-west-1a", "t9.micro"));
        assert!(!offered("us-west-9", "us-west-9a", "t2.micro"));
        assert_eq!(offerings("us-west-9", "us-west-9a").count(), 0);
        assert_eq!(offerings_in_region("us-west-9").count(), 0);
    }

    #[test]
    fn a_zone_can_lack_what_its_region_has() {
        let lacking = offerings_in_region("us-east-1")
            .filter(|t| !offered("us-east-1", "us-east-1e", &t.name))
            .count();
        assert!(lacking > 100, "the sixth-oldest zone lacks new types: {lacking}");
        assert!(offered_in_region("us-east-1", "m5.large"));
    }

    #[test]
    fn every_zone_of_every_region_offers_a_current_small_type() {
        for region in regions() {
            for zone in &region.zones {
                let mut small =
                    offerings(&region.name, &zone.name).filter(|t| t.memory_mib <= 8192);
                assert!(small.any(|t| t.current_generation), "{}", zone.name);
                assert!(offerings(&region.name, &zone.name).is_sorted_by(|a, b| a.name < b.name));
            }
        }
    }
}
