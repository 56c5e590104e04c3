//! Buckets: where they are and whose.

use crate::harness::{BUCKET, Harness, code};
use api::s3::ops::*;
use api::s3::*;
use kernel::Caller;

#[test]
fn a_bucket_is_made_where_its_constraint_and_endpoint_agree() {
    let cloud = Harness::empty();
    let caller = |region: &str| Caller { region: region.into(), ..cloud.caller.clone() };
    for (name, region, constraint, want) in [
        ("aa-1", "us-east-1", None, "none"),
        ("aa-2", "us-east-1", Some("eu-west-1"), "none"),
        ("aa-3", "us-east-1", Some("us-east-1"), "InvalidLocationConstraint"),
        ("aa-4", "eu-west-1", None, "IllegalLocationConstraintException"),
        ("aa-5", "eu-west-1", Some("us-west-1"), "IllegalLocationConstraintException"),
        ("aa-6", "eu-west-1", Some("EU"), "none"),
        ("aa-7", "eu-west-1", Some("nowhere-1"), "InvalidLocationConstraint"),
        ("aa", "us-east-1", None, "InvalidBucketName"),
    ] {
        assert_eq!(code(cloud.create(&caller(region), name, constraint)), want, "{name}");
    }
    let location = GetBucketLocationRequest { bucket: "aa-2".into(), ..Default::default() };
    let location = cloud.call::<GetBucketLocation>(location).expect("there");
    assert_eq!(location.location_constraint.as_deref(), Some("eu-west-1"));
}

#[test]
fn names_belong_to_one_account_of_the_world() {
    let cloud = Harness::new();
    let again = cloud.create(&cloud.caller, BUCKET, Some("us-west-1"));
    assert_eq!(code(again), "BucketAlreadyOwnedByYou");
    let other = Caller { account: "999988887777".into(), ..cloud.caller.clone() };
    assert_eq!(code(cloud.create(&other, BUCKET, Some("us-west-1"))), "BucketAlreadyExists");
    let own = |caller| {
        let listed = cloud.call_as::<ListBuckets>(caller, Default::default()).expect("listed");
        listed.buckets.unwrap_or_default().len()
    };
    assert_eq!((own(&cloud.caller), own(&other)), (1, 0));
    let delete = DeleteBucketRequest { bucket: BUCKET.into(), expected_bucket_owner: None };
    assert_eq!(code(cloud.call_as::<DeleteBucket>(&other, delete)), "AccessDenied");
}

#[test]
fn a_bucket_elsewhere_says_where_it_is() {
    let cloud = Harness::new();
    cloud.put("k", "x");
    let elsewhere = Caller { region: "eu-west-1".into(), ..cloud.caller.clone() };
    let asked = cloud.call_as::<GetObject>(&elsewhere, crate::harness::get("k"));
    let error = asked.expect_err("redirected");
    assert_eq!((&*error.code, error.status), ("PermanentRedirect", 301));
    assert!(error.extra.contains(&("Region", "us-west-1".into())));
    // A service reads its caller's buckets wherever they are.
    let service = elsewhere.via("cloudformation");
    assert_eq!(code(cloud.call_as::<GetObject>(&service, crate::harness::get("k"))), "none");
}

#[test]
fn an_expected_owner_must_be_the_owner() {
    let cloud = Harness::new();
    let head = |owner: &str| HeadBucketRequest {
        bucket: BUCKET.into(),
        expected_bucket_owner: Some(owner.into()),
    };
    assert_eq!(code(cloud.call::<HeadBucket>(head("123456789012"))), "none");
    assert_eq!(code(cloud.call::<HeadBucket>(head("999988887777"))), "AccessDenied");
}

#[test]
fn unfinished_uploads_do_not_keep_a_bucket() {
    let cloud = Harness::new();
    let begin = CreateMultipartUploadRequest {
        bucket: BUCKET.into(),
        key: "k".into(),
        ..Default::default()
    };
    let upload = cloud.call::<CreateMultipartUpload>(begin).expect("begun").upload_id;
    let part = UploadPartRequest {
        bucket: BUCKET.into(),
        key: "k".into(),
        upload_id: upload.expect("an id"),
        part_number: 1,
        body: crate::harness::stored("b-1", 10),
        ..Default::default()
    };
    cloud.call::<UploadPart>(part).expect("uploaded");
    cloud.put("k", "x");
    let delete = || {
        let input = DeleteBucketRequest { bucket: BUCKET.into(), expected_bucket_owner: None };
        code(cloud.call::<DeleteBucket>(input))
    };
    assert_eq!(delete(), "BucketNotEmpty");
    let gone = DeleteObjectRequest { bucket: BUCKET.into(), key: "k".into(), ..Default::default() };
    cloud.call::<DeleteObject>(gone).expect("deleted");
    assert_eq!(delete(), "none");
    assert_eq!(cloud.blobs(), 0);
}
