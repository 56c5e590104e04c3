//! Images and the public parameters that name them.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::{
    Architecture, RootDevice, Virtualization, is_image_id,
    stored::{ImageKind, Images, Places, StoredImage, StoredParameter},
};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use crate::{members, text};

/// The region of the extra images: ids of 2017 (8 digits) are of eu-west-1, later of us-east-1.
const EXTRA: (&str, &str) = ("eu-west-1", "us-east-1");
/// Whose images stand in for those of regions without data.
const TYPICAL: &str = "us-east-2";
/// Publishers, beyond those of the latest images, that AWS shows as `amazon`.
const AMAZON: [&str; 4] = ["137112412989", "801119661308", "898082745236", "013907871322"];
/// Stands in for a publication day that a name does not tell.
const SOME_DAY: &str = "2017-10-13";

/// Images of one region: id → (kind, owner).
type Region = BTreeMap<SmolStr, (ImageKind, SmolStr)>;
/// Parameters of one region: name → (image, version).
type Parameters = BTreeMap<String, (SmolStr, u32)>;

pub fn reduce(latest: &Value, extra: &Value, parameters: &Value, places: &Places) -> Images {
    let mut images: BTreeMap<SmolStr, Region> = BTreeMap::new();
    for (region, list) in members(latest) {
        let here = images.entry(region.into()).or_default();
        for facts in list.as_array().into_iter().flatten() {
            here.insert(text(facts, "ami_id").into(), entry(facts, true));
        }
    }
    for facts in extra.as_array().into_iter().flatten() {
        let (id, name) = (text(facts, "ami_id"), text(facts, "description"));
        // Two entries are made-up ids, two are some test's own.
        if is_image_id(id) && !name.contains("used by AutoScaling tests") {
            let region = if id.len() == 12 { EXTRA.0 } else { EXTRA.1 };
            let amazon = AMAZON.contains(&text(facts, "owner_id"));
            images.entry(region.into()).or_default().insert(id.into(), entry(facts, amazon));
        }
    }
    let mut named: BTreeMap<SmolStr, Parameters> = BTreeMap::new();
    for (region, list) in members(parameters) {
        let here = images.entry(region.into()).or_default();
        named.insert(region.into(), region_parameters(list, here));
    }
    fill_gaps(&mut images, &mut named, places);
    pack(images, named)
}

/// Reads a region's parameters; an image that only a parameter tells of is added.
fn region_parameters(list: &Value, images: &mut Region) -> Parameters {
    let owner =
        images.values().next().map(|(_, owner)| owner.clone()).expect("a region has images");
    let mut all = Parameters::new();
    for row in list.as_array().into_iter().flatten() {
        let [Value::String(name), Value::String(image), version] =
            row.as_array().map_or(&[][..], Vec::as_slice)
        else {
            panic!("a parameter is [name, value, version]: {row}");
        };
        let version = version.as_u64().and_then(|n| u32::try_from(n).ok()).expect("a version");
        images.entry(image.as_str().into()).or_insert_with(|| (of_parameter(name), owner.clone()));
        all.insert(name.clone(), (image.as_str().into(), version));
    }
    all
}

/// Regions without data get the typical region's current images under ids of our own.
fn fill_gaps(
    images: &mut BTreeMap<SmolStr, Region>,
    named: &mut BTreeMap<SmolStr, Parameters>,
    places: &Places,
) {
    let (typical, typical_names) = (images[TYPICAL].clone(), named[TYPICAL].clone());
    for region in places.regions.iter().map(|region| &region.name) {
        if images.contains_key(region) {
            continue;
        }
        let own_id = |id: &SmolStr| own_id(region, id);
        images.insert(
            region.clone(),
            typical.iter().map(|(id, image)| (own_id(id), image.clone())).collect(),
        );
        let own = |(name, (id, version)): (&String, &(SmolStr, u32))| {
            (name.clone(), (own_id(id), *version))
        };
        named.insert(region.clone(), typical_names.iter().map(own).collect());
    }
}

/// A repeatable id: FNV-1a of region and the typical region's id.
fn own_id(region: &str, id: &str) -> SmolStr {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = region.bytes().chain([0]).chain(id.bytes()).fold(0xcbf2_9ce4_8422_2325, mix);
    format_smolstr!("ami-0{hash:016x}")
}

fn entry(facts: &Value, by_amazon: bool) -> (ImageKind, SmolStr) {
    let name = text(facts, "name").trim();
    let description = text(facts, "description");
    let read = |member: &str| text(facts, member);
    let (platform_details, usage_operation) = platform(name, facts["platform"] == "windows");
    let kind = ImageKind {
        name: name.into(),
        description: description.into(),
        architecture: Architecture::from_text(read("architecture")).expect("an architecture"),
        virtualization: Virtualization::from_text(read("virtualization_type")).expect("a kind"),
        root_device_name: read("root_device_name").into(),
        root_device: RootDevice::from_text(read("root_device_type")).expect("a root device"),
        volume_gib: size(name),
        volume_type: volume_type(name).into(),
        platform_details: platform_details.into(),
        usage_operation: usage_operation.into(),
        created: day(name).into(),
        boot_mode: boot_mode(name, read("architecture")).into(),
        imds_v2: is_al2023(name),
        by_amazon,
    };
    (kind, read("owner_id").into())
}

