//! Conditional requests.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use crate::errors;
use crate::objects::Object;
use kernel::{ApiError, Timestamp};
use smol_str::SmolStr;

/// The conditions of a request.
#[derive(Debug, Default)]
pub(crate) struct Conditions<'a> {
    pub(crate) if_match: Option<&'a SmolStr>,
    pub(crate) if_none_match: Option<&'a SmolStr>,
    pub(crate) if_modified_since: Option<Timestamp>,
    pub(crate) if_unmodified_since: Option<Timestamp>,
}

/// Whether a list of entity tags names this one.
fn names(list: &str, etag: &str) -> bool {
    list.split(',').any(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == etag
    })
}

impl Conditions<'_> {
    /// For reading: entity tags win over times.
    pub(crate) fn check_read(&self, object: &Object) -> Result<(), ApiError> {
        match (self.if_match, self.if_unmodified_since) {
            (Some(list), _) if !names(list, &object.etag) => {
                return Err(errors::precondition_failed("If-Match"));
            }
            (None, Some(at)) if object.modified_at > at => {
                return Err(errors::precondition_failed("If-Unmodified-Since"));
            }
            _ => {}
        }
        match (self.if_none_match, self.if_modified_since) {
            (Some(list), _) if names(list, &object.etag) => Err(errors::not_modified()),
            (None, Some(at)) if object.modified_at <= at => Err(errors::not_modified()),
            _ => Ok(()),
        }
    }

    /// For the source of a copy: every failure is the same.
    pub(crate) fn check_source(&self, object: &Object) -> Result<(), ApiError> {
        self.check_read(object).map_err(|error| match error.status {
            304 if self.if_none_match.is_some() => {
                errors::precondition_failed("x-amz-copy-source-If-None-Match")
            }
            304 => errors::precondition_failed("x-amz-copy-source-If-Modified-Since"),
            _ => errors::precondition_failed("x-amz-copy-source-If-Match"),
        })
    }
}

/// For writing over `there`.
pub(crate) fn check_write(
    if_match: Option<&SmolStr>,
    if_none_match: Option<&SmolStr>,
    key: &str,
    there: Option<&Object>,
) -> Result<(), ApiError> {
    match (if_none_match.map(SmolStr::as_str), there) {
        (Some("*"), Some(_)) => return Err(errors::precondition_failed("If-None-Match")),
        (Some("*") | None, _) => {}
        (Some(_), _) => {
            return Err(ApiError::not_implemented("If-None-Match with an entity tag on writes"));
        }
    }
    match (if_match, there) {
        (Some(_), None) => Err(errors::no_such_key(key)),
        (Some(list), Some(object)) if !names(list, &object.etag) => {
            Err(errors::precondition_failed("If-Match"))
        }
        _ => Ok(()),
    }
}
