//! Partitions, regions, zones.

use catalogue::{OptIn, Partition, Region, Zone, ZoneType, stored::Places};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use crate::{members, text, texts};

/// Regions made before March 2019 (and every region of the other partitions) need no opt-in.
const OPEN: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Zones of us-east-1 in name order, as AWS's samples pair them.
const US_EAST_1: [&str; 6] =
    ["use1-az6", "use1-az1", "use1-az2", "use1-az4", "use1-az3", "use1-az5"];

/// Airport codes of Local Zones and the towns AWS names them after.
const TOWNS: [(&str, &str); 31] = [
    ("ath", "Athens"),
    ("atl", "Atlanta"),
    ("bos", "Boston"),
    ("bue", "Buenos Aires"),
    ("ccu", "Kolkata"),
    ("chi", "Chicago"),
    ("cph", "Copenhagen"),
    ("del", "Delhi"),
    ("den", "Denver"),
    ("dfw", "Dallas"),
    ("ham", "Hamburg"),
    ("han", "Hanoi"),
    ("hel", "Helsinki"),
    ("hnl", "Honolulu"),
    ("iah", "Houston"),
    ("ist", "Istanbul"),
    ("las", "Las Vegas"),
    ("lax", "Los Angeles"),
    ("lim", "Lima"),
    ("los", "Lagos"),
    ("mci", "Kansas City"),
    ("mct", "Muscat"),
    ("mia", "Miami"),
    ("mnl", "Manila"),
    ("msp", "Minneapolis"),
    ("nyc", "New York City"),
    ("per", "Perth"),
    ("phl", "Philadelphia"),
    ("phx", "Phoenix"),
    ("scl", "Santiago"),
    ("sea", "Seattle"),
];

pub fn reduce(regions: &Value, seen: &Value, partitions: &Value, offerings: &Value) -> Places {
    let mut partitions: Vec<_> =
        partitions["partitions"].as_array().into_iter().flatten().map(partition).collect();
    partitions.sort_by(|a, b| a.name.cmp(&b.name));
    let regions = members(regions)
        .into_iter()
        .map(|(name, facts)| region(name, facts, &seen[name], &offerings[name]))
        .collect();
    Places { partitions, regions }
}

fn partition(facts: &Value) -> Partition {
    let outputs = &facts["outputs"];
    // `^(us|eu)\-\w+\-\d+$` and `^us\-gov\-\w+\-\d+$`: only the words before the first class.
    let pattern = text(facts, "regionRegex").trim_start_matches('^').replace('\\', "");
    let head = pattern.split("-w+").next().unwrap_or_default();
    let words: Vec<_> = match head.split_once('(') {
        Some((before, group)) => {
            let group = group.trim_end_matches(')');
            group.split('|').map(|word| format_smolstr!("{before}{word}-")).collect()
        }
        None => vec![format_smolstr!("{head}-")],
    };
    Partition {
        name: text(facts, "id").into(),
        dns_suffix: text(outputs, "dnsSuffix").into(),
        dual_stack_dns_suffix: text(outputs, "dualStackDnsSuffix").into(),
        implicit_global_region: text(outputs, "implicitGlobalRegion").into(),
        region_prefixes: words,
    }
}

fn region(name: &str, facts: &Value, seen: &Value, offerings: &Value) -> Region {
    let long_name = text(facts, "longName");
    let partition = text(facts, "partition");
    let open = partition != "aws" || OPEN.contains(&name);
    let ids = if seen.is_array() { texts(seen) } else { texts(&facts["azs"]) };
    let ids = if name == "us-east-1" { US_EAST_1.to_vec() } else { ids };
    let zones: Vec<_> = zone_names(name, ids.len(), offerings)
        .into_iter()
        .zip(ids)
        .map(|(zone, id)| Zone {
            name: zone,
            id: id.into(),
            group_name: format_smolstr!("{name}-zg-1"),
            group_long_name: format_smolstr!("{long_name} 1"),
            network_border_group: name.into(),
            zone_type: ZoneType::AvailabilityZone,
            opt_in: OptIn::NotRequired,
            parent: None,
        })
        .collect();
    let parent = (zones[0].name.clone(), zones[0].id.clone());
    let mut local_zones: Vec<_> = texts(&facts["localZones"])
        .into_iter()
        .map(|id| local_zone(name, long_name, id, &parent))
        .collect();
    local_zones.sort_by(|a, b| a.name.cmp(&b.name));
    Region {
        name: name.into(),
        long_name: long_name.into(),
        partition: partition.into(),
        dns_suffix: text(facts, "domain").into(),
        country: text(facts, "country").into(),
        opt_in: if open { OptIn::NotRequired } else { OptIn::Required },
        zones,
        local_zones,
    }
}

/// The names that the offerings use, else letters from `a`. us-west-1's second zone is `c`.
fn zone_names(region: &str, count: usize, offerings: &Value) -> Vec<SmolStr> {
    if region == "us-west-1" {
        return vec!["us-west-1a".into(), "us-west-1c".into()];
    }
    let named: Vec<_> = members(offerings).into_iter().map(|(name, _)| name.into()).collect();
    if named.len() == count {
        return named;
    }
    (b'a'..).take(count).map(|letter| format_smolstr!("{region}{}", char::from(letter))).collect()
}

/// `usw2-lax1-az2` is `us-west-2-lax-1b`.
fn local_zone(region: &str, long_name: &str, id: &str, parent: &(SmolStr, SmolStr)) -> Zone {
    let mut parts = id.split('-').skip(1);
    let place = parts.next().expect("a Local Zone id has a place");
    let (code, number) = place.split_at(3);
    let index: u8 = parts
        .next()
        .and_then(|part| part.strip_prefix("az"))
        .and_then(|digits| digits.parse().ok())
        .expect("a Local Zone id ends with its number");
    let group = format_smolstr!("{region}-{code}-{number}");
    let area = long_name.split(" (").next().unwrap_or(long_name);
    let town = TOWNS.iter().find(|(known, _)| *known == code).map_or(code, |(_, town)| *town);
    Zone {
        name: format_smolstr!("{group}{}", char::from(b'a' + index - 1)),
        id: id.into(),
        group_long_name: format_smolstr!("{area} ({town})"),
        network_border_group: group.clone(),
        group_name: group,
        zone_type: ZoneType::LocalZone,
        opt_in: OptIn::Required,
        parent: Some(parent.clone()),
    }
}
