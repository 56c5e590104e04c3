//! What AWS publishes: regions, zones, instance types, images, account attributes.

use crate::harness::{Ec2, filter};
use api::ec2::ops::{
    DescribeAccountAttributes, DescribeAvailabilityZones, DescribeImageAttribute, DescribeImages,
    DescribeInstanceTypeOfferings, DescribeInstanceTypes, DescribeLaunchTemplates, DescribeRegions,
};
use api::ec2::{
    DescribeAccountAttributesRequest, DescribeAvailabilityZonesRequest,
    DescribeImageAttributeRequest, DescribeImagesRequest, DescribeInstanceTypeOfferingsRequest,
    DescribeInstanceTypesRequest, DescribeLaunchTemplatesRequest, DescribeRegionsRequest, Filter,
};
use kernel::Settings;
use std::collections::BTreeSet;

#[test]
fn regions_have_their_endpoints() {
    let ec2 = Ec2::new();
    let request = DescribeRegionsRequest {
        filters: Some(vec![filter("region-name", &["us-*-1"])]),
        ..Default::default()
    };
    let regions = ec2.ok::<DescribeRegions>(request).regions.unwrap();
    let names: Vec<_> = regions.iter().map(|r| r.region_name.clone().unwrap()).collect();
    assert_eq!(names, ["us-east-1", "us-west-1"]);
    assert_eq!(regions[0].endpoint.as_deref(), Some("ec2.us-east-1.amazonaws.com"));
    assert_eq!(regions[0].opt_in_status.as_deref(), Some("opt-in-not-required"));
    let request = DescribeRegionsRequest {
        region_names: Some(vec!["us-moon-1".into()]),
        ..Default::default()
    };
    assert_eq!(ec2.err::<DescribeRegions>(request).0, "InvalidParameterValue");
}

#[test]
fn us_west_1_shows_two_zones() {
    let ec2 = Ec2::new();
    let zones = ec2
        .ok::<DescribeAvailabilityZones>(DescribeAvailabilityZonesRequest::default())
        .availability_zones
        .unwrap();
    let names: Vec<_> = zones.iter().map(|z| z.zone_name.clone().unwrap()).collect();
    assert_eq!(names, ["us-west-1a", "us-west-1c"]);
    assert_eq!(zones[0].messages, Some(Vec::new()));
    let request = DescribeAvailabilityZonesRequest {
        zone_names: Some(vec!["us-west-1z".into()]),
        ..Default::default()
    };
    assert_eq!(
        ec2.err::<DescribeAvailabilityZones>(request).1,
        "Invalid availability zone: [us-west-1z]"
    );
}

#[test]
fn local_zones_show_only_when_all_are_asked_for() {
    let ec2 = Ec2::with("us-west-2", Settings::default());
    let count = |all| {
        let request = DescribeAvailabilityZonesRequest {
            all_availability_zones: Some(all),
            filters: Some(vec![filter("zone-type", &["local-zone"])]),
            ..Default::default()
        };
        ec2.ok::<DescribeAvailabilityZones>(request).availability_zones.unwrap().len()
    };
    assert_eq!(count(false), 0);
    assert!(count(true) > 0);
}

