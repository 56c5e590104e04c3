//! ListMultipartUploads.

use crate::buckets::{Bucket, canonical_id, owner};
use crate::list::{common, encodes, page_size, spelled};
use crate::uploads::Upload;
use api::s3::{
    CommonPrefix, Initiator, ListMultipartUploadsOutput, ListMultipartUploadsRequest,
    MultipartUpload,
};
use kernel::{ApiError, Caller, Snapshot, resource};
use std::sync::Arc;

resource! { s3: operations { read ListMultipartUploads => list_multipart_uploads } }

/// By key, then by when they were begun.
fn list_multipart_uploads(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListMultipartUploadsRequest,
) -> Result<ListMultipartUploadsOutput, ApiError> {
    let expected = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, caller, &input.bucket, expected)?;
    let encode = encodes(input.encoding_type.as_deref())?;
    let limit = page_size("max-uploads", input.max_uploads)?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let delimiter = input.delimiter.as_deref().unwrap_or_default();
    let key_marker = input.key_marker.as_deref().unwrap_or_default();
    let id_marker = input.upload_id_marker.as_deref().unwrap_or_default();
    let mut all: Vec<&Arc<Upload>> = snapshot
        .rows_by::<Upload>("bucket", &bucket.name)
        .filter(|upload| upload.object.starts_with(prefix))
        .collect();
    all.sort_by(|a, b| {
        (&a.object, a.begun_at, &a.id).cmp(&(&b.object, b.begun_at, &b.id))
    });
    let from = match all.iter().position(|u| u.object == key_marker && u.id == id_marker) {
        Some(at) => at + 1,
        None => all.iter().position(|u| *u.object > *key_marker).unwrap_or(all.len()),
    };
    let (mut uploads, mut prefixes): (Vec<&Arc<Upload>>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut last: Option<&Arc<Upload>> = None;
    let mut is_truncated = false;
    for &upload in &all[if key_marker.is_empty() { 0 } else { from }..] {
        let folded = common(&upload.object, prefix, delimiter);
        if folded.is_some() && prefixes.last().copied() == folded {
            last = Some(upload);
            continue;
        }
        if uploads.len() + prefixes.len() == limit {
            is_truncated = true;
            break;
        }
        match folded {
            Some(common) => prefixes.push(common),
            None => uploads.push(upload),
        }
        last = Some(upload);
    }
    let render = |upload: &&Arc<Upload>| MultipartUpload {
        upload_id: Some(upload.id.clone()),
        key: Some(spelled(&upload.object, encode)),
        initiated: Some(upload.begun_at),
        storage_class: Some(
            upload.metadata.storage_class.clone().unwrap_or_else(|| "STANDARD".into()),
        ),
        owner: Some(owner(&bucket.owner)),
        initiator: Some(Initiator { id: Some(canonical_id(&upload.owner)), display_name: None }),
        checksum_algorithm: upload.algorithm.clone(),
        checksum_type: upload.checksum_type(),
        version_id: None,
    };
    let next = last.filter(|_| is_truncated);
    let entry = |common: &&str| CommonPrefix { prefix: Some(spelled(common, encode)) };
    Ok(ListMultipartUploadsOutput {
        bucket: Some(bucket.name.clone()),
        key_marker: Some(spelled(key_marker, encode)),
        upload_id_marker: Some(id_marker.into()),
        next_key_marker: next.map(|upload| spelled(&upload.object, encode)),
        prefix: Some(spelled(prefix, encode)),
        delimiter: (!delimiter.is_empty()).then(|| spelled(delimiter, encode)),
        next_upload_id_marker: next.map(|upload| upload.id.clone()),
        max_uploads: Some(limit as i64),
        is_truncated: Some(is_truncated),
        uploads: Some(uploads.iter().map(render).collect()),
        common_prefixes: Some(prefixes.iter().map(entry).collect()),
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}
