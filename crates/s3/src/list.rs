//! ListObjects and ListObjectsV2.

use crate::buckets::{Bucket, owner};
use crate::errors;
use crate::names::url_encoded;
use crate::objects::Object;
use api::s3::{
    CommonPrefix, ListObjectsOutput, ListObjectsRequest, ListObjectsV2Output, ListObjectsV2Request,
    Object as Entry,
};
use kernel::{ApiError, Caller, Page, Snapshot, paginate, resource};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { s3:
    operations {
        read ListObjects => list_objects,
        read ListObjectsV2 => list_objects_v2,
    }
}

const PAGE: usize = 1_000;

/// An object, or what several have in common.
pub(crate) enum Listed<T> {
    One(T),
    Common(SmolStr),
}

/// The common prefix that a key falls under.
pub(crate) fn common<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    if delimiter.is_empty() {
        return None;
    }
    let at = key[prefix.len()..].find(delimiter)?;
    Some(&key[..prefix.len() + at + delimiter.len()])
}

/// A bucket's objects whose keys come after `after`, folding what has a common prefix. A common
/// prefix that ended the page before is not told again.
fn walk<'a>(
    snapshot: &'a Snapshot,
    bucket: &'a str,
    prefix: &'a str,
    delimiter: &'a str,
    after: &str,
) -> impl Iterator<Item = Listed<&'a Arc<Object>>> + use<'a> {
    // No key sorts behind this one below a prefix.
    let behind = |common: &str| format!("{common}{}", char::MAX);
    let told = after.starts_with(prefix) && common(after, prefix, delimiter) == Some(after);
    let mut cursor = if told { behind(after) } else { after.to_owned() };
    // The prefix itself may be a key.
    let mut first = (*cursor < *prefix).then_some(prefix);
    std::iter::from_fn(move || {
        let object = match first.take() {
            Some(prefix) => Object::from(snapshot, bucket, prefix).next()?,
            None => Object::all(snapshot, bucket, &cursor).next()?,
        };
        if !object.key.starts_with(prefix) {
            return None;
        }
        match common(&object.key, prefix, delimiter) {
            Some(common) => {
                cursor = behind(common);
                Some(Listed::Common(common.into()))
            }
            None => {
                object.key.as_str().clone_into(&mut cursor);
                Some(Listed::One(object))
            }
        }
    })
}

fn name_of(entry: &Listed<&Arc<Object>>) -> SmolStr {
    match entry {
        Listed::One(object) => object.key.clone(),
        Listed::Common(prefix) => prefix.clone(),
    }
}

/// Owner is told on demand only.
fn render(object: &Object, encode: bool, owned_by: Option<&str>) -> Entry {
    let checksum = object.checksum.as_ref();
    Entry {
        key: Some(spelled(&object.key, encode)),
        last_modified: Some(object.modified_at),
        e_tag: Some(object.quoted_etag()),
        checksum_algorithm: checksum.map(|kept| vec![kept.algorithm.clone()]),
        checksum_type: checksum.map(|kept| kept.kind()),
        size: Some(object.size as i64),
        storage_class: Some(
            object.metadata.storage_class.clone().unwrap_or_else(|| "STANDARD".into()),
        ),
        owner: owned_by.map(owner),
        restore_status: None,
    }
}

pub(crate) fn spelled(text: &str, encode: bool) -> SmolStr {
    if encode { url_encoded(text).into() } else { text.into() }
}

/// Whether names are to be percent-encoded.
pub(crate) fn encodes(encoding_type: Option<&str>) -> Result<bool, ApiError> {
    match encoding_type {
        None | Some("") => Ok(false),
        Some("url") => Ok(true),
        Some(other) => Err(errors::invalid_argument(
            "encoding-type",
            other,
            "Invalid Encoding Method specified in Request",
        )),
    }
}

