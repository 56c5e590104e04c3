//! Tags of every kind of resource.

use crate::harness::{Ec2, filter};
use api::ec2::ops::{CreateKeyPair, CreateTags, DeleteTags, DescribeTags, DescribeVpcs};
use api::ec2::{
    CreateKeyPairRequest, CreateTagsRequest, DeleteTagsRequest, DescribeTagsRequest,
    DescribeVpcsRequest, Filter, Tag,
};
use smol_str::SmolStr;

fn tag(key: &str, value: Option<&str>) -> Tag {
    Tag { key: Some(key.into()), value: value.map(Into::into) }
}

/// Ids of the default VPC and of a key pair.
fn two(ec2: &Ec2) -> Vec<SmolStr> {
    let vpcs = ec2.ok::<DescribeVpcs>(DescribeVpcsRequest::default()).vpcs.unwrap();
    let key = ec2.ok::<CreateKeyPair>(CreateKeyPairRequest {
        key_name: "demo".into(),
        key_type: Some("ed25519".into()),
        ..Default::default()
    });
    vec![vpcs[0].vpc_id.clone().unwrap(), key.key_pair_id.unwrap()]
}

fn create(resources: &[SmolStr], tags: &[Tag]) -> CreateTagsRequest {
    CreateTagsRequest { dry_run: None, resources: resources.to_vec(), tags: tags.to_vec() }
}

fn described(ec2: &Ec2, filters: Vec<Filter>) -> Vec<String> {
    let request = DescribeTagsRequest { filters: Some(filters), ..Default::default() };
    let tags = ec2.ok::<DescribeTags>(request).tags.unwrap();
    tags.into_iter()
        .map(|t| format!("{} {}={}", t.resource_type.unwrap(), t.key.unwrap(), t.value.unwrap()))
        .collect()
}

#[test]
fn tags_are_made_changed_found_and_removed() {
    let ec2 = Ec2::new();
    let ids = two(&ec2);
    ec2.ok::<CreateTags>(create(&ids, &[tag("a", Some("1")), tag("b", Some("2"))]));
    ec2.ok::<CreateTags>(create(&ids[..1], &[tag("a", Some("3"))]));
    assert_eq!(described(&ec2, vec![]), ["key-pair a=1", "key-pair b=2", "vpc a=3", "vpc b=2"]);
    for (filters, want) in [
        (vec![filter("resource-id", &[&ids[1]])], &["key-pair a=1", "key-pair b=2"][..]),
        (vec![filter("resource-type", &["vpc"]), filter("key", &["a"])], &["vpc a=3"]),
        (vec![filter("tag:a", &["1"])], &["key-pair a=1"]),
        (vec![filter("value", &["2"])], &["key-pair b=2", "vpc b=2"]),
    ] {
        assert_eq!(described(&ec2, filters), want);
    }
    let delete = |tags: Option<Vec<Tag>>| {
        let request = DeleteTagsRequest { dry_run: None, resources: ids.clone(), tags };
        ec2.ok::<DeleteTags>(request);
    };
    delete(Some(vec![tag("a", Some("3")), tag("absent", None)]));
    assert_eq!(described(&ec2, vec![]), ["key-pair a=1", "key-pair b=2", "vpc b=2"]);
    delete(None);
    assert!(described(&ec2, vec![]).is_empty());
}

#[test]
fn one_bad_resource_leaves_all_untouched() {
    let ec2 = Ec2::new();
    let mut ids = two(&ec2);
    for (id, code) in [
        ("i-0123456789abcdef0", "InvalidInstanceID.NotFound"),
        ("vol-0123456789abcdef0", "InvalidVolume.NotFound"),
        ("snap-0123456789abcdef0", "InvalidSnapshot.NotFound"),
        ("ami-0123456789abcdef0", "InvalidAMIID.NotFound"),
        ("i-xyz", "InvalidID"),
        ("nonsense", "InvalidID"),
    ] {
        ids.push(id.into());
        let error = ec2.err::<CreateTags>(create(&ids, &[tag("a", None)]));
        assert_eq!(error.0, code);
        ids.pop();
    }
    assert!(described(&ec2, vec![]).is_empty());
}

#[test]
fn tags_have_limits() {
    let ec2 = Ec2::new();
    let ids = two(&ec2);
    let error = |tags: &[Tag]| ec2.err::<CreateTags>(create(&ids, tags));
    assert_eq!(
        error(&[tag("aws:x", Some("y"))]).1,
        "Value ( aws:x ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved \
         for internal use"
    );
    let many: Vec<Tag> = (0..51).map(|n| tag(&n.to_string(), None)).collect();
    assert_eq!(error(&many).0, "TagLimitExceeded");
    assert_eq!(error(&[tag(&"k".repeat(129), None)]).0, "InvalidParameterValue");
    assert_eq!(error(&[tag("k", Some(&"v".repeat(257)))]).0, "InvalidParameterValue");
    assert_eq!(error(&[tag("k", None), tag("k", None)]).0, "InvalidParameterValue");
    ec2.ok::<CreateTags>(create(&ids, &many[..50]));
    assert_eq!(error(&[tag("one-more", None)]).0, "TagLimitExceeded");
}

#[test]
fn tags_page() {
    let ec2 = Ec2::new();
    let ids = two(&ec2);
    let many: Vec<Tag> = (0..7).map(|n| tag(&n.to_string(), None)).collect();
    ec2.ok::<CreateTags>(create(&ids, &many));
    let page = |next_token| {
        let request =
            DescribeTagsRequest { max_results: Some(5), next_token, ..Default::default() };
        ec2.ok::<DescribeTags>(request)
    };
    let (mut token, mut sizes) = (None, Vec::new());
    loop {
        let got = page(token.take());
        sizes.push(got.tags.unwrap().len());
        token = got.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [5, 5, 4]);
}
