//! Multipart uploads: begun, completed, aborted.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>

use crate::buckets::Bucket;
use crate::checksums::{self, Kept};
use crate::conditions::check_write;
use crate::content::{Content, Slice};
use crate::metadata::{Metadata, header_tags};
use crate::objects::{Object, PartSize};
use crate::parts::Part;
use crate::{errors, given_checksums, metadata_of, names, refuse_extras, show_checksum};
use api::s3::{
    AbortMultipartUploadOutput, AbortMultipartUploadRequest, CompleteMultipartUploadOutput,
    CompleteMultipartUploadRequest, CompletedPart, CreateMultipartUploadOutput,
    CreateMultipartUploadRequest,
};
use kernel::{
    ApiError, Caller, Checksum, IndexSink, Row, Scope, Snapshot, Tags, Timestamp, Tx,
    checksum_of_parts, dns_suffix, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { s3:
    operations {
        write CreateMultipartUpload => create_multipart_upload,
        write CompleteMultipartUpload => complete_multipart_upload,
        write AbortMultipartUpload => abort_multipart_upload,
    }
    tables { Upload }
}

/// Every part but the last has at least this many bytes.
const MIN_PART: u64 = 5 << 20;
const MAX_PARTS: usize = 10_000;

/// An upload that is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) id: SmolStr,
    pub(crate) bucket: SmolStr,
    pub(crate) object: SmolStr,
    pub(crate) owner: SmolStr,
    pub(crate) begun_at: Timestamp,
    pub(crate) metadata: Metadata,
    pub(crate) tags: Tags,
    /// The check sum asked for.
    pub(crate) algorithm: Option<SmolStr>,
    /// Of parts' check sums.
    pub(crate) composite: bool,
}

impl Row for Upload {
    const TABLE: &'static str = "s3.uploads";
    const SCOPE: Scope = Scope::World;
    const INDEXES: &'static [&'static str] = &["bucket"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("bucket", self.bucket.clone());
    }
}

