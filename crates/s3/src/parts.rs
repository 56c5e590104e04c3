//! Parts of multipart uploads.

use crate::buckets::{Bucket, canonical_id, owner};
use crate::checksums::{self, Kept, decoded};
use crate::conditions::Conditions;
use crate::content::{self, Content};
use crate::copy;
use crate::objects::MAX_PUT;
use crate::ranges;
use crate::uploads::Upload;
use crate::{errors, given_checksums, show_checksum};
use api::s3::{
    CopyPartResult, Initiator, ListPartsOutput, ListPartsRequest, Part as Entry,
    UploadPartCopyOutput, UploadPartCopyRequest, UploadPartOutput, UploadPartRequest,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use kernel::{
    ApiError, Body, Caller, Checksum, Digests, Row, Scope, Snapshot, Timestamp, Tx, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { s3:
    operations {
        write UploadPart => upload_part,
        write UploadPartCopy => upload_part_copy,
        read ListParts => list_parts,
    }
    tables { Part }
}

const MAX_NUMBER: i64 = 10_000;
const PAGE: usize = 1_000;

/// A part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) upload: SmolStr,
    pub(crate) number: i64,
    /// Without quotes.
    pub(crate) etag: SmolStr,
    pub(crate) size: u64,
    pub(crate) modified_at: Timestamp,
    pub(crate) content: Content,
    /// In base64; none for ranges of stored bytes, which are not read.
    pub(crate) crc64nvme: Option<SmolStr>,
    /// What the client gave.
    pub(crate) given: Option<Kept>,
}

impl Row for Part {
    const TABLE: &'static str = "s3.parts";
    const SCOPE: Scope = Scope::World;

    fn key(&self) -> SmolStr {
        row_key(&self.upload, self.number)
    }
}

fn row_key(upload: &str, number: i64) -> SmolStr {
    format_smolstr!("{upload}/{number:05}")
}

impl Part {
    pub(crate) fn get(snapshot: &Snapshot, upload: &str, number: i64) -> Option<Arc<Self>> {
        snapshot.get::<Self>(&row_key(upload, number))
    }

    /// An upload's parts with numbers greater than `after`.
    pub(crate) fn of<'a>(
        snapshot: &'a Snapshot,
        upload: &str,
        after: i64,
    ) -> impl Iterator<Item = &'a Arc<Self>> + use<'a> {
        let upload = SmolStr::new(upload);
        let rows = snapshot.rows_after::<Self>(&row_key(&upload, after.clamp(0, MAX_NUMBER)));
        rows.take_while(move |part| part.upload == upload)
    }

    /// This check sum of the part, if it is known.
    pub(crate) fn sum(&self, checksum: Checksum) -> Option<Vec<u8>> {
        let given = self.given.as_ref().and_then(|kept| kept.of(checksum));
        let made = self.crc64nvme.clone().filter(|_| checksum == Checksum::Crc64nvme);
        decoded(checksum, &given.or(made)?)
    }

    /// Puts the part in the place of one with its number.
    fn store(self, tx: &mut Tx) {
        if let Some(old) = tx.put(self) {
            old.content.release(tx);
        }
    }
}

fn check_number(number: i64) -> Result<(), ApiError> {
    if (1..=MAX_NUMBER).contains(&number) {
        return Ok(());
    }
    let text = "Part number must be an integer between 1 and 10000, inclusive";
    Err(errors::invalid_argument("partNumber", number, text))
}

fn upload_part(
    tx: &mut Tx,
    caller: &Caller,
    input: UploadPartRequest,
) -> Result<UploadPartOutput, ApiError> {
    check_number(input.part_number)?;
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    let upload = Upload::find(tx, &bucket.name, &input.key, &input.upload_id)?;
    if input.sse_customer_key.is_some() {
        return Err(ApiError::not_implemented("encryption with keys of the client (SSE-C)"));
    }
    let given = given_checksums!(input)?;
    if let (Some(given), Some(wanted)) = (&given, upload.checksum())
        && given.checksum != wanted
    {
        return Err(errors::invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            wanted.name().to_ascii_lowercase(),
            given.checksum.name().to_ascii_lowercase()
        )));
    }
    let body = input.body.unwrap_or_default();
    if body.len() > MAX_PUT {
        return Err(errors::entity_too_large(body.len(), MAX_PUT));
    }
    let mut wanted = checksums::wanted(given.as_ref());
    wanted.extend(upload.checksum());
    let digests = content::digests(&body, &wanted);
    checksums::verify_md5(input.content_md5.as_deref(), digests.md5)?;
    given.iter().try_for_each(|given| given.verify(&digests))?;
    // A stored body's other digests were made on demand only.
    let algorithm = given.as_ref().map(|given| given.checksum).or(upload.checksum());
    let kept = algorithm.and_then(|checksum| Some(Kept::new(checksum, &checksum.of(&digests)?)));
    let part = part(tx, &upload, input.part_number, body, &digests, kept);
    let mut output = UploadPartOutput {
        e_tag: Some(format_smolstr!("\"{}\"", part.etag)),
        server_side_encryption: upload.metadata.encryption.clone(),
        ssekms_key_id: upload.metadata.encryption_key.clone(),
        ..Default::default()
    };
    show_checksum!(output, &part.given);
    if part.given.is_none() {
        output.checksum_crc64_nvme = part.crc64nvme.clone();
    }
    part.store(tx);
    Ok(output)
}

