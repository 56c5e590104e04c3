//! Machine images: the catalogue's, and by policy any other well-formed id. DescribeImages and
//! DescribeImageAttribute.
//!
//! "Amazon Machine Images" in the user guide. Images cannot be made here, so an account owns none.

use crate::entity::{page_size, parse_filters};
use crate::vpcs::bool_text;
use crate::{errors, facts};
use api::ec2::{
    AttributeValue, BlockDeviceMapping, DescribeImageAttributeRequest, DescribeImagesRequest,
    DescribeImagesResult, EbsBlockDevice, ImageAttribute,
};
use catalogue::{BlockDevice, Image};
use kernel::{ApiError, Caller, FilterRow, Snapshot, resource};
use smol_str::{SmolStr, ToSmolStr};

/// The image to launch from. An id that the catalogue lacks stands for an image of another
/// account, unless images are strict.
pub(crate) fn usable(snapshot: &Snapshot, id: &str) -> Result<Image, ApiError> {
    if !catalogue::is_image_id(id) {
        return Err(errors::image_malformed(id));
    }
    known(snapshot, id).ok_or_else(|| errors::image_not_found(id))
}

fn known(snapshot: &Snapshot, id: &str) -> Option<Image> {
    let synthetic = || {
        let strict = snapshot.settings().strict_images;
        if strict { None } else { catalogue::synthetic_image(snapshot.region(), id) }
    };
    catalogue::image(snapshot.region(), id).or_else(synthetic)
}

/// Emits something of each disk.
macro_rules! each_disk {
    ($name:literal, |$disk:ident| $value:expr) => {
        FilterRow {
            name: $name,
            values: |image: &Image, _, emit| {
                image.block_devices.iter().for_each(|$disk: &BlockDevice| emit($value));
            },
        }
    };
}

static FILTERS: &[FilterRow<Image>] = &[
    FilterRow { name: "architecture", values: |i, _, emit| emit(i.architecture.as_str()) },
    each_disk!("block-device-mapping.delete-on-termination", |d| bool_text(
        d.delete_on_termination
    )),
    each_disk!("block-device-mapping.device-name", |d| &d.device_name),
    each_disk!("block-device-mapping.encrypted", |d| bool_text(d.encrypted)),
    each_disk!("block-device-mapping.snapshot-id", |d| &d.snapshot_id),
    each_disk!("block-device-mapping.volume-size", |d| &d.size_gib.to_smolstr()),
    each_disk!("block-device-mapping.volume-type", |d| &d.volume_type),
    FilterRow { name: "creation-date", values: |i, _, emit| emit(&i.creation_date) },
    FilterRow { name: "description", values: |i, _, emit| emit(&i.description) },
    FilterRow { name: "ena-support", values: |i, _, emit| emit(bool_text(i.ena_support)) },
    FilterRow { name: "hypervisor", values: |_, _, emit| emit("xen") },
    FilterRow { name: "image-allowed", values: |_, _, emit| emit("true") },
    FilterRow { name: "image-id", values: |i, _, emit| emit(&i.id) },
    FilterRow { name: "image-type", values: |_, _, emit| emit("machine") },
    FilterRow { name: "is-public", values: |_, _, emit| emit("true") },
    FilterRow { name: "kernel-id", values: |_, _, _| () },
    FilterRow { name: "manifest-location", values: |i, _, emit| emit(&i.location) },
    FilterRow { name: "name", values: |i, _, emit| emit(&i.name) },
    FilterRow {
        name: "owner-alias",
        values: |i, _, emit| i.owner_alias.iter().for_each(|alias| emit(alias)),
    },
    FilterRow { name: "owner-id", values: |i, _, emit| emit(&i.owner) },
    FilterRow { name: "platform", values: |i, _, emit| i.platform.iter().for_each(|p| emit(p)) },
    FilterRow { name: "product-code", values: |_, _, _| () },
    FilterRow { name: "product-code.type", values: |_, _, _| () },
    FilterRow { name: "ramdisk-id", values: |_, _, _| () },
    FilterRow { name: "root-device-name", values: |i, _, emit| emit(&i.root_device_name) },
    FilterRow { name: "root-device-type", values: |i, _, emit| emit(i.root_device.as_str()) },
    FilterRow { name: "source-image-id", values: |_, _, _| () },
    FilterRow { name: "source-image-region", values: |_, _, _| () },
    FilterRow { name: "source-instance-id", values: |_, _, _| () },
    FilterRow {
        name: "sriov-net-support",
        values: |i, _, emit| i.sriov_net_support.iter().for_each(|s| emit(s)),
    },
    FilterRow { name: "state", values: |_, _, emit| emit("available") },
    FilterRow { name: "state-reason-code", values: |_, _, _| () },
    FilterRow { name: "state-reason-message", values: |_, _, _| () },
    FilterRow { name: "virtualization-type", values: |i, _, emit| emit(i.virtualization.as_str()) },
];