impl Upload {
    /// The upload that a request names.
    pub(crate) fn find(
        snapshot: &Snapshot,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<Arc<Self>, ApiError> {
        let upload = snapshot.get::<Self>(id);
        upload
            .filter(|upload| upload.bucket == bucket && upload.object == key)
            .ok_or_else(|| errors::no_such_upload(id))
    }

    pub(crate) fn checksum(&self) -> Option<Checksum> {
        self.algorithm.as_deref().and_then(Checksum::named)
    }

    pub(crate) fn checksum_type(&self) -> Option<SmolStr> {
        let kind = if self.composite { "COMPOSITE" } else { "FULL_OBJECT" };
        self.algorithm.as_ref().map(|_| SmolStr::new_static(kind))
    }

    /// Takes the upload and its parts away.
    pub(crate) fn abort(&self, tx: &mut Tx) {
        let parts: Vec<Arc<Part>> = Part::of(tx, &self.id, 0).cloned().collect();
        for part in parts {
            part.content.release(tx);
            tx.remove::<Part>(&part.key());
        }
        tx.remove::<Self>(&self.id);
    }
}

/// The algorithm and whether it is of parts' check sums.
fn checksum_kind(
    algorithm: Option<&SmolStr>,
    kind: Option<&str>,
) -> Result<(Option<SmolStr>, bool), ApiError> {
    let Some(name) = algorithm else {
        return match kind {
            None => Ok((None, false)),
            Some(_) => Err(errors::invalid_request(
                "The x-amz-checksum-type header can only be used with the \
                 x-amz-checksum-algorithm header.",
            )),
        };
    };
    let Some(checksum) = Checksum::named(name) else {
        return Err(ApiError::not_implemented(format_args!("the checksum algorithm {name}")));
    };
    let cyclic = !matches!(checksum, Checksum::Sha1 | Checksum::Sha256);
    let composite = match kind {
        None => checksum != Checksum::Crc64nvme,
        Some("COMPOSITE") if checksum != Checksum::Crc64nvme => true,
        Some("FULL_OBJECT") if cyclic => false,
        Some(kind) => {
            return Err(errors::invalid_request(format!(
                "The {kind} checksum type cannot be used with the {} checksum algorithm.",
                checksum.name().to_ascii_lowercase()
            )));
        }
    };
    Ok((Some(checksum.name().into()), composite))
}

fn create_multipart_upload(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateMultipartUploadRequest,
) -> Result<CreateMultipartUploadOutput, ApiError> {
    names::check_key(&input.key)?;
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    refuse_extras!(input)?;
    let (algorithm, composite) =
        checksum_kind(input.checksum_algorithm.as_ref(), input.checksum_type.as_deref())?;
    let metadata = metadata_of!(input).checked()?;
    let tags = header_tags(input.tagging.as_deref())?;
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
    let upload = Upload {
        id: tx.random().text(alphabet, 86).into(),
        bucket: bucket.name.clone(),
        object: input.key,
        owner: caller.account.clone(),
        begun_at: tx.now().whole_seconds(),
        metadata,
        tags,
        algorithm,
        composite,
    };
    let output = CreateMultipartUploadOutput {
        bucket: Some(upload.bucket.clone()),
        key: Some(upload.object.clone()),
        upload_id: Some(upload.id.clone()),
        server_side_encryption: upload.metadata.encryption.clone(),
        ssekms_key_id: upload.metadata.encryption_key.clone(),
        checksum_algorithm: upload.algorithm.clone(),
        checksum_type: upload.checksum_type(),
        ..Default::default()
    };
    tx.put(upload);
    Ok(output)
}

/// The parts that the request lists, in order.
fn chosen(tx: &Tx, upload: &Upload, listed: &[CompletedPart]) -> Result<Vec<Arc<Part>>, ApiError> {
    if listed.is_empty() || listed.len() > MAX_PARTS {
        return Err(errors::malformed_xml());
    }
    let mut parts: Vec<Arc<Part>> = Vec::with_capacity(listed.len());
    for one in listed {
        let number = one.part_number.ok_or_else(errors::malformed_xml)?;
        if parts.last().is_some_and(|last| last.number >= number) {
            return Err(errors::invalid_part_order(&upload.id));
        }
        let etag = one.e_tag.as_deref().unwrap_or_default().trim_matches('"');
        let found = Part::get(tx, &upload.id, number).filter(|part| part.etag == etag);
        let Some(part) = found else {
            return Err(errors::invalid_part(&upload.id, number, etag));
        };
        if let Some(given) = given_checksums!(one)?
            && part.given.as_ref().is_some_and(|kept| kept.of(given.checksum) != Some(given.value))
        {
            return Err(errors::invalid_part(&upload.id, number, etag));
        }
        parts.push(part);
    }
    for part in &parts[..parts.len() - 1] {
        if part.size < MIN_PART {
            return Err(errors::part_too_small(part.size, MIN_PART, part.number, &part.etag));
        }
    }
    Ok(parts)
}

/// The object's check sum, from its parts'.
fn checksum_of(upload: &Upload, parts: &[Arc<Part>]) -> Option<Kept> {
    let checksum = upload.checksum().unwrap_or(Checksum::Crc64nvme);
    let sums: Option<Vec<(Vec<u8>, u64)>> =
        parts.iter().map(|part| Some((part.sum(checksum)?, part.size))).collect();
    let sums = sums?;
    if upload.composite {
        let joined: Vec<u8> = sums.iter().flat_map(|(sum, _)| sum.iter().copied()).collect();
        let mut kept = Kept::new(checksum, &checksum.of_bytes(&joined));
        kept.value = format_smolstr!("{}-{}", kept.value, parts.len());
        kept.composite = true;
        return Some(kept);
    }
    let pairs = sums.iter().map(|(sum, size)| (sum.as_slice(), *size));
    checksum_of_parts(checksum, pairs).map(|sum| Kept::new(checksum, &sum))
}

fn complete_multipart_upload(
    tx: &mut Tx,
    caller: &Caller,
    input: CompleteMultipartUploadRequest,
) -> Result<CompleteMultipartUploadOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    let upload = Upload::find(tx, &bucket.name, &input.key, &input.upload_id)?;
    let given = given_checksums!(input)?;
    let listed = input.multipart_upload.and_then(|list| list.parts).unwrap_or_default();
    let parts = chosen(tx, &upload, &listed)?;
    let size = parts.iter().map(|part| part.size).sum::<u64>();
    if input.mpu_object_size.is_some_and(|given| u64::try_from(given) != Ok(size)) {
        return Err(errors::invalid_request(
            "The provided 'x-amz-mp-object-size' header does not match what was computed.",
        ));
    }
    let checksum = checksum_of(&upload, &parts);
    if let Some(given) = given {
        let made = checksum.as_ref().and_then(|kept| kept.of(given.checksum));
        if made.is_some_and(|made| made != given.value) {
            return Err(errors::bad_checksum(given.checksum.name()));
        }
    }
    let there = Object::get(tx, &bucket.name, &input.key);
    check_write(
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
        &input.key,
        there.as_deref(),
    )?;
    let slices: Vec<Slice> = parts.iter().flat_map(|part| part.content.0.clone()).collect();
    let content = Content(slices);
    // Held for the object before the parts let go of it.
    content.hold(tx);
    upload.abort(tx);
    let object = Object {
        bucket: bucket.name.clone(),
        key: input.key,
        etag: checksums::etag_of_parts(parts.iter().map(|part| &part.etag)),
        size,
        modified_at: tx.now().whole_seconds(),
        content,
        metadata: upload.metadata.clone(),
        tags: upload.tags.clone(),
        checksum,
        parts: parts.iter().map(|p| PartSize { number: p.number, size: p.size }).collect(),
    };
    let host = format!("s3.{}.{}", bucket.region, dns_suffix(&bucket.region));
    let mut output = CompleteMultipartUploadOutput {
        location: Some(format_smolstr!("https://{}.{host}/{}", bucket.name, object.key)),
        bucket: Some(bucket.name.clone()),
        key: Some(object.key.clone()),
        e_tag: Some(object.quoted_etag()),
        checksum_type: object.checksum.as_ref().map(Kept::kind),
        server_side_encryption: object.metadata.encryption.clone(),
        ssekms_key_id: object.metadata.encryption_key.clone(),
        ..Default::default()
    };
    show_checksum!(output, &object.checksum);
    object.store(tx);
    Ok(output)
}

fn abort_multipart_upload(
    tx: &mut Tx,
    caller: &Caller,
    input: AbortMultipartUploadRequest,
) -> Result<AbortMultipartUploadOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    let upload = Upload::find(tx, &bucket.name, &input.key, &input.upload_id)?;
    if input.if_match_initiated_time.is_some_and(|at| at != upload.begun_at) {
        return Err(errors::precondition_failed("x-amz-if-match-initiated-time"));
    }
    upload.abort(tx);
    Ok(AbortMultipartUploadOutput::default())
}
