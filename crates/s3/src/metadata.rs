//! What travels with an object beside its bytes: content headers, user metadata, tags.

use crate::errors;
use api::s3::Tag;
use kernel::{ApiError, Tags, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

const MAX_USER_BYTES: usize = 2_048;
const MAX_OBJECT_TAGS: usize = 10;
const MAX_BUCKET_TAGS: usize = 50;

/// The headers that an object comes back with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Metadata {
    pub(crate) content_type: Option<SmolStr>,
    pub(crate) cache_control: Option<SmolStr>,
    pub(crate) content_disposition: Option<SmolStr>,
    pub(crate) content_encoding: Option<SmolStr>,
    pub(crate) content_language: Option<SmolStr>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) redirect: Option<SmolStr>,
    /// `x-amz-meta-…`, names in lower case.
    pub(crate) user: Vec<(SmolStr, SmolStr)>,
    /// None for STANDARD.
    pub(crate) storage_class: Option<SmolStr>,
    /// `AES256`, or what was asked for.
    pub(crate) encryption: Option<SmolStr>,
    pub(crate) encryption_key: Option<SmolStr>,
}

/// Gathers the metadata in a request's members.
#[macro_export]
#[doc(hidden)]
macro_rules! metadata_of {
    ($input:expr) => {
        $crate::metadata::Metadata {
            content_type: $input.content_type.clone(),
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.clone(),
            content_language: $input.content_language.clone(),
            expires: $input.expires,
            redirect: $input.website_redirect_location.clone(),
            user: $input.metadata.clone().unwrap_or_default(),
            storage_class: $input.storage_class.clone().filter(|class| class != "STANDARD"),
            encryption: $input.server_side_encryption.clone(),
            encryption_key: $input.ssekms_key_id.clone(),
        }
    };
}

/// Fails for what a request asks and this cloud does not do.
#[macro_export]
#[doc(hidden)]
macro_rules! refuse_extras {
    ($input:expr) => {
        $crate::metadata::refuse(
            $input.acl.as_deref(),
            $input.grant_full_control.is_some()
                || $input.grant_read.is_some()
                || $input.grant_read_acp.is_some()
                || $input.grant_write_acp.is_some(),
            $input.sse_customer_algorithm.is_some() || $input.sse_customer_key.is_some(),
            $input.object_lock_mode.is_some() || $input.object_lock_legal_hold_status.is_some(),
        )
    };
}

/// Buckets do not allow lists of access rights, as new ones on AWS.
pub(crate) fn refuse(
    acl: Option<&str>,
    grants: bool,
    own_key: bool,
    lock: bool,
) -> Result<(), ApiError> {
    if grants || !matches!(acl, None | Some("bucket-owner-full-control")) {
        return Err(errors::acl_not_supported());
    }
    if own_key {
        return Err(ApiError::not_implemented("encryption with keys of the client (SSE-C)"));
    }
    if lock {
        return Err(errors::invalid_request("Bucket is missing Object Lock Configuration"));
    }
    Ok(())
}

impl Metadata {
    /// Within S3's limits.
    pub(crate) fn checked(mut self) -> Result<Self, ApiError> {
        let size = self.user.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > MAX_USER_BYTES {
            return Err(errors::metadata_too_large(size));
        }
        for (name, _) in &mut self.user {
            *name = name.to_lowercase().into();
        }
        self.user.sort();
        self.encryption.get_or_insert_with(|| SmolStr::new_static("AES256"));
        Ok(self)
    }
}

fn check_tags(tags: &[Tag], most: usize, what: &str) -> Result<Tags, ApiError> {
    for (at, tag) in tags.iter().enumerate() {
        if tag.key.is_empty() || tag.key.chars().count() > 128 {
            return Err(errors::invalid_tag("The TagKey you have provided is invalid"));
        }
        if tag.value.chars().count() > 256 {
            return Err(errors::invalid_tag("The TagValue you have provided is invalid"));
        }
        if tags[..at].iter().any(|other| other.key == tag.key) {
            return Err(errors::invalid_tag("Cannot provide multiple Tags with the same key"));
        }
    }
    if tags.len() > most {
        return Err(errors::too_many_tags(what, most));
    }
    Ok(tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect())
}

/// Tags of an object.
pub(crate) fn object_tags(tags: &[Tag]) -> Result<Tags, ApiError> {
    if tags.iter().any(|tag| tag.key.starts_with("aws:")) {
        return Err(errors::invalid_tag("System tags cannot be added/updated by requester"));
    }
    check_tags(tags, MAX_OBJECT_TAGS, "Object")
}

/// Tags of a bucket. Those of services begin with `aws:`.
pub(crate) fn bucket_tags(tags: &[Tag], by_service: bool) -> Result<Tags, ApiError> {
    if !by_service && tags.iter().any(|tag| tag.key.starts_with("aws:")) {
        return Err(errors::invalid_tag("System tags cannot be added/updated by requester"));
    }
    check_tags(tags, MAX_BUCKET_TAGS, "Bucket")
}

/// Tags in a header: `a=1&b=2`, percent-encoded.
pub(crate) fn header_tags(text: Option<&str>) -> Result<Tags, ApiError> {
    let decode = |text: &str| crate::names::url_decoded(&text.replace('+', " "));
    let mut tags = Vec::new();
    for pair in text.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(key), Some(value)) = (decode(key), decode(value)) else {
            return Err(errors::invalid_argument(
                "x-amz-tagging",
                text.unwrap_or_default(),
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query \
                 parameters without tag name duplicates.",
            ));
        };
        tags.push(Tag { key: key.into(), value: value.into() });
    }
    object_tags(&tags)
}

/// Tags as the wire has them.
pub(crate) fn render_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}
