//! GetObject and HeadObject.

use crate::buckets::Bucket;
use crate::checksums::Kept;
use crate::conditions::Conditions;
use crate::objects::Object;
use crate::ranges::{self, Span};
use crate::{errors, show_checksum};
use api::s3::{GetObjectOutput, GetObjectRequest, HeadObjectOutput, HeadObjectRequest};
use kernel::{ApiError, Caller, Snapshot, resource};
use smol_str::SmolStr;
use std::sync::Arc;

resource! { s3:
    operations {
        read GetObject => get_object,
        read HeadObject => head_object,
    }
}

/// What is asked of an object.
struct Asked {
    object: Arc<Object>,
    /// The part to be given; none for the whole.
    span: Option<Span>,
    /// Number of parts, when one was asked for by its number.
    parts: Option<i64>,
    checksum: Option<Kept>,
}

fn ask(snapshot: &Snapshot, caller: &Caller, input: &GetObjectRequest) -> Result<Asked, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, caller, &input.bucket, owner)?;
    let object = Object::find(snapshot, &bucket.name, &input.key, input.version_id.as_ref())?;
    let conditions = Conditions {
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    conditions.check_read(&object)?;
    if input.sse_customer_key.is_some() {
        return Err(errors::invalid_request(
            "The encryption parameters are not applicable to this object.",
        ));
    }
    let (span, parts) = match (input.part_number, input.range.as_deref()) {
        (Some(_), Some(_)) => {
            return Err(errors::invalid_request("Cannot specify both Range header and partNumber query parameter"));
        }
        (Some(number), None) => {
            let count = (!object.parts.is_empty()).then_some(object.parts.len() as i64);
            (part_span(&object, number)?, count)
        }
        (None, Some(range)) => (ranges::parse(range, object.size)?, None),
        (None, None) => (None, None),
    };
    let enabled = input.checksum_mode.as_deref() == Some("ENABLED");
    // The check sum is the whole object's.
    let whole = span.is_none_or(|(_, length)| length == object.size);
    let checksum = object.checksum.clone().filter(|_| enabled && whole);
    Ok(Asked { object, span, parts, checksum })
}

fn part_span(object: &Object, number: i64) -> Result<Option<Span>, ApiError> {
    if object.parts.is_empty() {
        // An object that came in one piece is its own first part.
        let whole = (object.size > 0).then_some((0, object.size));
        return if number == 1 { Ok(whole) } else { Err(errors::invalid_part_number()) };
    }
    let at = usize::try_from(number - 1).ok().filter(|at| *at < object.parts.len());
    let at = at.ok_or_else(errors::invalid_part_number)?;
    let offset = object.parts[..at].iter().map(|part| part.size).sum();
    Ok(Some((offset, object.parts[at].size)))
}

/// Fills the members that the answers of both calls share.
macro_rules! describe {
    ($output:ident, $input:expr, $asked:expr) => {{
        let (object, metadata) = (&$asked.object, &$asked.object.metadata);
        let length = $asked.span.map_or(object.size, |(_, length)| length);
        let either = |given: &Option<SmolStr>, kept: &Option<SmolStr>| {
            given.clone().or_else(|| kept.clone())
        };
        let default_type = || SmolStr::new_static("binary/octet-stream");
        let content_type = either(&$input.response_content_type, &metadata.content_type);
        let mut output = $output {
            accept_ranges: Some(SmolStr::new_static("bytes")),
            last_modified: Some(object.modified_at),
            content_length: Some(length as i64),
            e_tag: Some(object.quoted_etag()),
            cache_control: either(&$input.response_cache_control, &metadata.cache_control),
            content_disposition: either(
                &$input.response_content_disposition,
                &metadata.content_disposition,
            ),
            content_encoding: either(
                &$input.response_content_encoding,
                &metadata.content_encoding,
            ),
            content_language: either(
                &$input.response_content_language,
                &metadata.content_language,
            ),
            content_type: Some(content_type.unwrap_or_else(default_type)),
            content_range: $asked
                .span
                .map(|span| ranges::content_range(span, object.size).into()),
            expires: $input.response_expires.or(metadata.expires),
            website_redirect_location: metadata.redirect.clone(),
            server_side_encryption: metadata.encryption.clone(),
            ssekms_key_id: metadata.encryption_key.clone(),
            metadata: (!metadata.user.is_empty()).then(|| metadata.user.clone()),
            storage_class: metadata.storage_class.clone(),
            parts_count: $asked.parts,
            tag_count: (!object.tags.is_empty()).then_some(object.tags.len() as i64),
            checksum_type: $asked.checksum.as_ref().map(Kept::kind),
            ..Default::default()
        };
        show_checksum!(output, &$asked.checksum);
        output
    }};
}

fn get_object(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetObjectRequest,
) -> Result<GetObjectOutput, ApiError> {
    let asked = ask(snapshot, caller, &input)?;
    let mut output = describe!(GetObjectOutput, input, asked);
    let content = &asked.object.content;
    output.body = Some(match asked.span {
        Some((offset, length)) => content.part(offset, length).body(snapshot),
        None => content.body(snapshot),
    });
    Ok(output)
}

/// As GetObject, without the body.
fn head_object(
    snapshot: &Snapshot,
    caller: &Caller,
    input: HeadObjectRequest,
) -> Result<HeadObjectOutput, ApiError> {
    let input = GetObjectRequest {
        bucket: input.bucket,
        if_match: input.if_match,
        if_modified_since: input.if_modified_since,
        if_none_match: input.if_none_match,
        if_unmodified_since: input.if_unmodified_since,
        key: input.key,
        range: input.range,
        response_cache_control: input.response_cache_control,
        response_content_disposition: input.response_content_disposition,
        response_content_encoding: input.response_content_encoding,
        response_content_language: input.response_content_language,
        response_content_type: input.response_content_type,
        response_expires: input.response_expires,
        version_id: input.version_id,
        sse_customer_key: input.sse_customer_key,
        part_number: input.part_number,
        expected_bucket_owner: input.expected_bucket_owner,
        checksum_mode: input.checksum_mode,
        ..Default::default()
    };
    let asked = ask(snapshot, caller, &input)?;
    Ok(describe!(HeadObjectOutput, input, asked))
}
