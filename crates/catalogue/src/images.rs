//! Public images.
//!
//! The data has Amazon Linux for 30 regions and some dozens of images of 2017 to 2022. Regions
//! without data hold the same Amazon Linux images under ids of our own making. What DescribeImages
//! returns beyond the data (dates, sizes, usage codes) is derived from the image's name by the
//! reducer.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html>

use std::sync::LazyLock;

use smol_str::{SmolStr, format_smolstr};

use crate::{
    Architecture, RootDevice, Virtualization, blob,
    hash::id_tail,
    stored::{ImageKind, Images, StoredImage},
};

pub(crate) static IMAGES: LazyLock<Images> =
    LazyLock::new(|| blob::decode(include_bytes!("../data/images.bin")));

/// The account that owns images which only a client's request told us of.
const UNKNOWN_OWNER: &str = "099720109477";

/// A public image as DescribeImages shows it. Its State is always `available`, its ImageType
/// `machine`, its Hypervisor `xen`, and it is public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// ImageId.
    pub id: SmolStr,
    /// Name.
    pub name: SmolStr,
    /// Description; empty when the image has none.
    pub description: SmolStr,
    /// ImageLocation, `amazon/<name>`.
    pub location: SmolStr,
    /// OwnerId.
    pub owner: SmolStr,
    /// ImageOwnerAlias, `amazon` for AWS's own.
    pub owner_alias: Option<SmolStr>,
    /// Architecture. Of a synthetic image nothing is known: let it boot on any type.
    pub architecture: Architecture,
    /// VirtualizationType.
    pub virtualization: Virtualization,
    /// RootDeviceType.
    pub root_device: RootDevice,
    /// RootDeviceName.
    pub root_device_name: SmolStr,
    /// Platform: `windows`, else absent.
    pub platform: Option<SmolStr>,
    /// PlatformDetails.
    pub platform_details: SmolStr,
    /// UsageOperation.
    pub usage_operation: SmolStr,
    /// CreationDate, `2026-09-30T00:00:00.000Z`.
    pub creation_date: SmolStr,
    /// DeprecationTime: two years after the creation, as AWS sets it for public images.
    pub deprecation_time: SmolStr,
    /// BootMode.
    pub boot_mode: Option<SmolStr>,
    /// ImdsSupport: `v2.0` when instances must use the second version.
    pub imds_support: Option<SmolStr>,
    /// EnaSupport.
    pub ena_support: bool,
    /// SriovNetSupport: `simple` for hvm images.
    pub sriov_net_support: Option<SmolStr>,
    /// BlockDeviceMappings; empty for an instance-store image.
    pub block_devices: Vec<BlockDevice>,
    /// Not in the catalogue: made up for a client's id.
    pub synthetic: bool,
}

/// One EBS entry of BlockDeviceMappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockDevice {
    /// DeviceName.
    pub device_name: SmolStr,
    /// Ebs.SnapshotId.
    pub snapshot_id: SmolStr,
    /// Ebs.VolumeSize in GiB.
    pub size_gib: u32,
    /// Ebs.VolumeType.
    pub volume_type: SmolStr,
    /// Ebs.DeleteOnTermination.
    pub delete_on_termination: bool,
    /// Ebs.Encrypted.
    pub encrypted: bool,
}

/// Whether text has the form of an image id: `ami-` and 8 or 17 lower-case hexadecimal digits.
pub fn is_image_id(id: &str) -> bool {
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    id.strip_prefix("ami-")
        .is_some_and(|tail| matches!(tail.len(), 8 | 17) && tail.bytes().all(lower_hex))
}

/// The catalogue's images of a region, sorted by id.
pub fn images(region: &str) -> impl Iterator<Item = Image> {
    stored(region).iter().map(whole)
}

/// The catalogue's image of that id in a region.
pub fn image(region: &str, id: &str) -> Option<Image> {
    let images = stored(region);
    let at = images.binary_search_by(|image| image.id.as_str().cmp(id)).ok()?;
    images.get(at).map(whole)
}

/// An image for a well-formed id that the catalogue lacks: the same one in every run, owned by
/// an account that is nobody's, with the fields of a usual Linux image. `None` when the id is not
/// well formed.
pub fn synthetic_image(region: &str, id: &str) -> Option<Image> {
    if !is_image_id(id) {
        return None;
    }
    let kind = ImageKind {
        name: format_smolstr!("image-{}", &id["ami-".len()..]),
        description: SmolStr::default(),
        architecture: Architecture::X8664,
        virtualization: Virtualization::Hvm,
        root_device_name: "/dev/sda1".into(),
        root_device: RootDevice::Ebs,
        volume_gib: 8,
        volume_type: "gp2".into(),
        platform_details: "Linux/UNIX".into(),
        usage_operation: "RunInstances".into(),
        created: "2017-07-21".into(),
        boot_mode: SmolStr::default(),
        imds_v2: false,
        by_amazon: false,
    };
    Some(Image { synthetic: true, ..describe(id.into(), UNKNOWN_OWNER.into(), &kind, region) })
}

fn stored(region: &str) -> &'static [StoredImage] {
    let regions = &IMAGES.regions;
    match regions.binary_search_by(|(known, _)| known.as_str().cmp(region)) {
        Ok(at) => &regions[at].1,
        Err(_) => &[],
    }
}

fn whole(image: &StoredImage) -> Image {
    let kind = &IMAGES.kinds[usize::from(image.kind)];
    let owner = IMAGES.owners[usize::from(image.owner)].clone();
    describe(image.id.clone(), owner, kind, "")
}

