//! Check sums, given and kept.

use crate::harness::{Harness, code, get, put, stored};
use api::s3::ops::{GetObject, PutObject};
use api::s3::{GetObjectRequest, PutObjectRequest};

#[test]
fn a_given_check_sum_is_verified_kept_and_shown_on_demand() {
    let cloud = Harness::new();
    let good = PutObjectRequest { checksum_crc32: Some("NhCmhg==".into()), ..put("k", "hello") };
    let made = cloud.call::<PutObject>(good).expect("put");
    assert_eq!(made.checksum_crc32.as_deref(), Some("NhCmhg=="));
    let shown = GetObjectRequest { checksum_mode: Some("ENABLED".into()), ..get("k") };
    let shown = cloud.call::<GetObject>(shown).expect("there");
    assert_eq!(shown.checksum_crc32.as_deref(), Some("NhCmhg=="));
    assert_eq!(shown.checksum_type.as_deref(), Some("FULL_OBJECT"));
    assert_eq!(cloud.get("k").expect("there").checksum_crc32, None);
    let part = GetObjectRequest {
        checksum_mode: Some("ENABLED".into()),
        range: Some("bytes=0-1".into()),
        ..get("k")
    };
    assert_eq!(cloud.call::<GetObject>(part).expect("a part").checksum_crc32, None);
}

#[test]
fn without_one_crc64nvme_is_kept() {
    let made = Harness::new().put("k", "123456789");
    assert_eq!(made.checksum_crc64_nvme.as_deref(), Some("rosUhgp5mIg="));
}

#[test]
fn wrong_sums_are_refused() {
    let cloud = Harness::new();
    for (input, want) in [
        (
            PutObjectRequest { checksum_crc32: Some("AAAAAA==".into()), ..put("k", "x") },
            "BadDigest",
        ),
        (
            PutObjectRequest { checksum_crc32: Some("AAAA".into()), ..put("k", "x") },
            "InvalidRequest",
        ),
        (
            PutObjectRequest {
                checksum_crc32: Some("NhCmhg==".into()),
                checksum_sha1: Some("x".into()),
                ..put("k", "hello")
            },
            "InvalidRequest",
        ),
        (
            PutObjectRequest { checksum_algorithm: Some("SHA1".into()), ..put("k", "x") },
            "InvalidRequest",
        ),
        (PutObjectRequest { checksum_sha512: Some("x".into()), ..put("k", "x") }, "NotImplemented"),
        (
            PutObjectRequest { content_md5: Some("nonsense".into()), ..put("k", "x") },
            "InvalidDigest",
        ),
        (
            PutObjectRequest {
                content_md5: Some("XUFAKrxLKna5cZ2REBfFkg==".into()),
                ..put("k", "x")
            },
            "BadDigest",
        ),
        // The shell made no such digest of what it stored.
        (
            PutObjectRequest {
                checksum_crc32: Some("NhCmhg==".into()),
                body: stored("b-1", 9),
                ..put("k", "")
            },
            "BadDigest",
        ),
    ] {
        assert_eq!(code(cloud.call::<PutObject>(input.clone())), want, "{input:?}");
    }
    assert_eq!(code(cloud.get("k")), "NoSuchKey");
    assert_eq!(cloud.blobs(), 0);
}