#[test]
fn instance_types_page_by_a_hundred_without_losing_any() {
    let ec2 = Ec2::new();
    let (mut seen, mut token, mut pages) = (BTreeSet::new(), None, 0);
    loop {
        let request =
            DescribeInstanceTypesRequest { next_token: token.take(), ..Default::default() };
        let page = ec2.ok::<DescribeInstanceTypes>(request);
        let types = page.instance_types.unwrap();
        assert!(types.len() <= 100);
        seen.extend(types.into_iter().map(|t| t.instance_type.unwrap()));
        pages += 1;
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert!(seen.len() > 300 && seen.len() > (pages - 1) * 100);
}

#[test]
fn instance_types_are_filtered_by_any_member() {
    let ec2 = Ec2::new();
    for (given, expected) in [
        (filter("instance-type", &["t2.micro"]), "t2.micro"),
        (filter("memory-info.size-in-mib", &["1024"]), "t2.micro"),
        (filter("processor-info.supported-architecture", &["arm64"]), "t4g.nano"),
        (filter("vcpu-info.valid-cores", &["1"]), "t3.nano"),
        (filter("bare-metal", &["false"]), "t2.micro"),
        (filter("free-tier-eligible", &["true"]), "t3.micro"),
    ] {
        let name = given.name.clone();
        let request = DescribeInstanceTypesRequest {
            filters: Some(vec![given, filter("instance-type", &["t*"])]),
            ..Default::default()
        };
        let types = ec2.ok::<DescribeInstanceTypes>(request).instance_types.unwrap();
        let found = types.iter().any(|t| t.instance_type.as_deref() == Some(expected));
        assert!(found, "{name:?}");
    }
    let request = DescribeInstanceTypesRequest {
        instance_types: Some(vec!["t2.micro".into(), "t9.nano".into()]),
        ..Default::default()
    };
    let text = "The following supplied instance types do not exist: [t9.nano]";
    assert_eq!(ec2.err::<DescribeInstanceTypes>(request).1, text);
    let request = DescribeInstanceTypesRequest { max_results: Some(101), ..Default::default() };
    assert_eq!(ec2.err::<DescribeInstanceTypes>(request).0, "InvalidParameterValue");
}

#[test]
fn offerings_are_by_region_or_by_zone() {
    let ec2 = Ec2::new();
    let locations = |kind: Option<&str>| -> Vec<String> {
        let request = DescribeInstanceTypeOfferingsRequest {
            location_type: kind.map(Into::into),
            filters: Some(vec![filter("instance-type", &["t2.micro"])]),
            ..Default::default()
        };
        let offerings = ec2.ok::<DescribeInstanceTypeOfferings>(request);
        let offerings = offerings.instance_type_offerings.unwrap();
        offerings.into_iter().map(|o| o.location.unwrap().to_string()).collect()
    };
    assert_eq!(locations(None), ["us-west-1"]);
    assert_eq!(locations(Some("availability-zone")), ["us-west-1a", "us-west-1c"]);
    assert_eq!(locations(Some("availability-zone-id")).len(), 2);
}

fn images(ec2: &Ec2, owner: &str, filters: Vec<Filter>) -> Vec<api::ec2::Image> {
    let request = DescribeImagesRequest {
        owners: Some(vec![owner.into()]),
        filters: Some(filters),
        ..Default::default()
    };
    ec2.ok::<DescribeImages>(request).images.unwrap()
}

#[test]
fn images_are_found_by_owner_and_name() {
    let ec2 = Ec2::new();
    let named = || vec![filter("name", &["al2023-ami-2023*-x86_64"])];
    let found = images(&ec2, "amazon", named());
    assert!(!found.is_empty());
    assert!(found.iter().all(|i| i.image_owner_alias.as_deref() == Some("amazon")));
    assert!(found.iter().all(|i| i.architecture.as_deref() == Some("x86_64")));
    assert!(images(&ec2, "self", named()).is_empty());
    let unknown = vec![filter("nope", &["x"])];
    let request = DescribeImagesRequest { filters: Some(unknown), ..Default::default() };
    assert_eq!(ec2.err::<DescribeImages>(request).1, "The filter 'nope' is invalid");
}

#[test]
fn unknown_images_are_somebody_elses_unless_images_are_strict() {
    let ids: Vec<_> = ["ami-00000000000000000", "ami-00000000000000001"].map(Into::into).into();
    let request = || DescribeImagesRequest { image_ids: Some(ids.clone()), ..Default::default() };
    let found = Ec2::new().ok::<DescribeImages>(request()).images.unwrap();
    assert!(found.len() == 2 && found[0].owner_id.as_deref() != Some("123456789012"));
    let settings = Settings { strict_images: true, ..Settings::default() };
    let strict = Ec2::with("us-west-1", settings);
    let text = "The image ids '[ami-00000000000000000, ami-00000000000000001]' do not exist";
    assert_eq!(strict.err::<DescribeImages>(request()).1, text);
    let malformed = DescribeImagesRequest { image_ids: Some(vec!["x".into()]), ..request() };
    let (code, text) = strict.err::<DescribeImages>(malformed);
    assert_eq!(
        (code.as_str(), text.as_str()),
        ("InvalidAMIID.Malformed", "Invalid id: \"x\" (expecting \"ami-...\")")
    );
}

#[test]
fn who_may_launch_an_image_is_its_owners_secret() {
    let ec2 = Ec2::new();
    let request = |attribute: &str| DescribeImageAttributeRequest {
        attribute: attribute.into(),
        image_id: "ami-0123456789abcdef0".into(),
        dry_run: None,
    };
    let (code, text) = ec2.err::<DescribeImageAttribute>(request("launchPermission"));
    assert_eq!(code, "AuthFailure");
    assert_eq!(text, "Not authorized for image:ami-0123456789abcdef0");
    assert!(ec2.ok::<DescribeImageAttribute>(request("description")).description.is_some());
}

#[test]
fn the_account_knows_its_default_vpc() {
    let ec2 = Ec2::new();
    let request = DescribeAccountAttributesRequest {
        attribute_names: Some(vec!["default-vpc".into()]),
        ..Default::default()
    };
    let attributes =
        ec2.ok::<DescribeAccountAttributes>(request).account_attributes.unwrap().remove(0);
    let value = attributes.attribute_values.unwrap().remove(0).attribute_value.unwrap();
    assert!(value.starts_with("vpc-0"), "{value}");
}

#[test]
fn there_are_no_launch_templates() {
    let ec2 = Ec2::new();
    let request = |name: Option<&str>| DescribeLaunchTemplatesRequest {
        launch_template_names: name.map(|name| vec![name.into()]),
        ..Default::default()
    };
    assert_eq!(ec2.ok::<DescribeLaunchTemplates>(request(None)).launch_templates, Some(vec![]));
    assert_eq!(
        ec2.err::<DescribeLaunchTemplates>(request(Some("web"))).0,
        "InvalidLaunchTemplateName.NotFoundException"
    );
}
