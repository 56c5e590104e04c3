//! CopyObject, and where copies come from.

use crate::buckets::Bucket;
use crate::checksums::Kept;
use crate::conditions::{Conditions, check_write};
use crate::content::{self, Content};
use crate::metadata::header_tags;
use crate::objects::{MAX_PUT, Object};
use crate::{checksums, errors, metadata_of, names, refuse_extras, show_checksum};
use api::s3::{CopyObjectOutput, CopyObjectRequest, CopyObjectResult};
use kernel::{ApiError, Body, Caller, Checksum, Snapshot, Tx, resource};
use smol_str::SmolStr;
use std::sync::Arc;

resource! { s3: operations { write CopyObject => copy_object } }

/// The object that a copy's source names: `bucket/key?versionId=…`, percent-encoded.
pub(crate) fn source(
    snapshot: &Snapshot,
    text: &str,
    expected_owner: Option<&SmolStr>,
) -> Result<Arc<Object>, ApiError> {
    let (path, version) = match text.split_once("?versionId=") {
        Some((path, version)) => (path, Some(SmolStr::new(version))),
        None => (text, None),
    };
    let path = names::url_decoded(path).ok_or_else(errors::invalid_copy_source)?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, key) = path.split_once('/').ok_or_else(errors::invalid_copy_source)?;
    if bucket.is_empty() || key.is_empty() {
        return Err(errors::invalid_copy_source());
    }
    let row = snapshot.get::<Bucket>(bucket).ok_or_else(|| errors::no_such_bucket(bucket))?;
    if expected_owner.is_some_and(|owner| *owner != row.owner) {
        return Err(errors::access_denied());
    }
    Object::find(snapshot, bucket, key, version.as_ref())
}

/// Another check sum than the source's, where the bytes are at hand to make it.
fn checksum_of_copy(
    snapshot: &Snapshot,
    source: &Object,
    asked: Option<&str>,
) -> Result<Option<Kept>, ApiError> {
    let kept = source.checksum.clone().filter(|kept| !kept.composite);
    let Some(name) = asked.filter(|name| kept.as_ref().is_none_or(|k| k.algorithm != *name)) else {
        return Ok(kept);
    };
    let unknown = || ApiError::not_implemented("this checksum algorithm");
    let checksum = Checksum::named(name).ok_or_else(unknown)?;
    match source.content.body(snapshot) {
        Body::Memory(bytes) => Ok(Some(Kept::new(checksum, &checksum.of_bytes(&bytes)))),
        Body::Stored(_) => Ok(kept),
    }
}

fn copy_object(
    tx: &mut Tx,
    caller: &Caller,
    input: CopyObjectRequest,
) -> Result<CopyObjectOutput, ApiError> {
    names::check_key(&input.key)?;
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    refuse_extras!(input)?;
    let from = source(tx, &input.copy_source, input.expected_source_bucket_owner.as_ref())?;
    let conditions = Conditions {
        if_match: input.copy_source_if_match.as_ref(),
        if_none_match: input.copy_source_if_none_match.as_ref(),
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    conditions.check_source(&from)?;
    if from.size > MAX_PUT {
        return Err(errors::invalid_request(
            "The specified copy source is larger than the maximum allowable size for a copy \
             source: 5368709120",
        ));
    }
    let replace = input.metadata_directive.as_deref() == Some("REPLACE");
    let changed = replace
        || input.storage_class.is_some()
        || input.website_redirect_location.is_some()
        || input.server_side_encryption.is_some();
    if from.bucket == bucket.name && from.key == input.key && !changed {
        return Err(errors::copy_to_itself());
    }
    let given = metadata_of!(input);
    let metadata = match replace {
        true => given,
        false => {
            let mut kept = from.metadata.clone();
            kept.storage_class = given.storage_class;
            kept.redirect = given.redirect;
            if given.encryption.is_some() {
                kept.encryption = given.encryption;
                kept.encryption_key = given.encryption_key;
            }
            kept
        }
    };
    let metadata = metadata.checked()?;
    let tags = match input.tagging_directive.as_deref() {
        Some("REPLACE") => header_tags(input.tagging.as_deref())?,
        _ => from.tags.clone(),
    };
    let there = Object::get(tx, &bucket.name, &input.key);
    check_write(input.if_match.as_ref(), input.if_none_match.as_ref(), &input.key, there.as_deref())?;
    let checksum = checksum_of_copy(tx, &from, input.checksum_algorithm.as_deref())?;
    let etag = match (from.parts.is_empty(), from.content.body(tx)) {
        (true, _) => from.etag.clone(),
        // A copy is one piece, whatever its source was.
        (false, body @ Body::Memory(_)) => checksums::hex(&content::digests(&body, &[]).md5),
        (false, Body::Stored(_)) => checksums::etag_of_range(&from.etag, 0, from.size),
    };
    from.content.hold(tx);
    let object = Object {
        bucket: bucket.name.clone(),
        key: input.key,
        etag,
        size: from.size,
        modified_at: tx.now().whole_seconds(),
        content: Content::clone(&from.content),
        metadata,
        tags,
        checksum,
        parts: Vec::new(),
    };
    let mut result = CopyObjectResult {
        e_tag: Some(object.quoted_etag()),
        last_modified: Some(object.modified_at),
        checksum_type: object.checksum.as_ref().map(Kept::kind),
        ..Default::default()
    };
    show_checksum!(result, &object.checksum);
    let output = CopyObjectOutput {
        copy_object_result: Some(result),
        server_side_encryption: object.metadata.encryption.clone(),
        ssekms_key_id: object.metadata.encryption_key.clone(),
        ..Default::default()
    };
    object.store(tx);
    Ok(output)
}
