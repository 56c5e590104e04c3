//! Objects: read, copied, deleted, tagged.

use crate::harness::{BUCKET, Harness, code, get, put, stored, text};
use api::s3::ops::*;
use api::s3::*;
use kernel::{Body, Piece};

fn copy(from: &str, to: &str) -> CopyObjectRequest {
    CopyObjectRequest {
        bucket: BUCKET.into(),
        key: to.into(),
        copy_source: format!("{BUCKET}/{from}").into(),
        ..Default::default()
    }
}

fn delete(cloud: &Harness, key: &str) {
    let input =
        DeleteObjectRequest { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
    cloud.call::<DeleteObject>(input).expect("deleted");
}

#[test]
fn ranges_and_conditions_choose_what_is_read() {
    let cloud = Harness::new();
    let etag = cloud.put("k", "0123456789").e_tag;
    let range = |range: &str| GetObjectRequest { range: Some(range.into()), ..get("k") };
    let part = cloud.call::<GetObject>(range("bytes=2-4")).expect("a part");
    assert_eq!(part.content_range.as_deref(), Some("bytes 2-4/10"));
    assert_eq!((part.content_length, &*text(part)), (Some(3), "234"));
    assert_eq!(code(cloud.call::<GetObject>(range("bytes=10-"))), "InvalidRange");
    let fresh = GetObjectRequest { if_none_match: etag.clone(), ..get("k") };
    assert_eq!(code(cloud.call::<GetObject>(fresh)), "NotModified");
    let other = GetObjectRequest { if_match: Some("\"other\"".into()), ..get("k") };
    assert_eq!(code(cloud.call::<GetObject>(other)), "PreconditionFailed");
    let first = PutObjectRequest { if_none_match: Some("*".into()), ..put("k", "y") };
    assert_eq!(code(cloud.call::<PutObject>(first)), "PreconditionFailed");
    let swap = PutObjectRequest { if_match: etag, ..put("k", "y") };
    assert_eq!(code(cloud.call::<PutObject>(swap.clone())), "none");
    assert_eq!(
        code(cloud.call::<PutObject>(swap)),
        "PreconditionFailed",
        "it is not there any more"
    );
}

#[test]
fn contents_go_with_the_last_that_refers_to_them() {
    let cloud = Harness::new();
    let large = PutObjectRequest { body: stored("b-1", 5_000_000), ..put("large", "") };
    cloud.call::<PutObject>(large).expect("put");
    cloud.put("small", "x");
    cloud.call::<CopyObject>(copy("large", "copy")).expect("copied");
    assert_eq!(cloud.blobs(), 2);
    delete(&cloud, "large");
    assert_eq!(cloud.blobs(), 2);
    let body = cloud.get("copy").expect("there").body;
    let Some(Body::Stored(body)) = body else { panic!("stored") };
    assert_eq!(body.pieces, [Piece::Blob { id: "b-1".into(), offset: 0, length: 5_000_000 }]);
    // Writing over it lets go of it.
    cloud.put("copy", "y");
    delete(&cloud, "small");
    assert_eq!(cloud.blobs(), 1);
    assert_eq!(text(cloud.get("copy").expect("there")), "y");
}

#[test]
fn a_copy_to_itself_must_change_something() {
    let cloud = Harness::new();
    let labelled =
        PutObjectRequest { metadata: Some(vec![("A".into(), "1".into())]), ..put("k", "x") };
    cloud.call::<PutObject>(labelled).expect("put");
    assert_eq!(code(cloud.call::<CopyObject>(copy("k", "k"))), "InvalidRequest");
    let replace =
        CopyObjectRequest { metadata_directive: Some("REPLACE".into()), ..copy("k", "k") };
    assert_eq!(code(cloud.call::<CopyObject>(replace)), "none");
    assert_eq!(cloud.get("k").expect("there").metadata, None);
    assert_eq!(text(cloud.get("k").expect("there")), "x");
    assert_eq!(code(cloud.call::<CopyObject>(copy("no", "k"))), "NoSuchKey");
    let source = CopyObjectRequest { copy_source: "nonsense".into(), ..copy("k", "l") };
    assert_eq!(code(cloud.call::<CopyObject>(source)), "InvalidArgument");
}

#[test]
fn what_is_not_done_is_refused() {
    let cloud = Harness::new();
    let public = PutObjectRequest { acl: Some("public-read".into()), ..put("k", "x") };
    assert_eq!(code(cloud.call::<PutObject>(public)), "AccessControlListNotSupported");
    let own_key = PutObjectRequest { sse_customer_key: Some("key".into()), ..put("k", "x") };
    assert_eq!(code(cloud.call::<PutObject>(own_key)), "NotImplemented");
    let metadata = vec![("a".into(), "x".repeat(2_048).into())];
    let large = PutObjectRequest { metadata: Some(metadata), ..put("k", "x") };
    assert_eq!(code(cloud.call::<PutObject>(large)), "MetadataTooLarge");
    assert_eq!(code(cloud.call::<PutObject>(put(&"k".repeat(1_025), "x"))), "KeyTooLongError");
    assert_eq!(code(cloud.get("k")), "NoSuchKey");
}

#[test]
fn ten_tags_are_the_most() {
    let cloud = Harness::new();
    let tags = |count: usize| {
        let text: Vec<String> = (0..count).map(|n| format!("k{n}=a%20b+c")).collect();
        PutObjectRequest { tagging: Some(text.join("&").into()), ..put("k", "x") }
    };
    assert_eq!(code(cloud.call::<PutObject>(tags(11))), "BadRequest");
    cloud.call::<PutObject>(tags(10)).expect("put");
    let input =
        GetObjectTaggingRequest { bucket: BUCKET.into(), key: "k".into(), ..Default::default() };
    let kept = cloud.call::<GetObjectTagging>(input).expect("there").tag_set.expect("tags");
    assert_eq!((kept.len(), &*kept[0].value), (10, "a b c"));
    assert_eq!(cloud.get("k").expect("there").tag_count, Some(10));
}
