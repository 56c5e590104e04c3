//! Multipart uploads.

use crate::harness::{BUCKET, Harness, code, get, put, stored};
use api::s3::ops::*;
use api::s3::*;
use kernel::{Body, Checksum, Piece};
use smol_str::SmolStr;

const MIB: u64 = 1 << 20;

struct Upload<'a> {
    cloud: &'a Harness,
    id: SmolStr,
    done: Vec<CompletedPart>,
}

impl<'a> Upload<'a> {
    fn begin(cloud: &'a Harness, algorithm: Option<&str>) -> Self {
        let input = CreateMultipartUploadRequest {
            bucket: BUCKET.into(),
            key: "k".into(),
            checksum_algorithm: algorithm.map(Into::into),
            ..Default::default()
        };
        let begun = cloud.call::<CreateMultipartUpload>(input).expect("begun");
        Self { cloud, id: begun.upload_id.expect("an id"), done: Vec::new() }
    }

    fn part(&mut self, number: i64, body: Option<Body>) -> &mut Self {
        let input = UploadPartRequest {
            bucket: BUCKET.into(),
            key: "k".into(),
            upload_id: self.id.clone(),
            part_number: number,
            body,
            ..Default::default()
        };
        let e_tag = self.cloud.call::<UploadPart>(input).expect("uploaded").e_tag;
        self.done.push(CompletedPart { e_tag, part_number: Some(number), ..Default::default() });
        self
    }

    fn complete(&self) -> Result<CompleteMultipartUploadOutput, kernel::ApiError> {
        self.complete_with(self.done.clone())
    }

    fn complete_with(
        &self,
        parts: Vec<CompletedPart>,
    ) -> Result<CompleteMultipartUploadOutput, kernel::ApiError> {
        self.cloud.call::<CompleteMultipartUpload>(CompleteMultipartUploadRequest {
            bucket: BUCKET.into(),
            key: "k".into(),
            upload_id: self.id.clone(),
            multipart_upload: Some(CompletedMultipartUpload { parts: Some(parts) }),
            ..Default::default()
        })
    }
}

fn memory(text: &str) -> Option<Body> {
    Some(Body::Memory(text.to_owned().into()))
}

#[test]
fn parts_become_pieces_of_one_object() {
    let cloud = Harness::new();
    let mut upload = Upload::begin(&cloud, None);
    upload.part(1, stored("b-1", 5 * MIB)).part(3, stored("b-3", 6 * MIB)).part(7, memory("end"));
    let done = upload.complete().expect("completed");
    assert!(done.e_tag.expect("a tag").ends_with("-3\""));
    assert_eq!(code(upload.complete()), "NoSuchUpload");
    assert_eq!(cloud.blobs(), 3);

    let span = GetObjectRequest { range: Some("bytes=5242879-5242880".into()), ..get("k") };
    let Some(Body::Stored(body)) = cloud.call::<GetObject>(span).expect("a part").body else {
        panic!("stored")
    };
    let piece = |id: &str, offset| Piece::Blob { id: id.into(), offset, length: 1 };
    assert_eq!(body.pieces, [piece("b-1", 5 * MIB - 1), piece("b-3", 0)]);
    let third = GetObjectRequest { part_number: Some(3), ..get("k") };
    let third = cloud.call::<GetObject>(third).expect("a part");
    assert_eq!((third.parts_count, third.content_length), (Some(3), Some(3)));
    assert_eq!(crate::harness::text(third), "end");
    let fourth = GetObjectRequest { part_number: Some(4), ..get("k") };
    assert_eq!(code(cloud.call::<GetObject>(fourth)), "InvalidPartNumber");
}

#[test]
fn parts_must_be_there_in_order_and_large_enough() {
    let cloud = Harness::new();
    let mut upload = Upload::begin(&cloud, None);
    upload.part(1, stored("b-1", 5 * MIB)).part(2, memory("small")).part(3, memory("end"));
    let done = upload.done.clone();
    let backwards = vec![done[1].clone(), done[0].clone()];
    assert_eq!(code(upload.complete_with(backwards)), "InvalidPartOrder");
    let mut other = done.clone();
    other[0].e_tag = Some("\"other\"".into());
    assert_eq!(code(upload.complete_with(other)), "InvalidPart");
    assert_eq!(code(upload.complete_with(Vec::new())), "MalformedXML");
    let error = upload.complete().expect_err("too small");
    assert_eq!(error.code, "EntityTooSmall");
    assert!(error.extra.contains(&("PartNumber", "2".into())));
    // A part that is left out is forgotten.
    assert_eq!(code(upload.complete_with(vec![done[0].clone(), done[2].clone()])), "none");
    assert_eq!(cloud.blobs(), 2);
}

