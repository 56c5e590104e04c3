//! The layout of the embedded tables, shared with the reducer (`examples/reduce`) that writes
//! them. Not an interface for services: they use the functions at the crate's root.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{Architecture, InstanceType, Partition, Region, RootDevice, Virtualization};

/// `data/regions.bin`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Places {
    /// Sorted by name.
    pub partitions: Vec<Partition>,
    /// Sorted by name.
    pub regions: Vec<Region>,
}

/// `data/types.bin`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Types {
    /// Sorted by name; a type's position is its bit in the offering sets.
    pub types: Vec<InstanceType>,
    /// Distinct sets of offered types, 64 types to a word.
    pub sets: Vec<Vec<u64>>,
    /// Zone name and the index of its set; sorted by zone name.
    pub zones: Vec<(SmolStr, u16)>,
}

/// `data/records.bin`: not compressed as a whole, so that one record costs one small frame.
#[derive(Debug, Serialize, Deserialize)]
pub struct Records<'a> {
    /// Per family (`m5`, sorted): a zstd frame of one JSON record a line, sorted by type name.
    #[serde(borrow)]
    pub families: Vec<(&'a str, &'a [u8])>,
}

/// `data/images.bin`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Images {
    /// What images of several regions share.
    pub kinds: Vec<ImageKind>,
    /// Owner account ids.
    pub owners: Vec<SmolStr>,
    /// Region and its images, both sorted.
    pub regions: Vec<(SmolStr, Vec<StoredImage>)>,
    /// Names of public parameters, sorted.
    pub parameter_names: Vec<String>,
    /// Region and its parameters, both sorted.
    pub parameters: Vec<(SmolStr, Vec<StoredParameter>)>,
}

/// One image of one region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredImage {
    /// `ami-…`.
    pub id: SmolStr,
    /// Index into [`Images::kinds`].
    pub kind: u16,
    /// Index into [`Images::owners`].
    pub owner: u16,
}

/// What an image is, apart from its id and owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageKind {
    /// Name as DescribeImages gives it.
    pub name: SmolStr,
    /// Free text.
    pub description: SmolStr,
    /// Processor architecture.
    pub architecture: Architecture,
    /// hvm or paravirtual.
    pub virtualization: Virtualization,
    /// `/dev/xvda`.
    pub root_device_name: SmolStr,
    /// EBS or instance store.
    pub root_device: RootDevice,
    /// Size of the root volume in GiB.
    pub volume_gib: u16,
    /// `gp3`.
    pub volume_type: SmolStr,
    /// `Linux/UNIX`, `Windows`, ….
    pub platform_details: SmolStr,
    /// `RunInstances`, `RunInstances:0002`, ….
    pub usage_operation: SmolStr,
    /// Day of publication, `2026-09-30`.
    pub created: SmolStr,
    /// `uefi`, `uefi-preferred`, or empty when the image does not say.
    pub boot_mode: SmolStr,
    /// The image demands the second version of the instance metadata service.
    pub imds_v2: bool,
    /// Owned by an account that AWS shows as `amazon`.
    pub by_amazon: bool,
}

/// One public parameter of one region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredParameter {
    /// Index into [`Images::parameter_names`].
    pub name: u16,
    /// The image it names.
    pub image: SmolStr,
    /// Version number.
    pub version: u32,
}
