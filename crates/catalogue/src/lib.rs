//! AWS's public facts as data: which regions, zones, instance types, offerings, public images
//! and public parameters there are.
//!
//! The crate is pure: it reads compressed tables that are part of the binary (`data/`, made by
//! `cargo run -p catalogue --example reduce -- DIR`, see `data/README.md`), decodes each on its
//! first use, and depends on no other crate of this house. It knows nothing of accounts: what is
//! accepted when a fact is missing (the `--strict-images` policy) is decided by its callers, for
//! which it offers *synthetic* images and parameters that are the same in every run.
//!
//! Left out on purpose: prices, quotas, offerings of Local Zones, Wavelength zones.

mod blob;
mod hash;
mod hosted_zones;
mod images;
mod instance_types;
mod offerings;
mod parameters;
mod regions;
pub mod stored;

pub use hosted_zones::{HostedZones, hosted_zones};
pub use images::{BlockDevice, Image, image, images, is_image_id, synthetic_image};
pub use instance_types::{
    Architecture, BootMode, EbsBandwidth, Gpu, Hypervisor, InstanceStorage, InstanceType,
    RootDevice, Support, UsageClass, Virtualization, instance_type, instance_types,
};
pub use offerings::{offered, offered_in_region, offerings, offerings_in_region};
pub use parameters::{
    ParameterData, PublicParameter, public_parameter, public_parameters_by_path,
    synthetic_public_parameter,
};
pub use regions::{
    OptIn, Partition, Region, Zone, ZoneType, partition_of, partitions, region, regions,
};