#[test]
fn a_part_that_comes_again_takes_its_place() {
    let cloud = Harness::new();
    let mut upload = Upload::begin(&cloud, None);
    upload.part(1, memory("one"));
    upload.done.clear();
    upload.part(1, memory("two")).complete().expect("completed");
    assert_eq!(crate::harness::text(cloud.get("k").expect("there")), "two");
    assert_eq!(cloud.blobs(), 1);
}

#[test]
fn check_sums_of_parts_make_the_objects() {
    use base64::prelude::{BASE64_STANDARD, Engine};
    let sum = |checksum: Checksum, text: &str| checksum.of_bytes(text.as_bytes());
    let text = |bytes: Vec<u8>| BASE64_STANDARD.encode(bytes);
    let whole = text(sum(Checksum::Crc64nvme, "hello"));
    let parts = text(Checksum::Sha256.of_bytes(&sum(Checksum::Sha256, "hello")));
    for (algorithm, kind, want) in [
        (None, "FULL_OBJECT", whole.clone()),
        (Some("CRC64NVME"), "FULL_OBJECT", whole),
        (Some("SHA256"), "COMPOSITE", format!("{parts}-1")),
    ] {
        let cloud = Harness::new();
        let done = Upload::begin(&cloud, algorithm).part(1, memory("hello")).complete();
        let done = done.expect("completed");
        assert_eq!(done.checksum_type.as_deref(), Some(kind), "{algorithm:?}");
        let got = done.checksum_crc64_nvme.or(done.checksum_sha256).expect("a sum");
        assert_eq!(got, want, "{algorithm:?}");
    }
}

#[test]
fn a_copied_part_shares_its_sources_blob() {
    let cloud = Harness::new();
    let source = PutObjectRequest { body: stored("b-1", 8 * MIB), ..put("source", "") };
    cloud.call::<PutObject>(source).expect("put");
    let mut upload = Upload::begin(&cloud, None);
    let input = UploadPartCopyRequest {
        bucket: BUCKET.into(),
        key: "k".into(),
        upload_id: upload.id.clone(),
        part_number: 1,
        copy_source: format!("{BUCKET}/source").into(),
        copy_source_range: Some("bytes=1048576-6291455".into()),
        ..Default::default()
    };
    let copied = cloud.call::<UploadPartCopy>(input).expect("copied").copy_part_result;
    let e_tag = copied.expect("a result").e_tag;
    upload.done.push(CompletedPart { e_tag, part_number: Some(1), ..Default::default() });
    upload.complete().expect("completed");
    let Some(Body::Stored(body)) = cloud.get("k").expect("there").body else { panic!("stored") };
    assert_eq!(body.pieces, [Piece::Blob { id: "b-1".into(), offset: MIB, length: 5 * MIB }]);
    assert_eq!(cloud.blobs(), 1);
    let input =
        DeleteObjectRequest { bucket: BUCKET.into(), key: "k".into(), ..Default::default() };
    cloud.call::<DeleteObject>(input).expect("deleted");
    assert_eq!(cloud.blobs(), 1);
}

#[test]
fn uploads_are_listed_and_aborted() {
    let cloud = Harness::new();
    let mut upload = Upload::begin(&cloud, None);
    upload.part(2, memory("b")).part(5, memory("e"));
    let list = ListPartsRequest {
        bucket: BUCKET.into(),
        key: "k".into(),
        upload_id: upload.id.clone(),
        max_parts: Some(1),
        ..Default::default()
    };
    let page = cloud.call::<ListParts>(list).expect("listed");
    assert_eq!((page.is_truncated, page.next_part_number_marker), (Some(true), Some(2)));
    let uploads = || {
        let input = ListMultipartUploadsRequest { bucket: BUCKET.into(), ..Default::default() };
        let listed = cloud.call::<ListMultipartUploads>(input).expect("listed");
        listed.uploads.unwrap_or_default().len()
    };
    assert_eq!(uploads(), 1);
    let abort = AbortMultipartUploadRequest {
        bucket: BUCKET.into(),
        key: "k".into(),
        upload_id: upload.id.clone(),
        ..Default::default()
    };
    cloud.call::<AbortMultipartUpload>(abort).expect("aborted");
    assert_eq!((uploads(), cloud.blobs()), (0, 0));
}