/// Spells a kind out as an image. Catalogue ids are unique in the world, so `region` is only
/// mixed into the snapshot id of synthetic ones.
fn describe(id: SmolStr, owner: SmolStr, kind: &ImageKind, region: &str) -> Image {
    let alias = kind.by_amazon.then_some("amazon");
    let ebs = kind.root_device == RootDevice::Ebs;
    let hvm = kind.virtualization == Virtualization::Hvm;
    let root = || BlockDevice {
        device_name: kind.root_device_name.clone(),
        snapshot_id: format_smolstr!("snap-{}", id_tail(&["snapshot", region, &id])),
        size_gib: u32::from(kind.volume_gib),
        volume_type: kind.volume_type.clone(),
        delete_on_termination: true,
        encrypted: false,
    };
    Image {
        name: kind.name.clone(),
        description: kind.description.clone(),
        location: format_smolstr!("{}/{}", alias.unwrap_or(&owner), kind.name),
        owner_alias: alias.map(SmolStr::from),
        architecture: kind.architecture,
        virtualization: kind.virtualization,
        root_device: kind.root_device,
        root_device_name: kind.root_device_name.clone(),
        platform: kind.platform_details.starts_with("Windows").then(|| "windows".into()),
        platform_details: kind.platform_details.clone(),
        usage_operation: kind.usage_operation.clone(),
        creation_date: format_smolstr!("{}T00:00:00.000Z", kind.created),
        deprecation_time: two_years_after(&kind.created),
        boot_mode: (!kind.boot_mode.is_empty()).then(|| kind.boot_mode.clone()),
        imds_support: kind.imds_v2.then(|| "v2.0".into()),
        ena_support: hvm,
        sriov_net_support: hvm.then(|| "simple".into()),
        block_devices: if ebs { vec![root()] } else { Vec::new() },
        synthetic: false,
        id,
        owner,
    }
}

fn two_years_after(day: &str) -> SmolStr {
    let year: u16 = day[..4].parse().expect("the reducer writes YYYY-MM-DD");
    // The last day of February is not in every year.
    let rest = if &day[4..] == "-02-29" { "-02-28" } else { &day[4..] };
    format_smolstr!("{}{rest}T00:00:00.000Z", year + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions;

    #[test]
    fn a_current_image_has_every_field() {
        let image = image("us-west-1", "ami-00c8bfae6cbc202c2").unwrap();
        assert_eq!(image.name, "al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64");
        assert_eq!(image.location, "amazon/al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64");
        assert_eq!(
            (image.owner.as_str(), image.owner_alias.as_deref()),
            ("137112412989", Some("amazon"))
        );
        assert_eq!(image.architecture, Architecture::X8664);
        assert_eq!(image.creation_date, "2026-09-30T00:00:00.000Z");
        assert_eq!(image.deprecation_time, "2028-09-30T00:00:00.000Z");
        assert_eq!(image.boot_mode.as_deref(), Some("uefi-preferred"));
        assert_eq!(image.imds_support.as_deref(), Some("v2.0"));
        assert_eq!(image.platform, None);
        let root = &image.block_devices[0];
        assert_eq!((root.device_name.as_str(), root.size_gib), ("/dev/xvda", 8));
        assert_eq!(root.volume_type, "gp3");
        assert!(root.snapshot_id.starts_with("snap-0") && root.snapshot_id.len() == 22);
        assert!(!image.synthetic);
    }

    #[test]
    fn a_windows_image_says_so() {
        let image = image("eu-west-1", "ami-1812c061").unwrap();
        assert_eq!(image.platform.as_deref(), Some("windows"));
        assert_eq!(image.platform_details, "Windows with SQL Server Standard");
        assert_eq!(image.usage_operation, "RunInstances:0006");
        assert_eq!(image.creation_date, "2017-10-13T00:00:00.000Z");
    }

    #[test]
    fn images_belong_to_their_region() {
        assert!(image("us-east-1", "ami-00c8bfae6cbc202c2").is_none());
        assert_eq!(images("us-west-9").count(), 0);
    }

    #[test]
    fn every_region_has_sorted_well_formed_amazon_linux_images() {
        for region in regions() {
            let all: Vec<_> = images(&region.name).collect();
            assert!(all.is_sorted_by(|a, b| a.id < b.id), "{}", region.name);
            assert!(all.iter().all(|image| is_image_id(&image.id)), "{}", region.name);
            assert!(all.iter().any(|i| i.name.starts_with("al2023-ami-2023")), "{}", region.name);
        }
    }

    #[test]
    fn a_synthetic_image_is_the_same_every_time_and_nobodys() {
        let tutorial = synthetic_image("us-west-1", "ami-09d2fb69").unwrap();
        assert_eq!(Some(&tutorial), synthetic_image("us-west-1", "ami-09d2fb69").as_ref());
        assert!(tutorial.synthetic && tutorial.owner_alias.is_none());
        assert_eq!(tutorial.root_device_name, "/dev/sda1");
        assert_eq!(tutorial.block_devices[0].size_gib, 8);
        assert!(synthetic_image("us-west-1", "ami-09D2FB69").is_none());
    }

    #[test]
    fn only_eight_or_seventeen_lower_hexadecimal_digits_make_an_id() {
        for good in ["ami-09d2fb69", "ami-00c8bfae6cbc202c2"] {
            assert!(is_image_id(good), "{good}");
        }
        for bad in ["", "ami-", "ami-ekslinux", "ami-09d2fb6", "i-09d2fb69", "ami-09d2fb69é"] {
            assert!(!is_image_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_leap_day_is_deprecated_on_the_last_of_february() {
        assert_eq!(two_years_after("2024-02-29"), "2026-02-28T00:00:00.000Z");
    }
}