/// The image behind `…/amzn-ami-minimal-hvm-x86_64-s3`: the last Amazon Linux of 2018.
fn of_parameter(path: &str) -> ImageKind {
    let short = path.rsplit('/').next().unwrap_or(path);
    let parts: Vec<_> = short.split('-').collect();
    let [head @ .., architecture, storage] = parts.as_slice() else {
        panic!("an image parameter ends with architecture and storage: {path}");
    };
    let release = "2018.03.0.20231218.0";
    let name = format!("{}-{release}-{architecture}-{storage}", head.join("-"));
    let hvm = head.contains(&"hvm");
    let minimal = if head.contains(&"minimal") { " Minimal" } else { "" };
    let label = if hvm { "HVM" } else { "PV" };
    ImageKind {
        description: format_smolstr!(
            "Amazon Linux AMI {release} {architecture}{minimal} {label} {storage}"
        ),
        architecture: Architecture::from_text(architecture).expect("an architecture"),
        virtualization: if hvm { Virtualization::Hvm } else { Virtualization::Paravirtual },
        root_device_name: if hvm { "/dev/xvda" } else { "/dev/sda1" }.into(),
        root_device: if *storage == "s3" { RootDevice::InstanceStore } else { RootDevice::Ebs },
        volume_gib: size(&name),
        volume_type: volume_type(&name).into(),
        platform_details: "Linux/UNIX".into(),
        usage_operation: "RunInstances".into(),
        created: day(&name).into(),
        boot_mode: SmolStr::default(),
        imds_v2: false,
        by_amazon: true,
        name: name.into(),
    }
}

fn is_al2023(name: &str) -> bool {
    ["al2023-", "al2027-"].iter().any(|head| name.starts_with(head))
}

fn size(name: &str) -> u16 {
    match () {
        () if name.starts_with("Windows") => 30,
        () if name.contains("minimal") => 2,
        () if name.contains("DLAMI") || name.contains("Deep Learning") => 50,
        () if name.starts_with("RHEL") => 10,
        () => 8,
    }
}

fn volume_type(name: &str) -> &'static str {
    if is_al2023(name) {
        "gp3"
    } else if name.ends_with("-ebs") {
        "standard"
    } else {
        "gp2"
    }
}

fn boot_mode(name: &str, architecture: &str) -> &'static str {
    match (architecture, is_al2023(name)) {
        ("arm64", _) => "uefi",
        (_, true) => "uefi-preferred",
        _ => "",
    }
}

/// PlatformDetails and UsageOperation as AWS's billing table pairs them:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html>
fn platform(name: &str, windows: bool) -> (&'static str, &'static str) {
    match () {
        () if windows && name.contains("_Enterprise") => {
            ("Windows with SQL Server Enterprise", "RunInstances:0102")
        }
        () if windows && name.contains("_Standard") => {
            ("Windows with SQL Server Standard", "RunInstances:0006")
        }
        () if windows && name.contains("_Web") => {
            ("Windows with SQL Server Web", "RunInstances:0202")
        }
        () if windows => ("Windows", "RunInstances:0002"),
        () if name.starts_with("RHEL") => ("Red Hat Enterprise Linux", "RunInstances:0010"),
        () if name.starts_with("suse") => ("SUSE Linux", "RunInstances:000g"),
        () => ("Linux/UNIX", "RunInstances"),
    }
}

/// The day in a name: `20260930` or `2017.10.13`.
fn day(name: &str) -> String {
    let digits = |part: &&str| part.len() == 8 && part.starts_with("20");
    let numeric = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    let compact = name.split(['-', '.', '_', 'v']).filter(digits).find(numeric);
    if let Some(part) = compact {
        return format!("{}-{}-{}", &part[..4], &part[4..6], &part[6..]);
    }
    match name.rsplit('-').next().map(|tail| tail.split('.').collect::<Vec<_>>()).as_deref() {
        Some([year, month, day]) if year.len() == 4 => format!("{year}-{month}-{day}"),
        _ => SOME_DAY.to_owned(),
    }
}

fn pack(images: BTreeMap<SmolStr, Region>, named: BTreeMap<SmolStr, Parameters>) -> Images {
    let every = || images.values().flat_map(BTreeMap::values);
    let kinds: BTreeSet<_> = every().map(|(kind, _)| kind.clone()).collect();
    let owners: BTreeSet<_> = every().map(|(_, owner)| owner.clone()).collect();
    let names: BTreeSet<_> = named.values().flat_map(BTreeMap::keys).cloned().collect();
    let (kinds, owners, names) = (sorted(kinds), sorted(owners), sorted(names));
    let index = |at: Result<usize, usize>| {
        u16::try_from(at.expect("it was collected above")).expect("fewer than 65,536")
    };
    let image = |(id, (kind, owner)): (&SmolStr, &(ImageKind, SmolStr))| StoredImage {
        id: id.clone(),
        kind: index(kinds.binary_search(kind)),
        owner: index(owners.binary_search(owner)),
    };
    let parameter = |(name, (image, version)): (&String, &(SmolStr, u32))| StoredParameter {
        name: index(names.binary_search(name)),
        image: image.clone(),
        version: *version,
    };
    let regions = images.iter().map(|(r, all)| (r.clone(), all.iter().map(image).collect()));
    let parameters = named.iter().map(|(r, all)| (r.clone(), all.iter().map(parameter).collect()));
    Images {
        regions: regions.collect(),
        parameters: parameters.collect(),
        kinds,
        owners,
        parameter_names: names,
    }
}

fn sorted<T>(set: BTreeSet<T>) -> Vec<T> {
    set.into_iter().collect()
}