/// A page's size as asked for, at most a thousand.
pub(crate) fn page_size(name: &str, given: Option<i64>) -> Result<usize, ApiError> {
    match given {
        None => Ok(PAGE),
        Some(n) => usize::try_from(n).map(|n| n.min(PAGE)).map_err(|_| {
            let text = "Argument maxKeys must be an integer between 0 and 2147483647";
            errors::invalid_argument(name, n, text)
        }),
    }
}

/// The page's objects and common prefixes, told apart.
fn told(
    items: Vec<Listed<&Arc<Object>>>,
    encode: bool,
    owned_by: Option<&str>,
) -> (Vec<Entry>, Vec<CommonPrefix>) {
    let (mut contents, mut prefixes) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Listed::One(object) => contents.push(render(object, encode, owned_by)),
            Listed::Common(prefix) => {
                prefixes.push(CommonPrefix { prefix: Some(spelled(&prefix, encode)) });
            }
        }
    }
    (contents, prefixes)
}

fn list_objects(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListObjectsRequest,
) -> Result<ListObjectsOutput, ApiError> {
    let expected = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, caller, &input.bucket, expected)?;
    let encode = encodes(input.encoding_type.as_deref())?;
    let limit = page_size("max-keys", input.max_keys)?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let delimiter = input.delimiter.as_deref().unwrap_or_default();
    let marker = input.marker.as_deref().unwrap_or_default();
    let mut walk = walk(snapshot, &bucket.name, prefix, delimiter, marker);
    let items: Vec<_> = walk.by_ref().take(limit).collect();
    let is_truncated = limit > 0 && walk.next().is_some();
    let last = items.last().map(name_of).filter(|_| is_truncated && !delimiter.is_empty());
    let (contents, prefixes) = told(items, encode, Some(&bucket.owner));
    Ok(ListObjectsOutput {
        is_truncated: Some(is_truncated),
        marker: Some(spelled(marker, encode)),
        next_marker: last.map(|last| spelled(&last, encode)),
        contents: Some(contents),
        name: Some(bucket.name.clone()),
        prefix: Some(spelled(prefix, encode)),
        delimiter: (!delimiter.is_empty()).then(|| spelled(delimiter, encode)),
        max_keys: Some(limit as i64),
        common_prefixes: Some(prefixes),
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}

fn list_objects_v2(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListObjectsV2Request,
) -> Result<ListObjectsV2Output, ApiError> {
    let expected = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, caller, &input.bucket, expected)?;
    let encode = encodes(input.encoding_type.as_deref())?;
    let limit = page_size("max-keys", input.max_keys)?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let delimiter = input.delimiter.as_deref().unwrap_or_default();
    let start = input.start_after.as_deref().unwrap_or_default();
    let token = input.continuation_token.as_deref();
    let call = format_smolstr!("ListObjectsV2/{}", bucket.name);
    let rows = |after: &str| {
        let after = if after.is_empty() { start } else { after };
        walk(snapshot, &bucket.name, prefix, delimiter, after)
    };
    let page = match limit {
        0 => Page { items: Vec::new(), next: None },
        _ => paginate(&call, token, limit, rows, name_of).map_err(|_| {
            let text = "The continuation token provided is incorrect";
            errors::invalid_argument("continuation-token", token.unwrap_or_default(), text)
        })?,
    };
    let count = page.items.len() as i64;
    let owned_by = (input.fetch_owner == Some(true)).then_some(bucket.owner.as_str());
    let (contents, prefixes) = told(page.items, encode, owned_by);
    Ok(ListObjectsV2Output {
        is_truncated: Some(page.next.is_some()),
        contents: Some(contents),
        name: Some(bucket.name.clone()),
        prefix: Some(spelled(prefix, encode)),
        delimiter: (!delimiter.is_empty()).then(|| spelled(delimiter, encode)),
        max_keys: Some(limit as i64),
        common_prefixes: Some(prefixes),
        encoding_type: input.encoding_type,
        key_count: Some(count),
        continuation_token: input.continuation_token,
        next_continuation_token: page.next,
        start_after: input.start_after.map(|start| spelled(&start, encode)),
        request_charged: None,
    })
}