/// Images by id, owner and filters. Deprecated images of others show only when asked for by id or
/// with IncludeDeprecated.
fn describe_images(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeImagesRequest,
) -> Result<DescribeImagesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let filters = parse_filters(FILTERS, facts::no_tags, input.filters.as_deref())?;
    let limit = page_size(input.max_results)?;
    let owners = input.owners.unwrap_or_default();
    let users = input.executable_users.unwrap_or_default();
    let wanted = |image: &Image| {
        owned_by(snapshot, image, &owners)
            // Public images are everybody's; nobody was given one by name.
            && (users.is_empty() || users.iter().any(|user| user == "all"))
            && filters.matches(image, snapshot)
    };
    let ids = input.image_ids.unwrap_or_default();
    if ids.is_empty() {
        let now = snapshot.now().iso_millis();
        let old = input.include_deprecated == Some(true);
        let asked = filters.exact("image-id").cloned();
        let images: Box<dyn Iterator<Item = Image>> = match &asked {
            Some(id) => Box::new(catalogue::image(snapshot.region(), id).into_iter()),
            None => Box::new(catalogue::images(snapshot.region())),
        };
        let images =
            images.filter(|i| old || i.deprecation_time.as_str() > now.as_str()).filter(wanted);
        let token = input.next_token.as_deref();
        let page = facts::page("DescribeImages", token, limit, images, |image| image.id.clone())?;
        let images = page.items.iter().map(render).collect();
        return Ok(DescribeImagesResult { next_token: page.next, images: Some(images) });
    }
    if let Some(id) = ids.iter().find(|id| !catalogue::is_image_id(id)) {
        return Err(errors::image_malformed(id));
    }
    let found: Vec<Image> = ids.iter().filter_map(|id| known(snapshot, id)).collect();
    let missing: Vec<&str> = ids
        .iter()
        .filter(|id| !found.iter().any(|image| image.id == **id))
        .map(SmolStr::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(errors::images_not_found(&missing));
    }
    let images = found.iter().filter(|image| wanted(image)).map(render).collect();
    Ok(DescribeImagesResult { next_token: None, images: Some(images) })
}

/// Whether one of `owners` is the image's: `self`, an alias, or an account. None means any.
fn owned_by(snapshot: &Snapshot, image: &Image, owners: &[SmolStr]) -> bool {
    owners.is_empty()
        || owners.iter().any(|owner| match owner.as_str() {
            "self" => image.owner == *snapshot.account(),
            owner => image.owner == owner || image.owner_alias.as_deref() == Some(owner),
        })
}

fn render(image: &Image) -> api::ec2::Image {
    let text = SmolStr::new_static;
    api::ec2::Image {
        platform_details: Some(image.platform_details.clone()),
        usage_operation: Some(image.usage_operation.clone()),
        block_device_mappings: Some(image.block_devices.iter().map(render_disk).collect()),
        description: (!image.description.is_empty()).then(|| image.description.clone()),
        ena_support: Some(image.ena_support),
        hypervisor: Some(text("xen")),
        image_owner_alias: image.owner_alias.clone(),
        name: Some(image.name.clone()),
        root_device_name: Some(image.root_device_name.clone()),
        root_device_type: Some(text(image.root_device.as_str())),
        sriov_net_support: image.sriov_net_support.clone(),
        virtualization_type: Some(text(image.virtualization.as_str())),
        boot_mode: image.boot_mode.clone(),
        deprecation_time: Some(image.deprecation_time.clone()),
        imds_support: image.imds_support.clone(),
        image_id: Some(image.id.clone()),
        image_location: Some(image.location.clone()),
        state: Some(text("available")),
        owner_id: Some(image.owner.clone()),
        creation_date: Some(image.creation_date.clone()),
        public: Some(true),
        architecture: Some(text(image.architecture.as_str())),
        image_type: Some(text("machine")),
        platform: image.platform.clone(),
        ..Default::default()
    }
}

fn render_disk(disk: &BlockDevice) -> BlockDeviceMapping {
    BlockDeviceMapping {
        device_name: Some(disk.device_name.clone()),
        ebs: Some(EbsBlockDevice {
            delete_on_termination: Some(disk.delete_on_termination),
            snapshot_id: Some(disk.snapshot_id.clone()),
            volume_size: Some(i64::from(disk.size_gib)),
            volume_type: Some(disk.volume_type.clone()),
            encrypted: Some(disk.encrypted),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// One attribute. Only its owner may see who may launch an image and what it is made of.
fn describe_image_attribute(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeImageAttributeRequest,
) -> Result<ImageAttribute, ApiError> {
    errors::dry_run(input.dry_run)?;
    let image = usable(snapshot, &input.image_id)?;
    let value = |value: Option<SmolStr>| Some(AttributeValue { value });
    let mut attribute =
        ImageAttribute { image_id: Some(image.id.clone()), ..Default::default() };
    match input.attribute.as_str() {
        "description" => attribute.description = value(Some(image.description)),
        "kernel" => attribute.kernel_id = value(None),
        "ramdisk" => attribute.ramdisk_id = value(None),
        "productCodes" => attribute.product_codes = Some(Vec::new()),
        "sriovNetSupport" => attribute.sriov_net_support = value(image.sriov_net_support),
        "bootMode" => attribute.boot_mode = value(image.boot_mode),
        "tpmSupport" => attribute.tpm_support = value(None),
        "imdsSupport" => attribute.imds_support = value(image.imds_support),
        "launchPermission" | "blockDeviceMapping" | "uefiData" | "lastLaunchedTime"
        | "deregistrationProtection" => return Err(errors::not_authorized_for_image(&image.id)),
        name => return Err(errors::unknown_attribute(name)),
    }
    Ok(attribute)
}

resource! { ec2:
    operations {
        read DescribeImages => describe_images,
        read DescribeImageAttribute => describe_image_attribute,
    }
}