fn part(
    tx: &mut Tx,
    upload: &Upload,
    number: i64,
    body: Body,
    digests: &Digests,
    given: Option<Kept>,
) -> Part {
    Part {
        upload: upload.id.clone(),
        number,
        etag: checksums::hex(&digests.md5),
        size: body.len(),
        modified_at: tx.now().whole_seconds(),
        content: Content::keep(tx, body),
        crc64nvme: Some(BASE64_STANDARD.encode(digests.crc64nvme.to_be_bytes()).into()),
        given,
    }
}

/// A part that is a range of another object: the same slices of the same blobs.
fn upload_part_copy(
    tx: &mut Tx,
    caller: &Caller,
    input: UploadPartCopyRequest,
) -> Result<UploadPartCopyOutput, ApiError> {
    check_number(input.part_number)?;
    let expected = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, expected)?;
    let upload = Upload::find(tx, &bucket.name, &input.key, &input.upload_id)?;
    let expected = input.expected_source_bucket_owner.as_ref();
    let source = copy::source(tx, &input.copy_source, expected)?;
    let conditions = Conditions {
        if_match: input.copy_source_if_match.as_ref(),
        if_none_match: input.copy_source_if_none_match.as_ref(),
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    conditions.check_source(&source)?;
    let (offset, length) = match input.copy_source_range.as_deref() {
        None => (0, source.size),
        Some(range) => ranges::parse(range, source.size)?.ok_or_else(|| {
            errors::invalid_argument(
                "x-amz-copy-source-range",
                range,
                "The x-amz-copy-source-range value must be of the form bytes=first-last where \
                 first and last are the zero-based offsets of the first and last bytes to copy",
            )
        })?,
    };
    if length > MAX_PUT {
        return Err(errors::entity_too_large(length, MAX_PUT));
    }
    let content = source.content.part(offset, length);
    let (etag, crc64nvme, given) = match content.body(tx) {
        body @ Body::Memory(_) => {
            let wanted: Vec<Checksum> = upload.checksum().into_iter().collect();
            let digests = content::digests(&body, &wanted);
            let crc64nvme = BASE64_STANDARD.encode(digests.crc64nvme.to_be_bytes());
            let kept = |checksum: Checksum| Some(Kept::new(checksum, &checksum.of(&digests)?));
            let given = upload.checksum().and_then(kept);
            (checksums::hex(&digests.md5), Some(crc64nvme.into()), given)
        }
        Body::Stored(_) => {
            let whole = length == source.size && source.parts.is_empty();
            let kept = source.checksum.clone().filter(|kept| whole && !kept.composite);
            let crc64nvme = kept.as_ref().and_then(|kept| kept.of(Checksum::Crc64nvme));
            let etag = match whole {
                true => source.etag.clone(),
                false => checksums::etag_of_range(&source.etag, offset, length),
            };
            (etag, crc64nvme, kept.filter(|kept| Some(&kept.algorithm) == upload.algorithm.as_ref()))
        }
    };
    content.hold(tx);
    let part = Part {
        upload: upload.id.clone(),
        number: input.part_number,
        etag,
        size: length,
        modified_at: tx.now().whole_seconds(),
        content,
        crc64nvme,
        given,
    };
    let mut result = CopyPartResult {
        e_tag: Some(format_smolstr!("\"{}\"", part.etag)),
        last_modified: Some(part.modified_at),
        ..Default::default()
    };
    show_checksum!(result, &part.given);
    part.store(tx);
    Ok(UploadPartCopyOutput {
        copy_part_result: Some(result),
        server_side_encryption: upload.metadata.encryption.clone(),
        ..Default::default()
    })
}

fn list_parts(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListPartsRequest,
) -> Result<ListPartsOutput, ApiError> {
    let expected = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, caller, &input.bucket, expected)?;
    let upload = Upload::find(snapshot, &bucket.name, &input.key, &input.upload_id)?;
    let marker = input.part_number_marker.unwrap_or_default();
    let limit = input.max_parts.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).min(PAGE);
    let mut rows = Part::of(snapshot, &upload.id, marker);
    let render = |part: &Arc<Part>| {
        let mut entry = Entry {
            part_number: Some(part.number),
            last_modified: Some(part.modified_at),
            e_tag: Some(format_smolstr!("\"{}\"", part.etag)),
            size: Some(part.size as i64),
            ..Default::default()
        };
        show_checksum!(entry, &part.given);
        entry
    };
    let parts: Vec<Entry> = rows.by_ref().take(limit).map(render).collect();
    Ok(ListPartsOutput {
        bucket: Some(bucket.name.clone()),
        key: Some(upload.object.clone()),
        upload_id: Some(upload.id.clone()),
        part_number_marker: Some(marker),
        next_part_number_marker: Some(parts.last().and_then(|p| p.part_number).unwrap_or(0)),
        max_parts: Some(limit as i64),
        is_truncated: Some(rows.next().is_some()),
        parts: Some(parts),
        initiator: Some(Initiator { id: Some(canonical_id(&upload.owner)), display_name: None }),
        owner: Some(owner(&bucket.owner)),
        storage_class: Some(
            upload.metadata.storage_class.clone().unwrap_or_else(|| "STANDARD".into()),
        ),
        checksum_algorithm: upload.algorithm.clone(),
        checksum_type: upload.checksum_type(),
        ..Default::default()
    })
}
